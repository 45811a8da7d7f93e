/*
 * cmd_bundle.c -- tidelock bundle OPERATOR...
 */
#include <string.h>

#include "app/package.h"
#include "app/runtime.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

static enum package_form form_of(const char *text)
{
    if (strcmp(text, "kustomize") == 0)
        return PACKAGE_KUSTOMIZE;
    return strcmp(text, "helm") == 0 ? PACKAGE_HELM : PACKAGE_MANIFESTS;
}

static int read_replicas(const char *text, unsigned *ret, struct err *err)
{
    int64_t n;

    if (!text)
        return 0;
    if (!text_to_int64(text, strlen(text), &n) || n < 1 || n > 1000)
        return err_set(err, ERR_USAGE, "--replicas '%s' is no such number",
                       text);
    *ret = (unsigned)n;
    return 0;
}

static int run(int argc, char **argv)
{
    struct package_options o = {.dir = "-", .replicas = 2, .print = cli_print};
    struct option_values words = {0}, files = {0}, overlays = {0}, sets = {0};
    struct option_values editors = {0};
    const char *form = "manifests", *replicas = NULL;
    const struct option options[] = {
        {"--output", "-o", "DIR", "a folder; default '-', one stream",
         OPTION_TEXT, &o.dir},
        {"--format", NULL, "manifests|kustomize|helm",
         "plain, a base, or a chart; default manifests", OPTION_TEXT, &form},
        {"--namespace", "-n", "NAME",
         "where it runs; default as the name; a chart's is that of its release",
         OPTION_TEXT, &o.ns},
        {"--namespaced", NULL, NULL,
         "watch that namespace only, with a Role; it is there already",
         OPTION_FLAG, &o.namespaced},
        {"--name", NULL, "NAME", "of everything; default tidelock-OPERATOR",
         OPTION_TEXT, &o.name},
        {"--image", NULL, "IMAGE", "default tidelock:VERSION", OPTION_TEXT,
         &o.image},
        {"--replicas", NULL, "N", "one works, the others stand by; default 2",
         OPTION_TEXT, &replicas},
        {"--monitor", NULL, NULL, "with a ServiceMonitor (Prometheus operator)",
         OPTION_FLAG, &o.monitor},
        {"--editors", NULL, "GROUP",
         "only this group may change scripts; may be repeated", OPTION_LIST,
         &editors},
        {"--skip-crds", NULL, NULL, "without the operators' definitions",
         OPTION_FLAG, &o.skip_crds},
        {"--filename", "-f", "FILE",
         "definitions of kinds of others; may be repeated", OPTION_LIST,
         &files},
        OPTION_SET(&sets),
        OPTION_OVERLAY(&overlays),
        {0},
    };
    struct err err = {0};
    int rc;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_bundle, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0 ||
        read_replicas(replicas, &o.replicas, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    if (words.count == 0) {
        err_set(&err, ERR_USAGE, "no operator is given");
        err_hint(&err, "tidelock bundle operators/website");
        return cli_fail(&err, EXIT_BAD_USAGE);
    }
    o.form = form_of(form);
    o.operators = words.items;
    o.operator_count = words.count;
    o.bundle = (struct bundle_options){.sets = sets.items,
                                       .set_count = sets.count,
                                       .overlays = overlays.items,
                                       .overlay_count = overlays.count};
    o.files = files.items;
    o.file_count = files.count;
    o.editors = editors.items;
    o.editor_count = editors.count;
    log_setup(LOG_WARN, LOG_TEXT, clock_real());
    rc = package_run(&o, &err);
    if (rc < 0)
        return cli_fail(&err, rc == -ERR_USAGE ? EXIT_BAD_USAGE : EXIT_ERROR);
    return EXIT_OK;
}

const struct command cmd_bundle = {
    .name = "bundle",
    .group = "Install",
    .summary = "everything that runs operators inside a cluster",
    .usage = "bundle OPERATOR... [flags]",
    .about =
        "Prints what 'kubectl apply -f -' installs: a namespace, definitions, "
        "the roles of\n'tidelock rbac', the scripts as ConfigMaps, and a "
        "Deployment that runs them, with\nits Service, disruption budget and "
        "network policy. Needs no cluster; the same\noperators give the same "
        "bytes. A folder that holds anything else is left alone.",
    .examples = "  tidelock bundle operators/website | kubectl apply -f -\n"
                "  tidelock bundle operators/website --format helm "
                "-o charts/website --image registry.example.com/tidelock:1\n",
    .run = run,
};
