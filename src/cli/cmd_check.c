/*
 * cmd_check.c -- tidelock check OPERATOR...
 */
#include <string.h>

#include "app/check.h"
#include "app/runtime.h"
#include "app/types.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

/* Types of one operator for an editor. */
static int write_types(const struct check_options *o, const char *folder,
                       struct err *err)
{
    const struct types_options types = {.operator_path = o->operators[0],
                                        .files = o->files,
                                        .file_count = o->file_count,
                                        .folder = folder,
                                        .print = cli_print};

    if (o->operator_count > 1) {
        err_set(err, ERR_USAGE, "--types is for one operator at a time");
        return cli_fail(err, EXIT_BAD_USAGE);
    }
    return types_write(&types, err) < 0 ? cli_fail(err, EXIT_ERROR) : EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct check_options o = {.print = cli_print};
    struct option_values words = {0}, sets = {0}, overlays = {0}, files = {0};
    const char *format = "text", *folder = NULL;
    bool types = false;
    const struct option options[] = {
        {"--strict", NULL, NULL, "warnings fail too", OPTION_FLAG, &o.strict},
        {"--filename", "-f", "FILE",
         "more definitions of kinds, and objects to try the script with; may "
         "be repeated",
         OPTION_LIST, &files},
        OPTION_SET(&sets),
        OPTION_OVERLAY(&overlays),
        {"--output", "-o", "text|json",
         "form of the findings; text is what compilers print, for editors",
         OPTION_TEXT, &format},
        {"--types", NULL, NULL,
         "instead write types for editors, of the operator's kinds and of the "
         "library, and .luarc.json",
         OPTION_FLAG, &types},
        {"--folder", NULL, "DIR",
         "of --types: where; default types/ of the operator's folder",
         OPTION_TEXT, &folder},
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_check, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    if (words.count == 0) {
        err_set(&err, ERR_USAGE, "no operator is given");
        err_hint(&err, "tidelock check operators/website");
        return cli_fail(&err, EXIT_BAD_USAGE);
    }
    log_setup(LOG_WARN, LOG_TEXT, clock_real());
    o.operators = words.items;
    o.operator_count = words.count;
    o.bundle.sets = sets.items;
    o.bundle.set_count = sets.count;
    o.bundle.overlays = overlays.items;
    o.bundle.overlay_count = overlays.count;
    o.files = files.items;
    o.file_count = files.count;
    o.json = strcmp(format, "json") == 0;
    o.color = cli_color();
    if (types)
        return write_types(&o, folder, &err);
    if (folder) {
        err_set(&err, ERR_USAGE,
                "--folder is where --types writes: it goes "
                "with that");
        return cli_fail(&err, EXIT_BAD_USAGE);
    }
    code = check_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_check = {
    .name = "check",
    .group = "Write",
    .summary = "find mistakes in an operator before it runs",
    .usage = "check OPERATOR... [flags]",
    .about =
        "Reads the script without a cluster: syntax, names that do not exist, "
        "kinds that are\nread or applied and not declared, fields that the "
        "schemas do not have, what is\ndeclared and never used. Then runs it "
        "with the objects of its examples/ folder, as\n'plan --offline' "
        "would, and looks at every object it declares. A comment takes a\n"
        "finding away, with the reason: -- tidelock: ignore unused-variable "
        "kept for v2.\nEach finding has a code that 'tidelock explain CODE' "
        "knows.",
    .examples = "  tidelock check operators/website\n"
                "  tidelock check operators/*/ --strict -o json\n"
                "  tidelock check operators/website --types\n",
    .run = run,
};
