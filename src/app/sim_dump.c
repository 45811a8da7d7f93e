/*
 * sim_dump.c -- the objects of the embedded cluster, printed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/inside.h"
#include "sim_impl.h"

/* Kinds of which every cluster has some. */
static bool is_housekeeping(const struct kind *k)
{
    static const char *const kinds[][2] = {
        {"", "events"},
        {"", "nodes"},
        {"events.k8s.io", "events"},
        {"coordination.k8s.io", "leases"},
        {"apiregistration.k8s.io", "apiservices"},
        {"flowcontrol.apiserver.k8s.io", "flowschemas"},
        {"flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"},
        {"scheduling.k8s.io", "priorityclasses"},
        {"networking.k8s.io", "servicecidrs"},
        {"networking.k8s.io", "ipaddresses"},
        {"storage.k8s.io", "storageclasses"},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (text_equal(k->r.group, kinds[i][0]) &&
            text_equal(k->r.plural, kinds[i][1]))
            return true;
    return false;
}

static bool is_system_namespace(const char *name)
{
    return name && strncmp(name, "kube-", 5) == 0;
}

/* What appears by itself in a cluster or in a namespace. */
static bool is_given(const struct kind *k, const struct value *object)
{
    static const char *const given[][2] = {
        {"ServiceAccount", "default"},
        {"ConfigMap", "kube-root-ca.crt"},
        {"Namespace", "default"},
    };
    const char *ns = value_text_at(object, "metadata.namespace");
    const char *name = value_text_at(object, "metadata.name");

    if (is_system_namespace(ns) ||
        (!strcmp(k->r.kind, "Namespace") && is_system_namespace(name)))
        return true;
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
        if (text_equal(k->r.kind, given[i][0]) && text_equal(name, given[i][1]))
            return true;
    return text_equal(ns, "default") && text_equal(name, "kubernetes") &&
           (!strcmp(k->r.kind, "Service") ||
            !strncmp(k->r.kind, "Endpoint", strlen("Endpoint")));
}

/* Bytes of a Secret are shown to nobody. */
static void hide_secret(const struct kind *k, struct value *object)
{
    struct value *data = value_get(object, "data");

    if (*k->r.group || strcmp(k->r.plural, "secrets") != 0 ||
        !value_is(data, VALUE_OBJECT))
        return;
    for (uint32_t i = 0; i < data->count; i++)
        data->as.members[i].value->sensitive = true;
}

static int compare_objects(const void *a, const void *b)
{
    const struct value *x = *(struct value *const *)a;
    const struct value *y = *(struct value *const *)b;
    static const char *const by[] = {"metadata.namespace", "metadata.name"};

    for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
        const char *p = value_text_at(x, by[i]), *q = value_text_at(y, by[i]);
        int d = strcmp(p ? p : "", q ? q : "");

        if (d)
            return d;
    }
    return 0;
}

/* Append the objects of a kind to `all`. */
static int collect(struct sim *sim, struct arena *a, const struct kind *k,
                   struct value *all)
{
    struct value *found;
    int rc = sim_list(sim, a, k, "", &found);

    if (rc < 0)
        return rc;
    if (found->count > 1)
        qsort(found->as.items, found->count, sizeof(*found->as.items),
              compare_objects);
    for (uint32_t i = 0; i < found->count; i++) {
        struct value *object = found->as.items[i];

        if (is_given(k, object))
            continue;
        hide_secret(k, object);
        value_unset(value_get(object, "metadata"), "managedFields");
        if (value_append(a, all, object) < 0)
            return -ERR_NOMEM;
    }
    return 0;
}

static int print_yaml(const struct sim_dump *d, const struct value *all,
                      struct str *out, struct err *err)
{
    int rc = 0;

    (void)d;
    for (uint32_t i = 0; i < all->count && rc == 0; i++) {
        str_add(out, "---\n");
        rc = value_print_yaml(all->as.items[i], 0, out, err);
        if (rc == 0 && out->len && out->data[out->len - 1] != '\n')
            str_addc(out, '\n');
    }
    return rc;
}

static int print_json(struct arena *a, struct value *all, struct str *out,
                      struct err *err)
{
    struct value *list = value_object(a);
    int rc;

    if (!list || value_set(a, list, "apiVersion", value_string(a, "v1")) < 0 ||
        value_set(a, list, "kind", value_string(a, "List")) < 0 ||
        value_set(a, list, "items", all) < 0)
        return err_nomem(err);
    rc = value_print_pretty(list, out, err);
    str_addc(out, '\n');
    return rc;
}

int sim_dump(const struct sim_dump *d, struct err *err)
{
    const struct kinds *kinds = sim_kinds(d->sim);
    struct arena a = {0};
    struct str out = {0};
    struct value *all = value_array(&a);
    const struct kind *k;
    int rc = all ? 0 : err_nomem(err);

    for (size_t it = 0; rc == 0 && (k = kinds_next(kinds, &it));) {
        if (is_housekeeping(k) || kinds_find_bucket(kinds, k->bucket) != k)
            continue;
        if (collect(d->sim, &a, k, all) < 0)
            rc = err_nomem(err);
    }
    if (rc == 0)
        rc = d->json ? print_json(&a, all, &out, err)
                     : print_yaml(d, all, &out, err);
    if (rc == 0)
        rc = str_check(&out, "the objects", err);
    if (rc == 0)
        d->print(d->arg, str_text(&out), out.len);
    str_release(&out);
    arena_release(&a);
    return rc;
}
