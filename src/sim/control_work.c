/*
 * control_work.c -- what every controller does: read, claim, write, tell.
 */
#include <string.h>

#include "base/text.h"
#include "control_impl.h"

#define TRACKING "batch.kubernetes.io/job-tracking"

void work_after(struct work *w, uint64_t ms)
{
    if (ms < w->after_ms)
        w->after_ms = ms;
}

const struct kind *work_kind(const struct work *w, enum known kind)
{
    return w->c->kinds[kind];
}

/* ---- reading ---- */

static struct value *get_key(struct work *w, enum known kind,
                             const struct object_key *key)
{
    struct value *object = NULL;

    if (sim_get(w->c->s, w->d.a, w->c->kinds[kind], key, &object) < 0)
        w->d.failed = true;
    return object;
}

struct value *work_get(struct work *w, enum known kind, const char *ns,
                       const char *name)
{
    struct object_key key = {ns, name};

    return get_key(w, kind, &key);
}

struct value *work_owned(struct work *w, enum known kind, const char *ns,
                         const char *uid)
{
    struct value *found = draft_array(&w->d), *object;
    const char *bucket = w->c->kinds[kind]->bucket;
    const struct owner *owner;
    size_t count;
    struct member *const *all = graph_dependents(w->c->graph, uid, &count);

    for (size_t i = 0; i < count; i++) {
        owner = member_controller(all[i]);
        if (!owner || !text_equal(owner->uid, uid) ||
            !text_equal(all[i]->shelf->bucket, bucket) ||
            !text_equal(all[i]->key.ns, ns))
            continue;
        object = get_key(w, kind, &all[i]->key);
        if (object)
            draft_append(&w->d, found, object);
    }
    return found;
}

struct selector *work_selector(struct work *w, const struct value *selector)
{
    struct selector *s = NULL;
    struct err err = {0};

    if (!selector)
        return NULL;
    if (selector_from_label_selector(w->d.a, selector, &s, &err) < 0) {
        w->d.failed = w->d.failed || err.code == ERR_NOMEM;
        return NULL;
    }
    return s;
}

/* ---- writing ---- */

/* Nobody can create in a namespace that goes: not worth another try. */
static bool is_terminating(const struct value *status)
{
    const struct value *causes = value_path(status, "details.causes");

    for (size_t i = 0; i < array_count(causes); i++)
        if (text_equal(value_text_at(array_at(causes, i), "reason"),
                       "NamespaceTerminating"))
            return true;
    return false;
}

int work_call(struct work *w, struct sim_call *call)
{
    int status;

    w->answer = NULL;
    if (w->d.failed)
        return 500;
    if (!call->user)
        call->user = w->self->user;
    if (!call->query)
        call->query = draft_printf(&w->d, "fieldManager=%s", w->self->manager);
    if (w->d.failed)
        return 500;
    status = sim_call(w->c->s, w->d.a, call, &w->answer);
    if (status >= 400 && status != 404 && !is_terminating(w->answer))
        w->again = true;
    return status;
}

int work_refusal(const struct work *w, const char *what, struct err *err)
{
    const char *why = value_text_at(w->answer, "message");

    if (w->d.failed || value_int_at(w->answer, "code", 500) == 500)
        return err_nomem(err);
    return err_set(err, ERR_REJECTED, "cannot make '%s': %s", what,
                   why ? why : "");
}

int work_create(struct work *w, enum known kind, struct value *object)
{
    struct sim_call call = {.method = HTTP_POST,
                            .kind = w->c->kinds[kind],
                            .key = {object_ns(object), NULL},
                            .body = object};

    draft_text(&w->d, object, "apiVersion", call.kind->r.api_version);
    draft_text(&w->d, object, "kind", call.kind->r.kind);
    return work_call(w, &call);
}

int work_update(struct work *w, enum known kind, struct value *object)
{
    struct sim_call call = {.method = HTTP_PUT,
                            .kind = w->c->kinds[kind],
                            .key = {object_ns(object), object_name(object)},
                            .body = object};

    return work_call(w, &call);
}

int work_status(struct work *w, enum known kind, const struct value *object,
                struct value *status)
{
    struct value *body;
    struct sim_call call = {.method = HTTP_PUT,
                            .kind = w->c->kinds[kind],
                            .key = {object_ns(object), object_name(object)},
                            .subresource = "status"};

    if (value_equal(value_get(object, "status"), status))
        return 200;
    body = draft_copy(&w->d, object);
    draft_set(&w->d, body, "status", status);
    call.body = body;
    return work_call(w, &call);
}

int work_delete(struct work *w, const struct kind *kind,
                const struct value *object, const char *propagation)
{
    struct value *options = draft_object(&w->d);
    struct value *wants = draft_make(&w->d, options, "preconditions");
    struct sim_call call = {.method = HTTP_DELETE,
                            .kind = kind,
                            .key = {object_ns(object), object_name(object)},
                            .body = options};

    draft_text(&w->d, options, "apiVersion", "v1");
    draft_text(&w->d, options, "kind", "DeleteOptions");
    draft_text(&w->d, options, "propagationPolicy", propagation);
    draft_text(&w->d, wants, "uid", object_uid(object));
    return work_call(w, &call);
}

/* ---- owners ---- */

struct value *work_owner(struct work *w, enum known kind,
                         const struct value *owner)
{
    struct value *ref = draft_object(&w->d);
    const struct resource *r = &w->c->kinds[kind]->r;

    draft_text(&w->d, ref, "apiVersion", r->api_version);
    draft_text(&w->d, ref, "kind", r->kind);
    draft_text(&w->d, ref, "name", object_name(owner));
    draft_text(&w->d, ref, "uid", object_uid(owner));
    draft_bool(&w->d, ref, "controller", true);
    draft_bool(&w->d, ref, "blockOwnerDeletion", true);
    return ref;
}

struct value *work_pod(struct work *w, enum known kind,
                       const struct value *owner, const struct value *template)
{
    struct draft *d = &w->d;
    struct value *pod = draft_object(d), *meta, *owners = draft_array(d);
    const struct value *from = value_get(template, "metadata");
    static const char *const copied[] = {"labels", "annotations", "finalizers"};

    meta = draft_make(d, pod, "metadata");
    draft_text(d, meta, "generateName",
               draft_printf(d, "%s-", object_name(owner)));
    draft_text(d, meta, "namespace", object_ns(owner));
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        if (value_get(from, copied[i]))
            draft_set(d, meta, copied[i],
                      draft_copy(d, value_get(from, copied[i])));
    draft_append(d, owners, work_owner(w, kind, owner));
    draft_set(d, meta, "ownerReferences", owners);
    draft_set(d, pod, "spec", draft_copy(d, value_get(template, "spec")));
    return pod;
}

/* ---- claiming ---- */

struct claim {
    enum known kind;
    enum known owner_kind;
    const struct value *owner;
    const struct selector *selector;
};

static bool adopt(struct work *w, const struct claim *c, struct value *object)
{
    struct value *meta = value_get(object, "metadata"), *owners;

    owners = value_get(meta, "ownerReferences");
    if (!owners) {
        owners = draft_array(&w->d);
        draft_set(&w->d, meta, "ownerReferences", owners);
    }
    draft_append(&w->d, owners, work_owner(w, c->owner_kind, c->owner));
    return work_update(w, c->kind, object) < 300;
}

static void release(struct work *w, const struct claim *c, struct value *object)
{
    struct value *owners = value_path(object, "metadata.ownerReferences");
    struct value *held = value_path(object, "metadata.finalizers");
    const char *uid = object_uid(c->owner);

    for (size_t i = array_count(owners); i-- > 0;)
        if (text_equal(value_text_at(array_at(owners, i), "uid"), uid))
            array_drop(owners, i);
    for (size_t i = array_count(held); i-- > 0;)
        if (text_equal(value_text(array_at(held, i)), TRACKING))
            array_drop(held, i);
    work_update(w, c->kind, object);
}

static void take_orphans(struct work *w, const struct claim *c,
                         struct value *found)
{
    struct value *object;
    const char *bucket = w->c->kinds[c->kind]->bucket;
    const struct member *m =
        graph_first_free(w->c->graph, bucket, object_ns(c->owner));

    for (; m; m = m->next_free) {
        if (m->deleting || m->ended ||
            !selector_match_labels(c->selector, m->labels))
            continue;
        object = work_get(w, c->kind, m->key.ns, m->key.name);
        if (object && adopt(w, c, object))
            draft_append(&w->d, found, w->answer);
    }
}

struct value *work_claim(struct work *w, enum known kind,
                         const struct value *owner)
{
    struct claim c = {
        .kind = kind, .owner_kind = w->self->root, .owner = owner};
    struct value *all, *found = draft_array(&w->d), *one;

    all = work_owned(w, kind, object_ns(owner), object_uid(owner));
    c.selector = work_selector(w, value_path(owner, "spec.selector"));
    if (!c.selector || object_deleting(owner))
        return all;
    for (size_t i = 0; i < array_count(all); i++) {
        one = array_at(all, i);
        if (selector_match_labels(c.selector,
                                  value_path(one, "metadata.labels")))
            draft_append(&w->d, found, one);
        else if (!object_deleting(one))
            release(w, &c, one);
    }
    take_orphans(w, &c, found);
    return found;
}

/* ---- Events ---- */

static struct value *event_about(struct draft *d, const struct value *object)
{
    struct value *about = draft_object(d);

    draft_text(d, about, "apiVersion", value_text_at(object, "apiVersion"));
    draft_text(d, about, "kind", value_text_at(object, "kind"));
    draft_text(d, about, "name", object_name(object));
    if (object_ns(object)[0] != '\0')
        draft_text(d, about, "namespace", object_ns(object));
    draft_text(d, about, "uid", object_uid(object));
    draft_text(d, about, "resourceVersion",
               value_text_at(object, "metadata.resourceVersion"));
    return about;
}

/* The same words about the same object are one Event, counted. */
static const char *event_name(struct draft *d, const struct value *object,
                              const char *reason, const char *message)
{
    const char *texts[] = {object_uid(object), reason, message};
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (const char *c = texts[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    return draft_printf(d, "%.230s.%016llx", object_name(object),
                        (unsigned long long)hash);
}

static bool count_event(struct work *w, const char *ns, const char *name)
{
    struct value *had = work_get(w, EVENT, ns, name);
    bool again = w->again;

    if (!had)
        return false;
    draft_int(&w->d, had, "count", value_int_at(had, "count", 1) + 1);
    draft_time(&w->d, had, "lastTimestamp", w->d.unix_now);
    work_update(w, EVENT, had);
    w->again = again; /* Events are told, not promised */
    return true;
}

static void put_event(struct work *w, struct value *event, const char *reason,
                      const char *message)
{
    struct draft *d = &w->d;
    bool again = w->again;

    draft_text(d, event, "reason", reason);
    draft_text(d, event, "message", message);
    draft_int(d, event, "count", 1);
    draft_time(d, event, "firstTimestamp", d->unix_now);
    draft_time(d, event, "lastTimestamp", d->unix_now);
    draft_text(d, draft_make(d, event, "source"), "component",
               w->self->component);
    draft_text(d, event, "reportingComponent", w->self->component);
    work_create(w, EVENT, event);
    w->again = again;
}

void work_event(struct work *w, const struct value *object, bool warning,
                const char *reason, const char *message)
{
    struct draft *d = &w->d;
    const char *ns = object_ns(object)[0] ? object_ns(object) : "default";
    const char *name = event_name(d, object, reason, message);
    struct value *answer = w->answer, *event, *meta;

    if (!count_event(w, ns, name)) {
        event = draft_object(d);
        meta = draft_make(d, event, "metadata");
        draft_text(d, meta, "name", name);
        draft_text(d, meta, "namespace", ns);
        draft_set(d, event, "involvedObject", event_about(d, object));
        draft_text(d, event, "type", warning ? "Warning" : "Normal");
        put_event(w, event, reason, message);
    }
    w->answer = answer;
}
