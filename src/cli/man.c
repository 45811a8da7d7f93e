/*
 * man.c -- see man.h. Plain man(7) macros: every man program knows them.
 */
#include "man.h"

#include <string.h>

#include "base/version.h"
#include "options.h"

/* Text for roff: a hyphen that can be copied into a shell, no stray request at
 * the beginning of a line. Blanks at the ends are the caller's. */
static void add_text(struct str *out, const char *text)
{
    bool begins = true;

    for (; *text; text++) {
        if (begins && (*text == '.' || *text == '\''))
            str_add(out, "\\&");
        if (*text == '\\')
            str_add(out, "\\e");
        else if (*text == '-')
            str_add(out, "\\-");
        else
            str_addc(out, *text);
        begins = *text == '\n';
    }
}

static void add_line(struct str *out, const char *text)
{
    add_text(out, text);
    str_addc(out, '\n');
}

/* "-o, --output text|json" with the flags bold and the value slanted. */
static void add_option(struct str *out, const struct option *o)
{
    str_add(out, ".TP\n");
    if (o->letter) {
        str_add(out, "\\fB");
        add_text(out, o->letter);
        str_add(out, "\\fR, ");
    }
    str_add(out, "\\fB");
    add_text(out, o->name);
    str_add(out, "\\fR");
    if (o->value) {
        str_add(out, " \\fI");
        add_text(out, o->value);
        str_add(out, "\\fR");
    }
    str_addc(out, '\n');
    add_line(out, o->help);
}

static void add_command(void *arg, const struct command *command,
                        const struct option *options)
{
    struct str *out = arg;

    str_add(out, ".SS tidelock ");
    add_line(out, command->usage);
    add_line(out, command->about);
    for (const struct option *o = options; o->name; o++)
        add_option(out, o);
    str_add(out, ".PP\nExamples:\n.PP\n.nf\n");
    add_text(out, command->examples);
    str_add(out, ".fi\n");
}

static void add_list(struct str *out)
{
    const char *group = "";

    for (size_t i = 0; cli_commands[i]; i++) {
        const struct command *c = cli_commands[i];

        if (strcmp(group, c->group) != 0) {
            str_add(out, *group ? ".PP\n" : "");
            add_text(out, c->group);
            str_add(out, ":\n");
        }
        group = c->group;
        str_add(out, ".TP\n\\fB");
        add_text(out, c->name);
        str_add(out, "\\fR\n");
        add_line(out, c->summary);
    }
}

static void add_end(struct str *out)
{
    static const char *const rows[][2] = {
        {"0", "fine"},
        {"1", "an error; a message on standard error says which"},
        {"2", "the plan has changes"},
        {"3", "wrong usage"},
    };
    static const char *const environment[][2] = {
        {"KUBECONFIG", "kubeconfig files, as kubectl reads them"},
        {"NO_COLOR", "no colours on a terminal either"},
    };

    str_add(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        str_addf(out, ".TP\n\\fB%s\\fR\n%s\n", rows[i][0], rows[i][1]);
    str_add(out, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < sizeof(environment) / sizeof(environment[0]); i++)
        str_addf(out, ".TP\n\\fB%s\\fR\n%s\n", environment[i][0],
                 environment[i][1]);
    str_add(out, ".SH SEE ALSO\n.BR kubectl (1)\n");
}

void man_page(struct str *out)
{
    str_addf(out, ".TH TIDELOCK 1 \"%s\" \"tidelock %s\" \"User Commands\"\n",
             version_date, version_text);
    str_add(out, ".SH NAME\n"
                 "tidelock \\- runs Kubernetes operators written as Lua "
                 "scripts\n"
                 ".SH SYNOPSIS\n"
                 ".B tidelock\n"
                 ".I COMMAND\n"
                 "[\\fIARGUMENT\\fR...]\n"
                 ".SH DESCRIPTION\n");
    add_list(out);
    str_add(out, ".SH COMMANDS\n");
    options_visit(add_command, out);
    add_end(out);
}
