/*
 * crd_define.c -- is a CustomResourceDefinition right?
 *                 (k8s.io/apiextensions-apiserver pkg/apis/apiextensions.)
 *
 * What all versions have in common is judged once and named as a field of the
 * spec: "spec.validation", as the API server does, which keeps it there.
 */
#include "crd_define.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "kube/key.h"
#include "regexp.h"

#define PATH_MAX_LEN (1u << 20)

/* ---- telling ---- */

void define_tell(struct definer *d, const char *reason, const char *child,
                 const char *fmt, ...)
{
    size_t len = *child ? crd_path_key(&d->path, child) : d->path.len;
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (failure_cause(d->f, reason, str_text(&d->path), "%s", text) < 0)
        d->failed = true;
    crd_path_cut(&d->path, len);
}

size_t define_path_key(struct definer *d, const char *child, const char *key)
{
    size_t len = crd_path_key(&d->path, child);

    str_addf(&d->path, "[%s]", key);
    return len;
}

size_t define_path_nth(struct definer *d, const char *child, size_t i)
{
    size_t len = crd_path_key(&d->path, child);

    crd_path_index(&d->path, i);
    return len;
}

const char *define_text(const struct value *v, const char *key)
{
    const char *text = value_text(value_get(v, key));

    return text ? text : "";
}

static void required(struct definer *d, const char *child)
{
    define_tell(d, CAUSE_REQUIRED, child, "Required value");
}

/* ---- names ---- */

static bool is_label(const char *text)
{
    return name_is_dns_label(text) && !(*text >= '0' && *text <= '9');
}

static void want_label(struct definer *d, const char *child, const char *text)
{
    if (*text && !is_label(text))
        define_tell(d, CAUSE_INVALID, child,
                    "Invalid value: \"%s\": a DNS-1035 label must consist of "
                    "lower case alphanumeric characters or '-', start with an "
                    "alphabetic character, and end with an alphanumeric "
                    "character",
                    text);
}

static void want_kind(struct definer *d, const char *child, const char *text)
{
    if (*text && regexp_match("^[A-Za-z]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$",
                              text, strlen(text)) == REGEXP_NO)
        define_tell(d, CAUSE_INVALID, child,
                    "Invalid value: \"%s\": may have mixed case, but should "
                    "otherwise match: a DNS-1035 label",
                    text);
}

static void want_labels(struct definer *d, const struct value *names,
                        const char *child)
{
    const struct value *all = value_get(names, child);

    for (uint32_t i = 0; value_is(all, VALUE_ARRAY) && i < all->count; i++) {
        const char *text = value_text(all->as.items[i]);
        size_t len = define_path_nth(d, child, i);

        if (!text || !is_label(text))
            define_tell(d, CAUSE_INVALID, "",
                        "Invalid value: \"%s\": not a DNS-1035 label",
                        text ? text : "");
        crd_path_cut(&d->path, len);
    }
}

static void check_names(struct definer *d, const struct value *names)
{
    static const char *const needed[] = {"plural", "singular", "kind",
                                         "listKind"};
    const char *kind = define_text(names, "kind");
    size_t len = crd_path_key(&d->path, "names");

    for (size_t i = 0; i < 4; i++)
        if (!*define_text(names, needed[i]))
            required(d, needed[i]);
    want_label(d, "plural", define_text(names, "plural"));
    want_label(d, "singular", define_text(names, "singular"));
    want_kind(d, "kind", kind);
    want_kind(d, "listKind", define_text(names, "listKind"));
    want_labels(d, names, "shortNames");
    if (*kind && strcmp(kind, define_text(names, "listKind")) == 0)
        define_tell(d, CAUSE_INVALID, "listKind",
                    "Invalid value: \"%s\": kind and listKind may not be the "
                    "same",
                    kind);
    want_labels(d, names, "categories");
    crd_path_cut(&d->path, len);
}

static void check_group(struct definer *d, const struct value *spec)
{
    const char *group = define_text(spec, "group");
    const char *scope = define_text(spec, "scope");

    if (!*group)
        required(d, "group");
    else if (!name_is_dns_subdomain(group))
        define_tell(d, CAUSE_INVALID, "group",
                    "Invalid value: \"%s\": not a DNS-1123 subdomain", group);
    else if (!strchr(group, '.'))
        define_tell(d, CAUSE_INVALID, "group",
                    "Invalid value: \"%s\": should be a domain with at least "
                    "one dot",
                    group);
    if (!*scope)
        required(d, "scope");
    else if (strcmp(scope, "Cluster") != 0 && strcmp(scope, "Namespaced") != 0)
        define_tell(d, CAUSE_NOT_SUPPORTED, "scope",
                    "Unsupported value: \"%s\": supported values: \"Cluster\", "
                    "\"Namespaced\"",
                    scope);
}

static void check_object_name(struct definer *d, const struct value *definition)
{
    const struct value *spec = value_get(definition, "spec");
    const char *name = value_text_at(definition, "metadata.name");
    const char *plural = value_text_at(spec, "names.plural");
    char *want = arena_printf(d->a, "%s.%s", plural ? plural : "",
                              define_text(spec, "group"));

    d->failed = d->failed || !want;
    if (name && want && strcmp(name, want) != 0 &&
        failure_cause(
            d->f, CAUSE_INVALID, "metadata.name",
            "Invalid value: \"%s\": must be spec.names.plural+\".\"+spec.group",
            name) < 0)
        d->failed = true;
}

/* Groups of the Kubernetes project need a sign of approval. */
static void check_approval(struct definer *d, const struct value *definition,
                           const struct value *old)
{
    static const char key[] = "api-approved.kubernetes.io";
    const char *group = value_text_at(definition, "spec.group");
    const char *now =
        define_text(value_path(definition, "metadata.annotations"), key);

    if (!group ||
        !(text_ends(group, ".k8s.io") || text_ends(group, ".kubernetes.io") ||
          strcmp(group, "k8s.io") == 0 ||
          strcmp(group, "kubernetes.io") == 0) ||
        (old && strcmp(now, define_text(value_path(old, "metadata.annotations"),
                                        key)) == 0) ||
        text_starts(now, "https://") || text_starts(now, "http://") ||
        text_starts(now, "unapproved"))
        return;
    if (failure_cause(d->f, *now ? CAUSE_INVALID : CAUSE_REQUIRED,
                      "metadata.annotations[api-approved.kubernetes.io]",
                      "%s: protected groups must have approval annotation "
                      "\"%s\", see https://github.com/kubernetes/enhancements/"
                      "pull/1111",
                      *now ? "Invalid value" : "Required value", key) < 0)
        d->failed = true;
}

/* ---- parts of versions ---- */

static void check_json_path(struct definer *d, const struct value *v,
                            const char *key, const char *child,
                            const char *const *roots)
{
    const char *path = define_text(v, key);

    if (*path != '.') {
        define_tell(d, CAUSE_INVALID, child,
                    "Invalid value: \"%s\": must be a simple json path "
                    "starting with .",
                    path);
        return;
    }
    for (; *roots; roots++)
        if (text_starts(path, *roots))
            return;
    define_tell(d, CAUSE_INVALID, child,
                "Invalid value: \"%s\": should be a json path under another "
                "field",
                path);
}

static void check_subresources(struct definer *d, const struct value *sub)
{
    static const struct {
        const char *key, *child;
        const char *roots[3];
    } paths[] = {
        {"specReplicasPath",
         "subresources.scale.specReplicasPath",
         {".spec.", NULL}},
        {"statusReplicasPath",
         "subresources.scale.statusReplicasPath",
         {".status.", NULL}},
        {"labelSelectorPath",
         "subresources.scale.labelSelectorPath",
         {".spec.", ".status.", NULL}},
    };
    const struct value *scale = value_get(sub, "scale");

    for (size_t i = 0; scale && i < 3; i++) {
        if (*define_text(scale, paths[i].key))
            check_json_path(d, scale, paths[i].key, paths[i].child,
                            paths[i].roots);
        else if (i < 2)
            required(d, paths[i].child);
    }
}

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words && strcmp(*words, text) != 0)
        words++;
    return *words != NULL;
}

static void check_column(struct definer *d, const struct value *column)
{
    static const char *const any_root[] = {".", NULL};
    static const char *const types[] = {"boolean", "date",   "integer",
                                        "number",  "string", NULL};
    static const char *const formats[] = {"int32",     "int64",    "float",
                                          "double",    "byte",     "date",
                                          "date-time", "password", NULL};
    const char *type = define_text(column, "type");
    const char *format = define_text(column, "format");

    if (!*define_text(column, "name"))
        required(d, "name");
    if (!*type)
        required(d, "type");
    else if (!is_one_of(type, types))
        define_tell(d, CAUSE_INVALID, "type",
                    "Invalid value: \"%s\": must be one of boolean,date,"
                    "integer,number,string",
                    type);
    if (*format && !is_one_of(format, formats))
        define_tell(d, CAUSE_INVALID, "format",
                    "Invalid value: \"%s\": must be one of byte,date,date-time,"
                    "double,float,int32,int64,password",
                    format);
    if (!*define_text(column, "jsonPath"))
        required(d, "JSONPath");
    else
        check_json_path(d, column, "jsonPath", "JSONPath", any_root);
}

static void check_columns(struct definer *d, const struct value *columns)
{
    for (uint32_t i = 0; value_is(columns, VALUE_ARRAY) && i < columns->count;
         i++) {
        size_t len = define_path_nth(d, "additionalPrinterColumns", i);

        check_column(d, columns->as.items[i]);
        crd_path_cut(&d->path, len);
    }
}

static void check_schema(struct definer *d, const struct value *version,
                         const char *child, bool status)
{
    const struct value *schema = value_path(version, "schema.openAPIV3Schema");
    size_t len = crd_path_key(&d->path, child);

    if (value_is(schema, VALUE_OBJECT))
        define_schema(d, schema, status);
    crd_path_cut(&d->path, len);
}

/* ---- versions ---- */

static bool has_status(const struct value *version)
{
    return value_path(version, "subresources.status") != NULL;
}

/* Has every version the same there (also nothing)? */
static bool all_same(const struct value *versions, const char *key)
{
    const struct value *first = value_get(versions->as.items[0], key);

    for (uint32_t i = 1; i < versions->count; i++) {
        const struct value *one = value_get(versions->as.items[i], key);

        if (first && one ? !value_equal(first, one) : first != one)
            return false;
    }
    return true;
}

static void check_version(struct definer *d, const struct value *versions,
                          uint32_t i)
{
    const struct value *v = versions->as.items[i];
    const struct value *warning = value_get(v, "deprecationWarning");
    size_t len = define_path_nth(d, "versions", i);

    if (!is_label(define_text(v, "name")))
        define_tell(d, CAUSE_INVALID, "name",
                    "Invalid value: \"%s\": not a DNS-1035 label",
                    define_text(v, "name"));
    if (warning && (!value_bool_at(v, "deprecated", false) ||
                    warning->count == 0 || warning->count > 256))
        define_tell(d, CAUSE_INVALID, "deprecationWarning",
                    "Invalid value: can only be set for deprecated versions, "
                    "to at most 256 characters");
    if (!all_same(versions, "schema"))
        check_schema(d, v, "schema.openAPIV3Schema", has_status(v));
    if (!all_same(versions, "subresources"))
        check_subresources(d, value_get(v, "subresources"));
    if (!all_same(versions, "additionalPrinterColumns"))
        check_columns(d, value_get(v, "additionalPrinterColumns"));
    crd_path_cut(&d->path, len);
}

static void check_common(struct definer *d, const struct value *versions)
{
    const struct value *first = versions->as.items[0];
    bool status = false;

    for (uint32_t i = 0; i < versions->count; i++)
        status = status || has_status(versions->as.items[i]);
    if (!is_label(define_text(first, "name")))
        define_tell(d, CAUSE_INVALID, "version",
                    "Invalid value: \"%s\": not a DNS-1035 label",
                    define_text(first, "name"));
    if (all_same(versions, "schema"))
        check_schema(d, first, "validation.openAPIV3Schema", status);
    if (all_same(versions, "subresources"))
        check_subresources(d, value_get(first, "subresources"));
    if (all_same(versions, "additionalPrinterColumns"))
        check_columns(d, value_get(first, "additionalPrinterColumns"));
}

/* How many are the storage, and are the names different? */
static void check_version_set(struct definer *d, const struct value *versions)
{
    uint32_t storage = 0, twins = 0;

    for (uint32_t i = 0; versions && i < versions->count; i++) {
        const struct value *v = versions->as.items[i];

        storage += value_bool_at(v, "storage", false);
        for (uint32_t j = 0; j < i; j++)
            twins += strcmp(define_text(v, "name"),
                            define_text(versions->as.items[j], "name")) == 0;
    }
    if (twins)
        define_tell(d, CAUSE_INVALID, "versions",
                    "Invalid value: must contain unique version names");
    if (storage != 1)
        define_tell(d, CAUSE_INVALID, "versions",
                    "Invalid value: must have exactly one version marked as "
                    "storage version");
}

static void check_versions(struct definer *d, const struct value *spec)
{
    const struct value *versions = value_get(spec, "versions");

    if (!value_is(versions, VALUE_ARRAY) || versions->count == 0)
        versions = NULL;
    for (uint32_t i = 0; versions && i < versions->count; i++) {
        size_t len = define_path_nth(d, "versions", i);

        if (!value_path(versions->as.items[i], "schema.openAPIV3Schema"))
            required(d, "schema.openAPIV3Schema");
        crd_path_cut(&d->path, len);
    }
    for (uint32_t i = 0; versions && i < versions->count; i++)
        check_version(d, versions, i);
    check_version_set(d, versions);
    check_names(d, value_get(spec, "names"));
    if (versions)
        check_common(d, versions);
}

/* ---- conversion ---- */

static void check_conversion(struct definer *d, const struct value *spec)
{
    const struct value *c = value_get(spec, "conversion");
    const char *strategy = define_text(c, "strategy");
    bool webhook = strcmp(strategy, "Webhook") == 0;
    size_t len = crd_path_key(&d->path, "conversion");

    if (c && !*strategy)
        required(d, "strategy");
    else if (c && !webhook && strcmp(strategy, "None") != 0)
        define_tell(d, CAUSE_NOT_SUPPORTED, "strategy",
                    "Unsupported value: \"%s\": supported values: \"None\", "
                    "\"Webhook\"",
                    strategy);
    if (webhook && value_bool_at(spec, "preserveUnknownFields", false))
        define_tell(d, CAUSE_INVALID, "strategy",
                    "Invalid value: \"Webhook\": must be None if "
                    "spec.preserveUnknownFields is true");
    if (webhook && !value_path(c, "webhook.clientConfig"))
        required(d, "webhookClientConfig");
    if (webhook && !value_path(c, "webhook.conversionReviewVersions"))
        required(d, "conversionReviewVersions");
    if (c && !webhook && value_path(c, "webhook.clientConfig"))
        define_tell(d, CAUSE_FORBIDDEN, "webhookClientConfig",
                    "Forbidden: should not be set when strategy is not set to "
                    "Webhook");
    crd_path_cut(&d->path, len);
}

/* ---- updates ---- */

static bool is_established(const struct value *definition)
{
    const struct value *all = value_path(definition, "status.conditions");

    for (uint32_t i = 0; value_is(all, VALUE_ARRAY) && i < all->count; i++)
        if (strcmp(define_text(all->as.items[i], "type"), "Established") == 0)
            return strcmp(define_text(all->as.items[i], "status"), "True") == 0;
    return false;
}

static void check_same(struct definer *d, const struct value *now,
                       const struct value *before, const char *path)
{
    const char *a = value_text_at(now, path), *b = value_text_at(before, path);

    if (!text_equal(a, b))
        define_tell(d, CAUSE_INVALID, path,
                    "Invalid value: \"%s\": field is immutable", a ? a : "");
}

static void check_update(struct definer *d, const struct value *definition,
                         const struct value *old)
{
    const struct value *now = value_get(definition, "spec");
    const struct value *before = value_get(old, "spec");

    if (is_established(old)) {
        check_same(d, now, before, "scope");
        check_same(d, now, before, "names.kind");
    }
    check_same(d, now, before, "group");
    check_same(d, now, before, "names.plural");
}

static bool names_version(const struct value *versions, const char *name)
{
    for (uint32_t i = 0; value_is(versions, VALUE_ARRAY) && i < versions->count;
         i++)
        if (strcmp(define_text(versions->as.items[i], "name"), name) == 0)
            return true;
    return false;
}

static bool holds_text(const struct value *list, const char *text)
{
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text(list->as.items[i]), text))
            return true;
    return false;
}

static void check_stored_versions(struct definer *d,
                                  const struct value *definition)
{
    const struct value *stored =
        value_path(definition, "status.storedVersions");
    const struct value *versions = value_path(definition, "spec.versions");
    size_t len = crd_path_key(&d->path, "status");

    crd_path_key(&d->path, "storedVersions");
    if (!value_is(stored, VALUE_ARRAY) || stored->count == 0)
        define_tell(d, CAUSE_INVALID, "",
                    "Invalid value: null: must have at least one stored "
                    "version");
    for (uint32_t i = 0; value_is(stored, VALUE_ARRAY) && i < stored->count;
         i++) {
        const char *name = value_text(stored->as.items[i]);
        size_t here = crd_path_index(&d->path, i);

        if (name && !names_version(versions, name))
            define_tell(d, CAUSE_INVALID, "",
                        "Invalid value: \"%s\": missing from spec.versions; %s "
                        "was previously a storage version, and must remain in "
                        "spec.versions until a storage migration ensures no "
                        "data remains persisted in %s and removes %s from "
                        "status.storedVersions",
                        name, name, name, name);
        crd_path_cut(&d->path, here);
    }
    for (uint32_t i = 0; value_is(versions, VALUE_ARRAY) && i < versions->count;
         i++) {
        const struct value *v = versions->as.items[i];

        if (value_bool_at(v, "storage", false) && stored &&
            !holds_text(stored, define_text(v, "name")))
            define_tell(d, CAUSE_INVALID, "",
                        "Invalid value: must have the storage version %s",
                        define_text(v, "name"));
    }
    crd_path_cut(&d->path, len);
}

/* ---- the whole ---- */

static void validate(struct definer *d, const struct value *definition,
                     const struct value *old)
{
    const struct value *spec = value_get(definition, "spec");
    size_t len;

    if (!old)
        check_object_name(d, definition);
    len = crd_path_key(&d->path, "spec");
    check_group(d, spec);
    check_versions(d, spec);
    check_conversion(d, spec);
    if (old)
        check_update(d, definition, old);
    crd_path_cut(&d->path, len);
    check_stored_versions(d, definition);
    check_approval(d, definition, old);
    if (value_bool_at(spec, "preserveUnknownFields", false) &&
        !value_bool_at(old, "spec.preserveUnknownFields", false))
        define_tell(d, CAUSE_INVALID, "spec.preserveUnknownFields",
                    "Invalid value: true: cannot set to true, set "
                    "x-kubernetes-preserve-unknown-fields to true in "
                    "spec.versions[*].schema instead");
}

int crd_validate(struct arena *a, const struct value *definition,
                 const struct value *old, struct failure *f)
{
    struct definer d = {.f = f, .a = a};

    str_init(&d.path, PATH_MAX_LEN);
    validate(&d, definition, old);
    if (d.path.failed)
        d.failed = true;
    str_release(&d.path);
    return d.failed ? failure_nomem(f) : 0;
}
