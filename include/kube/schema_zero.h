/*
 * schema_zero.h -- what the API server prints of built-in kinds without having
 *                  been given it, and what it sets by itself. Of what was added
 *                  to a set nothing is known.
 */
#ifndef TIDELOCK_KUBE_SCHEMA_ZERO_H
#define TIDELOCK_KUBE_SCHEMA_ZERO_H

#include "kube/schema.h"

/* What becomes of "", 0, false, {} and [] in a field, */
enum schema_zero {
    SCHEMA_ZERO_DROPPED,
    SCHEMA_ZERO_KEPT,    /* when it was given */
    SCHEMA_ZERO_PRINTED, /* also when absent; arrays, maps, times as null */
    SCHEMA_ZERO_NULL,    /* absent is null, what was given is kept */
};
enum schema_zero schema_zero(struct schema_node field);
/* Those fields of an OBJECT that are PRINTED or NULL, those that the server
 * sets; begin with all zero bytes. */
bool schema_printed_next(struct schema_node object, struct schema_field *field);
bool schema_set_next(struct schema_node object, struct schema_field *field);
/* What the server sets when the field is absent; NULL: nothing. */
int schema_set_value(struct schema_node field, struct arena *a,
                     struct value **ret_value, struct err *err);
/* Does a strategic merge patch take the object as a whole? */
bool schema_patch_replaces(struct schema_node object);
bool schema_is_micro(struct schema_node time); /* six digits of a second */
/* "core.v1.PodSpec"; empty for what is no OBJECT. */
struct schema_text schema_definition(struct schema_node object);

#endif
