/*
 * control_stateful.c -- StatefulSets: pods with names, one after the other, and
 *                       the claims that stay with them.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "control_pods.h"
#include "control_revision.h"
#include "control_steps.h"

#define REVISION_LABEL "controller-revision-hash"
#define HASH_LABEL "controller.kubernetes.io/hash"
#define NAME_LABEL "statefulset.kubernetes.io/pod-name"
#define INDEX_LABEL "apps.kubernetes.io/pod-index"

struct stateful {
    struct work *w;
    struct draft *d;
    const struct value *set;
    struct value *pods;
    struct revisions revisions;
    const char *current, *update; /* names of revisions */
    int64_t start, replicas, min_ready;
    bool parallel;
};

/* ---- names ---- */

/* -1: not one of this set's names. */
static int64_t ordinal_of(const struct stateful *s, const struct value *pod)
{
    const char *name = object_name(pod);
    size_t len = strlen(object_name(s->set));
    int64_t ordinal;

    if (strncmp(name, object_name(s->set), len) != 0 || name[len] != '-' ||
        !text_to_int64(name + len + 1, strlen(name + len + 1), &ordinal))
        return -1;
    return ordinal;
}

static struct value *find_pod(const struct stateful *s, int64_t ordinal)
{
    for (size_t i = 0; i < array_count(s->pods); i++)
        if (ordinal_of(s, array_at(s->pods, i)) == ordinal)
            return array_at(s->pods, i);
    return NULL;
}

static bool is_wanted(const struct stateful *s, int64_t ordinal)
{
    return ordinal >= s->start && ordinal < s->start + s->replicas;
}

static const char *claim_name(struct stateful *s, const struct value *template,
                              int64_t ordinal)
{
    return draft_printf(s->d, "%s-%s-%lld", object_name(template),
                        object_name(s->set), (long long)ordinal);
}

static bool policy_is(const struct stateful *s, const char *when)
{
    const struct value *all =
        value_path(s->set, "spec.persistentVolumeClaimRetentionPolicy");

    return text_equal(value_text_at(all, when), "Delete");
}

/* ---- claims ---- */

static bool make_claim(struct stateful *s, const struct value *template,
                       int64_t ordinal)
{
    struct draft *d = s->d;
    const char *name = claim_name(s, template, ordinal);
    struct value *claim, *meta, *labels, *owners;
    const struct value *extra = value_path(s->set, "spec.selector.matchLabels");

    if (work_get(s->w, CLAIM, object_ns(s->set), name))
        return true;
    claim = draft_object(d);
    meta = draft_copy(d, value_get(template, "metadata"));
    draft_set(d, claim, "metadata", meta);
    draft_text(d, meta, "name", name);
    draft_text(d, meta, "namespace", object_ns(s->set));
    labels = draft_make(d, meta, "labels");
    for (uint32_t i = 0; value_is(extra, VALUE_OBJECT) && i < extra->count; i++)
        draft_text(d, labels, extra->as.members[i].key,
                   value_text(extra->as.members[i].value));
    if (policy_is(s, "whenDeleted")) {
        owners = draft_array(d);
        draft_append(d, owners, work_owner(s->w, STATEFUL_SET, s->set));
        draft_set(d, meta, "ownerReferences", owners);
    }
    draft_set(d, claim, "spec", draft_copy(d, value_get(template, "spec")));
    if (work_create(s->w, CLAIM, claim) >= 300)
        return false;
    work_event(s->w, s->set, false, "SuccessfulCreate",
               draft_printf(d,
                            "Create Claim %s Pod %s-%lld in StatefulSet %s "
                            "success",
                            name, object_name(s->set), (long long)ordinal,
                            object_name(s->set)));
    return true;
}

static bool make_claims(struct stateful *s, int64_t ordinal)
{
    const struct value *all = value_path(s->set, "spec.volumeClaimTemplates");

    for (size_t i = 0; i < array_count(all); i++)
        if (!make_claim(s, array_at(all, i), ordinal))
            return false;
    return true;
}

/* The claims of a pod that is scaled away go with it. */
static void tie_claims(struct stateful *s, const struct value *pod,
                       int64_t ordinal)
{
    const struct value *all = value_path(s->set, "spec.volumeClaimTemplates");
    struct value *claim, *owners;

    for (size_t i = 0; i < array_count(all); i++) {
        claim = work_get(s->w, CLAIM, object_ns(s->set),
                         claim_name(s, array_at(all, i), ordinal));
        if (!claim || object_deleting(claim))
            continue;
        owners = draft_array(s->d);
        draft_append(s->d, owners, work_owner(s->w, POD, pod));
        draft_set(s->d, value_get(claim, "metadata"), "ownerReferences",
                  owners);
        work_update(s->w, CLAIM, claim);
    }
}

/* ---- pods ---- */

static void mount_claims(struct stateful *s, struct value *spec,
                         int64_t ordinal)
{
    struct draft *d = s->d;
    const struct value *all = value_path(s->set, "spec.volumeClaimTemplates");
    const struct value *had = value_get(spec, "volumes");
    struct value *volumes = draft_array(d), *one;
    bool replaced;

    for (size_t i = 0; i < array_count(all); i++) {
        one = draft_object(d);
        draft_text(d, one, "name", object_name(array_at(all, i)));
        draft_text(d, draft_make(d, one, "persistentVolumeClaim"), "claimName",
                   claim_name(s, array_at(all, i), ordinal));
        draft_append(d, volumes, one);
    }
    for (size_t i = 0; i < array_count(had); i++) {
        replaced = false;
        for (size_t j = 0; j < array_count(all); j++)
            replaced |= text_equal(value_text_at(array_at(had, i), "name"),
                                   object_name(array_at(all, j)));
        if (!replaced)
            draft_append(d, volumes, array_at(had, i));
    }
    if (array_count(volumes) > 0)
        draft_set(d, spec, "volumes", volumes);
}

/* Which revision a pod that is made now belongs to. */
static const char *revision_for(const struct stateful *s, int64_t ordinal)
{
    const struct value *strategy = value_path(s->set, "spec.updateStrategy");
    int64_t kept = value_int_at(strategy, "rollingUpdate.partition", 0);

    if (!text_equal(value_text_at(strategy, "type"), "RollingUpdate"))
        return s->update;
    if (!value_get(strategy, "rollingUpdate"))
        kept = value_int_at(s->set, "status.currentReplicas", 0);
    return ordinal < s->start + kept ? s->current : s->update;
}

static struct value *draft_pod(struct stateful *s, int64_t ordinal)
{
    struct draft *d = s->d;
    const char *revision = revision_for(s, ordinal), *name;
    const struct value *from = revision_find(&s->revisions, revision);
    struct value *pod, *labels, *spec;

    if (!from)
        from = s->revisions.update;
    pod = work_pod(s->w, STATEFUL_SET, s->set,
                   value_path(from, "data.spec.template"));
    name = draft_printf(d, "%s-%lld", object_name(s->set), (long long)ordinal);
    draft_text(d, value_get(pod, "metadata"), "name", name);
    labels = draft_make(d, value_get(pod, "metadata"), "labels");
    draft_text(d, labels, NAME_LABEL, name);
    draft_text(d, labels, INDEX_LABEL,
               draft_printf(d, "%lld", (long long)ordinal));
    draft_text(d, labels, REVISION_LABEL, object_name(from));
    spec = value_get(pod, "spec");
    draft_text(d, spec, "hostname", name);
    if (value_text_at(s->set, "spec.serviceName"))
        draft_text(d, spec, "subdomain",
                   value_text_at(s->set, "spec.serviceName"));
    mount_claims(s, spec, ordinal);
    return pod;
}

static void create_pod(struct stateful *s, int64_t ordinal)
{
    struct value *pod;

    if (!make_claims(s, ordinal))
        return;
    pod = draft_pod(s, ordinal);
    if (work_create(s->w, POD, pod) < 300)
        work_event(s->w, s->set, false, "SuccessfulCreate",
                   draft_printf(s->d,
                                "Create Pod %s in StatefulSet %s successful",
                                object_name(pod), object_name(s->set)));
}

static void delete_pod(struct stateful *s, const struct value *pod)
{
    if (work_delete(s->w, work_kind(s->w, POD), pod, NULL) < 300)
        work_event(s->w, s->set, false, "SuccessfulDelete",
                   draft_printf(s->d,
                                "Delete Pod %s in StatefulSet %s successful",
                                object_name(pod), object_name(s->set)));
}

static bool is_available(struct stateful *s, const struct value *pod)
{
    int64_t left = 0;
    bool yes = pod_is_available(pod, s->min_ready, s->d->unix_now, &left);

    if (left > 0)
        work_after(s->w, (uint64_t)left * 1000);
    return yes && text_equal(value_text_at(pod, "status.phase"), "Running");
}

/* One of the wanted pods. False: the next ones have to wait for it. */
static bool tend(struct stateful *s, int64_t ordinal)
{
    struct value *pod = find_pod(s, ordinal);

    if (!pod) {
        create_pod(s, ordinal);
        return s->parallel && !s->w->again;
    }
    if (object_deleting(pod))
        return s->parallel;
    if (pod_is_ended(pod)) {
        work_event(s->w, s->set, true, "RecreatingTerminatedPod",
                   draft_printf(s->d,
                                "StatefulSet %s/%s is recreating terminated "
                                "Pod %s",
                                object_ns(s->set), object_name(s->set),
                                object_name(pod)));
        delete_pod(s, pod);
        return s->parallel;
    }
    return is_available(s, pod) || s->parallel;
}

/* The highest first. False: wait. */
static bool condemn(struct stateful *s)
{
    struct value *pod, *last;
    int64_t ordinal, high;

    for (;;) {
        last = NULL;
        high = -1;
        for (size_t i = 0; i < array_count(s->pods); i++) {
            pod = array_at(s->pods, i);
            ordinal = ordinal_of(s, pod);
            if (ordinal < 0 || is_wanted(s, ordinal) || ordinal <= high ||
                (s->parallel && object_deleting(pod)))
                continue;
            high = ordinal;
            last = pod;
        }
        if (!last)
            return true;
        if (object_deleting(last))
            return false;
        if (policy_is(s, "whenScaled"))
            tie_claims(s, last, high);
        delete_pod(s, last);
        if (!s->parallel || s->w->again)
            return false;
        draft_text(s->d, value_get(last, "metadata"), "deletionTimestamp", "");
    }
}

/* Pods of an old revision go, the highest first, one at a time. */
static void update_pods(struct stateful *s)
{
    const struct value *strategy = value_path(s->set, "spec.updateStrategy");
    int64_t kept = value_int_at(strategy, "rollingUpdate.partition", 0);
    const struct value *pod;

    if (text_equal(value_text_at(strategy, "type"), "OnDelete"))
        return;
    for (int64_t i = s->start + s->replicas - 1; i >= s->start + kept; i--) {
        pod = find_pod(s, i);
        if (!pod || object_deleting(pod))
            return;
        if (!text_equal(object_label(pod, REVISION_LABEL), s->update)) {
            delete_pod(s, pod);
            return;
        }
        if (!is_available(s, pod))
            return;
    }
}

/* ---- status ---- */

static struct value *count_pods(struct stateful *s)
{
    struct draft *d = s->d;
    struct value *status = draft_copy(d, value_get(s->set, "status"));
    int64_t total = 0, ready = 0, available = 0, current = 0, updated = 0;
    const struct value *pod;
    const char *revision;
    bool live;

    for (size_t i = 0; i < array_count(s->pods); i++) {
        pod = array_at(s->pods, i);
        revision = object_label(pod, REVISION_LABEL);
        live = !object_deleting(pod);
        total++;
        ready += pod_is_ready(pod);
        available += is_available(s, pod);
        current += live && text_equal(revision, s->current);
        updated += live && text_equal(revision, s->update);
    }
    draft_count(d, status, "observedGeneration",
                value_int_at(s->set, "metadata.generation", 0));
    draft_int(d, status, "replicas", total);
    draft_count(d, status, "readyReplicas", ready);
    draft_int(d, status, "availableReplicas", available);
    draft_count(d, status, "currentReplicas", current);
    draft_count(d, status, "updatedReplicas", updated);
    if (!value_get(status, "collisionCount"))
        draft_int(d, status, "collisionCount", 0);
    return status;
}

static void write_status(struct stateful *s)
{
    struct value *status = count_pods(s);
    int64_t updated = value_int_at(status, "updatedReplicas", 0);

    if (updated == s->replicas &&
        updated == value_int_at(status, "readyReplicas", 0) &&
        updated == value_int_at(status, "replicas", 0)) {
        s->current = s->update;
        draft_count(s->d, status, "currentReplicas", updated);
    }
    draft_text(s->d, status, "currentRevision", s->current);
    draft_text(s->d, status, "updateRevision", s->update);
    work_status(s->w, STATEFUL_SET, s->set, status);
}

static void trim(struct stateful *s)
{
    struct value *live = draft_array(s->d), *pod;
    const char *revision;

    draft_append(s->d, live, value_string(s->d->a, s->current));
    for (size_t i = 0; i < array_count(s->pods); i++) {
        pod = array_at(s->pods, i);
        revision = object_label(pod, REVISION_LABEL);
        if (revision)
            draft_append(s->d, live, value_string(s->d->a, revision));
    }
    revisions_trim(s->w, s->set, &s->revisions, live);
}

static void tend_all(struct stateful *s)
{
    for (int64_t i = 0; i < s->replicas; i++)
        if (!tend(s, s->start + i))
            return;
    if (condemn(s))
        update_pods(s);
}

void stateful_changed(struct controllers *c, const struct news *n)
{
    const struct value *owner;

    if (n->kind != REVISION)
        return;
    owner = object_controller(n->object);
    if (text_equal(value_text_at(owner, "kind"), "StatefulSet"))
        control_add(c, CONTROL_STATEFUL, n->key->ns,
                    value_text_at(owner, "name"));
}

void stateful_step(struct work *w)
{
    struct stateful s = {.w = w, .d = &w->d};

    s.set = work_get(w, STATEFUL_SET, w->key->ns, w->key->name);
    if (!s.set)
        return;
    s.pods = work_claim(w, POD, s.set);
    if (w->d.failed || object_deleting(s.set) ||
        !revisions_sync(w, s.set, HASH_LABEL, &s.revisions))
        return;
    s.update = object_name(s.revisions.update);
    s.current = value_text_at(s.set, "status.currentRevision");
    if (!s.current)
        s.current = s.update;
    s.start = value_int_at(s.set, "spec.ordinals.start", 0);
    s.replicas = value_int_at(s.set, "spec.replicas", 1);
    s.min_ready = value_int_at(s.set, "spec.minReadySeconds", 0);
    s.parallel = text_equal(value_text_at(s.set, "spec.podManagementPolicy"),
                            "Parallel");
    tend_all(&s);
    write_status(&s);
    trim(&s);
}
