/*
 * serve_names.c -- the names that a CustomResourceDefinition asks for, and
 *                  those that it gets (apiextensions-apiserver's naming
 *                  controller).
 *
 * Within a group a plural, singular or short name belongs to whoever was
 * accepted with it first, and so do kinds and kinds of lists. Built-in kinds
 * take no part in this: they are served whatever a definition says.
 */
#include <string.h>

#include "base/text.h"
#include "serve_store.h"
#include "serve_write.h"

struct naming {
    struct ask *k;
    const struct value *wanted, *had;
    struct value *resources, *kinds; /* sets of the names that are taken */
    struct value *got;
    const char *reason, *message; /* of the last clash; NULL: none */
};

/* ---- what is taken ---- */

static int take(struct naming *n, struct value *set, const struct value *name)
{
    const char *text = value_text(name);

    return text && *text
               ? value_set(n->k->a, set, text, value_bool(n->k->a, true))
               : 0;
}

static int take_names(struct naming *n, const struct value *names)
{
    const struct value *shorts = value_get(names, "shortNames");
    int rc = 0;

    for (uint32_t i = 0; value_is(shorts, VALUE_ARRAY) && i < shorts->count;
         i++)
        if (rc == 0)
            rc = take(n, n->resources, shorts->as.items[i]);
    if (rc < 0 || take(n, n->resources, value_get(names, "plural")) < 0 ||
        take(n, n->resources, value_get(names, "singular")) < 0 ||
        take(n, n->kinds, value_get(names, "kind")) < 0 ||
        take(n, n->kinds, value_get(names, "listKind")) < 0)
        return -1;
    return 0;
}

static int take_group(struct naming *n, const char *group)
{
    struct value *all;

    if (sim_list(n->k->s, n->k->a, definition_kind(n->k), "", &all) < 0)
        return -1;
    for (uint32_t i = 0; i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "spec.group"), group) &&
            take_names(
                n, value_path(all->as.items[i], "status.acceptedNames")) < 0)
            return -1;
    return 0;
}

/* ---- what is given ---- */

static int clash(struct naming *n, const char *reason, const char *message)
{
    n->reason = reason;
    n->message = message;
    return message ? 0 : -1;
}

static char *in_use(struct naming *n, const char *name)
{
    return arena_printf(n->k->a, "\"%s\" is already in use", name);
}

static int give(struct naming *n, const char *field, struct value *taken,
                const char *reason)
{
    struct value *wanted = value_get(n->wanted, field);
    const char *text = value_text(wanted);

    if (!text)
        return 0;
    if (value_get(taken, text) &&
        !text_equal(text, value_text(value_get(n->had, field))))
        return clash(n, reason, in_use(n, text));
    return value_set(n->k->a, n->got, field, wanted);
}

static bool holds(const struct value *list, const struct value *text)
{
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (value_equal(list->as.items[i], text))
            return true;
    return false;
}

/* A list of the definition as it is wanted, or none. */
static int give_list(struct naming *n, const char *field)
{
    struct value *wanted = value_get(n->wanted, field);

    if (wanted)
        return value_set(n->k->a, n->got, field, wanted);
    value_unset(n->got, field);
    return 0;
}

/* All of them or, when one is taken, those that it had. */
static int give_shorts(struct naming *n)
{
    const struct value *wanted = value_get(n->wanted, "shortNames");
    const struct value *had = value_get(n->had, "shortNames");
    const char *why = NULL;
    unsigned clashes = 0;

    for (uint32_t i = 0; value_is(wanted, VALUE_ARRAY) && i < wanted->count;
         i++) {
        const char *text = value_text(wanted->as.items[i]);

        if (!text || !value_get(n->resources, text) ||
            holds(had, wanted->as.items[i]))
            continue;
        why = clashes++ ? arena_printf(n->k->a, "%s, %s", why, in_use(n, text))
                        : in_use(n, text);
        if (!why)
            return -1;
    }
    if (!clashes)
        return give_list(n, "shortNames");
    if (clashes > 1)
        why = arena_printf(n->k->a, "[%s]", why);
    return clash(n, "ShortNamesConflict", why);
}

static int give_all(struct naming *n)
{
    if (give(n, "plural", n->resources, "PluralConflict") < 0 ||
        give(n, "singular", n->resources, "SingularConflict") < 0 ||
        give_shorts(n) < 0 || give(n, "kind", n->kinds, "KindConflict") < 0 ||
        give(n, "listKind", n->kinds, "ListKindConflict") < 0)
        return -1;
    return give_list(n, "categories");
}

/* ---- conditions ---- */

static int judge(struct naming *n, struct value *object)
{
    const struct definition_condition accepted = {
        "NamesAccepted", n->message ? "False" : "True",
        n->message ? n->reason : "NoConflicts",
        n->message ? n->message : "no conflicts found"};
    static const struct definition_condition established[] = {
        {"Established", "False", "NotAccepted", "not all names are accepted"},
        {"Established", "True", "InitialNamesAccepted",
         "the initial names have been accepted"}};

    if (definition_set_condition(n->k, object, &accepted) < 0)
        return -1;
    return definition_is_established(object)
               ? 0
               : definition_set_condition(n->k, object,
                                          &established[!n->message]);
}

int names_judge(struct ask *k, struct value *object)
{
    struct naming n = {.k = k,
                       .wanted = value_path(object, "spec.names"),
                       .had = value_path(object, "status.acceptedNames"),
                       .resources = value_object(k->a),
                       .kinds = value_object(k->a)};
    const char *group = value_text_at(object, "spec.group");

    n.got = n.had ? value_copy(k->a, n.had) : value_object(k->a);
    if (!n.resources || !n.kinds || !n.got ||
        take_group(&n, group ? group : "") < 0 || give_all(&n) < 0 ||
        value_set(k->a, value_make(k->a, object, "status"), "acceptedNames",
                  n.got) < 0)
        return -1;
    return judge(&n, object);
}
