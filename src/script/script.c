/*
 * script.c -- loading: compile every module, run operator.lua once for its
 *             declaration. See script.h for the contract.
 */
#include "script/script.h"

#include <stdio.h>
#include <string.h>

#include "base/embed.h"
#include "base/mem.h"
#include "script/api.h"
#include "script/cover.h"
#include "script/module.h"
#include "script/sandbox.h"

#define FILE_NAME_MAX 200

/* ---- names of modules and files ---- */

/* "lib/ports.lua" to "lib.ports", "lib/init.lua" to "lib". */
static bool module_name(const char *file, char out[FILE_NAME_MAX])
{
    size_t len = strlen(file);

    if (!text_ends(file, ".lua") || len >= FILE_NAME_MAX)
        return false;
    len -= 4;
    if (len > 5 && memcmp(file + len - 5, "/init", 5) == 0)
        len -= 5;
    memcpy(out, file, len);
    out[len] = '\0';
    for (char *c = out; *c; c++)
        if (*c == '/')
            *c = '.';
    return true;
}

static bool is_reserved(const char *module)
{
    return strcmp(module, "tidelock") == 0 || text_starts(module, "tidelock.");
}

/* ---- adding sources ---- */

/* The file name is for messages only: "tidelock/conditions.lua". */
static int add_embedded(struct script *s, const struct embed_file *embedded,
                        struct err *err)
{
    struct str name = {0};
    struct script_file file;
    int rc;

    str_add(&name, embedded->name);
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '.')
            name.data[i] = '/';
    str_add(&name, strchr(embedded->name, '.') ? ".lua" : "/init.lua");
    rc = str_check(&name, "the name of a module", err);
    file = (struct script_file){str_text(&name), embed_text(embedded),
                                embedded->len};
    if (rc == 0)
        rc = module_add(s, embedded->name, &file, err);
    str_release(&name);
    return rc;
}

static int add_library(struct script *s, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; embed_lua_files[i].name && rc == 0; i++)
        rc = add_embedded(s, &embed_lua_files[i], err);
    return rc;
}

static int add_file(struct script *s, const struct script_file *file,
                    struct err *err)
{
    char name[FILE_NAME_MAX];

    if (text_starts(file->name, SCRIPT_OVERLAY)) {
        struct script_file named = *file;

        named.name += sizeof SCRIPT_OVERLAY - 1;
        snprintf(name, sizeof name, SCRIPT_OVERLAY "%zu", ++s->overlay_count);
        return module_add(s, name, &named, err);
    }
    if (!module_name(file->name, name))
        return 0; /* a CRD, an example: not for Lua */
    if (is_reserved(name))
        return err_set(err, ERR_SCRIPT,
                       "%s: modules called tidelock belong to "
                       "the runtime",
                       file->name);
    if (module_find(s, name))
        return err_set(err, ERR_SCRIPT,
                       "%s: there is another file for the "
                       "module '%s'",
                       file->name, name);
    return module_add(s, name, file, err);
}

static int add_files(struct script *s, const struct script_file *files,
                     size_t count, struct err *err)
{
    size_t total = 0;
    int rc = 0;

    for (size_t i = 0; i < count; i++)
        total += files[i].len;
    if (total > SOURCE_MAX_ALL)
        return err_set(err, ERR_LIMIT,
                       "the operator has %zu bytes of source, "
                       "at most %u are allowed",
                       total, SOURCE_MAX_ALL);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_file(s, &files[i], err);
    if (rc == 0 && !module_find(s, "operator"))
        rc = err_set(err, ERR_SCRIPT, "there is no operator.lua");
    return rc;
}

/* ---- the declaration ---- */

static int declare_body(lua_State *L)
{
    lua_settop(L, 0);
    sandbox_open(L);
    run_operator(L);
    return 0;
}

static int declare(struct script *s, struct err *err)
{
    struct vm vm;
    int rc = vm_open(&vm, s, err);

    vm.arena = &s->decl.arena;
    vm.declaring = &s->decl;
    if (rc == 0)
        rc = vm_call(&vm, declare_body, NULL, err);
    vm_close(&vm);
    return rc;
}

/* ---- the script ---- */

int script_new(const struct script_limits *limits, struct script **ret,
               struct err *err)
{
    struct script *s;
    int rc = sandbox_prepare(err);

    if (rc < 0)
        return rc;
    s = mem_calloc(1, sizeof *s);
    if (!s)
        return err_nomem(err);
    rc = add_library(s, err); /* not at the cost of the operator's limits */
    if (limits)
        s->limits = *limits;
    if (rc < 0) {
        script_free(s);
        return rc;
    }
    *ret = s;
    return 0;
}

int script_load(const struct script_file *files, size_t count,
                const struct script_limits *limits, struct script **ret,
                struct err *err)
{
    struct script *s;
    int rc = script_new(limits, &s, err);

    if (rc < 0)
        return rc;
    s->files = files;
    s->file_count = count;
    rc = add_files(s, files, count, err);
    if (rc == 0)
        rc = declare(s, err);
    s->files = NULL;
    s->file_count = 0;
    if (rc < 0) {
        script_free(s);
        return rc;
    }
    *ret = s;
    return 0;
}

void script_free(struct script *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++) {
        mem_free(s->modules[i].name);
        str_release(&s->modules[i].code);
    }
    mem_free(s->modules);
    arena_release(&s->decl.arena);
    pool_free_spare(s->spare);
    cover_free(s->cover);
    mem_free(s);
}

void script_expect_sealed(struct script *s)
{
    s->sealed = true;
}

const struct operator_decl *script_decl(const struct script *s)
{
    return &s->decl;
}
