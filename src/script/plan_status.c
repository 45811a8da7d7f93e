/*
 * plan_status.c -- plan:status, plan:condition, plan:event.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "script/convert.h"
#include "script/plan_api.h"

#define NOTE_MAX 1024     /* events.k8s.io/v1 */
#define MESSAGE_MAX 32768 /* metav1.Condition */

/* plan:status(fields) */
int l_plan_status(lua_State *L)
{
    struct plan *p = vm_of(L)->plan;
    struct value *fields = NULL;
    struct err err = {0};

    if (p->status)
        return vm_kill(L, ERR_PLAN,
                       "the status of a pass is declared once, "
                       "as a whole",
                       "plan:status: was called before, at %s", p->status_line);
    if (!lua_istable(L, 2))
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:status: expected a table of "
                       "fields, got %s",
                       type_word(L, 2));
    if (value_from_lua(L, 2, "", &fields, &err) < 0)
        return vm_kill_err(L, "plan:status", &err);
    if (!value_is(fields, VALUE_OBJECT))
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:status: expected a table of "
                       "fields, got a list");
    if (value_get(fields, "conditions"))
        return vm_kill(L, ERR_PLAN,
                       "use plan:condition(type, status, reason, "
                       "message)",
                       "plan:status: .conditions: conditions are "
                       "declared one by one");
    if (value_get(fields, "observedGeneration"))
        return vm_kill(L, ERR_PLAN, "leave it out",
                       "plan:status: "
                       ".observedGeneration: the runtime sets this");
    p->status_line = vm_place_text(L);
    p->status = fields;
    return 0;
}

/* nil is Unknown, so `running and is_true(running, "Available")` can be handed
 * over as it is: it is nil as long as there is nothing to say. */
static const char *check_status(lua_State *L)
{
    const char *word;
    const char *quote = "";

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
        quote = "\"";
        break;
    default:
        word = type_word(L, 3);
    }
    vm_kill(L, ERR_PLAN,
            *quote ? "without quotes; nil stands for Unknown" : NULL,
            "plan:condition: status: expected true, false or nil, got "
            "%s%.60s%s",
            quote, word, quote);
    return NULL;
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

/* Events and conditions share the form; metrics and alerts are built on
 * reasons, so a sentence in that place is an error, not a matter of taste. */
static const char *check_reason(lua_State *L, int idx, const char *verb)
{
    const char *reason = check_text(L, idx, verb, "reason");

    if (!plan_is_reason(reason))
        vm_kill(L, ERR_PLAN,
                "a reason is for programs: one word such as "
                "\"RolloutDone\"; what people read is the message",
                "%s: reason: \"%.80s\" is not a CamelCase word", verb, reason);
    return reason;
}

static void check_count(lua_State *L, const char *verb, size_t count)
{
    if (count >= PLAN_MAX_NOTES)
        vm_kill(L, ERR_PLAN, NULL, "%s: more than %d of them in one pass", verb,
                PLAN_MAX_NOTES);
}

/* Twice in one pass is always a mistake: the second one would win in silence,
 * or the first. */
static void check_new_condition(lua_State *L, const char *type)
{
    const struct plan *p = vm_of(L)->plan;

    if (!plan_is_condition_type(type))
        vm_kill(L, ERR_PLAN,
                "conditions are named like \"Ready\" or "
                "\"example.com/Ready\"",
                "plan:condition: type: \"%.80s\" is "
                "not a condition type",
                type);
    if (strcmp(type, "Reconciled") == 0)
        vm_kill(L, ERR_PLAN, "it says whether the last plan was applied",
                "plan:condition: 'Reconciled' belongs to the runtime");
    for (size_t i = 0; i < p->condition_count; i++)
        if (strcmp(p->conditions[i].type, type) == 0)
            vm_kill(L, ERR_PLAN, NULL,
                    "plan:condition: '%s' was declared "
                    "before, at %s",
                    type, p->conditions[i].line);
}

/* plan:condition(type, status [, reason [, message]]) */
int l_plan_condition(lua_State *L)
{
    struct plan_condition c = {NULL, NULL, NULL, "", NULL};
    struct plan_condition *added;

    c.type = check_text(L, 2, "plan:condition", "type");
    check_new_condition(L, c.type);
    check_count(L, "plan:condition", vm_of(L)->plan->condition_count);
    c.status = check_status(L);
    c.reason = lua_isnoneornil(L, 4) ? default_reason(L, c.type, c.status)
                                     : check_reason(L, 4, "plan:condition");
    if (!lua_isnoneornil(L, 5))
        c.message = check_text(L, 5, "plan:condition", "message");
    if (strlen(c.message) > MESSAGE_MAX)
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:condition: message: longer "
                       "than %d bytes",
                       MESSAGE_MAX);
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
int l_plan_event(lua_State *L)
{
    struct plan_event e;
    struct plan_event *added;

    check_count(L, "plan:event", vm_of(L)->plan->event_count);
    e.type = check_text(L, 2, "plan:event", "type");
    if (strcmp(e.type, "Normal") != 0 && strcmp(e.type, "Warning") != 0)
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:event: type: expected "
                       "\"Normal\" or \"Warning\", got \"%.80s\"",
                       e.type);
    e.reason = check_reason(L, 3, "plan:event");
    if (strlen(e.reason) > 128)
        return vm_kill(L, ERR_PLAN, NULL,
                       "plan:event: reason: longer than "
                       "128 bytes");
    e.note = cut_note(L, check_text(L, 4, "plan:event", "note"));
    e.line = vm_place_text(L);
    added = plan_add_event(vm_of(L)->plan);
    if (!added)
        return vm_kill_nomem(L);
    *added = e;
    return 0;
}
