/*
 * rules_pod_notes.c -- validation of annotations of pods that mean something:
 *                      costs, profiles of older days (k8s.io/kubernetes
 *                      pkg/apis/core/validation).
 */
#include <string.h>

#include "base/text.h"
#include "rules_pods.h"

static const char COST[] = "controller.kubernetes.io/pod-deletion-cost";
static const char MIRROR[] = "kubernetes.io/config.mirror";
static const char SECCOMP[] = "seccomp.security.alpha.kubernetes.io/pod";
static const char SECCOMP_OF[] =
    "container.seccomp.security.alpha.kubernetes.io/";
static const char APPARMOR_OF[] =
    "container.apparmor.security.beta.kubernetes.io/";
static const char LOCALHOST[] = "localhost/";

static const char *text_of(const struct value *object, const char *field)
{
    const char *text = value_text_at(object, field);

    return text ? text : "";
}

/* ---- costs ---- */

/* A 32-bit number without a plus and without zeros before it. */
static bool is_cost(const char *text)
{
    int64_t cost;

    if (*text == '+' || (*text == '0' && text[1]))
        return false;
    return text_to_int64(text, strlen(text), &cost) && cost >= INT32_MIN &&
           cost <= INT32_MAX;
}

/* ---- profiles ---- */

static void check_seccomp(struct check *k, const struct place *at,
                          const char *profile)
{
    if (strcmp(profile, "runtime/default") == 0 ||
        strcmp(profile, "docker/default") == 0 ||
        strcmp(profile, "unconfined") == 0)
        return;
    if (text_starts(profile, LOCALHOST))
        rules_check_descending(k, at, profile + strlen(LOCALHOST));
    else
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a valid seccomp profile",
                  profile);
}

static bool has_container(const struct value *spec, const char *name)
{
    return check_seen(value_get(spec, "containers"), SIZE_MAX, "name", name) ||
           check_seen(value_get(spec, "initContainers"), SIZE_MAX, "name",
                      name) ||
           check_seen(value_get(spec, "ephemeralContainers"), SIZE_MAX, "name",
                      name);
}

static void check_apparmor(struct check *k, const struct place *at,
                           const struct value_member *m,
                           const struct value *spec)
{
    const char *profile = value_text(m->value);
    const char *name = m->key + strlen(APPARMOR_OF);
    const struct place *place = PLACE_KEY(at, m->key);

    if (!has_container(spec, name))
        check_add(k, CAUSE_INVALID, place,
                  "Invalid value: \"%s\": container not found", name);
    if (*profile && strcmp(profile, "runtime/default") != 0 &&
        strcmp(profile, "unconfined") != 0 && !text_starts(profile, LOCALHOST))
        check_add(k, CAUSE_INVALID, place,
                  "Invalid value: \"%s\": invalid AppArmor profile name",
                  profile);
}

void rules_check_pod_notes(struct check *k, const struct place *at,
                           const struct value *pod)
{
    const struct value *notes = value_path(pod, "metadata.annotations");
    const struct value *spec = value_get(pod, "spec");
    const char *cost = value_text(value_get(notes, COST));

    if (value_get(notes, MIRROR) && !*text_of(spec, "nodeName"))
        check_invalid(k, PLACE_KEY(at, MIRROR), value_get(notes, MIRROR),
                      "must set spec.nodeName if mirror pod annotation is set");
    if (cost && !is_cost(cost))
        check_add(k, CAUSE_INVALID, PLACE_KEY(at, COST),
                  "Invalid value: \"%s\": must be a 32bit integer", cost);
    if (value_get(notes, SECCOMP))
        check_seccomp(k, PLACE(at, SECCOMP),
                      value_text(value_get(notes, SECCOMP)));
    for (uint32_t i = 0; notes && i < notes->count; i++) {
        const struct value_member *m = &notes->as.members[i];

        if (text_starts(m->key, SECCOMP_OF))
            check_seccomp(k, PLACE(at, m->key), value_text(m->value));
        if (text_starts(m->key, APPARMOR_OF))
            check_apparmor(k, at, m, spec);
    }
}

/* ---- profiles that are fields, too ---- */

/* Says the annotation what the field says? */
static void check_profile(struct check *k, const struct place *at,
                          const struct value *profile, const char *note,
                          bool docker)
{
    const char *type = text_of(profile, "type");
    const char *file = value_text_at(profile, "localhostProfile");
    bool same = true;

    if (strcmp(type, "Unconfined") == 0)
        same = strcmp(note, "unconfined") == 0;
    else if (strcmp(type, "RuntimeDefault") == 0)
        same = strcmp(note, "runtime/default") == 0 ||
               (docker && strcmp(note, "docker/default") == 0);
    else if (strcmp(type, "Localhost") == 0)
        same = text_starts(note, LOCALHOST);
    if (!same)
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "type"),
                  "Forbidden: type in annotation and field must match");
    else if (strcmp(type, "Localhost") == 0 &&
             !text_equal(file, note + strlen(LOCALHOST)))
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "localhostProfile"),
                  "Forbidden: profile in annotation and field must match");
}

/* The annotation "<prefix><name of the container>", or NULL. */
static const char *note_of(struct check *k, const struct value *notes,
                           const char *prefix, const struct value *container)
{
    const char *key =
        arena_printf(k->c->a, "%s%s", prefix, text_of(container, "name"));

    if (!key)
        failure_nomem(k->f);
    return key ? value_text(value_get(notes, key)) : NULL;
}

static void check_container(struct check *k, const struct place *at,
                            const struct value *c, void *arg)
{
    const struct value *pod = arg;
    const struct value *notes = value_path(pod, "metadata.annotations");
    const struct place *context = PLACE(at, "securityContext");
    const struct value *own = value_get(c, "securityContext");
    const struct value *profile = value_get(own, "seccompProfile");
    const char *note = note_of(k, notes, SECCOMP_OF, c);

    if (profile && note)
        check_profile(k, PLACE(context, "seccompProfile"), profile, note, true);
    profile = value_get(own, "appArmorProfile");
    if (!profile)
        profile = value_path(pod, "spec.securityContext.appArmorProfile");
    note = note_of(k, notes, APPARMOR_OF, c);
    if (profile && note && strcmp(text_of(pod, "spec.os.name"), "windows") != 0)
        check_profile(k, PLACE(context, "appArmorProfile"), profile, note,
                      false);
}

void rules_check_profile_notes(struct check *k, const struct place *at,
                               const struct value *pod)
{
    const struct value *notes = value_path(pod, "metadata.annotations");
    const struct value *profile =
        value_path(pod, "spec.securityContext.seccompProfile");
    const char *note = value_text(value_get(notes, SECCOMP));

    if (!notes)
        return;
    if (profile && note)
        check_profile(k, PLACE(PLACE(at, "securityContext"), "seccompProfile"),
                      profile, note, true);
    rules_each_container(k, at, value_get(pod, "spec"), check_container,
                         (void *)pod);
}
