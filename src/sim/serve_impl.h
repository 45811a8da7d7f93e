/*
 * serve_impl.h -- one request on its way through the server.
 *
 * Every step takes the `struct ask` and returns 0, or -1 with ask->f filled:
 * the answer is then that failure. serve.c says in which order the steps come.
 */
#ifndef TIDELOCK_SIM_SERVE_IMPL_H
#define TIDELOCK_SIM_SERVE_IMPL_H

#include "base/clock.h"
#include "kube/selector.h"
#include "sim/failure.h"
#include "sim/history.h"
#include "sim/inside.h"
#include "sim/kinds.h"
#include "sim/rules.h"
#include "sim/sim.h"

struct sim {
    struct sim_options o;
    struct kinds *kinds;
    struct history *history;
    struct controllers *controllers; /* NULL before sim_start() */
    struct rng rng;
};

/* ---- what is asked ---- */
enum verb {
    VERB_GET,
    VERB_LIST,
    VERB_WATCH,
    VERB_CREATE,
    VERB_UPDATE,
    VERB_PATCH,
    VERB_DELETE,
    VERB_DELETE_COLLECTION,
};

struct place {
    const char *group, *version, *plural; /* group "": core */
    struct object_key key;                /* name NULL: the collection */
    const char *subresource;              /* "" for the object itself */
    bool watch;                           /* /api/v1/watch/... */
};

enum answer_form { FORM_OBJECT, FORM_METADATA, FORM_TABLE };

struct query {
    const char *manager, *validation; /* "" where not given */
    bool dry_run, pretty, yaml;
    int force; /* -1: not said, as in the others */
    /* list and watch */
    int64_t limit, timeout;
    const char *token, *rv, *rv_match; /* "" where not given */
    bool watch, bookmarks;
    int initial;
    const struct selector *labels, *fields;
    bool selects; /* one of them is there */
    bool one;     /* by its name */
    const char *include_object;
    /* delete */
    const char *propagation, *uid_is, *rv_is;
    int orphan;
    bool has_grace;
    int64_t grace;
};

enum body_type {
    BODY_JSON,
    BODY_YAML,
    BODY_PROTOBUF,
    BODY_JSON_PATCH,
    BODY_MERGE_PATCH,
    BODY_STRATEGIC_PATCH,
    BODY_APPLY,
};

/* The API server compares the bytes that it would store with those that it has
 * stored. They are not always the same for the same object: then the next
 * write gets a revision although it changes nothing. */
enum stored {
    STORED_UNREAD = 1,  /* enum unread: not as it is read, ever new */
    STORED_BY_TEXT = 2, /* managedFields with their keys in the order of text */
};

struct ask {
    struct sim *s;
    struct arena *a;
    const struct sim_request *q;
    struct sim_response *ret;
    struct failure f;
    struct place at;
    enum verb verb;
    const struct kind *kind;
    struct query o;
    enum answer_form form;
    struct value *warnings; /* array of texts */
    struct rules_world world;
    /* the body: as a tree, and what strict decoding would say of it */
    enum body_type body_type;
    struct value *body;   /* NULL: none */
    bool empty_kept;      /* there are lists that storing makes null */
    bool by_status;       /* what is made is made at its /status */
    bool gone;            /* erased by this change, answered as it is */
    struct value *strict; /* array of texts */
    /* the answer, when it is not text already (ret->body) */
    struct value *answer;
    const char *token; /* of a list that is refused because it is too old */
    /* a write: how the API server stores it, and whether this request made
     * managedFields anew */
    unsigned note; /* enum stored */
    bool rewritten;
    struct rules_trail trail;
};

/* ---- steps (serve_{path,query,accept,body}.c) ---- */
/* False: no resource's path. */
bool path_parse(struct ask *k, struct place *ret);
int query_parse(struct ask *k);
int query_selectors(struct ask *k, const char *labels, const char *fields);
/* The value of a parameter, NULL when it is not there. */
const char *query_get(struct ask *k, const char *name);
int delete_options_check(struct ask *k);
int accept_parse(struct ask *k);
/* Which type the Content-Type is: 415 for one that the verb does not take. */
int body_choose(struct ask *k);
int body_read(struct ask *k);
/* What strict decoding found, by fieldValidation; `what` is NULL: said by
 * patches. */
int body_judge(struct ask *k, const char *what);

/* ---- verbs ---- */
int serve_get(struct ask *k);
int serve_list(struct ask *k);
int serve_watch(struct ask *k);
int serve_create(struct ask *k);
int serve_update(struct ask *k);
int serve_patch(struct ask *k);
int serve_delete(struct ask *k);
int serve_delete_collection(struct ask *k);
/* Subresources other than status; -1 with 404 where there is none. */
int serve_subresource(struct ask *k);
int serve_scale(struct ask *k);
int serve_eviction(struct ask *k);
/* Reviews of access and of tokens: created, answered, not stored. */
bool review_is(const struct kind *kind);
int serve_review(struct ask *k);
int serve_binding(struct ask *k);

#endif
