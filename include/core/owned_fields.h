/*
 * owned_fields.h -- what we applied, as the server remembers it: reading a
 *                   manager's entry of .metadata.managedFields (FieldsV1).
 *
 * A node of that entry is an object whose keys say what lies below: "f:name" a
 * field, "k:{...}" an item of a list map with its keys, "v:..." an item of a
 * set, "." the item itself. {} is a leaf: the whole value is owned.
 */
#ifndef TIDELOCK_CORE_OWNED_FIELDS_H
#define TIDELOCK_CORE_OWNED_FIELDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/value.h"

/* The manager's Apply entry for the main resource (subresource "") or another
 * one; NULL when there is none. Among several versions that of `api_version`
 * is preferred. */
const struct value *owned_entry(const struct value *object, const char *manager,
                                const char *subresource,
                                const char *api_version);

/* The node below field `name`; NULL when it is not owned. */
const struct value *owned_field(const struct value *node, const char *name,
                                size_t len);
/* Owned as one value, without anything known below? */
bool owned_is_leaf(const struct value *node);
/* Does the node say that the list below it is a list map (k:), a set (v:)? */
bool owned_is_map(const struct value *node);
bool owned_is_set(const struct value *node);

/* Is what `object` says owned, all of it and nothing else? Names and kinds,
 * which nobody owns, aside. Looks neither at the live object nor at a schema,
 * so it is quick; false also where it cannot tell, and on out of memory. */
bool owned_exactly(struct arena *a, const struct value *entry,
                   const struct value *object);

/* Another manager than `ours` that owns the field at a path as diff_fields()
 * writes them, ".spec.ports[name=http].port"; of several the one that wrote
 * last. Borrowed from `object`; NULL when there is none. */
const char *owned_rival(struct arena *a, const struct value *object,
                        const char *ours, const char *path);

#endif
