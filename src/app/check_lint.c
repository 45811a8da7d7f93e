/*
 * check_lint.c -- luacheck's files, the passes over the text, and what they saw
 *                 held against the schemas.
 *
 * A table constructor becomes an object in which what is computed is null: the
 * schema takes null for any type, so only what is written out is judged. The
 * path of an issue then leads back to its place in the text.
 */
#include "check_impl.h"

#include <string.h>

#include "io/file.h"
#include "lualib.h"

#define MAX_FILE ((size_t)1 << 20)

/* ---- luacheck ---- */

struct texts {
    struct arena *a;
    struct script_file items[64];
    size_t count;
};

static int add_text(struct texts *t, const char *folder, const char *name,
                    struct err *err)
{
    const char *path = file_join(t->a, folder, name);
    struct script_file *f = &t->items[t->count];
    struct str text;
    int rc;

    if (!path)
        return err_nomem(err);
    if (t->count == sizeof(t->items) / sizeof(t->items[0]))
        return 0; /* more than luacheck has */
    str_init(&text, MAX_FILE);
    rc = file_read(path, MAX_FILE, &text, err);
    if (rc == 0) {
        f->name = name;
        f->text = arena_strndup(t->a, str_text(&text), text.len);
        f->len = text.len;
        t->count++;
        if (!f->text)
            rc = err_nomem(err);
    }
    str_release(&text);
    return rc;
}

static int add_folder(struct texts *t, const char *root, const char *prefix,
                      struct err *err)
{
    const char *folder = file_join(t->a, root, prefix);
    const char **names;
    int rc =
        folder ? file_list(t->a, folder, ".lua", &names, err) : err_nomem(err);

    for (; rc == 0 && *names; names++) {
        const char *name = arena_printf(t->a, "%s/%s", prefix, *names);

        rc = name ? add_text(t, root, name, err) : err_nomem(err);
    }
    return rc;
}

/* Nothing found is no error: `t` stays empty. */
static int read_luacheck(struct texts *t, struct err *err)
{
    const char *folder =
        lualib_find(t->a, "luacheck/parser.lua", "TIDELOCK_LUACHECK");
    int rc;

    if (!folder)
        return err_nomem(err);
    if (!*folder)
        return 0;
    rc = add_folder(t, folder, "luacheck", err);
    return rc < 0 ? rc : add_folder(t, folder, "luacheck/stages", err);
}

/* ---- findings ---- */

static struct finding place_of(const struct value *v)
{
    return (struct finding){
        .file = value_text_at(v, "file"),
        .line = (unsigned)value_int_at(v, "line", 0),
        .column = (unsigned)value_int_at(v, "column", 0),
    };
}

static void add_finding(struct check *c, const struct value *v)
{
    struct finding f = place_of(v);

    f.code = value_text_at(v, "code");
    f.message = value_text_at(v, "message");
    f.hint = value_text_at(v, "hint");
    f.path = value_text_at(v, "kind");
    if (f.file && f.code && f.message)
        findings_add(&c->found, &f);
}

int check_lint(struct check *c, bool *ret_missing, struct err *err)
{
    struct arena *a = &c->rt.arena;
    struct texts *t = arena_calloc(a, 1, sizeof(*t));
    struct lint_input in = {.files = c->sources,
                            .count = c->source_count,
                            .environment = c->environment};
    struct value *declared = NULL;
    const struct value *list;
    int rc;

    if (!t)
        return err_nomem(err);
    t->a = a;
    rc = read_luacheck(t, err);
    *ret_missing = rc == 0 && t->count == 0;
    if (rc == 0 && c->decl)
        rc = lint_declared(a, c->decl, &declared, err);
    if (rc < 0 || *ret_missing)
        return rc;
    in.luacheck = t->items;
    in.luacheck_count = t->count;
    in.declared = declared;
    rc = lint_run(a, &in, &c->linted, err);
    list = value_get(c->linted, "findings");
    for (uint32_t i = 0;
         rc == 0 && value_is(list, VALUE_ARRAY) && i < list->count; i++)
        add_finding(c, list->as.items[i]);
    return rc;
}

/* ---- fields of the root ---- */

/* A table in the text, and one that is made of a single key, lack nothing. */
static void drop_missing(struct findings *f, size_t from)
{
    size_t kept = from;

    for (size_t i = from; i < f->count; i++)
        if (strcmp(f->items[i].code, "missing-field") != 0)
            f->items[kept++] = f->items[i];
    f->count = kept;
}

/* The first field of the path that the schema does not have. */
static int check_path(struct check *c, struct schema_node n,
                      const struct value *v, struct err *err)
{
    const struct value *path = value_get(v, "path");
    struct finding where = place_of(v);
    size_t from = c->found.count;
    struct str text = {0};
    int rc = 0;

    where.code = "unknown-root-field";
    for (uint32_t i = 0; value_is(path, VALUE_ARRAY) && i < path->count; i++) {
        const char *key = value_text(path->as.items[i]);
        struct schema_node below = schema_field(n, key ? key : "");

        if (!key || schema_type(n) != SCHEMA_OBJECT)
            break;
        if (!schema_known(below)) {
            struct value *one = value_object(&c->rt.arena);

            if (!one ||
                value_set(&c->rt.arena, one, key, value_null(&c->rt.arena)) < 0)
                rc = err_nomem(err);
            else
                rc = check_object(c, n, one, &where, str_text(&text), err);
            break;
        }
        str_addf(&text, ".%s", key);
        n = below;
    }
    drop_missing(&c->found, from);
    str_release(&text);
    return rc;
}

/* ---- tables ---- */

/* What a node of lint.h is as an object. NULL on out of memory. */
static struct value *to_value(struct arena *a, const struct value *node)
{
    const struct value *fields = value_get(node, "f");
    const struct value *items = value_get(node, "i");
    struct value *v = value_get(node, "v"), *made;

    if (v)
        return v;
    if (value_is(items, VALUE_ARRAY)) {
        made = value_array(a);
        for (uint32_t i = 0; made && i < items->count; i++)
            if (value_append(a, made, to_value(a, items->as.items[i])) < 0)
                return NULL;
        return made;
    }
    if (!fields)
        return value_null(a);
    made = value_object(a);
    for (uint32_t i = 0; made && i < fields->count; i++) {
        const struct value *field = fields->as.items[i];
        const char *key = value_text_at(field, "k");

        if (value_set(a, made, key ? key : "",
                      to_value(a, value_get(field, "n"))) < 0)
            return NULL;
    }
    return made;
}

/* One step of a path, ".name", "[3]" or "[\"a.b\"]": its text and the rest. */
static const char *step_of(const char *path, char out[256])
{
    const char *from = path + 1;
    size_t len = *path == '.' ? strcspn(from, ".[") : strcspn(from, "]");

    if (len >= 2 && *path == '[' && *from == '"') {
        from++;
        len -= 2;
    }
    if (len > 255)
        len = 255;
    memcpy(out, from, len);
    out[len] = '\0';
    return *path == '.' ? path + 1 + len : strchr(path, ']') + 1;
}

/* Where in the text the field of that path stands: as deep as it goes. */
static void locate(const struct value *node, const char *path,
                   struct finding *ret)
{
    char step[256];

    while ((*path == '.' && path[1]) || *path == '[') {
        const struct value *list = value_get(node, "f");
        const struct value *found = NULL;
        int64_t index;

        path = step_of(path, step);
        for (uint32_t i = 0; list && i < list->count && !found; i++)
            if (text_equal(value_text_at(list->as.items[i], "k"), step))
                found = list->as.items[i];
        list = value_get(node, "i");
        if (!found && list && text_to_int64(step, strlen(step), &index) &&
            (uint64_t)index < list->count)
            found = list->as.items[index];
        if (!found)
            return;
        ret->line = (unsigned)value_int_at(found, "l", ret->line);
        ret->column = (unsigned)value_int_at(found, "c", ret->column);
        node = value_get(found, "n") ? value_get(found, "n") : found;
    }
}

/* Issues of a table in the text are moved to their places; what is missing may
 * be added elsewhere. */
static int check_node(struct check *c, struct schema_node n,
                      const struct value *v, const char *code, struct err *err)
{
    const struct value *node = value_get(v, "node");
    struct value *object = to_value(&c->rt.arena, node);
    struct finding where = place_of(v);
    struct str prefix = {0};
    size_t from = c->found.count;
    int rc;

    if (!object)
        return err_nomem(err);
    where.code = code;
    if (value_text_at(object, "kind"))
        str_addf(&prefix, "%s: ", value_text_at(object, "kind"));
    rc = check_object(c, n, object, &where, str_text(&prefix), err);
    drop_missing(&c->found, from);
    for (size_t i = from; i < c->found.count; i++)
        locate(node, c->found.items[i].path, &c->found.items[i]);
    str_release(&prefix);
    return rc;
}

int check_facts(struct check *c, struct err *err)
{
    const struct gvk *gvk = &c->decl->root;
    struct schema_node root =
        schema_find(c->rt.schemas, gvk->api_version, gvk->kind);
    struct schema_node status = schema_field(root, "status");
    const struct value *list = value_get(c->linted, "paths");
    int rc = 0;

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count &&
                         schema_known(root) && rc == 0;
         i++)
        rc = check_path(c, root, list->as.items[i], err);
    list = value_get(c->linted, "status");
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count &&
                         schema_known(status) && rc == 0;
         i++)
        rc = check_node(c, status, list->as.items[i], "unknown-status-field",
                        err);
    list = value_get(c->linted, "objects");
    for (uint32_t i = 0;
         value_is(list, VALUE_ARRAY) && i < list->count && rc == 0; i++) {
        struct value *v =
            to_value(&c->rt.arena, value_get(list->as.items[i], "node"));
        const char *api = value_text_at(v, "apiVersion");
        const char *kind = value_text_at(v, "kind");
        struct schema_node n =
            schema_find(c->rt.schemas, api ? api : "", kind ? kind : "");

        if (schema_known(n))
            rc = check_node(c, n, list->as.items[i], NULL, err);
    }
    return rc;
}
