/*
 * doctor_impl.h -- what the files of `doctor` share; private to app.
 */
#ifndef TIDELOCK_APP_DOCTOR_PRIVATE_H
#define TIDELOCK_APP_DOCTOR_PRIVATE_H

#include "app/doctor.h"
#include "rbac_impl.h"
#include "runtime_impl.h"

enum doctor_state { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_row {
    const char *group; /* "machine", "cluster", ... ; literals */
    const char *name;  /* what was looked at; literals */
    enum doctor_state state;
    const char *text;
    const char *hint; /* how to put it right, or NULL */
};

/* One CustomResourceDefinition, and the kind it defines. */
struct doctor_definition {
    const struct value *object;
    struct resource resource; /* of the version that is stored */
    bool established;
};

struct doctor {
    const struct doctor_options *options;
    struct runtime rt; /* loop, cluster and operators, without work */
    const char *group; /* of the rows that are added now */
    struct doctor_row *rows;
    size_t count, cap;
    bool failed; /* out of memory: a row is missing */
    size_t step; /* index into the questions to the cluster */
    bool cut;    /* the cluster does not answer: no more questions */
    struct cluster_call *call;
    struct rbac_rights rights;
    struct rbac_check *check;
    struct doctor_definition *definitions;
    size_t definition_count;
    size_t next;               /* definition whose objects are asked for */
    size_t waiting;            /* objects that wait for a finalizer */
    const struct value *lease; /* its annotations, or NULL */
};

/* ---- doctor.c ---- */
/* A row, valid until the next one; texts that come from a cluster are made
 * visible when they are printed. NULL on out of memory, which `failed` keeps.
 */
struct doctor_row *doctor_add(struct doctor *d, const char *name,
                              enum doctor_state state, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* How to put it right; `row` may be NULL. */
void doctor_hint(struct doctor *d, struct doctor_row *row, const char *hint);
/* The row of something that failed with an error. */
void doctor_add_err(struct doctor *d, const char *name, enum doctor_state state,
                    const struct err *err);
/* The question under way is answered: on to the next one. */
void doctor_next(struct doctor *d);

/* ---- doctor_machine.c ---- */
void doctor_machine(struct doctor *d);
/* Connection and credentials, as far as the configuration tells. */
void doctor_configuration(struct doctor *d);

/* ---- questions: true when an answer will come and call doctor_next() ---- */
/* doctor_cluster.c */
bool doctor_ask_version(struct doctor *d);
bool doctor_ask_who(struct doctor *d);
bool doctor_ask_kinds(struct doctor *d); /* discovery, then declared kinds */
bool doctor_ask_rights(struct doctor *d);
/* doctor_objects.c */
bool doctor_ask_definitions(struct doctor *d);
bool doctor_ask_lease(struct doctor *d);
bool doctor_ask_waiting(struct doctor *d);
/* Sends a GET; `fn` gets the doctor. */
bool doctor_get(struct doctor *d, const char *path, const char *accept,
                cluster_answer_fn fn);

#endif
