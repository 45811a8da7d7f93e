/*
 * restmap_impl.h -- what restmap.c, restmap_parse.c and restmap_crd.c share.
 */
#ifndef TIDELOCK_SRC_KUBE_RESTMAP_IMPL_H
#define TIDELOCK_SRC_KUBE_RESTMAP_IMPL_H

#include "base/arena.h"
#include "kube/restmap.h"

/* Never changed and never freed before the restmap: others hold pointers. */
struct entry {
    struct resource resource; /* first: what callers see */
    const char **short_names; /* NULL at the end */
};

/* Entries in order of preference: groups as the server lists them, within a
 * group its preferred version first. */
struct table {
    const struct entry **items;
    size_t count;
    size_t cap;
};

struct restmap {
    struct arena arena;          /* entries and their texts */
    struct table live;           /* what lookups see */
    const struct entry **sorted; /* the same by apiVersion and kind */

    /* a refresh under way */
    struct table next;
    struct arena scratch; /* texts of paths */
    const char **paths;   /* to be asked for, in order */
    size_t path_count;
    size_t path_cap;
    size_t path_pos;
};

/* A resource as it is read from a document; texts are borrowed from it. */
struct draft {
    struct resource resource;
    const struct value *short_names; /* array of texts or NULL */
};

/* ---- restmap.c ---- */
/* Append to `t`: the live entry when it is the same, else a new one. */
int table_take(struct restmap *m, struct table *t, const struct draft *d,
               struct err *err);
/* Append an entry. */
int table_add_entry(struct table *t, const struct entry *e, struct err *err);
/* Append the live entries of one apiVersion. */
int table_keep_version(struct restmap *m, struct table *t,
                       const char *api_version, struct err *err);
/* Make `t` what lookups see. Takes its memory on success. */
int table_publish(struct restmap *m, struct table *t, struct err *err);
void table_release(struct table *t);
/* One more path to be asked for. `path` is borrowed from m->scratch. */
int restmap_ask(struct restmap *m, const char *path, struct err *err);
/* "/apis/apps/v1" -> "apps/v1", "/api/v1" -> "v1" */
const char *restmap_path_version(const char *path);

/* ---- restmap_parse.c ---- */
/* The answer to "/api" or "/apis", of either form, or to a group's path: fills
 * m->next and m->paths. -ERR_PROTOCOL when it is something else. */
int restmap_parse_root(struct restmap *m, struct arena *a,
                       const struct value *doc, struct err *err);
int restmap_parse_group(struct restmap *m, struct arena *a,
                        const struct value *doc, struct err *err);
/* Every verb of `verbs`, an array of texts. */
void resource_set_verbs(struct resource *r, const struct value *verbs);

#endif
