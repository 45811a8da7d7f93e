/*
 * config_rows.c -- see config_rows.h for the contract.
 */
#include "config_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define WORDS "operators"
#define NEAR 4u

void config_key(const struct option *row, char *out, size_t size)
{
    size_t len = 0;
    bool capital = false;

    for (const char *c = row->name + 2; *c && len + 1 < size; c++) {
        if (*c != '-')
            out[len++] = capital ? (char)(*c - 'a' + 'A') : *c;
        capital = *c == '-';
    }
    out[len] = '\0';
}

/* The file cannot name itself. */
static bool is_in_files(const struct option *row)
{
    return strcmp(row->name, "--config") != 0;
}

static bool is_given(const struct option *row)
{
    switch (row->kind) {
    case OPTION_FLAG:
        return *(bool *)row->target;
    case OPTION_TEXT:
        return *(const char **)row->target != NULL;
    case OPTION_LIST:
        break;
    }
    return ((struct option_values *)row->target)->count > 0;
}

void config_from_flags(const struct option *rows,
                       const struct option_values *words,
                       struct config_origins *ret)
{
    *ret = (struct config_origins){.given = words,
                                   .words = words->count ? "flag" : NULL};
    for (size_t i = 0; rows[i].name && i < CONFIG_MAX_ROWS; i++)
        ret->rows[i] = is_given(&rows[i]) ? "flag" : NULL;
}

static void consider(const char *key, const char *name, unsigned *distance,
                     char *best, size_t size)
{
    unsigned d = text_distance(key, name);

    if (d >= *distance)
        return;
    *distance = d;
    snprintf(best, size, "%s", name);
}

static int unknown(const struct config_file *file, const struct config_entry *e,
                   const struct option *rows, struct err *err)
{
    char key[64], best[64] = WORDS;
    unsigned distance = NEAR;

    consider(e->key, WORDS, &distance, best, sizeof best);
    for (; rows->name; rows++) {
        config_key(rows, key, sizeof key);
        if (is_in_files(rows))
            consider(e->key, key, &distance, best, sizeof best);
    }
    err_set(err, ERR_CONFIG, "%s:%u:1: there is no setting '%s'", file->path,
            e->line, e->key);
    if (distance < NEAR)
        return err_hint(err, "did you mean '%s'?", best);
    return err_hint(err, "each flag of 'tidelock run --help' is one, written "
                         "like shutdownTimeout");
}

static int add_values(struct option_values *list, const struct config_entry *e,
                      struct err *err)
{
    for (size_t i = 0; i < e->count; i++) {
        if (list->count == OPTION_MAX_VALUES)
            return err_set(err, ERR_CONFIG, "more than %d values",
                           OPTION_MAX_VALUES);
        list->items[list->count++] = e->values[i];
    }
    return 0;
}

static int set_row(const struct option *row, const struct config_entry *e,
                   struct err *err)
{
    if (row->kind == OPTION_LIST)
        return add_values(row->target, e, err);
    if (e->count != 1)
        return err_set(err, ERR_CONFIG, "it has one value");
    if (row->kind == OPTION_TEXT)
        return options_set(row, e->values[0], err);
    if (strcmp(e->values[0], "true") != 0 && strcmp(e->values[0], "false") != 0)
        return err_set(err, ERR_CONFIG, "it is true or false, not '%s'",
                       e->values[0]);
    *(bool *)row->target = strcmp(e->values[0], "true") == 0;
    return 0;
}

/* The row of that key; NULL: there is none. */
static const struct option *find_row(const struct option *rows, const char *key)
{
    char name[64];

    for (; rows->name; rows++) {
        config_key(rows, name, sizeof name);
        if (is_in_files(rows) && strcmp(name, key) == 0)
            return rows;
    }
    return NULL;
}

int config_apply(struct arena *a, const struct config_file *file,
                 const struct option *rows, struct option_values *words,
                 struct config_origins *ret, struct err *err)
{
    int rc = 0;

    config_from_flags(rows, words, ret);
    for (size_t i = 0; rc == 0 && i < file->count; i++) {
        const struct config_entry *e = &file->items[i];
        const struct option *row = find_row(rows, e->key);
        const char **origin = row ? &ret->rows[row - rows] : &ret->words;

        if (!row && strcmp(e->key, WORDS) != 0)
            return unknown(file, e, rows, err);
        if (*origin)
            continue;
        rc = row ? set_row(row, e, err) : add_values(words, e, err);
        if (rc < 0)
            return err_wrap(err, "%s:%u:1: %s", file->path, e->line, e->key);
        *origin = arena_printf(a, "%s:%u", file->path, e->line);
        if (!*origin)
            rc = err_nomem(err);
    }
    return rc;
}

/* ---- a file that was read again ---- */

static bool same_list(const struct option_values *now,
                      const struct config_entry *e)
{
    size_t count = e ? e->count : 0;

    if (now->count != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(now->items[i], e->values[i]) != 0)
            return false;
    return true;
}

/* `e` is NULL when the file does not name it. */
static bool same(const struct option *row, const struct config_entry *e)
{
    const char *text = e && e->count == 1 ? e->values[0] : NULL;

    switch (row->kind) {
    case OPTION_FLAG:
        return *(bool *)row->target == text_equal(text, "true");
    case OPTION_TEXT:
        return text_equal(*(const char **)row->target, text);
    case OPTION_LIST:
        break;
    }
    return same_list(row->target, e);
}

static const struct config_entry *find_entry(const struct config_file *file,
                                             const char *key)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->items[i].key, key) == 0)
            return &file->items[i];
    return NULL;
}

void config_compare(const struct config_file *file, const struct option *rows,
                    const struct config_origins *origins, config_differs_fn fn,
                    void *arg)
{
    char key[64];

    if (!text_equal(origins->words, "flag") &&
        !same_list(origins->given, find_entry(file, WORDS)))
        fn(arg, WORDS, NULL);
    for (size_t i = 0; rows[i].name; i++) {
        config_key(&rows[i], key, sizeof key);
        if (is_in_files(&rows[i]) && !text_equal(origins->rows[i], "flag") &&
            !same(&rows[i], find_entry(file, key)))
            fn(arg, key, &rows[i]);
    }
}
