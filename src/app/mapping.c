/*
 * mapping.c -- which roots does a changed object concern?
 *
 * DESIGN
 *
 * A root concerns itself; a child its controller, found by the uid in its
 * ownerReference (EH-1, G7), or by the label of an orphan; an object of a read
 * kind those roots that asked for it by name, or those that the script's map
 * function gives, or every root that may list it. Both the old and the new
 * state are mapped (EH-1, EH-2), so moving a child wakes both owners.
 *
 * INVARIANTS
 *
 *   I1  uids has exactly the roots of the root store
 *   I2  wanted[x] holds root k  <=>  memory[k].names holds x
 */
#include "controller_impl.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

int key_text(const struct object_key *key, struct str *out)
{
    return str_addf(out, "%s/%s", key->ns, key->name);
}

/* Of a first list, or seen by a standby: looked at when there is time (PQ-5).
 * Later on it is news. */
static enum workqueue_class class_of(const struct feed_slot *slot)
{
    return slot->listed ? WORKQUEUE_NORMAL : WORKQUEUE_LOW;
}

void controller_enqueue(struct controller *c, const struct object_key *key,
                        enum workqueue_class class)
{
    int rc;

    if (c->draining)
        return;
    if (c->config.name && strcmp(c->config.name, key->name) != 0)
        return;
    rc = class == WORKQUEUE_LOW ? workqueue_add_low(c->queue, key)
                                : workqueue_add(c->queue, key);
    if (rc < 0)
        log_error("out of memory: a change was not queued", "object", key->name,
                  NULL);
    controller_schedule(c);
}

/* "ns/name" back to a key; the texts live in `text`, which is changed. */
static struct object_key split_key(char *text)
{
    char *slash = strchr(text, '/');

    *slash = '\0';
    return (struct object_key){text, slash + 1};
}

static void enqueue_text(struct controller *c, const char *text,
                         enum workqueue_class class)
{
    char *copy = mem_strdup(text);

    if (copy) {
        struct object_key key = split_key(copy);

        controller_enqueue(c, &key, class);
    }
    mem_free(copy);
}

/* ---- what is remembered of a root ---- */

static void memory_free(struct root_memory *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->name_count; i++)
        mem_free(m->names[i]);
    mem_free(m->names);
    mem_free(m->names_rv);
    mem_free(m->zones);
    hold_release(&m->hold);
    mem_free(m->events);
    mem_free(m->uid);
    mem_free(m);
}

struct root_memory *mapping_memory(struct controller *c,
                                   const struct object_key *key, bool make)
{
    struct str text = {0};
    struct root_memory *m = NULL;

    if (key_text(key, &text) == 0)
        m = map_get(c->memory, text.data, text.len);
    if (!m && make && text.data) {
        m = mem_calloc(1, sizeof(*m));
        if (m && map_put(c->memory, text.data, text.len, m, NULL) < 0) {
            mem_free(m);
            m = NULL;
        }
    }
    str_release(&text);
    return m;
}

static void unwant(struct controller *c, const char *name, const char *root)
{
    struct map *roots = map_get(c->wanted, name, strlen(name));

    if (!roots)
        return;
    map_remove(roots, root, strlen(root));
    if (map_count(roots) > 0)
        return;
    map_remove(c->wanted, name, strlen(name));
    map_free(roots);
}

static int want(struct controller *c, const char *name, const char *root)
{
    struct map *roots = map_get(c->wanted, name, strlen(name));

    if (!roots) {
        roots = map_new();
        if (!roots)
            return -ERR_NOMEM;
        if (map_put(c->wanted, name, strlen(name), roots, NULL) < 0) {
            map_free(roots);
            return -ERR_NOMEM;
        }
    }
    return map_put(roots, root, strlen(root), c, NULL);
}

static void drop_names(struct controller *c, struct root_memory *m,
                       const char *root)
{
    for (size_t i = 0; i < m->name_count; i++) {
        unwant(c, m->names[i], root);
        mem_free(m->names[i]);
    }
    m->name_count = 0;
    mem_free(m->names);
    m->names = NULL;
    mem_free(m->names_rv);
    m->names_rv = NULL;
}

void mapping_forget(struct controller *c, const struct object_key *key)
{
    struct str text = {0};
    struct root_memory *m = NULL;

    if (key_text(key, &text) == 0)
        m = map_remove(c->memory, text.data, text.len);
    if (m) {
        c->failing -= m->failing;
        drop_names(c, m, text.data);
        memory_free(m);
    }
    str_release(&text);
}

static void forget_text(char **text)
{
    mem_free(*text);
    *text = NULL;
}

void mapping_forget_versions(struct controller *c)
{
    size_t it = 0, len;
    const char *key;
    void *value;

    while (map_next(c->memory, &it, &key, &len, &value)) {
        struct root_memory *m = value;

        forget_text(&m->uid);
        forget_text(&m->names_rv);
        forget_text(&m->events);
    }
    diff_memo_clear(c->memo);
}

void mapping_forget_script(struct controller *c)
{
    size_t it = 0, len;
    const char *key;
    void *value;

    while (map_next(c->memory, &it, &key, &len, &value)) {
        struct root_memory *m = value;

        drop_names(c, m, key);
        m->row = 0;
        m->conflicts = 0;
        m->overruns = 0;
    }
}

void mapping_free(struct controller *c)
{
    size_t it = 0;
    const char *key;
    size_t len;
    void *value;

    for (it = 0; c->memory && map_next(c->memory, &it, &key, &len, &value);)
        memory_free(value);
    for (it = 0; c->wanted && map_next(c->wanted, &it, &key, &len, &value);)
        map_free(value);
    for (it = 0; c->uids && map_next(c->uids, &it, &key, &len, &value);)
        mem_free(value);
    map_free(c->memory);
    map_free(c->wanted);
    map_free(c->uids);
}

/* ---- names that a root asks for ---- */

static int add_name(struct controller *c, struct root_memory *m,
                    const char *root, const char *name)
{
    size_t cap = m->name_count;
    void *items = m->names;
    char *copy = mem_strdup(name);

    if (!copy)
        return -ERR_NOMEM;
    if (mem_grow(&items, &cap, m->name_count + 1, sizeof(char *)) < 0) {
        mem_free(copy);
        return -ERR_NOMEM;
    }
    m->names = items;
    m->names[m->name_count++] = copy;
    return want(c, copy, root);
}

static int names_of_read(struct controller *c, const struct feed_slot *slot,
                         const struct snapshot *root, const char **names,
                         struct err *err)
{
    struct root_memory *m = mapping_memory(c, &root->key, true);
    struct str text = {0};
    struct str root_text = {0};
    const char *ns = root->key.ns;
    int rc = m ? 0 : err_nomem(err);

    if (slot->read->scope == READ_NAMED)
        ns = slot->read->ns;
    else if (slot->read->scope == READ_NONE)
        ns = "";
    key_text(&root->key, &root_text);
    for (; rc == 0 && *names; names++) {
        str_clear(&text);
        str_addf(&text, "%zu\n%s/%s", slot->read_index, ns, *names);
        if (str_check(&text, "name", err) < 0 ||
            add_name(c, m, str_text(&root_text), text.data) < 0)
            rc = err_nomem(err);
    }
    str_release(&text);
    str_release(&root_text);
    return rc;
}

bool mapping_lacks_names(struct controller *c, const struct snapshot *root)
{
    const struct root_memory *m = mapping_memory(c, &root->key, false);
    bool any = false;

    for (size_t i = c->now.owned_count; i < c->now.slot_count; i++)
        any |= c->now.slots[i].read->by_name;
    return any && !(m && m->names_rv &&
                    strcmp(m->names_rv, root->resource_version) == 0);
}

int mapping_set_names(struct controller *c, struct snapshot *root,
                      const char **const *names, struct err *err)
{
    struct root_memory *m = mapping_memory(c, &root->key, true);
    struct str text = {0};
    int rc = 0;

    if (!m || key_text(&root->key, &text) < 0) {
        str_release(&text);
        return err_nomem(err);
    }
    drop_names(c, m, text.data);
    str_release(&text);
    for (size_t i = c->now.owned_count; i < c->now.slot_count && rc == 0; i++)
        if (c->now.slots[i].read->by_name)
            rc = names_of_read(c, &c->now.slots[i], root,
                               names[c->now.slots[i].read_index], err);
    if (rc == 0)
        m->names_rv = mem_strdup(root->resource_version);
    return rc;
}

/* ---- deltas ---- */

static void root_came(struct controller *c, const struct snapshot *root)
{
    struct str text = {0};
    void *old = NULL;
    char *copy;

    key_text(&root->key, &text);
    copy = str_take(&text);
    if (!copy || map_put(c->uids, root->uid, strlen(root->uid), copy, &old) < 0)
        mem_free(copy);
    mem_free(old);
}

static void root_went(struct controller *c, const struct snapshot *root)
{
    mem_free(map_remove(c->uids, root->uid, strlen(root->uid)));
}

/* Did anything change that a script may see, or that the runtime acts on? Spec
 * changes and deletion raise the generation; a status is output, so writing it
 * wakes nobody (note 05). Kinds without generation: always. */
static bool root_differs(const struct snapshot *old, const struct snapshot *now)
{
    static const char *const keys[] = {"labels", "annotations", "finalizers",
                                       "ownerReferences"};
    struct arena a = {0};
    struct value *before, *after;
    struct err err = {0};
    bool differs = old->generation == 0 || old->generation != now->generation ||
                   old->deleting != now->deleting ||
                   snapshot_value(old, &a, &before, &err) < 0 ||
                   snapshot_value(now, &a, &after, &err) < 0;

    for (size_t i = 0; !differs && i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct value *x =
            value_get(value_get(before, "metadata"), keys[i]);
        const struct value *y =
            value_get(value_get(after, "metadata"), keys[i]);

        differs = (x || y) && !(x && y && value_equal(x, y));
    }
    arena_release(&a);
    return differs;
}

void mapping_root(void *arg, const struct delta *delta)
{
    struct feed_slot *slot = arg;
    struct controller *c = slot->controller;
    const struct snapshot *any = delta->now ? delta->now : delta->old;
    bool same = delta->old && delta->now &&
                strcmp(delta->old->uid, delta->now->uid) == 0;

    if (!same && delta->old)
        root_went(c, delta->old);
    if (!same && delta->now)
        root_came(c, delta->now);
    if (!same || root_differs(delta->old, delta->now))
        controller_enqueue(c, &any->key, class_of(slot));
}

/* The root of a child, "ns/name"; NULL when it has none (here). */
static const char *owner_of(struct controller *c, const struct snapshot *child)
{
    const char *uid = child ? snapshot_owner(child) : "";

    return *uid ? map_get(c->uids, uid, strlen(uid)) : NULL;
}

static void enqueue_owner(const struct feed_slot *slot,
                          const struct snapshot *child)
{
    const char *key = owner_of(slot->controller, child);

    if (key)
        enqueue_text(slot->controller, key, class_of(slot));
}

/* A child that was there is not: its root may be gone as well, and only the
 * news of that be late (note 12, G4). */
static void note_lost(struct controller *c, const struct snapshot *child)
{
    const char *key = owner_of(c, child);
    struct root_memory *m = key ? map_get(c->memory, key, strlen(key)) : NULL;

    if (m)
        m->lost_child = true;
}

/* A name became free, maybe one that a root waits for. */
static void wake_blocked(struct controller *c, const char *ns)
{
    size_t it = 0, len, ns_len = strlen(ns);
    const char *key;
    void *value;

    while (c->failing > 0 && map_next(c->memory, &it, &key, &len, &value)) {
        const struct root_memory *m = value;
        bool near = key[0] == '/' ||
                    (strncmp(key, ns, ns_len) == 0 && key[ns_len] == '/');

        if (m->blocked && near)
            enqueue_text(c, key, WORKQUEUE_NORMAL);
    }
}

void mapping_wake_failing(struct controller *c)
{
    size_t it = 0, len;
    const char *key;
    void *value;

    while (c->failing > 0 && map_next(c->memory, &it, &key, &len, &value))
        if (((const struct root_memory *)value)->failing)
            enqueue_text(c, key, WORKQUEUE_LOW);
}

void mapping_owned(void *arg, const struct delta *delta)
{
    struct feed_slot *slot = arg;
    struct controller *c = slot->controller;
    bool same = delta->old && delta->now &&
                strcmp(delta->old->uid, delta->now->uid) == 0;

    if (delta->old && !same) {
        note_lost(c, delta->old);
        wake_blocked(c, delta->old->key.ns);
    }
    enqueue_owner(slot, delta->old);
    enqueue_owner(slot, delta->now);
}

static void enqueue_wanting(struct controller *c, const struct feed_slot *slot,
                            const struct snapshot *s)
{
    struct str text = {0};
    struct map *roots = NULL;
    const char *key;
    size_t it = 0, len;
    void *value;

    if (str_addf(&text, "%zu\n%s/%s", slot->read_index, s->key.ns,
                 s->key.name) == 0)
        roots = map_get(c->wanted, text.data, text.len);
    while (roots && map_next(roots, &it, &key, &len, &value))
        enqueue_text(c, key, class_of(slot));
    str_release(&text);
}

/* Every root that may list the object. */
static void enqueue_readers(struct controller *c, const struct feed_slot *slot,
                            const struct snapshot *s)
{
    const char *ns = slot->read->scope == READ_OWN ? s->key.ns : "";
    struct snapshot *const *roots;
    size_t count = store_list(c->root.feed->store, ns, &roots);

    for (size_t i = 0; i < count; i++)
        controller_enqueue(c, &roots[i]->key, class_of(slot));
}

/* ---- map functions ---- */

/* One that is under way; owns what it needs. */
struct mapped {
    struct mapped *next, **link; /* of controller.mapped */
    struct feed_slot *slot;
    struct snapshot *object;
    struct arena arena;
    struct task task;
};

static void mapped_free(struct mapped *m)
{
    struct controller *c = m->slot->controller;

    task_cancel(&m->task);
    *m->link = m->next;
    if (m->next)
        m->next->link = m->link;
    c->mapped_count--;
    snapshot_unref(m->object, "map");
    arena_release(&m->arena);
    mem_free(m);
}

/* A change must not be lost because a process died: rather wake too many. A
 * function that fails by itself fails for the next change, too: it is logged.
 */
static void on_mapped(struct task *t, const struct err *err)
{
    struct mapped *m = t->arg;
    struct controller *c = m->slot->controller;
    bool own = err->code == ERR_SCRIPT || err->code == ERR_PLAN;

    if (err->code != ERR_NONE)
        log_error("map function failed", "operator", c->now.decl->name, "err",
                  err->msg, NULL);
    if (err->code != ERR_NONE && !own)
        enqueue_readers(c, m->slot, m->object);
    for (size_t i = 0; i < t->roots.count; i++)
        controller_enqueue(c, &t->roots.keys[i], class_of(m->slot));
    mapped_free(m);
    controller_tell(c);
}

static void start_map(struct controller *c, struct feed_slot *slot,
                      struct snapshot *s)
{
    struct mapped *m = mem_calloc(1, sizeof(*m));

    if (!m) {
        enqueue_readers(c, slot, s);
        return;
    }
    m->slot = slot;
    m->object = snapshot_ref(s, "map");
    m->next = c->mapped;
    m->link = &c->mapped;
    if (m->next)
        m->next->link = &m->next;
    c->mapped = m;
    c->mapped_count++;
    m->task = (struct task){
        .program = c->now.program,
        .call = TASK_MAP,
        .object = s,
        .read = slot->read_index,
        .arena = &m->arena,
        .done = on_mapped,
        .arg = m,
    };
    task_start(&m->task);
}

void mapping_stop(struct controller *c)
{
    while (c->mapped)
        mapped_free(c->mapped);
}

void mapping_read(void *arg, const struct delta *delta)
{
    struct feed_slot *slot = arg;
    struct controller *c = slot->controller;
    const struct snapshot *any = delta->now ? delta->now : delta->old;

    frozen_changed(&slot->frozen, any->key.ns);
    if (slot->read->has_map) {
        if (delta->old)
            start_map(c, slot, (struct snapshot *)delta->old);
        if (delta->now)
            start_map(c, slot, (struct snapshot *)delta->now);
    } else if (slot->read->by_name)
        enqueue_wanting(c, slot, any);
    else
        enqueue_readers(c, slot, any);
}
