/*
 * restmap.h -- discovery: which kinds the server has, and under what URL.
 *
 * Fed with the answers of /api and /apis, aggregated (DI-1) or legacy (DI-3).
 * Pure: says what to ask next, keeps what was answered. A group whose version
 * is `freshness: Stale` keeps its former knowledge (DI-2).
 */
#ifndef TIDELOCK_KUBE_RESTMAP_H
#define TIDELOCK_KUBE_RESTMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/value.h"
#include "kube/key.h"

#define RESTMAP_ACCEPT                                                         \
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"    \
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;"                        \
    "as=APIGroupDiscoveryList,application/json"

struct restmap;
struct restmap *restmap_new(void);
void restmap_free(struct restmap *m); /* NULL is fine */

/* Begin a refresh, or begin it again; until restmap_end() lookups still see the
 * old state. restmap_next_path() says what to GET next: "/api", "/apis" and,
 * when the server answered in the legacy form, each "/apis/G/V"; NULL when
 * done. */
int restmap_begin(struct restmap *m, struct err *err);
const char *restmap_next_path(const struct restmap *m); /* borrowed */
/* The answer to that path. A failed one is passed as body NULL: that group
 * keeps its former resources and the refresh goes on (DI-3); so does a group
 * whose answer cannot be read. A root that cannot be read is -ERR_PROTOCOL;
 * after any failure the same path may be fed again. */
int restmap_feed(struct restmap *m, const char *body, size_t len,
                 struct err *err);
/* Publish; what was not asked yet counts as failed. Resources found before and
 * gone now are absent from lookups; the `struct resource` memory of earlier
 * refreshes stays valid until free. */
int restmap_end(struct restmap *m, struct err *err);

/* NULL when the server does not have it (now). */
const struct resource *restmap_find(const struct restmap *m,
                                    const char *api_version, const char *kind);
/* Does any version of this group and kind exist? Its preferred one. */
const struct resource *restmap_find_group_kind(const struct restmap *m,
                                               const char *group,
                                               const char *kind);
/* By "deployments", "deploy", "Deployment", "deployments.apps": for the
 * command line. */
const struct resource *restmap_find_word(const struct restmap *m,
                                         const char *word);
size_t restmap_count(const struct restmap *m);
/* The i-th of them, in the order of discovery. */
const struct resource *restmap_at(const struct restmap *m, size_t i);

/* Built-in kinds without a server (`plan --offline`): the table in the schema
 * data plus those added from CRDs. Seen by lookups at once, replacing the same
 * group, kind and version; a CRD brings its served versions and replaces all.
 * Texts are copied. Not during a refresh. */
int restmap_add(struct restmap *m, const struct resource *r, struct err *err);
int restmap_add_crd(struct restmap *m, const struct value *crd,
                    struct err *err);

#endif
