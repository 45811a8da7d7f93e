/*
 * comparison.c -- see comparison.h for the contract.
 */
#include "comparison_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct comparison *comparison_new(const struct comparison_options *options)
{
    struct comparison *c = mem_calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->options = *options;
    arena_init(&c->arena, 0);
    return c;
}

void comparison_free(struct comparison *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        mem_free(c->items[i].items);
    mem_free(c->items);
    arena_release(&c->arena);
    mem_free(c);
}

struct difference *compared_add(struct compared *pair)
{
    void *items = pair->items;

    if (mem_grow(&items, &pair->cap, pair->count + 1, sizeof(*pair->items)) < 0)
        return NULL;
    pair->items = items;
    memset(&pair->items[pair->count], 0, sizeof(*pair->items));
    return &pair->items[pair->count++];
}

static struct compared *add_pair(struct comparison *c)
{
    void *items = c->items;

    if (mem_grow(&items, &c->cap, c->count + 1, sizeof(*c->items)) < 0)
        return NULL;
    c->items = items;
    memset(&c->items[c->count], 0, sizeof(*c->items));
    return &c->items[c->count++];
}

int comparison_add(struct comparison *c, const char *label,
                   const struct value *old_item, const struct value *new_item,
                   struct err *err)
{
    const struct value *root =
        value_get(new_item ? new_item : old_item, "root");
    struct compared *pair = add_pair(c);
    int rc;

    if (!pair)
        return err_nomem(err);
    pair->label = label;
    pair->name = value_text_at(root, "name");
    pair->ns = value_text_at(root, "namespace");
    if (!pair->name)
        return err_set(err, ERR_INVALID, "a plan does not name its object");
    rc = compare_items(c, pair, old_item, new_item, err);
    if (rc == 0 && pair->count > 0)
        rc = compared_describe(c, pair, err);
    c->differing += pair->count > 0;
    c->broken += pair->broken;
    return rc;
}

/* NULL namespaces, of cluster-scoped objects, come first. */
static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_pairs(const void *a, const void *b)
{
    const struct compared *x = a, *y = b;
    int rc = compare_texts(x->label, y->label);

    if (rc == 0)
        rc = compare_texts(x->ns, y->ns);
    return rc ? rc : strcmp(x->name, y->name);
}

int comparison_finish(struct comparison *c, struct err *err)
{
    if (c->count > 1)
        qsort(c->items, c->count, sizeof(*c->items), compare_pairs);
    return c->options.format == REPORT_TEXT ? comparison_print_text(c, err)
                                            : comparison_print_document(c, err);
}

size_t comparison_differing(const struct comparison *c)
{
    return c->differing;
}

size_t comparison_broken(const struct comparison *c)
{
    return c->broken;
}
