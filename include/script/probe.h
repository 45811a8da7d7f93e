/*
 * probe.h -- what a worker can be made to try, to see that it is refused.
 *
 * It is the main process that asks, and a worker has nothing to lose to it, so
 * this is part of every build.
 */
#ifndef TIDELOCK_SCRIPT_PROBE_H
#define TIDELOCK_SCRIPT_PROBE_H

#include <stdint.h>

enum frame_trial {
    FRAME_TRY_OPEN,
    FRAME_TRY_SOCKET,
    FRAME_TRY_EXECVE,
    FRAME_TRY_PTRACE,
    FRAME_TRY_FORK,
    FRAME_TRY_PROC,
    FRAME_TRY_KILL,
    FRAME_TRY_MAP_CODE, /* memory that is executable */
    FRAME_TRY_MEMORY,   /* until it is refused */
    FRAME_TRY_SPIN,     /* for ever */
    FRAME_TRY_SILENCE,  /* wait for ever */
    FRAME_TRY_NOISE,    /* bytes that are no frame */
    FRAME_TRY_CRASH,
};

struct frame_probe {
    enum frame_trial trial;
};

/* When it lived to tell. */
struct frame_probed {
    uint32_t error; /* errno; 0: it succeeded */
    uint64_t bytes; /* TRY_MEMORY */
};

#endif
