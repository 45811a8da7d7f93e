/*
 * map.h -- hash map from a byte string to a pointer, iterated in insertion
 *          order until something is removed; keys are copied.
 *
 * The hash is seeded per process (names come from other people); no result of
 * the program depends on its order: whoever prints sorts.
 */
#ifndef TIDELOCK_BASE_MAP_H
#define TIDELOCK_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_new(void);    /* NULL on out of memory */
void map_free(struct map *m); /* NULL is fine; values are the caller's */

/* Replaces; *ret_old (may be NULL) gets the former value or NULL.
 * `value` must not be NULL. Returns 0 or -ERR_NOMEM (map unchanged). */
int map_put(struct map *m, const char *key, size_t len, void *value,
            void **ret_old);
void *map_get(const struct map *m, const char *key, size_t len); /* or NULL */
void *map_remove(struct map *m, const char *key, size_t len); /* old or NULL */
size_t map_count(const struct map *m);

/* for (size_t it = 0; map_next(m, &it, &key, &len, &value);)
 * The entry just returned may be removed while iterating; nothing may be
 * added. */
bool map_next(const struct map *m, size_t *it, const char **ret_key,
              size_t *ret_len, void **ret_value);

#endif
