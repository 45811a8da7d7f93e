/*
 * specs.c -- see app/specs.h for the contract.
 *
 * DESIGN
 *
 * A run is one Lua state for each operator (script/spec.h); busted keeps its
 * own state there, and one operator's specs see nothing of another's. The
 * state asks, the functions of specs_*.c answer. The report is made by the
 * last one: it is given the results of those before.
 */
#include "app/specs.h"

#include <string.h>
#include <unistd.h>

#include "app/runtime.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/file.h"
#include "script/spec.h"
#include "specs_impl.h"

static const struct {
    const char *name;
    int (*answer)(struct specs_question *q, struct err *err);
} questions[] = {
    {"lines", specs_answer_lines},
    {"list", specs_answer_list},
    {"load", specs_answer_load},
    {"plan", specs_answer_plan},
    {"print", specs_answer_print},
    {"write", specs_answer_write},
    {"world", specs_answer_world},
    {"world.advance", specs_answer_world_advance},
    {"world.apply", specs_answer_world_apply},
    {"world.delete", specs_answer_world_delete},
    {"world.get", specs_answer_world_get},
    {"world.pass", specs_answer_world_pass},
    {"yaml", specs_answer_yaml},
};

static int answer(void *arg, const char *question, const struct value *given,
                  struct arena *a, struct value **ret, struct err *err)
{
    struct specs_question q = {.specs = arg, .given = given, .a = a};
    int rc;

    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (strcmp(questions[i].name, question) != 0)
            continue;
        rc = questions[i].answer(&q, err);
        if (rc == 0)
            *ret = q.answer;
        return rc;
    }
    return err_set(err, ERR_INVALID, "there is no question '%s'", question);
}

/* ---- one operator ---- */

static int put_text(struct arena *a, struct value *v, const char *key,
                    const char *text)
{
    return text ? value_set(a, v, key, value_string(a, text)) : 0;
}

static struct value *options_of(struct specs *s, const struct specs_unit *u,
                                struct value *results, bool last)
{
    const struct specs_options *o = s->options;
    struct arena *a = &s->arena;
    struct value *v = value_object(a);

    if (!v || put_text(a, v, "path", u->path) < 0 ||
        put_text(a, v, "folder", u->folder) < 0 ||
        put_text(a, v, "filter", o->filter) < 0 ||
        put_text(a, v, "format", o->format) < 0 ||
        value_set(a, v, "update", value_bool(a, o->update)) < 0 ||
        value_set(a, v, "coverage", value_bool(a, o->coverage)) < 0 ||
        value_set(a, v, "color", value_bool(a, o->color)) < 0 ||
        value_set(a, v, "verbose", value_bool(a, o->verbose)) < 0 ||
        value_set(a, v, "last", value_bool(a, last)) < 0 ||
        (results && value_set(a, v, "before", results) < 0))
        return NULL;
    return v;
}

/* The specs of one operator run in its folder, as they would by hand. */
static int run_operator(struct specs *s, size_t i, struct value **results,
                        struct err *err)
{
    const struct spec_host host = {answer, s};
    const struct specs_options *o = s->options;
    struct specs_unit *u;
    struct value *options;
    int rc = specs_load(s, o->operators[i], &u, err);

    if (rc < 0)
        return rc;
    options = options_of(s, u, *results, i + 1 == o->operator_count);
    if (!options)
        return err_nomem(err);
    if (chdir(u->folder) < 0)
        return err_set(err, ERR_IO, "cannot go to '%s'", u->folder);
    rc = spec_run(&host, NULL, options, &s->arena, results, err);
    specs_close_worlds(s);
    return rc;
}

static const char *working_folder(struct arena *a)
{
    char path[4096];

    return arena_strdup(a, getcwd(path, sizeof(path)) ? path : ".");
}

static int run_once(struct specs *s, bool *ret_passed, struct err *err)
{
    const char *here = working_folder(&s->arena);
    struct value *results = NULL;
    int rc = here ? 0 : err_nomem(err);

    for (size_t i = 0; i < s->options->operator_count && rc == 0; i++) {
        rc = run_operator(s, i, &results, err);
        if (here && chdir(here) < 0 && rc == 0)
            rc = err_set(err, ERR_IO, "cannot go back to '%s'", here);
    }
    *ret_passed = rc == 0 && value_bool_at(results, "passed", false);
    return rc;
}

static int run_all(const struct specs_options *o, bool *ret_passed,
                   struct err *err)
{
    struct specs *s = mem_calloc(1, sizeof(*s));
    int rc = 0;

    if (!s)
        return err_nomem(err);
    s->options = o;
    s->loop = loop_new(err);
    s->zones = zones_new(NULL);
    if (!s->loop)
        rc = -(int)err->code;
    else if (!s->zones)
        rc = err_nomem(err);
    else
        rc = run_once(s, ret_passed, err);
    specs_release_units(s);
    zones_free(s->zones);
    loop_free(s->loop);
    arena_release(&s->arena);
    mem_free(s);
    return rc;
}

/* ---- --watch ---- */

static void tell(const struct specs_options *o, const char *text)
{
    o->print(o->print_arg, text, strlen(text));
}

/* A script that cannot be loaded is put right, too. */
static void tell_failure(const struct specs_options *o, const struct err *err)
{
    tell(o, "tidelock: ");
    tell(o, err->msg);
    tell(o, *err->hint ? "\n  hint: " : "");
    tell(o, err->hint);
    tell(o, "\n");
}

static int watch(const struct specs_options *o, bool *ret_passed,
                 struct err *err)
{
    bool changed = true;
    int rc = 0;

    while (changed && rc == 0) {
        uint64_t before = specs_look(o);
        struct err why = {0};

        tell(o, o->color ? "\033[2J\033[H" : "");
        *ret_passed = false;
        if (run_all(o, ret_passed, &why) < 0)
            tell_failure(o, &why);
        tell(o, "waiting for a change; Ctrl-C ends\n");
        rc = specs_wait(o, before, &changed, err);
    }
    return rc;
}

int specs_run(const struct specs_options *options, struct err *err)
{
    bool passed = false;
    int rc = options->watch ? watch(options, &passed, err)
                            : run_all(options, &passed, err);

    return rc == 0 && passed ? EXIT_OK : EXIT_ERROR;
}
