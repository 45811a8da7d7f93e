/*
 * table.c -- see table.h.
 *
 * DESIGN
 *
 *      observe(object, view) -> state
 *      the first row whose when(state) holds, else OPERATOR_STEADY
 *      desired(object, view, plan)      not for a row with `hold`
 *      row.plan(state, plan)
 *
 * The row is chosen before anything is declared, from the state alone: a row
 * with `hold` exists because `desired` cannot be asked now (the object is
 * invalid, something has to come first), so it is not asked. The choice, with
 * its reason, is in the plan before its first step, so that a failing `desired`
 * is still told apart by its row.
 *
 * The row OPERATOR_STEADY makes the table total. Without `desired` it holds,
 * like all the others of such a table: nothing is declared, nothing goes.
 */
#include "script/table.h"

#include <stdio.h>
#include <string.h>

#include "script/convert.h"
#include "script/declare.h"
#include "script/fingerprint.h"
#include "script/overlay.h"

#define WHAT "tidelock.operator"
#define STEADY_WHY "as declared"
#define STEADY_WHY_HELD "there is nothing to do"

/* ---- the declaration ---- */

struct operator_code code_at_top(lua_State *L)
{
    struct operator_code code = {NULL, 0, 0};
    lua_Debug ar;

    if (!lua_isfunction(L, -1) || lua_iscfunction(L, -1))
        return code;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &ar);
    code.file = vm_text(L, ar.source + 1, strlen(ar.source + 1));
    code.first = ar.linedefined;
    code.last = ar.lastlinedefined;
    return code;
}

/* The function at `field` of the row on the top. */
static struct operator_code read_code(lua_State *L, const char *what,
                                      const char *field)
{
    struct operator_code code = {NULL, 0, 0};

    if (declare_function(L, what, field)) {
        lua_getfield(L, -1, field);
        code = code_at_top(L);
        lua_pop(L, 1);
    }
    return code;
}

static void read_id(lua_State *L, const char *what, struct operator_row *r)
{
    if (lua_getfield(L, -1, "id") == LUA_TNIL)
        vm_kill(L, ERR_SCRIPT, "id = \"scale-up\"", "%s: id is missing", what);
    r->id = declare_text(L, what, "an id such as \"scale-up\"");
    if (!name_is_dns_label(r->id))
        vm_kill(L, ERR_SCRIPT, "it becomes a metric label and part of messages",
                "%s: id: expected at most 63 lower-case letters, digits and "
                "'-', got \"%.80s\"",
                what, r->id);
    if (strcmp(r->id, OPERATOR_STEADY) == 0)
        vm_kill(L, ERR_SCRIPT, "leave the row out, or call it something else",
                "%s: id: '" OPERATOR_STEADY "' is what a plan says when no row "
                "holds",
                what);
    lua_pop(L, 1);
}

static void read_why(lua_State *L, const char *what, struct operator_row *r)
{
    char named[160];
    int type = lua_getfield(L, -1, "why");

    snprintf(named, sizeof named, "%s: why", what);
    if (type == LUA_TNIL)
        vm_kill(L, ERR_SCRIPT,
                "why = \"text\", or function(state) return text end: what "
                "people read at night",
                "%s is missing", named);
    if (type != LUA_TFUNCTION)
        r->why = declare_text(L, named, "a text or a function");
    if (r->why && strlen(r->why) > PLAN_MAX_WHY)
        vm_kill(L, ERR_SCRIPT, "description has room for more",
                "%s: longer than %d bytes", named, PLAN_MAX_WHY);
    lua_pop(L, 1);
}

static const char *place_of(lua_State *L, const struct operator_code *code)
{
    char place[VM_PLACE_SIZE];

    if (!code->file)
        return NULL;
    snprintf(place, sizeof place, "%s:%d", code->file, code->first);
    return vm_text(L, place, strlen(place));
}

/* The row on the top of the stack; from its id on messages name it. */
static void read_row(lua_State *L, struct operator_row *r, size_t n)
{
    bool changed = vm_of(L)->declaring->overlays_count > 0;
    static const char *const written[] = {"id",   "when",        "why", "plan",
                                          "hold", "description", NULL};
    static const char *const copied[] = {
        "id",          "when",  "why",   "plan", "hold",
        "description", "bases", "place", NULL}; /* overlay.c */
    const char *what = declare_entry(L, WHAT, "rows", n);
    char named[120];

    if (!lua_istable(L, -1))
        declare_wrong(L, what, "{ id =, when =, why =, plan = }");
    read_id(L, what, r);
    snprintf(named, sizeof named, WHAT ": row '%s'", r->id);
    check_fields(L, lua_gettop(L), named, changed ? copied : written, 0);
    r->when = read_code(L, named, "when");
    r->plan = read_code(L, named, "plan");
    r->place = place_of(L, &r->when);
    if (!r->place)
        vm_kill(L, ERR_SCRIPT, "when = function(state) return ... end",
                "%s: when is missing", named);
    if (raw_text(L, -1, "place"))
        r->place = vm_text(L, raw_text(L, -1, "place"),
                           strlen(raw_text(L, -1, "place")));
    read_why(L, named, r);
    r->fingerprint = fingerprint_row(L);
    lua_getfield(L, -1, "hold");
    r->hold = declare_bool(L, named, "hold");
    if (lua_getfield(L, -2, "description") != LUA_TNIL)
        r->description = declare_text(L, named, "a description");
    lua_pop(L, 2);
}

static void check_row(lua_State *L, const struct operator_decl *d, size_t n)
{
    const struct operator_row *r = &d->rows[n];

    for (size_t i = 0; i < n; i++)
        if (strcmp(d->rows[i].id, r->id) == 0)
            vm_kill(L, ERR_SCRIPT, "the id is how people and metrics name it",
                    WHAT ": row '%s' is there twice, as entries %zu and %zu "
                         "of rows",
                    r->id, i + 1, n + 1);
    if (!d->has_desired && !r->hold)
        vm_kill(L, ERR_SCRIPT,
                "hold = true on every row, or declare the children that stand "
                "always in desired = function(object, view, plan)",
                WHAT ": row '%s': hold is missing: without desired nothing "
                     "says which children are to stay",
                r->id);
}

static void read_rows(lua_State *L, struct operator_decl *d)
{
    size_t count = declare_list(L, WHAT, "rows", "a list of rows");

    if (count == 0 || count > OPERATOR_MAX_ROWS)
        vm_kill(L, ERR_SCRIPT, NULL, WHAT ": rows: expected 1 to %d, got %zu",
                OPERATOR_MAX_ROWS, count);
    d->rows = declare_array(L, count + 1, sizeof *d->rows);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        read_row(L, &d->rows[i], i + 1);
        check_row(L, d, i);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    d->rows[count].id = OPERATOR_STEADY;
    d->rows[count].why = d->has_desired ? STEADY_WHY : STEADY_WHY_HELD;
    d->rows[count].hold = !d->has_desired;
    d->rows_count = count + 1;
}

/* `observe` and `desired` belong to rows. */
static void check_no_table(lua_State *L)
{
    static const char *const fields[] = {"observe", "desired"};

    for (size_t i = 0; i < 2; i++)
        if (declare_function(L, WHAT, fields[i]))
            vm_kill(L, ERR_SCRIPT,
                    "rows = { { id =, when =, why =, plan = }, ... }",
                    WHAT ": %s goes with rows, and there are none", fields[i]);
}

void table_read(lua_State *L, struct operator_decl *d)
{
    bool is_table = lua_getfield(L, -1, "rows") != LUA_TNIL;
    bool reconciles;

    lua_pop(L, 1);
    reconciles = declare_function(L, WHAT, "reconcile");
    if (!is_table) {
        check_no_table(L);
        return;
    }
    if (reconciles)
        vm_kill(L, ERR_SCRIPT,
                "reconcile decides by itself; rows are chosen by the state",
                WHAT ": reconcile and rows are both there: an operator has one "
                     "of the two");
    if (!declare_function(L, WHAT, "observe"))
        vm_kill(L, ERR_SCRIPT,
                "observe = function(object, view) return state "
                "end: what the rows decide by",
                WHAT ": observe is missing");
    d->has_desired = declare_function(L, WHAT, "desired");
    read_rows(L, d);
}

/* ---- a job ---- */

/* The stack of one run: fixed places below whatever is called. */
enum { AT_DECLARATION = 1, AT_VIEW, AT_PLAN, AT_STATE, AT_ROWS, AT_ROW };

static void enter_row(lua_State *L, const char *id, const char *function)
{
    char name[100];

    snprintf(name, sizeof name, "%s of row '%s'", function, id);
    vm_enter(L, vm_text(L, name, strlen(name)));
}

/* What they are for they do to `plan`; a result would be lost. */
static void check_nothing(lua_State *L, const char *what)
{
    if (!lua_isnil(L, -1))
        vm_kill(L, ERR_SCRIPT, "what should exist is declared by plan:apply",
                "%s returned a %s; it returns nothing", what, type_word(L, -1));
    lua_pop(L, 1);
}

static void run_observe(lua_State *L)
{
    lua_getfield(L, AT_DECLARATION, "observe");
    vm_enter(L, "observe");
    push_snapshot(L, vm_of(L)->root, PLAN_SECRET_ROOT);
    lua_pushvalue(L, AT_VIEW);
    lua_call(L, 2 + push_base(L, AT_DECLARATION, "observe"), 1);
    if (lua_isnil(L, -1))
        vm_kill(L, ERR_SCRIPT, "return a table that the rows can look at",
                "observe returned nothing; it returns the state");
}

/* Push the function `field` of the row; false and nothing without one. */
static bool push_row_function(lua_State *L, const struct operator_row *r,
                              const char *field)
{
    if (lua_getfield(L, AT_ROW, field) != LUA_TFUNCTION) {
        lua_pop(L, 1);
        return false;
    }
    enter_row(L, r->id, field);
    lua_pushvalue(L, AT_STATE);
    return true;
}

/* The index of the row that holds; its table is left at AT_ROW. */
static int choose_row(lua_State *L, const struct operator_decl *d)
{
    size_t last = d->rows_count - 1;

    for (size_t i = 0; i < last; i++) {
        bool holds = false;

        lua_rawgeti(L, AT_ROWS, (lua_Integer)i + 1);
        if (push_row_function(L, &d->rows[i], "when")) {
            lua_call(L, 1 + push_base(L, AT_ROW, "when"), 1);
            holds = lua_toboolean(L, -1);
            lua_pop(L, 1);
        }
        if (holds)
            return (int)i;
        lua_pop(L, 1);
    }
    lua_newtable(L);
    return (int)last;
}

/* At most PLAN_MAX_WHY bytes, cut between characters. */
static const char *cut_why(lua_State *L, const char *text, size_t len)
{
    if (len > PLAN_MAX_WHY) {
        len = PLAN_MAX_WHY;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    return vm_text(L, text, len);
}

static const char *row_why(lua_State *L, const struct operator_row *r)
{
    const char *why = r->why;
    size_t len = 0;

    if (why || !push_row_function(L, r, "why"))
        return why;
    lua_call(L, 1 + push_base(L, AT_ROW, "why"), 1);
    why = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &len) : NULL;
    if (!why || len == 0)
        vm_kill(L, ERR_SCRIPT, NULL, "row '%s': why: expected a text, got %s",
                r->id, why ? "an empty one" : type_word(L, -1));
    if (!text_is_utf8(why, len) || strlen(why) != len)
        vm_kill(L, ERR_SCRIPT, NULL,
                "row '%s': why: the text is not valid UTF-8", r->id);
    why = cut_why(L, why, len);
    lua_pop(L, 1);
    return why;
}

static void run_desired(lua_State *L)
{
    lua_getfield(L, AT_DECLARATION, "desired");
    vm_enter(L, "desired");
    push_snapshot(L, vm_of(L)->root, PLAN_SECRET_ROOT);
    lua_pushvalue(L, AT_VIEW);
    lua_pushvalue(L, AT_PLAN);
    lua_call(L, 3 + push_base(L, AT_DECLARATION, "desired"), 1);
    check_nothing(L, "desired");
}

static void run_row(lua_State *L, const struct operator_row *r)
{
    char what[100];

    if (!push_row_function(L, r, "plan"))
        return;
    lua_pushvalue(L, AT_PLAN);
    lua_call(L, 2 + push_base(L, AT_ROW, "plan"), 1);
    snprintf(what, sizeof what, "plan of row '%s'", r->id);
    check_nothing(L, what);
}

void table_run(lua_State *L)
{
    struct vm *vm = vm_of(L);
    const struct operator_decl *d = script_decl(vm->script);
    const struct operator_row *r;
    int row;

    lua_insert(L, AT_DECLARATION);
    lua_settop(L, AT_DECLARATION);
    push_view(L);
    push_plan(L);
    run_observe(L);
    lua_getfield(L, AT_DECLARATION, "rows");
    row = choose_row(L, d);
    r = &d->rows[row];
    vm->plan->row = row;
    vm->plan->hold = r->hold;
    vm->plan->why = row_why(L, r);
    if (!r->hold && d->has_desired)
        run_desired(L);
    run_row(L, r);
}
