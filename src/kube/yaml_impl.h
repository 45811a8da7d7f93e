/*
 * yaml_impl.h -- between yaml.c, which talks to libyaml and places errors, and
 *                yaml_build.c, which makes trees of its events.
 */
#ifndef TIDELOCK_SRC_KUBE_YAML_IMPL_H
#define TIDELOCK_SRC_KUBE_YAML_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/map.h"
#include "kube/yaml.h"

/* Line numbers from 1, in the arena. */
struct yaml_lines {
    unsigned *at;
    size_t count, cap;
};

struct yaml_builder {
    yaml_parser_t parser;
    struct arena *arena;
    const char *name;
    const char *text;
    size_t len;
    struct map *anchors;     /* of the current document; NULL: none yet */
    size_t nodes;            /* so far, in all documents */
    bool at_items;           /* the next value is the root's "items" */
    struct yaml_lines items; /* where the root's items start */
    struct value *repeated;  /* where keys are twice; NULL: that is an error */
    size_t value_line;       /* where the value starts, from 1 */
    struct err *err;
};

/* ---- yaml.c ---- */
int yaml_next(struct yaml_builder *b, yaml_event_t *ret);
/* Puts "name:line:column: " in front of the message. Returns rc. */
int yaml_place(struct yaml_builder *b, const yaml_mark_t *mark, int rc);
int yaml_lines_add(struct arena *a, struct yaml_lines *l, size_t line);

/* ---- yaml_build.c ---- */
/* The node that `e`, which is consumed, starts. */
int yaml_build(struct yaml_builder *b, yaml_event_t *e, struct value **ret);
/* A new document: its anchors and items are its own. */
void yaml_build_reset(struct yaml_builder *b);

#endif
