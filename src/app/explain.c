/*
 * explain.c -- see include/app/explain.h. An entry is what stands between two
 *              headings "## NAME[, NAME]"; the title "# ..." names its group.
 */
#include "app/explain.h"

#include <ctype.h>
#include <string.h>

#include "base/embed.h"

#define ENTRY "\n## "
#define CODE_MAX 64
#define BOLD "\033[1m"
#define FAINT "\033[2m"
#define PLAIN "\033[0m"

/* ---- reading ---- */

static const struct embed_file *file_of(const struct explanation *e)
{
    const struct embed_file *f = embed_explain_files;

    while (e->names && f->name &&
           !(e->names >= f->text && e->names < f->text + f->len))
        f++;
    return f;
}

static void set_entry(struct explanation *e, const struct embed_file *f,
                      const char *heading)
{
    const char *end = strchr(heading, '\n');
    const char *stop = strstr(heading, ENTRY);

    e->group = f->text + strspn(f->text, "# ");
    e->group_len = strcspn(e->group, "\n");
    e->names = heading;
    e->names_len = (size_t)(end - heading);
    e->body = end + strspn(end, "\n");
    e->body_len = stop ? (size_t)(stop - e->body) : strlen(e->body);
    while (e->body_len > 0 && e->body[e->body_len - 1] == '\n')
        e->body_len--;
}

bool explain_next(struct explanation *e)
{
    const struct embed_file *f = file_of(e);
    const char *from = e->names;

    for (; f->name; f++, from = NULL) {
        const char *heading = strstr(from ? from : embed_text(f), ENTRY);

        if (!heading)
            continue;
        set_entry(e, f, heading + sizeof(ENTRY) - 1);
        return true;
    }
    return false;
}

bool explain_name(const struct explanation *e, size_t i, const char **ret_name,
                  size_t *ret_len)
{
    const char *end = e->names + e->names_len;
    const char *at = e->names;

    for (; i > 0; i--) {
        at = memchr(at, ',', (size_t)(end - at));
        if (!at)
            return false;
        at += 2;
    }
    *ret_name = at;
    *ret_len = 0;
    while (at + *ret_len < end && at[*ret_len] != ',')
        *ret_len += 1;
    return true;
}

/* ---- finding ---- */

/* "EmptyPlan", "EMPTY_PLAN" and "empty-plan" are one. */
static void normalise(const char *text, size_t len, char out[CODE_MAX])
{
    size_t at = 0;

    for (size_t i = 0; i < len && at < CODE_MAX - 1; i++)
        if (isalnum((unsigned char)text[i]))
            out[at++] = (char)tolower((unsigned char)text[i]);
    out[at] = '\0';
}

/* The name that is nearest so far. */
struct nearest {
    const char *name;
    size_t len;
    unsigned distance;
};

/* How far off, first without regard to the spelling, then with it. */
static unsigned distance_of(const char *name, size_t len, const char *code)
{
    char a[CODE_MAX], b[CODE_MAX], as_it_is[CODE_MAX];

    normalise(name, len, a);
    normalise(code, strlen(code), b);
    if (len >= CODE_MAX)
        len = CODE_MAX - 1;
    memcpy(as_it_is, name, len);
    as_it_is[len] = '\0';
    return text_distance(a, b) * CODE_MAX + text_distance(as_it_is, code);
}

bool explain_find(const char *code, struct explanation *ret, struct err *err)
{
    struct explanation e = {0};
    struct nearest near = {.distance = (strlen(code) < 6 ? 2 : 4) * CODE_MAX};
    const char *name;
    size_t len;

    while (explain_next(&e))
        for (size_t i = 0; explain_name(&e, i, &name, &len); i++) {
            unsigned distance = distance_of(name, len, code);

            if (distance < CODE_MAX && *code) {
                *ret = e;
                return true;
            }
            if (distance < near.distance)
                near = (struct nearest){name, len, distance};
        }
    err_set(err, ERR_USAGE, "there is no code '%s'", code);
    if (near.name)
        err_hint(err, "did you mean %.*s?", (int)near.len, near.name);
    else
        err_hint(err, "'tidelock explain' lists them; the reasons that a "
                      "script writes are its own");
    return false;
}

/* ---- printing ---- */

/* One line of Markdown: marks of bold text become bold, fences become an
 * indent. */
static void print_line(const char *line, size_t len, bool color,
                       struct str *out)
{
    bool bold = false;

    for (size_t i = 0; i < len; i++) {
        if (i + 1 < len && line[i] == '*' && line[i + 1] == '*') {
            bold = !bold;
            str_add(out, !color ? "" : bold ? BOLD : PLAIN);
            i++;
        } else
            str_addc(out, line[i]);
    }
    str_addc(out, '\n');
}

void explain_print(const struct explanation *e, bool color, struct str *out)
{
    const char *end = e->body + e->body_len;
    bool code = false;

    str_addf(out, "%s%.*s%s\n\n", color ? BOLD : "", (int)e->names_len,
             e->names, color ? PLAIN : "");
    for (const char *at = e->body; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);

        if (len >= 3 && memcmp(at, "```", 3) == 0)
            code = !code;
        else if (code)
            str_addf(out, "    %.*s\n", (int)len, at);
        else
            print_line(at, len, color, out);
        at += len + 1;
    }
}

void explain_print_list(bool color, struct str *out)
{
    struct explanation e = {0};
    const char *group = NULL;

    while (explain_next(&e)) {
        const char *name;
        size_t len;

        if (e.group != group)
            str_addf(out, "%s%s%.*s%s\n\n", group ? "\n" : "",
                     color ? BOLD : "", (int)e.group_len, e.group,
                     color ? PLAIN : "");
        group = e.group;
        explain_name(&e, 0, &name, &len);
        str_addf(out, "  %-22.*s %.*s\n", (int)len, name,
                 (int)strcspn(e.body, "\n"), e.body);
    }
    str_add(out, "\n'tidelock explain CODE' tells what it means, how it comes "
                 "about and what to do.\n");
}
