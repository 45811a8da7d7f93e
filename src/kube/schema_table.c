/*
 * schema_table.c -- see schema_table.h.
 *
 * DESIGN
 *
 * A key is compared with the beginning of a line, and the TAB behind a line's
 * key is smaller than every byte of a key. So the first line that is not less
 * than a key is the line of that key, if there is one, and otherwise the first
 * one whose key begins with it: one search answers both questions.
 */
#include "schema_table.h"

#include <string.h>

/* ---- lines ---- */

static const char *table_end(const struct schema_table *t)
{
    return t->data + t->len;
}

static const char *line_after(const struct schema_table *t, const char *at)
{
    const char *end = memchr(at, '\n', (size_t)(table_end(t) - at));

    return end ? end + 1 : table_end(t);
}

/* Like memcmp of the text with the bytes at *at, which are `room` at most;
 * moves *at behind what was equal. */
static int compare_piece(const char **at, const char *end,
                         struct schema_text text)
{
    size_t room = (size_t)(end - *at);
    size_t len = text.len < room ? text.len : room;
    int order = memcmp(*at, text.at, len);

    *at += len;
    if (order != 0)
        return order;
    return len < text.len ? -1 : 0;
}

/* 0 when the line begins with the key. */
static int compare_line(const struct schema_table *t, const char *line,
                        const struct table_key *key)
{
    const char *end = table_end(t);
    int order = compare_piece(&line, end, key->first);

    if (order == 0 && key->sep)
        order = compare_piece(&line, end, schema_text(&key->sep, 1));
    if (order == 0 && key->sep)
        order = compare_piece(&line, end, key->second);
    return order;
}

/* The first line that is not less than the key. */
static const char *lower_bound(const struct schema_table *t,
                               const struct table_key *key)
{
    const char *low = t->data;
    const char *high = table_end(t);

    while (low < high) {
        const char *middle = low + (high - low) / 2;
        const char *before = memrchr(low, '\n', (size_t)(middle - low));
        const char *line = before ? before + 1 : low;

        if (compare_line(t, line, key) < 0)
            low = line_after(t, line);
        else
            high = line;
    }
    return low;
}

static size_t key_len(const struct table_key *key)
{
    return key->first.len + (key->sep ? 1 + key->second.len : 0);
}

const char *table_find(const struct schema_table *t,
                       const struct table_key *key)
{
    const char *line = lower_bound(t, key);

    if (line == table_end(t) || compare_line(t, line, key) != 0)
        return NULL;
    line += key_len(key);
    return *line == '\t' ? line + 1 : NULL;
}

const char *table_next(const struct schema_table *t,
                       const struct table_key *prefix, const char *line)
{
    line = line ? line_after(t, line) : lower_bound(t, prefix);
    if (line == table_end(t) || compare_line(t, line, prefix) != 0)
        return NULL;
    return line;
}

/* ---- attributes ---- */

struct schema_text table_word(const char *at)
{
    const char *end = at;

    /* TAB and the end of the line are the smallest bytes that there are. */
    while ((unsigned char)*end > '\n')
        end++;
    return schema_text(at, (size_t)(end - at));
}

bool table_attribute(const char *at, const char *name,
                     struct schema_text *ret_value)
{
    size_t len = strlen(name);
    bool flag = !strchr(name, '=');
    struct schema_text word = table_word(at);

    while (word.at[word.len] == '\t') {
        word = table_word(word.at + word.len + 1);
        if (word.len < len || memcmp(word.at, name, len) != 0)
            continue;
        if (flag && word.len > len)
            continue;
        *ret_value = schema_text(word.at + len, word.len - len);
        return true;
    }
    return false;
}
