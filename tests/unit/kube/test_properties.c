/*
 * test_properties.c -- the properties of properties.h, for every file of the
 *                      corpus and for many damaged copies of them.
 *
 * That the damage is of use is tested too: the same loop has to find bugs that
 * were planted on purpose.
 */
#include "properties.h"

#include "corpus_damage.h"

/* ---- subjects: a property, and what it is a property of ---- */

struct subject {
    const char *folder;
    decode_fn *decode;
    snapshot_fn *parse;
};

static const char *check_subject(const struct subject *s, const char *data,
                                 size_t len)
{
    char *exact = mem_alloc(len); /* a byte too far is noticed */
    const char *wrong;

    memcpy(exact, data, len);
    wrong = s->decode ? property_decoder(s->decode, exact, len)
                      : property_snapshot(s->parse, exact, len);
    mem_free(exact);
    return wrong;
}

/* Rounds until something does not hold; 0 when everything did. */
static unsigned search(const struct subject *s, unsigned rounds,
                       const char **ret_wrong)
{
    struct corpus c = {0};
    struct rng rng;
    unsigned found = 0;

    rng_init(&rng, test_seed());
    if (!corpus_read(&c, s->folder))
        rounds = 0;
    for (unsigned i = 1; i <= rounds && !found; i++) {
        struct str text = corpus_damaged(&c, &rng);

        *ret_wrong = check_subject(s, str_text(&text), text.len);
        if (*ret_wrong)
            found = i;
        str_release(&text);
    }
    corpus_release(&c);
    return found;
}

static void check_holds(const struct subject *s)
{
    const char *wrong = NULL;

    if (corpus_is_here())
        search(s, (unsigned)test_rounds(4000, 1000000), &wrong);
    check_str(wrong, NULL);
}

/* ---- the real ones ---- */

static const struct subject DECODER = {CORPUS "/decoder", stream_decode, NULL};
static const struct subject SNAPSHOT = {CORPUS "/snapshot", NULL,
                                        snapshot_parse};

static void check_corpus(const struct subject *s)
{
    struct corpus c = {0};

    if (corpus_read(&c, s->folder))
        for (size_t i = 0; i < c.count; i++)
            check_str(check_subject(s, str_text(&c.files[i]), c.files[i].len),
                      NULL);
    corpus_release(&c);
}

TEST(the_corpus_decodes_as_it_should)
{
    if (!corpus_is_here())
        return;
    check_corpus(&DECODER);
    check_corpus(&SNAPSHOT);
}

TEST(damaged_streams_decode_alike_however_they_are_split)
{
    check_holds(&DECODER);
}

TEST(damaged_objects_are_refused_or_kept_as_they_are)
{
    check_holds(&SNAPSHOT);
}

/* ---- planted bugs: the same search must find them ---- */

/* Forgets, at the end of a piece, that a backslash came last. */
static void decode_without_escape_state(const struct stream *s, size_t split,
                                        size_t chunk, struct str *log)
{
    struct stream copy = *s;
    struct str text = {0};

    for (size_t i = 0; i < s->len; i++)
        if (i == 0 || i % chunk != 0 || s->text[i - 1] != '\\')
            str_addc(&text, s->text[i]);
    copy.text = str_text(&text);
    copy.len = text.len;
    stream_decode(&copy, split, chunk, log);
    str_release(&text);
}

/* Is off by one about the limit when it gets pieces. */
static void decode_with_other_limit(const struct stream *s, size_t split,
                                    size_t chunk, struct str *log)
{
    struct stream copy = *s;

    copy.max_bytes += chunk < s->len;
    stream_decode(&copy, split, chunk, log);
}

/* Reports something again when a piece ends with a line. */
static void decode_line_ends_twice(const struct stream *s, size_t split,
                                   size_t chunk, struct str *log)
{
    stream_decode(s, split, chunk, log);
    if (chunk < s->len && s->text[chunk - 1] == '\n' && log->len > 0)
        str_addc(log, *str_text(log));
}

static int parse_with(const char *json, size_t len, const char *from,
                      const char *to, struct snapshot **ret_snap)
{
    const char *at = memmem(json, len, from, strlen(from));
    struct str text = {0};
    int rc;

    str_addn(&text, json, len);
    if (at)
        splice(&text, (size_t)(at - json), strlen(from), to, strlen(to));
    rc = snapshot_parse(str_text(&text), text.len, NULL, ret_snap, NULL);
    str_release(&text);
    return rc;
}

/* Takes "tidelock" for one of our managers. */
static int parse_with_short_prefix(const char *json, size_t len,
                                   const struct gvk *gvk,
                                   struct snapshot **ret_snap, struct err *err)
{
    (void)gvk;
    (void)err;
    return parse_with(json, len, ":\"tidelock\"", ":\"tidelock-x\"", ret_snap);
}

/* Takes any owner for the controller. */
static int parse_with_any_owner(const char *json, size_t len,
                                const struct gvk *gvk,
                                struct snapshot **ret_snap, struct err *err)
{
    (void)gvk;
    (void)err;
    return parse_with(json, len, "\"controller\":false", "\"controller\":true",
                      ret_snap);
}

/* Reads a number to its point only. */
static int parse_short_numbers(const char *json, size_t len,
                               const struct gvk *gvk,
                               struct snapshot **ret_snap, struct err *err)
{
    (void)gvk;
    (void)err;
    return parse_with(json, len, ".5", "", ret_snap);
}

static void check_found(struct subject s)
{
    const char *wrong = NULL;

    if (corpus_is_here())
        check(search(&s, 20000, &wrong) > 0);
}

/* rows: D47, D48
 * broken: bugs that the test plants itself */
TEST(the_search_finds_bugs_planted_in_a_decoder)
{
    check_found(
        (struct subject){DECODER.folder, decode_without_escape_state, NULL});
    check_found(
        (struct subject){DECODER.folder, decode_with_other_limit, NULL});
    check_found((struct subject){DECODER.folder, decode_line_ends_twice, NULL});
}

TEST(the_search_finds_bugs_planted_in_snapshots)
{
    check_found(
        (struct subject){SNAPSHOT.folder, NULL, parse_with_short_prefix});
    check_found((struct subject){SNAPSHOT.folder, NULL, parse_with_any_owner});
    check_found((struct subject){SNAPSHOT.folder, NULL, parse_short_numbers});
}
