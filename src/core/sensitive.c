/*
 * sensitive.c -- see sensitive.h for the contract.
 */
#include "core/sensitive.h"

#include <string.h>

#define LONG_ENOUGH 6 /* shorter ones are found in innocent texts, too */

static struct value *child_at(const struct value *v, uint32_t i)
{
    return v->type == VALUE_ARRAY ? v->as.items[i] : v->as.members[i].value;
}

static uint32_t child_count(const struct value *v)
{
    bool open = v && (v->type == VALUE_ARRAY || v->type == VALUE_OBJECT);

    return open ? v->count : 0;
}

bool sensitive_holds(const struct value *v)
{
    bool found = v && (v->sensitive || v->type == VALUE_SECRET);

    for (uint32_t i = 0; !found && i < child_count(v); i++)
        found = sensitive_holds(child_at(v, i));
    return found;
}

static bool shows(const struct value *text, const struct value *secret)
{
    if (secret->count < LONG_ENOUGH)
        return secret->count > 0 && value_equal(text, secret);
    return memmem(text->as.string, text->count, secret->as.string,
                  secret->count) != NULL;
}

static void mark_text(struct value *tree, const struct value *secret)
{
    if (value_is(tree, VALUE_STRING) && shows(tree, secret))
        tree->sensitive = true;
    for (uint32_t i = 0; i < child_count(tree); i++)
        mark_text(child_at(tree, i), secret);
}

void sensitive_mark(struct value *tree, const struct value *from)
{
    if (value_is(from, VALUE_STRING) && from->sensitive && tree)
        mark_text(tree, from);
    for (uint32_t i = 0; tree && i < child_count(from); i++)
        sensitive_mark(tree, child_at(from, i));
}
