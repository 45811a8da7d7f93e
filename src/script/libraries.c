/*
 * libraries.c -- the library of the script layer.
 */
#include "base/libraries.h"

#include <lua.h>

static const char *lua_text(void)
{
    return LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE;
}

const struct library script_libraries[] = {
    {"Lua", lua_text},
    {0},
};
