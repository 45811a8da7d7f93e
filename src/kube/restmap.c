/*
 * restmap.c -- see restmap.h for the contract.
 *
 * DESIGN
 *
 * A refresh fills the table `next` from the answers, group after group, while
 * lookups go on in `live`; publishing swaps the two. A resource that is found
 * again unchanged is the same entry in both, so pointers that others hold stay
 * meaningful and a server that is asked every few seconds costs no memory.
 * Entries that went out of use stay in the arena: there are few.
 *
 * What could not be asked is copied from `live` to `next` as it was (DI-2,
 * DI-3): a group whose own server is down has not lost its kinds.
 *
 * INVARIANTS
 *
 *   I1  `sorted` has the entries of `live`, ordered by compare_entries()
 *   I2  a feed that fails leaves `next` and the paths as they were
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "restmap_impl.h"

struct restmap *restmap_new(void)
{
    return mem_calloc(1, sizeof(struct restmap));
}

void table_release(struct table *t)
{
    mem_free(t->items);
    *t = (struct table){0};
}

void restmap_free(struct restmap *m)
{
    if (!m)
        return;
    table_release(&m->live);
    table_release(&m->next);
    mem_free(m->sorted);
    mem_free(m->paths);
    arena_release(&m->scratch);
    arena_release(&m->arena);
    mem_free(m);
}

/* ---- entries ---- */

/* A draft's short names come unchecked from a document. */
static uint32_t short_name_count(const struct draft *d)
{
    return value_is(d->short_names, VALUE_ARRAY) ? d->short_names->count : 0;
}

static bool same_short_names(const struct entry *e, const struct draft *d)
{
    uint32_t count = short_name_count(d), i;

    for (i = 0; i < count && e->short_names[i]; i++)
        if (!text_equal(value_text(d->short_names->as.items[i]),
                        e->short_names[i]))
            return false;
    return i == count && !e->short_names[i];
}

/* group and version follow from apiVersion. */
static bool same_resource(const struct resource *a, const struct resource *b)
{
    return text_equal(a->api_version, b->api_version) &&
           text_equal(a->kind, b->kind) && text_equal(a->plural, b->plural) &&
           text_equal(a->singular, b->singular) &&
           a->namespaced == b->namespaced && a->has_status == b->has_status &&
           a->has_scale == b->has_scale && a->can_list == b->can_list &&
           a->can_watch == b->can_watch && a->can_create == b->can_create &&
           a->can_patch == b->can_patch && a->can_delete == b->can_delete;
}

/* NULL on out of memory. A short name that is no text ends the list. */
static const char **copy_short_names(struct arena *a, const struct draft *d)
{
    uint32_t count = short_name_count(d);
    const char **names = arena_calloc(a, count + 1, sizeof(*names));

    for (uint32_t i = 0; names && i < count; i++) {
        const char *name = value_text(d->short_names->as.items[i]);

        if (!name)
            break;
        names[i] = arena_strdup(a, name);
        if (!names[i])
            return NULL;
    }
    return names;
}

/* Copies every text. NULL on out of memory; what was copied by then stays in
 * the arena, unused. */
static struct entry *entry_new(struct arena *a, const struct draft *d)
{
    struct entry *e = arena_alloc(a, sizeof(*e));
    struct resource *r;

    if (!e)
        return NULL;
    e->resource = d->resource;
    e->short_names = copy_short_names(a, d);
    r = &e->resource;
    r->api_version = arena_strdup(a, r->api_version);
    r->group = arena_strdup(a, r->group);
    r->version = arena_strdup(a, r->version);
    r->kind = arena_strdup(a, r->kind);
    r->plural = arena_strdup(a, r->plural);
    r->singular = arena_strdup(a, r->singular);
    if (!e->short_names || !r->api_version || !r->group || !r->version ||
        !r->kind || !r->plural || !r->singular)
        return NULL;
    return e;
}

/* ---- tables ---- */

/* By apiVersion and kind; of two resources of one kind, first the one that can
 * be listed. */
static int compare_entries(const void *a, const void *b)
{
    const struct resource *x = &(*(const struct entry *const *)a)->resource;
    const struct resource *y = &(*(const struct entry *const *)b)->resource;
    int order = strcmp(x->api_version, y->api_version);

    if (order == 0)
        order = strcmp(x->kind, y->kind);
    if (order == 0)
        order = y->can_list - x->can_list;
    if (order == 0)
        order = strcmp(x->plural, y->plural);
    return order;
}

static int compare_kind(const struct resource *r, const char *api_version,
                        const char *kind)
{
    int order = strcmp(r->api_version, api_version);

    return order != 0 ? order : strcmp(r->kind, kind);
}

/* Index in `sorted` of the first entry that is not before this kind. */
static size_t lower_bound(const struct restmap *m, const char *api_version,
                          const char *kind)
{
    size_t low = 0, high = m->live.count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (compare_kind(&m->sorted[mid]->resource, api_version, kind) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int table_add_entry(struct table *t, const struct entry *e, struct err *err)
{
    void *items = t->items;

    if (mem_grow(&items, &t->cap, t->count + 1, sizeof(*t->items)) < 0)
        return err_nomem(err);
    t->items = items;
    t->items[t->count++] = e;
    return 0;
}

/* The live entry that says exactly this; NULL when it is news. */
static const struct entry *find_same(const struct restmap *m,
                                     const struct draft *d)
{
    const struct resource *r = &d->resource;

    for (size_t i = lower_bound(m, r->api_version, r->kind); i < m->live.count;
         i++) {
        const struct entry *e = m->sorted[i];

        if (compare_kind(&e->resource, r->api_version, r->kind) != 0)
            break;
        if (same_resource(&e->resource, r) && same_short_names(e, d))
            return e;
    }
    return NULL;
}

int table_take(struct restmap *m, struct table *t, const struct draft *d,
               struct err *err)
{
    const struct entry *e = find_same(m, d);

    if (!e)
        e = entry_new(&m->arena, d);
    return e ? table_add_entry(t, e, err) : err_nomem(err);
}

int table_keep_version(struct restmap *m, struct table *t,
                       const char *api_version, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < m->live.count && rc == 0; i++) {
        const struct entry *e = m->live.items[i];

        if (strcmp(e->resource.api_version, api_version) == 0)
            rc = table_add_entry(t, e, err);
    }
    return rc;
}

/* The live entries of the core group, or those of all others. */
static int keep_groups(struct restmap *m, bool core, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < m->live.count && rc == 0; i++) {
        const struct entry *e = m->live.items[i];

        if ((e->resource.group[0] == '\0') == core)
            rc = table_add_entry(&m->next, e, err);
    }
    return rc;
}

int table_publish(struct restmap *m, struct table *t, struct err *err)
{
    const struct entry **sorted = mem_alloc(t->count * sizeof(*sorted));

    if (!sorted)
        return err_nomem(err);
    if (t->count > 0) {
        memcpy(sorted, t->items, t->count * sizeof(*sorted));
        qsort(sorted, t->count, sizeof(*sorted), compare_entries);
    }
    mem_free(m->sorted);
    mem_free(m->live.items);
    m->sorted = sorted;
    m->live = *t;
    *t = (struct table){0};
    return 0;
}

/* ---- refresh ---- */

int restmap_ask(struct restmap *m, const char *path, struct err *err)
{
    void *paths = m->paths;

    if (mem_grow(&paths, &m->path_cap, m->path_count + 1, sizeof(*m->paths)) <
        0)
        return err_nomem(err);
    m->paths = paths;
    m->paths[m->path_count++] = path;
    return 0;
}

int restmap_begin(struct restmap *m, struct err *err)
{
    int rc;

    m->next.count = 0;
    m->path_count = m->path_pos = 0;
    arena_clear(&m->scratch);
    rc = restmap_ask(m, "/api", err);
    return rc < 0 ? rc : restmap_ask(m, "/apis", err);
}

const char *restmap_next_path(const struct restmap *m)
{
    return m->path_pos < m->path_count ? m->paths[m->path_pos] : NULL;
}

/* The two paths every refresh begins with. */
static bool is_root(const char *path)
{
    return strcmp(path, "/api") == 0 || strcmp(path, "/apis") == 0;
}

const char *restmap_path_version(const char *path)
{
    return path + strlen(text_starts(path, "/apis/") ? "/apis/" : "/api/");
}

/* No answer: what was known of it stays. */
static int keep_former(struct restmap *m, const char *path, struct err *err)
{
    if (is_root(path))
        return keep_groups(m, strcmp(path, "/api") == 0, err);
    return table_keep_version(m, &m->next, restmap_path_version(path), err);
}

/* Documents of groups may come from anybody's server: what cannot be read is
 * the peer's fault, never ours. */
static int read_answer(struct restmap *m, const char *path, const char *body,
                       size_t len, struct err *err)
{
    struct arena a = {0};
    struct value *doc;
    int rc = value_parse(&a, body, len, &doc, err);

    if (rc < 0 && rc != -ERR_NOMEM)
        rc = err_set(err, ERR_PROTOCOL, "%s", err ? err->msg : "");
    if (rc == 0)
        rc = is_root(path) ? restmap_parse_root(m, &a, doc, err)
                           : restmap_parse_group(m, &a, doc, err);
    arena_release(&a);
    return rc;
}

int restmap_feed(struct restmap *m, const char *body, size_t len,
                 struct err *err)
{
    const char *path = restmap_next_path(m);
    size_t count = m->next.count, path_count = m->path_count;
    int rc = -ERR_PROTOCOL;

    if (!path)
        return err_set(err, ERR_INVALID, "no discovery answer is expected");
    if (body)
        rc = read_answer(m, path, body, len, err);
    if (rc < 0) {
        m->next.count = count;
        m->path_count = path_count;
    }
    if (!body || (rc == -ERR_PROTOCOL && !is_root(path))) {
        err_clear(err);
        rc = keep_former(m, path, err);
    }
    if (rc < 0) {
        err_wrap(err, "cannot read '%s'", path);
        return rc;
    }
    m->path_pos++;
    return 0;
}

int restmap_end(struct restmap *m, struct err *err)
{
    int rc = 0;

    while (rc == 0 && restmap_next_path(m))
        rc = restmap_feed(m, NULL, 0, err);
    return rc < 0 ? rc : table_publish(m, &m->next, err);
}

/* ---- lookups ---- */

const struct resource *restmap_find(const struct restmap *m,
                                    const char *api_version, const char *kind)
{
    size_t i = lower_bound(m, api_version, kind);

    if (i == m->live.count ||
        compare_kind(&m->sorted[i]->resource, api_version, kind) != 0)
        return NULL;
    return &m->sorted[i]->resource;
}

const struct resource *restmap_find_group_kind(const struct restmap *m,
                                               const char *group,
                                               const char *kind)
{
    for (size_t i = 0; i < m->live.count; i++) {
        const struct resource *r = &m->live.items[i]->resource;

        if (strcmp(r->kind, kind) == 0 && strcmp(r->group, group) == 0)
            return restmap_find(m, r->api_version, kind);
    }
    return NULL;
}

const struct resource *restmap_at(const struct restmap *m, size_t i)
{
    return &m->live.items[i]->resource;
}

size_t restmap_count(const struct restmap *m)
{
    return m->live.count;
}

/* A word of the command line: "deployments", "deployments.apps",
 * "deployments.v1.apps". */
struct word {
    const char *name;
    size_t len;
    const char *rest; /* behind the first dot, NULL without one */
};

/* In any case, as kubectl takes them. */
static bool name_is(const struct word *w, const char *name)
{
    return w->len > 0 && strlen(name) == w->len &&
           strncasecmp(name, w->name, w->len) == 0;
}

static bool short_name_is(const struct word *w, const struct entry *e)
{
    for (const char **name = e->short_names; *name; name++)
        if (name_is(w, *name))
            return true;
    return false;
}

/* "apps", "v1.apps", or "v1" for the core group. */
static bool rest_is(const struct word *w, const struct resource *r)
{
    size_t len = strlen(r->version);

    if (!w->rest || strcmp(w->rest, r->group) == 0)
        return true;
    if (strncmp(w->rest, r->version, len) != 0)
        return false;
    if (w->rest[len] == '\0')
        return r->group[0] == '\0';
    return w->rest[len] == '.' && strcmp(w->rest + len + 1, r->group) == 0;
}

/* How well does the name fit? 0 is not at all. */
static int fit(const struct word *w, const struct entry *e)
{
    const struct resource *r = &e->resource;

    if (!rest_is(w, r))
        return 0;
    if (name_is(w, r->plural))
        return 4;
    if (name_is(w, r->singular))
        return 3;
    if (short_name_is(w, e))
        return 2;
    return name_is(w, r->kind) ? 1 : 0;
}

/* The best fit; of equal ones the first, so core before other groups and the
 * preferred version before the others. */
const struct resource *restmap_find_word(const struct restmap *m,
                                         const char *word)
{
    size_t len = strcspn(word, ".");
    struct word w = {word, len, word[len] ? word + len + 1 : NULL};
    const struct entry *best = NULL;
    int best_fit = 0;

    for (size_t i = 0; i < m->live.count; i++) {
        int f = fit(&w, m->live.items[i]);

        if (f > best_fit) {
            best = m->live.items[i];
            best_fit = f;
        }
    }
    return best ? &best->resource : NULL;
}
