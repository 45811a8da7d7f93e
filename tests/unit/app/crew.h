/*
 * crew.h -- a script, a view, and an executor to run it: in this process or in
 *           workers.
 *
 *     struct crew c;
 *
 *     crew_open(&c, 2, 0);                   // two workers; 0: in this process
 *     crew_load(&c, "plan:requeue(5)");      // the body of a reconcile
 *     crew_run(&c);                          // c.plan or c.err
 *     crew_close(&c);
 *
 * The frame's operator owns ConfigMaps and Secrets, reads ConfigMaps by the
 * name in root.spec.configRef, Pods of all namespaces with a map function,
 * and Secrets.
 */
#ifndef TIDELOCK_TESTS_UNIT_APP_CREW_H
#define TIDELOCK_TESTS_UNIT_APP_CREW_H

#include "app/workers.h"
#include "base/str.h"

enum crew_kind {
    CREW_MAP,
    CREW_SECRET,
    CREW_READ_MAP,
    CREW_POD,
    CREW_READ_SECRET,
    CREW_KINDS
};

struct crew {
    struct loop *loop;
    struct executor *executor;
    struct program *program;
    struct script_limits limits; /* set before crew_load() */
    struct view view;
    struct view_kind kinds[CREW_KINDS];
    struct snapshot **items[CREW_KINDS];
    struct arena objects, results;
    struct plan plan;
    struct task task;
    struct err err;
};

void crew_open(struct crew *c, unsigned workers, size_t cache_bytes);
void crew_open_pool(struct crew *c, const struct workers_options *options);
void crew_close(struct crew *c);
/* false: c->err. A former program is dropped. */
bool crew_load(struct crew *c, const char *body);
bool crew_load_text(struct crew *c, const char *operator_lua);
/* JSON with single quotes; sorted by the caller. */
void crew_item(struct crew *c, enum crew_kind kind, const char *json);
void crew_pods(struct crew *c, unsigned count); /* of 1 KB, "pod-0000" on */
/* Runs reconcile; false: c->err. The former plan is dropped. */
bool crew_run(struct crew *c);
bool crew_call(struct crew *c, enum task_call call,
               const struct snapshot *object, size_t read);
/* The plan as bytes, the record of reads after it. */
void crew_print(struct crew *c, struct str *out);

#endif
