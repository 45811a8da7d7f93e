/*
 * request.h -- what is asked of the API server, as a value.
 *
 * Built here, printed by `plan`, compared by tests, sent by io/http. Nothing
 * in this header does I/O.
 */
#ifndef TIDELOCK_KUBE_REQUEST_H
#define TIDELOCK_KUBE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/value.h"
#include "kube/key.h"

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };
const char *http_method_name(enum http_method m);

/* Everything lives in the arena given to the builder. A builder that fails
 * leaves *ret as it was; -ERR_INVALID is a request that the API server would
 * refuse for how it is made. The same options give the same bytes. */
struct request {
    enum http_method method;
    const char *path; /* "/apis/apps/v1/.../x?fieldManager=y", escaped */
    const char *content_type; /* NULL without body */
    const char *accept;
    const char *body; /* NULL without body */
    size_t body_len;
    bool watch; /* a stream that lives long */
    /* For a process behind the API server's proxy, which keeps the header
     * Authorization to itself: goes in one of its own. NULL: none. */
    const char *pass_token;
};
#define REQUEST_PASS_HEADER "X-Tidelock-Authorization"

/* ---- paths ---- */
/* "/apis/apps/v1/namespaces/default/deployments[/name[/subresource]]"; ns ""
 * is all namespaces; name NULL is the collection. Checks segments (HT-14). */
int request_path(const struct resource *r, const char *ns, const char *name,
                 const char *subresource, struct str *out, struct err *err);
/* Append "?k=v" or "&k=v", percent-encoded. 0 or the failure of the string. */
int request_query(struct str *path, const char *key, const char *value);

/* The one object that a request is about. */
struct target {
    const struct resource *resource;
    struct object_key key;
};

/* ---- reads ---- */
int request_get(struct arena *a, const struct target *t, struct request *ret,
                struct err *err);

struct list_options {
    const char *ns;             /* "" or NULL = all */
    const char *label_selector; /* NULL = none */
    const char *field_selector;
    unsigned limit;               /* 0 = none */
    const char *continue_token;   /* NULL = first page */
    const char *resource_version; /* NULL = unset */
    const char *rv_match;         /* lists: NULL, "NotOlderThan", "Exact" */
    unsigned timeout_seconds;     /* watches */
    bool send_initial_events;     /* watches; sets the match too (WL-1) */
    bool metadata_only;           /* HT-5 */
};
/* With a continue token, version and match are left out (LW-2). */
int request_list(struct arena *a, const struct resource *r,
                 const struct list_options *o, struct request *ret,
                 struct err *err);
/* Always asks for bookmarks. */
int request_watch(struct arena *a, const struct resource *r,
                  const struct list_options *o, struct request *ret,
                  struct err *err);

/* ---- writes ---- */
struct write_options {
    const char *field_manager;
    bool force;                   /* apply only */
    bool dry_run;                 /* dryRun=All */
    const char *field_validation; /* NULL or "Strict", "Warn", "Ignore" */
    const char *subresource;      /* NULL or "status", "scale", ... */
};
/* Server-side apply: `body` must carry apiVersion, kind and metadata.name as
 * they are in the path, and no managedFields (SA-1, SA-2). */
int request_apply(struct arena *a, const struct target *t,
                  const struct value *body, const struct write_options *o,
                  struct request *ret, struct err *err);
enum patch_type { PATCH_MERGE, PATCH_JSON, PATCH_APPLY, PATCH_STRATEGIC };
struct patch {
    enum patch_type type;
    const struct value *body;
};
int request_patch(struct arena *a, const struct target *t,
                  const struct patch *p, const struct write_options *o,
                  struct request *ret, struct err *err);
/* POST to the collection (Events, Evictions with subresource and name). */
int request_create(struct arena *a, const struct target *t,
                   const struct value *body, const struct write_options *o,
                   struct request *ret, struct err *err);
/* Always with preconditions (G5); `propagation` "Background", "Foreground",
 * "Orphan". */
struct delete_options {
    const char *uid;              /* never NULL */
    const char *resource_version; /* never NULL */
    const char *propagation;
    bool dry_run;
};
int request_delete(struct arena *a, const struct target *t,
                   const struct delete_options *o, struct request *ret,
                   struct err *err);

#endif
