/*
 * cmd_uninstall.c -- tidelock uninstall OPERATOR --orphan|--delete
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/leave.h"
#include "app/runtime.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

/* The name, typed again: a 'y' is typed too easily. */
static bool confirm(void *arg, const char *name)
{
    char line[128];

    (void)arg;
    fprintf(stderr, "Type the operator's name to go on: ");
    fflush(stderr);
    if (!fgets(line, sizeof(line), stdin))
        return false;
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, name) == 0)
        return true;
    cli_tell("tidelock: ", "nothing was done");
    return false;
}

static int check(const struct leave_options *o, bool orphan, bool yes,
                 size_t words, struct err *err)
{
    if (words != 1) {
        err_set(err, ERR_USAGE, "uninstall takes one operator");
        return err_hint(err, "tidelock uninstall operators/website --orphan");
    }
    if (orphan == o->children_go) {
        err_set(err, ERR_USAGE, "what becomes of its children?");
        return err_hint(err, "--orphan: they stay, and are nobody's; --delete: "
                             "they go");
    }
    if (!yes && !o->dry_run && !isatty(STDIN_FILENO)) {
        err_set(err, ERR_USAGE, "there is nobody to ask");
        return err_hint(err, "--dry-run shows what would be done, --yes does "
                             "it");
    }
    return 0;
}

static int run(int argc, char **argv)
{
    struct leave_options o = {.print = cli_print};
    struct option_values words = {0};
    bool orphan = false, yes = false;
    const struct option options[] = {
        {"--orphan", NULL, NULL, "its children stay, and are nobody's",
         OPTION_FLAG, &orphan},
        {"--delete", NULL, NULL, "its children are deleted", OPTION_FLAG,
         &o.children_go},
        {"--dry-run", NULL, NULL, "only print what would be done", OPTION_FLAG,
         &o.dry_run},
        {"--yes", NULL, NULL, "do not ask", OPTION_FLAG, &yes},
        {"--force", NULL, NULL, "although it is running", OPTION_FLAG,
         &o.force},
        {"--namespace", "-n", "NAME",
         "only what is in this namespace; the default is all", OPTION_TEXT,
         &o.ns},
        OPTION_KUBECONFIG(&o.cluster.kubeconfig),
        OPTION_CONTEXT(&o.cluster.context),
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_uninstall, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0 ||
        check(&o, orphan, yes, words.count, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    o.operator_name = words.items[0];
    o.confirm = yes ? NULL : confirm;
    log_setup(LOG_ERROR, LOG_TEXT, clock_real());
    code = leave_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_uninstall = {
    .name = "uninstall",
    .group = "Install",
    .summary = "let go of everything an operator holds",
    .usage = "uninstall OPERATOR --orphan|--delete [flags]",
    .about =
        "Takes an operator's finalizers, owner references, labels and "
        "annotations off the\nobjects of a cluster and its mark off the Lease; "
        "with --delete its children go.\nIts own objects stay, and so does "
        "what a script lets outlive them. OPERATOR is its\nfolder, or its "
        "name where the script is lost; finalize is not run. End the process"
        "\nfirst: one that holds its Lease is not uninstalled.",
    .examples = "  tidelock uninstall operators/website --orphan --dry-run\n"
                "  tidelock uninstall website --delete --yes\n",
    .run = run,
};
