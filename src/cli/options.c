/*
 * options.c -- see options.h for the contract.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/workers.h"
#include "base/str.h"

static const struct option *find(const struct option *options, const char *word,
                                 size_t len)
{
    for (; options->name; options++) {
        if (strlen(options->name) == len &&
            strncmp(options->name, word, len) == 0)
            return options;
        if (options->letter && strlen(options->letter) == len &&
            strncmp(options->letter, word, len) == 0)
            return options;
    }
    return NULL;
}

static int unknown(const struct option *options, const char *word,
                   struct err *err)
{
    const char *best = NULL;
    unsigned distance = 4;

    for (; options->name; options++) {
        unsigned d = text_distance(options->name, word);

        if (d < distance) {
            distance = d;
            best = options->name;
        }
    }
    err_set(err, ERR_USAGE, "unknown flag '%s'", word);
    if (best)
        return err_hint(err, "did you mean %s?", best);
    return err_hint(err, "--help lists the flags");
}

/* ---- what the column of the value says ---- */

bool options_choice(const struct option *o, size_t i, const char **ret_word,
                    size_t *ret_len)
{
    const char *word = o->value;

    if (!word || !strchr(word, '|'))
        return false;
    for (; i > 0; i--) {
        word = strchr(word, '|');
        if (!word)
            return false;
        word++;
    }
    *ret_word = word;
    *ret_len = strcspn(word, "|");
    return true;
}

bool options_is_path(const struct option *o)
{
    return text_equal(o->value, "FILE") || text_equal(o->value, "DIR");
}

/* A whole word of the line: NAME is not in FILENAME. */
bool options_takes(const struct command *command, const char *word)
{
    size_t len = strlen(word);
    const char *at = command->usage;

    while ((at = strstr(at, word))) {
        bool begins = at == command->usage || strchr(" [", at[-1]);

        at += len;
        if (begins && (!*at || strchr(" ].", *at)))
            return true;
    }
    return false;
}

/* "-o is text, json or yaml, not 'xml'"; `word` is the flag as it was given. */
static int check_choice(const struct option *o, const char *flag,
                        const char *value, struct err *err)
{
    struct str list = {0};
    const char *word, *after;
    size_t len, more;

    for (size_t i = 0; options_choice(o, i, &word, &len); i++) {
        if (strlen(value) == len && strncmp(value, word, len) == 0) {
            str_release(&list);
            return 0;
        }
        if (i > 0)
            str_add(&list,
                    options_choice(o, i + 1, &after, &more) ? ", " : " or ");
        str_addn(&list, word, len);
    }
    if (list.len > 0)
        err_set(err, ERR_USAGE, "%s is %s, not '%s'", flag, str_text(&list),
                value);
    str_release(&list);
    return err->code == ERR_NONE ? 0 : -(int)err->code;
}

static int store_value(const struct option *o, const char *flag,
                       const char *value, struct err *err)
{
    struct option_values *list = o->target;
    int rc = check_choice(o, flag, value, err);

    if (rc < 0)
        return rc;
    if (o->kind == OPTION_TEXT) {
        *(const char **)o->target = value;
        return 0;
    }
    if (list->count == OPTION_MAX_VALUES)
        return err_set(err, ERR_USAGE, "%s is given more than %d times",
                       o->name, OPTION_MAX_VALUES);
    list->items[list->count++] = value;
    return 0;
}

int options_set(const struct option *o, const char *value, struct err *err)
{
    return store_value(o, o->name, value, err);
}

/* One flag at argv[*i]; takes the next word when it is its value. */
static int parse_flag(const struct option *options, int argc, char **argv,
                      int *i, struct err *err)
{
    const char *word = argv[*i];
    const char *eq = word[1] == '-' ? strchr(word, '=') : NULL;
    size_t len = eq ? (size_t)(eq - word) : strlen(word);
    const struct option *o = find(options, word, len);

    if (!o)
        return unknown(options, word, err);
    if (o->kind == OPTION_FLAG) {
        if (eq)
            return err_set(err, ERR_USAGE, "%s takes no value", o->name);
        *(bool *)o->target = true;
        return 0;
    }
    if (eq)
        return store_value(o, o->name, eq + 1, err);
    if (*i + 1 >= argc)
        return err_set(err, ERR_USAGE, "%s needs a value: %s %s", o->name,
                       o->name, o->value);
    *i += 1;
    return store_value(o, word, argv[*i], err);
}

int options_parse(const struct option *options, int argc, char **argv,
                  struct option_values *words, struct err *err)
{
    bool flags = true;
    int rc = 0;

    for (int i = 0; i < argc && rc == 0; i++) {
        if (flags && strcmp(argv[i], "--") == 0)
            flags = false;
        else if (flags && argv[i][0] == '-' && argv[i][1])
            rc = parse_flag(options, argc, argv, &i, err);
        else if (words->count == OPTION_MAX_VALUES)
            rc = err_set(err, ERR_USAGE, "too many arguments");
        else
            words->items[words->count++] = argv[i];
    }
    return rc;
}

bool options_want_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            return false;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

/* ---- the rows, printed or visited ---- */

static options_visit_fn visitor; /* while options_visit() runs */
static void *visitor_arg;

void options_visit(options_visit_fn fn, void *arg)
{
    static char flag[] = "--help";
    char *help[] = {flag, NULL};

    visitor = fn;
    visitor_arg = arg;
    for (size_t i = 0; cli_commands[i]; i++)
        cli_commands[i]->run(1, help);
    visitor = NULL;
}

void options_head(const struct option *o, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s%s", o->letter ? o->letter : "",
             o->letter ? ", " : "    ", o->name, o->value ? " " : "",
             o->value ? o->value : "");
}

void options_print_help(const struct command *command,
                        const struct option *options)
{
    if (visitor) {
        visitor(visitor_arg, command, options);
        return;
    }
    cli_print_named(command->about);
    printf("\n\nUsage: %s %s\n\n", cli_program(), command->usage);
    if (options->name)
        printf("Options:\n");
    for (; options->name; options++) {
        char head[64];

        options_head(options, head, sizeof(head));
        printf("  %-28s %s\n", head, options->help);
    }
    printf("\nExamples:\n");
    cli_print_named(command->examples);
    printf("\n");
    printf("Exit codes: 0 fine, 1 error, 2 the plan has changes, 3 usage.\n");
}

void cli_tell(const char *lead, const char *text)
{
    struct str line = {0};

    str_add(&line, lead);
    str_add_visible(&line, text, "         ");
    fprintf(stderr, "%s\n", str_text(&line));
    str_release(&line);
}

int options_number(const char *flag, const char *text, unsigned most,
                   unsigned *ret, struct err *err)
{
    int64_t n;

    if (!text)
        return 0;
    if (!text_to_int64(text, strlen(text), &n) || n < 1 || n > most)
        return err_set(err, ERR_USAGE, "%s is a number from 1 to %u, not '%s'",
                       flag, most, text);
    *ret = (unsigned)n;
    return 0;
}

int options_workers(const char *text, unsigned *ret, struct err *err)
{
    int64_t n = workers_default();

    if (text &&
        (!text_to_int64(text, strlen(text), &n) || n < 0 || n > WORKERS_MAX)) {
        err_set(err, ERR_USAGE, "--workers is a number from 0 to %d, not '%s'",
                WORKERS_MAX, text);
        return err_hint(err, "0 runs scripts in this process, where they are "
                             "bounded but not confined");
    }
    *ret = (unsigned)n;
    return 0;
}

int options_count(const char *flag, const char *text, unsigned *value,
                  const unsigned **ret, struct err *err)
{
    int64_t n;

    if (!text)
        return 0;
    if (!text_to_int64(text, strlen(text), &n) || n < 0 || n > UINT32_MAX)
        return err_set(err, ERR_USAGE, "%s is a number from 0 on, not '%s'",
                       flag, text);
    *value = (unsigned)n;
    *ret = value;
    return 0;
}

static bool is_about_the_cluster(enum err_code code)
{
    return code == ERR_CONNECT || code == ERR_TLS || code == ERR_TIMEOUT ||
           code == ERR_PROTOCOL || code == ERR_UNAUTHORIZED;
}

int cli_fail(const struct err *err, int code)
{
    cli_tell("tidelock: ", err->msg);
    if (*err->hint)
        cli_tell("  hint: ", err->hint);
    else if (is_about_the_cluster(err->code))
        cli_tell("  hint: ", "'tidelock doctor' looks at the connection");
    return code;
}

bool cli_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (no_color && *no_color)
        return false;
    return isatty(STDOUT_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

void cli_print(void *arg, const char *text, size_t len)
{
    (void)arg;
    fwrite(text, 1, len, stdout);
    fflush(stdout);
}
