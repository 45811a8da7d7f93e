/*
 * package.c -- see app/package.h for the contract.
 *
 *      load scripts -> built-in kinds, definitions -> rights
 *                   -> entries of ConfigMaps --------------> files -> out
 *
 * As in rbac.c a `struct runtime` without source and sink carries the
 * operators. Nothing runs but their declarations.
 */
#include "package_impl.h"

#include <string.h>

#include "base/version.h"

#define OWN_NS "@namespace@" /* filled in like any other word */
#define SHARED_NAME "tidelock"
#define MAX_REPLICAS 20

/* ---- what is asked for ---- */

static int check_names(const struct package_options *o, struct err *err)
{
    if (o->ns && !name_is_dns_label(o->ns))
        return err_set(err, ERR_USAGE, "--namespace '%s' is no namespace",
                       o->ns);
    if (o->name && !name_is_dns_label(o->name))
        return err_set(err, ERR_USAGE,
                       "--name '%s' is no name: lower-case letters, digits "
                       "and '-', at most 63",
                       o->name);
    if (o->image && (!*o->image || strpbrk(o->image, " \t\n\"'")))
        return err_set(err, ERR_USAGE, "--image '%s' is no image", o->image);
    if (o->replicas < 1 || o->replicas > MAX_REPLICAS)
        return err_set(err, ERR_USAGE, "--replicas is a number from 1 to %d",
                       MAX_REPLICAS);
    return 0;
}

static int check(const struct package_options *o, struct err *err)
{
    int rc = check_names(o, err);

    if (rc < 0)
        return rc;
    if (strcmp(o->dir, "-") == 0 && o->form != PACKAGE_MANIFESTS) {
        err_set(err, ERR_USAGE, "this form is a folder of files");
        return err_hint(err, "-o DIR says where");
    }
    if (o->namespaced && !o->ns && o->form != PACKAGE_HELM) {
        err_set(err, ERR_USAGE, "--namespaced wants --namespace NAME");
        return err_hint(err, "it is the one that is watched, and that it runs "
                             "in");
    }
    if (o->namespaced && o->editor_count > 0)
        return err_set(err, ERR_USAGE,
                       "--editors takes a policy for the whole cluster: not "
                       "with --namespaced");
    return 0;
}

static int choose_names(struct package *p, struct err *err)
{
    const struct package_options *o = p->options;
    struct arena *a = &p->rt.arena;

    p->name = o->name;
    if (!p->name)
        p->name = p->rt.unit_count == 1
                      ? p->rt.units[0].bundle.decl->field_manager
                      : SHARED_NAME;
    p->ns = o->ns ? o->ns : p->name;
    p->image =
        o->image ? o->image : arena_printf(a, "tidelock:%s", version_text);
    return p->image ? 0 : err_nomem(err);
}

/* ---- rights ---- */

/* A tenant cannot be given what is asked of the whole cluster. */
static int check_rights(const struct package *p, struct err *err)
{
    const struct rbac_role *first = &p->rights.roles[0];

    if (!p->options->namespaced || *first->ns)
        return 0;
    err_set(err, ERR_CONFIG,
            "this cannot be --namespaced: '%s' is asked of the whole cluster "
            "(%s)",
            first->rules[0].resource, first->rules[0].reasons[0]);
    return err_hint(err, "read it in the namespace of the object, or leave "
                         "--namespaced out");
}

static int make_rights(struct package *p, struct err *err)
{
    const struct operator_decl *const *decls = rbac_decls(&p->rt);
    struct rbac_input in = {
        .decls = decls,
        .decl_count = p->rt.unit_count,
        .kinds = p->rt.restmap,
        .offline = true,
        .ns = p->options->namespaced ? OWN_NS : "",
        .lease_ns = OWN_NS,
        .lease = p->name,
        .serves = !p->options->namespaced,
    };
    int rc = decls ? rbac_rights_make(&p->rt.arena, &in, &p->rights, err)
                   : err_nomem(err);

    return rc == 0 ? check_rights(p, err) : rc;
}

/* ---- all of it ---- */

static int make(struct package *p, struct err *err)
{
    const struct package_options *o = p->options;
    int rc = rbac_load_units(&p->rt, o->operators, o->operator_count,
                             &o->bundle, err);

    if (rc == 0)
        rc = runtime_read_files(&p->rt, err);
    if (rc == 0)
        rc = runtime_offline_kinds(&p->rt, err);
    if (rc == 0)
        rc = choose_names(p, err);
    if (rc == 0)
        rc = make_rights(p, err);
    if (rc == 0)
        rc = package_collect(p, err);
    return rc == 0 ? package_write(p, err) : rc;
}

static void release(struct package *p)
{
    struct runtime *rt = &p->rt;

    for (size_t i = 0; i < rt->unit_count; i++)
        bundle_release(&rt->units[i].bundle);
    restmap_free(rt->restmap);
    schema_set_free(rt->schemas);
    manifests_release(&rt->manifests);
    arena_release(&rt->arena);
}

int package_run(const struct package_options *options, struct err *err)
{
    struct package p = {
        .options = options,
        .files = {.files = options->files, .file_count = options->file_count}};
    int rc = check(options, err);

    p.rt.options = &p.files;
    if (rc == 0)
        rc = make(&p, err);
    release(&p);
    return rc;
}
