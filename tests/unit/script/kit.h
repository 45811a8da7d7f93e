/*
 * kit.h -- a script, a view and a plan, made from short texts.
 *
 * JSON is written with single quotes instead of double ones. Scripts are
 * written without their frame: kit_body() puts the text into a reconcile
 * function of an operator that owns ConfigMaps, Deployments, Secrets and a
 * retired Job, and reads ConfigMaps by name, Nodes and Secrets.
 *
 *     struct kit k;
 *
 *     kit_init(&k);
 *     kit_root(&k, "{'metadata':{'name':'blog','namespace':'default'}}");
 *     kit_item(&k, OWNED_DEPLOYMENT, "{'metadata':{'name':'blog',...}}");
 *     check_ok(kit_run(&k, "plan:requeue(5)"), &k.err);
 *     check_str(kit_plan(&k), "requeue 5000 ms\n");
 *     kit_release(&k);
 *
 * After out of memory in a builder the next kit_call() fails, so a torture
 * test looks in one place.
 */
#ifndef TIDELOCK_TESTS_UNIT_SCRIPT_KIT_H
#define TIDELOCK_TESTS_UNIT_SCRIPT_KIT_H

#include <stdbool.h>

#include "base/str.h"
#include "script/script.h"

/* Indexes into view.kinds of the frame's view. */
enum kit_kind {
    OWNED_MAP,
    OWNED_DEPLOYMENT,
    OWNED_SECRET,
    OWNED_JOB, /* retired */
    READ_MAP,  /* names = { root.spec.configRef } */
    READ_NODE, /* cluster-scoped */
    READ_SECRET,
    READ_POD, /* all namespaces, bodies = false */
    KIT_KINDS,
};

/* What kit_error() ends with when a budget is used up. */
#define KIT_LOOP_HINT                                                          \
    "\n  hint: this line was running: does its loop end? To wait, return and " \
    "come back with plan:requeue"
#define KIT_MEMORY_HINT                                                        \
    "\n  hint: this line was running: does what it builds ever end?"

#define KIT_MAX_ITEMS 16
#define KIT_NOW 1767323045 /* 2026-01-02T03:04:05Z */

struct kit {
    struct arena arena;
    struct script *script;
    struct script_limits limits;
    struct view view;
    struct view_kind kinds[KIT_KINDS];
    struct snapshot *items[KIT_KINDS][KIT_MAX_ITEMS];
    struct view_zone zones[VIEW_MAX_ZONES];
    struct zone *loaded[VIEW_MAX_ZONES];
    struct plan plan;
    struct err err;
    struct str printed;
    bool oom; /* a builder ran out of memory: kit_call() will say so */
};

void kit_init(struct kit *k);
void kit_release(struct kit *k);

/* The root; kind and apiVersion are added. */
void kit_root(struct kit *k, const char *json);
void kit_item(struct kit *k, enum kit_kind kind, const char *json);
void kit_params(struct kit *k, const char *json);
/* A zone of the machine's tzdata; one that is not there is known to be none. */
void kit_zone(struct kit *k, const char *name);

/* Load operator.lua (and one module, NULL name: none). */
int kit_load(struct kit *k, const char *text);
int kit_load_with(struct kit *k, const char *text, const char *name,
                  const char *module);
/* Load the frame with this body of reconcile(site, view, plan). */
int kit_body(struct kit *k, const char *body);
/* kit_body() and one run. A former script and plan are dropped. */
int kit_run(struct kit *k, const char *body);
/* Does this body fail with that code, and exactly this kit_error()? The body
 * begins in line 1 of operator.lua. */
void kit_fails(struct kit *k, const char *body, enum err_code code,
               const char *want);
/* Does it give exactly this kit_plan()? */
void kit_gives(struct kit *k, const char *body, const char *want);
/* Run what is loaded. */
int kit_call(struct kit *k, enum job_call call);

/* The plan as text, one thing a line. */
const char *kit_plan(struct kit *k);
/* The reads that were recorded, one a line. */
const char *kit_reads(struct kit *k);
/* "message\n  hint: ...", of the last error. */
const char *kit_error(struct kit *k);

#endif
