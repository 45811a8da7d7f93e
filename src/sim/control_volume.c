/*
 * control_volume.c -- claims and volumes: provisioned at once by the default
 *                     class, or when the first pod wants it.
 *
 * A key with a namespace is a claim, one without is a volume.
 */
#include "base/text.h"
#include "control_pods.h"
#include "control_steps.h"
#include "kube/quantity.h"

#define CLASS "standard"
#define PROVISIONER "sim.tidelock.dev/volumes"
#define DEFAULT_KEY "storageclass.kubernetes.io/is-default-class"
#define SELECTED_KEY "volume.kubernetes.io/selected-node"
#define CLAIM_HELD "kubernetes.io/pvc-protection"
#define VOLUME_HELD "kubernetes.io/pv-protection"

int volume_make_class(struct controllers *c, struct err *err)
{
    struct work w = work_begin(c, CONTROL_VOLUME, NULL);
    struct value *class, *meta;

    if (work_get(&w, STORAGE_CLASS, "", CLASS))
        return 0;
    class = draft_object(&w.d);
    meta = draft_make(&w.d, class, "metadata");
    draft_text(&w.d, meta, "name", CLASS);
    draft_text(&w.d, draft_make(&w.d, meta, "annotations"), DEFAULT_KEY,
               "true");
    draft_text(&w.d, class, "provisioner", PROVISIONER);
    draft_text(&w.d, class, "reclaimPolicy", "Delete");
    draft_text(&w.d, class, "volumeBindingMode", "Immediate");
    work_create(&w, STORAGE_CLASS, class);
    return w.d.failed || w.again ? work_refusal(&w, CLASS, err) : 0;
}

/* ---- hearing ---- */

static void add_deleted_claims(struct controllers *c, const char *ns)
{
    const struct member *m = graph_first(c->graph, c->kinds[CLAIM]->bucket, ns);

    for (; m; m = m->next)
        if (m->deleting)
            control_add(c, CONTROL_VOLUME, ns, m->key.name);
}

void volume_changed(struct controllers *c, const struct news *n)
{
    const struct value *claim = value_path(n->object, "spec.claimRef");
    const char *name = value_text_at(claim, "name");
    const char *volume = value_text_at(n->object, "spec.volumeName");

    if (n->kind == STORAGE_CLASS || (n->kind == VOLUME && !name))
        control_add_all(c, CONTROL_VOLUME, CLAIM, "");
    if (n->kind == VOLUME)
        control_add(c, CONTROL_VOLUME, "", n->key->name);
    if (n->kind == VOLUME && name)
        control_add(c, CONTROL_VOLUME, value_text_at(claim, "namespace"), name);
    if (n->kind == CLAIM && volume && n->deleted)
        control_add(c, CONTROL_VOLUME, "", volume);
    if (n->kind == POD && (n->deleted || (n->member && n->member->ended)))
        add_deleted_claims(c, n->key->ns);
}

static void drop_finalizer(struct work *w, enum known kind,
                           struct value *object, const char *name)
{
    struct value *all = value_path(object, "metadata.finalizers");
    size_t count = array_count(all);

    for (size_t i = count; i-- > 0;)
        if (text_equal(value_text(array_at(all, i)), name))
            array_drop(all, i);
    if (array_count(all) < count)
        work_update(w, kind, object);
}

/* ---- volumes ---- */

static void write_phase(struct work *w, const struct value *volume,
                        const char *phase)
{
    struct value *status = draft_copy(&w->d, value_get(volume, "status"));

    if (!text_equal(value_text_at(status, "phase"), phase))
        draft_time(&w->d, status, "lastPhaseTransitionTime", w->d.unix_now);
    draft_text(&w->d, status, "phase", phase);
    work_status(w, VOLUME, volume, status);
}

static void volume_of_no_claim(struct work *w, struct value *volume,
                               bool released)
{
    const char *policy =
        value_text_at(volume, "spec.persistentVolumeReclaimPolicy");

    if (object_deleting(volume))
        drop_finalizer(w, VOLUME, volume, VOLUME_HELD);
    else if (released && text_equal(policy, "Delete"))
        work_delete(w, work_kind(w, VOLUME), volume, NULL);
    else
        write_phase(w, volume, released ? "Released" : "Available");
}

static void step_volume(struct work *w)
{
    struct value *volume = work_get(w, VOLUME, "", w->key->name), *claim;
    const struct value *ref = value_path(volume, "spec.claimRef");
    const char *ns = value_text_at(ref, "namespace");
    const char *name = value_text_at(ref, "name");
    const char *uid = value_text_at(ref, "uid");

    if (!volume)
        return;
    if (!name || !uid) {
        volume_of_no_claim(w, volume, false);
        return;
    }
    claim = work_get(w, CLAIM, ns ? ns : "", name);
    if (claim && text_equal(object_uid(claim), uid))
        write_phase(w, volume, "Bound");
    else
        volume_of_no_claim(w, volume, true);
}

/* ---- which volume ---- */

static const char *class_of(const struct value *object)
{
    const char *name = value_text_at(object, "spec.storageClassName");

    return name ? name : "";
}

static bool is_large_enough(const struct value *volume,
                            const struct value *claim)
{
    const char *has = value_text_at(volume, "spec.capacity.storage");
    const char *wants = value_text_at(claim, "spec.resources.requests.storage");
    struct quantity a, b;

    return has && wants && quantity_parse(has, &a) &&
           quantity_parse(wants, &b) && quantity_compare(&a, &b) >= 0;
}

static bool modes_fit(const struct value *volume, const struct value *claim)
{
    const struct value *has = value_path(volume, "spec.accessModes");
    const struct value *wants = value_path(claim, "spec.accessModes");

    for (size_t i = 0; i < array_count(wants); i++)
        if (!array_has_text(has, value_text(array_at(wants, i))))
            return false;
    return true;
}

/* Free, or already meant for this claim. */
static bool is_free_for(const struct value *volume, const struct value *claim)
{
    const struct value *ref = value_path(volume, "spec.claimRef");
    const char *uid = value_text_at(ref, "uid");

    if (object_deleting(volume))
        return false;
    if (!ref)
        return true;
    return text_equal(value_text_at(ref, "name"), object_name(claim)) &&
           text_equal(value_text_at(ref, "namespace"), object_ns(claim)) &&
           (!uid || text_equal(uid, object_uid(claim)));
}

static struct value *find_volume(struct work *w, const struct value *claim)
{
    const char *named = value_text_at(claim, "spec.volumeName");
    struct value *all, *one, *best = NULL;

    if (sim_list(w->c->s, w->d.a, work_kind(w, VOLUME), "", &all) < 0) {
        w->d.failed = true;
        return NULL;
    }
    for (size_t i = 0; i < array_count(all); i++) {
        one = array_at(all, i);
        if (!is_free_for(one, claim) ||
            (named && !text_equal(named, object_name(one))))
            continue;
        if (named)
            return one;
        if (text_equal(class_of(one), class_of(claim)) &&
            modes_fit(one, claim) && is_large_enough(one, claim) && !best)
            best = one;
    }
    return best;
}

/* ---- binding ---- */

static struct value *reference(struct draft *d, const struct value *claim)
{
    struct value *ref = draft_object(d);

    draft_text(d, ref, "apiVersion", "v1");
    draft_text(d, ref, "kind", "PersistentVolumeClaim");
    draft_text(d, ref, "namespace", object_ns(claim));
    draft_text(d, ref, "name", object_name(claim));
    draft_text(d, ref, "uid", object_uid(claim));
    draft_text(d, ref, "resourceVersion",
               value_text_at(claim, "metadata.resourceVersion"));
    return ref;
}

static struct value *provision(struct work *w, const struct value *claim,
                               const struct value *class)
{
    struct draft *d = &w->d;
    struct value *volume = draft_object(d), *meta, *spec, *source;
    const char *driver = value_text_at(class, "provisioner");
    const char *policy = value_text_at(class, "reclaimPolicy");
    const char *mode = value_text_at(claim, "spec.volumeMode");

    meta = draft_make(d, volume, "metadata");
    draft_text(d, meta, "name", draft_printf(d, "pvc-%s", object_uid(claim)));
    draft_text(d, draft_make(d, meta, "annotations"),
               "pv.kubernetes.io/provisioned-by", driver);
    spec = draft_make(d, volume, "spec");
    draft_set(d, spec, "accessModes",
              draft_copy(d, value_path(claim, "spec.accessModes")));
    draft_text(d, draft_make(d, spec, "capacity"), "storage",
               value_text_at(claim, "spec.resources.requests.storage"));
    draft_set(d, spec, "claimRef", reference(d, claim));
    draft_text(d, spec, "persistentVolumeReclaimPolicy",
               policy ? policy : "Delete");
    draft_text(d, spec, "storageClassName", object_name(class));
    draft_text(d, spec, "volumeMode", mode);
    source = draft_make(d, spec, "csi");
    draft_text(d, source, "driver", driver);
    draft_text(d, source, "volumeHandle", object_uid(claim));
    if (work_create(w, VOLUME, volume) >= 300)
        return NULL;
    volume = w->answer;
    work_event(w, claim, false, "ProvisioningSucceeded",
               draft_printf(d, "Successfully provisioned volume %s",
                            object_name(volume)));
    return volume;
}

/* Both sides name each other, then both say so. */
static void bind(struct work *w, struct value *claim, struct value *volume)
{
    struct draft *d = &w->d;
    struct value *notes, *status;

    if (!value_text_at(volume, "spec.claimRef.uid")) {
        draft_set(d, value_get(volume, "spec"), "claimRef",
                  reference(d, claim));
        notes = draft_make(d, value_get(volume, "metadata"), "annotations");
        draft_text(d, notes, "pv.kubernetes.io/bound-by-controller", "yes");
        if (work_update(w, VOLUME, volume) >= 300)
            return;
        volume = w->answer;
    }
    write_phase(w, volume, "Bound");
    notes = draft_make(d, value_get(claim, "metadata"), "annotations");
    draft_text(d, notes, "pv.kubernetes.io/bind-completed", "yes");
    if (!value_text_at(claim, "spec.volumeName"))
        draft_text(d, notes, "pv.kubernetes.io/bound-by-controller", "yes");
    draft_text(d, value_get(claim, "spec"), "volumeName", object_name(volume));
    if (work_update(w, CLAIM, claim) >= 300)
        return;
    claim = w->answer;
    status = draft_copy(d, value_get(claim, "status"));
    draft_text(d, status, "phase", "Bound");
    draft_set(d, status, "accessModes",
              draft_copy(d, value_path(volume, "spec.accessModes")));
    draft_set(d, status, "capacity",
              draft_copy(d, value_path(volume, "spec.capacity")));
    work_status(w, CLAIM, claim, status);
}

/* ---- claims ---- */

static const struct value *default_class(struct work *w)
{
    struct value *all = NULL;

    if (sim_list(w->c->s, w->d.a, work_kind(w, STORAGE_CLASS), "", &all) < 0)
        w->d.failed = true;
    for (size_t i = 0; i < array_count(all); i++)
        if (text_equal(object_annotation(array_at(all, i), DEFAULT_KEY),
                       "true"))
            return array_at(all, i);
    return NULL;
}

static bool uses(const struct value *pod, const char *claim)
{
    const struct value *all = value_path(pod, "spec.volumes");

    for (size_t i = 0; i < array_count(all); i++)
        if (text_equal(value_text_at(array_at(all, i),
                                     "persistentVolumeClaim.claimName"),
                       claim))
            return true;
    return false;
}

/* A claim stays while a pod that has not ended mounts it. */
static void let_go(struct work *w, struct value *claim)
{
    const struct member *m =
        graph_first(w->c->graph, work_kind(w, POD)->bucket, w->key->ns);

    for (; m; m = m->next)
        if (!m->ended &&
            uses(work_get(w, POD, m->key.ns, m->key.name), w->key->name))
            return;
    drop_finalizer(w, CLAIM, claim, CLAIM_HELD);
}

static void take_default(struct work *w, struct value *claim)
{
    const struct value *class = default_class(w);

    if (!class)
        return;
    draft_text(&w->d, value_get(claim, "spec"), "storageClassName",
               object_name(class));
    work_update(w, CLAIM, claim);
}

/* The volume that a class makes; NULL: it has to wait, and why is said. */
static struct value *make_volume(struct work *w, const struct value *claim)
{
    struct value *class = work_get(w, STORAGE_CLASS, "", class_of(claim));
    const char *mode = value_text_at(class, "volumeBindingMode");
    const char *driver = value_text_at(class, "provisioner");

    if (!class || text_equal(driver, "kubernetes.io/no-provisioner")) {
        work_event(w, claim, class == NULL,
                   class ? "FailedBinding" : "ProvisioningFailed",
                   class ? "no persistent volumes available for this claim and "
                           "no storage class is set"
                         : draft_printf(&w->d,
                                        "storageclass.storage.k8s.io \"%s\" "
                                        "not found",
                                        class_of(claim)));
        return NULL;
    }
    if (text_equal(mode, "WaitForFirstConsumer") &&
        !object_annotation(claim, SELECTED_KEY)) {
        work_event(w, claim, false, "WaitForFirstConsumer",
                   "waiting for first consumer to be created before binding");
        return NULL;
    }
    return provision(w, claim, class);
}

void volume_step(struct work *w)
{
    struct value *claim, *volume;

    if (w->key->ns[0] == '\0') {
        step_volume(w);
        return;
    }
    claim = work_get(w, CLAIM, w->key->ns, w->key->name);
    if (!claim)
        return;
    if (object_deleting(claim)) {
        let_go(w, claim);
        return;
    }
    if (text_equal(value_text_at(claim, "status.phase"), "Bound"))
        return;
    volume = find_volume(w, claim);
    if (!volume && !value_path(claim, "spec.storageClassName")) {
        take_default(w, claim);
        return;
    }
    if (!volume && class_of(claim)[0] != '\0' &&
        !value_text_at(claim, "spec.volumeName"))
        volume = make_volume(w, claim);
    if (volume && !w->again)
        bind(w, claim, volume);
}
