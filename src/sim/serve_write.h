/*
 * serve_write.h -- what create, update and patch share.
 */
#ifndef TIDELOCK_SIM_SERVE_WRITE_H
#define TIDELOCK_SIM_SERVE_WRITE_H

#include "serve_impl.h"
#include "sim/managed.h"

/* ---- objects ---- */
const struct item *store_item(const struct ask *k,
                              const struct object_key *key);
/* As the asked kind has it; *ret is NULL when there is none. */
int store_read(struct ask *k, const struct object_key *key, struct value **ret);
/* Sets the resourceVersion in `object`. Dry runs store nothing. */
int store_write(struct ask *k, struct value *object);
/* Is `object`, which was `old`, stored already, byte for byte? */
bool store_has(struct ask *k, const struct value *object,
               const struct value *old);
int store_erase(struct ask *k, struct value *object);
int store_decode(struct ask *k, const struct item *item, struct value **ret);
int not_found(struct ask *k, const char *name);
int conflict(struct ask *k, const char *name, const char *why);

struct rules_call rules_call(struct ask *k);
/* Normal form and defaults. */
int object_decode(struct ask *k, struct value *object, struct value *unknown);
int object_validate(struct ask *k, struct value *object,
                    const struct value *old);
int object_create(struct ask *k, struct value *object);
/* `old` NULL: create by this name. */
int object_change(struct ask *k, struct value *object, const struct value *old);

/* ---- metadata (serve_meta.c) ---- */
struct value *meta_of(struct ask *k, struct value *object);
int meta_check_names(struct ask *k, struct value *object);
int meta_fill(struct ask *k, struct value *object);
uint64_t meta_revision(const struct value *object); /* 0: none, or not one */

/* `fresh`: the object may be one that nobody manages yet, so that it is
 * compared with an empty one. */
struct managed_call managed_call(struct ask *k, bool fresh);
/* The type of what a subresource takes: k->kind while its body is decoded. */
struct kind body_kind(const struct ask *k, const char *api_version,
                      const char *kind);
/* k->body as an object of the kind, as create and update take it. */
int decode_body(struct ask *k);
/* What a patch made has to be an object of the kind again: 422 else. */
int decode_patched(struct ask *k, struct value *object);
/* Unknown fields, for strict decoding: into k->strict. */
int note_unknown(struct ask *k, const struct value *unknown);
int warn_with(struct ask *k, const char *text);
/* Are the namespace's quotas large enough? What is let in is charged. */
int quota_admit(struct ask *k, struct value *object, const struct value *old);
/* May something be created in this namespace? */
int namespace_admit(struct ask *k);
/* May this namespace be deleted? */
int namespace_admit_delete(struct ask *k, const char *name);
/* The body, a JSON patch, on `live`. */
int patch_json(struct ask *k, const struct value *live, struct value **ret);
/* The rest of DELETE, the options being read. */
int delete_object(struct ask *k, const struct value *old);
int dedup_owners(struct ask *k, struct value *object);
/* The answer: an object with a status code. */
int answer_with(struct ask *k, int code, struct value *object);
/* "Success", about what was deleted. */
int answer_deleted(struct ask *k, const struct value *object);
/* As the client wants it: the object itself, its metadata, a table. */
int answer_form(struct ask *k, struct value *object, struct value **ret);
/* Turns k->answer into bytes. */
int answer_print(struct ask *k);

#endif
