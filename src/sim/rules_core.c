/*
 * rules_core.c -- validation of what holds data and volumes
 *                 (k8s.io/kubernetes pkg/apis/core/validation).
 */
#include <string.h>

#include "kube/quantity.h"
#include "rules_kinds.h"

#define MEBIBYTE ((size_t)1024 * 1024)

/* ---- ConfigMap ---- */

static size_t check_keys(struct check *k, const char *field,
                         const struct value *other)
{
    const struct value *map = value_get(k->object, field);
    size_t total = 0;

    for (uint32_t i = 0; map && i < map->count; i++) {
        const struct value_member *m = &map->as.members[i];
        const struct place *at = PLACE_KEY(PLACE(NULL, field), m->key);

        check_text_by(k, at, m->key, wrong_config_key);
        if (value_get(other, m->key))
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: \"%s\": duplicate of key present in "
                      "binaryData",
                      m->key);
        total += m->value->count;
    }
    return total;
}

void rules_check_config_map(struct check *k)
{
    size_t total = check_keys(k, "data", value_get(k->object, "binaryData"));

    total += check_keys(k, "binaryData", NULL) / 4 * 3;
    if (total > MEBIBYTE)
        check_add(k, CAUSE_TOO_LONG, PLACE(NULL, ""),
                  "Too long: may not be more than 1048576 bytes");
}

/* A map that was given empty is not the one that was not given, but for texts:
 * they have a map by default. */
static bool is_other(const struct check *k, const char *field)
{
    const struct value *is = value_get(k->object, field);
    const struct value *was = value_get(k->old, field);
    bool texts =
        strcmp(field, "data") == 0 && rules_is(k->c->kind, "", "ConfigMap");

    if (is && was)
        return !value_equal(is, was);
    return is != was || (!texts && rules_sent_empty(k->c, field));
}

static void check_frozen(struct check *k, const char *const *fields)
{
    if (!value_bool_at(k->old, "immutable", false))
        return;
    if (!value_bool_at(k->object, "immutable", false))
        check_add(k, CAUSE_FORBIDDEN, PLACE(NULL, "immutable"),
                  "Forbidden: field is immutable when `immutable` is set");
    for (; *fields; fields++)
        if (is_other(k, *fields))
            check_add(k, CAUSE_FORBIDDEN, PLACE(NULL, *fields),
                      "Forbidden: field is immutable when `immutable` is set");
}

void rules_check_config_map_update(struct check *k)
{
    static const char *const fields[] = {"data", "binaryData", NULL};

    check_frozen(k, fields);
}

/* ---- Secret ---- */

static const struct {
    const char *type;
    const char *keys[2];
} SECRET_TYPES[] = {
    {"kubernetes.io/dockercfg", {".dockercfg", NULL}},
    {"kubernetes.io/dockerconfigjson", {".dockerconfigjson", NULL}},
    {"kubernetes.io/ssh-auth", {"ssh-privatekey", NULL}},
    {"kubernetes.io/tls", {"tls.crt", "tls.key"}},
};

static void check_secret_type(struct check *k, const char *type)
{
    const struct value *data = value_get(k->object, "data");
    const struct place *at = PLACE(NULL, "data");

    for (size_t i = 0; i < sizeof SECRET_TYPES / sizeof SECRET_TYPES[0]; i++)
        for (size_t n = 0; n < 2; n++) {
            const char *key = SECRET_TYPES[i].keys[n];

            if (strcmp(type, SECRET_TYPES[i].type) == 0 && key &&
                !value_get(data, key))
                check_add(k, CAUSE_REQUIRED, PLACE_KEY(at, key),
                          "Required value");
        }
    if (strcmp(type, "kubernetes.io/basic-auth") != 0 ||
        value_get(data, "username") || value_get(data, "password"))
        return;
    check_add(k, CAUSE_REQUIRED, PLACE_KEY(at, "username"), "Required value");
    check_add(k, CAUSE_REQUIRED, PLACE_KEY(at, "password"), "Required value");
}

void rules_check_secret(struct check *k)
{
    static const char account[] = "kubernetes.io/service-account.name";
    const char *type = value_text_at(k->object, "type");
    const struct value *notes = value_path(k->object, "metadata.annotations");

    if (check_keys(k, "data", NULL) / 4 * 3 > MEBIBYTE)
        check_add(k, CAUSE_TOO_LONG, PLACE(NULL, "data"),
                  "Too long: may not be more than 1048576 bytes");
    if (!type)
        return;
    check_secret_type(k, type);
    if (strcmp(type, "kubernetes.io/service-account-token") == 0 &&
        rules_is_absent(value_get(notes, account)))
        check_add(
            k, CAUSE_REQUIRED,
            PLACE_KEY(PLACE(PLACE(NULL, "metadata"), "annotations"), account),
            "Required value");
}

void rules_check_secret_update(struct check *k)
{
    static const char *const fields[] = {"data", NULL};

    check_immutable(k, "type");
    check_frozen(k, fields);
}

/* ---- PersistentVolumeClaim ---- */

static const char *const MODES[] = {"ReadOnlyMany", "ReadWriteMany",
                                    "ReadWriteOnce", "ReadWriteOncePod", NULL};

static bool is_listed(const char *const *list, const char *text)
{
    for (; *list; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

static void check_modes(struct check *k, const struct place *at,
                        const struct value *modes)
{
    const struct value *mode;

    for (size_t i = 0; (mode = rules_item(modes, i)); i++)
        if (!is_listed(MODES, value_text(mode)))
            check_add(k, CAUSE_NOT_SUPPORTED, at,
                      "Unsupported value: \"%s\": supported values: "
                      "\"ReadOnlyMany\", \"ReadWriteMany\", "
                      "\"ReadWriteOnce\", \"ReadWriteOncePod\"",
                      value_text(mode));
}

static void check_size(struct check *k, const struct place *at,
                       const struct value *size)
{
    struct quantity q;

    if (rules_quantity(size, &q) && q.mantissa <= 0)
        check_invalid(k, at, size, "must be greater than zero");
}

static const char *const VOLUME_MODES[] = {"Block", "Filesystem", NULL};

/* Another claim, or an object of a group. */
static void check_source(struct check *k, const struct place *at,
                         const struct value *source)
{
    const char *kind = value_text_at(source, "kind");
    const char *group = value_text_at(source, "apiGroup");
    const char *ns = value_text_at(source, "namespace");

    if (!source)
        return;
    if (rules_is_absent(value_get(source, "name")))
        check_required(k, at, "name", "");
    if (!kind || !*kind)
        check_required(k, at, "kind", "");
    if ((!group || !*group) && !text_equal(kind, "PersistentVolumeClaim"))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be 'PersistentVolumeClaim' when "
                  "referencing the default apiGroup",
                  kind ? kind : "");
    if (group && *group)
        check_text_by(k, PLACE(at, "apiGroup"), group, wrong_dns_subdomain);
    if (ns && *ns)
        check_text_by(k, PLACE(at, "namespace"), ns, wrong_dns_label);
}

static void check_single_mode(struct check *k, const struct place *at,
                              const struct value *modes)
{
    const struct value *mode;
    bool alone = false, shared = false;

    for (size_t i = 0; (mode = rules_item(modes, i)); i++) {
        bool once = text_equal(value_text(mode), "ReadWriteOncePod");

        alone |= once;
        shared |= !once && is_listed(MODES, value_text(mode));
    }
    if (alone && shared)
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: may not use ReadWriteOncePod with other access "
                  "modes");
}

void rules_check_claim_spec(struct check *k, const struct place *at,
                            const struct value *spec)
{
    const struct value *modes = value_get(spec, "accessModes");
    const struct value *size = value_path(spec, "resources.requests.storage");
    const struct place *storage = PLACE_KEY(PLACE(at, "resources"), "storage");
    const char *class = value_text_at(spec, "storageClassName");

    if (!modes || modes->count == 0)
        check_required(k, at, "accessModes",
                       "at least 1 access mode is required");
    check_modes(k, PLACE(at, "accessModes"), modes);
    if (!size)
        check_add(k, CAUSE_REQUIRED, storage, "Required value");
    else
        check_size(k, storage, size);
    if (class && *class)
        check_text_by(k, PLACE(at, "storageClassName"), class,
                      wrong_dns_subdomain);
    if (value_get(spec, "volumeMode"))
        check_one_of(k, PLACE(at, "volumeMode"),
                     value_text_at(spec, "volumeMode"), VOLUME_MODES);
    class = value_text_at(spec, "volumeAttributesClassName");
    if (class && *class)
        check_text_by(k, PLACE(at, "volumeAttributesClassName"), class,
                      wrong_dns_subdomain);
    check_single_mode(k, PLACE(at, "accessModes"), modes);
    check_selector(k, PLACE(at, "selector"), value_get(spec, "selector"));
    check_source(k, PLACE(at, "dataSource"), value_get(spec, "dataSource"));
    check_source(k, PLACE(at, "dataSourceRef"),
                 value_get(spec, "dataSourceRef"));
}

void rules_check_claim(struct check *k)
{
    rules_check_claim_spec(k, PLACE(NULL, "spec"),
                           value_get(k->object, "spec"));
}

/* All but the size, which may grow once the claim is bound, and what the
 * binding of an unbound claim sets. */
static bool same_claim(const struct value *spec, const struct value *was)
{
    if (!spec || spec->count < was->count)
        return false;
    for (uint32_t i = 0; i < spec->count; i++) {
        const struct value_member *m = &spec->as.members[i];
        const struct value *other = value_get(was, m->key);

        if (strcmp(m->key, "resources") == 0 ||
            strcmp(m->key, "volumeAttributesClassName") == 0 ||
            (!other && (strcmp(m->key, "volumeName") == 0 ||
                        strcmp(m->key, "storageClassName") == 0)))
            continue;
        if (!other || !value_equal(m->value, other))
            return false;
    }
    return value_equal(value_path(spec, "resources.limits"),
                       value_path(was, "resources.limits")) ||
           !value_path(was, "resources.limits");
}

void rules_check_claim_update(struct check *k)
{
    const struct value *spec = value_get(k->object, "spec");
    const struct value *was = value_get(k->old, "spec");
    const struct value *size = value_path(spec, "resources.requests.storage");
    const struct value *before = value_path(was, "resources.requests.storage");
    const struct value *has = value_path(k->old, "status.capacity.storage");
    bool bound = text_equal(value_text_at(k->old, "status.phase"), "Bound");
    const struct place *at = PLACE(NULL, "spec");
    struct quantity a = {0}, b = {0}, least = {0};
    int order;

    if (size)
        rules_quantity(size, &a);
    if (before)
        rules_quantity(before, &b);
    if (has)
        rules_quantity(has, &least);
    order = quantity_compare(&a, &b);
    if (!same_claim(spec, was) || (!bound && order != 0) ||
        (before && !value_path(spec, "resources.requests")) ||
        (value_get(was, "volumeName") && !value_get(spec, "volumeName")))
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: spec is immutable after creation except "
                  "resources.requests and volumeAttributesClassName for bound "
                  "claims");
    if (order < 0 && quantity_compare(&a, &least) <= 0)
        check_add(k, CAUSE_FORBIDDEN,
                  PLACE(PLACE(PLACE(at, "resources"), "requests"), "storage"),
                  "Forbidden: field can not be less than status.capacity");
    if (!text_equal(value_text_at(spec, "volumeMode"),
                    value_text_at(was, "volumeMode")))
        check_invalid(k, PLACE(NULL, "volumeMode"),
                      value_get(spec, "volumeMode"), "field is immutable");
}

/* ---- PersistentVolume ---- */

/* Fields of a volume's spec that are not where it is. */
static const char *const VOLUME_FIELDS[] = {
    "accessModes",      "capacity",
    "claimRef",         "mountOptions",
    "nodeAffinity",     "persistentVolumeReclaimPolicy",
    "storageClassName", "volumeAttributesClassName",
    "volumeMode",       NULL};

void rules_check_volume(struct check *k)
{
    static const char *const policies[] = {"Delete", "Recycle", "Retain", NULL};
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *modes = value_get(spec, "accessModes");
    const struct value *capacity = value_get(spec, "capacity");
    size_t sources = 0;

    if (!modes || modes->count == 0)
        check_required(k, at, "accessModes", "");
    check_modes(k, PLACE(at, "accessModes"), modes);
    if (!capacity || capacity->count == 0)
        check_required(k, at, "capacity", "");
    if (!value_get(capacity, "storage"))
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(at, "capacity"),
                  "Unsupported value: null: supported values: \"storage\"");
    else
        check_size(k, PLACE_KEY(PLACE(at, "capacity"), "storage"),
                   value_get(capacity, "storage"));
    check_enum(k, at, spec, "persistentVolumeReclaimPolicy", policies);
    for (uint32_t i = 0; i < spec->count; i++)
        sources += !is_listed(VOLUME_FIELDS, spec->as.members[i].key);
    if (sources == 0)
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: must specify a volume type");
    if (value_get(spec, "volumeMode"))
        check_enum(k, at, spec, "volumeMode", VOLUME_MODES);
}

void rules_check_volume_update(struct check *k)
{
    const struct value *spec = value_get(k->object, "spec");
    const struct value *was = value_get(k->old, "spec");
    bool same = true;

    for (uint32_t i = 0; i < spec->count; i++) {
        const struct value_member *m = &spec->as.members[i];

        if (!is_listed(VOLUME_FIELDS, m->key) &&
            !value_equal(m->value, value_get(was, m->key)))
            same = false;
    }
    if (!same)
        check_add(k, CAUSE_FORBIDDEN,
                  PLACE(PLACE(NULL, "spec"), "persistentvolumesource"),
                  "Forbidden: spec.persistentvolumesource is immutable after "
                  "creation");
    check_immutable(k, "spec.volumeMode");
}

/* ---- Endpoints, Events ---- */

static void check_subset(struct check *k, const struct place *at,
                         const struct value *subset)
{
    static const char *const lists[] = {"addresses", "notReadyAddresses"};
    static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
    const struct value *ports = value_get(subset, "ports");
    const struct value *item;
    size_t count = 0;

    for (size_t n = 0; n < 2; n++) {
        const struct value *list = value_get(subset, lists[n]);

        count += list ? list->count : 0;
        for (size_t i = 0; (item = rules_item(list, i)); i++) {
            const char *ip = value_text_at(item, "ip");
            const struct place *one = PLACE_AT(PLACE(at, lists[n]), i);

            check_ip(k, PLACE(one, "ip"), ip ? ip : "");
            check_ip(k, PLACE(one, "ip"), ip ? ip : "");
        }
    }
    if (count == 0)
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: must specify `addresses` or "
                  "`notReadyAddresses`");
    for (size_t i = 0; (item = rules_item(ports, i)); i++) {
        const struct place *one = PLACE_AT(PLACE(at, "ports"), i);

        if (ports->count > 1 && rules_is_absent(value_get(item, "name")))
            check_required(k, one, "name", "");
        check_port_number(k, one, item, "port");
        check_enum(k, one, item, "protocol", protocols);
    }
}

void rules_check_endpoints(struct check *k)
{
    const struct value *subsets = value_get(k->object, "subsets");
    const struct value *subset;

    for (size_t i = 0; (subset = rules_item(subsets, i)); i++)
        check_subset(k, PLACE_AT(PLACE(NULL, "subsets"), i), subset);
}

/* Under the names of the version: those of core, then those of the group. */
static void check_reporter(struct check *k, bool core)
{
    const char *field = core ? "reportingComponent" : "reportingController";
    const char *name = value_text_at(k->object, field);
    static const char *const fields[] = {"reportingInstance", "action",
                                         "reason"};

    if (!name || !*name)
        check_required(k, NULL, field, "");
    check_qualified(k, PLACE(NULL, field), name ? name : "", name ? name : "");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *text = value_text_at(k->object, fields[i]);

        if (!text || !*text)
            check_required(k, NULL, fields[i], "");
        else if (strlen(text) > 128)
            check_add(k, CAUSE_INVALID, PLACE(NULL, fields[i]),
                      "Invalid value: \"\": can have at most 128 characters");
    }
}

/* What both versions want; events of objects without a namespace are in
 * `default`. */
static void check_event(struct check *k, bool core)
{
    const char *ns = value_text_at(k->object, "metadata.namespace");
    const char *about = value_text_at(
        k->object, core ? "involvedObject.namespace" : "regarding.namespace");
    bool timed = !rules_is_absent(value_get(k->object, "eventTime"));
    bool nowhere = !about || !*about;
    bool home = !ns || strcmp(ns, "default") == 0 ||
                (timed && strcmp(ns, "kube-system") == 0);

    if (nowhere ? !home : !timed && ns && strcmp(ns, about) != 0)
        check_add(k, CAUSE_INVALID,
                  PLACE(PLACE(NULL, "involvedObject"), "namespace"),
                  "Invalid value: \"%s\": does not match event.namespace",
                  nowhere ? "" : about);
    if (timed)
        check_reporter(k, core);
}

void rules_check_event(struct check *k)
{
    check_event(k, true);
}

static void check_unset(struct check *k, const char *field, const char *shown)
{
    if (!rules_is_zero(value_get(k->object, field)))
        check_add(k, CAUSE_INVALID, PLACE(NULL, shown),
                  "Invalid value: \"\": needs to be unset");
}

void rules_check_event_v1(struct check *k)
{
    const char *type = value_text_at(k->object, "type");

    check_event(k, false);
    if (k->old)
        return;
    if (rules_is_absent(value_get(k->object, "eventTime")))
        check_required(k, NULL, "eventTime", "");
    if (!text_equal(type, "Normal") && !text_equal(type, "Warning"))
        check_add(k, CAUSE_INVALID, PLACE(NULL, "type"),
                  "Invalid value: \"\": has invalid value: %s",
                  type ? type : "");
    check_unset(k, "deprecatedFirstTimestamp", "firstTimestamp");
    check_unset(k, "deprecatedLastTimestamp", "lastTimestamp");
    check_unset(k, "deprecatedCount", "count");
    check_unset(k, "deprecatedSource", "source");
}

/* All but metadata and series stays; the API server looks at reason twice. */
void rules_check_event_v1_update(struct check *k)
{
    static const char *const fields[][2] = {
        {"regarding", "involvedObject"},
        {"reason", "reason"},
        {"note", "message"},
        {"deprecatedSource", "source"},
        {"deprecatedFirstTimestamp", "firstTimestamp"},
        {"deprecatedLastTimestamp", "lastTimestamp"},
        {"deprecatedCount", "count"},
        {"reason", "reason"},
        {"type", "type"},
        {"eventTime", "eventTime"},
        {"action", "action"},
        {"related", "related"},
        {"reportingController", "reportingController"},
        {"reportingInstance", "reportingInstance"}};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct value *is = value_get(k->object, fields[i][0]);
        const struct value *was = value_get(k->old, fields[i][0]);

        if (is && was ? !value_equal(is, was)
                      : rules_is_zero(is) != rules_is_zero(was))
            check_invalid(k, PLACE(NULL, fields[i][1]), is,
                          "field is immutable");
    }
}
