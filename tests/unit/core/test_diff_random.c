/*
 * Random plans against the fake server: after a changeset was carried out,
 * the same plan has nothing left to do (O2), what is declared is there, and
 * what is not declared is gone, whatever others did in between.
 */
#include <string.h>

#include "base/clock.h"
#include "core/diff_fixture.h"
#include "core/fake_server.h"
#include "test.h"

#define ROUNDS 4u

struct dice {
    struct rng rng;
    struct fixture *f;
};

static bool one_in(struct dice *d, uint64_t n)
{
    return rng_below(&d->rng, n) == 0;
}

static struct value *word(struct dice *d)
{
    static const char *const words[] = {"a", "b", "c", "d", ""};

    return value_string(&d->f->arena, words[rng_below(&d->rng, 5)]);
}

static void set(struct dice *d, struct value *v, const char *key,
                struct value *item)
{
    if (v)
        value_set(&d->f->arena, v, key, item);
}

static struct value *random_map(struct dice *d)
{
    static const char *const keys[] = {"x", "y", "example.com/z", "w"};
    struct value *v = value_object(&d->f->arena);

    for (size_t i = 0; i < 4; i++)
        if (!one_in(d, 2))
            set(d, v, keys[i], word(d));
    return v;
}

static struct value *random_env(struct dice *d)
{
    static const char *const names[] = {"A", "B", "C"};
    struct value *list = value_array(&d->f->arena);
    uint64_t first = rng_below(&d->rng, 3);

    for (size_t i = 0; i < 3; i++) {
        struct value *item = value_object(&d->f->arena);

        if (one_in(d, 3))
            continue;
        set(d, item, "name",
            value_string(&d->f->arena, names[(first + i) % 3]));
        if (!one_in(d, 3))
            set(d, item, "value", word(d));
        value_append(&d->f->arena, list, item);
    }
    return list;
}

static struct value *random_container(struct dice *d, const char *name)
{
    struct arena *a = &d->f->arena;
    struct value *c = value_object(a);

    set(d, c, "name", value_string(a, name));
    set(d, c, "image", word(d));
    if (!one_in(d, 3))
        set(d, c, "env", random_env(d));
    if (!one_in(d, 3))
        set(d, c, "args", fx_value(d->f, one_in(d, 2) ? "['a']" : "[]"));
    if (one_in(d, 2))
        set(d, c, "resources",
            fx_value(d->f, one_in(d, 2) ? "{'requests':{'cpu':'0.5'}}"
                                        : "{'requests':{'cpu':'500m'}}"));
    if (one_in(d, 2))
        set(d, c, "ports",
            fx_value(d->f, one_in(d, 2)
                               ? "[{'containerPort':80}]"
                               : "[{'containerPort':80,'protocol':'UDP'},"
                                 "{'containerPort':80}]"));
    return c;
}

static void fill_deployment(struct dice *d, struct value *v)
{
    struct arena *a = &d->f->arena;
    struct value *spec = value_make(a, v, "spec");
    struct value *pod = value_make(a, value_make(a, spec, "template"), "spec");
    struct value *list = value_array(a);

    if (!one_in(d, 3))
        set(d, spec, "replicas",
            value_integer(a, (int64_t)rng_below(&d->rng, 4)));
    value_append(a, list, random_container(d, "one"));
    if (one_in(d, 2))
        value_append(a, list, random_container(d, "two"));
    set(d, pod, "containers", list);
    if (one_in(d, 2))
        set(d, pod, "nodeSelector", random_map(d));
    if (one_in(d, 3))
        set(d, pod, "volumes", fx_value(d->f, "[{'name':'v','emptyDir':{}}]"));
}

static void random_child(struct dice *d, enum fx_kind kind, const char *name)
{
    struct fixture *f = d->f;
    struct value *v, *meta;
    struct plan_step *s;
    char *text = arena_printf(&f->arena,
                              "{'apiVersion':'%s','kind':'%s',"
                              "'metadata':{'name':'%s'}}",
                              f->kinds[kind].gvk.api_version,
                              f->kinds[kind].gvk.kind, name);

    s = fx_apply(f, text);
    v = s->body;
    meta = value_get(v, "metadata");
    if (one_in(d, 2))
        set(d, meta, "labels", random_map(d));
    if (one_in(d, 3))
        set(d, meta, "annotations", random_map(d));
    if (kind == DEPLOYMENT)
        fill_deployment(d, v);
    else
        set(d, v, kind == SECRET ? "stringData" : "data", random_map(d));
    s->orphan = one_in(d, 8);
}

static void random_plan(struct dice *d)
{
    static const char *const names[] = {"a", "b", "c"};
    static const enum fx_kind kinds[] = {CONFIG_MAP, DEPLOYMENT, SECRET};

    plan_init(&d->f->plan, &d->f->arena);
    for (size_t k = 0; k < 3; k++)
        for (size_t n = 0; n < 3; n++)
            if (one_in(d, 2))
                random_child(d, kinds[k], names[n]);
    if (!d->f->plan.count)
        random_child(d, CONFIG_MAP, "a");
    if (!one_in(d, 3))
        d->f->plan.status = random_map(d);
    if (one_in(d, 2))
        fx_condition(d->f, "Ready", one_in(d, 2) ? "True" : "False");
}

/* Somebody else has an idea. */
static void random_edit(struct dice *d)
{
    static const char *const edits[] = {
        "{'metadata':{'labels':{'x':'foreign','mine':'1'}}}",
        "{'metadata':{'annotations':{'tidelock.dev/applied':null}}}",
        "{'data':{'x':'Zm9yZWlnbg=='}}",
        "{'metadata':{'labels':{'tidelock.dev/operator':null}}}",
    };
    static const enum fx_kind kinds[] = {CONFIG_MAP, SECRET};
    enum fx_kind kind = kinds[rng_below(&d->rng, 2)];
    size_t count = d->f->kinds[kind].count;
    const char *name;

    if (!count)
        return;
    name = d->f->items[kind][rng_below(&d->rng, count)]->key.name;
    fake_edit_child(d->f, kind, arena_strdup(&d->f->arena, name),
                    edits[rng_below(&d->rng, 4)]);
}

/* ---- what must hold ---- */

/* Is every leaf of `want` in `have`? Lists are looked at by their length. */
static bool holds(const struct value *have, const struct value *want)
{
    if (value_is(want, VALUE_OBJECT)) {
        for (uint32_t i = 0; i < want->count; i++) {
            const struct value_member *m = &want->as.members[i];

            if (strcmp(m->key, "stringData") != 0 &&
                !holds(value_get(have, m->key), m->value))
                return false;
        }
        return value_is(have, VALUE_OBJECT);
    }
    if (value_is(want, VALUE_ARRAY))
        return value_is(have, VALUE_ARRAY) && have->count == want->count;
    return scalar_equal(have, want, SCALAR_PLAIN) ||
           scalar_equal(have, want, SCALAR_QUANTITY);
}

static size_t declared_of(const struct fixture *f, enum fx_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < f->plan.count; i++)
        n +=
            strcmp(f->plan.steps[i].ref.gvk.kind, f->kinds[kind].gvk.kind) == 0;
    return n;
}

static struct value *live_of(struct fixture *f, const struct plan_step *s)
{
    struct value *v = NULL;

    for (size_t k = 0; k <= SECRET; k++)
        for (size_t i = 0; i < f->kinds[k].count; i++)
            if (strcmp(f->items[k][i]->key.name, s->ref.key.name) == 0 &&
                strcmp(f->items[k][i]->kind, s->ref.gvk.kind) == 0)
                snapshot_value(f->items[k][i], &f->arena, &v, &f->err);
    return v;
}

/* Keys that were declared once and are no more have gone; "x" may be another
 * writer's. */
static bool has_no_leftovers(const struct value *live,
                             const struct value *declared)
{
    const struct value *data = value_get(live, "data");
    const struct value *want = value_get(declared, "stringData");

    if (!want)
        want = value_get(declared, "data");
    for (uint32_t i = 0; value_is(data, VALUE_OBJECT) && i < data->count; i++)
        if (strcmp(data->as.members[i].key, "x") != 0 &&
            !value_get(want, data->as.members[i].key))
            return false;
    return true;
}

static bool is_as_declared(struct fixture *f)
{
    bool good = true;

    for (size_t i = 0; i < f->plan.count; i++) {
        const struct value *live = live_of(f, &f->plan.steps[i]);

        good &= check(holds(live, f->plan.steps[i].body));
        good &= check(has_no_leftovers(live, f->plan.steps[i].body));
    }
    for (enum fx_kind k = CONFIG_MAP; k <= SECRET; k++)
        good &= check_int(f->kinds[k].count, declared_of(f, k));
    return good;
}

static bool round_holds(struct dice *d)
{
    struct fixture *f = d->f;
    bool good;

    random_plan(d);
    f->plan.allow_bulk = "plans of chance delete at will";
    if (one_in(d, 2))
        random_edit(d);
    if (!check_ok(fx_diff(f), &f->err))
        return false;
    fake_carry_out(f);
    good = is_as_declared(f);
    f->view.now += 7;
    return good && check_ok(fx_diff(f), &f->err) &&
           check_str(fx_story(f), "") &&
           check_int(f->cs.unchanged, f->plan.count);
}

TEST(a_random_plan_has_nothing_left_to_do_once_it_was_carried_out)
{
    uint64_t seeds = (uint64_t)test_rounds(500, 5000);
    uint64_t seed = test_seed();

    for (uint64_t i = 0; i < seeds; i++) {
        struct fixture f;
        struct dice d = {.f = &f};
        bool good = true;

        rng_init(&d.rng, seed + i);
        fx_init(&f);
        if (one_in(&d, 2))
            f.memo = diff_memo_new(4);
        for (unsigned r = 0; good && r < ROUNDS; r++)
            good = round_holds(&d);
        fx_release(&f);
        if (!good)
            break;
    }
}

/* The test above must be able to fail: a server that loses a field. */
TEST(the_random_test_finds_a_server_that_forgets_a_field)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    check_ok(fx_diff(&f), &f.err);
    fake_carry_out(&f);
    fake_edit_child(&f, CONFIG_MAP, "a", "{'data':{'k':null}}");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "change ConfigMap a");
    fx_release(&f);
}
