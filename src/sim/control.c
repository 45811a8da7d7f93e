/*
 * control.c -- the frame: who is switched on, what they hear, whose turn it is.
 *
 * Changes are read from the history by revision: each is entered in the graph
 * and told to every controller that is on, which adds keys to its queue. When
 * changes were lost (compacted, or out of memory in between) the graph is made
 * anew and every object is told as if it were new: steps look at objects, never
 * at changes, so nothing depends on how often they are called.
 */
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "control_impl.h"
#include "control_steps.h"

/* At most so many keys in one controllers_step(): requests want their turn. */
#define STEP_MAX 64
/* A call that was refused so often is refused for ever. */
#define REFUSED_FOR_GOOD 6
#define LOST_PAUSE_MS 100

/* ---- who is on ---- */

static bool names(const char *word, size_t len, const char *name)
{
    return name && strlen(name) == len && strncmp(word, name, len) == 0;
}

static bool is_named(const struct controller *row, const char *word, size_t len)
{
    size_t short_len = strlen(row->name) - strlen("-controller");

    return names(word, len, row->name) || names(word, len, row->alias) ||
           (text_ends(row->name, "-controller") && len == short_len &&
            strncmp(word, row->name, len) == 0);
}

static int unknown(const char *word, size_t len, struct err *err)
{
    struct str known = {0};

    for (int i = 0; i < CONTROL_COUNT; i++)
        str_addf(&known, "%s%s", i > 0 ? " " : "", controller_table[i].alias);
    err_set(err, ERR_USAGE, "no controller is called '%.*s'", (int)len, word);
    err_hint(err, "there are: %s", str_text(&known));
    str_release(&known);
    return -ERR_USAGE;
}

static int switch_on(struct controllers *c, int id, struct err *err)
{
    if (!c->queues[id])
        c->queues[id] = workqueue_new(c->clock);
    return c->queues[id] ? 0 : err_nomem(err);
}

/* Which of them; "all" and "none" are words, too. */
static int switch_word(struct controllers *c, const char *word, size_t len,
                       struct err *err)
{
    bool all = names(word, len, "all") || names(word, len, "*"), found = all;

    if (len == 0 || names(word, len, "none"))
        return 0;
    for (int i = 0; i < CONTROL_COUNT; i++) {
        if (!all && !is_named(&controller_table[i], word, len))
            continue;
        found = true;
        if (switch_on(c, i, err) < 0)
            return err_nomem(err);
    }
    return found ? 0 : unknown(word, len, err);
}

static int switch_all(struct controllers *c, const char *which, struct err *err)
{
    const char *end;
    int rc = 0;

    for (const char *at = which ? which : "all"; rc == 0; at = end + 1) {
        end = at + strcspn(at, ",");
        rc = switch_word(c, at, (size_t)(end - at), err);
        if (*end == '\0')
            break;
    }
    return rc;
}

static bool is_any_on(const struct controllers *c)
{
    for (int i = 0; i < CONTROL_COUNT; i++)
        if (c->queues[i])
            return true;
    return false;
}

/* ---- life ---- */

static const struct {
    const char *group, *version, *plural;
} known_kinds[KNOWN_COUNT] = {
    [POD] = {"", "v1", "pods"},
    [NODE] = {"", "v1", "nodes"},
    [NAMESPACE] = {"", "v1", "namespaces"},
    [SERVICE] = {"", "v1", "services"},
    [SERVICE_ACCOUNT] = {"", "v1", "serviceaccounts"},
    [CONFIG_MAP] = {"", "v1", "configmaps"},
    [ENDPOINTS] = {"", "v1", "endpoints"},
    [VOLUME] = {"", "v1", "persistentvolumes"},
    [CLAIM] = {"", "v1", "persistentvolumeclaims"},
    [EVENT] = {"", "v1", "events"},
    [DEPLOYMENT] = {"apps", "v1", "deployments"},
    [REPLICA_SET] = {"apps", "v1", "replicasets"},
    [STATEFUL_SET] = {"apps", "v1", "statefulsets"},
    [DAEMON_SET] = {"apps", "v1", "daemonsets"},
    [REVISION] = {"apps", "v1", "controllerrevisions"},
    [JOB] = {"batch", "v1", "jobs"},
    [CRON_JOB] = {"batch", "v1", "cronjobs"},
    [SLICE] = {"discovery.k8s.io", "v1", "endpointslices"},
    [STORAGE_CLASS] = {"storage.k8s.io", "v1", "storageclasses"},
    [LEASE] = {"coordination.k8s.io", "v1", "leases"},
    [BUDGET] = {"policy", "v1", "poddisruptionbudgets"},
    [QUOTA] = {"", "v1", "resourcequotas"},
};

/* Registered for good: pointers stay. */
static int find_kinds(struct controllers *c, struct err *err)
{
    for (int i = 0; i < KNOWN_COUNT; i++) {
        c->kinds[i] = kinds_find(sim_kinds(c->s), known_kinds[i].group,
                                 known_kinds[i].version, known_kinds[i].plural);
        if (!c->kinds[i])
            return err_set(err, ERR_NO_KIND, "'%s' is not served",
                           known_kinds[i].plural);
    }
    return 0;
}

int controllers_new(struct sim *s, const char *which, struct controllers **ret,
                    struct err *err)
{
    struct controllers *c = mem_calloc(1, sizeof *c);
    int rc;

    if (!c)
        return err_nomem(err);
    c->s = s;
    c->clock = sim_clock(s);
    c->lost = true;
    c->graph = graph_new();
    c->runs = map_new();
    rc = c->graph && c->runs ? find_kinds(c, err) : err_nomem(err);
    if (rc == 0)
        rc = switch_all(c, which, err);
    if (rc < 0) {
        controllers_free(c);
        return rc;
    }
    *ret = c;
    return 0;
}

void controllers_free(struct controllers *c)
{
    if (!c)
        return;
    for (int i = 0; i < CONTROL_COUNT; i++)
        workqueue_free(c->queues[i]);
    kubelet_release(c);
    graph_free(c->graph);
    arena_release(&c->scratch);
    arena_release(&c->feed);
    mem_free(c);
}

int controllers_start(struct controllers *c, struct err *err)
{
    int rc = 0;

    if (c->queues[CONTROL_NODES])
        rc = nodes_make(c, err);
    if (rc == 0 && c->queues[CONTROL_VOLUME])
        rc = volume_make_class(c, err);
    return rc;
}

bool controllers_run_pods(const struct controllers *c, const char *node)
{
    return c && c->queues[CONTROL_KUBELET] && nodes_is_simulated(c, node);
}

/* ---- queues ---- */

void control_add(struct controllers *c, enum controller_id id, const char *ns,
                 const char *name)
{
    struct object_key key = {ns, name};

    if (c->queues[id] && workqueue_add(c->queues[id], &key) < 0)
        c->lost = true;
}

void control_add_after(struct controllers *c, enum controller_id id,
                       const struct object_key *key, uint64_t ms)
{
    if (c->queues[id] && workqueue_add_after(c->queues[id], key, ms) < 0)
        c->lost = true;
}

void control_add_all(struct controllers *c, enum controller_id id,
                     enum known kind, const char *ns)
{
    const char *bucket = c->kinds[kind]->bucket;

    for (struct shelf *s = NULL; (s = graph_next_shelf(c->graph, s));) {
        if (!text_equal(s->bucket, bucket) ||
            (ns[0] != '\0' && !text_equal(s->ns, ns)))
            continue;
        for (const struct member *m = s->first; m; m = m->next)
            control_add(c, id, m->key.ns, m->key.name);
    }
}

void control_add_node(struct controllers *c, enum controller_id id,
                      const char *node, uint64_t ms)
{
    for (struct shelf *s = NULL; (s = graph_next_shelf(c->graph, s));)
        for (const struct member *m = s->first; m; m = m->next)
            if (text_equal(m->node, node) && !m->ended)
                control_add_after(c, id, &m->key, ms);
}

/* ---- hearing ---- */

static enum known known_of(const struct controllers *c, const char *bucket)
{
    int i = 0;

    while (i < KNOWN_COUNT && !text_equal(c->kinds[i]->bucket, bucket))
        i++;
    return (enum known)i;
}

/* Objects of the root kind, what they control, and what they might adopt. */
static void tell_owner(struct controllers *c, enum controller_id id,
                       const struct news *n)
{
    const struct controller *row = &controller_table[id];
    const struct value *owner = object_controller(n->object);

    if (n->kind == row->root) {
        control_add(c, id, n->key->ns, n->key->name);
    } else if (n->kind != row->part) {
        return;
    } else if (!owner) {
        if (n->created || n->relabelled)
            control_add_all(c, id, row->root, n->key->ns);
    } else if (text_equal(value_text_at(owner, "kind"),
                          c->kinds[row->root]->r.kind)) {
        control_add(c, id, n->key->ns, value_text_at(owner, "name"));
    }
}

static void tell(struct controllers *c, const struct news *n)
{
    for (int i = 0; i < CONTROL_COUNT; i++) {
        if (!c->queues[i])
            continue;
        if (controller_table[i].root != KNOWN_COUNT)
            tell_owner(c, (enum controller_id)i, n);
        if (controller_table[i].changed)
            controller_table[i].changed(c, n);
    }
}

static int read_news(struct controllers *c, const struct item *item,
                     struct value **ret)
{
    arena_clear(&c->feed);
    return value_parse(&c->feed, item->json, item->len, ret, NULL);
}

/* Labels and owners as they were, in short. */
static bool is_relabelled(struct controllers *c, const struct change *change,
                          const struct value *now)
{
    struct value *was;

    if (!change->before || change->deleted)
        return true;
    if (value_parse(&c->feed, change->before->json, change->before->len, &was,
                    NULL) < 0)
        return true;
    return !value_equal(value_path(was, "metadata.labels"),
                        value_path(now, "metadata.labels")) ||
           !value_equal(value_path(was, "metadata.ownerReferences"),
                        value_path(now, "metadata.ownerReferences"));
}

static bool is_heard(const struct controllers *c, const char *bucket)
{
    return !text_equal(bucket, c->kinds[EVENT]->bucket);
}

static int hear(struct controllers *c, const struct change *change)
{
    struct news n = {.bucket = change->bucket,
                     .key = &change->now->key,
                     .kind = known_of(c, change->bucket),
                     .created = !change->before,
                     .deleted = change->deleted};
    struct value *object;
    int rc;

    if (!is_heard(c, change->bucket))
        return 0;
    if (read_news(c, change->now, &object) < 0)
        return -ERR_NOMEM;
    n.object = object;
    n.uid = object_uid(object);
    if (!object_controller(object) && n.kind != KNOWN_COUNT)
        n.relabelled = is_relabelled(c, change, object);
    rc = 0;
    if (n.deleted)
        graph_remove(c->graph, n.bucket, n.key);
    else
        rc = graph_put(c->graph, n.bucket, n.key, object);
    if (rc < 0)
        return rc;
    n.member = n.deleted ? NULL : graph_find(c->graph, n.bucket, n.key);
    tell(c, &n);
    return 0;
}

/* ---- looking at everything ---- */

struct sweep {
    struct controllers *c;
    const char *bucket;
    int rc;
};

static bool sweep_one(void *arg, const struct item *item)
{
    struct sweep *s = arg;
    struct change change = {.bucket = s->bucket,
                            .now = (struct item *)(uintptr_t)item};

    s->rc = hear(s->c, &change);
    return s->rc == 0;
}

/* Versions of one kind share a bucket. */
static bool is_first_of_bucket(struct kinds *all, const struct kind *k)
{
    return kinds_find_bucket(all, k->bucket) == k;
}

static int look_at_all(struct controllers *c)
{
    struct kinds *all = sim_kinds(c->s);
    struct sweep sweep = {.c = c};
    struct history_list list = {.ns = ""};
    const struct kind *k;
    int rc = 0;

    graph_free(c->graph);
    c->graph = graph_new();
    if (!c->graph)
        return -ERR_NOMEM;
    c->seen = history_revision(sim_history(c->s));
    for (size_t it = 0; rc == 0 && (k = kinds_next(all, &it));) {
        if (!is_first_of_bucket(all, k) || !is_heard(c, k->bucket))
            continue;
        list.bucket = sweep.bucket = k->bucket;
        rc = history_walk(sim_history(c->s), &list, sweep_one, &sweep, NULL);
        if (rc == 0)
            rc = sweep.rc;
    }
    return rc;
}

static void listen_up(struct controllers *c)
{
    const struct change *change;
    int rc = 0;

    if (c->lost) {
        c->lost = false;
        rc = look_at_all(c);
    }
    while (rc == 0) {
        rc = history_after(sim_history(c->s), NULL, c->seen, &change, NULL);
        if (rc < 0 || !change)
            break;
        c->seen = change->revision;
        rc = hear(c, change);
    }
    if (rc < 0)
        c->lost = true;
}

/* ---- turns ---- */

static void settle(struct work *w)
{
    struct workqueue *q = w->c->queues[w->id];
    int rc = 0;

    if (w->again || w->d.failed) {
        rc = workqueue_add_rate_limited(q, w->key);
    } else {
        workqueue_forget(q, w->key);
        if (w->after_ms < UINT64_MAX)
            rc = workqueue_add_after(q, w->key, w->after_ms);
    }
    if (rc < 0)
        w->c->lost = true;
    workqueue_done(q, w->key);
}

struct work work_begin(struct controllers *c, enum controller_id id,
                       const struct object_key *key)
{
    arena_clear(&c->scratch);
    return (struct work){.c = c,
                         .self = &controller_table[id],
                         .id = id,
                         .key = key,
                         .after_ms = UINT64_MAX,
                         .d = {.a = &c->scratch,
                               .unix_now = clock_unix(c->clock),
                               .now_ms = clock_now_ms(c->clock)}};
}

static void run(struct controllers *c, enum controller_id id,
                const struct object_key *key)
{
    struct work w = work_begin(c, id, key);

    controller_table[id].step(&w);
    settle(&w);
}

/* The next key of the next controller that has one. */
static bool run_one(struct controllers *c)
{
    const struct object_key *key;
    unsigned id;

    for (unsigned i = 0; i < CONTROL_COUNT; i++) {
        id = (c->turn + i) % CONTROL_COUNT;
        key = c->queues[id] ? workqueue_get(c->queues[id]) : NULL;
        if (!key)
            continue;
        c->turn = id + 1;
        run(c, (enum controller_id)id, key);
        return true;
    }
    return false;
}

static uint64_t next_due(struct controllers *c)
{
    uint64_t now = clock_now_ms(c->clock), wait = UINT64_MAX, one;

    for (int i = 0; i < CONTROL_COUNT; i++) {
        one = c->queues[i] ? workqueue_wait_ms(c->queues[i]) : UINT64_MAX;
        if (one < wait)
            wait = one;
    }
    if (c->lost && wait > LOST_PAUSE_MS)
        wait = LOST_PAUSE_MS;
    else if (c->seen < history_revision(sim_history(c->s)))
        wait = 0;
    return wait < UINT64_MAX - now ? now + wait : UINT64_MAX;
}

uint64_t controllers_step(struct controllers *c)
{
    if (!c || !is_any_on(c))
        return UINT64_MAX;
    for (int i = 0; i < STEP_MAX; i++) {
        listen_up(c);
        if (!run_one(c))
            break;
    }
    return next_due(c);
}

/* ---- quiet ---- */

struct waiting {
    const struct workqueue *q;
    bool found;
};

static void look_at_wait(void *arg, const struct object_key *key,
                         uint64_t wait_ms)
{
    struct waiting *w = arg;

    (void)wait_ms;
    if (workqueue_failures(w->q, key) < REFUSED_FOR_GOOD)
        w->found = true;
}

bool controllers_are_quiet(const struct controllers *c)
{
    struct waiting w = {0};

    if (!c || !is_any_on(c))
        return true;
    if (c->lost || c->seen < history_revision(sim_history(c->s)))
        return false;
    for (int i = 0; i < CONTROL_COUNT && !w.found; i++) {
        if (!c->queues[i])
            continue;
        if (workqueue_ready(c->queues[i]) > 0)
            return false;
        w.q = c->queues[i];
        if (!controller_table[i].restless)
            workqueue_each_delayed(w.q, look_at_wait, &w);
    }
    return !w.found;
}
