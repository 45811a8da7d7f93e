/*
 * rbac.c -- see include/app/rbac.h for the contract.
 *
 *      load scripts -> connect -> discover --> rights -> print
 *                   -> built-in kinds, CRDs -^       \-> ask (--check)
 *
 * Nothing runs but operator.lua's declaration, and nothing is written. A
 * `struct runtime` without source and sink carries the operators, so that the
 * kinds of --offline are those of `plan --offline`.
 */
#include "app/rbac.h"

#include <string.h>

#include "base/mem.h"
#include "rbac_impl.h"
#include "runtime_impl.h"

#define DEFAULT_LEASE "tidelock"
#define SHARED_NAME "tidelock"

struct rbac {
    const struct rbac_options *options;
    struct runtime_options files; /* what reading -f looks at */
    struct runtime rt;
    struct rbac_rights rights;
    struct rbac_check *check;
    struct err err;
};

/* ---- what is asked for ---- */

/* They end up in manifests and in comments. */
static int check_names(const struct rbac_options *o, struct err *err)
{
    if (o->ns && !name_is_dns_label(o->ns))
        return err_set(err, ERR_USAGE, "--namespace '%s' is no namespace",
                       o->ns);
    if (o->lease_ns && !name_is_dns_label(o->lease_ns))
        return err_set(err, ERR_USAGE, "--lease-namespace '%s' is no namespace",
                       o->lease_ns);
    if (o->lease && !name_is_dns_subdomain(o->lease))
        return err_set(err, ERR_USAGE, "--lease-name '%s' is no name",
                       o->lease);
    if (o->name && (!name_is_path_segment(o->name) ||
                    !text_is_utf8(o->name, strlen(o->name))))
        return err_set(err, ERR_USAGE, "--name '%s' is no name of a role",
                       o->name);
    return 0;
}

int rbac_load_units(struct runtime *rt, const char *const *paths, size_t count,
                    const struct bundle_options *options, struct err *err)
{
    int rc = 0;

    rt->units = arena_calloc(&rt->arena, count, sizeof(*rt->units));
    if (!rt->units)
        return err_nomem(err);
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct unit *u = &rt->units[i];

        rc = bundle_load_script(&rt->arena, paths[i], options, &u->bundle, err);
        rt->unit_count += rc == 0;
        for (size_t k = 0; k < i && rc == 0; k++)
            if (text_equal(rt->units[k].bundle.decl->name,
                           u->bundle.decl->name))
                rc = err_set(err, ERR_CONFIG,
                             "'%s' and '%s' are both named "
                             "'%s'",
                             rt->units[k].bundle.path, u->bundle.path,
                             u->bundle.decl->name);
    }
    return rc < 0 ? rc : runtime_check_overlays(rt, err);
}

const struct operator_decl *const *rbac_decls(struct runtime *rt)
{
    const struct operator_decl **decls =
        arena_calloc(&rt->arena, rt->unit_count, sizeof(*decls));

    for (size_t i = 0; decls && i < rt->unit_count; i++)
        decls[i] = rt->units[i].bundle.decl;
    return decls;
}

/* ---- the rights ---- */

static int make_rights(struct rbac *r, struct err *err)
{
    const struct rbac_options *o = r->options;
    struct runtime *rt = &r->rt;
    const struct operator_decl *const *decls = rbac_decls(rt);
    struct rbac_input in = {
        .decls = decls,
        .decl_count = rt->unit_count,
        .kinds = rt->restmap,
        .offline = o->offline,
        .ns = o->ns ? o->ns : "",
        .lease_ns = o->lease_ns,
        .lease = o->lease ? o->lease : DEFAULT_LEASE,
    };

    if (!decls)
        return err_nomem(err);
    if (!in.lease_ns)
        in.lease_ns = rt->cluster ? rt->cluster->config.ns : "default";
    return rbac_rights_make(&rt->arena, &in, &r->rights, err);
}

/* "operator website needs", "operators website, shop need" */
static const char *who_needs(struct rbac *r)
{
    struct runtime *rt = &r->rt;
    struct str text = {0};
    const char *copy;

    str_addf(&text, "operator%s", rt->unit_count > 1 ? "s" : "");
    for (size_t i = 0; i < rt->unit_count; i++)
        str_addf(&text, "%s %s", i ? "," : "", rt->units[i].bundle.decl->name);
    str_add(&text, rt->unit_count > 1 ? " need" : " needs");
    copy = text.failed ? NULL : arena_strdup(&rt->arena, str_text(&text));
    str_release(&text);
    return copy;
}

static int print_roles(struct rbac *r, struct err *err)
{
    const struct rbac_options *o = r->options;
    const char *name = o->name;
    const char *who = who_needs(r);
    struct str out = {0};
    int rc;

    if (!name)
        name = r->rt.unit_count == 1 ? r->rt.units[0].bundle.decl->field_manager
                                     : SHARED_NAME;
    if (!who)
        return err_nomem(err);
    if (o->json)
        rc = rbac_print_json(&r->rt.arena, &r->rights, name, &out, err);
    else
        rc = rbac_print_yaml(&r->rights, name, who, &out, err);
    if (rc == 0)
        o->print(o->print_arg, str_text(&out), out.len);
    str_release(&out);
    return rc;
}

/* The exit code, or what went wrong. */
static int print_check(struct rbac *r, struct err *err)
{
    struct str out = {0};
    size_t missing = rbac_check_print(r->check, &out);
    int rc = str_check(&out, "what is missing", err);

    if (rc == 0)
        r->options->print(r->options->print_arg, str_text(&out), out.len);
    str_release(&out);
    if (rc < 0)
        return rc;
    return missing ? EXIT_ERROR : EXIT_OK;
}

/* ---- with a server ---- */

static void finish(struct rbac *r, const struct err *err)
{
    r->err = *err;
    loop_stop(r->rt.loop);
}

static void on_checked(void *arg, const struct err *err)
{
    finish(arg, err);
}

static void on_discovered(void *arg, bool changed, const struct err *err)
{
    struct rbac *r = arg;
    struct err why = *err;

    (void)changed;
    if (why.code != ERR_NONE)
        err_wrap(&why, "cannot use the cluster at '%s'",
                 r->rt.cluster->config.server);
    else if (make_rights(r, &why) == 0 && r->options->check)
        r->check =
            rbac_check_start(r->rt.cluster, &r->rights, on_checked, r, &why);
    if (why.code != ERR_NONE || !r->check)
        finish(r, &why);
}

static int ask_server(struct rbac *r, struct err *err)
{
    struct runtime *rt = &r->rt;
    int rc = cluster_open(rt->loop, &r->options->cluster, &rt->cluster, err);

    if (rc < 0)
        return rc;
    rt->restmap = rt->cluster->restmap;
    rc = cluster_discover(rt->cluster, on_discovered, r, err);
    if (rc < 0)
        return rc;
    loop_run(rt->loop);
    *err = r->err;
    return -(int)err->code;
}

static int ask_files(struct rbac *r, struct err *err)
{
    int rc = runtime_read_files(&r->rt, err);

    if (rc == 0)
        rc = runtime_offline_kinds(&r->rt, err);
    return rc == 0 ? make_rights(r, err) : rc;
}

/* ---- all of it ---- */

static void release(struct rbac *r)
{
    struct runtime *rt = &r->rt;

    rbac_check_free(r->check);
    for (size_t i = 0; i < rt->unit_count; i++)
        bundle_release(&rt->units[i].bundle);
    if (rt->cluster)
        cluster_close(rt->cluster);
    else {
        restmap_free(rt->restmap);
        schema_set_free(rt->schemas);
    }
    manifests_release(&rt->manifests);
    arena_release(&rt->arena);
    loop_free(rt->loop);
}

int rbac_run(const struct rbac_options *options, struct err *err)
{
    struct rbac r = {
        .options = options,
        .files = {.files = options->files, .file_count = options->file_count}};
    int rc = check_names(options, err);

    if (rc < 0)
        return EXIT_BAD_USAGE;
    r.rt.options = &r.files;
    r.rt.loop = loop_new(err);
    rc = r.rt.loop
             ? rbac_load_units(&r.rt, options->operators,
                               options->operator_count, &options->bundle, err)
             : -(int)err->code;
    if (rc == 0)
        rc = options->offline ? ask_files(&r, err) : ask_server(&r, err);
    if (rc == 0)
        rc = r.check ? print_check(&r, err) : print_roles(&r, err);
    release(&r);
    return rc < 0 ? EXIT_ERROR : rc;
}
