/*
 * kinds_crd.c -- kinds of CustomResourceDefinitions come, change and go.
 *
 * DESIGN
 *
 * A definition is put whole: its kinds are first taken out of service, then
 * those of its served versions are put back in, so that a version that is gone
 * needs no search. Everything that can fail is made before the first kind
 * changes, but for the kinds that were never there: they are inserted unserved.
 */
#include <string.h>

#include "base/text.h"
#include "kinds_crd.h"
#include "kinds_impl.h"
#include "sim/crd.h"

static const char *const all_verbs[] = {
    "delete", "deletecollection", "get",   "list", "patch",
    "create", "update",           "watch", NULL,
};

/* Names of a definition: those that were accepted, when that was judged. */
static const struct value *names_of(const struct value *definition)
{
    const struct value *accepted =
        value_path(definition, "status.acceptedNames");

    return value_text_at(accepted, "plural")
               ? accepted
               : value_path(definition, "spec.names");
}

static const char *text_or(const struct value *v, const char *otherwise)
{
    const char *text = value_text(v);

    return text ? text : otherwise;
}

/* ---- the names of a kind, in the registry's arena ---- */

/* A text that is there already is not copied again. */
static int keep(struct kinds *k, const char **slot, const char *text)
{
    if (*slot && strcmp(*slot, text) == 0)
        return 0;
    *slot = arena_strdup(&k->arena, text);
    return *slot ? 0 : -1;
}

static bool same_words(const char *const *words, const struct value *list)
{
    uint32_t count = value_is(list, VALUE_ARRAY) ? list->count : 0;

    for (uint32_t i = 0; i < count; i++)
        if (!words[i] || !text_equal(words[i], value_text(list->as.items[i])))
            return false;
    return !words[count];
}

static int keep_words(struct kinds *k, const char *const **slot,
                      const struct value *list)
{
    uint32_t count = value_is(list, VALUE_ARRAY) ? list->count : 0;
    const char **words;

    if (*slot && same_words(*slot, list))
        return 0;
    words = arena_calloc(&k->arena, count + 1u, sizeof *words);
    if (!words)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (keep(k, &words[i], text_or(list->as.items[i], "")) < 0)
            return -1;
    *slot = words;
    return 0;
}

static int keep_names(struct kinds *k, struct kind *kind,
                      const struct value *definition)
{
    const struct value *names = names_of(definition);
    const char *name = text_or(value_get(names, "kind"), "");
    char *list_kind = arena_printf(&k->arena, "%sList", name);
    char *lower = arena_strdup(&k->arena, name);

    if (!list_kind || !lower)
        return -1;
    for (char *c = lower; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    kind->r.namespaced =
        text_equal(value_text_at(definition, "spec.scope"), "Namespaced");
    kind->verbs = all_verbs;
    if (keep(k, &kind->r.kind, name) < 0 ||
        keep(k, &kind->r.singular,
             text_or(value_get(names, "singular"), lower)) < 0 ||
        keep(k, &kind->list_kind,
             text_or(value_get(names, "listKind"), list_kind)) < 0 ||
        keep_words(k, &kind->short_names, value_get(names, "shortNames")) < 0 ||
        keep_words(k, &kind->categories, value_get(names, "categories")) < 0)
        return -1;
    return 0;
}

/* The kind of a version, made where there was none, not yet served. */
static struct kind *make_kind(struct kinds *k, const struct value *definition,
                              const char *version)
{
    const char *group = text_or(value_path(definition, "spec.group"), "");
    const char *plural = text_or(value_get(names_of(definition), "plural"), "");
    struct kind made = {0}, *kind = kinds_peek(k, group, version, plural);

    if (kind)
        return keep_names(k, kind, definition) < 0 ? NULL : kind;
    made.r = (struct resource){
        .api_version = arena_printf(&k->arena, "%s/%s", group, version),
        .group = arena_strdup(&k->arena, group),
        .version = arena_strdup(&k->arena, version),
        .plural = arena_strdup(&k->arena, plural),
        .can_list = true,
        .can_watch = true,
        .can_create = true,
        .can_patch = true,
        .can_delete = true,
    };
    made.bucket = arena_printf(&k->arena, "%s/%s", group, plural);
    if (!made.r.api_version || !made.r.group || !made.r.version ||
        !made.r.plural || !made.bucket || keep_names(k, &made, definition) < 0)
        return NULL;
    return kinds_insert(k, &made);
}

static int make_kinds(struct kinds *k, const struct value *definition)
{
    const struct value *versions = value_path(definition, "spec.versions");

    for (uint32_t i = 0; value_is(versions, VALUE_ARRAY) && i < versions->count;
         i++)
        if (!make_kind(k, definition,
                       text_or(value_get(versions->as.items[i], "name"), "")))
            return -1;
    return 0;
}

/* ---- in and out of service ---- */

static void stop_serving(struct kinds *k, const struct crd *crd)
{
    for (size_t i = 0; i < k->count; i++)
        if (crd && k->items[i]->crd == crd)
            k->items[i]->served = false;
}

/* Kinds of the older preparation of a definition go over to the newer. */
static void replace(struct kinds *k, const struct crd *older,
                    const struct crd *newer)
{
    stop_serving(k, older);
    for (size_t i = 0; older && i < k->count; i++)
        if (k->items[i]->crd == older) {
            k->items[i]->crd = newer;
            k->items[i]->schema = (struct schema_node){0};
        }
}

static void serve(struct kinds *k, const struct value *definition,
                  const struct value *version, const struct crd *crd)
{
    struct crd_subresources sub = {0};
    const char *name = text_or(value_get(version, "name"), "");
    struct kind *kind =
        kinds_peek(k, text_or(value_path(definition, "spec.group"), ""), name,
                   text_or(value_get(names_of(definition), "plural"), ""));

    if (!kind)
        return;
    crd_subresources(crd, name, &sub);
    kind->crd = crd;
    kind->served = value_bool_at(version, "served", false);
    kind->schema = schema_find(k->schemas, kind->r.api_version, kind->r.kind);
    kind->r.has_status = sub.status;
    kind->r.has_scale = sub.scale;
}

static int refuse(struct failure *f, const struct err *err)
{
    if (err->code == ERR_NOMEM)
        return failure_nomem(f);
    return failure_set(f, 500, "InternalError", "%s", err->msg);
}

/* Is it put again without a change that the registry would show? */
static bool is_known(const struct kinds *k, const struct crd *older,
                     const struct value *definition)
{
    const struct value *before = older ? crd_definition(older) : NULL;
    bool served = false;

    for (size_t i = 0; before && i < k->count; i++)
        served = served || (k->items[i]->crd == older && k->items[i]->served);
    return served &&
           value_equal(value_get(before, "spec"),
                       value_get(definition, "spec")) &&
           value_equal(names_of(before), names_of(definition));
}

int kinds_put_crd(struct kinds *k, const struct value *definition,
                  struct failure *f)
{
    const char *name = text_or(value_path(definition, "metadata.name"), "");
    const struct value *versions = value_path(definition, "spec.versions");
    struct crd *older = map_get(k->definitions, name, strlen(name));
    struct crd *newer = NULL;
    struct err err = {0};

    if (is_known(k, older, definition))
        return 0;
    if (crd_new(definition, &newer, f) < 0)
        return -1;
    if (make_kinds(k, definition) < 0 ||
        map_put(k->definitions, name, strlen(name), newer, NULL) < 0) {
        crd_free(newer);
        return failure_nomem(f);
    }
    replace(k, older, newer);
    crd_free(older);
    kinds_forget_documents(k);
    k->version++;
    if (schema_set_add_crd(k->schemas, definition, &err) < 0)
        return refuse(f, &err);
    for (uint32_t i = 0; value_is(versions, VALUE_ARRAY) && i < versions->count;
         i++)
        serve(k, definition, versions->as.items[i], newer);
    return 0;
}

void kinds_remove_crd(struct kinds *k, const char *crd_name)
{
    stop_serving(k, map_get(k->definitions, crd_name, strlen(crd_name)));
    kinds_forget_documents(k);
    k->version++;
}
