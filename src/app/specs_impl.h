/*
 * specs_impl.h -- what the files of `tidelock test` share; private to app.
 */
#ifndef TIDELOCK_APP_SPECS_PRIVATE_H
#define TIDELOCK_APP_SPECS_PRIVATE_H

#include "app/bundle.h"
#include "app/cluster.h"
#include "app/controller.h"
#include "app/manifests.h"
#include "app/specs.h"
#include "base/clock.h"
#include "io/loop.h"
#include "kube/request.h"
#include "sim/crd.h"
#include "sim/sim.h"

#define SPECS_MAX_OPERATORS 64

/* An operator that specs ask for, with the kinds it knows without a cluster. */
struct specs_unit {
    const char *path;   /* absolute */
    const char *folder; /* of the path, or the path */
    struct bundle bundle;
    struct restmap *restmap;
    struct schema_set *schemas;
    struct manifests definitions; /* its crd.yaml, and those in spec/crds */
    struct crd **crds;            /* one for each of them, or NULL */
};

/* A cluster with one operator at work on it (specs_world.c). */
struct sim_feed;
struct specs_world {
    struct source source; /* first: a world is its own source */
    struct specs_world *next;
    size_t id;
    struct specs *specs;
    struct specs_unit *unit;
    struct arena arena; /* as long as the world */
    struct value *params;
    struct clock_fake clock;
    struct sim *sim;
    struct sim_feed *feeds;
    struct cluster_direct direct;
    struct cluster cluster;
    struct controller *controller;
    struct herald *herald;
    struct sink *sink;
    struct arena *a; /* from here: the pass that is asked for */
    struct value *pass;
    bool passed, failed;
    struct err err;
};

struct specs {
    const struct specs_options *options;
    struct arena arena; /* as long as the run */
    struct loop *loop;
    struct zones *zones;
    struct specs_unit units[SPECS_MAX_OPERATORS];
    size_t unit_count;
    struct specs_world *worlds;
    size_t world_count;
};

/* Questions of specs (script/spec.h); each fills an object or NULL. */
struct specs_question {
    struct specs *specs;
    const struct value *given;
    struct arena *a;
    struct value *answer;
};

/* ---- specs_unit.c: operators, and objects as a server would take them ---- */
int specs_load(struct specs *s, const char *path, struct specs_unit **ret,
               struct err *err);
void specs_release_units(struct specs *s);
/* {unit = 0} of a question. */
int specs_unit_of(const struct specs_question *q, struct specs_unit **ret,
                  struct err *err);
/* A copy of `object` with what its definition defaults; refused when the
 * definition does not allow it. Kinds without a definition pass as they are. */
int specs_accept(const struct specs_unit *u, struct arena *a,
                 const struct value *object, struct value **ret,
                 struct err *err);
int specs_params(const struct specs_question *q, const struct specs_unit *u,
                 struct value **ret, struct err *err);
int specs_answer_load(struct specs_question *q, struct err *err);
int specs_answer_lines(struct specs_question *q, struct err *err);

/* ---- specs_plan.c: one pass over objects that are given ---- */
int specs_answer_plan(struct specs_question *q, struct err *err);

/* ---- specs_child.c ---- */
/* Completes `object` as if the operator had applied it for `root`, just as it
 * is: owner, labels, and its entry in managedFields. What is given of these
 * stays. */
int specs_make_child(const struct specs_unit *u, struct arena *a,
                     struct value *object, const struct value *root,
                     struct err *err);

/* ---- specs_value.c: what a pass came to, as a tree in `a` ---- */
int specs_value_pass(struct arena *a, const struct pass *pass,
                     struct value **ret, struct err *err);
/* A pass that could not even begin. */
struct value *specs_value_error(struct arena *a, const struct err *err,
                                const char *trace);

/* ---- specs_sim.c: the plugs of a world ---- */
int specs_sim_open(struct specs_world *w, const struct sim_options *options,
                   struct err *err);
void specs_sim_close(struct specs_world *w); /* half of it, too */
/* Bring the stores to what the cluster holds now. */
int specs_sim_sync(struct specs_world *w, struct err *err);
/* One request; `ret` may be NULL. */
int specs_sim_ask(struct specs_world *w, struct arena *a,
                  const struct request *r, struct value **ret, struct err *err);
/* Applies an object, and its status where it has one. `ret` may be NULL. */
int specs_sim_put(struct specs_world *w, struct arena *a,
                  const struct value *object, const char *manager,
                  struct value **ret, struct err *err);
/* *ret is NULL when there is no such object. */
int specs_sim_get(struct specs_world *w, struct arena *a,
                  const struct value *ref, struct value **ret, struct err *err);
int specs_sim_delete(struct specs_world *w, struct arena *a,
                     const struct value *ref, struct err *err);

/* ---- specs_world.c: several passes, time, and others' changes ---- */
int specs_answer_world(struct specs_question *q, struct err *err);
int specs_answer_world_advance(struct specs_question *q, struct err *err);
int specs_answer_world_apply(struct specs_question *q, struct err *err);
int specs_answer_world_delete(struct specs_question *q, struct err *err);
int specs_answer_world_get(struct specs_question *q, struct err *err);
int specs_answer_world_pass(struct specs_question *q, struct err *err);
void specs_close_worlds(struct specs *s);

/* ---- specs_watch.c ---- */
/* Stands for the files of the operators as they are now. */
uint64_t specs_look(const struct specs_options *o);
/* Returns when they are others than at `before`, or at a signal to end. */
int specs_wait(const struct specs_options *o, uint64_t before,
               bool *ret_changed, struct err *err);

/* ---- specs_text.c: YAML, JSON and files ---- */
int specs_answer_yaml(struct specs_question *q, struct err *err);
int specs_answer_print(struct specs_question *q, struct err *err);
int specs_answer_list(struct specs_question *q, struct err *err);
int specs_answer_write(struct specs_question *q, struct err *err);

#endif
