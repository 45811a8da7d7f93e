/*
 * Tests of kube/press: what is packed, that nobody notices, what it saves.
 */
#include "kube/press.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "test.h"

static const struct gvk POD = {"v1", "Pod"};

/* ---- objects ---- */

static void add_form(struct str *s, const char *word, unsigned number,
                     unsigned part)
{
    for (unsigned i = 0; i < 12; i++)
        str_addf(s,
                 ",\"%s%u-%u\":{\"name\":\"%s-%u\",\"path\":\"/healthz\","
                 "\"number\":%u,\"policy\":\"IfNot%sPresent\"}",
                 word, part, i, word, number % 5 + i, number, word);
}

/* Objects of one form, told from each other by their number. */
static struct snapshot *make_sized(const char *word, unsigned number,
                                   unsigned size)
{
    struct str s = {0};
    struct snapshot *snap = NULL;
    char hex[HASH_HEX_SIZE];

    hash_sha256_hex(&number, sizeof(number), hex);
    str_addf(&s, "{\"metadata\":{\"name\":\"p-%u\",\"uid\":\"%.32s\"},"
                 "\"spec\":{\"digest\":\"%s\"",
             number, hex, hex);
    for (unsigned i = 0; i < size; i++)
        add_form(&s, word, number + i, i);
    str_add(&s, "}}");
    if (snapshot_parse(str_text(&s), s.len, &POD, &snap, NULL) < 0)
        snap = NULL;
    str_release(&s);
    return snap;
}

static struct snapshot *make(const char *word, unsigned number)
{
    return make_sized(word, number, 1);
}

/* Base64 of random bytes, as in a Secret. */
static struct snapshot *make_random(unsigned number)
{
    struct str s = {0};
    struct snapshot *snap = NULL;
    unsigned char bytes[6000];
    uint64_t key[2] = {number, 7};

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)hash_siphash(key, &i, sizeof(i));
    str_addf(&s, "{\"metadata\":{\"name\":\"s-%u\"},\"data\":{\"k\":\"", number);
    if (hash_base64_encode(bytes, sizeof(bytes), &s) == 0)
        str_add(&s, "\"}}");
    if (snapshot_parse(str_text(&s), s.len, &POD, &snap, NULL) < 0)
        snap = NULL;
    str_release(&s);
    return snap;
}

#define MOST 4096
static struct snapshot *kept[MOST];
static size_t kept_count;

static void keep(struct press *p, struct snapshot *s)
{
    if (!check(s != NULL) || !check(kept_count < MOST))
        return;
    kept[kept_count++] = s;
    press_add(p, s);
}

static void fill(struct press *p, const char *word, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        keep(p, make(word, i));
}

static void drop_all(void)
{
    while (kept_count > 0)
        snapshot_unref(kept[--kept_count], "test");
}

/* Is the text, however it is kept, that of a new snapshot of the same? */
static bool reads_as(const struct snapshot *s, struct snapshot *fresh)
{
    struct arena a = {0};
    struct value *v = NULL, *w = NULL;
    const char *text = "";
    bool same = check_int(snapshot_text(s, &a, &text, NULL), 0) &&
                check_int(s->text_len, fresh->text_len) &&
                check_str(text, snapshot_plain(fresh)) &&
                check(snapshot_same_text(s, fresh)) &&
                check_int(snapshot_value(s, &a, &v, NULL), 0) &&
                check_int(snapshot_value(fresh, &a, &w, NULL), 0) &&
                check(value_equal(v, w));

    arena_release(&a);
    snapshot_unref(fresh, "test");
    return same;
}

static size_t text_bytes(void)
{
    size_t sum = 0;

    for (size_t i = 0; i < kept_count; i++)
        sum += kept[i]->text_len;
    return sum;
}

/* ---- tests ---- */

TEST(press_packs_nothing_and_costs_nothing_while_there_is_little)
{
    struct press *p = press_new();

    fill(p, "container", 100);
    check(text_bytes() < PRESS_FIRST_BYTES);
    check_int(press_stats(p).waiting, 100);
    check_int(press_stats(p).packed, 0);
    check(press_stats(p).bytes < 4096);
    for (size_t i = 0; i < kept_count; i++)
        check(snapshot_plain(kept[i]) != NULL);
    press_free(p);
    drop_all();
}

TEST(press_keeps_many_objects_in_a_fraction_and_nobody_notices)
{
    uint64_t before = snapshot_stats().bytes;
    struct press *p = press_new();
    struct press_stats stats;

    fill(p, "container", 3000);
    stats = press_stats(p);
    check_int(stats.dictionaries, 1);
    check(stats.packed > 2800);
    check(stats.waiting_bytes <= PRESS_FRESH_BYTES);
    check_int(stats.packed + stats.waiting, 3000);
    /* structures and names included */
    check((snapshot_stats().bytes - before + stats.bytes) * 3 < text_bytes());
    for (unsigned i = 0; i < kept_count; i++)
        if (!reads_as(kept[i], make("container", i)))
            break;
    check(!snapshot_same_text(kept[0], kept[1]));
    press_free(p); /* the dictionary lives on */
    check(snapshot_plain(kept[0]) == NULL);
    for (unsigned i = 0; i < kept_count; i += 100)
        reads_as(kept[i], make("container", i));
    drop_all();
    check_int(snapshot_stats().bytes, before);
}

TEST(press_leaves_the_newest_as_they_are)
{
    struct press *p = press_new();

    fill(p, "container", 1000);
    check(snapshot_plain(kept[kept_count - 1]) != NULL);
    check(snapshot_plain(kept[0]) == NULL);
    press_free(p);
    drop_all();
}

/* What is replaced before its turn is never packed. */
TEST(press_forgets_what_goes)
{
    struct press *p = press_new();
    struct snapshot *now = NULL;

    for (unsigned i = 0; i < 3000; i++) {
        snapshot_unref(now, "test");
        now = make("container", i);
        press_add(p, now);
        press_add(p, now); /* twice is once */
    }
    check_int(press_stats(p).waiting, 1);
    check_int(press_stats(p).packed, 0);
    check(press_stats(p).bytes < 4096);
    press_free(p);
    reads_as(now, make("container", 2999));
    snapshot_unref(now, "test");
}

/* Another form: long words that all have, and that no `make` has. */
static struct snapshot *make_other(unsigned number)
{
    struct str s = {0};
    struct snapshot *snap = NULL;
    char hex[HASH_HEX_SIZE];

    str_addf(&s, "{\"metadata\":{\"name\":\"o-%u\"},\"data\":{", number);
    for (unsigned i = 0; i < 32; i++) {
        hash_sha256_hex(&i, sizeof(i), hex);
        str_addf(&s, "%s\"%u\":\"%s\"", i ? "," : "", i, hex);
    }
    str_add(&s, "}}");
    if (snapshot_parse(str_text(&s), s.len, &POD, &snap, NULL) < 0)
        snap = NULL;
    str_release(&s);
    return snap;
}

TEST(press_takes_another_dictionary_for_objects_of_another_form)
{
    struct press *p = press_new();
    size_t first;

    fill(p, "container", 1500);
    check_int(press_stats(p).dictionaries, 1);
    first = kept_count;
    for (unsigned i = 0; i < 2200; i++)
        keep(p, make_other(i));
    check_int(press_stats(p).dictionaries, 2);
    check(kept[first + 100]->packed_len > 10 * kept[first + 2000]->packed_len);
    for (unsigned i = 0; i < first; i += 50)
        reads_as(kept[i], make("container", i));
    for (unsigned i = 0; i < 2200; i += 50)
        reads_as(kept[first + i], make_other(i));
    press_free(p);
    drop_all();
}

TEST(press_leaves_random_bytes_alone_and_tries_them_less_and_less)
{
    struct press *p = press_new();

    for (unsigned i = 0; i < 300; i++)
        keep(p, make_random(i));
    check(press_stats(p).packed < 4); /* those in the dictionary itself */
    check(press_stats(p).refused > 250);
    fill(p, "container", 600); /* still tried now and then */
    check(press_stats(p).packed > 300);
    press_free(p);
    drop_all();
}

TEST_ALLOC(press_survives_out_of_memory)
{
    struct press *p = press_new();
    int rc = p ? 0 : -ERR_NOMEM;

    for (unsigned i = 0; i < 40 && rc == 0; i++) {
        struct snapshot *s = make_sized("container", i, 8);

        if (!s) {
            rc = -ERR_NOMEM;
            break;
        }
        kept[kept_count++] = s;
        press_add(p, s);
    }
    for (unsigned i = 0; i < kept_count; i += 10) {
        struct arena a = {0};
        const char *text;
        struct value *v;
        int got = snapshot_text(kept[i], &a, &text, NULL);

        if (got == 0)
            got = snapshot_value(kept[i], &a, &v, NULL);
        if (got == 0)
            check_int(strlen(text), kept[i]->text_len);
        else
            rc = got;
        arena_release(&a);
    }
    /* a press that could not pack says nothing: only texts stay longer */
    if (rc == 0 && mem_fail_happened())
        rc = -ERR_NOMEM;
    press_free(p);
    drop_all();
    return rc;
}
