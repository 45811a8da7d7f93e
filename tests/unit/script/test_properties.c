/*
 * test_properties.c -- the properties of properties.h, for every file of the
 *                      corpus and for many damaged copies of them.
 *
 * That the damage is of use is tested too: the same loop has to find bugs that
 * were planted on purpose.
 */
#include "properties.h"

#include "base/value.h"
#include "corpus_damage.h"

/* ---- subjects ---- */

struct subject {
    const char *folder;
    convert_fn *convert; /* NULL: the bytes are a source, or a message */
    frame_fn *frame;
};

static const struct subject CONVERT = {CORPUS "/convert", convert_through_lua,
                                       NULL};
static const struct subject SOURCE = {CORPUS "/source", NULL, NULL};
static const struct subject FRAME = {CORPUS "/frame", NULL, frame_get};

static const char *check_subject(const struct subject *s, const char *data,
                                 size_t len)
{
    char *exact = mem_alloc(len); /* a byte too far is noticed */
    const char *wrong;

    memcpy(exact, data, len);
    if (s->frame)
        wrong = property_frame(s->frame, exact, len);
    else if (s->convert)
        wrong = property_convert(s->convert, exact, len);
    else
        wrong = property_source(exact, len);
    mem_free(exact);
    return wrong;
}

/* A length, a count or an index that is not what it was. */
static void damage_number(struct str *s, struct rng *rng)
{
    static const uint32_t numbers[] = {0,      1,       2,          3,
                                       0xFF,   0x10000, 0x7FFFFFFF, 0x80000000,
                                       100000, 500,     0xFFFFFFFE, 0xFFFFFFFF};
    uint32_t n = numbers[rng_below(rng, sizeof numbers / sizeof *numbers)];
    char raw[4];

    for (unsigned i = 0; i < sizeof raw; i++)
        raw[i] = (char)(n >> (8 * i) & 0xFF);
    splice(s, place(s, rng), sizeof raw, raw, sizeof raw);
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

        if (s->frame && rng_below(&rng, 2) == 0)
            damage_number(&text, &rng);
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

static void check_corpus(const struct subject *s)
{
    struct corpus c = {0};

    if (corpus_read(&c, s->folder))
        for (size_t i = 0; i < c.count; i++)
            check_str(check_subject(s, str_text(&c.files[i]), c.files[i].len),
                      NULL);
    corpus_release(&c);
}

TEST(the_corpus_converts_and_compiles_as_it_should)
{
    if (!corpus_is_here())
        return;
    check_corpus(&CONVERT);
    check_corpus(&SOURCE);
    check_corpus(&FRAME);
}

TEST(damaged_json_is_refused_or_goes_through_lua_unchanged)
{
    check_holds(&CONVERT);
}

TEST(damaged_sources_compile_or_are_refused_by_name)
{
    check_holds(&SOURCE);
}

TEST(damaged_messages_are_refused_or_read_as_they_are)
{
    check_holds(&FRAME);
}

/* ---- planted bugs: the same search must find them ---- */

/* The text with one part replaced by another on its way into Lua. */
static int convert_with(const char *json, size_t len, const char *from,
                        const char *to, struct str *out, struct err *err)
{
    const char *at = memmem(json, len, from, strlen(from));
    struct str text = {0};
    int rc;

    str_addn(&text, json, len);
    if (at)
        splice(&text, (size_t)(at - json), strlen(from), to, strlen(to));
    rc = convert_through_lua(str_text(&text), text.len, out, err);
    str_release(&text);
    return rc;
}

static int convert_empty_arrays_to_objects(const char *json, size_t len,
                                           struct str *out, struct err *err)
{
    return convert_with(json, len, "[]", "{}", out, err);
}

static int convert_without_nulls(const char *json, size_t len, struct str *out,
                                 struct err *err)
{
    return convert_with(json, len, "null", "false", out, err);
}

static int convert_texts_to_their_nul(const char *json, size_t len,
                                      struct str *out, struct err *err)
{
    return convert_with(json, len, "\\u0000", "", out, err);
}

/* As a double the last digits of a large integer are lost. */
static int convert_integers_by_doubles(const char *json, size_t len,
                                       struct str *out, struct err *err)
{
    return convert_with(json, len, "9007199254740993", "9007199254740992", out,
                        err);
}

/* Takes the text up to its first wrong byte. */
static int convert_leniently(const char *json, size_t len, struct str *out,
                             struct err *err)
{
    int rc = convert_through_lua(json, len, out, err);

    return rc == -ERR_INVALID ? 0 : rc;
}

/* rows: D50
 * broken: bugs that the test plants itself */
TEST(the_search_finds_bugs_planted_in_the_conversion)
{
    static convert_fn *const planted[] = {
        convert_empty_arrays_to_objects,
        convert_without_nulls,
        convert_texts_to_their_nul,
        convert_integers_by_doubles,
        convert_leniently,
    };
    const char *wrong = NULL;

    if (!corpus_is_here())
        return;
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++) {
        struct subject s = {CONVERT.folder, planted[i], NULL};

        check(search(&s, 20000, &wrong) > 0);
    }
}

static int get_with_bytes_behind(const struct frame *f, struct arena *a,
                                 void *msg, struct err *err)
{
    struct frame shorter = *f;
    int rc = frame_get(f, a, msg, err);

    while (rc == -ERR_PROTOCOL && strstr(err->msg, "behind its end") &&
           shorter.len-- > 0)
        rc = frame_get(&shorter, a, msg, err);
    return rc;
}

static int get_without_hold(const struct frame *f, struct arena *a, void *msg,
                            struct err *err)
{
    int rc = frame_get(f, a, msg, err);

    if (f->type == FRAME_ANSWER)
        ((struct frame_answer *)msg)->plan.hold = false;
    return rc;
}

static int get_with_another_error(const struct frame *f, struct arena *a,
                                  void *msg, struct err *err)
{
    int rc = frame_get(f, a, msg, err);

    return rc == -ERR_PROTOCOL ? -ERR_INVALID : rc;
}

/* Takes what it does not know for what it knows. */
static int get_any_job(const struct frame *f, struct arena *a, void *msg,
                       struct err *err)
{
    int rc = frame_get(f, a, msg, err);

    return rc < 0 && strstr(err->msg, "there is no value") ? 0 : rc;
}

TEST(the_search_finds_bugs_planted_in_the_reader_of_messages)
{
    static frame_fn *const planted[] = {
        get_with_bytes_behind,
        get_without_hold,
        get_with_another_error,
        get_any_job,
    };
    const char *wrong = NULL;

    if (!corpus_is_here())
        return;
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++) {
        struct subject s = {FRAME.folder, NULL, planted[i]};

        check(search(&s, 20000, &wrong) > 0);
    }
}
