/*
 * completion_fish.c -- the completion for fish: a line for each row.
 */
#include "completion.h"

#define QUOTE "\\'"

static void add_lead(struct str *out, const struct command *command)
{
    str_addf(out, "complete -c tidelock -n '__fish_seen_subcommand_from %s'",
             command->name);
}

static void add_option(struct str *out, const struct option *o)
{
    const char *word;
    size_t len;

    if (o->letter)
        str_addf(out, " -s %s", o->letter + 1);
    str_addf(out, " -l %s", o->name + 2);
    if (o->value)
        str_add(out, options_is_path(o) ? " -r -F" : " -x");
    for (size_t i = 0; options_choice(o, i, &word, &len); i++)
        str_addf(out, "%s%.*s", i ? " " : " -a '", (int)len, word);
    if (options_choice(o, 0, &word, &len))
        str_addc(out, '\'');
    str_add(out, " -d '");
    completion_quote(out, o->help, "\\", QUOTE);
    str_add(out, "'\n");
}

static void add_command(void *arg, const struct command *command,
                        const struct option *options)
{
    struct str *out = arg;
    struct str words = {0};

    for (const struct option *o = options; o->name; o++) {
        add_lead(out, command);
        add_option(out, o);
    }
    add_lead(out, command);
    str_add(out, " -l help -d 'how to use it'\n");
    completion_words(command, &words);
    if (words.len > 0) {
        add_lead(out, command);
        str_addf(out, " -a '%s'\n", str_text(&words));
    } else if (completion_takes_path(command)) {
        add_lead(out, command);
        str_add(out, " -F\n");
    }
    str_release(&words);
}

void completion_fish(struct str *out)
{
    str_add(out, "# fish completion of tidelock, written by\n"
                 "#     tidelock completion fish\n"
                 "complete -c tidelock -f\n"
                 "complete -c tidelock -n __fish_use_subcommand -l help\n"
                 "complete -c tidelock -n __fish_use_subcommand -l version\n");
    for (size_t i = 0; cli_commands[i]; i++) {
        str_addf(out,
                 "complete -c tidelock -n __fish_use_subcommand -a %s -d '",
                 cli_commands[i]->name);
        completion_quote(out, cli_commands[i]->summary, "\\", QUOTE);
        str_add(out, "'\n");
    }
    options_visit(add_command, out);
}
