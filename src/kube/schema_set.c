/*
 * schema_set.c -- what was added to the built-in kinds; see
 *                 include/kube/schema.h.
 *
 * DESIGN
 *
 * A list of tables, the newest first, each made of one CRD or one document. A
 * table is dropped when a newer one has all of its kinds, so a set that is
 * told about the same CRD again and again does not grow.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "schema_compile.h"

/* ---- sets ---- */

struct schema_set *schema_set_new(void)
{
    return mem_calloc(1, sizeof(struct schema_set));
}

static void table_free(struct schema_table *t)
{
    mem_free((char *)t->data);
    mem_free(t);
}

void schema_set_free(struct schema_set *set)
{
    struct schema_table *next;

    if (!set)
        return;
    for (struct schema_table *t = set->newest; t; t = next) {
        next = t->older;
        table_free(t);
    }
    mem_free(set);
}

/* Does every kind of `old` have a line in `t` as well? */
static bool replaces(const struct schema_table *t,
                     const struct schema_table *old)
{
    const struct table_key all = {.first = schema_text("", 0)};
    const char *line = NULL;

    while ((line = table_next(old, &all, line))) {
        struct table_key key = {.first = table_word(line)};

        if (memchr(key.first.at, ' ', key.first.len) && !table_find(t, &key))
            return false;
    }
    return true;
}

static void set_add(struct schema_set *set, struct schema_table *t)
{
    struct schema_table **at = &set->newest;

    while (*at) {
        struct schema_table *old = *at;

        if (replaces(t, old)) {
            *at = old->older;
            table_free(old);
        } else {
            at = &old->older;
        }
    }
    t->older = set->newest;
    set->newest = t;
}

/* ---- the finished table ---- */

/* Keys differ, so two lines differ before either ends. */
static int compare_lines(const void *a, const void *b)
{
    const unsigned char *x = *(const unsigned char *const *)a;
    const unsigned char *y = *(const unsigned char *const *)b;

    while (*x == *y && *x != '\n') {
        x++;
        y++;
    }
    return (int)*x - (int)*y;
}

static size_t count_lines(const struct str *lines)
{
    size_t count = 0;

    for (size_t i = 0; i < lines->len; i++)
        count += lines->data[i] == '\n';
    return count;
}

static int sort_lines(struct compiler *c, struct schema_table *t)
{
    size_t count = count_lines(&c->lines);
    const char **order = mem_calloc(count, sizeof *order);
    const char *at = str_text(&c->lines);
    char *out = mem_alloc(c->lines.len + 1);

    if (!order || !out) {
        mem_free(order);
        mem_free(out);
        return err_nomem(c->err);
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = at;
        at = strchr(at, '\n') + 1;
    }
    qsort(order, count, sizeof *order, compare_lines);
    t->data = out;
    t->len = c->lines.len;
    for (size_t i = 0; i < count; i++) {
        size_t len = strcspn(order[i], "\n") + 1;

        memcpy(out, order[i], len);
        out += len;
    }
    *out = '\0';
    mem_free(order);
    return 0;
}

/* Takes the compiler, whatever happens. */
static int set_finish(struct schema_set *set, struct compiler *c, int rc)
{
    struct schema_table *t = NULL;

    if (rc == 0 && c->lines.len > 0) {
        t = mem_calloc(1, sizeof *t);
        rc = t ? sort_lines(c, t) : err_nomem(c->err);
    }
    if (rc == 0 && t)
        set_add(set, t);
    else
        mem_free(t);
    compiler_release(c);
    return rc;
}

int schema_set_add_crd(struct schema_set *set, const struct value *crd,
                       struct err *err)
{
    const char *name = value_text_at(crd, "metadata.name");
    struct compiler c;
    int rc = compiler_init(&c, NULL, err);

    if (rc == 0)
        rc = compile_crd(&c, crd);
    rc = set_finish(set, &c, rc);
    if (rc < 0)
        err_wrap(err, "cannot use the schema of CustomResourceDefinition '%s'",
                 name ? name : "");
    return rc;
}

int schema_set_add_openapi(struct schema_set *set, const struct value *doc,
                           struct err *err)
{
    struct compiler c;
    int rc = compiler_init(&c, value_path(doc, "components.schemas"), err);

    if (rc == 0)
        rc = compile_openapi(&c);
    rc = set_finish(set, &c, rc);
    if (rc < 0)
        err_wrap(err, "cannot use the OpenAPI document");
    return rc;
}
