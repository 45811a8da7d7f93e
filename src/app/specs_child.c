/*
 * specs_child.c -- objects that a spec gives as children of the root.
 *
 * A spec says what a child is like, not how it came to be. The runtime tells
 * its own children by their owner, their labels and what the server noted in
 * managedFields (src/design/0007); so a child is given what it would have if
 * the operator had applied it, just as it is, and nobody had touched it since.
 */
#include <string.h>

#include "core/diff.h"
#include "sim/fieldset.h"
#include "specs_impl.h"

static int set_text(struct arena *a, struct value *v, const char *key,
                    const char *text)
{
    return value_get(v, key) ? 0 : value_set(a, v, key, value_string(a, text));
}

static int add_owner(struct arena *a, struct value *meta,
                     const struct value *root)
{
    struct value *ref = value_object(a), *refs = value_array(a);

    if (value_get(meta, "ownerReferences"))
        return 0;
    if (!ref || !refs ||
        value_set(a, ref, "apiVersion", value_get(root, "apiVersion")) < 0 ||
        value_set(a, ref, "kind", value_get(root, "kind")) < 0 ||
        value_set(a, ref, "name", value_path(root, "metadata.name")) < 0 ||
        value_set(a, ref, "uid", value_path(root, "metadata.uid")) < 0 ||
        value_set(a, ref, "controller", value_bool(a, true)) < 0 ||
        value_set(a, ref, "blockOwnerDeletion", value_bool(a, true)) < 0 ||
        value_append(a, refs, ref) < 0)
        return -ERR_NOMEM;
    return value_set(a, meta, "ownerReferences", refs);
}

static int add_marks(struct arena *a, struct value *meta, const char *operator)
{
    struct value *labels = value_make(a, meta, "labels");
    struct value *annotations = value_make(a, meta, "annotations");

    if (!labels || !annotations ||
        set_text(a, labels, LABEL_MANAGED_BY, "tidelock") < 0 ||
        set_text(a, labels, LABEL_OPERATOR, operator) < 0)
        return -ERR_NOMEM;
    return set_text(a, annotations, ANNOTATION_APPLIED, "given");
}

/* What an apply can own: all but the identity, the status and what the server
 * keeps for itself. */
static struct value *applied_part(struct arena *a, const struct value *object)
{
    static const char *const of_meta[] = {"labels", "annotations",
                                          "ownerReferences", "finalizers"};
    static const char *const not_applied[] = {"apiVersion", "kind", "metadata",
                                              "status"};
    const struct value *meta = value_get(object, "metadata");
    struct value *out = value_object(a);
    struct value *kept = value_make(a, out, "metadata");

    for (size_t i = 0; kept && i < sizeof(of_meta) / sizeof(of_meta[0]); i++) {
        struct value *v = value_get(meta, of_meta[i]);

        if (v && value_set(a, kept, of_meta[i], v) < 0)
            return NULL;
    }
    for (uint32_t i = 0; kept && i < object->count; i++) {
        const struct value_member *m = &object->as.members[i];
        bool left_out = false;

        for (size_t k = 0; k < sizeof(not_applied) / sizeof(not_applied[0]);
             k++)
            left_out |= strcmp(m->key, not_applied[k]) == 0;
        if (!left_out && value_set(a, out, m->key, m->value) < 0)
            return NULL;
    }
    return kept ? out : NULL;
}

static int add_manager(const struct specs_unit *u, struct arena *a,
                       struct value *object, struct value *meta)
{
    const char *api_version = value_text_at(object, "apiVersion");
    struct value *part = applied_part(a, object);
    struct value *entry = value_object(a), *entries = value_array(a);
    struct fields fields = {.a = a};
    const struct fieldset *set;

    if (value_get(meta, "managedFields"))
        return 0;
    if (!part || !entry || !entries)
        return -ERR_NOMEM;
    set = fieldset_of_value(
        &fields,
        schema_find(u->schemas, api_version, value_text_at(object, "kind")),
        part);
    if (fields.failed ||
        set_text(a, entry, "manager", u->bundle.decl->field_manager) < 0 ||
        set_text(a, entry, "operation", "Apply") < 0 ||
        set_text(a, entry, "apiVersion", api_version) < 0 ||
        set_text(a, entry, "fieldsType", "FieldsV1") < 0 ||
        value_set(a, entry, "fieldsV1", fieldset_value(&fields, set)) < 0 ||
        value_append(a, entries, entry) < 0)
        return -ERR_NOMEM;
    return value_set(a, meta, "managedFields", entries);
}

int specs_make_child(const struct specs_unit *u, struct arena *a,
                     struct value *object, const struct value *root,
                     struct err *err)
{
    struct value *meta = value_make(a, object, "metadata");

    if (!meta || add_owner(a, meta, root) < 0 ||
        add_marks(a, meta, u->bundle.decl->name) < 0 ||
        add_manager(u, a, object, meta) < 0)
        return err_nomem(err);
    return 0;
}
