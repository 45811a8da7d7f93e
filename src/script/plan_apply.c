/*
 * plan_apply.c -- plan:apply, its `after` and its `gate`.
 */
#include <string.h>

#include "script/convert.h"
#include "script/plan_api.h"

struct apply {
    const char *label;
    struct object_ref ref;
    struct value *body;
    struct object_ref *after;
    size_t after_count;
    const char *held;
    bool orphan, recreate;
};

/* Fields that only the server writes: a sign that an object of the view is
 * handed back instead of a declaration. */
static void check_server_fields(lua_State *L, const struct apply *a)
{
    static const char *const fields[] = {
        "resourceVersion",
        "uid",
        "managedFields",
        "creationTimestamp",
        "generation",
        "selfLink",
        NULL,
    };
    const struct value *metadata = value_get(a->body, "metadata");

    for (const char *const *f = fields; *f; f++)
        if (value_get(metadata, *f) &&
            !value_is(value_get(metadata, *f), VALUE_NULL))
            vm_kill(L, ERR_PLAN,
                    "declare only the fields that you want; do "
                    "not hand back what view:get gave",
                    "%s: .metadata.%s: "
                    "only the server sets this",
                    a->label, *f);
    if (value_get(metadata, "generateName"))
        vm_kill(L, ERR_PLAN,
                "give a name made from the root's, "
                "root.metadata.name .. \"-x\"",
                "%s: .metadata.generateName: "
                "would make a new object in every pass",
                a->label);
}

static const char *check_field(lua_State *L, const struct apply *a,
                               const char *path)
{
    const struct value *v = value_path(a->body, path);

    if (!v)
        vm_kill(L, ERR_PLAN,
                value_path(a->body, "metadata.generateName")
                    ? "a generated name would be another one in every pass: "
                      "build the name from the root's name"
                    : NULL,
                "%s: .%s: expected a text, got nothing", a->label, path);
    if (!value_text(v))
        vm_kill(L, ERR_PLAN, NULL, "%s: .%s: expected a text, got %s", a->label,
                path, value_type_name(v));
    if (strlen(value_text(v)) != v->count)
        vm_kill(L, ERR_PLAN, NULL, "%s: .%s: holds a NUL byte", a->label, path);
    return value_text(v);
}

static void check_name(lua_State *L, const struct apply *a)
{
    const char *name = a->ref.key.name;

    if (strlen(name) > NAME_MAX_DNS1123_SUBDOMAIN)
        vm_kill(L, ERR_PLAN, NULL,
                "%s: .metadata.name: longer than %d "
                "characters",
                a->label, NAME_MAX_DNS1123_SUBDOMAIN);
    if (!name_is_path_segment(name))
        vm_kill(L, ERR_PLAN, NULL, "%s: .metadata.name: \"%s\" is not a name",
                a->label, name);
}

static void check_owned(lua_State *L, const struct apply *a)
{
    const struct operator_decl *d = script_decl(vm_of(L)->script);
    const struct operator_owned *owned = operator_owns(d, &a->ref.gvk);

    if (!owned)
        kill_undeclared(L, a->label, &a->ref.gvk, "owns");
    if (owned && owned->retired)
        vm_kill(L, ERR_PLAN, "take retired = true away, or do not apply it",
                "%s: %s %s is declared as retired", a->label,
                a->ref.gvk.api_version, a->ref.gvk.kind);
}

/* The checks that need no schema and no view. core/diff does the others, with
 * the same line in its messages: types, names that the server would refuse,
 * namespaces, two steps for one object. */
static void read_object(lua_State *L, struct apply *a)
{
    struct err err = {0};
    const struct value *ns;

    if (value_from_lua(L, 2, "", &a->body, &err) < 0)
        vm_kill_err(L, a->label, &err);
    if (!value_is(a->body, VALUE_OBJECT))
        vm_kill(L, ERR_PLAN, NULL,
                "plan:apply: expected an object, got a "
                "list");
    a->ref.gvk.api_version = check_field(L, a, "apiVersion");
    a->ref.gvk.kind = check_field(L, a, "kind");
    a->ref.key.name = check_field(L, a, "metadata.name");
    ns = value_path(a->body, "metadata.namespace");
    a->ref.key.ns = ns ? check_field(L, a, "metadata.namespace") : "";
    check_owned(L, a);
    check_name(L, a);
    check_server_fields(L, a);
}

/* ---- after and gate ---- */

/* { "v1", "Secret", "x" } is a reference, { { "v1", ... }, object } is a list,
 * and an object has no list items at all. */
static bool is_ref(lua_State *L, int idx)
{
    bool is_text;

    thaw(L, idx);
    is_text = lua_rawgeti(L, idx, 1) == LUA_TSTRING;
    lua_pop(L, 1);
    return is_text || lua_rawlen(L, idx) == 0;
}

static void read_after(lua_State *L, struct apply *a, int options)
{
    int after, count = 1;

    if (lua_getfield(L, options, "after") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    after = lua_gettop(L);
    if (!lua_istable(L, after))
        vm_kill(L, ERR_PLAN, NULL,
                "%s: after: expected an object, a "
                "reference or a list of them, got %s",
                a->label, type_word(L, after));
    if (!is_ref(L, after))
        count = (int)lua_rawlen(L, after);
    a->after = arena_calloc(vm_of(L)->arena, (size_t)count, sizeof *a->after);
    if (!a->after)
        vm_kill_nomem(L);
    for (int i = 0; i < count; i++) {
        if (is_ref(L, after))
            lua_pushvalue(L, after);
        else
            lua_rawgeti(L, after, i + 1);
        a->after[a->after_count++] = check_ref(L, -1, a->label);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* Read from the snapshot's text in C: a gate that names a condition makes no
 * table for the object it waits for. */
static bool condition_is_true(lua_State *L, const struct snapshot *s,
                              const char *type)
{
    struct vm *vm = vm_of(L);
    struct value *object = NULL;
    const struct value *list;
    struct err err = {0};

    arena_clear(&vm->scratch);
    if (snapshot_value(s, &vm->scratch, &object, &err) < 0)
        vm_kill_err(L, "gate", &err);
    list = value_path(object, "status.conditions");
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text_at(list->as.items[i], "type"), type))
            return text_equal(value_text_at(list->as.items[i], "status"),
                              "True");
    return false;
}

/* An error in a gate must not be caught: see api.h. */
static bool gate_function_opens(lua_State *L, const struct apply *a, int gate,
                                const struct found *f)
{
    bool open;

    lua_pushvalue(L, gate);
    push_snapshot(L, f->snapshot, f->id);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        vm_check_killed(L);
        vm_kill(L, ERR_SCRIPT, NULL, "%s: gate: %s", a->label,
                lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                               : type_word(L, -1));
    }
    open = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return open;
}

/* The text is what people read in a plan and in the object's condition, so it
 * names what is waited for, not how. */
static void hold(lua_State *L, struct apply *a, const struct object_ref *ref,
                 const char *gate)
{
    a->held =
        arena_printf(vm_of(L)->arena, "waiting for %s %s%s%s", ref->gvk.kind,
                     ref->key.name, gate ? ": " : "", gate ? gate : "");
    if (!a->held)
        vm_kill_nomem(L);
}

/* The first object that is absent or not open is the one to wait for. Looking
 * is a read like any other: it is recorded, and a kind that is not known now
 * ends the run instead of holding the step for ever. */
static void read_gate(lua_State *L, struct apply *a, int options)
{
    int type = lua_getfield(L, options, "gate");
    int gate = lua_gettop(L);
    const char *condition = type == LUA_TSTRING ? lua_tostring(L, gate) : NULL;

    if (type == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (!condition && type != LUA_TFUNCTION)
        vm_kill(L, ERR_PLAN, NULL,
                "%s: gate: expected a condition type or a "
                "function, got %s",
                a->label, lua_typename(L, type));
    if (!a->after_count)
        vm_kill(L, ERR_PLAN,
                "name the object whose state opens the gate: "
                "after = object",
                "%s: gate: there is no after", a->label);
    for (size_t i = 0; i < a->after_count && !a->held; i++) {
        struct found f = view_find(L, a->label, &a->after[i]);
        bool open = f.snapshot &&
                    (condition ? condition_is_true(L, f.snapshot, condition)
                               : gate_function_opens(L, a, gate, &f));

        if (!open)
            hold(L, a, &a->after[i], condition);
    }
    lua_pop(L, 1);
}

/* on_delete and immutable: the one word that there is, or nothing. */
static bool read_word(lua_State *L, const struct apply *a, const char *option,
                      const char *word)
{
    int type = lua_getfield(L, 3, option);
    bool set = type == LUA_TSTRING && strcmp(lua_tostring(L, -1), word) == 0;

    if (type != LUA_TNIL && !set)
        vm_kill(L, ERR_PLAN, NULL, "%s: %s: expected \"%s\", got %s", a->label,
                option, word,
                type == LUA_TSTRING ? lua_tostring(L, -1)
                                    : lua_typename(L, type));
    lua_pop(L, 1);
    return set;
}

static void add_apply(lua_State *L, const struct apply *a)
{
    struct err err = {0};
    const char *line = vm_place_text(L);
    struct plan_step *step = plan_add(vm_of(L)->plan, PLAN_APPLY, &err);

    if (!step) {
        vm_kill_err(L, a->label, &err);
        return;
    }
    step->ref = a->ref;
    step->body = a->body;
    step->line = line;
    step->after = a->after;
    step->after_count = a->after_count;
    step->held = a->held;
    step->orphan = a->orphan;
    step->recreate = a->recreate;
}

/* plan:apply(object [, { after=, gate=, on_delete=, immutable= }]) */
int l_plan_apply(lua_State *L)
{
    static const char *const options[] = {"after", "gate", "on_delete",
                                          "immutable", NULL};
    char label[LABEL_SIZE];
    struct apply a = {.label = label};
    const char *kind, *name = NULL;

    check_steps_allowed(L, "plan:apply");
    if (!lua_istable(L, 2))
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:apply: expected an object, "
                       "got %s",
                       type_word(L, 2));
    lua_settop(L, 3);
    thaw(L, 2);
    kind = raw_text(L, 2, "kind");
    lua_pushliteral(L, "metadata");
    if (lua_rawget(L, 2) == LUA_TTABLE)
        name = raw_text(L, -1, "name");
    label_of(label, "plan:apply", kind ? kind : "object", name);
    lua_settop(L, 3);
    read_object(L, &a);
    if (check_options(L, 3, label, options)) {
        read_after(L, &a, 3);
        read_gate(L, &a, 3);
        a.orphan = read_word(L, &a, "on_delete", "orphan");
        a.recreate = read_word(L, &a, "immutable", "recreate");
    }
    add_apply(L, &a);
    return 0;
}
