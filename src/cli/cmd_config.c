/*
 * cmd_config.c -- tidelock config: what `run` with the same flags would go by.
 */
#include <stdio.h>
#include <string.h>

#include "app/runtime.h"
#include "base/value.h"
#include "config_rows.h"

/* `run`'s rows and one more. */
static struct {
    struct option rows[CONFIG_MAX_ROWS + 2];
    const char *format;
} table;

static void build_table(void)
{
    const struct option *rows = run_rows();
    size_t n = 0;

    table.rows[n++] = (struct option){
        "--output",
        "-o",
        "text|yaml|json",
        "text is a file for --config; the others say where values are from",
        OPTION_TEXT,
        &table.format};
    for (; rows->name && n <= CONFIG_MAX_ROWS; rows++)
        table.rows[n++] = *rows;
    table.rows[n] = (struct option){0};
}

/* ---- values ---- */

static struct value *list_value(struct arena *a,
                                const struct option_values *list)
{
    struct value *v = value_array(a);

    for (size_t i = 0; v && i < list->count; i++)
        if (value_append(a, v, value_string(a, list->items[i])) < 0)
            return NULL;
    return v;
}

static struct value *row_value(struct arena *a, const struct option *row)
{
    switch (row->kind) {
    case OPTION_FLAG:
        return value_bool(a, *(bool *)row->target);
    case OPTION_TEXT:
        return value_string(a, *(const char **)row->target);
    case OPTION_LIST:
        break;
    }
    return list_value(a, row->target);
}

static int add(struct arena *a, struct value *list, const char *key,
               struct value *value, const char *from)
{
    struct value *v = value_object(a);

    if (!v || !value || value_set(a, v, "name", value_string(a, key)) < 0 ||
        value_set(a, v, "from", value_string(a, from ? from : "default")) < 0 ||
        (from && value_set(a, v, "value", value) < 0))
        return -ERR_NOMEM;
    return value_append(a, list, v);
}

/* A list of {name, value, from}, in the order of --help; a default has no
 * value: --help says what it is. */
static struct value *collect(struct arena *a, const struct option_values *words,
                             const struct config_origins *from)
{
    struct value *list = value_array(a);
    const struct option *rows = run_rows();
    char key[64];

    if (!list ||
        add(a, list, "operators", list_value(a, words), from->words) < 0)
        return NULL;
    for (size_t i = 0; rows[i].name; i++) {
        struct value *v =
            from->rows[i] ? row_value(a, &rows[i]) : value_null(a);

        if (strcmp(rows[i].name, "--config") == 0)
            continue;
        config_key(&rows[i], key, sizeof key);
        if (add(a, list, key, v, from->rows[i]) < 0)
            return NULL;
    }
    return list;
}

/* ---- printing ---- */

static int print_document(struct arena *a, struct value *list, bool json,
                          struct str *out, struct err *err)
{
    struct value *doc = value_object(a);

    if (!doc ||
        value_set(a, doc, "apiVersion",
                  value_string(a, "tidelock.dev/v1alpha1")) < 0 ||
        value_set(a, doc, "kind", value_string(a, "EffectiveConfiguration")) <
            0 ||
        value_set(a, doc, "settings", list) < 0)
        return err_nomem(err);
    return json ? value_print_pretty(doc, out, err)
                : value_print_yaml(doc, 0, out, err);
}

/* "logFormat: json   # FILE:4"; a list is one line of JSON, which is YAML. */
static int print_text(const struct value *list, struct str *out,
                      struct err *err)
{
    int rc = 0;

    str_add(out, "apiVersion: tidelock.dev/v1alpha1\nkind: Configuration\n");
    for (uint32_t i = 0; rc == 0 && i < list->count; i++) {
        const struct value *v = list->as.items[i];
        const struct value *value = value_get(v, "value");

        if (!value) {
            str_addf(out, "# %s: default\n", value_text_at(v, "name"));
            continue;
        }
        str_addf(out, "%s: ", value_text_at(v, "name"));
        rc = value_print(value, out, err);
        str_addf(out, "  # %s\n", value_text_at(v, "from"));
    }
    return rc;
}

static int run(int argc, char **argv)
{
    const struct option_values *words;
    struct config_origins from;
    struct arena a = {0};
    struct str out = {0};
    struct err err = {0};
    struct value *list;
    int rc;

    build_table();
    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_config, table.rows);
        return EXIT_OK;
    }
    if (run_read(argc, argv, table.rows, &words, &from, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    list = collect(&a, words, &from);
    if (!list)
        rc = err_nomem(&err);
    else if (!table.format || strcmp(table.format, "text") == 0)
        rc = print_text(list, &out, &err);
    else
        rc = print_document(&a, list, strcmp(table.format, "json") == 0, &out,
                            &err);
    if (rc == 0)
        cli_print(NULL, str_text(&out), out.len);
    str_release(&out);
    arena_release(&a);
    return rc < 0 ? cli_fail(&err, EXIT_ERROR) : EXIT_OK;
}

const struct command cmd_config = {
    .name = "config",
    .group = "Operate",
    .summary = "print what run would go by, and where each value is from",
    .usage = "config [OPERATOR...] [flags]",
    .about = "Prints the configuration that 'tidelock run' with the same "
             "arguments would have:\nflags, then the file of --config, then "
             "defaults. A mistake in either is found\nbefore anything runs.",
    .examples = "  tidelock config --config tidelock.yaml\n"
                "  tidelock config operators/website --log-format json "
                "> tidelock.yaml\n",
    .run = run,
};
