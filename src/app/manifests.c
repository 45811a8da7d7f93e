/*
 * manifests.c -- see manifests.h for the contract.
 */
#include "app/manifests.h"

#include "base/mem.h"
#include "io/file.h"
#include "kube/yaml.h"

#define MAX_MANIFEST_BYTES (16u << 20)

int manifests_add(struct manifests *m, struct value *object, const char *name)
{
    size_t cap = m->cap;
    void *items = m->items;
    void *names = m->names;

    if (mem_grow(&items, &cap, m->count + 1, sizeof(object)) < 0)
        return -ERR_NOMEM;
    m->items = items;
    if (mem_grow(&names, &m->cap, m->count + 1, sizeof(name)) < 0)
        return -ERR_NOMEM;
    m->names = names;
    m->items[m->count] = object;
    m->names[m->count++] = name;
    return 0;
}

static int check(const struct value *object, const char *name, bool generated,
                 struct err *err)
{
    static const char *const wanted[] = {"apiVersion", "kind", "metadata.name"};

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (value_text_at(object, wanted[i]))
            continue;
        if (i == 2 && generated &&
            value_text_at(object, "metadata.generateName"))
            continue;
        return err_set(err, ERR_INVALID,
                       "%s: the object has no .%s, or it is not a string", name,
                       wanted[i]);
    }
    return 0;
}

static int read_file(struct manifests *m, struct arena *a, const char *path,
                     bool generated, struct err *err)
{
    struct yaml_docs docs = {0};
    struct str text;
    int rc;

    str_init(&text, MAX_MANIFEST_BYTES);
    rc = file_read(path, MAX_MANIFEST_BYTES, &text, err);
    if (rc == 0)
        rc = yaml_parse_objects(a, path, str_text(&text), text.len, &docs, err);
    for (size_t i = 0; i < docs.count && rc == 0; i++) {
        const char *name = arena_printf(a, "%s:%u", path, docs.lines[i]);

        rc = name ? check(docs.items[i], name, generated, err) : err_nomem(err);
        if (rc == 0 && manifests_add(m, docs.items[i], name) < 0)
            rc = err_nomem(err);
    }
    str_release(&text);
    return rc;
}

static bool is_manifest(const char *name)
{
    return text_ends(name, ".yaml") || text_ends(name, ".yml") ||
           text_ends(name, ".json");
}

int manifests_read(struct manifests *m, struct arena *a, const char *path,
                   bool generated, struct err *err)
{
    const char **names;
    int rc;

    if (!file_is_folder(path))
        return read_file(m, a, path, generated, err);
    rc = file_list(a, path, NULL, &names, err);
    for (; rc == 0 && *names; names++) {
        const char *file = file_join(a, path, *names);

        if (!file)
            return err_nomem(err);
        if (is_manifest(*names))
            rc = read_file(m, a, file, generated, err);
    }
    return rc;
}

/* A crd.yaml beside the operator is part of it: nobody should have to name it
 * again. */
int manifests_read_own_crd(struct manifests *m, struct arena *a,
                           const char *operator_path, struct err *err)
{
    const char *path = file_join(a, operator_path, "crd.yaml");

    if (!path)
        return err_nomem(err);
    if (!file_is_folder(operator_path) || !file_exists(path))
        return 0;
    return read_file(m, a, path, false, err);
}

void manifests_release(struct manifests *m)
{
    mem_free(m->items);
    mem_free(m->names);
    *m = (struct manifests){0};
}

bool manifest_is_crd(const struct value *object)
{
    return text_equal(value_text_at(object, "kind"),
                      "CustomResourceDefinition");
}
