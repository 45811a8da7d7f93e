/*
 * lib_os.c -- os.time, os.date and os.difftime of the compat profile.
 *
 * As the Lua manual has them, but always UTC, and "now" is the moment of the
 * call: a script that runs twice on the same input gives the same answer.
 */
#include <limits.h>
#include <string.h>
#include <time.h>

#include "script/compat.h"

#define PIECE_SIZE 250 /* the longest text of one specifier */

/* ---- os.date ---- */

/* What strftime(3) knows, as in the stock library; behind E and O fewer. */
static const char plain[] = "aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";
static const char behind_e[] = "cCxXyY";
static const char behind_o[] = "deHImMSuUVwWy";

/* How many bytes the specifier at `f`, which is behind the %, has. */
static size_t check_specifier(lua_State *L, const char *f)
{
    const char *known = *f == 'E' ? behind_e : *f == 'O' ? behind_o : plain;
    size_t len = known == plain ? 1 : 2;

    if (!f[0] || !f[len - 1] || !strchr(known, f[len - 1])) {
        char shown[3] = {f[0], f[0] ? f[1] : '\0', '\0'};

        luaL_argerror(
            L, 1,
            lua_pushfstring(L, "invalid conversion specifier '%%%s'", shown));
    }
    return len;
}

static void set_number(lua_State *L, const char *key, int n)
{
    lua_pushinteger(L, n);
    lua_setfield(L, -2, key);
}

/* The fields of `tm` into the table on the top of the stack. */
static void set_fields(lua_State *L, const struct tm *tm)
{
    set_number(L, "sec", tm->tm_sec);
    set_number(L, "min", tm->tm_min);
    set_number(L, "hour", tm->tm_hour);
    set_number(L, "day", tm->tm_mday);
    set_number(L, "month", tm->tm_mon + 1);
    lua_pushinteger(L, (lua_Integer)tm->tm_year + 1900);
    lua_setfield(L, -2, "year");
    set_number(L, "wday", tm->tm_wday + 1);
    set_number(L, "yday", tm->tm_yday + 1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "isdst");
}

static int push_date(lua_State *L, const char *f, const char *end,
                     const struct tm *tm)
{
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    while (f < end) {
        char specifier[4] = "%";
        char *piece;

        if (*f != '%') {
            luaL_addchar(&b, *f++);
            continue;
        }
        f++;
        memcpy(specifier + 1, f, check_specifier(L, f));
        f += strlen(specifier) - 1;
        piece = luaL_prepbuffsize(&b, PIECE_SIZE);
        luaL_addsize(&b, strftime(piece, PIECE_SIZE, specifier, tm));
    }
    luaL_pushresult(&b);
    return 1;
}

/* A leading "!" asks for UTC, which it is anyway. */
static int l_os_date(lua_State *L)
{
    size_t len;
    const char *f = luaL_optlstring(L, 1, "%c", &len);
    const char *end = f + len;
    time_t t = (time_t)luaL_optinteger(L, 2, vm_of(L)->now);
    struct tm tm;

    vm_charge(L, 1 + len);
    if (*f == '!')
        f++;
    if (!gmtime_r(&t, &tm))
        return luaL_error(L, "date result cannot be represented");
    if (strncmp(f, "*t", 2) != 0)
        return push_date(L, f, end, &tm);
    lua_createtable(L, 0, 9);
    set_fields(L, &tm);
    return 1;
}

/* ---- os.time ---- */

/* A field of the table at 1, less `delta`; texts of integers count. */
static int field(lua_State *L, const char *key, int otherwise, int delta)
{
    int is_integer;
    int type = lua_getfield(L, 1, key);
    lua_Integer n = lua_tointegerx(L, -1, &is_integer);

    lua_pop(L, 1);
    if (!is_integer && type != LUA_TNIL)
        return luaL_error(L, "field '%s' is not an integer", key);
    if (!is_integer && otherwise < 0)
        return luaL_error(L, "field '%s' missing in date table", key);
    if (!is_integer)
        return otherwise;
    if (n > INT_MAX || n < INT_MIN + delta)
        return luaL_error(L, "field '%s' is out-of-bound", key);
    return (int)(n - delta);
}

/* Without an argument: now. With a table: its moment, the fields brought into
 * their ranges, as the stock function does. */
static int l_os_time(lua_State *L)
{
    struct tm tm = {0};
    time_t t;

    if (lua_isnoneornil(L, 1)) {
        lua_pushinteger(L, vm_of(L)->now);
        return 1;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    tm.tm_year = field(L, "year", -1, 1900);
    tm.tm_mon = field(L, "month", -1, 1);
    tm.tm_mday = field(L, "day", -1, 0);
    tm.tm_hour = field(L, "hour", 12, 0);
    tm.tm_min = field(L, "min", 0, 0);
    tm.tm_sec = field(L, "sec", 0, 0);
    t = timegm(&tm);
    if (t == -1 && tm.tm_year != 69)
        return luaL_error(L, "time result cannot be represented");
    set_fields(L, &tm);
    lua_pushinteger(L, (lua_Integer)t);
    return 1;
}

static int l_os_difftime(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)luaL_checkinteger(L, 1) -
                          (lua_Number)luaL_optinteger(L, 2, 0));
    return 1;
}

void push_os_library(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"date", l_os_date},
        {"difftime", l_os_difftime},
        {"time", l_os_time},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
}
