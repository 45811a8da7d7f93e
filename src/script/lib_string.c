/*
 * lib_string.c -- string functions that had to be replaced: those that search,
 *                 those that make large texts, and format (no addresses).
 *
 * They behave as the Lua manual says; what differs is that their work is
 * charged and that the size of a result is known before it is made.
 */
#include <string.h>

#include "script/pattern.h"
#include "script/sandbox.h"

/* A start position as string.find takes it, to an offset; > len is "none". */
static size_t start_offset(lua_State *L, int arg, size_t len)
{
    lua_Integer init = luaL_optinteger(L, arg, 1);

    if (init > 0)
        return (size_t)init - 1;
    if (init == 0 || init < -(lua_Integer)len)
        return 0;
    return len - (size_t)-init;
}

/* A result of that many bytes may be made; a verdict when it may not. */
static void check_size(lua_State *L, size_t size)
{
    if (size > vm_of(L)->limits.memory_soft) {
        vm_of(L)->refused = true;
        vm_kill_memory(L);
    }
    vm_charge(L, 1 + size / 64);
}

/* ---- find, match ---- */

/* memmem is linear; the stock search of a long text in a longer one is not. */
static int find_plain(lua_State *L, size_t init)
{
    size_t len, what_len;
    const char *s = luaL_checklstring(L, 1, &len);
    const char *what = luaL_checklstring(L, 2, &what_len);
    const char *found;

    vm_charge(L, 1 + (len - init) / 32);
    found = memmem(s + init, len - init, what, what_len);
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - s + 1);
    lua_pushinteger(L, found - s + (lua_Integer)what_len);
    return 2;
}

/* No character of the pattern has a meaning of its own. */
static bool is_plain(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr("^$*+?.([%-", p[i]) && p[i])
            return false;
    return true;
}

/* The first match at or behind *s; *s is moved to its start. */
static const char *search(struct pattern *m, const char **s, const char *p)
{
    bool anchored = p < m->end && *p == '^';
    const char *e;

    do {
        m->captures = 0;
        e = pattern_try(m, *s, p + (anchored ? 1 : 0));
        if (e)
            break;
    } while ((*s)++ < m->subject_end && !anchored);
    pattern_settle(m);
    return e;
}

static int find_or_match(lua_State *L, bool find)
{
    size_t len, p_len;
    const char *text = luaL_checklstring(L, 1, &len);
    const char *p = luaL_checklstring(L, 2, &p_len);
    size_t init = start_offset(L, 3, len);
    struct pattern m;
    const char *s, *e;

    if (init > len) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || is_plain(p, p_len)))
        return find_plain(L, init);
    pattern_init(&m, L, text, len, p + p_len);
    s = text + init;
    e = search(&m, &s, p);
    if (!e) {
        lua_pushnil(L);
        return 1;
    }
    if (!find)
        return pattern_push_captures(&m, s, e);
    lua_pushinteger(L, s - text + 1);
    lua_pushinteger(L, e - text);
    return pattern_push_captures(&m, NULL, NULL) + 2;
}

int l_string_find(lua_State *L)
{
    return find_or_match(L, true);
}

int l_string_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* ---- gmatch ---- */

/* Upvalues: subject, pattern, where to go on, end of the last match.
 * An empty match directly behind the last one is the same place again and is
 * passed over, or the iteration would not end. */
static int next_match(lua_State *L)
{
    size_t len, p_len;
    const char *text = lua_tolstring(L, lua_upvalueindex(1), &len);
    const char *p = lua_tolstring(L, lua_upvalueindex(2), &p_len);
    const char *s = text + lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    struct pattern m;

    pattern_init(&m, L, text, len, p + p_len);
    for (; s <= m.subject_end; s++) {
        const char *e;

        m.captures = 0;
        e = pattern_try(&m, s, p);
        if (!e || e - text == last)
            continue;
        pattern_settle(&m);
        lua_pushinteger(L, e - text);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return pattern_push_captures(&m, s, e);
    }
    pattern_settle(&m);
    lua_pushinteger(L, (lua_Integer)len + 1);
    lua_replace(L, lua_upvalueindex(3));
    return 0;
}

int l_string_gmatch(lua_State *L)
{
    size_t len;
    size_t init;

    luaL_checklstring(L, 1, &len);
    luaL_checkstring(L, 2);
    init = start_offset(L, 3, len);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(init > len ? len + 1 : init));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

/* ---- gsub ---- */

static void add_template(struct pattern *m, luaL_Buffer *b, const char *s,
                         const char *e)
{
    size_t len;
    const char *t = lua_tolstring(m->L, 3, &len);

    for (size_t i = 0; i < len; i++) {
        if (t[i] != '%') {
            luaL_addchar(b, t[i]);
        } else if (++i < len && t[i] == '%') {
            luaL_addchar(b, '%');
        } else if (i < len && t[i] == '0') {
            luaL_addlstring(b, s, (size_t)(e - s));
        } else if (i < len && t[i] > '0' && t[i] <= '9') {
            pattern_push_capture(m, t[i] - '1', s, e);
            luaL_tolstring(m->L, -1, NULL);
            lua_remove(m->L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
    }
}

/* What stands for the match from s to e; true when it was replaced. */
static bool add_replacement(struct pattern *m, luaL_Buffer *b, const char *s,
                            const char *e)
{
    lua_State *L = m->L;
    int type = lua_type(L, 3);

    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        add_template(m, b, s, e);
        return true;
    }
    if (type == LUA_TTABLE) {
        pattern_push_capture(m, 0, s, e);
        lua_gettable(L, 3);
    } else {
        lua_pushvalue(L, 3);
        lua_call(L, pattern_push_captures(m, s, e), 1);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, s, (size_t)(e - s));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
    return true;
}

struct substitution {
    struct pattern m;
    luaL_Buffer out;
    const char *p;
    bool anchored;
    lua_Integer max;
    lua_Integer done;
    bool changed;
};

/* The buffer may keep its memory in a userdata on the stack, so whatever is
 * pushed in between has to be popped, or added, before the next append. */
static void substitute(struct substitution *g)
{
    struct pattern *m = &g->m;
    const char *s = m->subject, *last = NULL, *e;

    while (g->done < g->max) {
        m->captures = 0;
        e = pattern_try(m, s, g->p);
        if (e && e != last) {
            g->done++;
            pattern_settle(m);
            g->changed |= add_replacement(m, &g->out, s, e);
            s = last = e;
        } else if (s < m->subject_end) {
            luaL_addchar(&g->out, *s++);
        } else {
            break;
        }
        if (g->anchored)
            break;
    }
    pattern_settle(m);
    luaL_addlstring(&g->out, s, (size_t)(m->subject_end - s));
}

int l_string_gsub(lua_State *L)
{
    struct substitution g;
    size_t len, p_len;
    const char *text = luaL_checklstring(L, 1, &len);
    const char *p = luaL_checklstring(L, 2, &p_len);
    int type = lua_type(L, 3);

    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING ||
                         type == LUA_TFUNCTION || type == LUA_TTABLE,
                     3, "string/function/table");
    g.max = luaL_optinteger(L, 4, (lua_Integer)len + 1);
    g.done = 0;
    g.changed = false;
    g.anchored = p_len > 0 && *p == '^';
    g.p = p + (g.anchored ? 1 : 0);
    pattern_init(&g.m, L, text, len, p + p_len);
    luaL_buffinit(L, &g.out);
    substitute(&g);
    luaL_pushresult(&g.out);
    lua_pushinteger(L, g.done);
    return 2;
}

/* ---- rep ---- */

int l_string_rep(lua_State *L)
{
    size_t len, sep_len;
    const char *s = luaL_checklstring(L, 1, &len);
    lua_Integer n = luaL_checkinteger(L, 2);
    const char *sep = luaL_optlstring(L, 3, "", &sep_len);
    size_t unit = len + sep_len;
    luaL_Buffer b;

    if (n <= 0 || unit == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    check_size(L, (size_t)n > SIZE_MAX / unit ? SIZE_MAX : (size_t)n * unit);
    luaL_buffinitsize(L, &b, (size_t)n * unit);
    for (lua_Integer i = 0; i < n; i++) {
        luaL_addlstring(&b, s, len);
        if (i + 1 < n)
            luaL_addlstring(&b, sep, sep_len);
    }
    luaL_pushresult(&b);
    return 1;
}

/* ---- format ---- */

/* Put the text of the argument in its place when the directive is %s. */
static void prepare_argument(lua_State *L, int arg, char directive,
                             size_t *size)
{
    size_t len;

    if (directive == 'p')
        vm_raise(L, NULL,
                 "string.format: %%p does not exist here: an address "
                 "differs between two runs");
    if (lua_isnone(L, arg))
        return; /* the stock function has the message */
    if (directive == 's') {
        push_text_of(L, arg);
        lua_replace(L, arg);
    }
    if (lua_type(L, arg) != LUA_TSTRING)
        return;
    lua_tolstring(L, arg, &len);
    *size += directive == 'q' ? 4 * len : len;
}

/* The stock function does the formatting; %s arguments are texts by then, so it
 * never asks for an address, and how large the result can get is known. */
int l_string_format(lua_State *L)
{
    size_t len, size;
    const char *f = luaL_checklstring(L, 1, &len);
    int arg = 1;

    size = len;
    for (size_t i = 0; i < len; i++) {
        if (f[i] != '%')
            continue;
        i += 1 + strspn(f + i + 1, "-+ #0123456789.");
        if (i >= len || f[i] == '%')
            continue;
        prepare_argument(L, ++arg, f[i], &size);
        size += 128;
    }
    check_size(L, size);
    return stock_find("string", "format")(L);
}
