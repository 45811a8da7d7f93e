/*
 * keytree.c -- see keytree.h for the contract.
 *
 * DESIGN
 *
 * A treap: a search tree by key that is a heap by priority. Priorities are
 * seeded hashes of keys, so nobody who chooses names can make it deep.
 */
#include "keytree.h"

#include <string.h>

#include "base/hash.h"

/* As if `a` ended with a slash. */
static int compare_ns(const char *a, const char *b)
{
    unsigned char x, y;

    while (*a && *a == *b) {
        a++;
        b++;
    }
    if (*a == *b)
        return 0;
    x = *a ? (unsigned char)*a : '/';
    y = *b ? (unsigned char)*b : '/';
    return x < y ? -1 : 1;
}

int keytree_compare(const struct object_key *a, const struct object_key *b)
{
    int rc = compare_ns(a->ns, b->ns);

    return rc ? rc : strcmp(a->name, b->name);
}

struct keytree_entry *keytree_find(const struct keytree *t,
                                   const struct object_key *key)
{
    struct keytree_entry *e = t->root;

    while (e) {
        int rc = keytree_compare(key, &e->item->key);

        if (rc == 0)
            break;
        e = rc < 0 ? e->left : e->right;
    }
    return e;
}

static uint64_t priority_of(const struct object_key *key)
{
    return hash_seeded(key->ns, strlen(key->ns)) ^
           (hash_seeded(key->name, strlen(key->name)) * 31);
}

/* What is below `key` to *left, the rest to *right. */
static void split(struct keytree_entry *e, const struct object_key *key,
                  struct keytree_entry **left, struct keytree_entry **right)
{
    while (e) {
        if (keytree_compare(&e->item->key, key) < 0) {
            *left = e;
            left = &e->right;
            e = e->right;
        } else {
            *right = e;
            right = &e->left;
            e = e->left;
        }
    }
    *left = *right = NULL;
}

void keytree_add(struct keytree *t, struct keytree_entry *entry)
{
    struct keytree_entry **at = &t->root;

    entry->priority = priority_of(&entry->item->key);
    while (*at && (*at)->priority >= entry->priority)
        at = keytree_compare(&entry->item->key, &(*at)->item->key) < 0
                 ? &(*at)->left
                 : &(*at)->right;
    split(*at, &entry->item->key, &entry->left, &entry->right);
    *at = entry;
}

static struct keytree_entry *merge(struct keytree_entry *left,
                                   struct keytree_entry *right)
{
    struct keytree_entry *root = NULL, **at = &root;

    while (left && right) {
        if (left->priority >= right->priority) {
            *at = left;
            at = &left->right;
            left = left->right;
        } else {
            *at = right;
            at = &right->left;
            right = right->left;
        }
    }
    *at = left ? left : right;
    return root;
}

void keytree_remove(struct keytree *t, struct keytree_entry *entry)
{
    struct keytree_entry **at = &t->root;

    while (*at != entry)
        at = keytree_compare(&entry->item->key, &(*at)->item->key) < 0
                 ? &(*at)->left
                 : &(*at)->right;
    *at = merge(entry->left, entry->right);
}

struct walk {
    const struct object_key *after;
    keytree_fn fn;
    void *arg;
};

static bool walk(const struct walk *w, struct keytree_entry *e)
{
    while (e) {
        bool wanted = !w->after || keytree_compare(w->after, &e->item->key) < 0;

        if (wanted && !(walk(w, e->left) && w->fn(w->arg, e)))
            return false;
        e = e->right;
    }
    return true;
}

bool keytree_walk(const struct keytree *t, const struct object_key *after,
                  keytree_fn fn, void *arg)
{
    struct walk w = {after, fn, arg};

    return walk(&w, t->root);
}
