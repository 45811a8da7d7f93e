/*
 * stage.h -- one root and a changeset for it, made by hand.
 *
 * Texts of objects are JSON with single quotes for double ones. The stage owns
 * everything; after out of memory in a builder `oom` is set.
 *
 *     struct stage s;
 *     struct change *c;
 *
 *     stage_init(&s);
 *     c = stage_change(&s, CHANGE_CREATE, STAGE_MAP, "a");
 *     stage_field(&s, c, ".data.k", NULL, "'v'");
 *     ...
 *     stage_release(&s);
 */
#ifndef TIDELOCK_TESTS_UNIT_APP_STAGE_H
#define TIDELOCK_TESTS_UNIT_APP_STAGE_H

#include <stdbool.h>

#include "app/controller.h"
#include "core/changeset.h"
#include "core/plan.h"

enum stage_kind {
    STAGE_ROOT,
    STAGE_MAP,
    STAGE_SECRET,
    STAGE_DEPLOY,
    STAGE_EVENT,
    STAGE_NODE,
    STAGE_KINDS
};
#define STAGE_ROOT_UID "root-uid"

struct stage {
    struct arena arena;
    struct operator_decl decl; /* "shop", field manager "tidelock-shop" */
    struct snapshot *root;     /* Widget default/blog, version 50 */
    struct snapshot *held[16];
    size_t held_count;
    struct plan plan;
    struct changeset cs;
    struct err err; /* NONE: for stage_pass() */
    bool oom;
};

void stage_init(struct stage *s);
void stage_release(struct stage *s);
const struct resource *stage_resource(enum stage_kind kind);

struct value *stage_value(struct stage *s, const char *text);
/* Any object; held until stage_release(). */
struct snapshot *stage_snapshot(struct stage *s, const char *text);
/* In place of Widget default/blog. */
void stage_root(struct stage *s, const char *text);

/* A change of an object of that kind, with a small body and uid "uid-NAME",
 * resourceVersion "7" as preconditions (not for creates). */
struct change *stage_change(struct stage *s, enum change_verb verb,
                            enum stage_kind kind, const char *name);
/* Before and after are JSON or NULL. */
void stage_field(struct stage *s, struct change *c, const char *path,
                 const char *before, const char *after);
/* The pass as the controller tells it: s->root, plan, cs, err. */
struct pass stage_pass(struct stage *s);

#endif
