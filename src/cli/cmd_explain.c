/*
 * cmd_explain.c -- tidelock explain [CODE]
 */
#include "app/explain.h"
#include "app/runtime.h"
#include "options.h"

static int run(int argc, char **argv)
{
    static const struct option options[] = {{0}};
    struct option_values words = {0};
    struct explanation e;
    struct str out = {0};
    struct err err = {0};

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_explain, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    for (size_t i = 0; i < words.count; i++) {
        if (!explain_find(words.items[i], &e, &err)) {
            str_release(&out);
            return cli_fail(&err, EXIT_BAD_USAGE);
        }
        str_add(&out, i ? "\n" : "");
        explain_print(&e, cli_color(), &out);
    }
    if (words.count == 0)
        explain_print_list(cli_color(), &out);
    if (str_check(&out, "the text", &err) == 0)
        cli_print(NULL, str_text(&out), out.len);
    str_release(&out);
    return err.code == ERR_NONE ? EXIT_OK : cli_fail(&err, EXIT_ERROR);
}

const struct command cmd_explain = {
    .name = "explain",
    .group = "About",
    .summary = "what an error, a reason or a finding means, and what to do",
    .usage = "explain [CODE...]",
    .about = "Tells what a code means, how it comes about, what to do, with an "
             "example: the\nreasons of conditions and Events, errors, findings "
             "of 'tidelock check'. Spelling\ncounts little: EmptyPlan, "
             "EMPTY_PLAN and empty-plan are one. Without a code it lists\n"
             "all.",
    .examples = "  tidelock explain EmptyPlan\n"
                "  tidelock explain unknown-field\n",
    .run = run,
};
