/*
 * An operator's folder: scripts, parameters, what is left out.
 */
#include <stdio.h>
#include <string.h>

#include "app/bundle.h"
#include "folder.h"
#include "io/file.h"
#include "test.h"

#define HEAD "local tidelock = require 'tidelock'\n"
#define OPERATOR(more)                                                         \
    HEAD "return tidelock.operator { api = 1, name = 'shop',\n"                \
         "  resource = { 'example.com/v1', 'Widget' },\n" more                 \
         "  reconcile = function() end }\n"
#define PARAMETERS                                                             \
    "  parameters = { image = { type = 'string', default = 'i:1' },\n"         \
    "    replicas = { type = 'integer', default = 2 } },\n"

struct desk {
    struct folder folder;
    struct arena arena;
    struct bundle bundle;
    const char *overlay; /* --overlay, or NULL */
    struct err err;
};

static void desk_set(struct desk *d)
{
    *d = (struct desk){0};
    folder_init(&d->folder);
}

static void desk_release(struct desk *d)
{
    bundle_release(&d->bundle);
    arena_release(&d->arena);
    folder_release(&d->folder);
}

static int load(struct desk *d, const char *path, const char *set)
{
    const struct bundle_options options = {.sets = &set,
                                           .set_count = set ? 1 : 0,
                                           .overlays = &d->overlay,
                                           .overlay_count = d->overlay ? 1 : 0};

    return bundle_load(&d->arena, path, &options, &d->bundle, &d->err);
}

/* The message of a bundle that is not taken. */
static const char *refused(struct desk *d, const char *path, const char *set)
{
    int rc = load(d, path, set);

    check(rc < 0);
    check_int(rc, -(int)d->err.code);
    return d->err.msg;
}

TEST(a_bundle_is_a_folder_with_operator_lua)
{
    struct desk d;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua", OPERATOR(""));
    check_ok(load(&d, d.folder.path, NULL), &d.err);
    check_str(d.bundle.decl->name, "shop");
    check_str(d.bundle.path, d.folder.path);
    check(value_is(d.bundle.params, VALUE_OBJECT));
    check_int(d.bundle.params->count, 0);
    desk_release(&d);
}

TEST(a_bundle_may_be_one_file_of_any_name)
{
    struct desk d;
    const char *path;

    desk_set(&d);
    path = folder_write(&d.folder, "mine.lua", OPERATOR(""));
    folder_write(&d.folder, "parameters.yaml", "nonsense: 1\n");
    check_ok(load(&d, path, NULL), &d.err);
    check_str(d.bundle.decl->name, "shop");
    desk_release(&d);
}

TEST(modules_are_found_in_folders)
{
    struct desk d;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua",
                 "local names = require 'lib.names'\n"
                 "local deep = require 'lib.a.b'\n" HEAD
                 "return tidelock.operator { api = 1,\n"
                 "  name = names.operator .. deep,\n"
                 "  resource = { 'example.com/v1', 'Widget' },\n"
                 "  reconcile = function() end }\n");
    folder_write(&d.folder, "lib/names.lua", "return { operator = 'shop' }\n");
    folder_write(&d.folder, "lib/a/b.lua", "return '-2'\n");
    check_ok(load(&d, d.folder.path, NULL), &d.err);
    check_str(d.bundle.decl->name, "shop-2");
    desk_release(&d);
}

/* Every script is compiled, so one with a mistake would be found. */
TEST(specs_examples_and_other_files_are_left_out)
{
    struct desk d;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua", OPERATOR(""));
    folder_write(&d.folder, "spec/x_spec.lua", "this is no Lua");
    folder_write(&d.folder, "examples/x.lua", "this is no Lua");
    folder_write(&d.folder, "README.md", "this is no Lua");
    folder_write(&d.folder, ".hidden.lua", "this is no Lua");
    check_ok(load(&d, d.folder.path, NULL), &d.err);
    bundle_release(&d.bundle);
    folder_write(&d.folder, "lib/spec.lua", "this is no Lua");
    check_has(refused(&d, d.folder.path, NULL), "lib/spec.lua:1:");
    desk_release(&d);
}

TEST(what_is_not_there_is_said)
{
    struct desk d;

    desk_set(&d);
    check_has(refused(&d, folder_path(&d.folder, "none"), NULL),
              "there is no operator at '/tmp/");
    check_has(d.err.hint, "operator.lua");
    check_int(d.err.code, ERR_CONFIG);
    check_has(refused(&d, d.folder.path, NULL), "' has no operator.lua");
    check_has(d.err.hint, "tidelock.operator");
    desk_release(&d);
}

TEST(a_script_that_is_too_large_is_refused)
{
    static char text[(64u << 10) + 2];
    struct desk d;

    desk_set(&d);
    memset(text, '-', sizeof text - 1);
    folder_write(&d.folder, "operator.lua", text);
    refused(&d, d.folder.path, NULL);
    check_int(d.err.code, ERR_LIMIT);
    check_has(d.err.msg, "operator.lua");
    desk_release(&d);
}

TEST(too_many_scripts_are_refused)
{
    struct desk d;
    char name[32];

    desk_set(&d);
    folder_write(&d.folder, "operator.lua", OPERATOR(""));
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "m%d.lua", i);
        folder_write(&d.folder, name, "return 1\n");
    }
    check_has(refused(&d, d.folder.path, NULL), "more than 200 script files");
    desk_release(&d);
}

/* ---- parameters ---- */

static const char *param(const struct desk *d, const char *name)
{
    return value_text_at(d->bundle.params, name);
}

TEST(parameters_have_three_sources)
{
    struct desk d;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua", OPERATOR(PARAMETERS));
    check_ok(load(&d, d.folder.path, NULL), &d.err);
    check_str(param(&d, "image"), "i:1");
    check_int(value_int_at(d.bundle.params, "replicas", 0), 2);
    bundle_release(&d.bundle);
    folder_write(&d.folder, "parameters.yaml", "image: i:2\nreplicas: 3\n");
    check_ok(load(&d, d.folder.path, NULL), &d.err);
    check_str(param(&d, "image"), "i:2");
    check_int(value_int_at(d.bundle.params, "replicas", 0), 3);
    bundle_release(&d.bundle);
    check_ok(load(&d, d.folder.path, "image=i:3=x"), &d.err);
    check_str(param(&d, "image"), "i:3=x");
    check_int(value_int_at(d.bundle.params, "replicas", 0), 3);
    desk_release(&d);
}

TEST(an_empty_parameters_file_sets_nothing)
{
    struct desk d;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua", OPERATOR(PARAMETERS));
    folder_write(&d.folder, "parameters.yaml", "# none yet\n");
    check_ok(load(&d, d.folder.path, "replicas=7"), &d.err);
    check_int(value_int_at(d.bundle.params, "replicas", 0), 7);
    desk_release(&d);
}

TEST(parameters_that_cannot_be_used_are_refused)
{
    struct desk d;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua", OPERATOR(PARAMETERS));
    check_has(refused(&d, d.folder.path, "replicas"), "name=value");
    check_int(d.err.code, ERR_USAGE);
    check_has(refused(&d, d.folder.path, "=3"), "name=value");
    check_has(refused(&d, d.folder.path, "replicas=many"), "replicas");
    check_has(refused(&d, d.folder.path, "replica=1"), "replica");
    folder_write(&d.folder, "parameters.yaml", "- a\n");
    check_has(refused(&d, d.folder.path, NULL), "must hold name: value");
    folder_write(&d.folder, "parameters.yaml", "a: [\n");
    check_has(refused(&d, d.folder.path, NULL), "parameters.yaml:");
    desk_release(&d);
}

/* ---- overlays ---- */

#define OVERLAY(operator, more)                                                \
    "return require('tidelock').overlay { api = 1, operator = '"               \
    operator"',\n" more " }\n"

TEST(overlays_stand_between_the_file_of_parameters_and_set)
{
    struct desk d;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua", OPERATOR(PARAMETERS));
    folder_write(&d.folder, "parameters.yaml", "image: file\nreplicas: 3\n");
    d.overlay = folder_write(
        &d.folder, "overlays/a.lua",
        OVERLAY("shop", "parameters = { image = 'ours', replicas = 4 }"));
    check_ok(load(&d, d.folder.path, "replicas=5"), &d.err);
    check_str(param(&d, "image"), "ours");
    check_int(value_int_at(d.bundle.params, "replicas", 0), 5);
    check_ok(bundle_check_overlays(&d.bundle.decl, 1, &d.err), &d.err);
    desk_release(&d);
}

TEST(a_folder_of_overlays_is_applied_in_the_order_of_names)
{
    struct desk d;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua", OPERATOR(PARAMETERS));
    folder_write(&d.folder, "overlays/b.lua",
                 OVERLAY("shop", "parameters = { image = 'b' }"));
    folder_write(&d.folder, "overlays/a.lua",
                 OVERLAY("shop", "parameters = { image = 'a' }"));
    d.overlay = file_join(&d.arena, d.folder.path, "overlays");
    check_ok(load(&d, d.folder.path, NULL), &d.err);
    check_str(param(&d, "image"), "b");
    check_int(d.bundle.decl->overlays_count, 2);
    desk_release(&d);
}

TEST(an_overlay_for_nobody_is_an_error)
{
    struct desk d;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua", OPERATOR(PARAMETERS));
    d.overlay = folder_write(&d.folder, "overlays/a.lua", OVERLAY("stop", ""));
    check_ok(load(&d, d.folder.path, NULL), &d.err);
    check_int(bundle_check_overlays(&d.bundle.decl, 1, &d.err), -ERR_CONFIG);
    check_has(d.err.msg, "a.lua:1: this overlay is for operator 'stop', which "
                         "is not given");
    check_has(d.err.hint, "here 'shop'");
    check_ok(bundle_check_overlays(NULL, 0, &d.err), &d.err);
    d.overlay = file_join(&d.arena, d.folder.path, "nothing");
    check_has(refused(&d, d.folder.path, NULL), "cannot read");
    desk_release(&d);
}

TEST_ALLOC(a_bundle_survives_out_of_memory)
{
    struct desk d;
    int rc;

    desk_set(&d);
    folder_write(&d.folder, "operator.lua",
                 "require 'lib.a'\n" OPERATOR(PARAMETERS));
    folder_write(&d.folder, "lib/a.lua", "return 1\n");
    folder_write(&d.folder, "parameters.yaml", "image: i:2\n");
    rc = load(&d, d.folder.path, "replicas=4");
    if (rc == 0)
        check_str(param(&d, "image"), "i:2");
    desk_release(&d);
    return rc;
}
