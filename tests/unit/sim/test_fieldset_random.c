/* Laws of sets of fields, and of apply, on random values. */

#include <stdio.h>
#include <string.h>

#include "kit_managed.h"
#include "sim/fieldset.h"
#include "test.h"

static uint64_t state;

static unsigned pick(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

/* {"f:a":{...},"k:{...}":{...}} */
static struct value *random_set(struct arena *a, unsigned depth)
{
    static const char *const keys[] = {"f:a",          "f:b",
                                       "f:c",          "k:{\"n\":1}",
                                       "k:{\"n\":10}", "k:{\"n\":\"x\"}",
                                       "v:\"s\"",      "v:2",
                                       "i:0",          "."};
    struct value *v = value_object(a);

    for (unsigned i = 0; depth && i < sizeof(keys) / sizeof(keys[0]); i++)
        if (pick(3) == 0 && (keys[i][0] != '.' || v->count))
            value_set(a, v, keys[i], random_set(a, depth - 1));
    return v;
}

static const struct fieldset *make(struct fields *s)
{
    const struct fieldset *x = NULL;

    check_int(fieldset_parse(s, random_set(s->a, 4), &x), 0);
    return x;
}

static const char *printed(struct fields *s, const struct fieldset *x)
{
    struct str out;
    const char *kept;

    str_init(&out, 0);
    fieldset_print(x, &out);
    kept = arena_strdup(s->a, str_text(&out));
    str_release(&out);
    return kept;
}

TEST(sums_and_differences_of_fieldsets_obey_the_laws)
{
    struct arena a = {0};

    state = test_seed();
    for (int i = 0; i < test_rounds(300, 20000); i++) {
        struct fields s = {.a = &a};
        const struct fieldset *x = make(&s), *y = make(&s);
        const struct fieldset *sum = fieldset_union(&s, x, y);
        const struct fieldset *both = fieldset_intersection(&s, x, y);
        const struct fieldset *left = fieldset_difference(&s, x, y);
        const struct fieldset *again = NULL;

        check(fieldset_equal(sum, fieldset_union(&s, y, x)));
        check(fieldset_equal(both, fieldset_intersection(&s, y, x)));
        check(fieldset_equal(x, fieldset_union(&s, left, both)));
        check(!fieldset_intersection(&s, left, y));
        check(!fieldset_difference(&s, fieldset_difference(&s, sum, x), y));
        check(!fieldset_difference(&s, fieldset_difference_below(&s, x, y),
                                   left));
        check_int(fieldset_parse(&s, fieldset_value(&s, sum), &again), 0);
        if (!check_str(printed(&s, again), printed(&s, sum)))
            break;
        check(!s.failed);
        arena_clear(&a);
    }
    arena_release(&a);
}

/* ---- values ---- */

/* Nothing is empty: what is, decoding takes off again. */
static void random_ports(struct str *out)
{
    static const char *const protocols[] = {"", ",'protocol':'TCP'",
                                            ",'protocol':'UDP'"};
    unsigned first = pick(2), count = 1 + pick(3);

    for (unsigned i = 0; i < count; i++)
        str_addf(out, "%s{'port':%u%s%s}", i ? "," : "", first + i,
                 protocols[pick(3)], pick(2) ? ",'name':'x'" : "");
}

static void random_labels(struct str *out)
{
    str_addf(out, "'x':'%u'", pick(2));
    for (char c = 'a'; c < 'd'; c++)
        if (pick(2))
            str_addf(out, ",'%c':'%u'", c, pick(2));
}

static char *random_service(struct arena *a)
{
    struct str out;
    char *kept;

    str_init(&out, 0);
    str_add(&out, "{'apiVersion':'v1','kind':'Service','metadata':{'name':'a',"
                  "'labels':{");
    random_labels(&out);
    str_add(&out, "}},'spec':{'ports':[");
    random_ports(&out);
    str_add(&out, "],'selector':{");
    random_labels(&out);
    str_add(&out, pick(2) ? "},'externalIPs':['1.1.1.1']}}" : "}}}");
    kept = arena_strdup(a, str_text(&out));
    str_release(&out);
    return kept;
}

static bool owns(struct mkit *k, const char *manager)
{
    const struct value *all = value_path(k->live, "metadata.managedFields");

    for (uint32_t i = 0; all && i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "manager"), manager))
            return true;
    return false;
}

/* Whatever several appliers do: to apply again changes nothing, what was
 * applied is there, and who applies nothing owns nothing. */
TEST(to_apply_twice_is_to_apply_once)
{
    static const char *const managers[] = {"m1", "m2", "m3"};
    static const char nothing[] = "{'apiVersion':'v1','kind':'Service',"
                                  "'metadata':{'name':'a'}}";

    state = test_seed();
    for (int i = 0; i < test_rounds(60, 3000); i++) {
        struct mkit k;

        mkit_begin(&k, "v1", "Service");
        for (int step = 0; step < 6; step++) {
            const char *manager = managers[pick(3)];
            const char *config = random_service(&k.a);
            const struct value *once;

            if (!check_int(mkit_force(&k, manager, config), 0))
                break;
            once = k.live;
            k.now += 60;
            check_int(mkit_apply(&k, manager, config), 0);
            check(value_equal(once, k.live));
        }
        for (int m = 0; m < 3; m++) {
            check_int(mkit_apply(&k, managers[m], nothing), 0);
            check(!owns(&k, managers[m]));
        }
        check(!value_path(k.live, "spec.selector.a"));
        mkit_end(&k);
    }
}

/* What a comparison says is what leads from one value to the other. */
TEST(a_comparison_tells_all_that_differs)
{
    struct schema_node n = schema_find(NULL, "v1", "Service");

    state = test_seed();
    for (int i = 0; i < test_rounds(200, 20000); i++) {
        struct mkit k;
        struct fields s;
        struct value *x, *y;
        struct fieldset_changes c, back;

        mkit_begin(&k, "v1", "Service");
        s = (struct fields){.a = &k.a};
        x = mkit_json(&k, random_service(&k.a));
        y = mkit_json(&k, random_service(&k.a));
        fieldset_compare(&s, n, x, y, &c);
        fieldset_compare(&s, n, y, x, &back);
        check_str(printed(&s, c.added), printed(&s, back.removed));
        check_str(printed(&s, c.removed), printed(&s, back.added));
        check_str(printed(&s, c.modified), printed(&s, back.modified));
        check(!fieldset_intersection(&s, c.added, c.removed));
        check(!fieldset_intersection(&s, c.added, c.modified));
        fieldset_compare(&s, n, x, x, &c);
        check(!c.added && !c.modified && !c.removed && !s.failed && !s.bad);
        mkit_end(&k);
    }
}

TEST(what_is_extracted_and_what_is_left_are_the_whole)
{
    struct schema_node n = schema_find(NULL, "v1", "Service");
    struct mkit k;
    struct fields s;
    const struct value *v;
    const struct fieldset *x = NULL;

    mkit_begin(&k, "v1", "Service");
    s = (struct fields){.a = &k.a};
    v = mkit_json(&k, "{'spec':{'ports':[{'port':80,'protocol':'TCP','name':"
                      "'a'},{'port':443,'protocol':'TCP'}],'selector':{'a':"
                      "'1'}}}");
    check_int(
        fieldset_parse(&s,
                       mkit_json(&k, "{'f:spec':{'f:ports':{'k:{\\'port\\':80,"
                                     "\\'protocol\\':\\'TCP\\'}':{'f:name':{}}"
                                     "},'f:selector':{}}}"),
                       &x),
        0);
    check_str(mkit_text(&k, fieldset_extract(&s, n, v, x)),
              "{'spec':{'ports':[{'name':'a'}],'selector':{'a':'1'}}}");
    check_str(mkit_text(&k, fieldset_remove(&s, n, v, x)),
              "{'spec':{'ports':[{'port':80,'protocol':'TCP'},{'port':443,"
              "'protocol':'TCP'}]}}");
    mkit_end(&k);
}
