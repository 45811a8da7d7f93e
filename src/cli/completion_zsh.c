/*
 * completion_zsh.c -- the completion for zsh: _arguments from the rows.
 */
#include "completion.h"

#define SPECIAL "[]:\\" /* what _arguments reads in a description */
#define QUOTE "'\\''"

/* "[help]:FILE:_files", "[help]:FORMAT:(text json)", "[help]" */
static void add_tail(struct str *out, const struct option *o)
{
    const char *word;
    size_t len;

    str_addc(out, '[');
    completion_quote(out, o->help, SPECIAL, QUOTE);
    str_addc(out, ']');
    if (!o->value)
        return;
    if (options_is_path(o)) {
        str_addf(out, ":%s:_files", o->value);
        return;
    }
    if (!options_choice(o, 0, &word, &len)) {
        str_addf(out, ":%s: ", o->value);
        return;
    }
    str_add(out, ":value:(");
    for (size_t i = 0; options_choice(o, i, &word, &len); i++)
        str_addf(out, "%s%.*s", i ? " " : "", (int)len, word);
    str_addc(out, ')');
}

static void add_option(struct str *out, const struct option *o)
{
    const char *repeat = o->kind == OPTION_LIST ? "*" : "";
    const char *equals = o->value ? "=" : "";

    str_add(out, "            ");
    if (o->letter && o->kind != OPTION_LIST)
        str_addf(out, "'(%s %s)'", o->letter, o->name);
    if (o->letter)
        str_addf(out, "'%s'{%s,%s%s}'", repeat, o->letter, o->name, equals);
    else
        str_addf(out, "'%s%s%s", repeat, o->name, equals);
    add_tail(out, o);
    str_add(out, "' \\\n");
}

static void add_command(void *arg, const struct command *command,
                        const struct option *options)
{
    struct str *out = arg;
    struct str words = {0};

    completion_words(command, &words);
    str_addf(out, "    %s)\n        _arguments -s -S \\\n", command->name);
    for (const struct option *o = options; o->name; o++)
        add_option(out, o);
    str_add(out, "            '--help[how to use it]'");
    if (words.len > 0)
        str_addf(out, " \\\n            '*:word:(%s)'", str_text(&words));
    else if (completion_takes_path(command))
        str_add(out, " \\\n            '*:file:_files'");
    str_add(out, "\n        ;;\n");
    str_release(&words);
}

void completion_zsh(struct str *out)
{
    str_add(out, "#compdef tidelock\n"
                 "# zsh completion of tidelock, written by\n"
                 "#     tidelock completion zsh\n"
                 "_tidelock() {\n"
                 "    local command=$words[2]\n"
                 "    local -a commands=(\n");
    for (size_t i = 0; cli_commands[i]; i++) {
        str_addf(out, "        '%s:", cli_commands[i]->name);
        completion_quote(out, cli_commands[i]->summary, ":\\", QUOTE);
        str_add(out, "'\n");
    }
    str_add(out, "    )\n"
                 "    if ((CURRENT == 2)); then\n"
                 "        _describe -t commands command commands\n"
                 "        return\n"
                 "    fi\n"
                 "    shift words\n"
                 "    ((CURRENT--))\n"
                 "    case $command in\n");
    options_visit(add_command, out);
    str_add(out, "    esac\n"
                 "}\n"
                 "# autoloaded as a function of that name, or sourced\n"
                 "if [[ $funcstack[1] == _tidelock ]]; then\n"
                 "    _tidelock \"$@\"\n"
                 "else\n"
                 "    compdef _tidelock tidelock\n"
                 "fi\n");
}
