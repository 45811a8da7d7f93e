/*
 * suggest.c -- see suggest.h.
 */
#include "script/suggest.h"

#include <string.h>

const char *suggest(const char *word, const char *const *list)
{
    unsigned limit = strlen(word) < 5 ? 1 : 2;
    unsigned best = limit + 1;
    const char *found = NULL;

    for (; *list; list++) {
        unsigned distance = text_distance(word, *list);

        if (distance < best) {
            best = distance;
            found = *list;
        }
    }
    return found;
}

void suggest_list(struct str *out, const char *const *list)
{
    for (const char *const *at = list; *at; at++) {
        if (at != list)
            str_add(out, ", ");
        str_add(out, *at);
    }
}
