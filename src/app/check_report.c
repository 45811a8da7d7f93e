/*
 * check_report.c -- findings for people, editors and programs.
 *
 * A finding is a line as compilers print them, "file:line:column: error:
 * message [code]": editors read that.
 */
#include "check_impl.h"

#include <string.h>

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define FAINT "\033[2m"
#define PLAIN "\033[0m"

static const char *paint(const struct check *c, const char *color)
{
    return c->options->color ? color : "";
}

static const char *level_name(const struct finding *f)
{
    return f->level == CHECK_ERROR ? "error" : "warning";
}

/* Sources are named within the operator; other files as they were given. */
static void add_path(const struct check *c, const char *file, struct str *out)
{
    bool own = strcmp(file, "operator.lua") == 0;

    for (size_t i = 0; i < c->source_count && !own; i++)
        own = strcmp(c->sources[i].name, file) == 0;
    if (!own)
        str_add(out, file);
    else if (text_ends(c->path, ".lua"))
        str_add(out, c->path);
    else
        str_addf(out, "%s%s%s", c->path, text_ends(c->path, "/") ? "" : "/",
                 file);
}

static void add_place(const struct check *c, const struct finding *f,
                      struct str *out)
{
    add_path(c, f->file, out);
    if (f->line)
        str_addf(out, ":%u", f->line);
    if (f->line && f->column)
        str_addf(out, ":%u", f->column);
}

static void add_more(struct str *out, const char *lead, const char *text)
{
    if (!text)
        return;
    str_addf(out, "  %s: ", lead);
    str_add_visible(out, text, "    ");
    str_addc(out, '\n');
}

static void add_finding(const struct check *c, const struct finding *f,
                        struct str *out)
{
    const char *color = f->level == CHECK_ERROR ? RED : YELLOW;

    str_add(out, paint(c, BOLD));
    add_place(c, f, out);
    str_addf(out, ":%s %s%s:%s ", paint(c, PLAIN), paint(c, color),
             level_name(f), paint(c, PLAIN));
    str_add_visible(out, f->message, "  ");
    str_addf(out, " %s[%s]%s\n", paint(c, FAINT), f->code, paint(c, PLAIN));
    add_more(out, "hint", f->hint);
    add_more(out, "seen", f->when);
}

/* ---- what is declared ---- */

static void add_owns(const struct operator_decl *d, struct str *out)
{
    for (size_t i = 0; i < d->owns_count; i++)
        str_addf(out, "%s%s %s%s", i ? ", " : "  owns        ",
                 d->owns[i].gvk.api_version, d->owns[i].gvk.kind,
                 d->owns[i].retired ? " (retired)" : "");
    str_add(out, d->owns_count ? "\n" : "");
}

static void add_reads(const struct operator_decl *d, struct str *out)
{
    static const char *const scopes[] = {"", " of all namespaces", "", ""};

    for (size_t i = 0; i < d->reads_count; i++) {
        const struct operator_read *r = &d->reads[i];

        str_addf(out, "%s%s %s%s", i ? ", " : "  reads       ",
                 r->gvk.api_version, r->gvk.kind, scopes[r->scope]);
        if (r->scope == READ_NAMED)
            str_addf(out, " of '%s'", r->ns);
        if (r->by_name)
            str_add(out, " by name");
        if (r->metadata_only)
            str_add(out, ", metadata only");
        else if (r->kept)
            str_addf(out, ", only %s", r->kept);
    }
    str_add(out, d->reads_count ? "\n" : "");
}

static int add_parameters(const struct operator_decl *d, struct str *out,
                          struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < d->parameters_count && rc == 0; i++) {
        const struct operator_parameter *p = &d->parameters[i];

        str_addf(out, "%s%s: %s", i ? ", " : "  parameters  ", p->name,
                 p->type);
        str_add(out, p->otherwise ? " = " : ", must be set");
        if (p->otherwise)
            rc = value_print(p->otherwise, out, err);
    }
    str_add(out, d->parameters_count ? "\n" : "");
    return rc;
}

static int add_declaration(const struct check *c, struct str *out,
                           struct err *err)
{
    const struct operator_decl *d = c->decl;
    int rc;

    str_addf(out, "%s%s%s: %s %s\n", paint(c, BOLD), d->name, paint(c, PLAIN),
             d->root.api_version, d->root.kind);
    add_owns(d, out);
    add_reads(d, out);
    rc = add_parameters(d, out, err);
    for (size_t i = 0; i < d->memory_count; i++)
        str_addf(out, "%s%s", i ? ", " : "  memory      ", d->memory[i]);
    str_add(out, d->memory_count ? "\n" : "");
    if (d->has_finalize)
        str_add(out, "  finalize    cleans up before an object goes\n");
    if (d->reads_secret_values)
        str_add(out, "  secrets     are read in clear\n");
    return rc;
}

static void add_count(struct str *out, const char *lead, size_t count,
                      const char *what)
{
    str_addf(out, "%s%zu %s%s", lead, count, what, count == 1 ? "" : "s");
}

static size_t count_level(const struct check *c, enum check_level level)
{
    size_t n = 0;

    for (size_t i = 0; i < c->found.count; i++)
        n += c->found.items[i].level == level;
    return n;
}

/* The code of the first error, else of the first warning. */
static const char *worst(const struct check *c)
{
    for (size_t i = 0; i < c->found.count; i++)
        if (c->found.items[i].level == CHECK_ERROR)
            return c->found.items[i].code;
    return c->found.items[0].code;
}

static void add_sum(const struct check *c, struct str *out)
{
    size_t errors = count_level(c, CHECK_ERROR);
    size_t warnings = count_level(c, CHECK_WARNING);

    add_count(out, "", c->source_count, "file");
    add_count(out, ", ", c->tried, "example");
    add_count(out, ": ", errors, "error");
    add_count(out, ", ", warnings, "warning");
    if (c->ignored)
        str_addf(out, ", %zu ignored by comments", c->ignored);
    str_add(out, "\n");
    if (errors + warnings > 0)
        str_addf(out, "'tidelock explain %s' tells more.\n", worst(c));
}

int check_print_text(const struct check *c, struct str *out, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < c->found.count; i++)
        add_finding(c, &c->found.items[i], out);
    str_add(out, c->found.count ? "\n" : "");
    if (c->decl)
        rc = add_declaration(c, out, err);
    add_sum(c, out);
    return rc < 0 ? rc : str_check(out, "the findings", err);
}

/* ---- for programs ---- */

static struct value *kind_value(struct arena *a, const struct gvk *gvk)
{
    struct value *v = value_object(a);

    if (!v ||
        value_set(a, v, "apiVersion", value_string(a, gvk->api_version)) < 0 ||
        value_set(a, v, "kind", value_string(a, gvk->kind)) < 0)
        return NULL;
    return v;
}

static struct value *finding_value(const struct check *c, struct arena *a,
                                   const struct finding *f)
{
    struct value *v = value_object(a);
    struct str path = {0};
    int rc = v ? 0 : -ERR_NOMEM;

    add_path(c, f->file, &path);
    if (rc == 0)
        rc = value_set_text(a, v, "file", str_text(&path));
    if (rc == 0 && f->line)
        rc = value_set(a, v, "line", value_integer(a, f->line));
    if (rc == 0 && f->column)
        rc = value_set(a, v, "column", value_integer(a, f->column));
    if (rc == 0)
        rc = value_set_text(a, v, "level", level_name(f));
    if (rc == 0)
        rc = value_set_text(a, v, "code", f->code);
    if (rc == 0)
        rc = value_set_text(a, v, "message", f->message);
    if (rc == 0)
        rc = value_set_text(a, v, "hint", f->hint);
    if (rc == 0)
        rc = value_set_text(a, v, "seen", f->when);
    str_release(&path);
    return rc == 0 ? v : NULL;
}

static int add_kinds(const struct check *c, struct arena *a, struct value *out)
{
    struct value *owns = value_array(a), *reads = value_array(a);
    const struct operator_decl *d = c->decl;
    int rc = owns && reads ? 0 : -ERR_NOMEM;

    for (size_t i = 0; i < d->owns_count && rc == 0; i++) {
        struct value *v = kind_value(a, &d->owns[i].gvk);

        rc = value_append(a, owns, v);
        if (rc == 0 && d->owns[i].retired)
            rc = value_set(a, v, "retired", value_bool(a, true));
    }
    for (size_t i = 0; i < d->reads_count && rc == 0; i++)
        rc = value_append(a, reads, kind_value(a, &d->reads[i].gvk));
    if (rc == 0)
        rc = value_set(a, out, "owns", owns);
    if (rc == 0)
        rc = value_set(a, out, "reads", reads);
    if (rc == 0)
        rc = value_set_text(a, out, "name", d->name);
    if (rc == 0)
        rc = value_set(a, out, "resource", kind_value(a, &d->root));
    return rc;
}

struct value *check_value(const struct check *c, struct arena *a)
{
    struct value *v = value_object(a), *list = value_array(a);
    int rc = v && list ? value_set_text(a, v, "path", c->path) : -ERR_NOMEM;

    for (size_t i = 0; i < c->found.count && rc == 0; i++)
        rc = value_append(a, list, finding_value(c, a, &c->found.items[i]));
    if (rc == 0)
        rc = value_set(a, v, "findings", list);
    if (rc == 0 && c->decl)
        rc = add_kinds(c, a, v);
    return rc == 0 ? v : NULL;
}
