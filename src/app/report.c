/*
 * report.c -- see report.h for the contract.
 *
 * DESIGN
 *
 * Each pass becomes an `item` with its text and, for JSON and YAML, a tree in
 * the report's arena. Items are sorted by namespace and name at the end, so
 * that two runs over the same objects print the same bytes.
 */
#include "app/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report_impl.h"

#define COLUMN 47 /* where the script line stands, as in note 01 */

struct item {
    char *ns, *name;
    char *text;
    struct value *value; /* in the report's arena */
};

struct report {
    struct report_options options;
    struct arena arena;
    struct item *items;
    size_t count, cap;
    struct value *operator_writes;
    struct str head; /* the same as text, before the items */
    struct report_counts counts;
};

/* ---- text ---- */

static const char *paint(const struct report *r, enum change_verb verb)
{
    if (!r->options.color)
        return "";
    switch (change_verb_sign(verb)[0]) {
    case '+':
        return "\033[32m";
    case '-':
        return "\033[31m";
    default:
        return "\033[33m";
    }
}

static const char *unpaint(const struct report *r)
{
    return r->options.color ? "\033[0m" : "";
}

static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* "  + Deployment default/blog           operator.lua:31   reason" */
static void add_line(struct report *r, struct str *out, const struct str *head,
                     const struct change *c)
{
    const size_t width = width_of(str_text(head));
    const char *line = c->line;
    const char *reason = c->reason;

    str_addf(out, "%s%s%s", paint(r, c->verb), str_text(head), unpaint(r));
    if (head->failed)
        out->failed = head->failed;
    if (!line && !reason) {
        str_addc(out, '\n');
        return;
    }
    for (size_t w = width; w + 1 < COLUMN; w++)
        str_addc(out, ' ');
    if (width >= COLUMN)
        str_add(out, "  "); /* a long line keeps a visible gap */
    str_addf(out, " %s%s%s\n", line ? line : "", line && reason ? "   " : "",
             reason ? reason : "");
}

void report_add_scalar(struct str *out, const struct value *v, bool sensitive)
{
    struct err err = {0};

    if (!v)
        str_add(out, "(absent)");
    else if (sensitive || v->sensitive)
        str_add(out, "(sensitive)");
    else if (v->type == VALUE_STRING && !report_needs_quotes(v))
        str_addn(out, v->as.string, v->count);
    else if (report_print_value(v, out, &err) < 0)
        out->failed = err.code;
}

static void add_field(struct str *out, const char *indent,
                      const struct change_field *f)
{
    str_addf(out, "%s%s: ", indent, f->path);
    report_add_scalar(out, f->before, f->sensitive);
    str_add(out, " -> ");
    report_add_scalar(out, f->after, f->sensitive);
    str_addc(out, '\n');
}

/* "  ~ status .conditions[type=Ready]: True -> False   operator.lua:38" */
static void add_status_line(struct report *r, struct str *out,
                            const struct change *c,
                            const struct change_field *f)
{
    struct str head = {0};
    struct change one = *c;

    one.reason = NULL;
    str_addf(&head, "  ~ status %s: ", f->path);
    report_add_scalar(&head, f->before, f->sensitive);
    str_add(&head, " -> ");
    report_add_scalar(&head, f->after, f->sensitive);
    add_line(r, out, &head, &one);
    str_release(&head);
}

static struct value *find_condition(const struct value *list, const char *type)
{
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text_at(list->as.items[i], "type"), type))
            return list->as.items[i];
    return NULL;
}

/* What a person wants to know of a condition: its status; where that is the
 * same, why. */
static void add_condition(struct report *r, struct str *out,
                          const struct change *c, const struct value *before,
                          const struct value *after)
{
    static const char *const keys[] = {"status", "reason", "message"};
    const struct value *any = after ? after : before;
    char path[256];

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct change_field f = {.path = path,
                                 .before = value_get(before, keys[i]),
                                 .after = value_get(after, keys[i])};

        if (f.before && f.after && value_equal(f.before, f.after))
            continue;
        snprintf(path, sizeof(path), ".conditions[type=%s]%s%s",
                 value_text_at(any, "type"), i ? "." : "", i ? keys[i] : "");
        add_status_line(r, out, c, &f);
        return;
    }
}

static void add_conditions(struct report *r, struct str *out,
                           const struct change *c)
{
    const struct value *after = value_path(c->body, "status.conditions");
    const struct value *before = NULL;
    struct arena a = {0};
    struct value *live;
    struct err err = {0};

    if (c->live && snapshot_value(c->live, &a, &live, &err) < 0)
        out->failed = err.code;
    else if (c->live)
        before = value_path(live, "status.conditions");
    for (uint32_t i = 0; value_is(after, VALUE_ARRAY) && i < after->count; i++)
        add_condition(
            r, out, c,
            find_condition(before, value_text_at(after->as.items[i], "type")),
            after->as.items[i]);
    arena_release(&a);
}

/* A status has a line per field: there is nothing else to say of it. */
static void add_status(struct report *r, struct str *out,
                       const struct change *c)
{
    add_conditions(r, out, c);
    for (size_t i = 0; i < c->field_count; i++)
        if (!text_starts(c->fields[i].path, ".conditions"))
            add_status_line(r, out, c, &c->fields[i]);
}

/* A new object is one difference: it would only repeat the script. */
static bool shows_fields(enum change_verb verb)
{
    return verb == CHANGE_APPLY || verb == CHANGE_RECREATE ||
           verb == CHANGE_PATCH || verb == CHANGE_SCALE;
}

static void add_change(struct report *r, struct str *out,
                       const struct change *c)
{
    struct str head = {0};

    if (c->verb == CHANGE_STATUS) {
        add_status(r, out, c);
        return;
    }
    str_addf(&head, "  %s %s ", change_verb_sign(c->verb), c->resource->kind);
    if (c->verb == CHANGE_ADD_FINALIZER || c->verb == CHANGE_REMOVE_FINALIZER)
        str_add(&head, "finalizer ");
    object_key_print(&c->key, &head);
    add_line(r, out, &head, c);
    for (size_t i = 0; shows_fields(c->verb) && i < c->field_count; i++)
        add_field(out, "      ", &c->fields[i]);
    if (c->verb != CHANGE_EVENT && !c->confirmed && !r->options.offline)
        str_add(out, "      computed, not confirmed by the server\n");
    str_release(&head);
}

static void add_notes(struct str *out, const struct changeset *cs)
{
    for (size_t i = 0; i < cs->note_count; i++) {
        const struct change_note *n = &cs->notes[i];

        str_addf(out, "  . %s ", n->ref.gvk.kind);
        object_key_print(&n->ref.key, out);
        str_add(out, "  ");
        str_add_visible(out, n->text, "    ");
        str_addc(out, '\n');
    }
}

static void add_error(struct str *out, const struct pass *pass)
{
    str_add(out, "  ! ");
    str_add_visible(out, pass->err->msg, "    ");
    if (*pass->err->hint) {
        str_add(out, "\n    hint: ");
        str_add_visible(out, pass->err->hint, "    ");
    }
    if (pass->trace) {
        str_add(out, "\n    ");
        str_add_visible(out, pass->trace, "    ");
    }
    str_addc(out, '\n');
}

/* "   row scale-up: 2 of 3 replicas   operator.lua:52", where the lines of the
 * changes have their place; `out` is at the end of the object's name. */
static void add_row(struct str *out, const struct pass *pass)
{
    size_t width = width_of(str_text(out));

    if (!pass->row)
        return;
    do
        str_addc(out, ' ');
    while (++width < COLUMN);
    str_addf(out, "row %s", pass->row->id);
    if (pass->why) {
        str_add(out, ": ");
        str_add_visible(out, pass->why, "    ");
    }
    if (pass->row->place)
        str_addf(out, "   %s", pass->row->place);
}

/* As declared, nothing to tell, and nothing that is kept back. */
static bool is_plain(const struct pass *pass)
{
    const struct changeset *cs = pass->cs;

    return pass->err->code == ERR_NONE && cs && cs->count == 0 &&
           cs->note_count == 0 && !pass->held;
}

static void pass_text(struct report *r, const struct pass *pass,
                      struct str *out)
{
    const struct changeset *cs = pass->cs;
    bool failed = pass->err->code != ERR_NONE;

    if (is_plain(pass))
        return;
    str_addf(out, "%s ", pass->root->kind);
    object_key_print(&pass->key, out);
    add_row(out, pass);
    if (pass->plan && pass->plan->nothing) {
        str_add(out, "   nothing: ");
        str_add_visible(out, pass->plan->nothing, "  ");
    }
    str_addc(out, '\n');
    for (size_t i = 0; cs && i < cs->count; i++)
        add_change(r, out, &cs->items[i]);
    if (cs)
        add_notes(out, cs);
    if (failed)
        add_error(out, pass);
}

/* ---- counting ---- */

static void count_pass(struct report *r, const struct pass *pass)
{
    bool status = false;

    r->counts.roots++;
    if (pass->err->code != ERR_NONE)
        r->counts.errors++;
    for (size_t i = 0; pass->cs && i < pass->cs->count; i++) {
        switch (pass->cs->items[i].verb) {
        case CHANGE_CREATE:
            r->counts.create++;
            break;
        case CHANGE_RECREATE:
            r->counts.recreate++;
            break;
        case CHANGE_DELETE:
        case CHANGE_PRUNE:
            r->counts.remove++;
            break;
        case CHANGE_STATUS:
            status = true;
            break;
        case CHANGE_EVENT:
            r->counts.events++;
            break;
        default:
            r->counts.change++;
            break;
        }
    }
    r->counts.status += status;
    if (pass->cs)
        r->counts.changes += pass->cs->count;
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    int rc = strcmp(x->ns, y->ns);

    return rc ? rc : strcmp(x->name, y->name);
}

/* ---- the interface ---- */

struct report *report_new(const struct report_options *options)
{
    struct report *r = mem_calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->options = *options;
    arena_init(&r->arena, 0);
    r->operator_writes = value_array(&r->arena);
    if (r->operator_writes)
        return r;
    report_free(r);
    return NULL;
}

void report_free(struct report *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        mem_free(r->items[i].ns);
        mem_free(r->items[i].name);
        mem_free(r->items[i].text);
    }
    mem_free(r->items);
    str_release(&r->head);
    arena_release(&r->arena);
    mem_free(r);
}

static void emit(struct report *r, const char *text, size_t len)
{
    r->options.print(r->options.arg, text, len);
}

static int keep_item(struct report *r, const struct pass *pass,
                     struct str *text, struct value *value)
{
    void *items = r->items;
    struct item *item;

    if (mem_grow(&items, &r->cap, r->count + 1, sizeof(*item)) < 0)
        return -ERR_NOMEM;
    r->items = items;
    item = &r->items[r->count++];
    item->ns = mem_strdup(pass->key.ns);
    item->name = mem_strdup(pass->key.name);
    item->text = str_take(text);
    item->value = value;
    return item->ns && item->name ? 0 : -ERR_NOMEM;
}

int report_pass(struct report *r, const struct pass *pass, struct err *err)
{
    struct str text = {0};
    struct value *value = NULL;
    int rc = 0;

    count_pass(r, pass);
    if (r->options.format == REPORT_TEXT)
        pass_text(r, pass, &text);
    else
        rc = report_value_pass(&r->arena, pass, &value, err);
    if (rc == 0 && text.failed)
        rc = err_nomem(err);
    if (rc == 0 && r->options.format == REPORT_TEXT && r->options.stream)
        emit(r, str_text(&text), text.len);
    else if (rc == 0 && (text.len || value) &&
             keep_item(r, pass, &text, value) < 0)
        rc = err_nomem(err);
    str_release(&text);
    return rc;
}

int report_operator_write(struct report *r, const struct request *request,
                          const char *what, struct err *err)
{
    struct value *v = report_value_request(&r->arena, request, NULL, err);
    struct str text = {0};
    int rc;

    r->counts.changes++;
    r->counts.operator_writes++;
    if (!v || value_append(&r->arena, r->operator_writes, v) < 0)
        return err_nomem(err);
    if (r->options.format != REPORT_TEXT)
        return 0;
    str_addf(&text, "Operator %s\n  ~ %s\n", r->options.operator_name, what);
    rc = str_check(&text, "plan", err);
    if (rc == 0 && r->options.stream)
        emit(r, str_text(&text), text.len);
    else if (rc == 0)
        rc = str_add(&r->head, str_text(&text));
    str_release(&text);
    return rc < 0 ? err_nomem(err) : 0;
}

static void summary(const struct report *r, struct str *out)
{
    const struct report_counts *n = &r->counts;
    const char *sep = "";

    if (n->changes == 0 && n->errors == 0) {
        str_addf(out, "No changes. %zu object%s as declared.\n", n->roots,
                 n->roots == 1 ? " is" : "s are");
        return;
    }
    str_add(out, "Plan: ");
#define COUNT(number, word)                                                    \
    if (number) {                                                              \
        str_addf(out, "%s%zu to " word, sep, (size_t)(number));                \
        sep = ", ";                                                            \
    }
    COUNT(n->create, "create")
    COUNT(n->change, "change")
    COUNT(n->recreate, "recreate")
    COUNT(n->remove, "delete")
#undef COUNT
    if (!*sep)
        str_add(out, "no change to children");
    if (n->status)
        str_add(out, "; status changes");
    if (n->errors)
        str_addf(out, "; %zu object%s cannot be planned", n->errors,
                 n->errors == 1 ? "" : "s");
    str_add(out, ". Nothing was applied.\n");
}

static int finish_text(struct report *r, struct err *err)
{
    struct str out = {0};
    int rc;

    str_add(&out, str_text(&r->head));
    for (size_t i = 0; i < r->count; i++)
        str_add(&out, r->items[i].text);
    summary(r, &out);
    rc = str_check(&out, "plan", err);
    if (rc == 0)
        emit(r, out.data, out.len);
    str_release(&out);
    return rc;
}

static int finish_document(struct report *r, struct err *err)
{
    struct value *items = value_array(&r->arena);
    struct value *doc;
    struct str out = {0};
    int rc = items ? 0 : err_nomem(err);

    for (size_t i = 0; i < r->count && rc == 0; i++)
        if (value_append(&r->arena, items, r->items[i].value) < 0)
            rc = err_nomem(err);
    if (rc < 0)
        return rc;
    doc = report_value_document(&r->arena, r->options.operator_name, items,
                                r->operator_writes, &r->counts);
    if (!doc)
        return err_nomem(err);
    if (r->options.format == REPORT_YAML)
        rc = value_print_yaml(doc, 0, &out, err);
    else
        rc = value_print_pretty(doc, &out, err);
    if (rc == 0) {
        if (out.len && out.data[out.len - 1] != '\n')
            str_addc(&out, '\n');
        emit(r, str_text(&out), out.len);
    }
    str_release(&out);
    return rc;
}

void report_sort(struct report *r)
{
    if (r->count)
        qsort(r->items, r->count, sizeof(*r->items), compare_items);
}

size_t report_count(const struct report *r)
{
    return r->count;
}

const struct value *report_item(const struct report *r, size_t index)
{
    return r->items[index].value;
}

int report_finish(struct report *r, struct err *err)
{
    report_sort(r);
    return r->options.format == REPORT_TEXT ? finish_text(r, err)
                                            : finish_document(r, err);
}

size_t report_changes(const struct report *r)
{
    return r->counts.changes;
}

size_t report_errors(const struct report *r)
{
    return r->counts.errors;
}
