/*
 * rules_context.c -- validation of security contexts of pods and containers and
 *                    of what an operating system does not have
 *                    (k8s.io/kubernetes pkg/apis/core/validation).
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "regexp.h"
#include "rules_pods.h"

static const char *text_of(const struct value *object, const char *field)
{
    const char *text = value_text_at(object, field);

    return text ? text : "";
}

/* ---- users and groups ---- */

static void check_id(struct check *k, const struct place *at,
                     const struct value *id)
{
    if (value_is(id, VALUE_INTEGER) &&
        (id->as.integer < 0 || id->as.integer > INT32_MAX))
        check_invalid(k, at, id, "must be between 0 and 2147483647, inclusive");
}

static void check_ids(struct check *k, const struct place *at,
                      const struct value *context)
{
    static const char *const fields[] = {"fsGroup", "runAsUser", "runAsGroup"};
    const struct value *groups = value_get(context, "supplementalGroups");

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        check_id(k, PLACE(at, fields[i]), value_get(context, fields[i]));
    for (size_t i = 0; rules_item(groups, i); i++)
        check_id(k, PLACE_AT(PLACE(at, "supplementalGroups"), i),
                 rules_item(groups, i));
}

/* ---- profiles ---- */

static void check_profile_type(struct check *k, const struct place *at,
                               const struct value *profile)
{
    static const char *const types[] = {"Localhost", "RuntimeDefault",
                                        "Unconfined", NULL};

    check_enum(k, at, profile, "type", types);
}

static void check_seccomp(struct check *k, const struct place *at,
                          const struct value *profile)
{
    const struct value *file = value_get(profile, "localhostProfile");
    bool local = strcmp(text_of(profile, "type"), "Localhost") == 0;

    if (!profile)
        return;
    check_profile_type(k, at, profile);
    if (local && !file)
        check_required(k, at, "localhostProfile",
                       "must be set when seccomp type is Localhost");
    else if (local)
        rules_check_descending(k, PLACE(at, "localhostProfile"),
                               value_text(file));
    else if (file)
        check_invalid(k, PLACE(at, "localhostProfile"), profile,
                      "can only be set when seccomp type is Localhost");
}

static bool is_padded(const char *text)
{
    size_t len = strlen(text);

    return len && (isspace((unsigned char)text[0]) ||
                   isspace((unsigned char)text[len - 1]));
}

#define APPARMOR_NAME_MAX 4095

static void check_apparmor_name(struct check *k, const struct place *at,
                                const struct value *name)
{
    const struct place *place = PLACE(at, "localhostProfile");

    if (!name || name->count == 0) {
        check_required(k, at, "localhostProfile",
                       "must be set when AppArmor type is Localhost");
        return;
    }
    if (is_padded(value_text(name)))
        check_invalid(k, place, name, "must not be padded with whitespace");
    if (name->count > APPARMOR_NAME_MAX)
        check_add(k, CAUSE_TOO_LONG, place,
                  "Too long: may not be more than %d bytes", APPARMOR_NAME_MAX);
}

static void check_apparmor(struct check *k, const struct place *at,
                           const struct value *profile)
{
    const struct value *name = value_get(profile, "localhostProfile");
    const char *type = text_of(profile, "type");

    if (!profile)
        return;
    check_profile_type(k, at, profile);
    if (strcmp(type, "Localhost") == 0)
        check_apparmor_name(k, at, name);
    else if (name && (strcmp(type, "RuntimeDefault") == 0 ||
                      strcmp(type, "Unconfined") == 0))
        check_invalid(k, PLACE(at, "localhostProfile"), name,
                      "can only be set when AppArmor type is Localhost");
}

/* ---- Windows ---- */

#define CREDENTIALS_MAX ((size_t)64 * 1024)
#define DOMAIN_MAX 256
#define USER_MAX 104

static bool matches(struct check *k, const char *pattern, const char *text,
                    size_t len)
{
    enum regexp_verdict verdict = regexp_match(pattern, text, len);

    if (verdict == REGEXP_NOMEM)
        failure_nomem(k->f);
    return verdict == REGEXP_YES;
}

static void check_domain(struct check *k, const struct place *at,
                         const struct value *name, size_t len)
{
    static const char netbios[] =
        "^[^\\\\/:\\*\\?\"<>|\\.][^\\\\/:\\*\\?\"<>|]{0,14}$";
    static const char dns[] = "^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
                              "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}"
                              "[a-zA-Z0-9])?)*$";
    const char *domain = value_text(name);

    if (len >= DOMAIN_MAX)
        check_invalid(k, at, name,
                      "runAsUserName's Domain length must be under 256 "
                      "characters");
    if (!matches(k, netbios, domain, len) && !matches(k, dns, domain, len))
        check_invalid(k, at, name,
                      "runAsUserName's Domain doesn't match the NetBios nor "
                      "the DNS format");
}

static void check_user(struct check *k, const struct place *at,
                       const struct value *name, const char *user)
{
    size_t len = strlen(user);

    if (len == 0)
        check_invalid(k, at, name, "runAsUserName's User cannot be empty");
    else if (len > USER_MAX)
        check_invalid(k, at, name,
                      "runAsUserName's User length must not be longer than "
                      "104 characters");
    if (len && strspn(user, ". ") == len)
        check_invalid(k, at, name,
                      "runAsUserName's User cannot contain only periods or "
                      "spaces");
    if (strpbrk(user, "\"/\\:;|=,+*?<>@[]"))
        check_invalid(k, at, name,
                      "runAsUserName's User cannot contain the following "
                      "characters: \"/\\:;|=,+*?<>@[]");
}

/* "user" or "domain\user". */
static void check_user_name(struct check *k, const struct place *at,
                            const struct value *name)
{
    const char *text = value_text(name);
    const char *slash = strchr(text, '\\');

    if (!*text) {
        check_invalid(k, at, name, "runAsUserName cannot be an empty string");
    } else if (matches(k, "[[:cntrl:]]+", text, name->count)) {
        check_invalid(k, at, name,
                      "runAsUserName cannot contain control characters");
    } else if (slash && strchr(slash + 1, '\\')) {
        check_invalid(k, at, name,
                      "runAsUserName cannot contain more than one backslash");
    } else {
        if (slash)
            check_domain(k, at, name, (size_t)(slash - text));
        check_user(k, at, name, slash ? slash + 1 : text);
    }
}

static void check_windows_options(struct check *k, const struct place *at,
                                  const struct value *options)
{
    const struct value *spec = value_get(options, "gmsaCredentialSpec");
    const char *name = value_text_at(options, "gmsaCredentialSpecName");

    if (name)
        check_text_by(k, PLACE(at, "gmsaCredentialSpecName"), name,
                      wrong_dns_subdomain);
    if (spec && spec->count == 0)
        check_invalid(k, PLACE(at, "gmsaCredentialSpec"), spec,
                      "gmsaCredentialSpec cannot be an empty string");
    else if (spec && spec->count > CREDENTIALS_MAX)
        check_invalid(k, PLACE(at, "gmsaCredentialSpec"), spec,
                      "gmsaCredentialSpec size must be under 64 KiB");
    if (value_get(options, "runAsUserName"))
        check_user_name(k, PLACE(at, "runAsUserName"),
                        value_get(options, "runAsUserName"));
}

static const struct value *host_process(const struct value *holder)
{
    return value_path(holder, "securityContext.windowsOptions.hostProcess");
}

static bool is_true(const struct value *v)
{
    return value_is(v, VALUE_BOOL) && v->as.boolean;
}

struct host_processes {
    const struct value *pod; /* what the pod says, NULL: nothing */
    size_t all, found;
};

static void count_host_process(struct check *k, const struct place *at,
                               const struct value *container, void *arg)
{
    struct host_processes *sum = arg;
    const struct value *own = host_process(container);

    if (sum->pod && own && is_true(own) != is_true(sum->pod))
        check_invalid(
            k,
            PLACE(PLACE(PLACE(at, "securityContext"), "windowsOptions"),
                  "hostProcess"),
            own,
            "pod hostProcess value must be identical if both are "
            "specified");
    sum->all++;
    sum->found += is_true(own ? own : sum->pod);
}

void rules_check_host_processes(struct check *k, const struct place *at,
                                const struct value *spec)
{
    struct host_processes sum = {.pod = host_process(spec)};

    rules_each_container(k, at, spec, count_host_process, &sum);
    if (!sum.found)
        return;
    if (sum.found != sum.all)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": If pod contains any hostProcess "
                  "containers then all containers must be HostProcess "
                  "containers");
    if (!value_bool_at(spec, "hostNetwork", false))
        check_add(k, CAUSE_INVALID, PLACE(at, "hostNetwork"),
                  "Invalid value: false: hostNetwork must be true if pod "
                  "contains any hostProcess containers");
}

/* ---- sysctls ---- */

static const char SYSCTL[] = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*"
                             "[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
#define SYSCTL_MAX 253

/* Does the name begin so? Its words are divided by '.', or by '/' when that
 * comes first. */
static bool is_sysctl_of(const char *name, const char *prefix)
{
    char divider = name[strcspn(name, "./")];

    for (; *prefix; name++, prefix++)
        if (*name != (*prefix == '.' ? divider : *prefix))
            return false;
    return true;
}

static bool is_of_ipc(const char *name)
{
    static const char *const names[] = {
        "kernel.sem",    "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni", "kernel.shm",    "kernel.shm_rmid_forced",
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni",
        "kernel.msg"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(name) == strlen(names[i]) && is_sysctl_of(name, names[i]))
            return true;
    return is_sysctl_of(name, "fs.mqueue.");
}

static void check_sysctl(struct check *k, const struct place *at,
                         const char *name, const struct value *spec)
{
    if (value_bool_at(spec, "hostNetwork", false) && is_sysctl_of(name, "net."))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": may not be specified when "
                  "'hostNetwork' is true",
                  name);
    else if (value_bool_at(spec, "hostIPC", false) && is_of_ipc(name))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": may not be specified when 'hostIPC' "
                  "is true",
                  name);
}

static void check_sysctls(struct check *k, const struct place *at,
                          const struct value *list, const struct value *spec)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++) {
        const char *name = text_of(item, "name");
        const struct place *place = PLACE(PLACE_AT(at, i), "name");

        if (!*name)
            check_add(k, CAUSE_REQUIRED, place, "Required value");
        else if (strlen(name) > SYSCTL_MAX ||
                 !matches(k, SYSCTL, name, strlen(name)))
            check_add(k, CAUSE_INVALID, place,
                      "Invalid value: \"%s\": must have at most 253 "
                      "characters and match regex %s",
                      name, SYSCTL);
        else if (check_seen(list, i, "name", name))
            check_add(k, CAUSE_DUPLICATE, place, "Duplicate value: \"%s\"",
                      name);
        check_sysctl(k, place, name, spec);
    }
}

/* ---- contexts ---- */

static void check_choice(struct check *k, const struct place *at,
                         const struct value *context, const char *field,
                         const char *const *choices)
{
    const struct value *v = value_get(context, field);

    if (v)
        check_one_of(k, PLACE(at, field), value_text(v), choices);
}

void rules_check_pod_context(struct check *k, const struct place *up,
                             const struct value *spec)
{
    static const char *const changes[] = {"Always", "OnRootMismatch", NULL};
    static const char *const groups[] = {"Merge", "Strict", NULL};
    static const char *const labels[] = {"Recursive", NULL}; /* gated */
    const struct value *context = value_get(spec, "securityContext");
    const struct place *at = PLACE(up, "securityContext");

    check_ids(k, at, context);
    if (value_bool_at(spec, "shareProcessNamespace", false) &&
        value_bool_at(spec, "hostPID", false))
        check_add(k, CAUSE_INVALID, PLACE(at, "shareProcessNamespace"),
                  "Invalid value: true: ShareProcessNamespace and HostPID "
                  "cannot both be enabled");
    check_sysctls(k, PLACE(at, "sysctls"), value_get(context, "sysctls"), spec);
    check_choice(k, at, context, "fsGroupChangePolicy", changes);
    check_seccomp(k, PLACE(at, "seccompProfile"),
                  value_get(context, "seccompProfile"));
    check_windows_options(k, PLACE(at, "windowsOptions"),
                          value_get(context, "windowsOptions"));
    check_apparmor(k, PLACE(at, "appArmorProfile"),
                   value_get(context, "appArmorProfile"));
    check_choice(k, at, context, "supplementalGroupsPolicy", groups);
    check_choice(k, at, context, "seLinuxChangePolicy", labels);
}

static void check_escalation(struct check *k, const struct place *at,
                             const struct value *context)
{
    const struct value *added = value_path(context, "capabilities.add");

    if (value_bool_at(context, "allowPrivilegeEscalation", true))
        return;
    if (value_bool_at(context, "privileged", false))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: cannot set `allowPrivilegeEscalation` to "
                  "false and `privileged` to true");
    for (size_t i = 0; rules_item(added, i); i++)
        if (text_equal(value_text(rules_item(added, i)), "CAP_SYS_ADMIN"))
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: cannot set `allowPrivilegeEscalation` "
                      "to false and `capabilities.Add` CAP_SYS_ADMIN");
}

void rules_check_context(struct check *k, const struct place *at,
                         const struct value *context, const struct value *spec)
{
    static const char *const mounts[] = {"Default", "Unmasked", NULL};

    check_id(k, PLACE(at, "runAsUser"), value_get(context, "runAsUser"));
    check_id(k, PLACE(at, "runAsGroup"), value_get(context, "runAsGroup"));
    check_choice(k, at, context, "procMount", mounts);
    if (strcmp(text_of(context, "procMount"), "Unmasked") == 0 &&
        value_bool_at(spec, "hostUsers", true))
        check_invalid(k, PLACE(at, "procMount"),
                      value_get(context, "procMount"),
                      "`hostUsers` must be false to use `Unmasked`");
    check_seccomp(k, PLACE(at, "seccompProfile"),
                  value_get(context, "seccompProfile"));
    check_escalation(k, at, context);
    check_windows_options(k, PLACE(at, "windowsOptions"),
                          value_get(context, "windowsOptions"));
    check_apparmor(k, PLACE(at, "appArmorProfile"),
                   value_get(context, "appArmorProfile"));
}

/* ---- what an operating system does not have ---- */

static void forbid_true(struct check *k, const struct place *at,
                        const struct value *spec, const char *field)
{
    if (value_bool_at(spec, field, false))
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, field),
                  "Forbidden: cannot be set for a windows pod");
}

/* `fields` ends with NULL. */
static void forbid(struct check *k, const struct place *at,
                   const struct value *holder, const char *const *fields)
{
    for (; *fields; fields++)
        if (value_get(holder, *fields))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, *fields),
                      "Forbidden: cannot be set for a windows pod");
}

static void forbid_of_container(struct check *k, const struct place *at,
                                const struct value *c, void *arg)
{
    static const char *const fields[] = {"appArmorProfile",
                                         "seLinuxOptions",
                                         "seccompProfile",
                                         "capabilities",
                                         "readOnlyRootFilesystem",
                                         "privileged",
                                         "allowPrivilegeEscalation",
                                         "procMount",
                                         "runAsUser",
                                         "runAsGroup",
                                         NULL};

    (void)arg;
    forbid(k, PLACE(at, "securityContext"), value_get(c, "securityContext"),
           fields);
}

static void check_windows(struct check *k, const struct place *at,
                          const struct value *spec)
{
    static const char *const fields[] = {"appArmorProfile",
                                         "seLinuxOptions",
                                         "seccompProfile",
                                         "fsGroup",
                                         "fsGroupChangePolicy",
                                         "runAsUser",
                                         "runAsGroup",
                                         "supplementalGroups",
                                         "supplementalGroupsPolicy",
                                         "seLinuxChangePolicy",
                                         NULL};
    static const char *const own[] = {"hostUsers", "shareProcessNamespace",
                                      NULL};
    const struct value *context = value_get(spec, "securityContext");
    const struct value *sysctls = value_get(context, "sysctls");

    forbid(k, at, spec, own);
    forbid_true(k, at, spec, "hostPID");
    forbid_true(k, at, spec, "hostIPC");
    forbid(k, PLACE(at, "securityContext"), context, fields);
    if (sysctls && sysctls->count)
        check_add(k, CAUSE_FORBIDDEN,
                  PLACE(PLACE(at, "securityContext"), "sysctls"),
                  "Forbidden: cannot be set for a windows pod");
    rules_each_container(k, at, spec, forbid_of_container, NULL);
}

static void forbid_windows_options(struct check *k, const struct place *at,
                                   const struct value *holder, void *arg)
{
    (void)arg;
    if (value_path(holder, "securityContext.windowsOptions"))
        check_add(k, CAUSE_FORBIDDEN,
                  PLACE(PLACE(at, "securityContext"), "windowsOptions"),
                  "Forbidden: windows options cannot be set for a linux pod");
}

void rules_check_os(struct check *k, const struct place *at,
                    const struct value *spec)
{
    static const char *const known[] = {"linux", "windows", NULL};
    const struct value *os = value_get(spec, "os");
    const char *name = text_of(os, "name");

    if (!os)
        return;
    if (!*name) {
        check_required(k, PLACE(at, "os"), "name", "");
    } else if (strcmp(name, "linux") == 0) {
        forbid_windows_options(k, at, spec, NULL);
        rules_each_container(k, at, spec, forbid_windows_options, NULL);
    } else if (strcmp(name, "windows") == 0) {
        check_windows(k, at, spec);
    } else {
        check_one_of(k, PLACE(at, "os"), name, known);
    }
}
