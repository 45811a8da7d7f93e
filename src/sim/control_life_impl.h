/*
 * control_life_impl.h -- one step of one pod, shared by its two halves: what
 *                        containers do, and what the pod is then.
 */
#ifndef TIDELOCK_SIM_CONTROL_LIFE_IMPL_H
#define TIDELOCK_SIM_CONTROL_LIFE_IMPL_H

#include "control_life.h"

enum wish {
    WISH_NONE,
    WISH_CRASH,
    WISH_HANG,
    WISH_FAIL,
    WISH_EXIT,
    WISH_IMAGE
};

/* One step of one pod. */
struct step {
    struct draft *d;
    const struct life_place *place;
    const struct value *pod;
    struct run *run;
    struct life *out;
    enum wish wish;
    int64_t exit_code;
    uint64_t ready_ms;
    uint64_t run_ms; /* UINT64_MAX: for ever */
    bool restarts, restarts_failed;
};

/* One container. */
struct box {
    const struct value *spec;
    struct value *status;
    size_t index; /* of since_ms */
    bool init, sidecar;
};

void life_read_wish(struct step *s);
void life_say(struct step *s, bool warning, const char *reason,
              const char *message);
void life_look_again(struct step *s, uint64_t at);

/* ---- containers (control_box.c) ---- */
struct box life_box(struct step *s, bool init, size_t i);
size_t life_count(const struct step *s, bool init);
const char *box_name(const struct box *b);
/* The details of the state, NULL when it is in another. */
struct value *box_state(const struct box *b, const char *state);
bool box_comes_back(const struct step *s, const struct box *b);
void box_end(struct step *s, struct box *b, int64_t code);
/* In order, until one is not done. True: all are. */
bool life_run_init(struct step *s);
void life_run_main(struct step *s, bool started);

#endif
