/*
 * rules_env.c -- validation of the variables of containers (k8s.io/kubernetes
 *                pkg/apis/core/validation).
 */
#include <string.h>

#include "rules_pods.h"

/* ---- where a value is from ---- */

/* A name that ends with a dash may still become one. */
static void check_source_name(struct check *k, const struct place *at,
                              const struct value *source)
{
    const char *name = value_text_at(source, "name");
    size_t len = name ? strlen(name) : 0;
    char *whole;

    if (!source)
        return;
    if (!len) {
        check_required(k, at, "name", "");
        return;
    }
    whole = arena_strdup(k->c->a, name);
    if (!whole) {
        failure_nomem(k->f);
        return;
    }
    if (len > 1 && whole[len - 1] == '-')
        whole[len - 1] = 'a';
    check_text_by(k, PLACE(at, "name"), whole, wrong_dns_subdomain);
}

static void check_key_selector(struct check *k, const struct place *at,
                               const struct value *selector)
{
    const char *key = value_text_at(selector, "key"), *name;

    if (!selector)
        return;
    name = value_text_at(selector, "name");
    check_text_by(k, PLACE(at, "name"), name ? name : "", wrong_dns_subdomain);
    if (!key || !*key)
        check_required(k, at, "key", "");
    else
        check_text_by(k, PLACE(at, "key"), key, wrong_config_key);
}

/* Any printable characters but '='. */
static const char *wrong_variable(const char *name, unsigned i)
{
    for (; i == 0 && *name; name++)
        if (*name < ' ' || *name > '~' || *name == '=')
            return "a valid environment variable name must consist only of "
                   "printable ASCII characters other than '='";
    return NULL;
}

static void check_file_key(struct check *k, const struct place *at,
                           const struct value *ref)
{
    const char *key = value_text_at(ref, "key");
    const char *volume = value_text_at(ref, "volumeName");
    const char *path = value_text_at(ref, "path");

    if (!ref)
        return;
    if (!key || !*key)
        check_required(k, at, "key", "");
    else
        check_text_by(k, PLACE(at, "key"), key, wrong_variable);
    if (!volume || !*volume)
        check_required(k, at, "volumeName", "");
    else
        check_text_by(k, PLACE(at, "volumeName"), volume, wrong_dns_label);
    if (!path || !*path)
        check_required(k, at, "path", "");
    else
        rules_check_backsteps(k, PLACE(at, "path"), path);
}

static void check_value_from(struct check *k, const struct place *at,
                             const struct value *variable)
{
    static const char *const fields[] = {"metadata.name",
                                         "metadata.namespace",
                                         "metadata.uid",
                                         "spec.nodeName",
                                         "spec.serviceAccountName",
                                         "status.hostIP",
                                         "status.hostIPs",
                                         "status.podIP",
                                         "status.podIPs",
                                         NULL};
    const struct value *from = value_get(variable, "valueFrom");

    if (!from)
        return;
    if (value_get(from, "fieldRef"))
        rules_check_field_ref(k, PLACE(at, "fieldRef"),
                              value_get(from, "fieldRef"), fields);
    if (value_get(from, "resourceFieldRef"))
        rules_check_resource_ref(k, PLACE(at, "resourceFieldRef"),
                                 value_get(from, "resourceFieldRef"), false);
    check_key_selector(k, PLACE(at, "configMapKeyRef"),
                       value_get(from, "configMapKeyRef"));
    check_key_selector(k, PLACE(at, "secretKeyRef"),
                       value_get(from, "secretKeyRef"));
    check_file_key(k, PLACE(at, "fileKeyRef"), value_get(from, "fileKeyRef"));
    if (from->count == 0)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": must specify one of: `fieldRef`, "
                  "`resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
                  "`fileKeyRef`");
    else if (!rules_is_absent(value_get(variable, "value")))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": may not be specified when `value` is "
                  "not empty");
    else if (from->count > 1)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": may not have more than one field "
                  "specified at a time");
}

static void check_variables(struct check *k, const struct place *at,
                            const struct value *env)
{
    const struct value *variable;

    for (size_t i = 0; (variable = rules_item(env, i)); i++) {
        const struct place *one = PLACE_AT(at, i);
        const char *name = value_text_at(variable, "name");

        if (!name || !*name)
            check_required(k, one, "name", "");
        else
            check_text_by(k, PLACE(one, "name"), name, wrong_variable);
        check_value_from(k, PLACE(one, "valueFrom"), variable);
    }
}

static void check_env_from(struct check *k, const struct place *at,
                           const struct value *list)
{
    const struct value *from;

    for (size_t i = 0; (from = rules_item(list, i)); i++) {
        const struct place *one = PLACE_AT(at, i);
        const struct value *map = value_get(from, "configMapRef");
        const struct value *secret = value_get(from, "secretRef");
        const char *prefix = value_text_at(from, "prefix");

        if (prefix && *prefix)
            check_text_by(k, PLACE(one, "prefix"), prefix, wrong_variable);
        check_source_name(k, PLACE(one, "configMapRef"), map);
        check_source_name(k, PLACE(one, "secretRef"), secret);
        if (!map && !secret)
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: \"\": must specify one of: "
                      "`configMapRef` or `secretRef`");
        else if (map && secret)
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: \"\": may not have more than one field "
                      "specified at a time");
    }
}

void rules_check_env(struct check *k, const struct place *at,
                     const struct value *container)
{
    check_variables(k, PLACE(at, "env"), value_get(container, "env"));
    check_env_from(k, PLACE(at, "envFrom"), value_get(container, "envFrom"));
}

/* ---- files ---- */

static void check_env_file(struct check *k, const struct place *at,
                           const struct value *ref, const struct value *volumes)
{
    const char *name = value_text_at(ref, "volumeName");
    const struct value *volume;
    size_t i = 0;

    if (!ref)
        return;
    name = name ? name : "";
    while ((volume = rules_item(volumes, i)) &&
           !text_equal(value_text_at(volume, "name"), name))
        i++;
    if (!volume)
        check_add(k, CAUSE_NOT_FOUND, at, "Not found: \"%s\"", name);
    else if (!value_get(volume, "emptyDir"))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": referenced volume must be of type "
                  "emptyDir",
                  name);
}

static void check_files_of(struct check *k, const struct place *at,
                           const struct value *container, void *arg)
{
    const struct value *env = value_get(container, "env");
    const struct value *variable;

    for (size_t i = 0; (variable = rules_item(env, i)); i++) {
        const struct place *from =
            PLACE(PLACE_AT(PLACE(at, "env"), i), "valueFrom");

        check_env_file(k, PLACE(PLACE(from, "fileKeyRef"), "volumeName"),
                       value_path(variable, "valueFrom.fileKeyRef"), arg);
    }
}

void rules_check_env_files(struct check *k, const struct place *at,
                           const struct value *spec)
{
    rules_each_container(k, at, spec, check_files_of,
                         value_get(spec, "volumes"));
}
