/*
 * loop.h -- the one event loop: a thin owner of a libuv loop, its timers and
 *           signals.
 *
 *   single    one thread; nothing here may be called from another
 *   deferred  callbacks never run from inside the call that registered them
 *   numbered  a timer is an id: stopping one that has fired does nothing
 *   fair      a timer armed by a callback waits for the next turn, even with
 *             delay 0, so a chain of them cannot starve the sockets
 *
 * A loop makes the process ignore SIGPIPE: a peer that hangs up is an error
 * of one write, not the end of the program. Children started through libuv
 * get the default back.
 */
#ifndef TIDELOCK_IO_LOOP_H
#define TIDELOCK_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct loop;
struct uv_loop_s;

struct loop *loop_new(struct err *err); /* NULL on failure */
/* Forgets timers and signals, waits until closing handles are closed, frees.
 * Every module that was built on the loop must have been freed before (what
 * they left closing is fine). Not from inside a callback. NULL is fine. */
void loop_free(struct loop *l);

/* Run until loop_stop(), or until nothing is left to wait for: no timer, no
 * socket, no process. Signals alone do not keep it running. A loop_stop()
 * that came before makes it return at once. */
void loop_run(struct loop *l);
/* One turn: handle what is ready; when nothing is and `wait`, sleep until the
 * next timer or I/O and handle that. So `while (!done) loop_turn(l, true)`
 * never sleeps on a `done` that was just set. Returns false when nothing is
 * left to wait for. */
bool loop_turn(struct loop *l, bool wait);
/* The present loop_run() returns after this turn. */
void loop_stop(struct loop *l);

/* Monotonic milliseconds and wall clock; lives as long as the program. */
const struct clock *loop_clock(const struct loop *l);

/* ---- for modules of io only ---- */
struct uv_loop_s *loop_uv(struct loop *l);
/* To be called from the callback of a uv_timer_t of one's own: see loop_turn().
 * Callbacks of sockets, processes and loop_after() need not. */
void loop_progress(struct loop *l);
/* Do its invariants hold? For tests. */
bool loop_check(const struct loop *l);

typedef void (*loop_fn)(void *arg);
typedef uint64_t loop_timer_id; /* never 0 */
/* Call `fn` once, not earlier than delay_ms from now (0: in the next turn);
 * equal deadlines in the order of their calls. 0 on out of memory. */
loop_timer_id loop_after(struct loop *l, uint64_t delay_ms, loop_fn fn,
                         void *arg);
void loop_cancel(struct loop *l, loop_timer_id id); /* 0 and stale ids fine */

typedef void (*loop_signal_fn)(int signum, void *arg);
/* Call `fn` in a turn for each arrival of the signal (several that arrive
 * together may be one call), until the loop is freed. -ERR_NOMEM, -ERR_IO. */
int loop_on_signal(struct loop *l, int signum, loop_signal_fn fn, void *arg,
                   struct err *err);

#endif
