/*
 * serve_write.h -- what create, update and patch share.
 */
#ifndef TIDELOCK_SIM_SERVE_WRITE_H
#define TIDELOCK_SIM_SERVE_WRITE_H

#include "serve_impl.h"
#include "sim/managed.h"

struct managed_call managed_call(struct ask *k);
/* Unknown fields, for strict decoding: into k->strict. */
int note_unknown(struct ask *k, const struct value *unknown);
/* May something be created in this namespace? */
int namespace_admit(struct ask *k);
/* May this namespace be deleted? */
int namespace_admit_delete(struct ask *k, const char *name);
/* The rest of DELETE, the options being read. */
int delete_object(struct ask *k, const struct value *old);
int dedup_owners(struct ask *k, struct value *object);
/* The answer: an object with a status code. */
int answer_object(struct ask *k, int code, struct value *object);
/* "Success", about what was deleted. */
int answer_deleted(struct ask *k, const struct value *object);
/* As the client wants it: the object itself, its metadata, a table. */
int answer_form(struct ask *k, struct value *object, struct value **ret);
/* Turns k->answer into bytes. */
int answer_print(struct ask *k);

#endif
