/*
 * rules_restricted.c -- PodSecurity: what the restricted level wants beside
 *                       the baseline.
 */
#include <string.h>

#include "rules_look.h"

static bool is_false(const struct look *l, const struct value *v)
{
    (void)l;
    return value_is(v, VALUE_BOOL) && !v->as.boolean;
}

static bool is_zero(const struct look *l, const struct value *v)
{
    (void)l;
    return value_is(v, VALUE_INTEGER) && v->as.integer == 0;
}

/* Names of the containers that leave a field out. */
static struct value *find_silent(struct look *l, const char *path)
{
    struct value *names = look_new_list(l);
    const struct value *c;

    for (size_t i = 0; (c = rules_item(l->containers, i)); i++)
        if (!value_path(value_get(c, "securityContext"), path))
            look_add_text(l, names, look_name_of(c));
    return names;
}

static bool is_windows(const struct look *l)
{
    return l->minor >= 25 &&
           text_equal(value_text_at(l->spec, "os.name"), "windows");
}

void look_at_escalation(struct look *l)
{
    struct value *names = look_new_list(l);
    const struct value *c;

    for (size_t i = 0; (c = rules_item(l->containers, i)); i++)
        if (value_bool_at(c, "securityContext.allowPrivilegeEscalation", true))
            look_add_text(l, names, look_name_of(c));
    if (names && names->count && !is_windows(l))
        look_refuse(
            l, "allowPrivilegeEscalation != false",
            arena_printf(l->a,
                         "%s must set "
                         "securityContext.allowPrivilegeEscalation=false",
                         look_named(l, names)));
}

static bool is_bind_capability(const char *name)
{
    return strcmp(name, "NET_BIND_SERVICE") == 0;
}

static bool drops_all(const struct value *c)
{
    const struct value *list =
        value_path(c, "securityContext.capabilities.drop");
    const struct value *one;

    for (size_t i = 0; (one = rules_item(list, i)); i++)
        if (text_equal(value_text(one), "ALL"))
            return true;
    return false;
}

void look_at_dropped(struct look *l)
{
    struct value *set = look_new_list(l), *keepers = look_new_list(l);
    struct value *names = look_find_added(l, is_bind_capability, set);
    const char *text = "";
    const struct value *c;

    for (size_t i = 0; (c = rules_item(l->containers, i)); i++)
        if (!drops_all(c))
            look_add_text(l, keepers, look_name_of(c));
    if (keepers && keepers->count)
        text = look_kept(l, arena_printf(l->a,
                                         "%s must set "
                                         "securityContext.capabilities.drop="
                                         "[\"ALL\"]",
                                         look_named(l, keepers)));
    if (names && names->count)
        text =
            look_kept(l, arena_printf(l->a, "%s%s%s", text, *text ? "; " : "",
                                      look_added_text(l, names, set)));
    if (*text && !is_windows(l))
        look_refuse(l, "unrestricted capabilities", text);
}

static const char *wrong_volume(const struct value *volume)
{
    static const char *const fine[] = {
        "configMap", "csi",   "downwardAPI",           "emptyDir",
        "ephemeral", "image", "persistentVolumeClaim", "projected",
        "secret",    NULL};
    const char *wrong = "unknown";

    for (uint32_t i = 0; i < volume->count; i++) {
        const char *key = volume->as.members[i].key;

        if (look_is_listed(fine, key))
            return NULL;
        if (strcmp(key, "name") != 0)
            wrong = key;
    }
    return wrong;
}

void look_at_volumes(struct look *l)
{
    struct value *names = look_new_list(l), *set = look_new_list(l);
    const struct value *volume;

    for (size_t i = 0; (volume = rules_item(value_get(l->spec, "volumes"), i));
         i++) {
        const char *wrong = wrong_volume(volume);

        if (!wrong)
            continue;
        look_add_text(l, names, look_name_of(volume));
        look_add_to_set(l, set, wrong);
    }
    if (names && names->count)
        look_refuse(l, "restricted volume types",
                    arena_printf(l->a,
                                 "volume%s %s use%s restricted volume type%s "
                                 "%s",
                                 look_ending(names), look_join(l, names, "\""),
                                 names->count == 1 ? "s" : "", look_ending(set),
                                 look_join(l, set, "\"")));
}

/* Pods with users of their own may be root there. */
static bool has_own_users(const struct look *l)
{
    return l->minor >= 35 && !value_bool_at(l->spec, "hostUsers", true);
}

void look_at_non_root(struct look *l)
{
    const struct field field = {"runAsNonRoot", is_false};
    bool pod = look_pod_is_bad(l, field, NULL);
    const char *who = look_setters(l, pod, look_find_bad(l, field, NULL));
    struct value *silent = find_silent(l, "runAsNonRoot");
    static const char reason[] = "runAsNonRoot != true";

    if (has_own_users(l))
        return;
    if (who)
        look_refuse(l, reason,
                    arena_printf(l->a,
                                 "%s must not set "
                                 "securityContext.runAsNonRoot=false",
                                 who));
    else if (silent && silent->count &&
             !value_bool_at(l->spec, "securityContext.runAsNonRoot", false))
        look_refuse(l, reason,
                    arena_printf(l->a,
                                 "pod or %s must set "
                                 "securityContext.runAsNonRoot=true",
                                 look_named(l, silent)));
}

void look_at_user(struct look *l)
{
    const struct field field = {"runAsUser", is_zero};
    bool pod = look_pod_is_bad(l, field, NULL);
    const char *who = look_setters(l, pod, look_find_bad(l, field, NULL));

    if (who && !has_own_users(l))
        look_refuse(l, "runAsUser=0",
                    arena_printf(l->a, "%s must not set runAsUser=0", who));
}

void look_at_seccomp_set(struct look *l)
{
    const char *before = l->found;
    struct value *silent;

    if (is_windows(l))
        return;
    look_at_seccomp(l);
    silent = find_silent(l, "seccompProfile");
    if (l->found == before && silent && silent->count &&
        !value_path(l->spec, "securityContext.seccompProfile"))
        look_refuse(l, "seccompProfile",
                    arena_printf(l->a,
                                 "pod or %s must set "
                                 "securityContext.seccompProfile.type to "
                                 "\"RuntimeDefault\" or \"Localhost\"",
                                 look_named(l, silent)));
}
