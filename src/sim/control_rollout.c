/*
 * control_rollout.c -- the ReplicaSets of a Deployment: which one is the
 *                      newest, and what is noted on them.
 */
#include <string.h>

#include "base/text.h"
#include "control_rollout.h"

#define HASH_LABEL "pod-template-hash"
#define HISTORY_KEY "deployment.kubernetes.io/revision-history"

/* ---- reading ---- */

int64_t rollout_size(const struct value *set)
{
    return value_int_at(set, "spec.replicas", 1);
}

int64_t rollout_number(const struct value *set, const char *annotation)
{
    const char *text = object_annotation(set, annotation);
    int64_t number;

    return text && text_to_int64(text, strlen(text), &number) ? number : 0;
}

bool rollout_is_older(const struct value *a, const struct value *b)
{
    const char *x = value_text_at(a, "metadata.creationTimestamp");
    const char *y = value_text_at(b, "metadata.creationTimestamp");
    int order = strcmp(x ? x : "", y ? y : "");

    return order < 0 ||
           (order == 0 && strcmp(object_name(a), object_name(b)) < 0);
}

static void sort_by_age(struct value *sets)
{
    struct value *one;
    size_t j;

    for (size_t i = 1; i < array_count(sets); i++) {
        one = sets->as.items[i];
        for (j = i; j > 0 && rollout_is_older(one, sets->as.items[j - 1]); j--)
            sets->as.items[j] = sets->as.items[j - 1];
        sets->as.items[j] = one;
    }
}

static bool same_template(struct draft *d, const struct value *a,
                          const struct value *b)
{
    struct value *x = draft_copy(d, value_path(a, "spec.template"));
    struct value *y = draft_copy(d, value_path(b, "spec.template"));

    if (d->failed)
        return false;
    value_unset(value_path(x, "metadata.labels"), HASH_LABEL);
    value_unset(value_path(y, "metadata.labels"), HASH_LABEL);
    return value_equal(x, y);
}

void rollout_tell_apart(struct rollout *r, struct value *sets)
{
    struct value *one;

    sort_by_age(sets);
    r->old = draft_array(r->d);
    for (size_t i = 0; i < array_count(sets); i++) {
        one = array_at(sets, i);
        if (!r->newest && same_template(r->d, one, r->deployment))
            r->newest = one;
        else
            draft_append(r->d, r->old, one);
    }
}

size_t rollout_count(const struct rollout *r)
{
    return array_count(r->old) + (r->newest != NULL);
}

/* Old ones first, the newest last. */
struct value *rollout_at(const struct rollout *r, size_t i)
{
    return i < array_count(r->old) ? array_at(r->old, i) : r->newest;
}

int64_t rollout_sum(const struct rollout *r, const char *path)
{
    int64_t total = 0;

    for (size_t i = 0; i < rollout_count(r); i++)
        total += value_int_at(rollout_at(r, i), path, 0);
    return total;
}

/* ---- annotations of ReplicaSets ---- */

static bool annotate(struct draft *d, struct value *object, const char *key,
                     const char *text)
{
    struct value *all =
        draft_make(d, value_get(object, "metadata"), "annotations");

    if (text_equal(value_text(value_get(all, key)), text))
        return false;
    draft_text(d, all, key, text);
    return true;
}

bool rollout_annotate(struct rollout *r, struct value *set)
{
    int64_t n = r->rolling.replicas;
    const char *desired = draft_printf(r->d, "%lld", (long long)n);
    const char *most =
        draft_printf(r->d, "%lld", (long long)(n + r->rolling.surge));
    bool changed = annotate(r->d, set, DESIRED_KEY, desired);

    return annotate(r->d, set, MOST_KEY, most) || changed;
}

static bool is_copied(const char *key)
{
    static const char *const kept[] = {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION_KEY,
        HISTORY_KEY,
        DESIRED_KEY,
        MOST_KEY,
        "deprecated.deployment.rollback.to"};

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (text_equal(key, kept[i]))
            return false;
    return true;
}

static bool copy_annotations(struct rollout *r, struct value *set)
{
    const struct value *all = value_path(r->deployment, "metadata.annotations");
    bool changed = false;

    for (uint32_t i = 0; value_is(all, VALUE_OBJECT) && i < all->count; i++)
        if (is_copied(all->as.members[i].key))
            changed |= annotate(r->d, set, all->as.members[i].key,
                                value_text(all->as.members[i].value));
    return changed;
}

/* A rollback gives an old set a new revision and keeps the former in mind. */
static bool number_set(struct rollout *r, struct value *set, int64_t revision)
{
    const char *was = object_annotation(set, REVISION_KEY);
    const char *before = object_annotation(set, HISTORY_KEY);

    if (rollout_number(set, REVISION_KEY) >= revision)
        return false;
    if (was)
        annotate(r->d, set, HISTORY_KEY,
                 before ? draft_printf(r->d, "%s,%s", before, was) : was);
    return annotate(r->d, set, REVISION_KEY,
                    draft_printf(r->d, "%lld", (long long)revision));
}

static int64_t next_revision(const struct rollout *r)
{
    int64_t last = 0, one;

    for (size_t i = 0; i < array_count(r->old); i++) {
        one = rollout_number(array_at(r->old, i), REVISION_KEY);
        last = one > last ? one : last;
    }
    return last + 1;
}

/* ---- the newest set ---- */

/* Revision of the Deployment and a first word about progress. */
static void note_newest(struct rollout *r, const char *reason, const char *verb)
{
    struct value *status = draft_copy(r->d, value_get(r->deployment, "status"));
    struct value *body = draft_copy(r->d, r->deployment);
    const char *revision = object_annotation(r->newest, REVISION_KEY);
    const char *words[2] = {reason,
                            draft_printf(r->d, "%s new replica set \"%s\"",
                                         verb, object_name(r->newest))};
    bool changed = annotate(r->d, body, REVISION_KEY, revision);
    struct sim_call call = {
        .method = HTTP_PUT,
        .kind = work_kind(r->w, DEPLOYMENT),
        .key = {object_ns(r->deployment), object_name(r->deployment)},
        .subresource = "status",
        .body = body};

    if (rollout_deadline(r) != NO_DEADLINE &&
        (!condition_find(status, "Progressing") ||
         text_equal(reason, "NewReplicaSetCreated")))
        changed |= rollout_progress(r, status, "True", words);
    if (!changed)
        return;
    draft_set(r->d, body, "status", status);
    if (work_call(r->w, &call) < 300)
        r->deployment = r->w->answer;
}

static struct value *draft_newest(struct rollout *r, const char *hash,
                                  int64_t size)
{
    struct draft *d = r->d;
    struct value *set = draft_object(d), *meta, *spec, *owners, *template;
    const struct value *from = value_get(r->deployment, "spec");

    meta = draft_make(d, set, "metadata");
    draft_text(d, meta, "name",
               draft_printf(d, "%s-%s", object_name(r->deployment), hash));
    draft_text(d, meta, "namespace", object_ns(r->deployment));
    owners = draft_array(d);
    draft_append(d, owners, work_owner(r->w, DEPLOYMENT, r->deployment));
    draft_set(d, meta, "ownerReferences", owners);
    template = draft_copy(d, value_get(from, "template"));
    draft_text(d, draft_make(d, draft_make(d, template, "metadata"), "labels"),
               HASH_LABEL, hash);
    draft_set(d, meta, "labels",
              draft_copy(d, value_path(template, "metadata.labels")));
    spec = draft_make(d, set, "spec");
    draft_int(d, spec, "replicas", size);
    draft_count(d, spec, "minReadySeconds",
                value_int_at(from, "minReadySeconds", 0));
    draft_set(d, spec, "selector", draft_copy(d, value_get(from, "selector")));
    draft_text(d, draft_make(d, value_get(spec, "selector"), "matchLabels"),
               HASH_LABEL, hash);
    draft_set(d, spec, "template", template);
    return set;
}

/* The name is taken by another set: another hash next time. */
static void count_collision(struct rollout *r)
{
    struct value *status = draft_copy(r->d, value_get(r->deployment, "status"));

    draft_int(r->d, status, "collisionCount",
              value_int_at(status, "collisionCount", 0) + 1);
    work_status(r->w, DEPLOYMENT, r->deployment, status);
}

static void report_refusal(struct rollout *r, const struct value *set)
{
    const char *why = value_text_at(r->w->answer, "message");
    struct value *status = draft_copy(r->d, value_get(r->deployment, "status"));
    const char *words[2] = {
        "ReplicaSetCreateError",
        draft_printf(r->d, "Failed to create new replica set \"%s\": %s",
                     object_name(set), why ? why : "")};

    if (rollout_deadline(r) != NO_DEADLINE) {
        rollout_progress(r, status, "False", words);
        work_status(r->w, DEPLOYMENT, r->deployment, status);
    }
    work_event(r->w, r->deployment, true, words[0], words[1]);
}

static bool create_newest(struct rollout *r)
{
    int64_t salt = value_int_at(r->deployment, "status.collisionCount", 0);
    int64_t size =
        rolling_grow(&r->rolling, rollout_sum(r, "spec.replicas"), 0);
    const char *hash =
        draft_hash(r->d, value_path(r->deployment, "spec.template"), salt);
    struct value *set = draft_newest(r, hash, size);
    int status;

    copy_annotations(r, set);
    number_set(r, set, next_revision(r));
    rollout_annotate(r, set);
    status = work_create(r->w, REPLICA_SET, set);
    if (status >= 300) {
        if (status == 409)
            count_collision(r);
        else if (r->w->again)
            report_refusal(r, set);
        return false;
    }
    r->newest = r->w->answer;
    if (size > 0)
        work_event(r->w, r->deployment, false, "ScalingReplicaSet",
                   draft_printf(r->d, "Scaled up replica set %s from 0 to %lld",
                                object_name(r->newest), (long long)size));
    note_newest(r, "NewReplicaSetCreated", "Created");
    return true;
}

/* False: not this time. */
bool rollout_sync_newest(struct rollout *r, bool create)
{
    int64_t ready = value_int_at(r->deployment, "spec.minReadySeconds", 0);
    bool changed;

    if (!r->newest)
        return !create || create_newest(r);
    changed = copy_annotations(r, r->newest);
    changed |= number_set(r, r->newest, next_revision(r));
    if (value_int_at(r->newest, "spec.minReadySeconds", 0) != ready) {
        draft_count(r->d, value_get(r->newest, "spec"), "minReadySeconds",
                    ready);
        changed = true;
    }
    if (changed) {
        if (work_update(r->w, REPLICA_SET, r->newest) >= 300)
            return false;
        r->newest = r->w->answer;
    }
    note_newest(r, "FoundNewReplicaSet", "Found");
    return !r->w->again;
}
