/*
 * pipe.h -- a controller with test ends: feeds that are filled by hand, and a
 *           sink that writes down what it gets and ends as it is told.
 *
 *     struct pipe p;
 *
 *     pipe_init(&p);
 *     if (pipe_start(&p, "owns = { { 'v1', 'ConfigMap' } },\n"
 *                        "reconcile = function(w, view, plan) end")) {
 *         pipe_put(&p, "Widget", "blog", "");
 *         check_str(pipe_run(&p), "blog: nothing\n");
 *     }
 *     pipe_release(&p);
 *
 * Everything is in namespace "default" unless the name says "ns/name"; the
 * uid is "uid-NAME", resourceVersions count up.
 */
#ifndef TIDELOCK_TESTS_UNIT_APP_PIPE_H
#define TIDELOCK_TESTS_UNIT_APP_PIPE_H

#include "app/controller.h"
#include "app/controller_replace.h"
#include "stage.h"

#define PIPE_FEEDS 6
#define PIPE_HELD 8

struct pipe_feed {
    struct source_feed feed;
    struct gvk gvk;
    char want[64];  /* "ns labels fields", as it was asked for */
    unsigned users; /* who asked for it and has not given it back */
};

/* A changeset that the sink was given and did not end yet. */
struct pipe_held {
    struct pipe *pipe;
    struct changeset *cs;
    sink_done_fn done;
    void *arg;
    loop_timer_id timer;
};

struct pipe {
    struct source source;
    struct sink sink;
    struct pipe_feed feeds[PIPE_FEEDS];
    size_t feed_count;
    struct pipe_held held[PIPE_HELD];
    size_t held_count;
    struct controller_config config; /* may be changed before the start */
    struct stage stage;              /* for its texts */
    struct loop *loop;
    struct restmap *restmap;
    struct script *script, *next;
    struct controller *controller;
    bool hold;          /* changesets wait for pipe_end() */
    enum err_code fail; /* how changesets end */
    unsigned retry_after_ms;
    unsigned version;   /* of the newest object */
    unsigned changed;   /* on_change calls */
    struct str story;   /* a line per changeset: "blog: create a" */
    struct str passes;  /* a line per pass: "blog ok 1", "blog CONFLICT" */
    struct err err;     /* of the newest pass that failed */
    int64_t requeue_ms; /* of the newest pass */
};

void pipe_init(struct pipe *p);
/* Script, controller, feeds; `body` is what stands in tidelock.operator{}
 * behind the name and the root's kind, Widget. */
bool pipe_load(struct pipe *p, const char *body);
bool pipe_start(struct pipe *p, const char *body); /* and start it */
/* Another script, as controller_prepare() and controller_replace() take it. */
bool pipe_prepare(struct pipe *p, const char *body);
bool pipe_replace(struct pipe *p);
void pipe_release(struct pipe *p);

/* The first feed of that kind. */
struct pipe_feed *pipe_feed(struct pipe *p, const char *kind);
/* A new state of an object: `more` is JSON behind the metadata, such as
 * ",'spec':{}"; `meta` further metadata, such as ",'generation':2". */
void pipe_put(struct pipe *p, const char *kind, const char *name,
              const char *more);
void pipe_put_meta(struct pipe *p, const char *kind, const char *name,
                   const char *meta);
void pipe_put_both(struct pipe *p, const char *kind, const char *name,
                   const char *meta, const char *more);
void pipe_remove(struct pipe *p, const char *kind, const char *name);
/* Say that a kind is known, or why it is not. */
void pipe_known(struct pipe *p, const char *kind, enum err_code why);

/* Turn the loop until nothing is ready or running (or held); what came to the
 * sink meanwhile. */
const char *pipe_run(struct pipe *p);
/* What was told of passes since the last call. */
const char *pipe_passes(struct pipe *p);
/* End the oldest changeset that is held. */
void pipe_end(struct pipe *p, enum err_code code);
/* How long that root still waits, -1 when it does not. */
int64_t pipe_wait_ms(struct pipe *p, const char *name);

#endif
