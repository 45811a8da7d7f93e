/*
 * schema_table.h -- lines of text with a key each, sorted, searched in place.
 *                   Private to schema*.c; the format is in schema_gen.py.
 */
#ifndef TIDELOCK_SRC_KUBE_SCHEMA_TABLE_H
#define TIDELOCK_SRC_KUBE_SCHEMA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kube/schema.h"

struct schema_table {
    const char *data; /* every line ends with '\n' */
    size_t len;
    struct schema_table *older; /* of the same set */
};

struct schema_set {
    struct schema_table *newest;
};

/* "apps/v1 Deployment", "core.v1.Pod:spec": two texts and what is between
 * them. sep 0: the first text alone. */
struct table_key {
    struct schema_text first;
    char sep;
    struct schema_text second;
};

const struct schema_table *schema_builtin(void);

/* What follows the key and its TAB, NULL when there is no such line. */
const char *table_find(const struct schema_table *t,
                       const struct table_key *key);
/* The same, and remembers lines of the built-in table. */
const char *table_recall(const struct schema_table *t,
                         const struct table_key *key);
/* The line after `line` (or the first one, for NULL) whose key begins with
 * this one; NULL behind the last. A returned pointer is the line's begin. */
const char *table_next(const struct schema_table *t,
                       const struct table_key *prefix, const char *line);
/* The value of an attribute ("list=" gives "map:name", "required" gives "");
 * `at` is anywhere before the attributes in its line. */
bool table_attribute(const char *at, const char *name,
                     struct schema_text *ret_value);
/* The bytes up to the next TAB or the end of the line. */
struct schema_text table_word(const char *at);

/* In schema.c. What follows the definition's key; NULL: there is none. */
const char *schema_definition_line(struct schema_node object);
/* In schema.c. A listed value, or values are not listed. */
bool schema_allows(struct schema_node n, const char *text, size_t len);
/* JSON, empty when there is none. */
struct schema_text schema_default_text(struct schema_node field);

static inline struct schema_text schema_text(const char *text, size_t len)
{
    return (struct schema_text){text, len};
}

#endif
