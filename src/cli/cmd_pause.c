/*
 * cmd_pause.c -- tidelock pause KIND NAME, tidelock resume KIND NAME
 */
#include <string.h>

#include "app/runtime.h"
#include "app/switch.h"
#include "base/arena.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

/* "website blog" or "website/blog", as kubectl takes both. */
static int read_words(struct arena *a, const struct option_values *words,
                      struct switch_options *o, struct err *err)
{
    const char *slash = words->count == 1 ? strchr(words->items[0], '/') : NULL;

    if (words->count == 2) {
        o->kind = words->items[0];
        o->name = words->items[1];
    } else if (slash) {
        o->kind = arena_strndup(a, words->items[0],
                                (size_t)(slash - words->items[0]));
        o->name = slash + 1;
        if (!o->kind)
            return err_nomem(err);
    }
    if (o->kind && *o->kind && name_is_path_segment(o->name))
        return 0;
    err_set(err, ERR_USAGE, "one object is expected: its kind and its name");
    return err_hint(err, "website/blog, or website blog");
}

static int run_with(const struct command *command, bool pause, int argc,
                    char **argv)
{
    struct switch_options o = {.print = cli_print};
    struct option_values words = {0};
    struct arena arena = {0};
    bool plan = false;
    const struct option rows[] = {
        {"--plan", NULL, NULL,
         "go on computing what would be done, and write nothing", OPTION_FLAG,
         &plan},
        {"--namespace", "-n", "NAME", "default: that of the kubeconfig",
         OPTION_TEXT, &o.ns},
        OPTION_KUBECONFIG(&o.cluster.kubeconfig),
        OPTION_CONTEXT(&o.cluster.context),
        {0},
    };
    const struct option *options = pause ? rows : rows + 1;
    struct err err = {0};
    int rc;

    if (options_want_help(argc, argv)) {
        options_print_help(command, options);
        return EXIT_OK;
    }
    rc = options_parse(options, argc, argv, &words, &err);
    if (rc == 0)
        rc = read_words(&arena, &words, &o, &err);
    o.mode = pause ? (plan ? "plan" : "pause") : NULL;
    log_setup(LOG_ERROR, LOG_TEXT, clock_real());
    if (rc == 0)
        rc = switch_run(&o, &err);
    arena_release(&arena);
    if (rc < 0)
        return cli_fail(&err, rc == -ERR_USAGE ? EXIT_BAD_USAGE : EXIT_ERROR);
    return EXIT_OK;
}

static int run_pause(int argc, char **argv)
{
    return run_with(&cmd_pause, true, argc, argv);
}

static int run_resume(int argc, char **argv)
{
    return run_with(&cmd_resume, false, argc, argv);
}

const struct command cmd_pause = {
    .name = "pause",
    .group = "Operate",
    .summary = "leave one object alone",
    .usage = "pause KIND NAME [flags]",
    .about = "Sets the annotation tidelock.dev/mode of an object: its operator "
             "does not even\nlook at it, until it is resumed. With --plan it "
             "looks, says in its log what it\nwould do, and writes nothing.",
    .examples = "  tidelock pause website blog -n web\n"
                "  tidelock pause website/blog --plan\n",
    .run = run_pause,
};

const struct command cmd_resume = {
    .name = "resume",
    .group = "Operate",
    .summary = "look after it again",
    .usage = "resume KIND NAME [flags]",
    .about = "Takes the annotation tidelock.dev/mode off an object.",
    .examples = "  tidelock resume website blog -n web\n"
                "  tidelock resume website/blog\n",
    .run = run_resume,
};
