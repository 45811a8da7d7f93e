/*
 * diff_fixture.h -- a root, its children and a plan, made from short JSON.
 *
 * Texts are written with single quotes instead of double ones. A fixture owns
 * everything; fx_release() checks nothing and frees all. After out of memory
 * in a builder `oom` is set and the rest of the builders do nothing, so a
 * torture test looks once, before the call it is about.
 *
 *     struct fixture f;
 *
 *     fx_init(&f);
 *     fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'a'}}", FX_OURS);
 *     fx_apply(&f, "{'apiVersion':'v1','kind':'ConfigMap',...}");
 *     check_ok(fx_diff(&f), &f.err);
 *     ...
 *     fx_release(&f);
 */
#ifndef TIDELOCK_TESTS_UNIT_CORE_DIFF_FIXTURE_H
#define TIDELOCK_TESTS_UNIT_CORE_DIFF_FIXTURE_H

#include <stdbool.h>

#include "core/diff.h"
#include "core/plan.h"
#include "kube/schema.h"

/* The kinds of the fixture, indexes into view.kinds. */
enum fx_kind {
    CONFIG_MAP,  /* owned */
    DEPLOYMENT,  /* owned */
    SECRET,      /* owned */
    JOB,         /* owned, retired */
    READ_MAP,    /* ConfigMap again, read */
    NODE,        /* read, cluster-scoped */
    READ_DEPLOY, /* Deployment again, read */
    FX_KINDS,
};

#define FX_MAX_ITEMS 16
#define FX_ROOT_UID "aaaaaaaa-0000-0000-0000-000000000001"
#define FX_NOW 1767323045 /* 2026-01-02T03:04:05Z */

struct fixture {
    struct arena arena;
    struct operator_owned owns[4];
    struct operator_read reads[3];
    struct operator_decl decl;
    struct resource root_resource;
    struct view_kind kinds[FX_KINDS];
    struct snapshot *items[FX_KINDS][FX_MAX_ITEMS];
    struct view view;
    struct plan plan;
    struct changeset cs;
    struct diff_memo *memo;
    struct schema_set *schemas;        /* NULL: the built-in kinds */
    const struct blast_limits *limits; /* NULL: the defaults */
    bool failed, schemas_are_live;
    struct err err;
    bool oom;
};

void fx_init(struct fixture *f);
void fx_release(struct fixture *f);

/* The text with ' for ". */
struct value *fx_value(struct fixture *f, const char *text);
/* Replaces the root: {'metadata':...,'status':...}; apiVersion, kind, name,
 * namespace, uid, resourceVersion and generation are filled in where they are
 * absent. */
void fx_root(struct fixture *f, const char *text);

enum fx_owner { FX_OURS, FX_FOREIGN, FX_NOBODY, FX_ORPHAN };
/* An object as the view has it; apiVersion, kind, namespace, uid ("uid-" and
 * the name) and resourceVersion ("100") are filled in. */
struct snapshot *fx_child(struct fixture *f, enum fx_kind kind,
                          const char *text, enum fx_owner owner);
/* Any complete object. Items stay sorted. */
struct snapshot *fx_add(struct fixture *f, enum fx_kind kind,
                        const struct value *object);

/* plan:apply of a complete object. */
struct plan_step *fx_apply(struct fixture *f, const char *text);
/* A ConfigMap of that name, {'data': {'k': 'v'}}. */
struct plan_step *fx_apply_map(struct fixture *f, const char *name);
/* `s` comes after the step of that ConfigMap. */
void fx_after(struct fixture *f, struct plan_step *s, const char *name);
struct plan_step *fx_step(struct fixture *f, enum plan_verb verb,
                          enum fx_kind kind, const char *name);
void fx_condition(struct fixture *f, const char *type, const char *status);

/* diff_plan() of it all into f->cs. */
int fx_diff(struct fixture *f);

/* The i-th change; NULL when there are fewer. */
const struct change *fx_change(const struct fixture *f, size_t i);
/* "create ConfigMap a; delete ConfigMap b": the verbs in order. */
const char *fx_story(struct fixture *f);
/* "a: held: gate; b: is being deleted already": the notes in order. */
const char *fx_notes(struct fixture *f);
/* ".spec.replicas 2 -> 3; .data.k (absent) -> v": the fields of a change. */
const char *fx_fields(struct fixture *f, size_t i);
/* The requests of the i-th change, one a line: method, path, body. */
const char *fx_requests(struct fixture *f, size_t i);

#endif
