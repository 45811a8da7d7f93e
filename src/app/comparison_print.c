/*
 * comparison_print.c -- a comparison for people and for programs.
 *
 * DESIGN
 *
 * Each pair is written down once as it is (`text`) and once with the root's
 * name as {name} (`shape`). Pairs of one shape are a group; the first of them,
 * in the order of namespace and name, says where the group stands.
 */
#include "comparison_impl.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "report_impl.h"

#define COLUMN 47    /* where script lines stand, as in a plan */
#define SHORT_NAME 3 /* shorter names are found in too many words */
#define MAX_GROUP_SHOWN 5

/* ---- one pair ---- */

/* Where a description goes; each whole word `blank` of it becomes {name}. */
struct writer {
    struct str out;
    const char *blank; /* NULL: nothing is blanked */
};

/* "blog-index" holds the word "blog", "blogger" does not. */
static void add_blanked(struct str *out, const char *text, const char *name)
{
    const size_t len = strlen(name);
    const char *from = text;
    const char *found;

    while ((found = strstr(from, name))) {
        bool begins = found == text || !isalnum((unsigned char)found[-1]);
        bool whole = begins && !isalnum((unsigned char)found[len]);

        str_addn(out, from, (size_t)(found - from));
        str_add(out, whole ? "{name}" : name);
        from = found + len;
    }
    str_add(out, from);
}

/* Give `text` away to the writer. */
static void write_text(struct writer *w, struct str *text)
{
    if (w->blank)
        add_blanked(&w->out, str_text(text), w->blank);
    else
        str_add(&w->out, str_text(text));
    if (text->failed)
        w->out.failed = text->failed;
    str_release(text);
}

/* The end of a line, with the place in the script. */
static void write_place(struct writer *w, size_t begin, const char *line)
{
    if (!line) {
        str_addc(&w->out, '\n');
        return;
    }
    for (size_t n = w->out.len - begin; n + 1 < COLUMN; n++)
        str_addc(&w->out, ' ');
    str_addf(&w->out, "  %s\n", line);
}

static void write_change(struct writer *w, const struct difference *d)
{
    const char *ns = value_text_at(d->change, "namespace");
    const size_t begin = w->out.len;
    struct str head = {0};

    str_addf(&head, "  %c %s %s %s%s%s", d->sign,
             value_text_at(d->change, "action"),
             value_text_at(d->change, "kind"), ns ? ns : "", ns ? "/" : "",
             value_text_at(d->change, "name"));
    write_text(w, &head);
    write_place(w, begin, value_text_at(d->change, "line"));
}

static void write_field(struct writer *w, const struct change_field *f)
{
    struct str line = {0};

    str_addf(&line, "      %s: ", f->path);
    report_add_scalar(&line, f->before, f->sensitive);
    str_add(&line, " -> ");
    report_add_scalar(&line, f->after, f->sensitive);
    str_addc(&line, '\n');
    write_text(w, &line);
}

/* What a change of one side alone would do, as its plan has it. */
static void write_own_fields(struct writer *w, const struct value *change)
{
    const struct value *list = value_get(change, "fields");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++) {
        const struct value *v = list->as.items[i];
        const struct change_field f = {.path = value_text_at(v, "path"),
                                       .before = value_get(v, "before"),
                                       .after = value_get(v, "after")};

        if (f.path && *f.path)
            write_field(w, &f);
    }
}

/* "  ~ row: steady -> scale-up", "  + fails: operator.lua:3: ..." */
static void write_about(struct writer *w, const struct difference *d)
{
    const struct change_field *f = d->field_count ? &d->fields[0] : NULL;
    struct str line = {0};

    str_addf(&line, "  %c %s", d->sign, d->about);
    if (f)
        str_add(&line, ": ");
    if (f && f->before)
        report_add_scalar(&line, f->before, false);
    if (f && f->before && f->after)
        str_add(&line, " -> ");
    if (f && f->after)
        report_add_scalar(&line, f->after, false);
    str_addc(&line, '\n');
    write_text(w, &line);
}

static void write_difference(struct writer *w, const struct difference *d)
{
    if (!d->change) {
        write_about(w, d);
        return;
    }
    write_change(w, d);
    if (d->sign != '~')
        write_own_fields(w, d->change);
    for (size_t i = 0; i < d->field_count; i++)
        write_field(w, &d->fields[i]);
}

/* In the comparison's arena; NULL on out of memory. */
static const char *describe(struct comparison *c, const struct compared *pair,
                            const char *blank)
{
    struct writer w = {.blank = blank};
    const char *text;

    for (size_t i = 0; i < pair->count; i++)
        write_difference(&w, &pair->items[i]);
    text = w.out.failed ? NULL : arena_strdup(&c->arena, str_text(&w.out));
    str_release(&w.out);
    return text;
}

int compared_describe(struct comparison *c, struct compared *pair,
                      struct err *err)
{
    bool tells = strlen(pair->name) >= SHORT_NAME;

    pair->text = describe(c, pair, NULL);
    pair->shape = describe(c, pair, tells ? pair->name : NULL);
    return pair->text && pair->shape ? 0 : err_nomem(err);
}

/* ---- text ---- */

static const char *paint(const struct comparison *c, const char *line)
{
    if (!c->options.color || strncmp(line, "  ", 2) != 0)
        return "";
    switch (line[2]) {
    case '+':
        return "\033[32m";
    case '-':
        return "\033[31m";
    case '~':
        return "\033[33m";
    default:
        return "";
    }
}

static void add_painted(const struct comparison *c, struct str *out,
                        const char *text)
{
    while (*text) {
        const size_t len = strcspn(text, "\n");
        const char *color = paint(c, text);

        str_add(out, color);
        str_addn(out, text, len);
        str_addf(out, "%s\n", *color ? "\033[0m" : "");
        text += len + 1;
    }
}

static void add_name(struct str *out, const struct compared *pair)
{
    if (pair->label)
        str_add(out, pair->label);
    else
        str_addf(out, "%s%s%s", pair->ns ? pair->ns : "", pair->ns ? "/" : "",
                 pair->name);
}

static bool same_shape(const struct compared *a, const struct compared *b)
{
    return a->count > 0 && b->count > 0 && strcmp(a->shape, b->shape) == 0;
}

static bool told_before(const struct comparison *c, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (same_shape(&c->items[i], &c->items[index]))
            return true;
    return false;
}

static void add_group(const struct comparison *c, struct str *out, size_t first)
{
    size_t count = 0;

    for (size_t i = first; i < c->count; i++)
        count += same_shape(&c->items[first], &c->items[i]);
    if (count > 1)
        str_addf(out, "%zu objects differ in the same way: ", count);
    for (size_t i = first, shown = 0; i < c->count; i++) {
        if (!same_shape(&c->items[first], &c->items[i]))
            continue;
        if (shown == MAX_GROUP_SHOWN) {
            str_addf(out, " and %zu more", count - shown);
            break;
        }
        str_add(out, shown++ ? ", " : "");
        add_name(out, &c->items[i]);
    }
    str_addc(out, '\n');
    add_painted(c, out,
                count > 1 ? c->items[first].shape : c->items[first].text);
}

static void add_summary(const struct comparison *c, struct str *out)
{
    const size_t same = c->count - c->differing;

    str_addf(out, "Compared %zu plan%s: %zu differ%s, %zu the same", c->count,
             c->count == 1 ? "" : "s", c->differing,
             c->differing == 1 ? "s" : "", same);
    if (c->broken)
        str_addf(out, "; %zu no longer succeed%s", c->broken,
                 c->broken == 1 ? "s" : "");
    str_add(out, ". Nothing was applied.\n");
}

static int print(const struct comparison *c, struct str *out, struct err *err)
{
    int rc = str_check(out, "comparison", err);

    if (rc == 0)
        c->options.print(c->options.arg, out->data, out->len);
    str_release(out);
    return rc;
}

int comparison_print_text(struct comparison *c, struct err *err)
{
    struct str out = {0};

    if (c->differing)
        str_addf(&out, "%s: - only %s, + only %s, ~ both, differently\n\n",
                 c->options.title, c->options.old_name, c->options.new_name);
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].count > 0 && !told_before(c, i)) {
            add_group(c, &out, i);
            str_addc(&out, '\n');
        }
    add_summary(c, &out);
    return print(c, &out, err);
}

/* ---- the document ---- */

static struct value *field_value(struct arena *a, const struct change_field *f)
{
    struct value *v = value_object(a);

    if (!v || value_set_text(a, v, "path", *f->path ? f->path : NULL) < 0 ||
        (f->before && value_set(a, v, "old",
                                f->sensitive ? value_string(a, "(sensitive)")
                                             : f->before) < 0) ||
        (f->after && value_set(a, v, "new",
                               f->sensitive ? value_string(a, "(sensitive)")
                                            : f->after) < 0))
        return NULL;
    return v;
}

static const char *side_word(char sign)
{
    return sign == '+' ? "new" : sign == '-' ? "old" : "both";
}

static struct value *difference_value(struct arena *a,
                                      const struct difference *d)
{
    static const char *const keys[] = {"action",    "apiVersion", "kind",
                                       "namespace", "name",       "line"};
    struct value *v = value_object(a);
    struct value *fields = value_array(a);

    if (!v || value_set_text(a, v, "side", side_word(d->sign)) < 0 ||
        value_set_text(a, v, "about", d->about ? d->about : "change") < 0)
        return NULL;
    for (size_t i = 0; d->change && i < sizeof(keys) / sizeof(keys[0]); i++)
        if (value_set_text(a, v, keys[i], value_text_at(d->change, keys[i])) <
            0)
            return NULL;
    for (size_t i = 0; i < d->field_count; i++)
        if (value_append(a, fields, field_value(a, &d->fields[i])) < 0)
            return NULL;
    if (d->field_count && value_set(a, v, "fields", fields) < 0)
        return NULL;
    return v;
}

static struct value *pair_value(struct arena *a, const struct compared *pair)
{
    struct value *v = value_object(a);
    struct value *list = value_array(a);

    if (!v || value_set_text(a, v, "fixture", pair->label) < 0 ||
        value_set_text(a, v, "namespace", pair->ns) < 0 ||
        value_set_text(a, v, "name", pair->name) < 0)
        return NULL;
    for (size_t i = 0; i < pair->count; i++)
        if (value_append(a, list, difference_value(a, &pair->items[i])) < 0)
            return NULL;
    return value_set(a, v, "differences", list) < 0 ? NULL : v;
}

static struct value *document(struct comparison *c)
{
    const struct comparison_options *o = &c->options;
    struct arena *a = &c->arena;
    struct value *doc = value_object(a);
    struct value *items = value_array(a);
    struct value *summary = value_make(a, doc, "summary");

    for (size_t i = 0; i < c->count; i++)
        if (value_append(a, items, pair_value(a, &c->items[i])) < 0)
            return NULL;
    if (!summary ||
        value_set_text(a, doc, "apiVersion", "tidelock.dev/v1alpha1") < 0 ||
        value_set_text(a, doc, "kind", "PlanComparison") < 0 ||
        value_set_text(a, doc, "operator", o->title) < 0 ||
        value_set_text(a, doc, "old", o->old_name) < 0 ||
        value_set_text(a, doc, "new", o->new_name) < 0 ||
        value_set(a, doc, "items", items) < 0 ||
        value_set(a, summary, "plans", value_integer(a, (int64_t)c->count)) <
            0 ||
        value_set(a, summary, "differ",
                  value_integer(a, (int64_t)c->differing)) < 0 ||
        value_set(a, summary, "broken", value_integer(a, (int64_t)c->broken)) <
            0)
        return NULL;
    return doc;
}

int comparison_print_document(struct comparison *c, struct err *err)
{
    struct value *doc = document(c);
    struct str out = {0};
    int rc;

    if (!doc)
        return err_nomem(err);
    rc = c->options.format == REPORT_YAML ? value_print_yaml(doc, 0, &out, err)
                                          : value_print_pretty(doc, &out, err);
    if (rc < 0) {
        str_release(&out);
        return rc;
    }
    if (out.len && out.data[out.len - 1] != '\n')
        str_addc(&out, '\n');
    return print(c, &out, err);
}
