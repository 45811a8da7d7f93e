/*
 * bundle.c -- see bundle.h for the contract.
 */
#include "app/bundle.h"

#include <string.h>

#include "base/mem.h"
#include "io/file.h"
#include "kube/yaml.h"

#define MAX_FILES 200
#define MAX_FILE_BYTES (64u << 10) /* note 07 B5.3 */
#define MAX_DEPTH 8
#define MAX_PARAMETERS_BYTES (1u << 20)

struct reading {
    struct arena *a;
    const char *folder; /* NULL: a single file */
    struct script_file files[MAX_FILES];
    size_t count;
};

static int add_file(struct reading *r, const char *path, const char *name,
                    struct err *err)
{
    struct str text;
    struct script_file *f;
    int rc;

    if (r->count == MAX_FILES)
        return err_set(err, ERR_LIMIT,
                       "the operator has more than %d script files", MAX_FILES);
    str_init(&text, MAX_FILE_BYTES);
    rc = file_read(path, MAX_FILE_BYTES, &text, err);
    if (rc == 0) {
        f = &r->files[r->count++];
        f->name = name;
        f->text = arena_strndup(r->a, str_text(&text), text.len);
        f->len = text.len;
        if (!f->text)
            rc = err_nomem(err);
    }
    str_release(&text);
    return rc;
}

/* A link may lead from one place of the folder to another, as in a mounted
 * ConfigMap. One that leads out of it would carry a foreign file (a key, a
 * kubeconfig) into whatever is made of the operator. */
static int check_within(const struct reading *r, const char *path,
                        struct err *err)
{
    if (file_is_within(path, r->folder))
        return 0;
    err_set(err, ERR_CONFIG, "'%s' leads out of the operator's folder", path);
    return err_hint(err, "an operator is what its folder holds: put the file "
                         "there instead of a link to it");
}

static bool left_out(const char *name)
{
    return strcmp(name, "spec") == 0 || strcmp(name, "examples") == 0 ||
           strcmp(name, "types") == 0 || strcmp(name, "overlays") == 0;
}

/* Everything that ends with .lua below `folder`; `prefix` is its name within
 * the operator, "" or "lib/". */
static int add_folder(struct reading *r, const char *folder, const char *prefix,
                      unsigned depth, struct err *err)
{
    const char **names;
    int rc = file_list(r->a, folder, NULL, &names, err);

    for (; rc == 0 && *names; names++) {
        const char *path = file_join(r->a, folder, *names);
        const char *name = arena_printf(r->a, "%s%s", prefix, *names);

        if (!path || !name)
            return err_nomem(err);
        if (text_ends(*names, ".lua")) {
            rc = check_within(r, path, err);
            rc = rc == 0 ? add_file(r, path, name, err) : rc;
        } else if (depth < MAX_DEPTH && file_is_folder(path) &&
                   !left_out(*names)) {
            name = arena_printf(r->a, "%s/", name);
            rc = name ? check_within(r, path, err) : err_nomem(err);
            rc = rc == 0 ? add_folder(r, path, name, depth + 1, err) : rc;
        }
    }
    return rc;
}

static int read_scripts(struct reading *r, const char *path, struct err *err)
{
    if (!file_exists(path)) {
        err_set(err, ERR_CONFIG, "there is no operator at '%s'", path);
        return err_hint(err, "give a folder that holds operator.lua, or a "
                             "single .lua file");
    }
    if (!file_is_folder(path))
        return add_file(r, path, "operator.lua", err);
    if (!file_exists(file_join(r->a, path, "operator.lua"))) {
        err_set(err, ERR_CONFIG, "'%s' has no operator.lua", path);
        return err_hint(err, "the file operator.lua returns "
                             "tidelock.operator{...}");
    }
    r->folder = path;
    return add_folder(r, path, "", 0, err);
}

/* ---- parameters ---- */

static int read_parameters(struct arena *a, const char *folder,
                           struct bundle_files *ret, struct err *err)
{
    const char *path = file_join(a, folder, "parameters.yaml");
    struct str text = {0};
    int rc;

    if (!path)
        return err_nomem(err);
    if (!file_is_folder(folder) || !file_exists(path))
        return 0;
    rc = file_read(path, MAX_PARAMETERS_BYTES, &text, err);
    if (rc == 0) {
        ret->parameters = arena_strndup(a, str_text(&text), text.len);
        ret->parameters_len = text.len;
        ret->parameters_path = path;
        rc = ret->parameters ? 0 : err_nomem(err);
    }
    str_release(&text);
    return rc;
}

static int parse_parameters(struct arena *a, const struct bundle_files *f,
                            struct value **ret, struct err *err)
{
    struct yaml_docs docs = {0};
    int rc;

    *ret = value_object(a);
    if (!*ret)
        return err_nomem(err);
    if (!f->parameters)
        return 0;
    rc = yaml_parse(a, f->parameters_path, f->parameters, f->parameters_len,
                    &docs, err);
    if (rc == 0 && docs.count > 0 && !value_is(docs.items[0], VALUE_OBJECT))
        rc = err_set(err, ERR_CONFIG, "'%s' must hold name: value lines",
                     f->parameters_path);
    if (rc == 0 && docs.count > 0)
        *ret = docs.items[0];
    return rc;
}

static int add_sets(struct arena *a, struct value *given,
                    const char *const *sets, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *eq = strchr(sets[i], '=');

        if (!eq || eq == sets[i])
            return err_set(err, ERR_USAGE,
                           "--set '%s' is not of the form name=value", sets[i]);
        if (value_setn(a, given, sets[i], (size_t)(eq - sets[i]),
                       value_string(a, eq + 1)) < 0)
            return err_nomem(err);
    }
    return 0;
}

/* What overlays say of parameters is above the operator's own file. */
static int add_overlay_values(struct arena *a, struct value *given,
                              const struct value *values)
{
    int rc = 0;

    for (uint32_t i = 0; values && rc == 0 && i < values->count; i++)
        rc = value_set(a, given, values->as.members[i].key,
                       values->as.members[i].value);
    return rc;
}

/* ---- overlays ---- */

/* Messages begin with the file as it was given, and a path below "tidelock/"
 * would look like the library's. */
static int add_overlay(struct reading *r, const char *path, struct err *err)
{
    bool below = text_starts(path, "tidelock/");
    const char *name =
        arena_printf(r->a, SCRIPT_OVERLAY "%s%s", below ? "./" : "", path);

    return name ? add_file(r, path, name, err) : err_nomem(err);
}

static int add_overlays(struct reading *r, const char *path, struct err *err)
{
    const char **names;
    int rc;

    if (!file_is_folder(path))
        return add_overlay(r, path, err);
    rc = file_list(r->a, path, ".lua", &names, err);
    if (rc == 0 && !*names)
        return err_set(err, ERR_CONFIG, "'%s' holds no overlay (*.lua)", path);
    for (; rc == 0 && *names; names++) {
        const char *file = file_join(r->a, path, *names);

        rc = file ? add_overlay(r, file, err) : err_nomem(err);
    }
    return rc;
}

int bundle_check_overlays(const struct operator_decl *const *decls,
                          size_t count, struct err *err)
{
    for (size_t n = 0; count && n < decls[0]->overlays_count; n++) {
        const struct operator_overlay *o = &decls[0]->overlays[n];
        bool applied = false;

        for (size_t i = 0; i < count; i++)
            applied |= decls[i]->overlays[n].applied;
        if (applied)
            continue;
        err_set(err, ERR_CONFIG,
                "%s: this overlay is for operator '%s', which is not given",
                o->place, o->operator_name);
        return err_hint(err,
                        "the field 'operator' of an overlay names what it "
                        "changes: here '%s'%s",
                        decls[0]->name, count > 1 ? " or another one" : "");
    }
    return 0;
}

/* ---- all of it ---- */

int bundle_read(struct arena *a, const char *path,
                const struct bundle_options *options, struct bundle_files *ret,
                struct err *err)
{
    struct reading *r = arena_calloc(a, 1, sizeof(*r));
    int rc;

    if (!r)
        return err_nomem(err);
    r->a = a;
    rc = read_scripts(r, path, err);
    for (size_t i = 0; rc == 0 && options && i < options->overlay_count; i++)
        rc = add_overlays(r, options->overlays[i], err);
    *ret = (struct bundle_files){.items = r->files, .count = r->count};
    return rc < 0 ? rc : read_parameters(a, path, ret, err);
}

/* Each text with its name and length, so that no two sets of files print the
 * same. */
int bundle_digest(const struct bundle_files *f, char ret[HASH_HEX_SIZE])
{
    struct str all;
    int rc = 0;

    str_init(&all, 0);
    for (size_t i = 0; i < f->count && rc == 0; i++) {
        str_addf(&all, "%s\n%zu\n", f->items[i].name, f->items[i].len);
        rc = str_addn(&all, f->items[i].text, f->items[i].len);
    }
    if (rc == 0 && f->parameters) {
        str_addf(&all, "parameters.yaml\n%zu\n", f->parameters_len);
        rc = str_addn(&all, f->parameters, f->parameters_len);
    }
    if (rc == 0)
        hash_sha256_hex(all.data, all.len, ret);
    str_release(&all);
    return rc;
}

static int load_read(const struct bundle_options *options, struct bundle *b,
                     struct err *err)
{
    struct executor *executor = options ? options->executor : NULL;
    int rc = 0;

    if (executor) {
        b->program =
            executor_load(executor, b->files.items, b->files.count, NULL, err);
        rc = b->program ? 0 : -(int)err->code;
    } else
        rc = script_load(b->files.items, b->files.count, NULL, &b->script, err);
    if (rc == 0)
        b->decl = executor ? b->program->decl : script_decl(b->script);
    return rc;
}

int bundle_load_script(struct arena *a, const char *path,
                       const struct bundle_options *options, struct bundle *ret,
                       struct err *err)
{
    struct bundle b = {.path = path};
    int rc = bundle_read(a, path, options, &b.files, err);

    if (rc == 0)
        rc = load_read(options, &b, err);
    if (rc == 0)
        *ret = b;
    return rc;
}

/* The parameters from what was given; a bundle without them is let go. */
static int set_params(struct arena *a, struct bundle *b,
                      const struct value *given, struct err *err)
{
    int rc = operator_params(b->decl, a, given, &b->params, err);

    if (rc < 0)
        bundle_release(b);
    return rc;
}

/* Overlays are above the file, --set is above them. */
int bundle_give_params(struct arena *a, const struct bundle_options *options,
                       struct bundle *b, struct err *err)
{
    struct value *given;
    int rc = parse_parameters(a, &b->files, &given, err);

    if (rc == 0 && add_overlay_values(a, given, b->decl->overlay_params) < 0)
        rc = err_nomem(err);
    if (rc == 0 && options)
        rc = add_sets(a, given, options->sets, options->set_count, err);
    if (rc == 0)
        return set_params(a, b, given, err);
    bundle_release(b);
    return rc;
}

int bundle_load(struct arena *a, const char *path,
                const struct bundle_options *options, struct bundle *ret,
                struct err *err)
{
    struct bundle b = {0};
    int rc = bundle_load_script(a, path, options, &b, err);

    if (rc == 0)
        rc = bundle_give_params(a, options, &b, err);
    if (rc == 0)
        *ret = b;
    return rc;
}

static bool has_parameter(const struct operator_decl *d, const char *name)
{
    for (size_t i = 0; i < d->parameters_count; i++)
        if (strcmp(d->parameters[i].name, name) == 0)
            return true;
    return false;
}

static struct value *still_there(struct arena *a, const struct operator_decl *d,
                                 const struct value *params)
{
    struct value *out = value_object(a);

    for (uint32_t i = 0; value_is(params, VALUE_OBJECT) && i < params->count;
         i++) {
        const struct value_member *m = &params->as.members[i];

        if (has_parameter(d, m->key) && value_set(a, out, m->key, m->value) < 0)
            return NULL;
    }
    return out;
}

int bundle_load_recorded(struct arena *a, const struct bundle_recorded *from,
                         struct bundle *ret, struct err *err)
{
    struct bundle b = {0};
    struct value *given;
    int rc = bundle_load_script(a, from->path, NULL, &b, err);

    if (rc < 0)
        return rc;
    given = still_there(a, b.decl, from->params);
    rc = given ? add_sets(a, given, from->sets, from->set_count, err)
               : err_nomem(err);
    if (rc < 0) {
        bundle_release(&b);
        return rc;
    }
    rc = set_params(a, &b, given, err);
    if (rc == 0)
        *ret = b;
    return rc;
}

void bundle_release(struct bundle *b)
{
    script_free(b->script);
    program_free(b->program);
    b->script = NULL;
    b->program = NULL;
}
