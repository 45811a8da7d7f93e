/*
 * vm.c -- see vm.h for the contract.
 *
 * DESIGN
 *
 * The state's allocator counts bytes. Returning NULL in the middle of a VM
 * operation is the last resort (Lua 5.4.4 then collects at places that were
 * not made for it), so there are two limits: above the soft one a flag makes
 * the hook run at the next instruction, which collects and decides; only above
 * the hard one the allocator refuses. The collector rests until a state holds
 * GC_FROM bytes: most jobs end before that.
 *
 * A state is never closed: its memory is a pool that is dropped (pool.h). So no
 * object of a state may own anything outside of it.
 *
 * The count hook runs every HOOK_STRIDE instructions for the life of the
 * state. After a verdict it runs at every instruction and raises, so a loop
 * around pcall ends too. Library functions written in C charge what they do
 * through vm_charge(), since no hook can fire inside them.
 *
 * INVARIANTS
 *
 *   V1  verdict.code != 0  ==>  no more script code runs to completion
 *   V2  bytes is the sum of the sizes that Lua believes it holds
 *   V3  a verdict is written once; later ones change nothing
 *   V4  Lua is entered through vm_call() only; without a protected call Lua
 *       ends the process at the first error
 */
#include "script/vm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "script/advice.h"
#include "script/cover.h"
#include "script/module.h"

#define HOOK_STRIDE 100
#define GC_FROM (1u << 20)
/* What a collection forced by the soft limit costs: thrashing must end. */
#define COLLECT_COST 1000
#define MEMORY_HINT "this line was running: does what it builds ever end?"

static void budget_hook(lua_State *L, lua_Debug *ar);

static void set_hook(const struct vm *vm, int stride)
{
    int lines = vm->script->cover ? LUA_MASKLINE : 0;

    lua_sethook(vm->L, budget_hook, LUA_MASKCOUNT | lines, stride);
}

/* ---- memory ---- */

static void *resize(struct vm *vm, void *ptr, size_t old, size_t size)
{
    void *grown;

    if (size > old && vm->bytes + (size - old) > vm->limits.memory_hard) {
        vm->refused = true;
        return NULL;
    }
    grown = pool_resize(&vm->pool, ptr, old, size);
    if (!grown && size <= old)
        grown = ptr; /* Lua relies on shrinking to succeed */
    if (!grown)
        return NULL;
    vm->bytes += size - old;
    return grown;
}

static void *vm_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct vm *vm = ud;
    size_t old = ptr ? osize : 0;

    if (nsize == 0) {
        pool_free(&vm->pool, ptr, old);
        vm->bytes -= old;
        return NULL;
    }
    ptr = resize(vm, ptr, old, nsize);
    if (vm->bytes > vm->limits.memory_soft && !vm->over && vm->L) {
        vm->over = true;
        set_hook(vm, 1);
    }
    return ptr;
}

/* ---- budget ---- */

static void with_commas(char out[32], uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    int at = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

/* The place in the message is the line that was running: of a loop, mostly. */
static int kill_budget(lua_State *L, enum err_code code, uint64_t amount,
                       const char *unit)
{
    char number[32];

    with_commas(number, amount);
    return vm_kill(
        L, code,
        vm_of(L)->compat ? "this line was running: does its loop end?"
                         : "this line was running: does its loop end? To wait, "
                           "return and come back with plan:requeue",
        "the script ran longer than its budget of %s %s", number, unit);
}

int vm_kill_memory(lua_State *L)
{
    const struct vm *vm = vm_of(L);
    size_t soft = vm->limits.memory_soft;

    vm_check_killed(L);
    if (!vm->refused && vm->bytes <= soft)
        return vm_kill_nomem(L);
    if (soft >= (1u << 20))
        return vm_kill(L, ERR_BUDGET, MEMORY_HINT,
                       "the script used more than its budget of %zu MiB of "
                       "memory",
                       soft >> 20);
    return vm_kill(L, ERR_BUDGET, MEMORY_HINT,
                   "the script used more than its budget of %zu bytes of "
                   "memory",
                   soft);
}

static uint64_t cpu_ms(void)
{
    return (uint64_t)clock() / (CLOCKS_PER_SEC / 1000);
}

/* The wall clock is cheap to look at, but a process that was stopped, or a
 * busy machine, are not the script's fault. So what counts at the deadline is
 * CPU time, and what is left of it moves the deadline. */
static void look_at_clock(lua_State *L, struct vm *vm)
{
    uint64_t now = clock_now_ms(clock_real());
    uint64_t used;

    if (now < vm->deadline_ms)
        return;
    used = cpu_ms() - vm->cpu_start_ms;
    if (used >= vm->limits.cpu_ms)
        kill_budget(L, ERR_DEADLINE, vm->limits.cpu_ms, "ms");
    vm->deadline_ms = now + (vm->limits.cpu_ms - used);
}

static void look_at_budget(lua_State *L, struct vm *vm)
{
    if (vm->spent > vm->limits.instructions)
        kill_budget(L, ERR_BUDGET, vm->limits.instructions, "instructions");
    look_at_clock(L, vm);
}

/* The soft limit was crossed: is it garbage, or is it held? */
static void look_at_memory(lua_State *L, struct vm *vm)
{
    lua_gc(L, LUA_GCCOLLECT);
    vm->spent += COLLECT_COST;
    if (vm->bytes > vm->limits.memory_soft)
        vm_kill_memory(L);
    vm->over = false;
    set_hook(vm, HOOK_STRIDE);
}

static void budget_hook(lua_State *L, lua_Debug *ar)
{
    struct vm *vm = vm_of(L);

    if (ar->event == LUA_HOOKLINE) {
        cover_line(L, ar);
        return;
    }
    vm_check_killed(L);
    vm->spent += vm->over ? 1 : HOOK_STRIDE;
    look_at_budget(L, vm);
    if (vm->bytes > GC_FROM && !vm->collecting) {
        vm->collecting = true;
        lua_gc(L, LUA_GCRESTART);
    }
    if (vm->over)
        look_at_memory(L, vm);
}

void vm_charge(lua_State *L, uint64_t steps)
{
    struct vm *vm = vm_of(L);
    uint64_t before = vm->spent;

    vm_check_killed(L);
    vm->spent += steps;
    if (vm->spent > vm->limits.instructions ||
        vm->spent / 1024 != before / 1024)
        look_at_budget(L, vm);
    if (vm->over && vm->bytes / 2 > vm->limits.memory_soft)
        vm_kill_memory(L);
}

/* ---- verdicts ---- */

void vm_check_killed(lua_State *L)
{
    if (vm_of(L)->verdict.code == ERR_NONE)
        return;
    lua_pushlightuserdata(L, NULL); /* nobody reads it; allocates nothing */
    lua_error(L);
}

static int raise_verdict(lua_State *L)
{
    struct vm *vm = vm_of(L);

    vm_stack_text(vm, vm->stack);
    lua_sethook(L, budget_hook, LUA_MASKCOUNT, 1);
    vm_check_killed(L);
    return 0;
}

int vm_kill(lua_State *L, enum err_code code, const char *hint, const char *fmt,
            ...)
{
    struct vm *vm = vm_of(L);
    char place[VM_PLACE_SIZE];
    char msg[900];
    va_list args;

    vm_check_killed(L);
    vm_place(L, place);
    va_start(args, fmt);
    vsnprintf(msg, sizeof msg, fmt, args);
    va_end(args);
    err_set(&vm->verdict, code, "%s%s%s", place, *place ? ": " : "", msg);
    if (hint)
        err_hint(&vm->verdict, "%s", hint);
    return raise_verdict(L);
}

int vm_kill_nomem(lua_State *L)
{
    struct vm *vm = vm_of(L);

    vm_check_killed(L);
    err_nomem(&vm->verdict);
    return raise_verdict(L);
}

void vm_need_stack(lua_State *L, int n)
{
    if (!lua_checkstack(L, n))
        vm_kill_memory(L);
}

char *vm_text(lua_State *L, const char *text, size_t len)
{
    char *copy = arena_strndup(vm_of(L)->arena, text, len);

    if (!copy)
        vm_kill_nomem(L);
    return copy;
}

int vm_kill_err(lua_State *L, const char *what, const struct err *err)
{
    struct vm *vm = vm_of(L);
    char place[VM_PLACE_SIZE];

    vm_check_killed(L);
    vm_place(L, place);
    err_set(&vm->verdict, err->code, "%s%s%s: %s", place, *place ? ": " : "",
            what, err->msg);
    if (*err->hint)
        err_hint(&vm->verdict, "%s", err->hint);
    return raise_verdict(L);
}

int vm_raise(lua_State *L, const char *hint, const char *fmt, ...)
{
    struct vm *vm = vm_of(L);
    char place[VM_PLACE_SIZE];
    char msg[900];
    va_list args;

    vm_place(L, place);
    va_start(args, fmt);
    vsnprintf(msg, sizeof msg, fmt, args);
    va_end(args);
    err_set(&vm->raised, ERR_SCRIPT, "%s%s%s", place, *place ? ": " : "", msg);
    if (hint)
        err_hint(&vm->raised, "%s", hint);
    lua_pushstring(L, vm->raised.msg);
    return lua_error(L);
}

/* ---- the door ---- */

static void use_defaults(struct script_limits *l)
{
    if (!l->instructions)
        l->instructions = 5000000;
    if (!l->cpu_ms)
        l->cpu_ms = 1000;
    if (!l->memory_soft)
        l->memory_soft = 16u << 20;
    if (!l->memory_hard)
        l->memory_hard = 64u << 20;
}

int vm_open(struct vm *vm, struct script *s, struct err *err)
{
    lua_State *L;

    memset(vm, 0, sizeof *vm);
    vm->script = s;
    vm->limits = s->limits;
    vm->spare = &s->spare;
    pool_init(&vm->pool, vm->spare);
    use_defaults(&vm->limits);
    L = lua_newstate(vm_alloc, vm);
    if (!L && vm->refused)
        return err_set(err, ERR_BUDGET,
                       "the memory limit of %zu bytes is too "
                       "small to start Lua",
                       vm->limits.memory_hard);
    if (!L)
        return err_nomem(err);
    vm->L = L;
    *(struct vm **)lua_getextraspace(L) = vm;
    lua_gc(L, LUA_GCSTOP);
    vm->deadline_ms = clock_now_ms(clock_real()) + vm->limits.cpu_ms;
    vm->cpu_start_ms = cpu_ms();
    set_hook(vm, HOOK_STRIDE);
    return 0;
}

void vm_close(struct vm *vm)
{
    vm->L = NULL; /* not closed: see pool.h */
    pool_release(&vm->pool, vm->spare);
    json_reader_release(&vm->reader);
    str_release(&vm->text);
    arena_release(&vm->scratch);
    arena_release(&vm->opened);
}

/* The message handler: runs on top of the failing frames. */
static int on_error(lua_State *L)
{
    struct vm *vm = vm_of(L);

    if (vm->verdict.code == ERR_NONE)
        vm_stack_text(vm, vm->stack);
    return 1;
}

/* Does the text begin with a place, "name.lua:12:"? */
static bool has_place(const char *msg)
{
    const char *colon = strchr(msg, ':');

    return colon && colon - msg > 4 && memcmp(colon - 4, ".lua", 4) == 0;
}

/* The length of the place that vm->stack begins with; 0 when it is empty. */
static size_t place_length(const struct vm *vm)
{
    const char *end = strstr(vm->stack, " in ");

    return end ? (size_t)(end - vm->stack) : 0;
}

static int report_raised(struct vm *vm, struct err *err)
{
    const char *msg;
    size_t place;

    if (lua_type(vm->L, -1) != LUA_TSTRING) {
        place = place_length(vm);
        return err_set(err, ERR_SCRIPT,
                       "%.*s%sthe script raised a %s value "
                       "as its error",
                       (int)place, vm->stack, place ? ": " : "",
                       luaL_typename(vm->L, -1));
    }
    msg = lua_tostring(vm->L, -1);
    if (strcmp(msg, vm->raised.msg) == 0) {
        *err = vm->raised;
        return -(int)err->code;
    }
    place = has_place(msg) ? 0 : place_length(vm);
    err_set(err, ERR_SCRIPT, "%.*s%s%s", (int)place, vm->stack,
            place ? ": " : "", msg);
    advice_give(err, !vm->compat);
    return -ERR_SCRIPT;
}

static int report(struct vm *vm, int status, struct err *err)
{
    if (vm->verdict.code != ERR_NONE) {
        *err = vm->verdict;
        return -(int)err->code;
    }
    if (status != LUA_ERRMEM)
        return report_raised(vm, err);
    if (!vm->refused)
        return err_nomem(err);
    return err_set(err, ERR_BUDGET,
                   "the script used more than its budget of "
                   "%zu bytes of memory",
                   vm->limits.memory_hard);
}

int vm_call(struct vm *vm, lua_CFunction body, void *arg, struct err *err)
{
    lua_State *L = vm->L;
    int base = lua_gettop(L);
    int status, rc = 0;

    vm->stack[0] = '\0';
    lua_pushcfunction(L, on_error);
    lua_pushcfunction(L, body);
    lua_pushlightuserdata(L, arg);
    status = lua_pcall(L, 1, 0, base + 1);
    if (status != LUA_OK || vm->verdict.code != ERR_NONE)
        rc = report(vm, status, err);
    lua_settop(L, base);
    return rc;
}
