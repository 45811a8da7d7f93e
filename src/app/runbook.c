/*
 * runbook.c -- see runbook.h for the contract.
 *
 * DESIGN
 *
 * Sections in the order in which somebody asks at night: what is this, what
 * does it touch, what does it decide and why, where do I look, how do I stop
 * it, how do I get rid of it. Conditions are shown as the source of `when`: a
 * description may be wrong, the source is what runs. The rights are those that
 * `tidelock rbac --offline` prints.
 */
#include "app/runbook.h"

#include <ctype.h>
#include <string.h>

#include "app/rbac.h"
#include "app/runtime.h"
#include "core/diff.h"

struct runbook {
    const struct operator_decl *d;
    const struct bundle *bundle;
    struct str out;
};

/* ---- words ---- */

/* Text of an operator inside a line or a cell of a table. */
static void add_text(struct runbook *r, const char *text)
{
    for (; text && *text; text++) {
        if (*text == '|')
            str_addc(&r->out, '\\');
        str_addc(&r->out, (unsigned char)*text < 0x20 ? ' ' : *text);
    }
}

/* "workerpool": kubectl takes the kind in small letters. */
static void add_small(struct runbook *r, const char *kind)
{
    for (; *kind; kind++)
        str_addc(&r->out, (char)tolower((unsigned char)*kind));
}

static void add_kind(struct runbook *r, const struct gvk *gvk)
{
    str_addf(&r->out, "| `%s %s` | ", gvk->api_version, gvk->kind);
}

/* The lines of a function, as they stand in its file. */
static void add_source(struct runbook *r, const struct operator_code *code)
{
    const struct bundle_files *files = &r->bundle->files;
    const char *at = NULL, *end = NULL;

    for (size_t i = 0; i < files->count; i++) {
        const char *name = files->items[i].name;

        if (text_starts(name, SCRIPT_OVERLAY))
            name += sizeof SCRIPT_OVERLAY - 1;
        if (text_equal(name, code->file)) {
            at = files->items[i].text;
            end = at + files->items[i].len;
        }
    }
    if (!at)
        return;
    str_add(&r->out, "\n```lua\n");
    for (int n = 1; at < end && n <= code->last; n++) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        size_t len = line ? (size_t)(line - at) : (size_t)(end - at);

        if (n >= code->first) {
            str_addn(&r->out, at, len);
            str_addc(&r->out, '\n');
        }
        at += len + (line != NULL);
    }
    str_add(&r->out, "```\n");
}

/* ---- what it is, what it touches ---- */

static void add_overlays(struct runbook *r)
{
    for (size_t i = 0; i < r->d->overlays_count; i++) {
        const struct operator_overlay *o = &r->d->overlays[i];

        if (!o->applied)
            continue;
        str_addf(&r->out, "\nChanged by the overlay `%s`", o->place);
        if (o->description) {
            str_add(&r->out, ": ");
            add_text(r, o->description);
        }
        str_add(&r->out, "\n");
    }
}

static void add_title(struct runbook *r)
{
    str_addf(&r->out, "# Runbook of %s\n\n", r->d->name);
    if (r->d->description) {
        add_text(r, r->d->description);
        str_add(&r->out, "\n\n");
    }
    str_add(&r->out, "Made by `tidelock runbook` from the script; change that, "
                     "not this.\n");
    add_overlays(r);
}

static void add_read(struct runbook *r, const struct operator_read *read)
{
    add_kind(r, &read->gvk);
    str_add(&r->out, "looked at");
    if (read->by_name)
        str_add(&r->out, ", those that an object names");
    if (read->labels)
        str_addf(&r->out, ", with labels `%s`", read->labels);
    if (read->fields)
        str_addf(&r->out, ", with fields `%s`", read->fields);
    if (read->scope == READ_ALL)
        str_add(&r->out, ", in all namespaces");
    else if (read->scope == READ_NAMED)
        str_addf(&r->out, ", in namespace `%s`", read->ns);
    str_add(&r->out, " |\n");
}

static void add_kinds(struct runbook *r)
{
    const struct operator_decl *d = r->d;

    str_add(&r->out,
            "\n## What it watches and writes\n\n| kind | |\n|---|---|\n");
    add_kind(r, &d->root);
    str_addf(&r->out, "what it works for; its status%s is written |\n",
             d->has_finalize ? " and its finalizer" : "");
    for (size_t i = 0; i < d->owns_count; i++) {
        add_kind(r, &d->owns[i].gvk);
        str_add(&r->out, d->owns[i].retired
                             ? "former children: removed, never made |\n"
                             : "children: made, changed and removed |\n");
    }
    for (size_t i = 0; i < d->reads_count; i++)
        add_read(r, &d->reads[i]);
    str_addf(&r->out,
             "\nFields are written as field manager `%s`; children carry the "
             "label\n`" LABEL_OPERATOR "=%s` and belong to their object.\n",
             d->field_manager, d->name);
}

static void add_parameters(struct runbook *r)
{
    const struct operator_decl *d = r->d;
    struct err err = {0};

    if (!d->parameters_count)
        return;
    str_add(&r->out, "\n## Parameters\n\n"
                     "| name | value here | |\n|---|---|---|\n");
    for (size_t i = 0; i < d->parameters_count; i++) {
        const struct operator_parameter *p = &d->parameters[i];
        const struct value *v = value_get(r->bundle->params, p->name);

        str_addf(&r->out, "| `%s` | `", p->name);
        if (v)
            value_print(v, &r->out, &err);
        str_add(&r->out, "` | ");
        add_text(r, p->description);
        str_add(&r->out, " |\n");
    }
}

/* ---- what it decides ---- */

static void add_exit(struct runbook *r, size_t n)
{
    str_add(&r->out, "\nIt ends when that does not hold any more");
    for (size_t i = 0; i < n; i++)
        str_addf(&r->out, "%s`%s`",
                 i == 0       ? ", or when a row above it holds: "
                 : i + 1 == n ? " or "
                              : ", ",
                 r->d->rows[i].id);
    str_add(&r->out, ".\n");
}

static void add_effect(struct runbook *r, const struct operator_row *row)
{
    if (row->hold && r->d->has_desired)
        str_add(&r->out, "\nNothing else is applied and nothing is removed "
                         "while it holds: the object's wishes have to "
                         "wait.\n");
    else if (row->hold)
        str_add(&r->out, "\nNothing is removed.\n");
    if (row->plan.file)
        str_addf(&r->out, "\nWhat it does is at `%s:%d`.\n", row->plan.file,
                 row->plan.first);
}

static void add_row(struct runbook *r, size_t n)
{
    const struct operator_row *row = &r->d->rows[n];

    str_addf(&r->out, "\n### %zu. `%s`\n", n + 1, row->id);
    if (row->description) {
        str_add(&r->out, "\n");
        add_text(r, row->description);
        str_add(&r->out, "\n");
    }
    str_add(&r->out, row->why ? "\nReason: " : "\nReason: made from the state");
    add_text(r, row->why);
    str_add(&r->out, ".\n");
    if (!row->place) {
        str_add(&r->out, "\nThe row of every object that no row above holds "
                         "for.\n");
        return;
    }
    str_addf(&r->out, "\nHolds by `%s:%d` (fingerprint `%s`):\n",
             row->when.file, row->when.first, row->fingerprint);
    add_source(r, &row->when);
    add_effect(r, row);
    add_exit(r, n);
}

static void add_decisions(struct runbook *r)
{
    const struct operator_decl *d = r->d;

    str_add(&r->out, "\n## What it decides\n\n");
    if (!d->rows_count)
        str_add(&r->out, "It has no decision table: its functions decide.\n");
    else
        str_addf(&r->out,
                 "The rows are asked in this order for each %s; the first that "
                 "holds is the one.\n%s",
                 d->root.kind,
                 d->has_desired ? "What should always be there is declared "
                                  "besides, unless the row holds it back.\n"
                                : "");
    for (size_t i = 0; i < d->rows_count; i++)
        add_row(r, i);
    str_add(&r->out, "\n| function | at | fingerprint |\n|---|---|---|\n");
    for (size_t i = 0; i < d->hooks_count; i++)
        str_addf(&r->out, "| `%s` | `%s:%d` | `%s` |\n", d->hooks[i].name,
                 d->hooks[i].code.file ? d->hooks[i].code.file : "?",
                 d->hooks[i].code.first, d->hooks[i].fingerprint);
}

/* ---- where to look, how to stop ---- */

static void add_command(struct runbook *r, const char *verb, const char *rest)
{
    str_addf(&r->out, "kubectl %s ", verb);
    add_small(r, r->d->root.kind);
    str_addf(&r->out, "%s\n", rest);
}

static void add_looking(struct runbook *r)
{
    const bool rows = r->d->rows_count > 0;

    str_add(&r->out, "\n## Where to look\n\n```\n");
    add_command(r, "describe", " NAME -n NAMESPACE");
    str_addf(&r->out, "tidelock plan %s NAME -n NAMESPACE\n```\n\n",
             r->d->name);
    str_add(&r->out,
            "| condition `Reconciled` | |\n|---|---|\n"
            "| `True`, `Applied` | all that was declared was carried out |\n");
    if (rows && r->d->has_desired)
        str_add(&r->out, "| `False`, `Held` | a row keeps the object's wishes "
                         "back: the message names it |\n");
    str_add(&r->out, "| `False`, any other reason | it failed: the message "
                     "says why, and `tidelock explain` what helps |\n");
    if (rows)
        str_addf(&r->out,
                 "\nThe message names the row; an Event tells when it becomes "
                 "another one. Objects by row:\n"
                 "`tidelock_row_objects{operator=\"%s\"}`.\n",
                 r->d->name);
}

static void add_stopping(struct runbook *r)
{
    str_add(&r->out, "\n## Stop it for one object\n\n```\n");
    add_command(r, "annotate",
                " NAME -n NAMESPACE --overwrite " ANNOTATION_MODE "=pause");
    str_add(
        &r->out,
        "```\n\n| `" ANNOTATION_MODE "` | |\n|---|---|\n"
        "| `pause` | the script is not even asked |\n"
        "| `plan` | it is asked, what it would do is in the log, nothing is "
        "written |\n"
        "| `apply` | as without the annotation |\n");
    str_add(&r->out, "\n## Stop all of it, and leave\n\n"
                     "Stopping the process changes nothing in the cluster: "
                     "children stay and go on working.\n\n");
    str_addf(&r->out,
             "Deleting a %s deletes its children, through their owner "
             "references; to keep them:\n\n```\n",
             r->d->root.kind);
    add_command(r, "delete", " NAME -n NAMESPACE --cascade=orphan");
    str_add(&r->out, "```\n");
    if (r->d->has_finalize)
        str_addf(&r->out,
                 "\nObjects carry the finalizer `%s`: they are not gone before "
                 "`finalize` is done. Delete them\nwhile the process runs, or "
                 "take the finalizer off by hand.\n",
                 r->d->finalizer);
}

static void collect(void *arg, const char *text, size_t len)
{
    str_addn(arg, text, len);
}

static int add_rights(struct runbook *r, const struct runbook_options *o,
                      struct err *err)
{
    struct str text = {0};
    const struct rbac_options options = {.operators = &o->operator_path,
                                         .operator_count = 1,
                                         .bundle = o->bundle,
                                         .offline = true,
                                         .print = collect,
                                         .print_arg = &text};

    if (rbac_run(&options, err) == EXIT_OK)
        str_addf(&r->out, "\n## Rights that it needs\n\n```yaml\n%s```\n",
                 str_text(&text));
    if (text.failed)
        r->out.failed = text.failed;
    str_release(&text);
    return err->code == ERR_NONE ? 0 : -(int)err->code;
}

/* ---- all of it ---- */

static int write_book(struct runbook *r, const struct runbook_options *o,
                      struct err *err)
{
    int rc;

    add_title(r);
    add_kinds(r);
    add_parameters(r);
    add_decisions(r);
    add_looking(r);
    add_stopping(r);
    rc = add_rights(r, o, err);
    if (rc == 0)
        rc = str_check(&r->out, "the runbook", err);
    if (rc == 0)
        o->print(o->arg, r->out.data, r->out.len);
    return rc;
}

int runbook_run(const struct runbook_options *options, struct err *err)
{
    struct arena a = {0};
    struct bundle bundle = {0};
    struct runbook r = {.bundle = &bundle};
    int rc =
        bundle_load(&a, options->operator_path, &options->bundle, &bundle, err);

    if (rc == 0) {
        r.d = bundle.decl;
        rc = bundle_check_overlays(&r.d, 1, err);
    }
    if (rc == 0)
        rc = write_book(&r, options, err);
    str_release(&r.out);
    bundle_release(&bundle);
    arena_release(&a);
    return rc == 0 ? EXIT_OK : EXIT_ERROR;
}
