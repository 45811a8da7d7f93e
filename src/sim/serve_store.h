/*
 * serve_store.h -- stored texts, for those who answer with them, and what
 *                  follows when a CustomResourceDefinition is stored.
 */
#ifndef TIDELOCK_SIM_SERVE_STORE_H
#define TIDELOCK_SIM_SERVE_STORE_H

#include "serve_write.h"

/* What each stored text of the kind begins with; its length. */
int store_prefix(const struct kind *kind, char *out, size_t size);
/* Is the stored text what a client of this version reads? */
bool store_as_is(const struct kind *kind, const struct item *item);
int store_print(struct arena *a, const struct value *object, struct str *out);

bool definition_is(const struct kind *kind);
/* Before a definition is stored: status, names, finalizer. Other kinds: 0. */
int definition_prepare(struct ask *k, struct value *object);
/* It is stored: whatever follows cannot make its request fail any more. */
void definition_stored(struct ask *k, const struct value *object);
void definition_erased(struct ask *k, const char *name);
const struct kind *definition_kind(struct ask *k);
bool definition_is_established(const struct value *object);
struct definition_condition {
    const char *type, *status, *reason, *message;
};
/* Added or changed; its time is that of the last change of its status. */
int definition_set_condition(struct ask *k, struct value *object,
                             const struct definition_condition *c);
/* Sets acceptedNames and both conditions as they have to be now. 0, or -1: out
 * of memory. */
int names_judge(struct ask *k, struct value *object);
/* 405: nothing is created while the definition goes. */
int definition_admit(struct ask *k);
/* The first DELETE: marked, to go when its instances are gone. */
int definition_delete(struct ask *k, struct value *object);
/* All instances of a definition that is being deleted go. */
int definition_clean(struct ask *k, struct value *object);

#endif
