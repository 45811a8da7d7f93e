/*
 * config_file.c -- see config_file.h for the contract.
 *
 * The keys stand at the beginning of their lines, so the line of a mistake is
 * found in the text.
 */
#include "app/config_file.h"

#include <string.h>

#include "base/value.h"
#include "io/file.h"
#include "kube/yaml.h"

#define MAX_BYTES ((size_t)256 << 10)
#define API_VERSION "tidelock.dev/v1alpha1"
#define KIND "Configuration"

/* The line that begins with the key, quoted or not; 1 when there is none (the
 * file is in flow style). */
static unsigned line_of(const char *text, const char *key)
{
    size_t len = strlen(key);
    unsigned line = 1;

    for (; *text; line++) {
        const char *at = text + (*text == '"' || *text == '\'');

        if (strncmp(at, key, len) == 0 &&
            strchr(":\"' \t", at[len] ? at[len] : 'x'))
            return line;
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return 1;
}

/* NULL: not of one line, or out of memory. */
static const char *scalar(struct arena *a, const struct value *v)
{
    switch ((enum value_type)v->type) {
    case VALUE_STRING:
        return v->as.string;
    case VALUE_BOOL:
        return v->as.boolean ? "true" : "false";
    case VALUE_INTEGER:
        return arena_printf(a, "%lld", (long long)v->as.integer);
    case VALUE_DOUBLE:
        return arena_printf(a, "%g", v->as.number);
    default:
        return NULL;
    }
}

static const char *item(struct arena *a, const struct value *v, uint32_t i)
{
    const char *text;

    if (v->type == VALUE_ARRAY)
        return scalar(a, v->as.items[i]);
    if (v->type != VALUE_OBJECT)
        return scalar(a, v);
    text = scalar(a, v->as.members[i].value);
    return text ? arena_printf(a, "%s=%s", v->as.members[i].key, text) : NULL;
}

static int read_entry(struct arena *a, const struct config_file *f,
                      struct config_entry *e, const struct value *v,
                      struct err *err)
{
    bool many = v->type == VALUE_ARRAY || v->type == VALUE_OBJECT;
    uint32_t count = many ? v->count : 1;

    e->values = arena_calloc(a, count + 1, sizeof(*e->values));
    if (!e->values)
        return err_nomem(err);
    for (; e->count < count; e->count++) {
        e->values[e->count] = item(a, v, (uint32_t)e->count);
        if (!e->values[e->count])
            return err_set(err, ERR_CONFIG,
                           "%s:%u:1: '%s' is a text, a number, true or false, "
                           "or a list or an object of these",
                           f->path, e->line, e->key);
    }
    return 0;
}

static int check_head(const char *path, const struct value *doc,
                      struct err *err)
{
    if (value_is(doc, VALUE_OBJECT) &&
        text_equal(value_text_at(doc, "apiVersion"), API_VERSION) &&
        text_equal(value_text_at(doc, "kind"), KIND))
        return 0;
    err_set(err, ERR_CONFIG, "%s:1:1: this is no configuration of tidelock",
            path);
    return err_hint(err, "it begins with 'apiVersion: " API_VERSION
                         "' and 'kind: " KIND "'");
}

static int read_entries(struct arena *a, const struct value *doc,
                        const char *text, struct config_file *ret,
                        struct err *err)
{
    int rc = check_head(ret->path, doc, err);

    if (rc < 0)
        return rc;
    ret->items = arena_calloc(a, doc->count + 1, sizeof(*ret->items));
    if (!ret->items)
        return err_nomem(err);
    for (uint32_t i = 0; rc == 0 && i < doc->count; i++) {
        const struct value_member *m = &doc->as.members[i];
        struct config_entry *e = &ret->items[ret->count];

        if (strcmp(m->key, "apiVersion") == 0 || strcmp(m->key, "kind") == 0)
            continue;
        e->key = m->key;
        e->line = line_of(text, m->key);
        rc = read_entry(a, ret, e, m->value, err);
        ret->count++;
    }
    return rc;
}

int config_read(struct arena *a, const char *path, struct config_file *ret,
                struct err *err)
{
    struct yaml_docs docs = {0};
    struct str text = {0};
    int rc = file_read(path, MAX_BYTES, &text, err);

    *ret = (struct config_file){.path = path};
    if (rc == 0)
        rc = yaml_parse(a, path, str_text(&text), text.len, &docs, err);
    if (rc == 0 && docs.count > 1)
        rc = err_set(err, ERR_CONFIG, "%s:%u:1: a second document", path,
                     docs.lines[1]);
    if (rc == 0)
        rc = read_entries(a, docs.count ? docs.items[0] : NULL, str_text(&text),
                          ret, err);
    str_release(&text);
    return rc;
}
