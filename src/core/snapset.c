/*
 * snapset.c -- see snapset.h for the contract.
 *
 * DESIGN
 *
 * Three views of the same pointers:
 *
 *   names    a table from namespace/name
 *   sorted   one array in order. A list of the API server comes in order and
 *            is appended; the first member out of place only marks the array,
 *            and it is sorted when somebody looks. From then on it is kept in
 *            order by moving its tail, which is cheaper than sorting again
 *            after every event.
 *   owners   a table from the controller owner's uid to a small sorted array;
 *            an owner without children is removed at once (IN-12)
 *
 * No text is copied: a name is its snapshot's, an owner's uid is that of its
 * first child. An owner with one child holds it in place.
 *
 * A put reserves room in every view first; what follows cannot fail.
 *
 * INVARIANTS (snapset_check)
 *
 *   I1  sorted_cap >= count, so looking never needs memory
 *   I2  a member with an owner uid is in exactly that owner's array
 *   I3  an owner has at least one child; its uid text is the first child's
 */
#include "core/snapset.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

struct owner {
    struct object_key key;   /* {"", uid} */
    struct snapshot **items; /* &only, or an array of `cap` */
    uint32_t count, cap;
    struct snapshot *only;
};

static struct snapshot *snapshot_of(const struct object_key *key)
{
    char *at = (char *)(uintptr_t)key;

    return key ? (struct snapshot *)(void *)(at -
                                             offsetof(struct snapshot, key))
               : NULL;
}

static struct owner *owner_of(const struct object_key *key)
{
    char *at = (char *)(uintptr_t)key;

    return key ? (struct owner *)(void *)(at - offsetof(struct owner, key))
               : NULL;
}

/* ---- sorted arrays ---- */

/* The place of the first item that does not come before `key`. */
static size_t lower_bound(struct snapshot *const *items, size_t count,
                          const struct object_key *key)
{
    size_t low = 0;

    while (count > 0) {
        size_t half = count / 2;

        if (object_key_compare(&items[low + half]->key, key) < 0) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

static void insert_at(struct snapshot **items, size_t count, size_t at,
                      struct snapshot *snap)
{
    memmove(items + at + 1, items + at, (count - at) * sizeof items[0]);
    items[at] = snap;
}

static void remove_at(struct snapshot **items, size_t count, size_t at)
{
    memmove(items + at, items + at + 1, (count - at - 1) * sizeof items[0]);
}

static int by_key(const void *a, const void *b)
{
    const struct snapshot *const *sa = a, *const *sb = b;

    return object_key_compare(&(*sa)->key, &(*sb)->key);
}

static void sort(struct snapset *s)
{
    const struct object_key *key;
    size_t n = 0;

    for (size_t it = 0; (key = keytab_next(&s->names, &it));)
        s->sorted[n++] = snapshot_of(key);
    if (n > 1)
        qsort(s->sorted, n, sizeof s->sorted[0], by_key);
    s->sorted_count = n;
    s->out_of_order = false;
}

/* ---- owners ---- */

static struct owner *owner_find(const struct snapset *s, const char *uid)
{
    struct object_key key = {"", uid};

    return owner_of(keytab_get(&s->owners, &key));
}

static int owner_grow(struct snapset *s, struct owner *o)
{
    uint32_t cap = o->cap * 2;
    struct snapshot **items = o->items == &o->only ? NULL : o->items;

    items = mem_realloc(items, cap * sizeof *items);
    if (!items)
        return -ERR_NOMEM;
    s->owner_bytes += cap * sizeof *items;
    if (o->items == &o->only)
        items[0] = o->only;
    else
        s->owner_bytes -= o->cap * sizeof *items;
    o->items = items;
    o->cap = cap;
    return 0;
}

/* Room for one more child of that owner. */
static int owner_reserve(struct snapset *s, const char *uid)
{
    struct owner *o;

    if (uid[0] == '\0')
        return 0;
    o = owner_find(s, uid);
    if (o)
        return o->count < o->cap ? 0 : owner_grow(s, o);
    if (!s->spare)
        s->spare = mem_alloc(sizeof *s->spare);
    return s->spare ? keytab_reserve(&s->owners, 1) : -ERR_NOMEM;
}

static struct owner *owner_make(struct snapset *s, const char *uid)
{
    struct owner *o = s->spare;

    s->spare = NULL;
    *o = (struct owner){.key = {"", uid}, .items = &o->only, .cap = 1};
    s->owner_bytes += sizeof *o;
    keytab_put(&s->owners, &o->key);
    return o;
}

static void owner_free(struct snapset *s, struct owner *o)
{
    if (o->items != &o->only) {
        s->owner_bytes -= o->cap * sizeof o->items[0];
        mem_free(o->items);
    }
    s->owner_bytes -= sizeof *o;
    mem_free(o);
}

/* Needs owner_reserve(). */
static void owner_add(struct snapset *s, struct snapshot *snap)
{
    struct owner *o;

    if (snapshot_owner(snap)[0] == '\0')
        return;
    o = owner_find(s, snapshot_owner(snap));
    if (!o)
        o = owner_make(s, snapshot_owner(snap));
    assert(o->count < o->cap);
    insert_at(o->items, o->count, lower_bound(o->items, o->count, &snap->key),
              snap);
    o->count++;
    o->key.name = snapshot_owner(o->items[0]);
}

static void owner_drop(struct snapset *s, const struct snapshot *snap)
{
    struct owner *o;

    if (snapshot_owner(snap)[0] == '\0')
        return;
    o = owner_find(s, snapshot_owner(snap));
    if (o->count == 1) {
        keytab_remove(&s->owners, &o->key);
        owner_free(s, o);
        return;
    }
    remove_at(o->items, o->count, lower_bound(o->items, o->count, &snap->key));
    o->count--;
    o->key.name = snapshot_owner(o->items[0]);
}

static void owner_swap(struct snapset *s, const struct snapshot *old,
                       struct snapshot *snap)
{
    struct owner *o;

    if (strcmp(snapshot_owner(old), snapshot_owner(snap)) != 0) {
        owner_drop(s, old);
        owner_add(s, snap);
        return;
    }
    if (snapshot_owner(snap)[0] == '\0')
        return;
    o = owner_find(s, snapshot_owner(snap));
    o->items[lower_bound(o->items, o->count, &snap->key)] = snap;
    o->key.name = snapshot_owner(o->items[0]);
}

/* ---- the order of all ---- */

static void sorted_add(struct snapset *s, struct snapshot *snap)
{
    size_t n = s->sorted_count;

    if (s->out_of_order)
        return;
    if (n > 0 && object_key_compare(&s->sorted[n - 1]->key, &snap->key) > 0) {
        if (!s->listed) {
            s->out_of_order = true;
            return;
        }
        insert_at(s->sorted, n, lower_bound(s->sorted, n, &snap->key), snap);
    } else {
        s->sorted[n] = snap;
    }
    s->sorted_count++;
}

static void sorted_drop(struct snapset *s, const struct object_key *key)
{
    if (s->out_of_order)
        return;
    remove_at(s->sorted, s->sorted_count,
              lower_bound(s->sorted, s->sorted_count, key));
    s->sorted_count--;
}

static void sorted_swap(struct snapset *s, struct snapshot *snap)
{
    if (!s->out_of_order)
        s->sorted[lower_bound(s->sorted, s->sorted_count, &snap->key)] = snap;
}

/* ---- the set ---- */

void snapset_release(struct snapset *s)
{
    const struct object_key *key;

    for (size_t it = 0; (key = keytab_next(&s->owners, &it));)
        owner_free(s, owner_of(key));
    for (size_t it = 0; (key = keytab_next(&s->names, &it));)
        snapshot_unref(snapshot_of(key), "store");
    keytab_release(&s->owners);
    keytab_release(&s->names);
    mem_free(s->sorted);
    mem_free(s->spare);
    *s = (struct snapset){0};
}

static int reserve(struct snapset *s, const struct snapshot *snap, bool is_new)
{
    void *sorted = s->sorted;
    int rc = owner_reserve(s, snapshot_owner(snap));

    if (rc < 0 || !is_new)
        return rc;
    rc = mem_grow(&sorted, &s->sorted_cap, s->names.count + 1,
                  sizeof s->sorted[0]);
    if (rc < 0)
        return rc;
    s->sorted = sorted;
    return keytab_reserve(&s->names, 1);
}

int snapset_put(struct snapset *s, struct snapshot *snap,
                struct snapshot **ret_old)
{
    struct snapshot *old = snapset_get(s, &snap->key);
    int rc = reserve(s, snap, !old);

    if (rc < 0)
        return rc;
    snapshot_ref(snap, "store");
    keytab_put(&s->names, &snap->key);
    if (old) {
        sorted_swap(s, snap);
        owner_swap(s, old, snap);
    } else {
        sorted_add(s, snap);
        owner_add(s, snap);
    }
    *ret_old = old;
    return 0;
}

struct snapshot *snapset_take(struct snapset *s, const struct object_key *key)
{
    struct snapshot *old = snapset_get(s, key);

    if (!old)
        return NULL;
    sorted_drop(s, &old->key);
    owner_drop(s, old);
    keytab_remove(&s->names, &old->key);
    return old;
}

struct snapshot *snapset_get(const struct snapset *s,
                             const struct object_key *key)
{
    return snapshot_of(keytab_get(&s->names, key));
}

/* The first place whose namespace comes after `ns`. */
static size_t namespace_end(const struct snapset *s, size_t from,
                            const char *ns)
{
    size_t count = s->sorted_count - from;

    while (count > 0) {
        size_t half = count / 2;

        if (strcmp(s->sorted[from + half]->key.ns, ns) <= 0) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

size_t snapset_list(struct snapset *s, const char *ns,
                    struct snapshot *const **ret)
{
    struct object_key first = {ns, ""};
    size_t from;

    s->listed = true;
    if (s->out_of_order)
        sort(s);
    if (ns[0] == '\0') {
        *ret = s->sorted;
        return s->sorted_count;
    }
    from = lower_bound(s->sorted, s->sorted_count, &first);
    *ret = s->sorted + from;
    return namespace_end(s, from, ns) - from;
}

size_t snapset_owned(const struct snapset *s, const char *uid,
                     struct snapshot *const **ret)
{
    const struct owner *o = uid[0] ? owner_find(s, uid) : NULL;

    *ret = o ? o->items : NULL;
    return o ? o->count : 0;
}

size_t snapset_count(const struct snapset *s)
{
    return s->names.count;
}

size_t snapset_bytes(const struct snapset *s)
{
    return (s->names.cap + s->owners.cap + s->sorted_cap) * sizeof(void *) +
           s->owner_bytes;
}

/* ---- checking ---- */

static bool in_order(struct snapshot *const *items, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (object_key_compare(&items[i - 1]->key, &items[i]->key) >= 0)
            return false;
    return true;
}

static bool owner_check(const struct snapset *s, const struct owner *o)
{
    if (o->count == 0 || o->count > o->cap || !in_order(o->items, o->count) ||
        o->key.name != snapshot_owner(o->items[0]))
        return false;
    for (uint32_t i = 0; i < o->count; i++)
        if (snapset_get(s, &o->items[i]->key) != o->items[i] ||
            strcmp(snapshot_owner(o->items[i]), o->key.name) != 0)
            return false;
    return true;
}

static bool sorted_check(const struct snapset *s)
{
    if (s->out_of_order)
        return true;
    for (size_t i = 0; i < s->sorted_count; i++)
        if (snapset_get(s, &s->sorted[i]->key) != s->sorted[i])
            return false;
    return s->sorted_count == s->names.count &&
           in_order(s->sorted, s->sorted_count);
}

bool snapset_check(const struct snapset *s)
{
    size_t owned = 0, children = 0;
    const struct object_key *key;

    for (size_t it = 0; (key = keytab_next(&s->names, &it));)
        owned += snapshot_of(key)->owner_uid[0] != '\0';
    for (size_t it = 0; (key = keytab_next(&s->owners, &it));) {
        if (!owner_check(s, owner_of(key)))
            return false;
        children += owner_of(key)->count;
    }
    return owned == children && s->sorted_cap >= s->names.count &&
           keytab_check(&s->names) && keytab_check(&s->owners) &&
           sorted_check(s);
}
