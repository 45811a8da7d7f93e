/*
 * control_graph.h -- every object of the cluster in a few words: who it is,
 *                    who owns it, its labels. What controllers look up by uid,
 *                    by owner or by label without reading objects.
 *
 * Events are left out: they own nothing and nobody looks for them.
 */
#ifndef TIDELOCK_SIM_CONTROL_GRAPH_H
#define TIDELOCK_SIM_CONTROL_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "kube/key.h"

struct owner {
    const char *uid, *api_version, *kind, *name;
    bool controller, blocks;
};

/* A member lives until the object's next change. */
struct member {
    struct member *next, *prev;           /* on its shelf, oldest first */
    struct member *next_free, *prev_free; /* of those without a controller */
    struct shelf *shelf;
    struct object_key key;
    const char *uid;
    const struct owner *owners;
    size_t owner_count;
    const struct value *labels;   /* an object of texts; NULL: none */
    const struct value *selector; /* spec.selector when it is one, too */
    bool deleting;
    bool foreground, orphaning; /* its finalizers for the collector */
    /* pods */
    const char *node; /* "" while it has none */
    bool ended;       /* Succeeded or Failed */
    int64_t cpu_milli, memory;
};

/* The members of one bucket in one namespace. */
struct shelf {
    struct shelf *next;
    struct member *first, *last;
    struct member *first_free, *last_free;
    const char *bucket, *ns;
};

struct graph;
struct graph *graph_new(void); /* NULL on out of memory */
void graph_free(struct graph *g);

/* Replaces. 0 or -ERR_NOMEM, and the former state is forgotten. */
int graph_put(struct graph *g, const char *bucket, const struct object_key *key,
              const struct value *object);
void graph_remove(struct graph *g, const char *bucket,
                  const struct object_key *key);

struct member *graph_find(const struct graph *g, const char *bucket,
                          const struct object_key *key);
struct member *graph_find_uid(const struct graph *g, const char *uid);
/* Members that name this uid as an owner; borrowed until the next change. */
struct member *const *graph_dependents(const struct graph *g, const char *uid,
                                       size_t *ret_count);
struct member *graph_first(const struct graph *g, const char *bucket,
                           const char *ns);
/* The first one without a controller. */
struct member *graph_first_free(const struct graph *g, const char *bucket,
                                const char *ns);
/* for (shelf = NULL; (shelf = graph_next_shelf(g, shelf));): all of them. */
struct shelf *graph_next_shelf(const struct graph *g, const struct shelf *s);
const struct owner *member_controller(const struct member *m); /* or NULL */
/* What pods that have not ended ask of a node. */
struct node_use {
    int64_t pods, cpu_milli, memory;
};
struct node_use graph_node_use(const struct graph *g, const char *node);

#endif
