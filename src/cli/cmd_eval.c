/*
 * cmd_eval.c -- tidelock eval FILE.lua
 */
#include "app/eval.h"
#include "app/runtime.h"
#include "options.h"

static int run(int argc, char **argv)
{
    struct eval_options o = {.print = cli_print, .tell = cli_tell};
    struct option_values words = {0}, args = {0};
    const struct option options[] = {
        {"--filename", "-f", "FILE",
         "the object, YAML or JSON; - is standard input", OPTION_TEXT,
         &o.object},
        {"--global", NULL, "NAME", "what the script calls it; default obj",
         OPTION_TEXT, &o.global},
        {"--call", NULL, "FUNCTION",
         "call this function of the script and print what it returns",
         OPTION_TEXT, &o.function},
        {"--arg", NULL, "FILE",
         "an argument for it, in order; may be repeated; without one it gets "
         "the object",
         OPTION_LIST, &args},
        {0},
    };
    struct err err = {0};

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_eval, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    if (words.count != 1) {
        err_set(&err, ERR_USAGE, "eval takes one Lua file");
        err_hint(&err, "tidelock eval health.lua -f deployment.yaml");
        return cli_fail(&err, EXIT_BAD_USAGE);
    }
    o.file = words.items[0];
    o.args = args.items;
    o.arg_count = args.count;
    return eval_run(&o, cli_fail);
}

const struct command cmd_eval = {
    .name = "eval",
    .group = "Look before",
    .summary = "call a sandboxed Lua script on an object, print JSON",
    .usage = "eval FILE.lua [-f OBJECT] [flags]",
    .about =
        "Runs a Lua file with an object of a file as the global `obj`, or "
        "calls "
        "one of its\nfunctions, and prints what it returns: one line of JSON "
        "for each value. For health\nchecks and resource interpreters of "
        "other tools as they are, and for functions of\nyour own. The sandbox "
        "and its limits are those of operators; what Lua 5.1 scripts are\nused "
        "to exists too: unpack, table.getn, math.pow, os.time, os.date (UTC), "
        "print (to\nstandard error), require of \"os\" and \"kube\".",
    .examples =
        "  tidelock eval health.lua -f deployment.yaml\n"
        "  kubectl get deploy web -o json | tidelock eval health.lua -f -\n"
        "  tidelock eval replicas.lua --call ReviseReplica --arg web.yaml "
        "--arg three.json\n",
    .run = run,
};
