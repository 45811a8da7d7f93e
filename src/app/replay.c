/*
 * replay.c -- see replay.h for the contract.
 */
#include "app/replay.h"

#include <string.h>

#include "app/comparison.h"
#include "app/fixture.h"
#include "app/runtime.h"
#include "io/file.h"

struct replay {
    const struct replay_options *options;
    struct arena arena; /* fixtures and items, until the end */
    struct comparison *comparison;
    size_t count;
};

/* ---- one pass ---- */

struct pass_taker {
    struct arena *arena;
    struct value *item; /* NULL: the operator has no plan for the root */
};

static int take_item(void *arg, const struct value *item, struct err *err)
{
    struct pass_taker *t = arg;

    t->item = value_copy(t->arena, item);
    return t->item ? 0 : err_nomem(err);
}

/* What the operator at `path` plans in the fixture's world. */
static int plan(struct replay *r, const struct fixture *f, const char *path,
                struct value **ret, struct err *err)
{
    const char *ns = value_text_at(f->root, "metadata.namespace");
    struct pass_taker taker = {.arena = &r->arena};
    const struct runtime_options options = {
        .operators = &path,
        .operator_count = 1,
        .bundle = {.sets = r->options->sets,
                   .set_count = r->options->set_count},
        .ns = ns ? ns : "",
        .name = value_text_at(f->root, "metadata.name"),
        .plan = true,
        .offline = true,
        .fixture = f,
        .on_item = take_item,
        .on_item_arg = &taker,
    };

    runtime_run(&options, err);
    if (err->code != ERR_NONE)
        return err_wrap(err, "%s", f->file);
    *ret = taker.item;
    return 0;
}

static int no_operator(const struct fixture *f, struct err *err)
{
    err_set(err, ERR_CONFIG, "%s: the operator '%s' is not at '%s' any more",
            f->file, f->operator_name,
            f->operator_path ? f->operator_path : "");
    return err_hint(err, "say where it is: --operator DIR");
}

static int replay_one(struct replay *r, const char *path, struct err *err)
{
    const struct replay_options *o = r->options;
    struct value *before, *now = NULL;
    struct fixture f;
    const char *script;
    int rc = fixture_read(&r->arena, path, &f, err);

    if (rc < 0)
        return rc;
    script = o->operator_path ? o->operator_path : f.operator_path;
    if (!o->operator_path && (!script || !file_exists(script)))
        return no_operator(&f, err);
    before = value_copy(&r->arena, f.plan);
    if (!before)
        return err_nomem(err);
    if (o->against)
        rc = plan(r, &f, o->against, &before, err);
    if (rc == 0)
        rc = plan(r, &f, script, &now, err);
    r->count++;
    return rc < 0 ? rc
                  : comparison_add(r->comparison, f.file, before, now, err);
}

/* ---- all of them ---- */

static int replay_folder(struct replay *r, const char *folder, struct err *err)
{
    const char **names;
    int rc = file_list(&r->arena, folder, ".yaml", &names, err);

    for (; rc == 0 && *names; names++) {
        const char *path = file_join(&r->arena, folder, *names);

        rc = path ? replay_one(r, path, err) : err_nomem(err);
    }
    return rc;
}

static int replay_all(struct replay *r, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < r->options->fixture_count && rc == 0; i++) {
        const char *path = arena_strdup(&r->arena, r->options->fixtures[i]);

        if (!path)
            return err_nomem(err);
        rc = file_is_folder(path) ? replay_folder(r, path, err)
                                  : replay_one(r, path, err);
    }
    if (rc == 0 && r->count == 0) {
        err_set(err, ERR_CONFIG, "there are no fixtures in '%s'",
                r->options->fixtures[0]);
        rc = err_hint(err, "tidelock run OPERATOR --record DIR writes them");
    }
    return rc < 0 ? rc : comparison_finish(r->comparison, err);
}

static int exit_code(const struct comparison *c)
{
    if (comparison_broken(c))
        return EXIT_ERROR;
    return comparison_differing(c) ? EXIT_CHANGES : EXIT_OK;
}

int replay_run(const struct replay_options *options, struct err *err)
{
    const struct comparison_options compare = {
        .format = options->format,
        .color = options->color,
        .title = "replay",
        .old_name = options->against ? options->against : "as recorded",
        .new_name = options->operator_path ? options->operator_path : "now",
        .print = options->print,
        .arg = options->print_arg,
    };
    struct replay r = {.options = options};
    int rc, code = EXIT_ERROR;

    arena_init(&r.arena, 0);
    r.comparison = comparison_new(&compare);
    rc = r.comparison ? replay_all(&r, err) : err_nomem(err);
    if (rc == 0)
        code = exit_code(r.comparison);
    comparison_free(r.comparison);
    arena_release(&r.arena);
    return code;
}
