/*
 * kept.c -- see kept.h for the contract. The list is read anew for each member:
 *           it has a few short paths, and there is nothing to keep beside it.
 */
#include "kube/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* ---- reading ---- */

static bool is_base(const char *key, size_t len)
{
    static const char *const names[] = {"apiVersion", "kind", "metadata"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (len == strlen(names[i]) && memcmp(key, names[i], len) == 0)
            return true;
    return false;
}

/* What the path says of the member. */
static enum kept path_member(const char *path, size_t path_len,
                             const struct kept_place *place, const char *key,
                             size_t key_len)
{
    size_t len = place->len + key_len;

    if (path_len < len || memcmp(path, place->path, place->len) != 0 ||
        memcmp(path + place->len, key, key_len) != 0)
        return KEPT_NOT;
    if (path_len == len)
        return KEPT_WHOLE;
    return path[len] == '.' ? KEPT_PART : KEPT_NOT;
}

enum kept kept_member(const char *list, const struct kept_place *place,
                      const char *key, size_t key_len,
                      struct kept_place *ret_below)
{
    const struct kept_place top = {"", 0};
    enum kept kept = KEPT_NOT;

    if (place->len == 0) {
        if (is_base(key, key_len))
            return KEPT_WHOLE;
        place = &top;
    }
    while (*list && kept != KEPT_WHOLE) {
        size_t len = strcspn(list, ",");
        enum kept here = path_member(list, len, place, key, key_len);

        if (here != KEPT_NOT)
            kept = here;
        if (here == KEPT_PART)
            *ret_below = (struct kept_place){list, place->len + key_len + 1};
        list += len + (list[len] == ',');
    }
    return kept;
}

bool kept_has(const char *list, const char *path)
{
    struct kept_place place = {0}, below = {0};
    enum kept kept = KEPT_PART;

    while (kept == KEPT_PART && *path) {
        size_t len = strcspn(path, ".");

        kept = kept_member(list, &place, path, len, &below);
        place = below;
        path += len + (path[len] == '.');
    }
    return kept == KEPT_WHOLE;
}

/* ---- making ---- */

static bool is_member(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || strchr("[]*,\"'\\", text[i]))
            return false;
    return len > 0;
}

static int check_path(const char *path, struct err *err)
{
    const char *at = path + 1;
    unsigned depth = 0;

    if (path[0] != '.')
        return err_set(err, ERR_INVALID,
                       "'%.80s' is no path: it begins with a dot, as in "
                       "'.spec.nodeName'",
                       path);
    if (is_base(at, strcspn(at, ".")))
        return err_set(err, ERR_INVALID,
                       "'%.80s' is always kept: apiVersion, kind and metadata "
                       "need not be named",
                       path);
    for (;; at++) {
        size_t len = strcspn(at, ".");

        if (!is_member(at, len) || ++depth > KEPT_MAX_DEPTH)
            return err_set(err, ERR_INVALID,
                           "'%.80s' is no path of members: of a list all items "
                           "are kept, so name the list",
                           path);
        at += len;
        if (!*at)
            return 0;
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int kept_make(struct arena *a, const char *const *paths, size_t count,
              const char **ret, struct err *err)
{
    const char **sorted = arena_calloc(a, count + 1, sizeof(*sorted));
    struct str text;
    int rc = 0;

    if (!sorted)
        return err_nomem(err);
    for (size_t i = 0; i < count && rc == 0; i++) {
        sorted[i] = paths[i];
        rc = check_path(paths[i], err);
    }
    if (rc < 0)
        return rc;
    qsort(sorted, count, sizeof(*sorted), compare);
    str_init(&text, KEPT_MAX_BYTES);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
            str_addf(&text, "%s%s", i ? "," : "", sorted[i] + 1);
    rc = str_check(&text, "the list of fields", err);
    if (rc == 0) {
        *ret = arena_strndup(a, str_text(&text), text.len);
        rc = *ret ? 0 : err_nomem(err);
    }
    str_release(&text);
    return rc;
}
