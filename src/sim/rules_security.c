/*
 * rules_security.c -- PodSecurity: what of a pod a level does not let through
 *                     (k8s.io/pod-security-admission policy). The annotations
 *                     that were once used for profiles are not looked at.
 */
#include <limits.h>
#include <string.h>

#include "rules_look.h"

/* ---- looking at a pod ---- */

const char *look_kept(struct look *l, const char *text)
{
    l->failed |= !text;
    return text ? text : "";
}

struct value *look_new_list(struct look *l)
{
    struct value *list = value_array(l->a);

    l->failed |= !list;
    return list;
}

void look_add_text(struct look *l, struct value *list, const char *text)
{
    if (list && value_append(l->a, list, value_string(l->a, text)) < 0)
        l->failed = true;
}

/* Sorted, each once. */
void look_add_to_set(struct look *l, struct value *set, const char *text)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(set, i)); i++)
        if (text_equal(value_text(item), text))
            return;
    look_add_text(l, set, text);
    for (size_t i = set ? set->count : 0; i > 1; i--) {
        struct value **last = &set->as.items[i - 1];
        struct value *low = last[-1];

        if (strcmp(value_text(low), value_text(*last)) <= 0)
            return;
        last[-1] = *last;
        *last = low;
    }
}

const char *look_join(struct look *l, const struct value *list,
                      const char *quote)
{
    const struct value *item;
    const char *text = "";

    for (size_t i = 0; (item = rules_item(list, i)); i++)
        text =
            look_kept(l, arena_printf(l->a, "%s%s%s%s%s", text, i ? ", " : "",
                                      quote, value_text(item), quote));
    return text;
}

const char *look_ending(const struct value *list)
{
    return list && list->count == 1 ? "" : "s";
}

/* container "a", "b" */
const char *look_named(struct look *l, const struct value *names)
{
    return look_kept(l, arena_printf(l->a, "container%s %s", look_ending(names),
                                     look_join(l, names, "\"")));
}

/* Who: the pod and the containers. NULL: nobody. */
const char *look_setters(struct look *l, bool pod, const struct value *names)
{
    if (!names || names->count == 0)
        return pod ? "pod" : NULL;
    return look_kept(l, arena_printf(l->a, "%s%s", pod ? "pod and " : "",
                                     look_named(l, names)));
}

void look_refuse(struct look *l, const char *reason, const char *detail)
{
    const char *found = l->found ? l->found : "";
    const char *reasons = l->reasons ? l->reasons : "";

    l->found = look_kept(l, arena_printf(l->a, "%s%s%s (%s)", found,
                                         l->found ? ", " : "", reason,
                                         look_kept(l, detail)));
    l->reasons = look_kept(l, arena_printf(l->a, "%s%s%s", reasons,
                                           l->reasons ? ", " : "", reason));
}

const char *look_name_of(const struct value *v)
{
    const char *name = value_text_at(v, "name");

    return name ? name : "";
}

/* ---- fields of security contexts ---- */

/* Names of the containers; values go to `set` if there is one. */
struct value *look_find_bad(struct look *l, struct field field,
                            struct value *set)
{
    struct value *names = look_new_list(l);
    const struct value *c;

    for (size_t i = 0; (c = rules_item(l->containers, i)); i++) {
        const struct value *v =
            value_path(value_get(c, "securityContext"), field.path);

        if (!v || !field.bad(l, v))
            continue;
        look_add_text(l, names, look_name_of(c));
        if (set && value_text(v))
            look_add_to_set(l, set, value_text(v));
    }
    return names;
}

bool look_pod_is_bad(struct look *l, struct field field, struct value *set)
{
    const struct value *v =
        value_path(value_get(l->spec, "securityContext"), field.path);

    if (!v || !field.bad(l, v))
        return false;
    if (set && value_text(v))
        look_add_to_set(l, set, value_text(v));
    return true;
}

static bool is_true(const struct look *l, const struct value *v)
{
    (void)l;
    return value_is(v, VALUE_BOOL) && v->as.boolean;
}

static bool no_profile(const struct look *l, const struct value *v)
{
    (void)l;
    return !text_equal(value_text(v), "RuntimeDefault") &&
           !text_equal(value_text(v), "Localhost");
}

static bool no_default(const struct look *l, const struct value *v)
{
    (void)l;
    return !text_equal(value_text(v), "Default");
}

/* ---- baseline ---- */

static void check_apparmor(struct look *l)
{
    const struct field field = {"appArmorProfile.type", no_profile};
    struct value *set = look_new_list(l);
    bool pod = look_pod_is_bad(l, field, set);
    const char *who = look_setters(l, pod, look_find_bad(l, field, set));

    if (who)
        look_refuse(
            l,
            look_kept(l, arena_printf(l->a, "forbidden AppArmor profile%s",
                                      look_ending(set))),
            arena_printf(l->a, "%s must not set AppArmor profile type to %s",
                         who, look_join(l, set, "\"")));
}

/* Names of the containers that add another one; those go to `set`. */
struct value *look_find_added(struct look *l, bool (*fine)(const char *name),
                              struct value *set)
{
    struct value *names = look_new_list(l);
    const struct value *c, *one;

    for (size_t i = 0; (c = rules_item(l->containers, i)); i++) {
        const struct value *list =
            value_path(c, "securityContext.capabilities.add");
        bool bad = false;

        for (size_t n = 0; (one = rules_item(list, n)); n++)
            if (!fine(value_text(one))) {
                bad = true;
                look_add_to_set(l, set, value_text(one));
            }
        if (bad)
            look_add_text(l, names, look_name_of(c));
    }
    return names;
}

bool look_is_listed(const char *const *list, const char *text)
{
    for (; *list; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

static bool is_default_capability(const char *name)
{
    static const char *const known[] = {
        "AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE",     "FOWNER",  "FSETID",
        "KILL",        "MKNOD",  "NET_BIND_SERVICE", "SETFCAP", "SETGID",
        "SETPCAP",     "SETUID", "SYS_CHROOT",       NULL};

    return look_is_listed(known, name);
}

const char *look_added_text(struct look *l, const struct value *names,
                            const struct value *set)
{
    return look_kept(l, arena_printf(l->a,
                                     "%s must not include %s in "
                                     "securityContext.capabilities.add",
                                     look_named(l, names),
                                     look_join(l, set, "\"")));
}

static void check_capabilities(struct look *l)
{
    struct value *set = look_new_list(l);
    struct value *names = look_find_added(l, is_default_capability, set);

    if (names && names->count)
        look_refuse(l, "non-default capabilities",
                    look_added_text(l, names, set));
}

static void check_host_namespaces(struct look *l)
{
    static const char *const fields[] = {"hostNetwork", "hostPID", "hostIPC"};
    const char *text = "";

    for (size_t i = 0; i < 3; i++)
        if (value_bool_at(l->spec, fields[i], false))
            text = look_kept(l, arena_printf(l->a, "%s%s%s=true", text,
                                             *text ? ", " : "", fields[i]));
    if (*text)
        look_refuse(l, "host namespaces", text);
}

static void check_host_paths(struct look *l)
{
    struct value *names = look_new_list(l);
    const struct value *volume;

    for (size_t i = 0; (volume = rules_item(value_get(l->spec, "volumes"), i));
         i++)
        if (value_get(volume, "hostPath"))
            look_add_text(l, names, look_name_of(volume));
    if (names && names->count)
        look_refuse(l, "hostPath volumes",
                    arena_printf(l->a, "volume%s %s", look_ending(names),
                                 look_join(l, names, "\"")));
}

static void check_host_ports(struct look *l)
{
    struct value *names = look_new_list(l), *set = look_new_list(l);
    const struct value *c, *port;

    for (size_t i = 0; (c = rules_item(l->containers, i)); i++) {
        bool bad = false;

        for (size_t n = 0; (port = rules_item(value_get(c, "ports"), n)); n++) {
            int64_t number = value_int_at(port, "hostPort", 0);

            if (number == 0)
                continue;
            bad = true;
            look_add_to_set(
                l, set,
                look_kept(l, arena_printf(l->a, "%lld", (long long)number)));
        }
        if (bad)
            look_add_text(l, names, look_name_of(c));
    }
    if (names && names->count)
        look_refuse(l, "hostPort",
                    arena_printf(l->a, "%s use%s hostPort%s %s",
                                 look_named(l, names),
                                 names->count == 1 ? "s" : "", look_ending(set),
                                 look_join(l, set, "")));
}

static bool add_hosts(struct look *l, const struct value *c, struct value *set)
{
    static const char *const handlers[] = {
        "livenessProbe",       "readinessProbe",    "startupProbe",
        "lifecycle.postStart", "lifecycle.preStop", NULL};
    static const char *const fields[] = {"httpGet.host", "tcpSocket.host"};
    bool any = false;

    for (size_t i = 0; handlers[i]; i++)
        for (size_t n = 0; n < 2; n++) {
            const char *host =
                value_text_at(value_path(c, handlers[i]), fields[n]);

            if (!host || !*host)
                continue;
            any = true;
            look_add_to_set(l, set, host);
        }
    return any;
}

static void check_hosts(struct look *l)
{
    struct value *names = look_new_list(l), *set = look_new_list(l);
    const struct value *c;

    for (size_t i = 0; (c = rules_item(l->containers, i)); i++)
        if (add_hosts(l, c, set))
            look_add_to_set(l, names, look_name_of(c));
    if (names && names->count)
        look_refuse(l, "probe or lifecycle host",
                    arena_printf(l->a, "%s use%s probe or lifecycle host%s %s",
                                 look_named(l, names),
                                 names->count == 1 ? "s" : "", look_ending(set),
                                 look_join(l, set, "\"")));
}

static void check_privileged(struct look *l)
{
    const struct field field = {"privileged", is_true};
    struct value *names = look_find_bad(l, field, NULL);

    if (names && names->count)
        look_refuse(l, "privileged",
                    arena_printf(
                        l->a, "%s must not set securityContext.privileged=true",
                        look_named(l, names)));
}

static void check_proc_mount(struct look *l)
{
    const struct field field = {"procMount", no_default};
    struct value *set = look_new_list(l);
    struct value *names = look_find_bad(l, field, set);

    if (names && names->count)
        look_refuse(l, "procMount",
                    arena_printf(
                        l->a, "%s must not set securityContext.procMount to %s",
                        look_named(l, names), look_join(l, set, "\"")));
}

/* Pods with users of their own may see all of /proc; not when restricted. */
static void check_proc_of_host(struct look *l)
{
    if (l->minor < 35 || value_bool_at(l->spec, "hostUsers", true))
        check_proc_mount(l);
}

/* What of SELinux a container or the pod may not set; adds it up. */
struct selinux {
    struct value *types;
    bool user, role;
};

static bool is_bad_selinux(struct look *l, const struct value *context,
                           struct selinux *sum)
{
    static const char *const fine[] = {"", "container_t", "container_init_t",
                                       "container_kvm_t", NULL};
    const struct value *options = value_get(context, "seLinuxOptions");
    const char *type = value_text_at(options, "type");
    bool user = !rules_is_absent(value_get(options, "user"));
    bool role = !rules_is_absent(value_get(options, "role"));
    bool bad = type && !look_is_listed(fine, type) &&
               (l->minor < 31 || strcmp(type, "container_engine_t") != 0);

    if (bad)
        look_add_to_set(l, sum->types, type);
    sum->user |= user;
    sum->role |= role;
    return bad || user || role;
}

static const char *selinux_text(struct look *l, const struct selinux *sum)
{
    const char *text = "";

    if (sum->types && sum->types->count)
        text = look_kept(l, arena_printf(l->a, "type%s %s",
                                         look_ending(sum->types),
                                         look_join(l, sum->types, "\"")));
    if (sum->user)
        text = look_kept(l, arena_printf(l->a, "%s%suser may not be set", text,
                                         *text ? "; " : ""));
    if (sum->role)
        text = look_kept(l, arena_printf(l->a, "%s%srole may not be set", text,
                                         *text ? "; " : ""));
    return text;
}

static void check_selinux(struct look *l)
{
    struct selinux sum = {.types = look_new_list(l)};
    struct value *names = look_new_list(l);
    const struct value *c;
    const char *who;
    bool pod = is_bad_selinux(l, value_get(l->spec, "securityContext"), &sum);

    for (size_t i = 0; (c = rules_item(l->containers, i)); i++)
        if (is_bad_selinux(l, value_get(c, "securityContext"), &sum))
            look_add_text(l, names, look_name_of(c));
    who = look_setters(l, pod, names);
    if (who)
        look_refuse(l, "seLinuxOptions",
                    arena_printf(l->a,
                                 "%s set forbidden "
                                 "securityContext.seLinuxOptions: %s",
                                 who, selinux_text(l, &sum)));
}

void look_at_seccomp(struct look *l)
{
    const struct field field = {"seccompProfile.type", no_profile};
    struct value *set = look_new_list(l);
    bool pod = look_pod_is_bad(l, field, set);
    const char *who = look_setters(l, pod, look_find_bad(l, field, set));

    if (who)
        look_refuse(l, "seccompProfile",
                    arena_printf(l->a,
                                 "%s must not set "
                                 "securityContext.seccompProfile.type to %s",
                                 who, look_join(l, set, "\"")));
}

static void check_sysctls(struct look *l)
{
    static const struct {
        const char *name;
        unsigned since;
    } safe[] = {{"kernel.shm_rmid_forced", 0},
                {"net.ipv4.ip_local_port_range", 0},
                {"net.ipv4.tcp_syncookies", 0},
                {"net.ipv4.ping_group_range", 0},
                {"net.ipv4.ip_unprivileged_port_start", 0},
                {"net.ipv4.ip_local_reserved_ports", 27},
                {"net.ipv4.tcp_keepalive_time", 29},
                {"net.ipv4.tcp_fin_timeout", 29},
                {"net.ipv4.tcp_keepalive_intvl", 29},
                {"net.ipv4.tcp_keepalive_probes", 29},
                {"net.ipv4.tcp_rmem", 32},
                {"net.ipv4.tcp_wmem", 32}};
    const struct value *list = value_path(l->spec, "securityContext.sysctls");
    struct value *names = look_new_list(l);
    const struct value *one;

    for (size_t i = 0; (one = rules_item(list, i)); i++) {
        bool fine = false;

        for (size_t n = 0; n < sizeof safe / sizeof safe[0]; n++)
            fine |= l->minor >= safe[n].since &&
                    strcmp(safe[n].name, look_name_of(one)) == 0;
        if (!fine)
            look_add_text(l, names, look_name_of(one));
    }
    if (names && names->count)
        look_refuse(l, "forbidden sysctls", look_join(l, names, ""));
}

static void check_host_process(struct look *l)
{
    const struct field field = {"windowsOptions.hostProcess", is_true};
    bool pod = look_pod_is_bad(l, field, NULL);
    const char *who = look_setters(l, pod, look_find_bad(l, field, NULL));

    if (who)
        look_refuse(
            l, "hostProcess",
            arena_printf(l->a,
                         "%s must not set "
                         "securityContext.windowsOptions.hostProcess=true",
                         who));
}

/* ---- all of them ---- */

/* In the order of their names; `over`: the version from which the restricted
 * level has a stricter one instead. */
static const struct {
    void (*look)(struct look *l);
    enum level level;
    unsigned since, over;
} CHECKS[] = {
    {check_apparmor, BASELINE, 0, UINT_MAX},
    {check_capabilities, BASELINE, 0, 22},
    {check_host_namespaces, BASELINE, 0, UINT_MAX},
    {check_host_paths, BASELINE, 0, 0},
    {check_host_ports, BASELINE, 0, UINT_MAX},
    {check_hosts, BASELINE, 34, UINT_MAX},
    {check_privileged, BASELINE, 0, UINT_MAX},
    {check_proc_of_host, BASELINE, 0, 35},
    {check_selinux, BASELINE, 0, UINT_MAX},
    {look_at_seccomp, BASELINE, 19, 19},
    {check_sysctls, BASELINE, 0, UINT_MAX},
    {check_host_process, BASELINE, 0, UINT_MAX},
    {look_at_escalation, RESTRICTED, 8, UINT_MAX},
    {look_at_dropped, RESTRICTED, 22, UINT_MAX},
    {check_proc_mount, RESTRICTED, 35, UINT_MAX},
    {look_at_volumes, RESTRICTED, 0, UINT_MAX},
    {look_at_non_root, RESTRICTED, 0, UINT_MAX},
    {look_at_user, RESTRICTED, 23, UINT_MAX},
    {look_at_seccomp_set, RESTRICTED, 19, UINT_MAX},
};

static bool applies(size_t i, struct policy p)
{
    if (p.minor < CHECKS[i].since || p.level < CHECKS[i].level)
        return false;
    return p.level == BASELINE || CHECKS[i].level == RESTRICTED ||
           CHECKS[i].over == UINT_MAX || p.minor < CHECKS[i].over;
}

int rules_judge_pod(struct arena *a, struct policy policy,
                    const struct value *spec, struct verdict *ret)
{
    static const char *const lists[] = {"initContainers", "containers",
                                        "ephemeralContainers"};
    struct look l = {.a = a, .spec = spec, .minor = policy.minor};
    struct value *c;

    l.containers = look_new_list(&l);
    for (size_t n = 0; n < 3; n++)
        for (size_t i = 0; (c = rules_item(value_get(spec, lists[n]), i)); i++)
            if (l.containers && value_append(a, l.containers, c) < 0)
                l.failed = true;
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++)
        if (!l.failed && applies(i, policy))
            CHECKS[i].look(&l);
    *ret = (struct verdict){l.found, l.reasons};
    return l.failed ? -1 : 0;
}
