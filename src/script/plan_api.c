/*
 * plan_api.c -- `plan`: the verbs that declare (note 01), as an object.
 *
 * DESIGN
 *
 * `plan` is an empty userdata; what it stands for is vm->plan. Its __index
 * compares the name with a table in C and makes a closure for the verb: a
 * state that lives for one job does not pay for verbs that it never calls, and
 * an unknown name is caught at the place where it is written.
 *
 * Verbs return nothing. The order of their checks is the order in which a
 * person would look: the object as a whole, its kind, its name, the rest.
 */
#include "script/plan_api.h"

#include <stdio.h>
#include <string.h>

#include "script/convert.h"

#define PLAN_TYPE "plan"
#define REQUEUE_MAX_S 315360000 /* ten years */

void label_of(char out[LABEL_SIZE], const char *verb, const char *kind,
              const char *name)
{
    if (name)
        snprintf(out, LABEL_SIZE, "%s: %.60s '%.60s'", verb, kind, name);
    else
        snprintf(out, LABEL_SIZE, "%s: %.60s", verb, kind);
}

void check_steps_allowed(lua_State *L, const char *verb)
{
    const struct plan *p = vm_of(L)->plan;

    if (p->nothing)
        vm_kill(L, ERR_PLAN,
                "a pass with plan:nothing declares status, "
                "conditions, events and requeue only",
                "%s: plan:nothing was "
                "called before",
                verb);
    if (p->prune_all && strcmp(verb, "plan:apply") == 0)
        vm_kill(L, ERR_PLAN, NULL, "%s: plan:prune_all was called before",
                verb);
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

/* The place is taken first: it may run out of memory, and from the moment the
 * step exists nothing may raise until it is filled. */
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
        const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                                          : type_word(L, -1);

        if (strcmp(word, "merge") == 0)
            type = PATCH_MERGE;
        else if (strcmp(word, "json") == 0)
            type = PATCH_JSON;
        else if (strcmp(word, "apply") != 0)
            vm_kill(L, ERR_PLAN, NULL,
                    "%s: type: expected \"apply\", "
                    "\"merge\" or \"json\", got %s",
                    label, word);
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
    int rc =
        value_set(a, body, "apiVersion", value_string(a, ref->gvk.api_version));

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
                       label, type_word(L, 3));
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
        return vm_kill(L, ERR_PLAN, NULL,
                       "%s: replicas: expected an integer "
                       "from 0 on, got %s",
                       label,
                       lua_type(L, 3) == LUA_TNUMBER ? lua_tostring(L, 3)
                                                     : type_word(L, 3));
    add_step(L, PLAN_SCALE, &ref)->replicas = n;
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
            ms = seconds < 0.001 ? 1 : (int64_t)(seconds * 1000);
    } else if (type != LUA_TSTRING ||
               !text_parse_duration(lua_tostring(L, 2), &ms)) {
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:requeue: expected a duration "
                       "such as \"30s\", or seconds, got %s%.40s%s",
                       type == LUA_TSTRING ? "\"" : "",
                       type == LUA_TSTRING ? lua_tostring(L, 2)
                                           : type_word(L, 2),
                       type == LUA_TSTRING ? "\"" : "");
    }
    if (ms <= 0)
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:requeue: must be longer than "
                       "0 and at most ten years");
    plan_requeue(vm_of(L)->plan, ms);
    return 0;
}

/* plan:requeue_at(unix seconds) */
static int l_plan_requeue_at(lua_State *L)
{
    int is_integer;
    lua_Integer at = lua_tointegerx(L, 2, &is_integer);

    if (!is_integer || lua_type(L, 2) != LUA_TNUMBER || at < 0 ||
        at > PLAN_MAX_TIME)
        return vm_kill(L, ERR_PLAN, "view.now is such a time",
                       "plan:requeue_at: expected seconds since 1970, got %s",
                       lua_type(L, 2) == LUA_TNUMBER ? lua_tostring(L, 2)
                                                     : type_word(L, 2));
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

/* "nothing" and "prune all" are statements about the whole pass. Beside a step
 * one of the two is a mistake, and guessing which would delete something. */
static void check_no_steps(lua_State *L, const char *verb, bool applies_only)
{
    const struct plan *p = vm_of(L)->plan;
    const char *hint = p->row == PLAN_NO_ROW || p->hold
                           ? NULL
                           : "a row with hold = true keeps desired from being "
                             "asked";

    for (size_t i = 0; i < p->count; i++)
        if (!applies_only || p->steps[i].verb == PLAN_APPLY)
            vm_kill(L, ERR_PLAN, hint,
                    "%s: %s '%s' was declared before, at "
                    "%s",
                    verb, p->steps[i].ref.gvk.kind, p->steps[i].ref.key.name,
                    p->steps[i].line);
}

/* plan:nothing(reason) */
static int l_plan_nothing(lua_State *L)
{
    struct plan *p = vm_of(L)->plan;
    const char *why = check_why(L, "plan:nothing");

    check_no_steps(L, "plan:nothing", false);
    if (p->prune_all)
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:nothing: plan:prune_all was "
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
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:prune_all: plan:nothing was "
                       "called before");
    p->prune_all = why;
    return 0;
}

/* plan:allow_bulk(reason) */
static int l_plan_allow_bulk(lua_State *L)
{
    vm_of(L)->plan->allow_bulk = check_why(L, "plan:allow_bulk");
    return 0;
}

/* ---- the object ---- */

static const struct {
    const char *name;
    lua_CFunction function;
} verbs[] = {
    {"allow_bulk", l_plan_allow_bulk}, {"apply", l_plan_apply},
    {"condition", l_plan_condition},   {"delete", l_plan_delete},
    {"event", l_plan_event},           {"nothing", l_plan_nothing},
    {"patch", l_plan_patch},           {"prune_all", l_plan_prune_all},
    {"requeue", l_plan_requeue},       {"requeue_at", l_plan_requeue_at},
    {"scale", l_plan_scale},           {"status", l_plan_status},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

/* plan:apply(...) called as plan.apply(...) has another first argument. */
static int call_verb(lua_State *L)
{
    size_t i = (size_t)lua_tointeger(L, lua_upvalueindex(1));

    if (!luaL_testudata(L, 1, PLAN_TYPE))
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan.%s(...) lacks the plan: write "
                       "plan:%s(...)",
                       verbs[i].name, verbs[i].name);
    return verbs[i].function(L);
}

const char *const *plan_verbs(void)
{
    static const char *list[VERBS + 1];

    for (size_t i = 0; i < VERBS; i++)
        list[i] = verbs[i].name;
    return list;
}

static int l_plan_index(lua_State *L)
{
    const char *name =
        lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : type_word(L, 2);

    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            lua_pushinteger(L, (lua_Integer)i);
            lua_pushcclosure(L, call_verb, 1);
            return 1;
        }
    }
    return kill_unknown(L, "plan has no verb", "verbs", name, plan_verbs());
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
