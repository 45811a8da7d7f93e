/*
 * apply_desk.h -- a sink_apply on a stage, an API server behind it, and what
 *                 they told.
 */
#ifndef TIDELOCK_TESTS_UNIT_APP_APPLY_DESK_H
#define TIDELOCK_TESTS_UNIT_APP_APPLY_DESK_H

#include "api.h"
#include "app/sink_apply.h"
#include "stage.h"

struct desk {
    struct stage stage;
    struct api api;
    struct sink *sink;
    struct herald *herald;
    bool view_changed;     /* what else was read is no longer so */
    unsigned deletes_left; /* in this minute */
    struct str seen; /* "ConfigMap a 12\n" (version), "gone ConfigMap a u\n" */
    unsigned done;
    struct err err;
    size_t writes;
    const struct change *failed;
    bool unknown, looked;
};

/* ---- bodies of answers ---- */
#define META(name, uid, rv, more)                                              \
    "'metadata':{'name':'" name "','namespace':'default','uid':'" uid          \
    "','resourceVersion':'" rv "'" more "}"
#define OWNED(uid)                                                             \
    ",'ownerReferences':[{'apiVersion':'example.com/v1','kind':'Widget',"      \
    "'name':'blog','uid':'" uid "','controller':true}]"
#define MAP(name, rv)                                                          \
    "{'apiVersion':'v1','kind':'ConfigMap'," META(name, "uid-" name, rv,       \
                                                  OWNED(STAGE_ROOT_UID)) "}"
#define WIDGET(rv, more)                                                       \
    "{'apiVersion':'example.com/v1','kind':'Widget'," META(                    \
        "blog", STAGE_ROOT_UID, rv, more) "}"
#define AS_PLANNED ",'generation':2"
#define DYING ",'deletionTimestamp':'2026-01-01T00:00:00Z','finalizers':['a/b']"
#define DYING_MAP(name, rv)                                                    \
    "{'apiVersion':'v1','kind':'ConfigMap'," META(                             \
        name, "uid-" name, rv, OWNED(STAGE_ROOT_UID) DYING) "}"
#define STATUS(reason, message)                                                \
    "{'apiVersion':'v1','kind':'Status','status':'Failure','reason':'" reason  \
    "','message':'" message "','details':{'name':'a','kind':'x'}}"
#define DELETED "{'apiVersion':'v1','kind':'Status','status':'Success'}"

void desk_set(struct desk *d);
bool desk_open(struct desk *d); /* cluster and sink */
void desk_release(struct desk *d);
/* Submit the stage's changeset and wait for its end: the outcome's code. */
int desk_run(struct desk *d);
/* For tests that wait themselves. */
void desk_done(void *arg, struct changeset *cs,
               const struct sink_outcome *outcome);
bool desk_is_done(void *arg);

#endif
