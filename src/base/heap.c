/*
 * heap.c -- see heap.h for the contract.
 *
 * INVARIANTS (heap_check)
 *
 *   I1  items[i]->index == i + 1
 *   I2  no node comes before its parent, by `when`, then by `order`
 */
#include "base/heap.h"

#include <assert.h>

#include "base/err.h"
#include "base/mem.h"

void heap_init(struct heap *h)
{
    *h = (struct heap){0};
}

void heap_release(struct heap *h)
{
    for (size_t i = 0; i < h->count; i++)
        h->items[i]->index = 0;
    mem_free(h->items);
    heap_init(h);
}

static bool comes_before(const struct heap_node *a, const struct heap_node *b)
{
    return a->when < b->when || (a->when == b->when && a->order < b->order);
}

static void place(struct heap *h, size_t i, struct heap_node *node)
{
    h->items[i] = node;
    node->index = i + 1;
}

/* Move parents down until `node` may stand at the hole `i`. */
static void sift_up(struct heap *h, size_t i, struct heap_node *node)
{
    while (i > 0 && comes_before(node, h->items[(i - 1) / 2])) {
        place(h, i, h->items[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(h, i, node);
}

/* Move the smaller child up until `node` may stand at the hole `i`. */
static void sift_down(struct heap *h, size_t i, struct heap_node *node)
{
    for (size_t child; (child = 2 * i + 1) < h->count; i = child) {
        if (child + 1 < h->count &&
            comes_before(h->items[child + 1], h->items[child]))
            child++;
        if (comes_before(node, h->items[child]))
            break;
        place(h, i, h->items[child]);
    }
    place(h, i, node);
}

int heap_add(struct heap *h, struct heap_node *node, uint64_t when)
{
    void *items = h->items;
    int rc;

    assert(node->index == 0);
    rc = mem_grow(&items, &h->cap, h->count + 1, sizeof h->items[0]);
    if (rc < 0)
        return rc;
    h->items = items;
    node->when = when;
    node->order = h->counter++;
    sift_up(h, h->count++, node);
    return 0;
}

void heap_remove(struct heap *h, struct heap_node *node)
{
    size_t i = node->index;
    struct heap_node *last;

    if (i == 0)
        return;
    i--;
    assert(i < h->count && h->items[i] == node);
    node->index = 0;
    /* The last node fills the hole; it may belong above or below it. */
    last = h->items[--h->count];
    if (last == node)
        return;
    if (i > 0 && comes_before(last, h->items[(i - 1) / 2]))
        sift_up(h, i, last);
    else
        sift_down(h, i, last);
}

struct heap_node *heap_peek(const struct heap *h)
{
    return h->count > 0 ? h->items[0] : NULL;
}

bool heap_check(const struct heap *h)
{
    for (size_t i = 0; i < h->count; i++) {
        if (h->items[i]->index != i + 1)
            return false;
        if (i > 0 && comes_before(h->items[i], h->items[(i - 1) / 2]))
            return false;
    }
    return true;
}
