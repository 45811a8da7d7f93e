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

typedef const char *property_fn(handle_fn *handle, const char *data,
                                size_t len);

struct subject {
    const char *folder;
    property_fn *property;
};

static const struct subject HTTP = {CORPUS "/sim_http", property_sim_http};
static const struct subject BODIES = {CORPUS "/sim_json", property_sim_json};

static const char *check_subject(const struct subject *s, handle_fn *handle,
                                 const char *data, size_t len)
{
    char *exact = mem_alloc(len ? len : 1); /* a byte too far is noticed */
    const char *wrong;

    memcpy(exact, data, len);
    wrong = s->property(handle, exact, len);
    mem_free(exact);
    return wrong;
}

/* Rounds until something does not hold; 0 when everything did. */
static unsigned search(const struct subject *s, handle_fn *handle,
                       unsigned rounds, const char **ret_wrong)
{
    struct corpus c = {0};
    struct rng rng;
    unsigned found = 0;

    rng_init(&rng, test_seed());
    if (!corpus_read(&c, s->folder))
        rounds = 0;
    for (unsigned i = 1; i <= rounds && !found; i++) {
        struct str text = corpus_damaged(&c, &rng);

        *ret_wrong = check_subject(s, handle, str_text(&text), text.len);
        if (*ret_wrong)
            found = i;
        if (found && handle == sim_handle)
            fprintf(stderr, "%s: round %u: %s\n---\n%s\n---\n", s->folder, i,
                    *ret_wrong, str_text(&text));
        str_release(&text);
    }
    corpus_release(&c);
    properties_release();
    return found;
}

static void check_holds(const struct subject *s)
{
    const char *wrong = NULL;

    if (corpus_is_here())
        search(s, sim_handle, (unsigned)test_rounds(1500, 1000000), &wrong);
    check_str(wrong, NULL);
}

static void check_corpus(const struct subject *s)
{
    struct corpus c = {0};

    if (corpus_read(&c, s->folder))
        for (size_t i = 0; i < c.count; i++)
            check_str(check_subject(s, sim_handle, str_text(&c.files[i]),
                                    c.files[i].len),
                      NULL);
    corpus_release(&c);
    properties_release();
}

TEST(the_corpus_is_answered_as_it_should)
{
    if (!corpus_is_here())
        return;
    check_corpus(&HTTP);
    check_corpus(&BODIES);
}

TEST(damaged_requests_are_answered)
{
    check_holds(&HTTP);
}

TEST(damaged_bodies_are_answered)
{
    check_holds(&BODIES);
}

/* ---- planted bugs: the same search must find them ---- */

/* Says 200 instead of the code in the Status. */
static void handle_hides_refusals(struct sim *s, struct arena *a,
                                  const struct sim_request *q,
                                  struct sim_response *ret)
{
    sim_handle(s, a, q, ret);
    if (ret->status == 409)
        ret->status = 400;
}

/* Loses the end of an answer that has a quote in a text. */
static void handle_breaks_json(struct sim *s, struct arena *a,
                               const struct sim_request *q,
                               struct sim_response *ret)
{
    sim_handle(s, a, q, ret);
    if (!ret->watch && ret->body_len > 2 &&
        memmem(ret->body, ret->body_len, "\\\"", 2))
        ret->body_len -= 2;
}

/* Writes before it refuses. */
static void handle_writes_first(struct sim *s, struct arena *a,
                                const struct sim_request *q,
                                struct sim_response *ret)
{
    static const char body[] = "{\"metadata\":{\"generateName\":\"x\"}}";
    const struct sim_request write = {.method = HTTP_POST,
                                      .path = "/api/v1/namespaces/default/"
                                              "configmaps",
                                      .content_type = "application/json",
                                      .user = "admin",
                                      .body = body,
                                      .body_len = sizeof(body) - 1};
    struct sim_response other = {0};

    sim_handle(s, a, q, ret);
    if (ret->status == 415)
        sim_handle(s, a, &write, &other);
}

/* rows: D49
 * broken: bugs that the test plants itself, in answers to damaged patches too
 */
TEST(the_search_finds_bugs_planted_in_the_server)
{
    static handle_fn *const planted[] = {
        handle_hides_refusals, handle_breaks_json, handle_writes_first};
    const char *wrong = NULL;

    if (!corpus_is_here())
        return;
    for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++)
        check(search(&HTTP, planted[i], 5000, &wrong) > 0);
}
