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
    convert_fn *convert; /* NULL: the bytes are a source */
};

static const struct subject CONVERT = {CORPUS "/convert", convert_through_lua};
static const struct subject SOURCE = {CORPUS "/source", NULL};

static const char *check_subject(const struct subject *s, const char *data,
                                 size_t len)
{
    char *exact = mem_alloc(len); /* a byte too far is noticed */
    const char *wrong;

    memcpy(exact, data, len);
    wrong = s->convert ? property_convert(s->convert, exact, len)
                       : property_source(exact, len);
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
}

TEST(damaged_json_is_refused_or_goes_through_lua_unchanged)
{
    check_holds(&CONVERT);
}

TEST(damaged_sources_compile_or_are_refused_by_name)
{
    check_holds(&SOURCE);
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
        struct subject s = {CONVERT.folder, planted[i]};

        check(search(&s, 20000, &wrong) > 0);
    }
}
