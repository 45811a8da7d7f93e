/*
 * completion.h -- completions for shells, written from the rows of the
 *                 commands (options.h).
 */
#ifndef TIDELOCK_CLI_COMPLETION_H
#define TIDELOCK_CLI_COMPLETION_H

#include "base/str.h"
#include "options.h"

enum completion_shell {
    COMPLETION_BASH,
    COMPLETION_ZSH,
    COMPLETION_FISH,
    COMPLETION_SHELLS
};
extern const char *const completion_shells[]; /* names, NULL-terminated */

void completion_bash(struct str *out);
void completion_zsh(struct str *out);
void completion_fish(struct str *out);

/* What may stand where `command` takes a word: paths, or these words (appended
 * to `out` with blanks between them; nothing where there is no telling). */
bool completion_takes_path(const struct command *command);
void completion_words(const struct command *command, struct str *out);
/* `text` between single quotes of a shell; each of `special` gets a backslash.
 * `quote` is what stands for a single quote within them. */
void completion_quote(struct str *out, const char *text, const char *special,
                      const char *quote);

#endif
