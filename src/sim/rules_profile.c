/*
 * rules_profile.c -- profiles of AppArmor and seccomp that are annotations, as
 *                    in older days: what becomes of them (k8s.io/kubernetes
 *                    pkg/registry/core/pod, pkg/api/pod).
 */
#include <string.h>

#include "base/text.h"
#include "rules_check.h"

/* ---- copies ---- */

static const char APPARMOR_OF[] =
    "container.apparmor.security.beta.kubernetes.io/";
static const char SECCOMP_OF[] =
    "container.seccomp.security.alpha.kubernetes.io/";
static const char SECCOMP[] = "seccomp.security.alpha.kubernetes.io/pod";

static const char *const LISTS[] = {"initContainers", "containers",
                                    "ephemeralContainers"};

static const char DEPRECATED[] =
    "deprecated since v1.30; use the \"appArmorProfile\" field instead";
static const char USELESS[] =
    "non-functional in v1.27+; use the \"seccompProfile\" field instead";

/* The field that says what the annotation says; NULL: there is none, or out of
 * memory with the failure set. */
static struct value *profile_of(const struct rules_call *c, const char *note,
                                struct failure *f)
{
    static const char local[] = "localhost/";
    struct value *profile = value_object(c->a);
    const char *file = NULL, *type = NULL;

    if (strcmp(note, "unconfined") == 0)
        type = "Unconfined";
    else if (strcmp(note, "runtime/default") == 0)
        type = "RuntimeDefault";
    else if (text_starts(note, local) && note[strlen(local)])
        type = "Localhost", file = note + strlen(local);
    if (!type)
        return NULL;
    if (!profile ||
        value_set(c->a, profile, "type", value_string(c->a, type)) < 0 ||
        (file && value_set(c->a, profile, "localhostProfile",
                           value_string(c->a, file)) < 0)) {
        failure_nomem(f);
        return NULL;
    }
    return profile;
}

/* "place[key]: text" */
static int warn_of(const struct rules_call *c, const struct place *up,
                   const char *key, const char *text)
{
    const struct place meta = place_field(up, "metadata");
    const struct place notes = place_field(&meta, "annotations");
    const struct place at = place_key(&notes, key);
    const char *place = place_text(c->a, &at);
    const char *line = place ? arena_printf(c->a, "%s: %s", place, text) : NULL;

    if (!c->warnings)
        return 0;
    return line ? value_append(c->a, c->warnings, value_string(c->a, line))
                : -1;
}

static const char *key_of(struct arena *a, const char *prefix,
                          const struct value *container)
{
    const char *name = value_text_at(container, "name");

    return arena_printf(a, "%s%s", prefix, name ? name : "");
}

/* A container with the annotation gets the field, unless its pod has it. */
static int copy_profile(const struct rules_call *c, const struct value *object,
                        struct value *container, struct failure *f)
{
    const struct value *notes = value_path(object, "metadata.annotations");
    const char *key = key_of(c->a, APPARMOR_OF, container);
    const char *note = key ? value_text(value_get(notes, key)) : NULL;
    const struct value *of_pod =
        value_path(object, "spec.securityContext.appArmorProfile");
    struct value *profile, *context;

    if (!key)
        return failure_nomem(f);
    if (!note || value_path(container, "securityContext.appArmorProfile"))
        return 0;
    profile = profile_of(c, note, f);
    if (f->code)
        return -1;
    if (profile && of_pod && value_equal(profile, of_pod))
        return 0;
    if (profile) {
        context = value_make(c->a, container, "securityContext");
        if (!context)
            return failure_nomem(f);
        if (rules_set(c, context, "appArmorProfile", profile, f) < 0)
            return -1;
    }
    return warn_of(c, NULL, key, DEPRECATED) < 0 ? failure_nomem(f) : 0;
}

int rules_copy_profiles(const struct rules_call *c, const struct value *object,
                        struct failure *f)
{
    const struct value *spec = value_get(object, "spec");
    struct value *container;

    if (text_equal(value_text_at(spec, "os.name"), "windows"))
        return 0;
    for (size_t n = 0; n < sizeof LISTS / sizeof LISTS[0]; n++) {
        const struct value *list = value_get(spec, LISTS[n]);

        for (size_t i = 0; (container = rules_item(list, i)); i++)
            if (copy_profile(c, object, container, f) < 0)
                return -1;
    }
    return 0;
}

/* ---- warnings ---- */

/* Does the field of its pod say what the annotation says? */
static bool is_of_pod(const struct rules_call *c, const struct value *pod,
                      const char *note)
{
    const struct value *of_pod =
        value_path(pod, "spec.securityContext.appArmorProfile");
    struct failure f;
    struct value *profile;

    failure_init(&f, c->a);
    profile = profile_of(c, note, &f);
    return of_pod && profile && value_equal(of_pod, profile);
}

/* Those of a pod itself are warned of when its fields are set. */
static int warn_of_container(const struct rules_call *c, const struct place *at,
                             const struct value *pod,
                             const struct value *container)
{
    const struct value *notes = value_path(pod, "metadata.annotations");
    const struct value *context = value_get(container, "securityContext");
    const char *seccomp = key_of(c->a, SECCOMP_OF, container);
    const char *apparmor = key_of(c->a, APPARMOR_OF, container);
    const char *note = apparmor ? value_text(value_get(notes, apparmor)) : NULL;

    if (!seccomp || !apparmor)
        return -1;
    if (value_get(notes, seccomp) && !value_get(context, "seccompProfile") &&
        warn_of(c, at, seccomp, USELESS) < 0)
        return -1;
    if (!at || !note || value_get(context, "appArmorProfile") ||
        is_of_pod(c, pod, note))
        return 0;
    return warn_of(c, at, apparmor, DEPRECATED);
}

int rules_warn_profiles(const struct rules_call *c, const struct place *at,
                        const struct value *pod)
{
    const struct value *notes = value_path(pod, "metadata.annotations");
    const struct value *spec = value_get(pod, "spec");
    const struct value *container;

    if (!notes)
        return 0;
    if (value_get(notes, SECCOMP) &&
        !value_path(spec, "securityContext.seccompProfile") &&
        warn_of(c, at, SECCOMP, USELESS) < 0)
        return -1;
    for (size_t n = 0; n < sizeof LISTS / sizeof LISTS[0]; n++)
        for (size_t i = 0;
             (container = rules_item(value_get(spec, LISTS[n]), i)); i++)
            if (warn_of_container(c, at, pod, container) < 0)
                return -1;
    return 0;
}
