/*
 * cmd_completion.c -- tidelock completion SHELL
 */
#include <string.h>

#include "app/runtime.h"
#include "completion.h"

static int usage(const struct option_values *words, struct err *err)
{
    if (words->count == 1)
        err_set(err, ERR_USAGE, "there is no completion for '%s'",
                words->items[0]);
    else
        err_set(err, ERR_USAGE, "completion takes the name of one shell");
    return err_hint(err, "bash, zsh or fish: tidelock completion bash");
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{0}};
    static void (*const write[])(struct str *) = {
        [COMPLETION_BASH] = completion_bash,
        [COMPLETION_ZSH] = completion_zsh,
        [COMPLETION_FISH] = completion_fish,
    };
    struct option_values words = {0};
    struct str out = {0};
    struct err err = {0};
    size_t shell = 0;
    int rc;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_completion, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    while (words.count == 1 && completion_shells[shell] &&
           strcmp(completion_shells[shell], words.items[0]) != 0)
        shell++;
    if (words.count != 1 || !completion_shells[shell]) {
        usage(&words, &err);
        return cli_fail(&err, EXIT_BAD_USAGE);
    }
    write[shell](&out);
    rc = str_check(&out, "the completion", &err);
    if (rc == 0)
        cli_print(NULL, str_text(&out), out.len);
    str_release(&out);
    return rc == 0 ? EXIT_OK : cli_fail(&err, EXIT_ERROR);
}

const struct command cmd_completion = {
    .name = "completion",
    .group = "About",
    .summary = "completion of commands and flags for bash, zsh or fish",
    .usage = "completion SHELL",
    .about = "Prints a script that completes commands, flags, their values and "
             "files. It is\nwritten from the rows that --help prints, and "
             "never runs tidelock. For good:\nput it where the shell looks "
             "(bash: ~/.local/share/bash-completion/completions/tidelock,\n"
             "zsh: _tidelock in a folder of $fpath, fish: "
             "~/.config/fish/completions/tidelock.fish).",
    .examples = "  source <(tidelock completion bash)\n"
                "  tidelock completion zsh > \"${fpath[1]}/_tidelock\"\n"
                "  tidelock completion fish | source\n",
    .run = run,
};
