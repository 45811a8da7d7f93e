/*
 * kinds.h -- which resources are served: the built-in ones and those of
 *            CustomResourceDefinitions; discovery and OpenAPI documents.
 */
#ifndef TIDELOCK_SIM_KINDS_H
#define TIDELOCK_SIM_KINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/value.h"
#include "kube/key.h"
#include "kube/schema.h"
#include "sim/failure.h"

struct crd; /* sim/crd.h: one definition, prepared */

/* One resource in one version. Lives as long as the registry, also when it is
 * no longer served, so pointers stay good. */
struct kind {
    struct resource r;
    const char *list_kind;          /* "DeploymentList" */
    const char *bucket;             /* "apps/deployments" */
    const char *const *short_names; /* NULL-terminated */
    const char *const *categories;  /* NULL-terminated */
    const char *const *verbs;       /* NULL-terminated */
    bool served;
    struct schema_node schema;
    const struct crd *crd; /* NULL: built in */
};

struct kinds;
struct kinds *kinds_new(void); /* NULL on out of memory */
void kinds_free(struct kinds *k);
const struct schema_set *kinds_schemas(const struct kinds *k);

/* NULL: not served. */
const struct kind *kinds_find(const struct kinds *k, const char *group,
                              const char *version, const char *plural);
const struct kind *kinds_find_kind(const struct kinds *k,
                                   const char *api_version, const char *kind);
/* The preferred version of what is stored in a bucket. */
const struct kind *kinds_find_bucket(const struct kinds *k, const char *bucket);
/* for (size_t it = 0; (kind = kinds_next(k, &it));): served ones, by group,
 * version, plural. */
const struct kind *kinds_next(const struct kinds *k, size_t *it);

/* Serve, change, serve no more: a definition that is Established. Counts
 * `kinds_version` up, which is the ETag of discovery. */
int kinds_put_crd(struct kinds *k, const struct value *crd, struct failure *f);
void kinds_remove_crd(struct kinds *k, const char *crd_name);

/* ---- documents ---- */
struct document_call {
    const char *path;   /* without query */
    const char *accept; /* NULL: anything */
};
struct document {
    const char *content_type;
    const char *etag; /* or NULL */
    const char *body; /* NULL: the path is none of ours */
    size_t len;
};
/* /api, /apis, /api/v1, /apis/G, /apis/G/V; aggregated where `accept` asks for
 * it (KEP-3352), legacy otherwise; /openapi/v3, /openapi/v3/apis/G/V,
 * /openapi/v2, /version. In `a`. 406 when nothing of `accept` can be had. */
int kinds_document(struct kinds *k, struct arena *a,
                   const struct document_call *c, struct document *ret,
                   struct failure *f);

#endif
