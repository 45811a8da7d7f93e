/*
 * types.c -- see include/app/types.h for the contract.
 *
 *     types/kubernetes.lua   built-in kinds that are owned or read
 *     types/NAME.lua         the operator: its kind, its view and its plan
 *     types/...              the library, as it is part of this program
 *     .luarc.json            says where they are, and what Lua scripts have
 */
#include "app/types.h"

#include <ctype.h>
#include <string.h>

#include "base/embed.h"
#include "io/file.h"
#include "runtime_impl.h"
#include "script/lint.h"
#include "types_impl.h"

#define META                                                                   \
    "---@meta _\n-- Written by 'tidelock check --types': not to be "           \
    "changed.\n\n"

#define MAX_LUARC ((size_t)1 << 20)

struct typing {
    const struct types_options *options;
    struct runtime_options files; /* what reading -f looks at */
    struct runtime rt;            /* the operator and its manifests */
    const char *folder;
    const char *luarc; /* path of .luarc.json */
    struct types_builtin *builtin;
};

/* ---- words ---- */

static bool is_name(const char *key, size_t len)
{
    static const char *const keywords[] = {
        "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
        "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
        "repeat",   "return", "then", "true", "until",  "while"};

    if (len == 0 || isdigit((unsigned char)key[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)key[i]) && key[i] != '_')
            return false;
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
        if (strlen(keywords[i]) == len && memcmp(keywords[i], key, len) == 0)
            return false;
    return true;
}

void types_add_key(struct str *out, const char *key, size_t len)
{
    if (is_name(key, len)) {
        str_addn(out, key, len);
        return;
    }
    str_addc(out, '[');
    types_add_literal(out, key, len);
    str_addc(out, ']');
}

void types_add_text(struct str *out, const char *text)
{
    while (text && *text) {
        size_t len = strcspn(text, "\n");

        str_add(out, "--- ");
        str_addn(out, text, len);
        str_addc(out, '\n');
        text += len + (text[len] == '\n');
    }
}

void types_add_literal(struct str *out, const char *text, size_t len)
{
    str_addc(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            str_addc(out, '\\');
        str_addc(out, text[i] == '\n' ? ' ' : text[i]);
    }
    str_addc(out, '"');
}

void types_add_package(struct str *out, const char *api_version)
{
    for (const char *c = api_version; *c; c++)
        str_addc(out, *c == '/' ? '.' : isalnum((unsigned char)*c) ? *c : '_');
}

/* ---- the operator ---- */

/* The class of a declared kind, "any" when nothing is known of it. */
static void add_class_of(struct typing *t, const struct gvk *gvk,
                         struct str *out)
{
    const char *builtin = types_builtin_class(t->builtin, gvk);

    if (types_find_crd(t->rt.manifests.items, t->rt.manifests.count, gvk)) {
        types_add_package(out, gvk->api_version);
        str_addf(out, ".%s", gvk->kind);
    } else
        str_add(out, builtin ? builtin : "any");
}

/* view:get and view:list of one declared kind. */
static void add_reading(struct typing *t, const struct gvk *gvk,
                        struct str *out)
{
    const char *name = t->rt.units[0].bundle.decl->name;
    struct str type = {0};

    add_class_of(t, gvk, &type);
    str_addf(out,
             "---@field get fun(self: %s.View, apiVersion: \"%s\", kind: "
             "\"%s\", name: string, namespace?: string): %s?\n",
             name, gvk->api_version, gvk->kind, str_text(&type));
    str_addf(out,
             "---@field list fun(self: %s.View, apiVersion: \"%s\", kind: "
             "\"%s\", options?: table): %s[]\n",
             name, gvk->api_version, gvk->kind, str_text(&type));
    types_join(out, &type);
    str_release(&type);
}

static void add_parameters(const struct operator_decl *d, struct str *out)
{
    str_addf(out, "---@class (exact) %s.Params\n", d->name);
    for (size_t i = 0; i < d->parameters_count; i++) {
        types_add_text(out, d->parameters[i].description);
        str_add(out, "---@field ");
        types_add_key(out, d->parameters[i].name,
                      strlen(d->parameters[i].name));
        str_addf(out, " %s\n", d->parameters[i].type);
    }
    str_addc(out, '\n');
}

/* Custom kinds: the root, and what is owned or read. */
static void add_custom(struct typing *t, const struct gvk *gvk, bool root,
                       struct str *out)
{
    const struct operator_decl *d = t->rt.units[0].bundle.decl;
    const struct value *crd =
        types_find_crd(t->rt.manifests.items, t->rt.manifests.count, gvk);
    const char *version = strchr(gvk->api_version, '/');
    const char **memory =
        arena_calloc(&t->rt.arena, d->memory_count + 1, sizeof(*memory));

    for (size_t i = 0; memory && root && i < d->memory_count; i++)
        memory[i] = d->memory[i];
    if (!memory)
        out->failed = ERR_NOMEM;
    else if (crd && version)
        types_add_crd(out, crd, version + 1, memory);
}

static void add_operator(struct typing *t, struct str *out)
{
    const struct operator_decl *d = t->rt.units[0].bundle.decl;
    struct str root = {0};

    add_class_of(t, &d->root, &root);
    add_custom(t, &d->root, true, out);
    for (size_t i = 0; i < d->owns_count; i++)
        add_custom(t, &d->owns[i].gvk, false, out);
    for (size_t i = 0; i < d->reads_count; i++)
        if (!operator_owns(d, &d->reads[i].gvk))
            add_custom(t, &d->reads[i].gvk, false, out);
    add_parameters(d, out);
    str_addf(out, "---@class %s.View : tidelock.View\n", d->name);
    str_addf(out, "---@field params %s.Params\n", d->name);
    for (size_t i = 0; i < d->owns_count; i++)
        add_reading(t, &d->owns[i].gvk, out);
    for (size_t i = 0; i < d->reads_count; i++)
        if (!operator_owns(d, &d->reads[i].gvk))
            add_reading(t, &d->reads[i].gvk, out);
    str_addf(out, "\n---@class %s.Plan : tidelock.Plan\n", d->name);
    if (types_find_crd(t->rt.manifests.items, t->rt.manifests.count, &d->root))
        str_addf(out, "---@field status fun(self: %s.Plan, fields: %sStatus)\n",
                 d->name, str_text(&root));
    types_join(out, &root);
    str_release(&root);
}

/* ---- files ---- */

static int say(struct typing *t, const char *path, const char *what,
               struct err *err)
{
    struct str line = {0};
    int rc;

    str_addf(&line, "%s%s\n", path, what);
    rc = str_check(&line, "a line", err);
    if (rc == 0)
        t->options->print(t->options->print_arg, line.data, line.len);
    str_release(&line);
    return rc;
}

static int write_file(struct typing *t, const char *name,
                      const struct str *text, struct err *err)
{
    const char *path = file_join(&t->rt.arena, t->folder, name);
    int rc = path ? str_check(text, name, err) : err_nomem(err);

    if (rc == 0)
        rc = file_write(path, str_text(text), text->len, 0644, err);
    return rc == 0 ? say(t, path, "", err) : rc;
}

static int write_operator(struct typing *t, struct err *err)
{
    const char *name =
        arena_printf(&t->rt.arena, "%s.lua", t->rt.units[0].bundle.decl->name);
    struct str text = {0};
    int rc;

    if (!name)
        return err_nomem(err);
    str_add(&text, META);
    add_operator(t, &text);
    rc = write_file(t, name, &text, err);
    str_release(&text);
    return rc;
}

/* The metadata of every object are of one class, so it is always there. */
static int write_builtin(struct typing *t, struct err *err)
{
    static const struct gvk map = {"v1", "ConfigMap"};
    struct str text = {0};
    int rc;

    types_builtin_class(t->builtin, &map);
    str_add(&text, META);
    types_builtin_print(t->builtin, &text);
    rc = write_file(t, "kubernetes.lua", &text, err);
    str_release(&text);
    return rc;
}

/* Does the author's .luarc.json name the stubs of an installation? Twice the
 * same classes would confuse the editor. */
static int has_library(struct typing *t, bool *ret, struct err *err)
{
    struct str text;
    int rc = 0;

    str_init(&text, MAX_LUARC);
    if (file_exists(t->luarc))
        rc = file_read(t->luarc, MAX_LUARC, &text, err);
    *ret = strstr(str_text(&text), "tidelock/types") != NULL;
    str_release(&text);
    return rc;
}

static int write_library(struct typing *t, struct err *err)
{
    const char *modules = file_join(&t->rt.arena, t->folder, "tidelock");
    bool there = false;
    int rc = modules ? has_library(t, &there, err) : err_nomem(err);

    if (rc == 0 && !there)
        rc = file_make_folder(modules, err);
    for (size_t i = 0; embed_types_files[i].name && rc == 0 && !there; i++) {
        struct str text = {0};

        str_addn(&text, embed_text(&embed_types_files[i]),
                 embed_types_files[i].len);
        rc = write_file(t, embed_types_files[i].name, &text, err);
        str_release(&text);
    }
    return rc;
}

/* ---- .luarc.json ---- */

/* The libraries of stock Lua that the sandbox does not have. */
static int add_disabled(struct typing *t, struct value *luarc, struct err *err)
{
    static const char *const stock[] = {"coroutine", "debug", "io",
                                        "math",      "os",    "package",
                                        "string",    "table", "utf8"};
    struct arena *a = &t->rt.arena;
    struct value *builtin = value_make(a, luarc, "runtime.builtin");
    struct value *environment;
    int rc = script_environment(a, &environment, err);

    if (rc == 0 && !builtin)
        rc = err_nomem(err);
    for (size_t i = 0; rc == 0 && i < sizeof(stock) / sizeof(stock[0]); i++)
        if (!value_get(value_get(environment, "globals"), stock[i]) &&
            value_set(a, builtin, stock[i], value_string(a, "disable")) < 0)
            rc = err_nomem(err);
    return rc;
}

static int write_luarc(struct typing *t, struct err *err)
{
    struct arena *a = &t->rt.arena;
    const char *path = t->luarc;
    struct value *luarc = value_object(a), *library = value_array(a);
    struct str text = {0};
    int rc;

    if (!luarc || !library ||
        value_append(
            a, library,
            value_string(a, t->options->folder ? t->folder : "types")) < 0 ||
        value_set(a, luarc, "runtime.version", value_string(a, "Lua 5.4")) <
            0 ||
        value_set(a, luarc, "workspace.library", library) < 0)
        return err_nomem(err);
    if (file_exists(path))
        return say(
            t, path,
            " is left as it is: workspace.library has to name the folder", err);
    rc = add_disabled(t, luarc, err);
    if (rc == 0)
        rc = value_print_pretty(luarc, &text, err);
    str_addc(&text, '\n');
    if (rc == 0)
        rc = file_write(path, str_text(&text), text.len, 0644, err);
    str_release(&text);
    return rc == 0 ? say(t, path, "", err) : rc;
}

/* ---- all of it ---- */

static int read_all(struct typing *t, struct err *err)
{
    const struct types_options *o = t->options;
    struct runtime *rt = &t->rt;
    int rc;

    t->files = (struct runtime_options){.files = o->files,
                                        .file_count = o->file_count};
    rt->options = &t->files;
    rt->units = arena_calloc(&rt->arena, 1, sizeof(*rt->units));
    t->builtin = types_builtin_new(&rt->arena);
    if (!rt->units || !t->builtin)
        return err_nomem(err);
    rc = bundle_load_script(&rt->arena, o->operator_path, NULL, &rt->units[0].bundle,
                            err);
    if (rc < 0)
        return rc;
    rt->unit_count = 1;
    rc = runtime_read_files(rt, err);
    return rc == 0 ? manifests_read_own_crd(&rt->manifests, &rt->arena,
                                            o->operator_path, err)
                   : rc;
}

static int make_folder(struct typing *t, struct err *err)
{
    const char *base = t->options->operator_path;
    struct arena *a = &t->rt.arena;

    if (text_ends(base, ".lua"))
        base = file_folder(a, base);
    t->luarc = base ? file_join(a, base, ".luarc.json") : NULL;
    t->folder = t->options->folder;
    if (!t->folder && base)
        t->folder = file_join(a, base, "types");
    return t->folder && t->luarc ? file_make_folder(t->folder, err)
                                 : err_nomem(err);
}

int types_write(const struct types_options *options, struct err *err)
{
    struct typing t = {.options = options};
    int rc = read_all(&t, err);

    if (rc == 0)
        rc = make_folder(&t, err);
    if (rc == 0)
        rc = write_operator(&t, err);
    if (rc == 0)
        rc = write_builtin(&t, err);
    if (rc == 0)
        rc = write_library(&t, err);
    if (rc == 0)
        rc = write_luarc(&t, err);
    if (t.rt.unit_count)
        bundle_release(&t.rt.units[0].bundle);
    manifests_release(&t.rt.manifests);
    arena_release(&t.rt.arena);
    return rc;
}
