/*
 * yaml.h -- YAML (and JSON) documents to value trees, with file, line and
 *           column in every error.
 *
 * Scalars resolve as kubectl does, which reads YAML 1.1: yes, no, on, off, y
 * and n are booleans unless quoted; 017 and 0o17 are octal, 0x1f hexadecimal,
 * 1_000 is 1000; ~ and nothing are null; dates stay texts; numbers beyond 64
 * bits become doubles. Keys are turned into texts (8080: becomes "8080").
 */
#ifndef TIDELOCK_KUBE_YAML_H
#define TIDELOCK_KUBE_YAML_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

#define YAML_MAX_TEXT ((size_t)16 << 20)
/* Scalars, lists and maps of one text, those behind aliases counted each
 * time: a few lines of aliases cannot become gigabytes. */
#define YAML_MAX_NODES ((size_t)1000000)

struct yaml_docs {
    struct value **items; /* in the arena; empty documents are left out */
    unsigned *lines;      /* first line of each, from 1 */
    size_t count;
};

/* `name` is the file for messages: "site.yaml:3:7: found a tab ...". Anchors,
 * aliases and merge keys are resolved; duplicate keys are errors. Errors are
 * -ERR_INVALID, -ERR_LIMIT for the limits above, -ERR_NOMEM. */
int yaml_parse(struct arena *a, const char *name, const char *text, size_t len,
               struct yaml_docs *ret, struct err *err);
/* As the API server reads what it is sent: of a key that appears twice the last
 * counts, and `repeated`, an array, gets "line 7: key "k" already set in map".
 */
int yaml_parse_body(struct arena *a, const char *text, size_t len,
                    struct value *repeated, struct yaml_docs *ret,
                    struct err *err);
/* The same for Kubernetes objects: each must have an apiVersion and a kind, and
 * a list (kind: List or any ...List) is replaced by its items. */
int yaml_parse_objects(struct arena *a, const char *name, const char *text,
                       size_t len, struct yaml_docs *ret, struct err *err);

#endif
