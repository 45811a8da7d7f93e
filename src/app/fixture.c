/*
 * fixture.c -- reading fixtures; see app/fixture.h for the contract.
 */
#include "app/fixture.h"

#include <string.h>

#include "io/file.h"
#include "kube/yaml.h"

/* ---- reading ---- */

static int wrong(const struct fixture *f, const char *what, struct err *err)
{
    return err_set(err, ERR_INVALID, "%s: %s", f->file, what);
}

static bool is_object(const struct value *v)
{
    return value_text_at(v, "apiVersion") && value_text_at(v, "kind") &&
           value_text_at(v, "metadata.name");
}

static int check_objects(const struct fixture *f, struct err *err)
{
    if (!is_object(f->root))
        return wrong(f, ".root is no object", err);
    if (!value_is(f->kinds, VALUE_ARRAY))
        return wrong(f, ".kinds is not a list", err);
    for (uint32_t k = 0; k < f->kinds->count; k++) {
        const struct value *items = value_get(f->kinds->as.items[k], "items");

        for (uint32_t i = 0; value_is(items, VALUE_ARRAY) && i < items->count;
             i++)
            if (!is_object(items->as.items[i]))
                return err_set(err, ERR_INVALID,
                               "%s: .kinds[%u].items[%u] is no object", f->file,
                               k, i);
    }
    return 0;
}

static int fill(struct fixture *f, const struct value *doc, struct err *err)
{
    const char *now = value_text_at(doc, "now");

    if (!text_equal(value_text_at(doc, "kind"), FIXTURE_KIND) ||
        !text_equal(value_text_at(doc, "apiVersion"), FIXTURE_API_VERSION)) {
        wrong(f, "this is no fixture", err);
        return err_hint(err, "tidelock run OPERATOR --record DIR writes them");
    }
    f->operator_name = value_text_at(doc, "operator");
    f->operator_path = value_text_at(doc, "operatorPath");
    f->params = value_get(doc, "parameters");
    f->root = value_get(doc, "root");
    f->root_kind = value_get(doc, "rootKind");
    f->kinds = value_get(doc, "kinds");
    f->plan = value_get(doc, "plan");
    if (!f->operator_name)
        return wrong(f, "the operator's name is missing", err);
    if (!now || !text_parse_rfc3339(now, &f->now))
        return wrong(f, ".now is no RFC 3339 time", err);
    if (!value_text_at(f->plan, "root.name"))
        return wrong(f, ".plan does not name its object", err);
    return check_objects(f, err);
}

int fixture_read(struct arena *a, const char *path, struct fixture *ret,
                 struct err *err)
{
    struct fixture f = {.file = path};
    struct yaml_docs docs = {0};
    struct str text;
    int rc;

    str_init(&text, YAML_MAX_TEXT);
    rc = file_read(path, YAML_MAX_TEXT, &text, err);
    if (rc == 0)
        rc = yaml_parse(a, path, str_text(&text), text.len, &docs, err);
    str_release(&text);
    if (rc == 0 && docs.count != 1)
        rc = wrong(&f, "a fixture is one document", err);
    if (rc == 0)
        rc = fill(&f, docs.items[0], err);
    if (rc == 0)
        *ret = f;
    return rc;
}

/* ---- kinds ---- */

/* "apps" of "apps/v1", "" of "v1"; `*version` is what comes after it. */
static const char *split_version(struct arena *a, const char *api_version,
                                 const char **version)
{
    const char *slash = strchr(api_version, '/');

    *version = slash ? slash + 1 : api_version;
    return slash ? arena_strndup(a, api_version, (size_t)(slash - api_version))
                 : "";
}

static int add_kind(const struct value *kind, struct restmap *map,
                    struct err *err)
{
    struct arena a = {0};
    struct resource r = {
        .api_version = value_text_at(kind, "apiVersion"),
        .kind = value_text_at(kind, "kind"),
        .plural = value_text_at(kind, "plural"),
        .singular = value_text_at(kind, "singular"),
        .namespaced = value_bool_at(kind, "namespaced", false),
        .has_status = value_bool_at(kind, "statusSubresource", false),
        .has_scale = value_bool_at(kind, "scaleSubresource", false),
        .can_list = true,
        .can_watch = true,
        .can_create = true,
        .can_patch = true,
        .can_delete = true,
    };
    int rc = 0;

    if (r.api_version && r.kind && r.plural &&
        !restmap_find(map, r.api_version, r.kind)) {
        r.group = split_version(&a, r.api_version, &r.version);
        r.singular = r.singular ? r.singular : "";
        rc = r.group ? restmap_add(map, &r, err) : err_nomem(err);
    }
    arena_release(&a);
    return rc;
}

int fixture_add_kinds(const struct fixture *f, struct restmap *map,
                      struct err *err)
{
    int rc = add_kind(f->root_kind, map, err);

    for (uint32_t i = 0; i < f->kinds->count && rc == 0; i++)
        rc = add_kind(f->kinds->as.items[i], map, err);
    return rc;
}

/* ---- what was in the view ---- */

const char *fixture_scope(const struct operator_read *read)
{
    switch (read->scope) {
    case READ_OWN:
        return "own";
    case READ_ALL:
        return "all";
    case READ_NONE:
        return "none";
    case READ_NAMED:
        break;
    }
    return read->ns;
}

static bool is_recorded_as(const struct value *entry,
                           const struct operator_read *read)
{
    return text_equal(value_text_at(entry, "apiVersion"),
                      read->gvk.api_version) &&
           text_equal(value_text_at(entry, "kind"), read->gvk.kind) &&
           !value_bool_at(entry, "owned", false) &&
           text_equal(value_text_at(entry, "labels"), read->labels) &&
           text_equal(value_text_at(entry, "fields"), read->fields) &&
           text_equal(value_text_at(entry, "readNamespace"),
                      fixture_scope(read)) &&
           value_bool_at(entry, "byName", false) == read->by_name;
}

bool fixture_knows(const struct fixture *f, const struct operator_read *read,
                   const char **ret_why)
{
    for (uint32_t i = 0; i < f->kinds->count; i++) {
        const struct value *entry = f->kinds->as.items[i];

        if (!is_recorded_as(entry, read))
            continue;
        *ret_why = value_text_at(entry, "unknown");
        if (!*ret_why)
            *ret_why = "it was unknown";
        return value_is(value_get(entry, "items"), VALUE_ARRAY);
    }
    *ret_why = "the fixture was recorded without it";
    return false;
}

static bool same_object(const struct value *a, const struct value *b)
{
    static const char *const paths[] = {"apiVersion", "kind",
                                        "metadata.namespace", "metadata.name"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (!text_equal(value_text_at(a, paths[i]), value_text_at(b, paths[i])))
            return false;
    return true;
}

/* A child that is also read stands under both kinds. */
static bool came_before(const struct fixture *f, uint32_t kind,
                        const struct value *object)
{
    if (same_object(object, f->root))
        return true;
    for (uint32_t k = 0; k < kind; k++) {
        const struct value *items = value_get(f->kinds->as.items[k], "items");

        for (uint32_t i = 0; value_is(items, VALUE_ARRAY) && i < items->count;
             i++)
            if (same_object(items->as.items[i], object))
                return true;
    }
    return false;
}

int fixture_each(const struct fixture *f,
                 int (*fn)(void *arg, const struct value *object,
                           struct err *err),
                 void *arg, struct err *err)
{
    int rc = fn(arg, f->root, err);

    for (uint32_t k = 0; k < f->kinds->count && rc == 0; k++) {
        const struct value *items = value_get(f->kinds->as.items[k], "items");

        for (uint32_t i = 0;
             value_is(items, VALUE_ARRAY) && i < items->count && rc == 0; i++)
            if (!came_before(f, k, items->as.items[i]))
                rc = fn(arg, items->as.items[i], err);
    }
    if (rc < 0)
        err_wrap(err, "%s", f->file);
    return rc;
}
