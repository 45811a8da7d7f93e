/*
 * heap.h -- a binary heap of deadlines. Nodes are embedded in their owner,
 *           so adding may fail only when the array grows.
 */
#ifndef TIDELOCK_BASE_HEAP_H
#define TIDELOCK_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    uint64_t when;  /* smallest first; equal ones in order of `order` */
    uint64_t order; /* set by heap_add: a counter, first in first out */
    size_t index;   /* 1-based place; 0 = not in a heap */
};

struct heap {
    struct heap_node **items;
    size_t count;
    size_t cap;
    uint64_t counter;
};

void heap_init(struct heap *h);
void heap_release(struct heap *h); /* nodes are the caller's */
int heap_add(struct heap *h, struct heap_node *node, uint64_t when);
void heap_remove(struct heap *h, struct heap_node *node); /* no-op if absent */
struct heap_node *heap_peek(const struct heap *h);        /* NULL when empty */
bool heap_check(const struct heap *h);

#endif
