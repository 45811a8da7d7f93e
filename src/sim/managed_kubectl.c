/*
 * managed_kubectl.c -- what kubectl applied in its older way, by an annotation
 *                      of its own, and server-side apply under its name.
 */
#include "managed_impl.h"

#include <stdio.h>
#include <string.h>

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"
#define ANNOTATIONS_MAX (256 << 10)

static const char *last_applied(const struct value *object)
{
    return value_text(
        value_get(value_path(object, "metadata.annotations"), LAST_APPLIED));
}

/* kubectl apply becomes kubectl apply --server-side: what was applied by the
 * client and is still so is no conflict. False: there is nothing of it. */
bool apply_read_allowed(struct apply *p)
{
    struct fields *s = &p->d.o.s;
    const struct managed_call *c = p->d.c;
    const char *text = last_applied(p->live);
    struct fieldset_changes changes;
    struct value *before = NULL;
    struct str faults;
    bool fits;

    if (!text || !*text ||
        value_parse(c->a, text, strlen(text), &before, NULL) < 0 ||
        !text_equal(value_text_at(before, "apiVersion"), c->api_version))
        return false;
    str_init(&faults, 0);
    fits = fieldset_check(s, c->schema, before, &faults) == 0 && !faults.len;
    str_release(&faults);
    if (!fits)
        return false;
    fieldset_compare(s, c->schema, before, p->live, &changes);
    p->allowed = fieldset_of_value(s, c->schema, before);
    p->allowed = fieldset_difference(s, p->allowed, changes.modified);
    p->allowed = fieldset_difference(s, p->allowed, changes.added);
    p->allowed = fieldset_difference(s, p->allowed, changes.removed);
    return true;
}

/* As Go writes it: no <, > and & in texts, and a newline. */
static char *html_safe(struct arena *a, const struct str *text)
{
    char *out = arena_alloc(a, text->len * 6 + 2);
    char *to = out;

    for (size_t i = 0; out && i < text->len; i++) {
        char c = text->data[i];

        if (c == '<' || c == '>' || c == '&')
            to += snprintf(to, 7, "\\u%04x", (unsigned)c);
        else
            *to++ = c;
    }
    if (out)
        memcpy(to, "\n", 2);
    return out;
}

static char *text_of_config(struct apply *p)
{
    struct arena *a = p->d.c->a;
    struct value *config = value_copy(a, p->config);
    struct value *annotations = value_path(config, "metadata.annotations");
    struct str text;
    char *out = NULL;

    value_unset(annotations, LAST_APPLIED);
    str_init(&text, 0);
    if (config && value_print(config, &text, NULL) == 0)
        out = html_safe(a, &text);
    str_release(&text);
    p->d.o.s.failed = p->d.o.s.failed || !out;
    return out;
}

void apply_keep_last(struct apply *p, struct value *object)
{
    struct value *annotations = value_path(object, "metadata.annotations");
    size_t size = 0;
    const char *text;

    if (!text_equal(p->d.c->manager, "kubectl") || !last_applied(object) ||
        !*last_applied(object))
        return;
    text = text_of_config(p);
    if (!text || value_set(p->d.c->a, annotations, LAST_APPLIED,
                           value_string(p->d.c->a, text)) < 0) {
        p->d.o.s.failed = true;
        return;
    }
    for (uint32_t i = 0; i < annotations->count; i++)
        size += annotations->as.members[i].key_len +
                annotations->as.members[i].value->count;
    if (size > ANNOTATIONS_MAX)
        value_unset(annotations, LAST_APPLIED);
}
