/*
 * document.h -- who writes which document. Private to document.c, discovery.c,
 *               subresource.c and openapi*.c.
 */
#ifndef TIDELOCK_SRC_SIM_DOCUMENT_H
#define TIDELOCK_SRC_SIM_DOCUMENT_H

#include "base/str.h"
#include "kinds_impl.h"

/* Appends JSON to a str, whose failure is seen at the end. */
struct writer {
    const struct kinds *k;
    struct arena *a;
    struct str *out;
    bool swagger; /* OpenAPI v2: other places of references */
};
void write_text(struct writer *w, const char *text); /* quoted */
/* "key":"text" */
void write_pair(struct writer *w, const char *key, const char *text);
/* "key":["a","b"]; nothing for none. With a comma before it. */
void write_words(struct writer *w, const char *key, const char *const *words);

/* ---- discovery.c; -1: out of memory; *ret_found false: no such group ---- */
int discovery_roots(struct writer *w, bool core, bool aggregated);
int discovery_group(struct writer *w, const char *group, bool *ret_found);
void discovery_resources(struct writer *w, const char *api_version,
                         bool *ret_found);

/* ---- openapi.c ---- */
int openapi_version2(struct writer *w);
int openapi_version3(struct writer *w, const char *api_version,
                     bool *ret_found);

/* ---- openapi_paths.c ---- */
/* "#/components/schemas/io.k8s.api.apps.v1.Deployment", quoted, and behind
 * "$ref": a table's name, or the name of a kind of a CRD. */
void write_reference(struct writer *w, struct schema_text name);
void write_kind_reference(struct writer *w, const struct kind *k,
                          const char *kind);
void write_definition_name(struct writer *w, struct schema_text name);
void write_kind_name(struct writer *w, const struct kind *k, const char *kind);
void write_gvk(struct writer *w, const struct resource *r, const char *kind);
void openapi_paths(struct writer *w, const char *api_version);

/* ---- openapi_crd.c ---- */
/* "NAME":SCHEMA of the kind and of its list; -1: out of memory. */
int openapi_crd(struct writer *w, const struct kind *k);

/* ---- subresource.c: those that are served ---- */
struct subresource {
    const char *name;                   /* "status" */
    const char *group, *version, *kind; /* of its body; group NULL: the
                                           resource's own */
    const char *const *verbs;
};
/* In the order of discovery; begin with 0. */
bool subresource_next(const struct kind *k, size_t *it,
                      struct subresource *ret);

#endif
