/*
 * cmd_replay.c -- tidelock replay FIXTURE...
 */
#include <string.h>

#include "app/replay.h"
#include "app/runtime.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

static int check(const struct option_values *words, struct err *err)
{
    if (words->count > 0)
        return 0;
    err_set(err, ERR_USAGE, "no fixture is given");
    return err_hint(err, "tidelock run OPERATOR --record DIR writes them");
}

static int run(int argc, char **argv)
{
    struct replay_options o = {.print = cli_print};
    struct option_values words = {0}, sets = {0};
    const char *format = "text";
    const struct option options[] = {
        {"--operator", NULL, "DIR",
         "the operator as it is now; default: where it was when the fixture "
         "was recorded",
         OPTION_TEXT, &o.operator_path},
        {"--against", NULL, "DIR",
         "compare with what this revision does; default: with the recorded "
         "plan",
         OPTION_TEXT, &o.against},
        {"--output", "-o", "text|json|yaml", "form of the differences",
         OPTION_TEXT, &format},
        OPTION_SET(&sets),
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_replay, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0 ||
        check(&words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    o.format = *format == 'j'   ? REPORT_JSON
               : *format == 'y' ? REPORT_YAML
                                : REPORT_TEXT;
    o.fixtures = words.items;
    o.fixture_count = words.count;
    o.sets = sets.items;
    o.set_count = sets.count;
    o.color = cli_color();
    log_setup(LOG_WARN, LOG_TEXT, clock_real());
    code = replay_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_replay = {
    .name = "replay",
    .group = "Look before",
    .summary = "recorded passes again: what does the script do now?",
    .usage = "replay FILE... [flags]",
    .about =
        "Runs an operator on fixtures, each a pass that was saved by --record "
        "of run or plan,\nand shows how its plan differs from the recorded "
        "one. No cluster is asked: the\nobjects, the time and the parameters "
        "are those of the fixture. A FILE may be a\nfolder of fixtures. Exits "
        "with 0 when nothing differs, 2 when something does, 1 when\na plan "
        "fails that did not fail before.",
    .examples = "  tidelock run operators/website --record fixtures\n"
                "  tidelock replay fixtures --operator operators/website\n"
                "  tidelock replay fixtures --operator new --against old\n",
    .run = run,
};
