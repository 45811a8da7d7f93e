/*
 * cmd_rbac.c -- tidelock rbac OPERATOR...
 */
#include <string.h>

#include "app/rbac.h"
#include "app/runtime.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

static int check(const struct rbac_options *o, const char *format,
                 struct err *err)
{
    if (o->operator_count == 0) {
        err_set(err, ERR_USAGE, "no operator is given");
        return err_hint(err, "tidelock rbac operators/website");
    }
    if (o->check && o->offline)
        return err_set(err, ERR_USAGE,
                       "--check asks a cluster: it cannot be --offline");
    if (o->check && format)
        return err_set(err, ERR_USAGE,
                       "--check prints no roles: -o has no meaning there");
    if (o->file_count > 0 && !o->offline) {
        err_set(err, ERR_USAGE, "-f goes with --offline");
        return err_hint(err, "the server tells which kinds it has");
    }
    return 0;
}

static int run(int argc, char **argv)
{
    struct rbac_options o = {.print = cli_print};
    struct option_values words = {0}, files = {0}, overlays = {0};
    const char *format = NULL;
    const struct option options[] = {
        {"--check", NULL, NULL,
         "print no role; ask the cluster which of "
         "these rights you lack",
         OPTION_FLAG, &o.check},
        {"--namespace", "-n", "NAME",
         "as for run: only this namespace; the "
         "default is all",
         OPTION_TEXT, &o.ns},
        {"--output", "-o", "yaml|json",
         "form of the roles; yaml has the reasons", OPTION_TEXT, &format},
        {"--name", NULL, "NAME", "of the roles; default tidelock-OPERATOR",
         OPTION_TEXT, &o.name},
        {"--lease-name", NULL, "NAME", "as for run; default tidelock",
         OPTION_TEXT, &o.lease},
        {"--lease-namespace", NULL, "NAME",
         "where the Lease is; default the "
         "connection's namespace",
         OPTION_TEXT, &o.lease_ns},
        {"--offline", NULL, NULL,
         "no cluster: built-in kinds, and crd.yaml "
         "of each operator",
         OPTION_FLAG, &o.offline},
        {"--filename", "-f", "FILE",
         "--offline: more definitions of kinds; "
         "may be repeated",
         OPTION_LIST, &files},
        OPTION_OVERLAY(&overlays),
        OPTION_KUBECONFIG(&o.cluster.kubeconfig),
        OPTION_CONTEXT(&o.cluster.context),
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_rbac, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    o.operators = words.items;
    o.operator_count = words.count;
    o.bundle.overlays = overlays.items;
    o.bundle.overlay_count = overlays.count;
    o.files = files.items;
    o.file_count = files.count;
    if (check(&o, format, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    o.json = format && strcmp(format, "json") == 0;
    log_setup(LOG_WARN, LOG_TEXT, clock_real());
    code = rbac_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_rbac = {
    .name = "rbac",
    .group = "Install",
    .summary = "the roles that operators need, and nothing else",
    .usage = "rbac OPERATOR... [flags]",
    .about =
        "Prints the ClusterRole, and the Roles for what is in one namespace "
        "only, that a\nprocess with these operators needs: from their "
        "declarations, each rule with the\none that asks for it. What a "
        "script does to objects it does not own is in no\ndeclaration; the "
        "comments at the top say what that would take. Bind the roles to\nthe "
        "user or service account that runs tidelock. --check asks whether the "
        "current\nuser has them: 0 when nothing is missing, else 1.",
    .examples =
        "  tidelock rbac operators/website --offline > role.yaml\n"
        "  tidelock rbac operators/website --namespace web "
        "--lease-namespace web | kubectl apply -f -\n"
        "  tidelock rbac operators/website --check --context production\n",
    .run = run,
};
