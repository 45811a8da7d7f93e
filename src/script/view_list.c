/*
 * view_list.c -- view:list and view:owned.
 *
 * DESIGN
 *
 * A list is the union of the entries of its kind, sorted, each object once.
 * Selectors are matched here, on the text of the labels alone, so objects that
 * do not match cost no table; those that do become tables when the script
 * looks at them (lazy.c).
 */
#include <stdlib.h>
#include <string.h>

#include "kube/selector.h"
#include "script/convert.h"
#include "script/view_api.h"

struct listing {
    const char *verb;
    struct gvk gvk; /* kind NULL: any */
    bool owned_only;
    const char *ns; /* NULL: the usual one */
    struct selector *labels, *fields;
    struct found *items;
    size_t count, cap;
};

static bool is_selected(lua_State *L, const struct listing *l, uint32_t kind,
                        uint32_t item)
{
    struct vm *vm = vm_of(L);
    struct select by = {
        .labels = l->labels,
        .fields = l->fields,
        .sealed = !script_decl(vm->script)->reads_secret_values,
        .reader = &vm->reader,
        .scratch = &vm->scratch,
    };
    struct err err = {0};
    uint64_t steps = 0;
    bool match;

    if (!l->labels && !l->fields)
        return true;
    if (select_match(&by, view_item(L, kind, item), &match, &steps, &err) < 0)
        vm_kill_err(L, l->verb, &err);
    vm_charge(L, steps);
    return match;
}

static void add_found(lua_State *L, struct listing *l, struct found f)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        struct found *items = arena_calloc(vm_of(L)->arena, cap, sizeof *items);

        if (!items)
            vm_kill_nomem(L);
        if (l->count)
            memcpy(items, l->items, l->count * sizeof *items);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->count++] = f;
}

static void record_list(lua_State *L, uint32_t kind)
{
    struct vm *vm = vm_of(L);
    uint64_t bit = kind < 64 ? 1ull << kind : 0;

    if (vm->listed & bit)
        return;
    add_read(L, kind)->list = true;
    vm->listed |= bit;
}

/* The host looks through what is not here. */
static void list_partial(lua_State *L, struct listing *l, uint32_t kind,
                         const char *ns)
{
    const struct view *v = vm_of(L)->view;
    const struct view_kind *k = &v->kinds[kind];
    struct view_filter filter = {ns, l->labels, l->fields};
    struct view_rows rows = {NULL, 0, 0};
    struct err err = {0};

    if (v->host->list(v->host->arg, kind, &filter, &rows, &err) < 0)
        vm_kill_err(L, l->verb, &err);
    vm_charge(L, rows.steps);
    for (size_t i = 0; i < rows.count; i++) {
        const struct snapshot *s = k->items[rows.items[i]];

        if (is_named(L, k, s->key.name))
            add_found(L, l,
                      (struct found){s, PLAN_SECRET_ID(kind, rows.items[i])});
    }
}

/* Membership counts as read also when nothing matched: that an object is not in
 * a list is what a plan may depend on. */
static void list_kind(lua_State *L, struct listing *l, uint32_t kind)
{
    const struct view_kind *k = &vm_of(L)->view->kinds[kind];
    const char *ns = l->ns;

    check_known(L, l->verb, k);
    record_list(L, kind);
    if (ns)
        ns = pick_namespace(L, l->verb, k, ns);
    vm_charge(L, LOOKUP_COST + k->count / 8);
    if (k->partial) {
        list_partial(L, l, kind, ns);
        return;
    }
    for (uint32_t i = 0; i < k->count; i++) {
        const struct snapshot *s = k->items[i];

        if (ns && strcmp(s->key.ns, ns) != 0)
            continue;
        if (is_named(L, k, s->key.name) && is_selected(L, l, kind, i))
            add_found(L, l, (struct found){s, PLAN_SECRET_ID(kind, i)});
    }
}

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = strcmp(x->snapshot->kind, y->snapshot->kind);

    if (order == 0)
        order = object_key_compare(&x->snapshot->key, &y->snapshot->key);
    if (order == 0) /* the same object by two entries: the first one wins */
        order = x->id < y->id ? -1 : x->id > y->id;
    return order;
}

static bool same_object(const struct found *a, const struct found *b)
{
    return strcmp(a->snapshot->kind, b->snapshot->kind) == 0 &&
           strcmp(a->snapshot->api_version, b->snapshot->api_version) == 0 &&
           object_key_equal(&a->snapshot->key, &b->snapshot->key);
}

/* Two entries of the view may show the same object; it is listed once. */
static void push_listing(lua_State *L, struct listing *l)
{
    lua_Integer n = 0;

    if (l->count > 1)
        qsort(l->items, l->count, sizeof *l->items, compare_found);
    lua_createtable(L, (int)l->count, 0);
    marker_set(L, -1, MARKER_ARRAY);
    for (size_t i = 0; i < l->count; i++) {
        const struct found *f = &l->items[i];

        if (i > 0 && same_object(f - 1, f))
            continue;
        push_lazy(L, f->id);
        lua_rawseti(L, -2, ++n);
    }
}

static void list_all(lua_State *L, struct listing *l)
{
    const struct view *v = vm_of(L)->view;
    bool declared = false;

    for (uint32_t i = 0; i < v->count; i++) {
        const struct view_kind *k = &v->kinds[i];

        if ((l->owned_only && !k->owned) ||
            (l->gvk.kind && !gvk_equal(&k->gvk, &l->gvk)))
            continue;
        declared = true;
        list_kind(L, l, i);
    }
    if (!declared && l->gvk.kind)
        kill_undeclared(L, l->verb, &l->gvk,
                        l->owned_only ? "owns" : "reads or owns");
    push_listing(L, l);
}

/* A selector option: a text, or a table of labels. */
static struct selector *check_selector(lua_State *L, const char *name)
{
    struct arena *a = vm_of(L)->arena;
    struct selector *s = NULL;
    struct value *map = NULL;
    struct err err = {0};
    bool fields = strcmp(name, "fields") == 0;
    int type = lua_getfield(L, 4, name);
    int rc = 0;

    if (type == LUA_TSTRING)
        rc = (fields ? selector_parse_fields
                     : selector_parse_labels)(a, lua_tostring(L, -1), &s, &err);
    else if (type == LUA_TTABLE && !fields)
        rc = value_from_lua(L, -1, "", &map, &err);
    else if (type != LUA_TNIL)
        vm_kill(L, ERR_PLAN, NULL,
                "view:list: %s: expected a selector, got "
                "%s",
                name, lua_typename(L, type));
    if (rc == 0 && map)
        rc = selector_from_map(a, map, &s, &err);
    if (rc < 0) {
        err_wrap(&err, "%s", name);
        vm_kill_err(L, "view:list", &err);
    }
    lua_pop(L, 1);
    return s;
}

/* A field that is not kept would look like one that is not set. */
static void check_kept(lua_State *L, const struct listing *l)
{
    const struct view *v = vm_of(L)->view;
    const char *path;

    for (uint32_t i = 0; i < v->count; i++) {
        const struct view_kind *k = &v->kinds[i];

        if (!k->read || !k->read->kept || !gvk_equal(&k->gvk, &l->gvk))
            continue;
        for (size_t n = 0; (path = selector_path(l->fields, n)); n++)
            if (!kept_has(k->read->kept, path))
                kill_not_kept(L, l->gvk.kind, "", path);
    }
}

/* view:list(apiVersion, kind [, { namespace=, labels=, fields= }]) */
int l_view_list(lua_State *L)
{
    static const char *const options[] = {"namespace", "labels", "fields",
                                          NULL};
    struct listing l = {.verb = "view:list"};

    l.gvk.api_version = check_text(L, 2, l.verb, "apiVersion");
    l.gvk.kind = check_text(L, 3, l.verb, "kind");
    if (check_options(L, 4, l.verb, options)) {
        lua_settop(L, 4);
        if (lua_getfield(L, 4, "namespace") != LUA_TNIL)
            l.ns = check_text(L, -1, l.verb, "namespace");
        lua_pop(L, 1);
        l.labels = check_selector(L, "labels");
        l.fields = check_selector(L, "fields");
        check_kept(L, &l);
    }
    list_all(L, &l);
    return 1;
}

/* view:owned([apiVersion, kind]) */
int l_view_owned(lua_State *L)
{
    struct listing l = {.verb = "view:owned", .owned_only = true};

    if (!lua_isnoneornil(L, 2)) {
        l.gvk.api_version = check_text(L, 2, l.verb, "apiVersion");
        l.gvk.kind = check_text(L, 3, l.verb, "kind");
    }
    list_all(L, &l);
    return 1;
}
