/*
 * vm.h -- one Lua state for one call, with its budget and its verdict.
 *
 * A vm lives on the C stack of the function that opens it. Everything that
 * touches its state runs below vm_call(), the one door into Lua.
 *
 * A verdict is final: vm_kill() records it, and from then on the hook and
 * every wrapper around pcall raise again, so a script cannot go on behind it.
 * Budgets, misuse of `plan` and `view`, and reads of what is unknown end in a
 * verdict; all other errors are ordinary Lua errors that pcall may catch.
 */
#ifndef TIDELOCK_SCRIPT_VM_H
#define TIDELOCK_SCRIPT_VM_H

#include <lauxlib.h>
#include <lua.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/plan.h"
#include "core/view.h"
#include "script/pool.h"
#include "script/script.h"

/* On the prototype of what may leave by longjmp: between an allocation and
 * the place that owns it nothing marked so is called. */
#define RAISES

#define VM_STACK_FRAMES 10
#define VM_STACK_SIZE 1024
#define VM_PLACE_SIZE 160

struct vm {
    lua_State *L;
    const struct script *script;
    /* what the call is about; all borrowed */
    const struct view *view;     /* NULL while loading, in names and map */
    struct plan *plan;           /* NULL unless a plan is being made */
    struct arena *arena;         /* where results go */
    const struct snapshot *root; /* NULL while loading */
    const char *entry; /* "reconcile": the outermost function's name */
    char entry_place[VM_PLACE_SIZE]; /* where it begins, "operator.lua:12" */
    struct operator_decl *declaring; /* loading: what tidelock.operator fills */
    bool compat; /* eval: what other tools have exists too (compat.h) */
    int64_t now; /* of os.time() there, unix seconds */
    /* budget */
    struct script_limits limits;
    uint64_t spent;       /* instructions and charged steps */
    uint64_t deadline_ms; /* monotonic; a look at the CPU time is due then */
    uint64_t cpu_start_ms;
    struct pool pool;
    struct pool_block **spare; /* the script's: memory kept for the next job */
    size_t bytes;              /* held by the state now */
    bool over;                 /* above the soft limit: the hook will look */
    bool collecting;           /* the collector was switched on */
    bool refused;              /* an allocation was refused by the hard limit */
    /* how much of the plan's limits is used (core/plan.h) */
    size_t plan_nodes;
    size_t plan_bytes;
    bool roomy; /* those limits do not count: values of specs */
    uint64_t listed; /* bit n: the list of view.kinds[n] is recorded as read */
    /* outcome */
    struct err verdict; /* code ERR_NONE: not killed */
    struct err raised;  /* the last error of a host function, with its hint */
    char stack[VM_STACK_SIZE];
    /* owned scratch: attached here so that a longjmp cannot lose it */
    struct json_reader reader;
    struct str text;
    struct arena scratch; /* cleared by whoever uses it next */
    struct arena opened;  /* the text of the object that is being read */
    const char *kept;     /* of the object of a map function (kube/kept.h) */
};

static inline struct vm *vm_of(lua_State *L)
{
    return *(struct vm **)lua_getextraspace(L);
}

/* Zeroes the vm and makes its state. The limits are those of the script. */
int vm_open(struct vm *vm, struct script *s, struct err *err);
void vm_close(struct vm *vm); /* a half-opened vm is fine */

/* Run body(L) with `arg` as its only argument, a light userdata. On failure
 * `err` has the message, the hint and the code; vm->stack the Lua frames. */
int vm_call(struct vm *vm, lua_CFunction body, void *arg, struct err *err);

/* Count `steps` against the budget and look at clock and memory. */
void RAISES vm_charge(lua_State *L, uint64_t steps);

/* The final verdict; `fmt` is the message after the place, `hint` may be NULL.
 * Never returns; the int is for `return vm_kill(...)`. */
int RAISES vm_kill(lua_State *L, enum err_code code, const char *hint,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same from an error value: "place: what: message" and its hint. */
int RAISES vm_kill_err(lua_State *L, const char *what, const struct err *err);
/* An ordinary error with a hint; the script may catch it. */
int RAISES vm_raise(lua_State *L, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Raise again when there is a verdict. */
void RAISES vm_check_killed(lua_State *L);
/* Out of memory inside the state: limit or real. Never returns. */
int RAISES vm_kill_memory(lua_State *L);
/* Out of memory in the arena. Never returns. */
int RAISES vm_kill_nomem(lua_State *L);
/* Room for `n` more values on the stack, or a verdict. */
void RAISES vm_need_stack(lua_State *L, int n);
/* Text in the vm's arena. */
char *RAISES vm_text(lua_State *L, const char *text, size_t len);

/* The function on the top of the stack is the one that is called next. */
void RAISES vm_enter(lua_State *L, const char *name);
/* The innermost line of the operator's own files, "operator.lua:31"; where
 * none is running, the line in which the entered function begins, or "". */
void vm_place(lua_State *L, char out[VM_PLACE_SIZE]);
/* That place as a text in the vm's arena. */
const char *RAISES vm_place_text(lua_State *L);
/* The Lua frames that run now, "operator.lua:31 in reconcile", one a line. */
void vm_stack_text(struct vm *vm, char out[VM_STACK_SIZE]);

#endif
