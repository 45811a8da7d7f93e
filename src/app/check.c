/*
 * check.c -- see include/app/check.h for the contract.
 *
 *      read the sources -> load -> passes over the text -> schemas -> examples
 *                              \-> (does not load)  -> passes -> print
 *
 * No cluster is asked: kinds are the built-in ones and those of crd.yaml and
 * of -f, as for `plan --offline`.
 */
#include "check_impl.h"

#include <string.h>

#include "io/file.h"

#define NO_LUACHECK                                                            \
    "note: luacheck is not installed: names, unused and unreachable code "     \
    "were "                                                                    \
    "not looked at (Debian: apt-get install lua-check)\n"

/* ---- one operator ---- */

/* The compiler's message has "near"; all others are about the declaration. */
static void add_load_error(struct check *c, const struct err *err)
{
    const char *code = err->code == ERR_BUDGET          ? "over-budget"
                       : strstr(err->msg, " near ")     ? "syntax"
                       : strstr(err->msg, "unfinished") ? "syntax"
                                                        : "load-error";

    findings_add_err(&c->found, code, "operator.lua", err);
}

static int load(struct check *c, struct err *err)
{
    struct err why = {0};
    struct bundle_files files;
    int rc = bundle_read(&c->rt.arena, c->path, &c->options->bundle, &files,
                         err);

    if (rc < 0)
        return rc;
    c->sources = files.items;
    c->source_count = files.count;
    rc = script_load(c->sources, c->source_count, NULL, &c->script, &why);
    if (rc == -ERR_NOMEM)
        return err_nomem(err);
    if (rc < 0)
        add_load_error(c, &why);
    else
        c->decl = script_decl(c->script);
    if (rc == 0)
        rc = bundle_check_overlays(&c->decl, 1, err);
    return rc < 0 && err->code != ERR_NONE ? rc : 0;
}

/* Definitions and objects: -f, then the folder's own. */
static int read_kinds(struct check *c, struct err *err)
{
    struct runtime *rt = &c->rt;
    const char *examples = file_join(&rt->arena, c->path, "examples");
    int rc;

    rt->options = &c->files;
    rt->units = arena_calloc(&rt->arena, 1, sizeof(*rt->units));
    if (!rt->units || !examples)
        return err_nomem(err);
    rt->unit_count = 1;
    rt->units[0].bundle.path = c->path;
    rt->units[0].bundle.decl = c->decl;
    rc = runtime_read_files(rt, err);
    if (rc == 0 && file_is_folder(examples))
        rc = manifests_read(&rt->manifests, &rt->arena, examples, false, err);
    return rc == 0 ? runtime_offline_kinds(rt, err) : rc;
}

static void check_definition(struct check *c)
{
    const struct gvk *gvk = &c->decl->root;

    if (!schema_known(schema_find(c->rt.schemas, gvk->api_version, gvk->kind)))
        findings_add(
            &c->found,
            &(struct finding){
                .file = "operator.lua",
                .code = "no-definition",
                .message = arena_printf(&c->rt.arena,
                                        "nothing is known of %s %s: its "
                                        "fields are not checked",
                                        gvk->api_version, gvk->kind),
                .hint = "put its CustomResourceDefinition into crd.yaml "
                        "beside operator.lua, or give it with -f"});
}

/* A kind that some example applies is used, wherever its name stands; where a
 * run failed nobody knows. */
static void drop_used_kinds(struct check *c)
{
    struct findings *f = &c->found;
    size_t kept = 0;

    for (size_t i = 0; i < f->count; i++) {
        bool child = strcmp(f->items[i].code, "unused-child") == 0;
        bool used = child && c->cut;

        for (size_t k = 0; k < c->applied_count && child; k++)
            used |= text_equal(f->items[i].path, c->applied[k]);
        if (!used)
            f->items[kept++] = f->items[i];
    }
    f->count = kept;
}

static int look(struct check *c, bool *ret_missing, struct err *err)
{
    int rc = load(c, err);

    c->rt.zones = zones_new(NULL);
    if (rc == 0 && !c->rt.zones)
        rc = err_nomem(err);
    if (rc == 0)
        rc = script_environment(&c->rt.arena, &c->environment, err);
    if (rc == 0)
        rc = check_lint(c, ret_missing, err);
    if (rc == 0 && c->decl) {
        rc = read_kinds(c, err);
        if (rc == 0)
            check_definition(c);
        if (rc == 0)
            rc = check_facts(c, err);
        if (rc == 0)
            rc = check_try(c, err);
    }
    if (rc < 0)
        return rc;
    drop_used_kinds(c);
    findings_tidy(&c->found);
    c->ignored = findings_suppress(&c->found, c->sources, c->source_count);
    findings_tidy(&c->found);
    return c->found.failed ? err_nomem(err) : 0;
}

static void release(struct check *c)
{
    script_free(c->script);
    restmap_free(c->rt.restmap);
    schema_set_free(c->rt.schemas);
    zones_free(c->rt.zones);
    manifests_release(&c->rt.manifests);
    arena_release(&c->rt.arena);
}

/* ---- all of them ---- */

struct checking {
    const struct check_options *options;
    struct arena arena; /* of the document */
    struct value *list;
    size_t errors, warnings;
    bool missing; /* luacheck */
};

static int print_one(struct checking *all, const struct check *c,
                     struct err *err)
{
    const struct check_options *o = all->options;
    struct str out = {0};
    int rc = 0;

    for (size_t i = 0; i < c->found.count; i++)
        *(c->found.items[i].level == CHECK_ERROR ? &all->errors
                                                 : &all->warnings) += 1;
    if (o->json)
        return value_append(&all->arena, all->list,
                            check_value(c, &all->arena)) < 0
                   ? err_nomem(err)
                   : 0;
    rc = check_print_text(c, &out, err);
    if (rc == 0)
        o->print(o->print_arg, out.data, out.len);
    str_release(&out);
    return rc;
}

static int check_one(struct checking *all, const char *path, struct err *err)
{
    struct check c = {
        .options = all->options,
        .path = path,
        .files = {.files = all->options->files,
                  .file_count = all->options->file_count},
    };
    int rc;

    c.found.arena = &c.rt.arena;
    rc = look(&c, &all->missing, err);
    if (rc == 0)
        rc = print_one(all, &c, err);
    release(&c);
    return rc;
}

static int print_document(struct checking *all, struct err *err)
{
    const struct check_options *o = all->options;
    struct arena *a = &all->arena;
    struct value *v = value_object(a);
    struct str out = {0};
    int rc;

    if (!v ||
        value_set(a, v, "apiVersion",
                  value_string(a, "tidelock.dev/v1alpha1")) < 0 ||
        value_set(a, v, "kind", value_string(a, "Check")) < 0 ||
        value_set(a, v, "operators", all->list) < 0 ||
        value_set(a, v, "luacheck", value_bool(a, !all->missing)) < 0 ||
        value_set(a, v, "errors", value_integer(a, (int64_t)all->errors)) < 0 ||
        value_set(a, v, "warnings", value_integer(a, (int64_t)all->warnings)) <
            0)
        return err_nomem(err);
    rc = value_print_pretty(v, &out, err);
    str_addc(&out, '\n');
    if (rc == 0)
        rc = str_check(&out, "the document", err);
    if (rc == 0)
        o->print(o->print_arg, out.data, out.len);
    str_release(&out);
    return rc;
}

int check_run(const struct check_options *options, struct err *err)
{
    struct checking all = {.options = options};
    int rc = 0;

    all.list = value_array(&all.arena);
    if (!all.list)
        rc = err_nomem(err);
    for (size_t i = 0; i < options->operator_count && rc == 0; i++)
        rc = check_one(&all, options->operators[i], err);
    if (rc == 0 && options->json)
        rc = print_document(&all, err);
    else if (rc == 0 && all.missing)
        options->print(options->print_arg, NO_LUACHECK,
                       sizeof(NO_LUACHECK) - 1);
    arena_release(&all.arena);
    if (rc < 0)
        return rc == -ERR_USAGE ? EXIT_BAD_USAGE : EXIT_ERROR;
    return all.errors || (options->strict && all.warnings) ? EXIT_ERROR
                                                           : EXIT_OK;
}
