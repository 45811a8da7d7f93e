/*
 * plan_api.c -- `plan`: the verbs that declare (note 01).
 *
 * DESIGN
 *
 * A verb checks all its arguments first, into values on the C stack and in the
 * job's arena; only then it adds to the plan, filled at once. So whatever
 * raises in between, the plan never holds half a step.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "script/api.h"
#include "script/convert.h"

#define PLAN_TYPE "plan"
#define LABEL_SIZE 200
#define NOTE_MAX 1024         /* events.k8s.io/v1 */
#define MESSAGE_MAX 32768     /* metav1.Condition */
#define REQUEUE_MAX_S 315360000 /* ten years */

/* "plan:apply: Deployment 'blog'": how messages about an object begin. */
static void label_of(char out[LABEL_SIZE], const char *verb, const char *kind,
                     const char *name)
{
    if (name)
        snprintf(out, LABEL_SIZE, "%s: %.60s '%.60s'", verb, kind, name);
    else
        snprintf(out, LABEL_SIZE, "%s: %.60s", verb, kind);
}

/* Steps are not possible any more, or none may stand beside `verb`. */
static void check_steps_allowed(lua_State *L, const char *verb)
{
    const struct plan *p = vm_of(L)->plan;

    if (p->nothing)
        vm_kill(L, ERR_PLAN, "a pass with plan:nothing declares status, "
                "conditions, events and requeue only", "%s: plan:nothing was "
                "called before", verb);
    if (p->prune_all && strcmp(verb, "plan:apply") == 0)
        vm_kill(L, ERR_PLAN, NULL, "%s: plan:prune_all was called before",
                verb);
}

/* ---- plan:apply ---- */

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
        "resourceVersion", "uid", "managedFields", "creationTimestamp",
        "generation", "selfLink", NULL,
    };
    const struct value *metadata = value_get(a->body, "metadata");

    for (const char *const *f = fields; *f; f++)
        if (value_get(metadata, *f) &&
            !value_is(value_get(metadata, *f), VALUE_NULL))
            vm_kill(L, ERR_PLAN, "declare only the fields that you want; do "
                    "not hand back what view:get gave", "%s: .metadata.%s: "
                    "only the server sets this", a->label, *f);
    if (value_get(metadata, "generateName"))
        vm_kill(L, ERR_PLAN, "give a name made from the root's, "
                "root.metadata.name .. \"-x\"", "%s: .metadata.generateName: "
                "would make a new object in every pass", a->label);
}

static const char *check_field(lua_State *L, const struct apply *a,
                               const char *path)
{
    const struct value *v = value_path(a->body, path);

    if (!v)
        vm_kill(L, ERR_PLAN, NULL, "%s: .%s: expected a text, got nothing",
                a->label, path);
    if (!value_text(v))
        vm_kill(L, ERR_PLAN, NULL, "%s: .%s: expected a text, got %s",
                a->label, path, value_type_name(v));
    return value_text(v);
}

static void check_name(lua_State *L, const struct apply *a)
{
    const char *name = a->ref.key.name;

    if (strlen(name) > NAME_MAX_DNS1123_SUBDOMAIN)
        vm_kill(L, ERR_PLAN, NULL, "%s: .metadata.name: longer than %d "
                "characters", a->label, NAME_MAX_DNS1123_SUBDOMAIN);
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

static void read_object(lua_State *L, struct apply *a)
{
    struct err err = {0};
    const struct value *ns;

    if (value_from_lua(L, 2, "", &a->body, &err) < 0)
        vm_kill_err(L, a->label, &err);
    if (!value_is(a->body, VALUE_OBJECT))
        vm_kill(L, ERR_PLAN, NULL, "plan:apply: expected an object, got a "
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

static bool is_ref(lua_State *L, int idx)
{
    bool is_text = lua_rawgeti(L, idx, 1) == LUA_TSTRING;

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
        vm_kill(L, ERR_PLAN, NULL, "%s: after: expected an object, a "
                "reference or a list of them, got %s", a->label,
                luaL_typename(L, after));
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
                                               : luaL_typename(L, -1));
    }
    open = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return open;
}

static void hold(lua_State *L, struct apply *a, const struct object_ref *ref,
                 const char *gate)
{
    a->held = arena_printf(vm_of(L)->arena, "waiting for %s %s%s%s",
                           ref->gvk.kind, ref->key.name, gate ? ": " : "",
                           gate ? gate : "");
    if (!a->held)
        vm_kill_nomem(L);
}

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
        vm_kill(L, ERR_PLAN, NULL, "%s: gate: expected a condition type or a "
                "function, got %s", a->label, lua_typename(L, type));
    if (!a->after_count)
        vm_kill(L, ERR_PLAN, "name the object whose state opens the gate: "
                "after = object", "%s: gate: there is no after", a->label);
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
                option, word, type == LUA_TSTRING ? lua_tostring(L, -1)
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
static int l_plan_apply(lua_State *L)
{
    static const char *const options[] = {"after", "gate", "on_delete",
                                          "immutable", NULL};
    char label[LABEL_SIZE];
    struct apply a = {.label = label};
    const char *kind, *name = NULL;

    check_steps_allowed(L, "plan:apply");
    if (!lua_istable(L, 2))
        return vm_kill(L, ERR_PLAN, NULL, "plan:apply: expected an object, "
                       "got %s", luaL_typename(L, 2));
    lua_settop(L, 3);
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

/* ---- steps on other objects ---- */

/* Patches and deletes need the kind in the view: its objects' uids come from
 * there. */
static struct object_ref check_target(lua_State *L, const char *verb)
{
    struct object_ref ref;
    const struct operator_decl *d = script_decl(vm_of(L)->script);

    check_steps_allowed(L, verb);
    ref = check_ref(L, 2, verb);
    if (operator_owns(d, &ref.gvk))
        return ref;
    for (size_t i = 0; i < d->reads_count; i++)
        if (gvk_equal(&d->reads[i].gvk, &ref.gvk))
            return ref;
    kill_undeclared(L, verb, &ref.gvk, "reads");
    return ref;
}

static struct plan_step *add_step(lua_State *L, enum plan_verb verb,
                                  const struct object_ref *ref)
{
    const char *line = vm_place_text(L);
    struct err err = {0};
    struct plan_step *step = plan_add(vm_of(L)->plan, verb, &err);

    if (!step)
        vm_kill_err(L, "plan", &err);
    step->ref = *ref;
    step->line = line;
    return step;
}

static enum patch_type check_patch_type(lua_State *L, const char *label)
{
    static const char *const options[] = {"type", NULL};
    enum patch_type type = PATCH_APPLY;

    if (!check_options(L, 4, label, options))
        return type;
    if (lua_getfield(L, 4, "type") != LUA_TNIL) {
        const char *word = lua_type(L, -1) == LUA_TSTRING
                               ? lua_tostring(L, -1) : luaL_typename(L, -1);

        if (strcmp(word, "merge") == 0)
            type = PATCH_MERGE;
        else if (strcmp(word, "json") == 0)
            type = PATCH_JSON;
        else if (strcmp(word, "apply") != 0)
            vm_kill(L, ERR_PLAN, NULL, "%s: type: expected \"apply\", "
                    "\"merge\" or \"json\", got %s", label, word);
    }
    lua_pop(L, 1);
    return type;
}

/* A server-side apply must carry what the reference says. */
static void complete_body(lua_State *L, const struct object_ref *ref,
                          struct value *body)
{
    struct arena *a = vm_of(L)->arena;
    struct value *metadata = value_make(a, body, "metadata");
    int rc = value_set(a, body, "apiVersion",
                       value_string(a, ref->gvk.api_version));

    if (rc == 0)
        rc = value_set(a, body, "kind", value_string(a, ref->gvk.kind));
    if (rc == 0 && metadata)
        rc = value_set(a, metadata, "name", value_string(a, ref->key.name));
    if (rc < 0 || !metadata)
        vm_kill_nomem(L);
}

/* plan:patch(ref, body [, { type= }]) */
static int l_plan_patch(lua_State *L)
{
    struct object_ref ref = check_target(L, "plan:patch");
    struct plan_step *step;
    struct value *body = NULL;
    enum patch_type type;
    struct err err = {0};
    char label[LABEL_SIZE];

    label_of(label, "plan:patch", ref.gvk.kind, ref.key.name);
    type = check_patch_type(L, label);
    if (!lua_istable(L, 3))
        return vm_kill(L, ERR_PLAN, NULL, "%s: body: expected a table, got %s",
                       label, luaL_typename(L, 3));
    if (value_from_lua(L, 3, "", &body, &err) < 0)
        return vm_kill_err(L, label, &err);
    if (value_is(body, VALUE_ARRAY) != (type == PATCH_JSON))
        return vm_kill(L, ERR_PLAN, NULL, "%s: body: expected %s", label,
                       type == PATCH_JSON ? "a list of operations"
                                          : "an object");
    if (type == PATCH_APPLY)
        complete_body(L, &ref, body);
    step = add_step(L, PLAN_PATCH, &ref);
    step->body = body;
    step->patch_type = type;
    return 0;
}

/* plan:delete(ref) */
static int l_plan_delete(lua_State *L)
{
    struct object_ref ref = check_target(L, "plan:delete");

    add_step(L, PLAN_DELETE, &ref);
    return 0;
}

/* plan:scale(ref, n) */
static int l_plan_scale(lua_State *L)
{
    struct object_ref ref = check_target(L, "plan:scale");
    lua_Integer n;
    int is_integer;
    char label[LABEL_SIZE];

    label_of(label, "plan:scale", ref.gvk.kind, ref.key.name);
    n = lua_tointegerx(L, 3, &is_integer);
    if (!is_integer || lua_type(L, 3) != LUA_TNUMBER || n < 0 || n > INT32_MAX)
        return vm_kill(L, ERR_PLAN, NULL, "%s: replicas: expected an integer "
                       "from 0 on, got %s", label,
                       lua_type(L, 3) == LUA_TNUMBER ? lua_tostring(L, 3)
                                                     : luaL_typename(L, 3));
    add_step(L, PLAN_SCALE, &ref)->replicas = n;
    return 0;
}

/* ---- status, conditions, events ---- */

/* plan:status(fields) */
static int l_plan_status(lua_State *L)
{
    struct plan *p = vm_of(L)->plan;
    struct value *fields = NULL;
    struct err err = {0};

    if (p->status)
        return vm_kill(L, ERR_PLAN, "the status of a pass is declared once, "
                       "as a whole", "plan:status: was called before, at %s",
                       p->status_line);
    if (!lua_istable(L, 2))
        return vm_kill(L, ERR_PLAN, NULL, "plan:status: expected a table of "
                       "fields, got %s", luaL_typename(L, 2));
    if (value_from_lua(L, 2, "", &fields, &err) < 0)
        return vm_kill_err(L, "plan:status", &err);
    if (!value_is(fields, VALUE_OBJECT))
        return vm_kill(L, ERR_PLAN, NULL, "plan:status: expected a table of "
                       "fields, got a list");
    if (value_get(fields, "conditions"))
        return vm_kill(L, ERR_PLAN, "use plan:condition(type, status, reason, "
                       "message)", "plan:status: .conditions: conditions are "
                       "declared one by one");
    if (value_get(fields, "observedGeneration"))
        return vm_kill(L, ERR_PLAN, "leave it out", "plan:status: "
                       ".observedGeneration: the runtime sets this");
    p->status_line = vm_place_text(L);
    p->status = fields;
    return 0;
}

static const char *check_status(lua_State *L)
{
    const char *word;

    switch (lua_type(L, 3)) {
    case LUA_TNONE:
    case LUA_TNIL:
        return "Unknown";
    case LUA_TBOOLEAN:
        return lua_toboolean(L, 3) ? "True" : "False";
    case LUA_TSTRING:
        word = lua_tostring(L, 3);
        if (strcmp(word, "True") == 0 || strcmp(word, "False") == 0 ||
            strcmp(word, "Unknown") == 0)
            return vm_text(L, word, strlen(word));
        break;
    default:
        word = luaL_typename(L, 3);
    }
    vm_kill(L, ERR_PLAN, NULL, "plan:condition: status: expected true, false "
            "or nil, got %s", word);
    return NULL;
}

/* [A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])? as metav1.Condition wants it. */
static bool is_reason(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > 1024 || !isalpha((unsigned char)text[0]))
        return false;
    for (size_t i = 1; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_,:", text[i]))
            return false;
    return isalnum((unsigned char)text[len - 1]) || text[len - 1] == '_';
}

/* Optional DNS prefix, then letters, digits, "-_.". */
static bool is_condition_type(const char *text)
{
    const char *slash = strchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    size_t len = strlen(name);

    if (strlen(text) > 316 || len == 0 || len > 63 ||
        !isalnum((unsigned char)name[0]) ||
        !isalnum((unsigned char)name[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
            return false;
    for (const char *c = text; c < name; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) &&
            !strchr("-./", *c))
            return false;
    return true;
}

/* API conventions ask for a reason: without one, "Ready", "NotReady",
 * "Unknown". */
static const char *default_reason(lua_State *L, const char *type,
                                  const char *status)
{
    char reason[80] = "";
    const char *name = strchr(type, '/') ? strchr(type, '/') + 1 : type;
    size_t at = 0;

    if (strcmp(status, "Unknown") == 0)
        return "Unknown";
    if (strcmp(status, "False") == 0 || !isalpha((unsigned char)name[0]))
        at = (size_t)snprintf(reason, sizeof reason, "%s",
                              *status == 'F' ? "Not" : "Is");
    for (; *name && at + 1 < sizeof reason; name++)
        if (isalnum((unsigned char)*name))
            reason[at++] = *name;
    return vm_text(L, reason, at);
}

static const char *check_reason(lua_State *L, int idx, const char *verb)
{
    const char *reason = check_text(L, idx, verb, "reason");

    if (!is_reason(reason))
        vm_kill(L, ERR_PLAN, "a reason is for programs: one word such as "
                "\"RolloutDone\"; what people read is the message",
                "%s: reason: \"%.80s\" is not a CamelCase word", verb, reason);
    return reason;
}

static void check_new_condition(lua_State *L, const char *type)
{
    const struct plan *p = vm_of(L)->plan;

    if (!is_condition_type(type))
        vm_kill(L, ERR_PLAN, "conditions are named like \"Ready\" or "
                "\"example.com/Ready\"", "plan:condition: type: \"%.80s\" is "
                "not a condition type", type);
    for (size_t i = 0; i < p->condition_count; i++)
        if (strcmp(p->conditions[i].type, type) == 0)
            vm_kill(L, ERR_PLAN, NULL, "plan:condition: '%s' was declared "
                    "before, at %s", type, p->conditions[i].line);
}

/* plan:condition(type, status [, reason [, message]]) */
static int l_plan_condition(lua_State *L)
{
    struct plan_condition c = {NULL, NULL, NULL, "", NULL};
    struct plan_condition *added;

    c.type = check_text(L, 2, "plan:condition", "type");
    check_new_condition(L, c.type);
    c.status = check_status(L);
    c.reason = lua_isnoneornil(L, 4) ? default_reason(L, c.type, c.status)
                                     : check_reason(L, 4, "plan:condition");
    if (!lua_isnoneornil(L, 5))
        c.message = check_text(L, 5, "plan:condition", "message");
    if (strlen(c.message) > MESSAGE_MAX)
        return vm_kill(L, ERR_PLAN, NULL, "plan:condition: message: longer "
                       "than %d bytes", MESSAGE_MAX);
    c.line = vm_place_text(L);
    added = plan_add_condition(vm_of(L)->plan);
    if (!added)
        return vm_kill_nomem(L);
    *added = c;
    return 0;
}

/* At most NOTE_MAX bytes, cut between characters. */
static const char *cut_note(lua_State *L, const char *note)
{
    size_t len = strlen(note);

    if (len <= NOTE_MAX)
        return note;
    len = NOTE_MAX - 3;
    while (len > 0 && ((unsigned char)note[len] & 0xC0) == 0x80)
        len--;
    note = arena_printf(vm_of(L)->arena, "%.*s...", (int)len, note);
    if (!note)
        vm_kill_nomem(L);
    return note;
}

/* plan:event(type, reason, note) */
static int l_plan_event(lua_State *L)
{
    struct plan_event e;
    struct plan_event *added;

    e.type = check_text(L, 2, "plan:event", "type");
    if (strcmp(e.type, "Normal") != 0 && strcmp(e.type, "Warning") != 0)
        return vm_kill(L, ERR_PLAN, NULL, "plan:event: type: expected "
                       "\"Normal\" or \"Warning\", got \"%.80s\"", e.type);
    e.reason = check_reason(L, 3, "plan:event");
    if (strlen(e.reason) > 128)
        return vm_kill(L, ERR_PLAN, NULL, "plan:event: reason: longer than "
                       "128 bytes");
    e.note = cut_note(L, check_text(L, 4, "plan:event", "note"));
    e.line = vm_place_text(L);
    added = plan_add_event(vm_of(L)->plan);
    if (!added)
        return vm_kill_nomem(L);
    *added = e;
    return 0;
}

/* ---- timers and the whole plan ---- */

/* plan:requeue("30s" | seconds) */
static int l_plan_requeue(lua_State *L)
{
    int type = lua_type(L, 2);
    int64_t ms = 0;
    lua_Number seconds;

    if (type == LUA_TNUMBER) {
        seconds = lua_tonumber(L, 2);
        if (seconds > 0 && seconds <= REQUEUE_MAX_S)
            ms = (int64_t)(seconds * 1000);
        if (seconds > 0 && ms == 0)
            ms = 1;
    } else if (type != LUA_TSTRING ||
               !text_parse_duration(lua_tostring(L, 2), &ms)) {
        return vm_kill(L, ERR_PLAN, NULL, "plan:requeue: expected a duration "
                       "such as \"30s\", or seconds, got %s%.40s%s",
                       type == LUA_TSTRING ? "\"" : "",
                       type == LUA_TSTRING ? lua_tostring(L, 2)
                                           : luaL_typename(L, 2),
                       type == LUA_TSTRING ? "\"" : "");
    }
    if (ms <= 0)
        return vm_kill(L, ERR_PLAN, NULL, "plan:requeue: must be longer than "
                       "0 and at most ten years");
    plan_requeue(vm_of(L)->plan, ms);
    return 0;
}

/* plan:requeue_at(unix seconds) */
static int l_plan_requeue_at(lua_State *L)
{
    int is_integer;
    lua_Integer at = lua_tointegerx(L, 2, &is_integer);

    if (!is_integer || lua_type(L, 2) != LUA_TNUMBER || at < 0)
        return vm_kill(L, ERR_PLAN, "view.now is such a time",
                       "plan:requeue_at: expected seconds since 1970, got %s",
                       lua_type(L, 2) == LUA_TNUMBER ? lua_tostring(L, 2)
                                                     : luaL_typename(L, 2));
    plan_requeue_at(vm_of(L)->plan, at);
    return 0;
}

static const char *check_why(lua_State *L, const char *verb)
{
    const char *why = check_text(L, 2, verb, "reason");

    if (!*why)
        vm_kill(L, ERR_PLAN, NULL, "%s: reason: an empty text", verb);
    return why;
}

static void check_no_steps(lua_State *L, const char *verb, bool applies_only)
{
    const struct plan *p = vm_of(L)->plan;

    for (size_t i = 0; i < p->count; i++)
        if (!applies_only || p->steps[i].verb == PLAN_APPLY)
            vm_kill(L, ERR_PLAN, NULL, "%s: %s '%s' was declared before, at "
                    "%s", verb, p->steps[i].ref.gvk.kind,
                    p->steps[i].ref.key.name, p->steps[i].line);
}

/* plan:nothing(reason) */
static int l_plan_nothing(lua_State *L)
{
    struct plan *p = vm_of(L)->plan;
    const char *why = check_why(L, "plan:nothing");

    check_no_steps(L, "plan:nothing", false);
    if (p->prune_all)
        return vm_kill(L, ERR_PLAN, NULL, "plan:nothing: plan:prune_all was "
                       "called before");
    p->nothing = why;
    return 0;
}

/* plan:prune_all(reason) */
static int l_plan_prune_all(lua_State *L)
{
    struct plan *p = vm_of(L)->plan;
    const char *why = check_why(L, "plan:prune_all");

    check_no_steps(L, "plan:prune_all", true);
    if (p->nothing)
        return vm_kill(L, ERR_PLAN, NULL, "plan:prune_all: plan:nothing was "
                       "called before");
    p->prune_all = why;
    return 0;
}

/* ---- the object ---- */

static const struct {
    const char *name;
    lua_CFunction function;
} verbs[] = {
    {"apply", l_plan_apply},
    {"condition", l_plan_condition},
    {"delete", l_plan_delete},
    {"event", l_plan_event},
    {"nothing", l_plan_nothing},
    {"patch", l_plan_patch},
    {"prune_all", l_plan_prune_all},
    {"requeue", l_plan_requeue},
    {"requeue_at", l_plan_requeue_at},
    {"scale", l_plan_scale},
    {"status", l_plan_status},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

/* plan:apply(...) called as plan.apply(...) has another first argument. */
static int call_verb(lua_State *L)
{
    size_t i = (size_t)lua_tointeger(L, lua_upvalueindex(1));

    if (!luaL_testudata(L, 1, PLAN_TYPE))
        return vm_kill(L, ERR_PLAN, NULL, "plan.%s(...) lacks the plan: write "
                       "plan:%s(...)", verbs[i].name, verbs[i].name);
    return verbs[i].function(L);
}

static int l_plan_index(lua_State *L)
{
    const char *list[VERBS + 1];
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2)
                                                     : luaL_typename(L, 2);

    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            lua_pushinteger(L, (lua_Integer)i);
            lua_pushcclosure(L, call_verb, 1);
            return 1;
        }
        list[i] = verbs[i].name;
    }
    list[VERBS] = NULL;
    return kill_no_verb(L, "plan", "verb", name, list);
}

static int l_plan_newindex(lua_State *L)
{
    return vm_kill(L, ERR_PLAN, "call a verb: plan:apply(object)",
                   "plan has no fields: '%s' cannot be set",
                   lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?");
}

void push_plan(lua_State *L)
{
    static const luaL_Reg meta[] = {{"__index", l_plan_index},
                                    {"__newindex", l_plan_newindex},
                                    {NULL, NULL}};

    lua_newuserdatauv(L, 0, 0);
    luaL_newmetatable(L, PLAN_TYPE);
    luaL_setfuncs(L, meta, 0);
    lua_setmetatable(L, -2);
}
