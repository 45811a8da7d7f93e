/*
 * schema_memo.c -- remembers where lines of the built-in table are; see
 *                  schema_table.h.
 *
 * DESIGN
 *
 * The table never moves, so a name that lies in it is known by its address.
 * A place of the memo holds the last answer whose name fell on it: nothing is
 * allocated, and what is forgotten is searched again.
 */
#include <string.h>

#include "schema_table.h"

#define MEMO_SLOTS 4096u

struct memo {
    const char *first;
    const char *found;
    size_t second_len;
};

static struct memo memos[MEMO_SLOTS];

static struct memo *place(const struct table_key *key)
{
    uint64_t h = (uint64_t)(uintptr_t)key->first.at * 0x9e3779b97f4a7c15u;

    for (size_t i = 0; key->sep && i < key->second.len; i++)
        h = (h ^ (unsigned char)key->second.at[i]) * 0x100000001b3u;
    return &memos[(h >> 40) % MEMO_SLOTS];
}

static bool lies_in(const struct schema_table *t, const char *at)
{
    return at >= t->data && at < t->data + t->len;
}

/* Before `found` are the key's second text and a TAB. */
static bool is_answer(const struct memo *m, const struct table_key *key)
{
    size_t len = key->sep ? key->second.len : 0;

    return m->found && m->first == key->first.at && m->second_len == len &&
           m->found[-1] == '\t' &&
           (!key->sep ||
            (memcmp(m->found - 1 - len, key->second.at, len) == 0 &&
             m->found[-2 - (ptrdiff_t)len] == key->sep)) &&
           (key->sep || m->found[-2] != ':');
}

const char *table_recall(const struct schema_table *t,
                         const struct table_key *key)
{
    struct memo *m;

    if (t != schema_builtin() || !lies_in(t, key->first.at))
        return table_find(t, key);
    m = place(key);
    if (!is_answer(m, key)) {
        m->first = key->first.at;
        m->found = table_find(t, key);
        m->second_len = key->sep ? key->second.len : 0;
    }
    return m->found;
}
