/*
 * control_impl.h -- the frame of the controllers, as they see it.
 *
 * A controller is a row of a table: which kind its keys name, and a function
 * that brings one object nearer to what it should be. It reads objects,
 * decides (in functions that know no server), and sends calls. What the server
 * refuses is tried again with growing delay, from a fresh look.
 */
#ifndef TIDELOCK_SIM_CONTROL_IMPL_H
#define TIDELOCK_SIM_CONTROL_IMPL_H

#include "control_draft.h"
#include "control_frame.h"
#include "kube/selector.h"

/* ---- one step ---- */
struct work {
    struct controllers *c;
    const struct controller *self;
    enum controller_id id;
    const struct object_key *key;
    struct draft d;       /* d.failed: out of memory, the step comes again */
    bool again;           /* something was refused: the step comes again */
    uint64_t after_ms;    /* look again then at the latest */
    struct value *answer; /* of the last call: the object or the Status */
};
struct work work_begin(struct controllers *c, enum controller_id id,
                       const struct object_key *key);
void work_after(struct work *w, uint64_t ms); /* the earliest wins */
/* NULL when there is none. */
struct value *work_get(struct work *w, enum known kind, const char *ns,
                       const char *name);
/* Of the dependents that `uid` controls and that lie in its namespace. */
struct value *work_owned(struct work *w, enum known kind, const char *ns,
                         const char *uid);
/* The same, and orphans that match are adopted, those that do not are let go
 * (ControllerRefManager). */
struct value *work_claim(struct work *w, enum known kind,
                         const struct value *owner);
/* HTTP status. Refusals other than of what is gone set `again`. */
int work_create(struct work *w, enum known kind, struct value *object);
int work_update(struct work *w, enum known kind, struct value *object);
/* Writes `status` unless the object has it so already. */
int work_status(struct work *w, enum known kind, const struct value *object,
                struct value *status);
int work_delete(struct work *w, const struct kind *kind,
                const struct value *object, const char *propagation);
int work_call(struct work *w, struct sim_call *call);
/* Why the last call was refused, or that memory ran out, as an error. */
int work_refusal(const struct work *w, const char *what, struct err *err);
void work_event(struct work *w, const struct value *object, bool warning,
                const char *reason, const char *message);
/* With "controller" and "blockOwnerDeletion". */
struct value *work_owner(struct work *w, enum known kind,
                         const struct value *owner);
/* A pod of the template: metadata, owner, spec; to be changed and created. */
struct value *work_pod(struct work *w, enum known kind,
                       const struct value *owner, const struct value *template);
/* Of spec.selector; NULL: none that can be read. */
struct selector *work_selector(struct work *w, const struct value *selector);
const struct kind *work_kind(const struct work *w, enum known kind);

#endif
