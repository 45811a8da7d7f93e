/*
 * overlay.c -- see overlay.h.
 *
 * DESIGN
 *
 * Overlays are applied to the table that tidelock.operator was given, in every
 * state anew, since functions live in a state. The tables of the script are
 * not touched: the declaration, its lists and every changed row are copies.
 *
 * What an overlay replaces it still can call: a function gets the one before as
 * its last argument. A copy keeps those under `bases`, by the function's name,
 * and where it comes from under `place`; no script can declare these two
 * fields, and no overlay either.
 *
 * While a script is loaded each overlay is checked against what it was written
 * for: the names must be there, and the fingerprint of what it changes must be
 * the one that it names. Then the changed declaration is read again.
 */
#include "script/overlay.h"

#include <stdio.h>
#include <string.h>

#include "script/convert.h"
#include "script/declare.h"
#include "script/fingerprint.h"
#include "script/module.h"
#include "script/table.h"

#define WHAT "tidelock.overlay"
#define RETURN_HINT                                                            \
    "the last statement of an overlay is: return tidelock.overlay { ... }"

static const char key_overlay;
static const char *const hooks[] = {"reconcile", "observe", "desired",
                                    "finalize", NULL};
static const char *const row_functions[] = {"when", "why", "plan"};

/* ---- the table ---- */

static const char *text_field(lua_State *L, int idx, const char *field,
                              const char *expected)
{
    char what[80];
    const char *text = NULL;

    snprintf(what, sizeof what, WHAT ": %s", field);
    if (lua_getfield(L, idx, field) != LUA_TNIL)
        text = declare_text(L, what, expected);
    lua_pop(L, 1);
    return text;
}

static void check_table(lua_State *L)
{
    static const char *const fields[] = {
        "api",   "operator", "description", "parameters", "owns",
        "reads", "rows",     "hooks",       NULL};

    check_fields(L, 1, WHAT, fields, 0);
    if (lua_getfield(L, 1, "api") == LUA_TNIL)
        vm_kill(L, ERR_SCRIPT, "write api = 1", WHAT ": api is missing");
    if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) != OPERATOR_API)
        declare_wrong(L, WHAT ": api", "1");
    lua_pop(L, 1);
    if (!text_field(L, 1, "operator", "the name of an operator"))
        vm_kill(L, ERR_SCRIPT, "operator = \"website\"",
                WHAT ": operator is missing: which one does it change?");
    text_field(L, 1, "description", "what it is for");
}

int l_overlay(lua_State *L)
{
    char place[VM_PLACE_SIZE];

    if (!lua_istable(L, 1))
        return vm_kill(L, ERR_SCRIPT, NULL, WHAT ": expected a table, got %s",
                       type_word(L, 1));
    lua_settop(L, 1);
    check_table(L);
    vm_place(L, place);
    lua_createtable(L, 2, 0);
    lua_pushvalue(L, 1);
    lua_rawseti(L, 2, 1);
    lua_pushstring(L, place);
    lua_rawseti(L, 2, 2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_overlay);
    lua_settop(L, 1);
    return 1;
}

/* ---- what was there before ---- */

bool push_base(lua_State *L, int idx, const char *name)
{
    int type;

    idx = lua_absindex(L, idx);
    if (lua_getfield(L, idx, "bases") != LUA_TTABLE) {
        lua_pop(L, 1);
        return false;
    }
    type = lua_getfield(L, -1, name);
    lua_remove(L, -2);
    if (type == LUA_TFUNCTION)
        return true;
    lua_pop(L, 1);
    return false;
}

/* The function of the first overlay, as the base of the next: upvalues are it
 * and its own base, which it gets as its last argument. */
static int call_with_base(lua_State *L)
{
    int count = lua_gettop(L);

    luaL_checkstack(L, 2, "too many arguments");
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_call(L, count + 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* A reason that was a text, as the function that the overlay may call. */
static int give_text(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

/* Push what `name` of the table at `idx` is for somebody who replaces it; false
 * and nothing when there is none. */
static bool push_old(lua_State *L, int idx, const char *name)
{
    int type = lua_getfield(L, idx, name);

    if (type == LUA_TSTRING)
        lua_pushcclosure(L, give_text, 1);
    else if (type != LUA_TFUNCTION)
        lua_pop(L, 1);
    else if (push_base(L, idx, name))
        lua_pushcclosure(L, call_with_base, 2);
    return type == LUA_TSTRING || type == LUA_TFUNCTION;
}

/* The `bases` of the copy at `idx`, made when there are none; pushed. */
static void push_bases(lua_State *L, int idx)
{
    lua_newtable(L);
    if (lua_getfield(L, idx, "bases") == LUA_TTABLE) {
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_settable(L, -5);
        }
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, idx, "bases");
}

/* Put the function on the top, which is popped, in the place of the old one. */
static void replace_function(lua_State *L, int copy, const char *name)
{
    int function = lua_gettop(L);

    push_bases(L, copy);
    if (push_old(L, copy, name))
        lua_setfield(L, -2, name);
    lua_pop(L, 1);
    lua_pushvalue(L, function);
    lua_setfield(L, copy, name);
    lua_settop(L, function - 1);
}

/* Push a copy of the table at `idx`, one level deep. */
static void push_copy(lua_State *L, int idx)
{
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, idx)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_settable(L, -4);
    }
}

/* ---- pins ---- */

/* Is what is changed still what the overlay was written for? `now` is "" when
 * there is nothing; the entry is at `entry`. */
static void check_pin(lua_State *L, int entry, const char *what,
                      const char *now)
{
    const char *base = raw_text(L, entry, "base");
    char hint[120];

    if (!vm_of(L)->declaring || text_equal(base ? base : "", now))
        return;
    snprintf(hint, sizeof hint,
             "compare the two; if the change still fits write base = \"%s\"",
             now);
    if (!*now)
        vm_kill(L, ERR_SCRIPT, "leave base out", "%s: there is none to change",
                what);
    if (base)
        vm_kill(L, ERR_SCRIPT, hint,
                "%s: it is not what this overlay was written for", what);
    snprintf(hint, sizeof hint,
             "write base = \"%s\": when it changes, this overlay is refused",
             now);
    vm_kill(L, ERR_SCRIPT, hint, "%s: base is missing", what);
}

/* ---- hooks ---- */

static void apply_hook(lua_State *L, int copy, const char *name)
{
    static const char *const fields[] = {"base", "call", NULL};
    int entry = lua_gettop(L);
    const char *now = "";
    char what[80];

    snprintf(what, sizeof what, WHAT ": hook '%s'", name);
    if (!lua_istable(L, entry))
        declare_wrong(L, what, "{ base = \"...\", call = function }");
    check_fields(L, entry, what, fields, 0);
    if (!declare_function(L, what, "call"))
        vm_kill(L, ERR_SCRIPT, NULL, "%s: call is missing", what);
    if (lua_getfield(L, copy, name) == LUA_TFUNCTION)
        now = fingerprint_function(L);
    lua_pop(L, 1);
    check_pin(L, entry, what, now);
    lua_getfield(L, entry, "call");
    replace_function(L, copy, name);
}

static void apply_hooks(lua_State *L, int overlay, int copy)
{
    int list = lua_gettop(L) + 1;

    if (lua_getfield(L, overlay, "hooks") != LUA_TNIL) {
        if (!lua_istable(L, list))
            declare_wrong(L, WHAT ": hooks", "{ desired = { ... } }");
        check_fields(L, list, WHAT ": hooks", hooks, 0);
        for (size_t i = 0; hooks[i]; i++) {
            if (lua_getfield(L, list, hooks[i]) != LUA_TNIL)
                apply_hook(L, copy, hooks[i]);
            lua_settop(L, list);
        }
    }
    lua_pop(L, 1);
}

/* ---- owns, reads, parameters ---- */

/* What the overlay lists comes behind what was there. */
static void append_list(lua_State *L, int overlay, int copy, const char *field)
{
    int list = lua_gettop(L) + 1;
    lua_Integer n;

    lua_newtable(L);
    n = 0;
    for (int from = 0; from < 2; from++) {
        size_t count;

        lua_pushvalue(L, from ? overlay : copy);
        count = declare_list(L, WHAT, field,
                             "a list of { \"apiVersion\", \"Kind\" }");
        for (size_t i = 1; i <= count; i++) {
            lua_rawgeti(L, -1, (lua_Integer)i);
            lua_rawseti(L, list, ++n);
        }
        lua_settop(L, list);
    }
    lua_setfield(L, copy, field);
}

/* Values for the operator's parameters, checked as if they were given. */
static void apply_parameters(lua_State *L, int overlay)
{
    struct operator_decl *d = vm_of(L)->declaring;
    struct value *given = NULL, *all;
    struct err err = {0};

    if (lua_getfield(L, overlay, "parameters") != LUA_TNIL && d) {
        if (!lua_istable(L, -1))
            declare_wrong(L, WHAT ": parameters", "{ name = value }");
        if (value_from_lua(L, -1, "", &given, &err) < 0)
            vm_kill_err(L, WHAT ": parameters", &err);
        if (!value_is(given, VALUE_OBJECT))
            declare_wrong(L, WHAT ": parameters", "{ name = value }");
        if (operator_params_given(d, vm_of(L)->arena, given, &all, &err) < 0) {
            err.code = err.code == ERR_CONFIG ? ERR_SCRIPT : err.code;
            vm_kill_err(L, WHAT, &err);
        }
        d->overlay_params = all;
    }
    lua_pop(L, 1);
}

/* ---- rows ---- */

/* The index of the row in the list at `list`, or a verdict. Its table is
 * pushed. */
static lua_Integer find_row(lua_State *L, int list, const char *what,
                            const char *id)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, list);
    struct vm *vm = vm_of(L);

    str_clear(&vm->text);
    for (lua_Integer i = 1; i <= count; i++) {
        const char *name;

        lua_rawgeti(L, list, i);
        name = raw_text(L, -1, "id");
        if (text_equal(name, id))
            return i;
        str_addf(&vm->text, "%s%s", i > 1 ? ", " : "", name ? name : "?");
        lua_pop(L, 1);
    }
    vm_kill(L, ERR_SCRIPT,
            arena_printf(vm->arena, "rows: %s", str_text(&vm->text)),
            "%s: there is no row '%s'", what, id);
    return 0;
}

/* "site.lua:7", for the copy on the top: the first function that the entry
 * gives, else the overlay itself. */
static void set_place(lua_State *L, int entry)
{
    const char *place = vm_of(L)->entry_place;
    char text[VM_PLACE_SIZE];

    for (size_t i = 0; i < 3; i++) {
        struct operator_code code;

        lua_getfield(L, entry, row_functions[i]);
        code = code_at_top(L);
        lua_pop(L, 1);
        if (!code.file)
            continue;
        snprintf(text, sizeof text, "%s:%d", code.file, code.first);
        place = text;
        break;
    }
    lua_pushstring(L, place);
    lua_setfield(L, -2, "place");
}

static void change_row(lua_State *L, int list, int entry, const char *id)
{
    static const char *const plain[] = {"hold", "description"};
    char what[120];
    lua_Integer at;
    int copy;

    snprintf(what, sizeof what, WHAT ": change of row '%.60s'", id);
    at = find_row(L, list, what, id);
    check_pin(L, entry, what, fingerprint_row(L));
    push_copy(L, lua_gettop(L));
    copy = lua_gettop(L);
    for (size_t i = 0; i < 3; i++) {
        int type = lua_getfield(L, entry, row_functions[i]);

        if (type == LUA_TFUNCTION)
            replace_function(L, copy, row_functions[i]);
        else if (type != LUA_TNIL)
            lua_setfield(L, copy, row_functions[i]);
        lua_settop(L, copy);
    }
    for (size_t i = 0; i < 2; i++) {
        if (lua_getfield(L, entry, plain[i]) != LUA_TNIL)
            lua_setfield(L, copy, plain[i]);
        lua_settop(L, copy);
    }
    set_place(L, entry);
    lua_rawseti(L, list, at);
    lua_pop(L, 1);
}

/* Room at `at`, or what was there goes. */
static void shift_rows(lua_State *L, int list, lua_Integer at, bool room)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, list);

    for (lua_Integer i = count; room && i >= at; i--) {
        lua_rawgeti(L, list, i);
        lua_rawseti(L, list, i + 1);
    }
    for (lua_Integer i = at; !room && i <= count; i++) {
        lua_rawgeti(L, list, i + 1);
        lua_rawseti(L, list, i);
    }
}

static void remove_row(lua_State *L, int list, int entry, const char *id)
{
    char what[120];
    lua_Integer at;

    snprintf(what, sizeof what, WHAT ": removal of row '%.60s'", id);
    at = find_row(L, list, what, id);
    check_pin(L, entry, what, fingerprint_row(L));
    lua_pop(L, 1);
    shift_rows(L, list, at, false);
}

static void insert_row(lua_State *L, int list, int entry, const char *id,
                       bool behind)
{
    static const char *const fields[] = {"id",   "when", "why",
                                         "plan", "hold", "description"};
    char what[120];
    lua_Integer at;

    snprintf(what, sizeof what, WHAT ": %s row '%.60s'",
             behind ? "after" : "before", id);
    at = find_row(L, list, what, id) + behind;
    lua_pop(L, 1);
    shift_rows(L, list, at, true);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        lua_getfield(L, entry, fields[i]);
        lua_setfield(L, -2, fields[i]);
    }
    set_place(L, entry);
    lua_rawseti(L, list, at);
}

/* The entry on the top says one of four things. */
static void apply_row(lua_State *L, int list, size_t n)
{
    static const char *const verbs[] = {"change", "remove", "before", "after"};
    static const char *const fields[] = {
        "change", "remove", "before", "after", "base",        "id",
        "when",   "why",    "plan",   "hold",  "description", NULL};
    const char *what = declare_entry(L, WHAT, "rows", n);
    int entry = lua_gettop(L), verb = -1, count = 0;

    if (!lua_istable(L, entry))
        declare_wrong(L, what, "{ change = \"id\", ... }");
    check_fields(L, entry, what, fields, 0);
    for (int i = 0; i < 4; i++)
        if (raw_text(L, entry, verbs[i])) {
            verb = i;
            count++;
        }
    if (count != 1)
        vm_kill(L, ERR_SCRIPT, "change = \"scale-up\"",
                "%s: expected one of change, remove, before and after, with "
                "the id of a row",
                what);
    if (verb == 0)
        change_row(L, list, entry, raw_text(L, entry, verbs[0]));
    else if (verb == 1)
        remove_row(L, list, entry, raw_text(L, entry, verbs[1]));
    else
        insert_row(L, list, entry, raw_text(L, entry, verbs[verb]), verb == 3);
    lua_settop(L, entry);
}

static void apply_rows(lua_State *L, int overlay, int copy)
{
    int list = lua_gettop(L) + 1;
    size_t count;

    if (lua_getfield(L, overlay, "rows") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    lua_settop(L, list - 1);
    if (lua_getfield(L, copy, "rows") != LUA_TTABLE)
        vm_kill(L, ERR_SCRIPT, NULL,
                WHAT ": rows: the operator has no decision table");
    push_copy(L, list);
    lua_replace(L, list);
    lua_pushvalue(L, overlay);
    count = declare_list(L, WHAT, "rows", "a list of changes");
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i);
        apply_row(L, list, i);
        lua_pop(L, 1);
    }
    lua_settop(L, list);
    lua_setfield(L, copy, "rows");
}

/* ---- one overlay ---- */

/* Run the file; its table is left on the stack, its place in the vm. */
static void run_overlay(lua_State *L, const struct module *m)
{
    struct vm *vm = vm_of(L);
    int result;

    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_overlay);
    vm->entry = "the overlay";
    module_push(L, m);
    vm_enter(L, vm->entry);
    lua_call(L, 0, 1);
    result = lua_gettop(L);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_overlay) != LUA_TTABLE)
        vm_kill(L, ERR_SCRIPT, RETURN_HINT, "the overlay declares nothing");
    lua_rawgeti(L, -1, 1);
    if (!lua_rawequal(L, -1, result))
        vm_kill(L, ERR_SCRIPT, RETURN_HINT,
                "the overlay returns something else");
    lua_rawgeti(L, -2, 2);
    snprintf(vm->entry_place, VM_PLACE_SIZE, "%s", lua_tostring(L, -1));
    lua_settop(L, result);
}

static bool is_for(lua_State *L, int overlay, int declaration)
{
    return text_equal(raw_text(L, overlay, "operator"),
                      raw_text(L, declaration, "name"));
}

static void remember(lua_State *L, int overlay, size_t n, bool applied)
{
    struct vm *vm = vm_of(L);
    struct operator_decl *d = vm->declaring;
    struct operator_overlay *o;

    if (!d)
        return;
    if (!d->overlays)
        d->overlays =
            declare_array(L, vm->script->overlay_count, sizeof *d->overlays);
    o = &d->overlays[n];
    o->place = vm_text(L, vm->entry_place, strlen(vm->entry_place));
    o->operator_name = text_field(L, overlay, "operator", "a name");
    o->description = text_field(L, overlay, "description", "a text");
    o->applied = applied;
    d->overlays_count = n + 1;
}

/* The declaration is on the top of the stack. */
static void apply(lua_State *L, size_t n)
{
    int declaration = lua_gettop(L), overlay = declaration + 1;
    char name[32];
    bool fits;

    snprintf(name, sizeof name, SCRIPT_OVERLAY "%zu", n + 1);
    run_overlay(L, module_find(vm_of(L)->script, name));
    fits = is_for(L, overlay, declaration);
    remember(L, overlay, n, fits);
    if (fits) {
        push_copy(L, declaration);
        lua_replace(L, declaration);
        apply_parameters(L, overlay);
        append_list(L, overlay, declaration, "owns");
        append_list(L, overlay, declaration, "reads");
        apply_hooks(L, overlay, declaration);
        apply_rows(L, overlay, declaration);
        lua_settop(L, declaration);
        declaration_replace(L);
    }
    lua_settop(L, declaration);
}

void overlays_apply(lua_State *L)
{
    size_t count = vm_of(L)->script->overlay_count;

    vm_need_stack(L, 40);
    for (size_t n = 0; n < count; n++)
        apply(L, n);
    vm_of(L)->entry_place[0] = '\0';
}
