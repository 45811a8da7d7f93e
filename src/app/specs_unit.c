/*
 * specs_unit.c -- the operators that specs ask for.
 *
 * Without a cluster the kinds are those that are built in and those whose
 * definitions lie beside the operator. An object of such a definition is
 * judged by it as the API server would: a spec that misspells a field of its
 * own object is told so, and not that the script made nothing of it.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"
#include "kube/schema.h"
#include "kube/schema_builtin.h"
#include "specs_impl.h"

/* ---- kinds ---- */

static int add_builtin(struct specs_unit *u, struct arena *a, struct err *err)
{
    struct resource *resources;
    size_t count;
    int rc = schema_builtin_resources(a, &resources, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = restmap_add(u->restmap, &resources[i], err);
    return rc;
}

/* The message of a refusal, as a Status would have it. */
static int refused(const struct failure *f, struct err *err)
{
    if (f->code == 500)
        return err_nomem(err);
    return err_set(err, ERR_REJECTED, "%s", f->message ? f->message : "");
}

static int add_definition(struct specs_unit *u, struct arena *a, size_t i,
                          struct err *err)
{
    struct value *d = u->definitions.items[i];
    struct failure f;
    int rc;

    if (!manifest_is_crd(d))
        return err_set(err, ERR_CONFIG,
                       "%s: a CustomResourceDefinition is expected",
                       u->definitions.names[i]);
    failure_init(&f, a);
    if (crd_default(a, d, &f) < 0 || crd_validate(a, d, NULL, &f) < 0 ||
        failure_invalid(&f, "apiextensions.k8s.io", "CustomResourceDefinition",
                        value_text_at(d, "metadata.name")) < 0 ||
        crd_new(d, &u->crds[i], &f) < 0)
        rc = refused(&f, err);
    else
        rc = restmap_add_crd(u->restmap, d, err);
    if (rc == 0)
        rc = schema_set_add_crd(u->schemas, d, err);
    return rc < 0 ? err_wrap(err, "%s", u->definitions.names[i]) : 0;
}

static int read_definitions(struct specs_unit *u, struct arena *a,
                            struct err *err)
{
    const char *others = file_join(a, u->folder, "spec/crds");
    int rc = others ? manifests_read_own_crd(&u->definitions, a, u->folder, err)
                    : err_nomem(err);

    if (rc == 0 && file_is_folder(others))
        rc = manifests_read(&u->definitions, a, others, false, err);
    return rc;
}

static int learn_kinds(struct specs_unit *u, struct arena *a, struct err *err)
{
    int rc;

    u->restmap = restmap_new();
    u->schemas = schema_set_new();
    if (!u->restmap || !u->schemas)
        return err_nomem(err);
    rc = add_builtin(u, a, err);
    if (rc == 0)
        rc = read_definitions(u, a, err);
    if (rc < 0)
        return rc;
    u->crds = arena_calloc(a, u->definitions.count + 1, sizeof(*u->crds));
    if (!u->crds)
        return err_nomem(err);
    for (size_t i = 0; i < u->definitions.count && rc == 0; i++)
        rc = add_definition(u, a, i, err);
    return rc;
}

/* ---- loading ---- */

static const char *absolute(struct arena *a, const char *path)
{
    char full[PATH_MAX];

    return arena_strdup(a, realpath(path, full) ? full : path);
}

int specs_load(struct specs *s, const char *path, struct specs_unit **ret,
               struct err *err)
{
    struct arena *a = &s->arena;
    const char *full = absolute(a, path);
    struct specs_unit *u;
    int rc;

    if (!full)
        return err_nomem(err);
    for (size_t i = 0; i < s->unit_count; i++)
        if (strcmp(s->units[i].path, full) == 0) {
            *ret = &s->units[i];
            return 0;
        }
    if (s->unit_count == SPECS_MAX_OPERATORS)
        return err_set(err, ERR_LIMIT, "specs may load at most %d operators",
                       SPECS_MAX_OPERATORS);
    u = &s->units[s->unit_count];
    memset(u, 0, sizeof(*u));
    rc = bundle_load_script(a, full, &s->options->bundle, &u->bundle, err);
    if (rc < 0)
        return rc;
    s->unit_count++;
    u->path = full;
    u->folder = file_is_folder(full) ? full : file_folder(a, full);
    if (!u->folder)
        return err_nomem(err);
    rc = learn_kinds(u, a, err);
    if (rc == 0 && s->options->coverage)
        rc = script_cover(u->bundle.script, err);
    if (rc == 0)
        *ret = u;
    return rc;
}

static void release_unit(struct specs_unit *u)
{
    for (size_t i = 0; u->crds && i < u->definitions.count; i++)
        crd_free(u->crds[i]);
    manifests_release(&u->definitions);
    schema_set_free(u->schemas);
    restmap_free(u->restmap);
    bundle_release(&u->bundle);
}

void specs_release_units(struct specs *s)
{
    for (size_t i = 0; i < s->unit_count; i++)
        release_unit(&s->units[i]);
    s->unit_count = 0;
}

int specs_unit_of(const struct specs_question *q, struct specs_unit **ret,
                  struct err *err)
{
    int64_t i = value_int_at(q->given, "unit", -1);

    if (i < 0 || (size_t)i >= q->specs->unit_count)
        return err_set(err, ERR_INVALID, "no operator was loaded");
    *ret = &q->specs->units[i];
    return 0;
}

/* The rows of its decision table that the operator wrote itself. */
static struct value *rows_of(struct arena *a, const struct operator_decl *d)
{
    struct value *list = value_array(a);

    for (size_t i = 0; i < d->rows_count; i++) {
        struct value *row = value_object(a);

        if (!d->rows[i].place)
            continue;
        if (!row ||
            value_set(a, row, "id", value_string(a, d->rows[i].id)) < 0 ||
            value_set(a, row, "line", value_string(a, d->rows[i].place)) < 0 ||
            value_append(a, list, row) < 0)
            return NULL;
    }
    return list;
}

/* {path = "..."} -> {unit =, name =, root = {...}, folder =, rows = {...}} */
int specs_answer_load(struct specs_question *q, struct err *err)
{
    const char *path = value_text_at(q->given, "path");
    struct arena *a = q->a;
    struct specs_unit *u;
    struct value *v = value_object(a), *root = value_object(a);
    int rc = path ? specs_load(q->specs, path, &u, err)
                  : err_set(err, ERR_INVALID, "a path is expected");

    if (rc < 0)
        return rc;
    if (!v || !root ||
        value_set(a, root, "apiVersion",
                  value_string(a, u->bundle.decl->root.api_version)) < 0 ||
        value_set(a, root, "kind", value_string(a, u->bundle.decl->root.kind)) <
            0 ||
        value_set(a, v, "root", root) < 0 ||
        value_set(a, v, "rows", rows_of(a, u->bundle.decl)) < 0 ||
        value_set(a, v, "name", value_string(a, u->bundle.decl->name)) < 0 ||
        value_set(a, v, "folder", value_string(a, u->folder)) < 0 ||
        value_set(a, v, "unit",
                  value_integer(a, (int64_t)(u - q->specs->units))) < 0)
        return err_nomem(err);
    q->answer = v;
    return 0;
}

/* ---- coverage ---- */

static struct value *lines_that_ran(struct arena *a,
                                    const struct script_covered *c)
{
    struct value *list = value_array(a);

    for (size_t i = 0; i < c->count; i++)
        if (c->runs[i] &&
            value_append(a, list, value_integer(a, (int64_t)i + 1)) < 0)
            return NULL;
    return list;
}

/* A script that is one file by any name is called operator.lua in it. */
static const char *path_of(struct arena *a, const struct specs_unit *u,
                           const char *file)
{
    return strcmp(u->path, u->folder) == 0 ? file_join(a, u->folder, file)
                                           : u->path;
}

/* {unit =} -> {files = {{name =, path =, lines = {...}}, ...}} */
int specs_answer_lines(struct specs_question *q, struct err *err)
{
    struct value *list = value_array(q->a);
    struct script_covered c;
    struct specs_unit *u;
    int rc = specs_unit_of(q, &u, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; script_covered(u->bundle.script, i, &c); i++) {
        struct value *file = value_object(q->a);
        const char *path = path_of(q->a, u, c.file);

        if (!file || !path ||
            value_set(q->a, file, "name", value_string(q->a, c.file)) < 0 ||
            value_set(q->a, file, "path", value_string(q->a, path)) < 0 ||
            value_set(q->a, file, "lines", lines_that_ran(q->a, &c)) < 0 ||
            value_append(q->a, list, file) < 0)
            return err_nomem(err);
    }
    q->answer = value_object(q->a);
    if (!q->answer || value_set(q->a, q->answer, "files", list) < 0)
        return err_nomem(err);
    return 0;
}

/* ---- parameters ---- */

int specs_params(const struct specs_question *q, const struct specs_unit *u,
                 struct value **ret, struct err *err)
{
    const struct value *given = value_get(q->given, "params");
    struct value *none = value_object(q->a);

    if (!none)
        return err_nomem(err);
    return operator_params(u->bundle.decl, q->a, given ? given : none, ret,
                           err);
}

/* ---- objects ---- */

static bool defines(const struct value *d, const char *group, const char *kind)
{
    return text_equal(value_text_at(d, "spec.group"), group) &&
           text_equal(value_text_at(d, "spec.names.kind"), kind);
}

static struct crd *definition_of(const struct specs_unit *u,
                                 const struct value *object,
                                 const char **ret_version)
{
    const char *api_version = value_text_at(object, "apiVersion");
    const char *slash = api_version ? strchr(api_version, '/') : NULL;
    char group[256];

    if (!slash || (size_t)(slash - api_version) >= sizeof(group))
        return NULL;
    memcpy(group, api_version, (size_t)(slash - api_version));
    group[slash - api_version] = '\0';
    *ret_version = slash + 1;
    for (size_t i = 0; i < u->definitions.count; i++)
        if (u->crds[i] && defines(u->definitions.items[i], group,
                                  value_text_at(object, "kind")))
            return u->crds[i];
    return NULL;
}

static int unknown_field(const struct value *unknown, const char *what,
                         struct err *err)
{
    err_set(err, ERR_REJECTED, "%s: unknown field \"%s\"", what,
            value_text(unknown->as.items[0]));
    return err_hint(err, "the definition of the kind does not have it");
}

int specs_accept(const struct specs_unit *u, struct arena *a,
                 const struct value *object, struct value **ret,
                 struct err *err)
{
    const char *version = NULL;
    const char *name = value_text_at(object, "metadata.name");
    const char *kind = value_text_at(object, "kind");
    const char *what =
        arena_printf(a, "%s '%s'", kind ? kind : "object", name ? name : "");
    struct crd *crd = definition_of(u, object, &version);
    struct value *copy = value_copy(a, object);
    struct value *unknown = value_array(a);
    struct failure f;

    if (!copy || !unknown || !what)
        return err_nomem(err);
    failure_init(&f, a);
    if (!kind || !value_text_at(object, "apiVersion") || !name)
        return err_set(err, ERR_INVALID,
                       "a given object needs apiVersion, kind and "
                       "metadata.name");
    *ret = copy;
    if (!crd)
        return 0;
    if (crd_prune(crd, version, copy, unknown, &f) < 0)
        return refused(&f, err);
    if (unknown->count > 0)
        return unknown_field(unknown, what, err);
    if (crd_default_object(crd, version, a, copy, &f) < 0 ||
        crd_check(crd, version, copy, NULL, &f) < 0 ||
        failure_invalid(&f, "", kind, name) < 0)
        return refused(&f, err);
    return 0;
}
