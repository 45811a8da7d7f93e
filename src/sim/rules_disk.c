/*
 * rules_disk.c -- validation of volumes that are disks of some provider
 *                 (k8s.io/kubernetes pkg/apis/core/validation).
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

static void check_range(struct check *k, const struct place *at,
                        const struct value *source, const char *field)
{
    int64_t number = value_int_at(source, field, 0);

    if (number < 0 || number > 255)
        check_add(k, CAUSE_INVALID, PLACE(at, field),
                  "Invalid value: %lld: must be between 0 and 255, inclusive",
                  (long long)number);
}

static void check_optional_secret(struct check *k, const struct place *at,
                                  const struct value *source)
{
    const struct value *secret = value_get(source, "secretRef");

    if (secret && !*text_of(secret, "name"))
        check_required(k, PLACE(at, "secretRef"), "name", "");
}

/* ---- providers ---- */

static void check_partition(struct check *k, const struct place *at,
                            const struct value *source)
{
    check_range(k, at, source, "partition");
}

#define DRIVER_MAX 63

void rules_check_driver(struct check *k, const struct place *at,
                        const char *driver)
{
    char *lower = arena_strdup(k->c->a, driver ? driver : "");

    if (!lower) {
        failure_nomem(k->f);
        return;
    }
    if (!*lower) {
        check_add(k, CAUSE_REQUIRED, at, "Required value");
        return;
    }
    if (strlen(lower) > DRIVER_MAX)
        check_add(k, CAUSE_TOO_LONG, at,
                  "Too long: may not be more than %d bytes", DRIVER_MAX);
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    check_text_by(k, at, lower, wrong_dns_subdomain);
}

/* "iqn.", "eui." or "naa." and what belongs to it. */
static const char *wrong_initiator(struct check *k, const char *name)
{
    static const char *const forms[][2] = {
        {"iqn", "iqn\\.\\d{4}-\\d{2}\\.([[:alnum:].-]+)(:[^,;*&$|\\s]+)$"},
        {"eui", "^eui.[[:alnum:]]{16}$"},
        {"naa", "^naa.[[:alnum:]]{32}$"},
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        enum regexp_verdict verdict;

        if (!text_starts(name, forms[i][0]))
            continue;
        verdict = regexp_match(forms[i][1], name, strlen(name));
        if (verdict == REGEXP_NOMEM)
            failure_nomem(k->f);
        return verdict == REGEXP_YES ? NULL : "must be valid format";
    }
    return "must be valid format starting with iqn, eui, or naa";
}

static void check_initiator(struct check *k, const struct place *at,
                            const char *name)
{
    const char *wrong = wrong_initiator(k, name);

    if (wrong)
        check_add(k, CAUSE_INVALID, at, "Invalid value: \"%s\": %s", name,
                  wrong);
}

static void check_iscsi(struct check *k, const struct place *at,
                        const struct value *source)
{
    const char *initiator = value_text_at(source, "initiatorName");

    if (*text_of(source, "iqn"))
        check_initiator(k, PLACE(at, "iqn"), text_of(source, "iqn"));
    check_range(k, at, source, "lun");
    if ((value_bool_at(source, "chapAuthDiscovery", false) ||
         value_bool_at(source, "chapAuthSession", false)) &&
        !value_get(source, "secretRef"))
        check_required(k, at, "secretRef", "");
    if (initiator)
        check_initiator(k, PLACE(at, "initiatorname"), initiator);
}

static void check_flocker(struct check *k, const struct place *at,
                          const struct value *source)
{
    const char *name = text_of(source, "datasetName");
    const char *uuid = text_of(source, "datasetUUID");

    if (!*name && !*uuid)
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: one of datasetName and datasetUUID is "
                  "required");
    if (*name && *uuid)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"resource\": datasetName and datasetUUID "
                  "can not be specified simultaneously");
    if (strchr(name, '/'))
        check_add(k, CAUSE_INVALID, PLACE(at, "datasetName"),
                  "Invalid value: \"%s\": must not contain '/'", name);
}

static const char HOST_PORTS[] =
    "must be a host:port pair or multiple pairs separated by commas";
#define TENANT_MAX 64

/* Is it "host:port" or "[host]:port"? */
static bool is_host_port(const char *text, size_t len)
{
    const char *end = memchr(text, ']', len);
    const char *colon = memchr(text, ':', len);

    if (*text == '[')
        return end && (size_t)(end - text) + 1 < len && end[1] == ':' &&
               !memchr(end + 2, ':', len - (size_t)(end + 2 - text));
    return colon && !memchr(colon + 1, ':', len - (size_t)(colon + 1 - text));
}

static void check_quobyte(struct check *k, const struct place *at,
                          const struct value *source)
{
    const char *registry = text_of(source, "registry");

    if (!*registry)
        check_required(k, at, "registry", HOST_PORTS);
    else if (strlen(text_of(source, "tenant")) > TENANT_MAX)
        check_required(k, at, "tenant",
                       "must be a UUID and may not exceed a length of 64 "
                       "characters");
    else
        for (const char *pair = registry; pair;) {
            size_t len = strcspn(pair, ",");

            if (!is_host_port(pair, len))
                check_add(k, CAUSE_INVALID, PLACE(at, "registry"),
                          "Invalid value: \"%s\": %s", registry, HOST_PORTS);
            pair = pair[len] ? pair + len + 1 : NULL;
        }
}

static void check_fc(struct check *k, const struct place *at,
                     const struct value *source)
{
    const struct value *wwns = value_get(source, "targetWWNs");
    const struct value *ids = value_get(source, "wwids");
    bool has_wwns = wwns && wwns->count, has_ids = ids && ids->count;

    if (!has_wwns && !has_ids)
        check_required(k, at, "targetWWNs",
                       "must specify either targetWWNs or wwids, but not "
                       "both");
    if (has_wwns && has_ids)
        check_invalid(k, PLACE(at, "targetWWNs"), wwns,
                      "targetWWNs and wwids can not be specified "
                      "simultaneously");
    if (has_wwns && !value_get(source, "lun"))
        check_required(k, at, "lun",
                       "lun is required if targetWWNs is specified");
    else if (has_wwns)
        check_range(k, at, source, "lun");
}

/* Is the domain of the option Kubernetes' own? */
static bool is_reserved(struct check *k, const char *option)
{
    size_t len = strcspn(option, "/");
    char *domain = arena_alloc(k->c->a, len + 2);

    if (!domain) {
        failure_nomem(k->f);
        return false;
    }
    domain[0] = '.';
    for (size_t i = 0; i < len; i++)
        domain[i + 1] = (char)tolower((unsigned char)option[i]);
    domain[len + 1] = '\0';
    return text_ends(domain, ".kubernetes.io") || text_ends(domain, ".k8s.io");
}

static void check_flex(struct check *k, const struct place *at,
                       const struct value *source)
{
    const struct value *options = value_get(source, "options");

    for (uint32_t i = 0; options && i < options->count; i++) {
        const char *key = options->as.members[i].key;

        if (is_reserved(k, key))
            check_add(k, CAUSE_INVALID, PLACE_KEY(PLACE(at, "options"), key),
                      "Invalid value: \"%s\": kubernetes.io and k8s.io "
                      "namespaces are reserved",
                      key);
    }
}

static void check_azure_disk(struct check *k, const struct place *at,
                             const struct value *source)
{
    static const char *const modes[] = {"None", "ReadOnly", "ReadWrite", NULL};
    static const char *const kinds[] = {"Dedicated", "Managed", "Shared", NULL};
    const char *uri = text_of(source, "diskURI");
    const char *mode = value_text_at(source, "cachingMode");
    const char *kind = value_text_at(source, "kind");
    const char *form =
        kind && strcmp(kind, "Managed") == 0 ? "/subscriptions/" : "https://";

    if (mode)
        check_one_of(k, PLACE(at, "cachingMode"), mode, modes);
    if (kind)
        check_one_of(k, PLACE(at, "kind"), kind, kinds);
    if (kind && !text_starts(uri, form))
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(at, "diskURI"),
                  "Unsupported value: \"%s\": must start with %s", uri, form);
}

static void check_storageos(struct check *k, const struct place *at,
                            const struct value *source)
{
    const char *name = text_of(source, "volumeName");
    const char *namespace = text_of(source, "volumeNamespace");

    if (*name)
        check_text_by(k, PLACE(at, "volumeName"), name, wrong_dns_label);
    if (*namespace)
        check_text_by(k, PLACE(at, "volumeNamespace"), namespace,
                      wrong_dns_label);
    check_optional_secret(k, at, source);
}

/* ---- all of them ---- */

#define REQUIRED_MAX 3

/* `place`: what the server calls it, NULL: by its name. Lists that are required
 * have to have an item. */
static const struct {
    const char *name, *place;
    const char *required[REQUIRED_MAX + 1];
    rules_source_fn more;
} DISKS[] = {
    {"gcePersistentDisk", "persistentDisk", {"pdName"}, check_partition},
    {"awsElasticBlockStore", NULL, {"volumeID"}, check_partition},
    {"iscsi", NULL, {"targetPortal", "iqn"}, check_iscsi},
    {"glusterfs", NULL, {"endpoints", "path"}, NULL},
    {"flocker", NULL, {NULL}, check_flocker},
    {"rbd", NULL, {"monitors", "image"}, NULL},
    {"cinder", NULL, {"volumeID"}, check_optional_secret},
    {"cephfs", NULL, {"monitors"}, NULL},
    {"quobyte", NULL, {"volume"}, check_quobyte},
    {"fc", NULL, {NULL}, check_fc},
    {"flexVolume", NULL, {"driver"}, check_flex},
    {"azureFile", NULL, {"secretName", "shareName"}, NULL},
    {"vsphereVolume", NULL, {"volumePath"}, NULL},
    {"photonPersistentDisk", NULL, {"pdID"}, NULL},
    {"portworxVolume", NULL, {"volumeID"}, NULL},
    {"azureDisk", NULL, {"diskName", "diskURI"}, check_azure_disk},
    {"storageos", NULL, {"volumeName"}, check_storageos},
    {"scaleIO", NULL, {"gateway", "system", "volumeName"}, NULL},
};

void rules_check_disk(struct check *k, const struct place *up, const char *name,
                      const struct value *source)
{
    size_t i = 0;
    const struct place *at;

    while (strcmp(DISKS[i].name, name) != 0)
        i++;
    at = PLACE(up, DISKS[i].place ? DISKS[i].place : name);
    for (const char *const *field = DISKS[i].required; *field; field++)
        if (rules_is_zero(value_get(source, *field)))
            check_required(k, at, *field, "");
    if (DISKS[i].more)
        DISKS[i].more(k, at, source);
}
