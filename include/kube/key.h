/*
 * key.h -- names of things: kinds, resources, objects.
 *
 * A `struct gvk` names a kind as scripts and ownerReferences do, a
 * `struct resource` a kind as URLs do (found by discovery, never guessed:
 * DI-4), a `struct object_key` one object of a kind.
 */
#ifndef TIDELOCK_KUBE_KEY_H
#define TIDELOCK_KUBE_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* apiVersion as written in objects: "v1", "apps/v1". Both borrowed. */
struct gvk {
    const char *api_version;
    const char *kind;
};
bool gvk_equal(const struct gvk *a, const struct gvk *b);
/* "" for the core group; the text before the slash otherwise. `out` gets at
 * most size bytes with its NUL; false when it did not fit. */
bool gvk_group(const char *api_version, char *out, size_t size);
/* Same group and kind, any version: what ownerReferences compare (EH-1). */
bool gvk_same_group_kind(const struct gvk *a, const struct gvk *b);

/* The order of versions of a group, the preferred one first: v2, v1, v1beta2,
 * v1beta1, v1alpha1, then anything else by its text. Negative: `a` is first. */
int version_compare(const char *a, const char *b);

/* One served resource: what discovery says about a kind. All owned by the
 * restmap, which outlives its users. */
struct resource {
    const char *api_version; /* "apps/v1" */
    const char *group;       /* "apps", "" for core */
    const char *version;     /* "v1" */
    const char *kind;        /* "Deployment" */
    const char *plural;      /* "deployments" */
    const char *singular;
    bool namespaced;
    bool has_status; /* subresources served */
    bool has_scale;
    bool can_list, can_watch, can_create, can_patch, can_delete;
};

/* An object's name in one kind. `ns` is "" for cluster-scoped objects. */
struct object_key {
    const char *ns;
    const char *name;
};
bool object_key_equal(const struct object_key *a, const struct object_key *b);
int object_key_compare(const struct object_key *a, const struct object_key *b);
/* "default/blog", or "blog" when cluster-scoped. */
int object_key_print(const struct object_key *k, struct str *out);

/* ---- what names may look like ---- */
#define NAME_MAX_DNS1123_LABEL 63
#define NAME_MAX_DNS1123_SUBDOMAIN 253
bool name_is_dns_label(const char *name);
bool name_is_dns_subdomain(const char *name);
/* A path segment the API server would take: not "", ".", "..", no '/' '%'
 * (HT-14). */
bool name_is_path_segment(const char *name);
/* "v1", "apps/v1", "example.com/v1beta2"; "Deployment". */
bool api_version_is_valid(const char *text);
bool kind_is_valid(const char *text);

#endif
