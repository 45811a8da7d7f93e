/*
 * completion.c -- see completion.h; what the three shells share, and bash.
 *
 * The scripts are static: they know the commands and flags of the program that
 * wrote them and never run it, so a slow cluster cannot slow a shell down.
 */
#include "completion.h"

#include <string.h>

#include "app/explain.h"

const char *const completion_shells[] = {"bash", "zsh", "fish", NULL};

bool completion_takes_path(const struct command *command)
{
    return options_takes(command, "OPERATOR") ||
           options_takes(command, "FILE") || options_takes(command, "FIXTURE");
}

static void add_word(struct str *out, const char *word)
{
    if (out->len > 0)
        str_addc(out, ' ');
    str_add(out, word);
}

static void add_codes(struct str *out)
{
    struct explanation e = {0};
    const char *name;
    size_t len;

    while (explain_next(&e))
        for (size_t i = 0; explain_name(&e, i, &name, &len); i++)
            str_addf(out, "%s%.*s", out->len ? " " : "", (int)len, name);
}

void completion_words(const struct command *command, struct str *out)
{
    if (options_takes(command, "COMMAND"))
        for (size_t i = 0; cli_commands[i]; i++)
            add_word(out, cli_commands[i]->name);
    if (options_takes(command, "CODE"))
        add_codes(out);
    if (options_takes(command, "SHELL"))
        for (size_t i = 0; completion_shells[i]; i++)
            add_word(out, completion_shells[i]);
}

void completion_quote(struct str *out, const char *text, const char *special,
                      const char *quote)
{
    for (; *text; text++) {
        if (*text == '\'') {
            str_add(out, quote);
            continue;
        }
        if (strchr(special, *text))
            str_addc(out, '\\');
        str_addc(out, *text);
    }
}

/* ---- bash ---- */

/* "        plan:-o | plan:--output) words='text json yaml' ;;" */
static void add_values(void *arg, const struct command *command,
                       const struct option *options)
{
    struct str *out = arg;

    for (const struct option *o = options; o->name; o++) {
        const char *word;
        size_t len;

        if (!o->value)
            continue;
        str_add(out, "    ");
        if (o->letter)
            str_addf(out, "%s:%s | ", command->name, o->letter);
        str_addf(out, "%s:%s) ", command->name, o->name);
        if (options_is_path(o)) {
            str_add(out, "paths=f ;;\n");
            continue;
        }
        str_add(out, "words='");
        for (size_t i = 0; options_choice(o, i, &word, &len); i++)
            str_addf(out, "%s%.*s", i ? " " : "", (int)len, word);
        str_add(out, "' ;;\n");
    }
}

static void add_flags(void *arg, const struct command *command,
                      const struct option *options)
{
    struct str *out = arg;
    struct str words = {0};

    completion_words(command, &words);
    str_addf(out, "        %s) flags='", command->name);
    for (const struct option *o = options; o->name; o++)
        str_addf(out, "%s%s%s ", o->letter ? o->letter : "",
                 o->letter ? " " : "", o->name);
    str_addf(out, "--help' words='%s' paths=%s ;;\n", str_text(&words),
             completion_takes_path(command) ? "f" : "");
    str_release(&words);
}

void completion_bash(struct str *out)
{
    str_add(out, "# bash completion of tidelock, written by\n"
                 "#     tidelock completion bash\n"
                 "_tidelock() {\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]}\n"
                 "    local before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                 "    local command=${COMP_WORDS[1]} flags='' words='' "
                 "paths=''\n\n"
                 "    COMPREPLY=()\n"
                 "    # --flag=value comes in three words\n"
                 "    if [[ $word == '=' ]]; then\n"
                 "        word=''\n"
                 "    elif [[ $before == '=' ]]; then\n"
                 "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
                 "    fi\n"
                 "    if ((COMP_CWORD == 1)); then\n"
                 "        command='' flags='--help --version' words='");
    for (size_t i = 0; cli_commands[i]; i++)
        str_addf(out, "%s%s", i ? " " : "", cli_commands[i]->name);
    str_add(out, "'\n    fi\n"
                 "    case $command:$before in\n");
    options_visit(add_values, out);
    str_add(out, "    *)\n        case $command in\n");
    options_visit(add_flags, out);
    str_add(out, "        esac\n        ;;\n    esac\n"
                 "    if [[ $word == -* ]]; then\n"
                 "        words=$flags paths=''\n"
                 "    fi\n"
                 "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
                 "\"$word\")\n"
                 "    if [[ $paths ]]; then\n"
                 "        mapfile -t COMPREPLY < <(compgen \"-$paths\" -- "
                 "\"$word\")\n"
                 "        compopt -o filenames 2>/dev/null\n"
                 "    fi\n"
                 "}\n"
                 "complete -F _tidelock tidelock\n");
}
