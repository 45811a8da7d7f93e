/*
 * place.c -- where in the operator's files a call came from (see vm.h).
 *
 * Frames of C functions and of the embedded library are skipped: the author
 * of a script should read lines of the script.
 */
#include <stdio.h>
#include <string.h>

#include "script/vm.h"

#define LIBRARY "@tidelock/"

/* A frame of the operator's own text; fills ar's source and line. */
static bool is_own_line(lua_State *L, lua_Debug *ar)
{
    lua_getinfo(L, "Sl", ar);
    return ar->currentline > 0 && ar->source[0] == '@' &&
           strncmp(ar->source, LIBRARY, sizeof LIBRARY - 1) != 0;
}

void vm_place(lua_State *L, char out[VM_PLACE_SIZE])
{
    lua_Debug ar;

    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        if (!is_own_line(L, &ar))
            continue;
        snprintf(out, VM_PLACE_SIZE, "%s:%d", ar.source + 1, ar.currentline);
        return;
    }
    memcpy(out, vm_of(L)->entry_place, VM_PLACE_SIZE);
}

void vm_enter(lua_State *L, const char *name)
{
    struct vm *vm = vm_of(L);
    lua_Debug ar;

    vm->entry = name;
    if (!lua_isfunction(L, -1))
        return; /* calling it will say so */
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &ar);
    if (ar.linedefined > 0)
        snprintf(vm->entry_place, VM_PLACE_SIZE, "%s:%d", ar.source + 1,
                 ar.linedefined);
}

const char *vm_place_text(lua_State *L)
{
    char place[VM_PLACE_SIZE];

    vm_place(L, place);
    return vm_text(L, place, strlen(place));
}

/* What the frame is called; the outermost Lua frame is vm->entry. */
static void describe(const struct vm *vm, const lua_Debug *ar, bool outermost,
                     char out[64])
{
    if (strcmp(ar->what, "main") == 0)
        snprintf(out, 64, "the main chunk");
    else if (outermost && vm->entry)
        snprintf(out, 64, "%s", vm->entry);
    else if (ar->name)
        snprintf(out, 64, "%s", ar->name);
    else
        snprintf(out, 64, "the function at line %d", ar->linedefined);
}

static bool next_own_frame(lua_State *L, int *level, lua_Debug *ar)
{
    while (lua_getstack(L, (*level)++, ar)) {
        if (!is_own_line(L, ar))
            continue;
        lua_getinfo(L, "n", ar);
        return true;
    }
    return false;
}

void vm_stack_text(struct vm *vm, char out[VM_STACK_SIZE])
{
    lua_Debug ar, ahead;
    int level = 0;
    size_t at = 0;
    bool more = next_own_frame(vm->L, &level, &ahead);

    out[0] = '\0';
    for (int n = 0; more && n < VM_STACK_FRAMES && at < VM_STACK_SIZE; n++) {
        char name[64];
        int len;

        ar = ahead;
        more = next_own_frame(vm->L, &level, &ahead);
        describe(vm, &ar, !more, name);
        len = snprintf(out + at, VM_STACK_SIZE - at, "%s%s:%d in %s",
                       n ? "\n" : "", ar.source + 1, ar.currentline, name);
        at += len > 0 ? (size_t)len : 0;
    }
}
