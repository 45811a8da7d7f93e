/*
 * operator.c -- tidelock.operator{...}: the declaration, checked (note 01).
 *
 * DESIGN
 *
 * While a script is loaded the table is read once into the operator_decl that
 * the runtime works with: names, kinds, selectors. Functions stay in the
 * table, which each state remembers in its registry; in a job nothing is
 * checked again, since the same text gave the same table.
 *
 * A mistake is final and says where it is, what it is and what would be right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube/kept.h"
#include "kube/selector.h"
#include "script/api.h"
#include "script/convert.h"
#include "script/declare.h"
#include "script/fingerprint.h"
#include "script/module.h"
#include "script/overlay.h"
#include "script/table.h"

#define WHAT "tidelock.operator"
#define OPERATOR_NAME_MAX (63 - (int)sizeof "tidelock-" + 1)
#define RETURN_HINT                                                            \
    "the last statement of operator.lua is: return tidelock.operator { ... }"

static const char key_declaration;

static void read_api(lua_State *L)
{
    if (lua_getfield(L, 1, "api") == LUA_TNIL)
        vm_kill(L, ERR_SCRIPT, "write api = 1", WHAT ": api is missing");
    if (!lua_isinteger(L, -1))
        declare_wrong(L, WHAT ": api", "1");
    if (lua_tointeger(L, -1) != OPERATOR_API)
        vm_kill(L, ERR_SCRIPT, "a newer tidelock may know it",
                WHAT
                ": api: "
                "this tidelock speaks version %d of the script API, not %lld",
                OPERATOR_API, (long long)lua_tointeger(L, -1));
    lua_pop(L, 1);
}

static void read_name(lua_State *L, struct operator_decl *d)
{
    char text[80];

    if (lua_getfield(L, 1, "name") == LUA_TNIL)
        vm_kill(L, ERR_SCRIPT, NULL, WHAT ": name is missing");
    d->name = declare_text(L, WHAT ": name", "a name such as \"website\"");
    if (!name_is_dns_label(d->name) || strlen(d->name) > OPERATOR_NAME_MAX)
        vm_kill(L, ERR_SCRIPT,
                "it becomes part of the field manager, the "
                "finalizer and labels",
                WHAT ": name: expected at most %d "
                     "lower-case letters, digits and '-', got \"%.80s\"",
                OPERATOR_NAME_MAX, d->name);
    snprintf(text, sizeof text, "tidelock-%s", d->name);
    d->field_manager = vm_text(L, text, strlen(text));
    snprintf(text, sizeof text, "tidelock.dev/%s", d->name);
    d->finalizer = vm_text(L, text, strlen(text));
    lua_pop(L, 1);
}

static void read_description(lua_State *L, struct operator_decl *d)
{
    if (lua_getfield(L, 1, "description") != LUA_TNIL)
        d->description =
            declare_text(L, WHAT ": description", "what the operator is for");
    lua_pop(L, 1);
}

static void read_resource(lua_State *L, struct operator_decl *d)
{
    if (lua_getfield(L, 1, "resource") == LUA_TNIL)
        vm_kill(L, ERR_SCRIPT, NULL,
                WHAT ": resource is missing: the kind "
                     "of the objects to reconcile");
    d->root = declare_kind(L, WHAT ": resource");
    check_fields(L, lua_gettop(L), WHAT ": resource",
                 (const char *const[]){NULL}, 2);
    lua_pop(L, 1);
}

/* ---- owns ---- */

static void read_owned(lua_State *L, struct operator_decl *d, size_t n)
{
    static const char *const fields[] = {"retired", NULL};
    const char *what = declare_entry(L, WHAT, "owns", n);
    struct operator_owned *o = &d->owns[n - 1];

    o->gvk = declare_kind(L, what);
    check_fields(L, lua_gettop(L), what, fields, 2);
    lua_getfield(L, -1, "retired");
    o->retired = declare_bool(L, what, "retired");
    lua_pop(L, 1);
    if (operator_owns(d, &o->gvk) != o)
        vm_kill(L, ERR_SCRIPT, NULL, "%s: %s %s is listed twice", what,
                o->gvk.api_version, o->gvk.kind);
}

static void read_owns(lua_State *L, struct operator_decl *d)
{
    size_t count = declare_list(L, WHAT, "owns",
                                "a list of { \"apiVersion\", "
                                "\"Kind\" }");

    d->owns = declare_array(L, count, sizeof *d->owns);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i);
        d->owns_count = i;
        read_owned(L, d, i);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* ---- reads ---- */

/* The canonical text of a selector option, NULL when absent. */
static const char *read_selector(lua_State *L, const char *what,
                                 const char *field)
{
    bool fields = strcmp(field, "fields") == 0;
    int type = lua_getfield(L, -1, field);
    struct vm *vm = vm_of(L);
    struct selector *s = NULL;
    struct value *map = NULL;
    struct err err = {0};
    int rc = 0;

    if (type == LUA_TSTRING)
        rc = (fields ? selector_parse_fields : selector_parse_labels)(
            vm->arena, lua_tostring(L, -1), &s, &err);
    else if (type == LUA_TTABLE && !fields)
        rc = value_from_lua(L, -1, "", &map, &err);
    else if (type != LUA_TNIL)
        declare_wrong(L, what,
                      fields ? "fields = \"a.b=c\""
                             : "labels = { key = \"value\" } or a selector");
    if (rc == 0 && map)
        rc = selector_from_map(vm->arena, map, &s, &err);
    str_clear(&vm->text);
    if (rc == 0 && s && selector_print(s, &vm->text) < 0)
        vm_kill_nomem(L);
    if (rc < 0) {
        err_wrap(&err, "%s", field);
        vm_kill_err(L, what, &err);
    }
    lua_pop(L, 1);
    return s ? vm_text(L, str_text(&vm->text), vm->text.len) : NULL;
}

/* The words come first: a namespace of that name cannot be declared. */
static void read_scope(lua_State *L, const char *what, struct operator_read *r)
{
    static const char *const words[] = {"own", "all", "none"};

    if (lua_getfield(L, -1, "namespace") != LUA_TNIL) {
        const char *ns = declare_text(L, what,
                                      "namespace = \"own\", \"all\", "
                                      "\"none\" or a name");

        r->scope = READ_NAMED;
        for (unsigned i = 0; i < 3; i++)
            if (strcmp(ns, words[i]) == 0)
                r->scope = (enum read_scope)i;
        if (r->scope == READ_NAMED) {
            if (!name_is_dns_label(ns))
                declare_wrong(L, what, "a namespace");
            r->ns = ns;
        }
    }
    lua_pop(L, 1);
}

static const char *read_path(lua_State *L, const char *what, lua_Integer i)
{
    const char *path;

    if (lua_rawgeti(L, -1, i) != LUA_TSTRING)
        declare_wrong(L, what, "paths of fields such as \".spec.nodeName\"");
    path = vm_text(L, lua_tostring(L, -1), lua_rawlen(L, -1));
    lua_pop(L, 1);
    return path;
}

static void read_kept(lua_State *L, const char *what, struct operator_read *r)
{
    size_t count = lua_rawlen(L, -1);
    const char **paths = declare_array(L, count, sizeof *paths);
    struct err err = {0};

    check_fields(L, lua_gettop(L), what, (const char *const[]){NULL},
                 (lua_Integer)count);
    for (size_t i = 0; i < count; i++)
        paths[i] = read_path(L, what, (lua_Integer)i + 1);
    if (kept_make(vm_of(L)->arena, paths, count, &r->kept, &err) < 0)
        vm_kill_err(L, what, &err);
}

/* bodies = false, or a list of the fields of it that are kept. */
static void read_bodies(lua_State *L, const char *entry,
                        struct operator_read *r)
{
    int type = lua_getfield(L, -1, "bodies");
    char what[96];

    snprintf(what, sizeof what, "%s: bodies", entry);
    if (type == LUA_TTABLE)
        read_kept(L, what, r);
    else if (type == LUA_TBOOLEAN)
        r->kept = lua_toboolean(L, -1) ? NULL : "";
    else if (type != LUA_TNIL)
        declare_wrong(L, what, "true, false or a list of fields");
    r->metadata_only = r->kept && !*r->kept;
    lua_pop(L, 1);
}

static void read_read(lua_State *L, struct operator_read *r, size_t n)
{
    static const char *const fields[] = {
        "names", "labels", "fields", "namespace", "map", "bodies", NULL};
    const char *what = declare_entry(L, WHAT, "reads", n);

    r->gvk = declare_kind(L, what);
    check_fields(L, lua_gettop(L), what, fields, 2);
    r->labels = read_selector(L, what, "labels");
    r->fields = read_selector(L, what, "fields");
    read_scope(L, what, r);
    r->by_name = declare_function(L, what, "names");
    r->has_map = declare_function(L, what, "map");
    read_bodies(L, what, r);
}

static void read_reads(lua_State *L, struct operator_decl *d)
{
    size_t count = declare_list(L, WHAT, "reads",
                                "a list of { \"apiVersion\", "
                                "\"Kind\", ... }");

    d->reads = declare_array(L, count, sizeof *d->reads);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i);
        read_read(L, &d->reads[i - 1], i);
        d->reads_count = i;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* ---- parameters ---- */

static void read_parameter_type(lua_State *L, const char *what,
                                struct operator_parameter *p)
{
    static const char *const types[] = {"string", "integer", "number",
                                        "boolean", NULL};
    const char *const *at = types;

    lua_getfield(L, -1, "type");
    p->type =
        declare_text(L, what, "a type: string, integer, number or boolean");
    while (*at && strcmp(*at, p->type) != 0)
        at++;
    if (!*at)
        declare_wrong(L, what, "a type: string, integer, number or boolean");
    lua_pop(L, 1);
}

/* A default must be of the parameter's own type: ask as if it were given. */
static void read_default(lua_State *L, const char *what,
                         struct operator_parameter *p)
{
    struct operator_decl one = {
        .name = "", .parameters = p, .parameters_count = 1};
    struct arena *a = vm_of(L)->arena;
    struct value *given = value_object(a), *v = NULL, *all;
    struct err err = {0};

    if (lua_getfield(L, -1, "default") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (value_from_lua(L, -1, "default", &v, &err) < 0)
        vm_kill_err(L, what, &err);
    if (value_is(v, VALUE_STRING) != text_equal(p->type, "string"))
        declare_wrong(L, what, p->type);
    if (!given || value_set(a, given, p->name, v) < 0)
        vm_kill_nomem(L);
    if (operator_params(&one, a, given, &all, &err) < 0)
        vm_kill_err(L, what, &err);
    p->otherwise = v;
    lua_pop(L, 1);
}

static void read_parameter(lua_State *L, struct operator_parameter *p)
{
    static const char *const fields[] = {"type", "default", "description",
                                         NULL};
    char text[120];
    const char *what;

    snprintf(text, sizeof text, WHAT ": parameter '%.40s'", p->name);
    what = vm_text(L, text, strlen(text));
    if (!lua_istable(L, -1))
        declare_wrong(L, what, "{ type = \"string\", default = ... }");
    check_fields(L, lua_gettop(L), what, fields, 0);
    read_parameter_type(L, what, p);
    read_default(L, what, p);
    if (lua_getfield(L, -1, "description") != LUA_TNIL)
        p->description = declare_text(L, what, "a description");
    lua_pop(L, 1);
}

static int compare_parameters(const void *a, const void *b)
{
    const struct operator_parameter *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* The table is on the top of the stack. */
static size_t count_names(lua_State *L, const char *what)
{
    size_t count = 0;

    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            declare_wrong(L, what, "names as keys");
        count++;
    }
    return count;
}

static void read_parameters(lua_State *L, struct operator_decl *d)
{
    size_t count, i = 0;

    if (lua_getfield(L, 1, "parameters") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (!lua_istable(L, -1))
        declare_wrong(L, WHAT ": parameters", "a table of parameters");
    count = count_names(L, WHAT ": parameters");
    d->parameters = declare_array(L, count, sizeof *d->parameters);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        d->parameters[i++].name =
            declare_text(L, WHAT ": parameters", "a name");
    }
    if (count > 1)
        qsort(d->parameters, count, sizeof *d->parameters, compare_parameters);
    for (i = 0; i < count; i++) {
        lua_getfield(L, -1, d->parameters[i].name);
        read_parameter(L, &d->parameters[i]);
        lua_pop(L, 1);
    }
    d->parameters_count = count;
    lua_pop(L, 1);
}

/* ---- the rest ---- */

static void read_memory(lua_State *L, struct operator_decl *d)
{
    size_t count = declare_list(L, WHAT, "memory", "a list of status fields");

    d->memory = declare_array(L, count, sizeof *d->memory);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        d->memory[i] =
            declare_text(L, WHAT ": memory", "names of status fields");
        lua_pop(L, 1);
    }
    d->memory_count = count;
    lua_pop(L, 1);
}

static void read_hooks(lua_State *L, struct operator_decl *d)
{
    static const char *const names[] = {"reconcile", "observe", "desired",
                                        "finalize"};

    d->hooks_count = 0;
    d->hooks = declare_array(L, OPERATOR_MAX_HOOKS, sizeof *d->hooks);
    for (size_t i = 0; i < OPERATOR_MAX_HOOKS; i++) {
        if (lua_getfield(L, -1, names[i]) == LUA_TFUNCTION)
            d->hooks[d->hooks_count++] = (struct operator_hook){
                names[i], fingerprint_function(L), code_at_top(L)};
        lua_pop(L, 1);
    }
}

static void read_functions(lua_State *L, struct operator_decl *d)
{
    table_read(L, d);
    if (!d->rows_count && !declare_function(L, WHAT, "reconcile"))
        vm_kill(L, ERR_SCRIPT,
                "reconcile = function(object, view, plan); or observe and rows",
                WHAT ": reconcile is missing");
    d->has_finalize = declare_function(L, WHAT, "finalize");
    read_hooks(L, d);
    lua_getfield(L, -1, "reads_secret_values");
    d->reads_secret_values = declare_bool(L, WHAT, "reads_secret_values");
    lua_pop(L, 1);
}

static void read_declaration(lua_State *L, struct operator_decl *d)
{
    static const char *const fields[] = {"api",         "name",
                                         "description", "resource",
                                         "owns",        "reads",
                                         "parameters",  "memory",
                                         "observe",     "desired",
                                         "rows",        "reconcile",
                                         "finalize",    "reads_secret_values",
                                         NULL};

    read_api(L); /* first: another version may have other fields */
    check_fields(L, 1, WHAT, fields, 0);
    read_name(L, d);
    read_description(L, d);
    read_resource(L, d);
    read_owns(L, d);
    read_reads(L, d);
    read_parameters(L, d);
    read_memory(L, d);
    read_functions(L, d);
}

int l_operator(lua_State *L)
{
    struct vm *vm = vm_of(L);

    if (!lua_istable(L, 1))
        return vm_kill(L, ERR_SCRIPT, NULL, WHAT ": expected a table, got %s",
                       type_word(L, 1));
    if (push_declaration(L))
        return vm_kill(L, ERR_SCRIPT, "one operator for each folder",
                       WHAT " was called before");
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_declaration);
    if (vm->declaring)
        read_declaration(L, vm->declaring);
    lua_settop(L, 1);
    return 1;
}

void declaration_replace(lua_State *L)
{
    struct operator_decl *d = vm_of(L)->declaring;

    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_declaration);
    if (!d)
        return;
    d->owns_count = d->reads_count = 0;
    read_owns(L, d);
    read_reads(L, d);
    read_functions(L, d);
}

bool push_declaration(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_declaration) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    return false;
}

void run_operator(lua_State *L)
{
    const struct module *m = module_find(vm_of(L)->script, "operator");
    int result;

    module_push(L, m);
    lua_call(L, 0, 1);
    result = lua_gettop(L);
    if (lua_isnil(L, -1))
        vm_kill(L, ERR_SCRIPT, RETURN_HINT, "operator.lua returns nothing");
    if (!push_declaration(L) || !lua_rawequal(L, -1, -2))
        vm_kill(L, ERR_SCRIPT, RETURN_HINT, "operator.lua returns a %s",
                lua_istable(L, result) ? "plain table" : type_word(L, result));
    lua_remove(L, -2);
    overlays_apply(L);
}
