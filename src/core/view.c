/*
 * view.c -- looking into a view (see view.h).
 */
#include "core/view.h"

bool view_search(const struct view_kind *k, const struct object_key *key,
                 size_t *ret_item)
{
    size_t low = 0, high = k->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = object_key_compare(&k->items[middle]->key, key);

        if (order == 0) {
            *ret_item = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
