/*
 * pass_log.c -- see pass_log.h.
 *
 * A pass is kept as the JSON text that will be shown, so that what is kept
 * depends on nothing that may go away. The list goes from the newest to the
 * oldest; a map finds the one of a root.
 */
#include "pass_log.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct entry {
    struct entry *prev, *next;
    char *id; /* "operator\nns/name", the map's key */
    char *json;
    size_t len;
};

struct pass_log {
    struct map *all;
    struct entry *newest, *oldest;
};

/* ---- the list ---- */

static void unlink_entry(struct pass_log *l, struct entry *e)
{
    *(e->prev ? &e->prev->next : &l->newest) = e->next;
    *(e->next ? &e->next->prev : &l->oldest) = e->prev;
    e->prev = e->next = NULL;
}

static void put_first(struct pass_log *l, struct entry *e)
{
    e->next = l->newest;
    *(e->next ? &e->next->prev : &l->oldest) = e;
    l->newest = e;
}

static void drop(struct pass_log *l, struct entry *e)
{
    unlink_entry(l, e);
    map_remove(l->all, e->id, strlen(e->id));
    mem_free(e->id);
    mem_free(e->json);
    mem_free(e);
}

/* ---- one pass as a document ---- */

static int set_text(struct arena *a, struct value *v, const char *key,
                    const char *text)
{
    return value_set(a, v, key, value_string(a, text ? text : ""));
}

static int set_number(struct arena *a, struct value *v, const char *key,
                      int64_t n)
{
    return value_set(a, v, key, value_integer(a, n));
}

static struct value *key_value(struct arena *a, const struct object_key *key)
{
    struct str text = {0};
    struct value *v;

    object_key_print(key, &text);
    v = text.failed ? NULL : value_stringn(a, str_text(&text), text.len);
    str_release(&text);
    return v;
}

static struct value *change_value(struct arena *a, const struct change *c)
{
    struct value *v = value_object(a);

    if (!v || set_text(a, v, "verb", change_verb_word(c->verb)) < 0 ||
        set_text(a, v, "apiVersion", c->resource->api_version) < 0 ||
        set_text(a, v, "kind", c->resource->kind) < 0 ||
        value_set(a, v, "object", key_value(a, &c->key)) < 0 ||
        set_text(a, v, "line", c->line) < 0 ||
        set_text(a, v, "reason", c->reason) < 0)
        return NULL;
    return v;
}

static int add_changes(struct arena *a, struct value *v,
                       const struct changeset *cs)
{
    struct value *list = value_array(a);
    size_t count = cs ? cs->count : 0;
    size_t shown = count < PASS_LOG_MAX_CHANGES ? count : PASS_LOG_MAX_CHANGES;

    for (size_t i = 0; i < shown; i++)
        if (!list || value_append(a, list, change_value(a, &cs->items[i])) < 0)
            return -ERR_NOMEM;
    if (value_set(a, v, "changes", list) < 0)
        return -ERR_NOMEM;
    return set_number(a, v, "changesLeftOut", (int64_t)(count - shown));
}

/* What came of it, in a word. */
static const char *outcome(const struct pass *pass)
{
    if (pass->err->code != ERR_NONE)
        return err_retry(pass->err->code) == RETRY_NOW ? "again" : "failed";
    if (pass->shown)
        return "shown";
    return pass->held ? "held" : "applied";
}

/* What was planned. */
static struct value *plan_value(struct arena *a, const char *operator_name,
                                const struct pass *pass, int64_t now)
{
    struct value *v = value_object(a);
    char time[32];

    text_rfc3339(now, time);
    if (!v || set_text(a, v, "operator", operator_name) < 0 ||
        value_set(a, v, "object", key_value(a, &pass->key)) < 0 ||
        set_text(a, v, "uid", pass->root->uid) < 0 ||
        set_text(a, v, "resourceVersion", pass->root->resource_version) < 0 ||
        set_number(a, v, "generation", pass->root->generation) < 0 ||
        set_text(a, v, "time", time) < 0 ||
        set_text(a, v, "hash", pass->cs ? pass->cs->hash : "") < 0 ||
        set_text(a, v, "row", pass->row ? pass->row->id : "") < 0 ||
        set_text(a, v, "why", pass->why) < 0 || add_changes(a, v, pass->cs) < 0)
        return NULL;
    return v;
}

/* What came of it: added to that. */
static int add_outcome(struct arena *a, struct value *v,
                       const struct pass *pass, const char *word)
{
    bool failed = pass->err->code != ERR_NONE;

    if (set_text(a, v, "outcome", word) < 0 ||
        set_text(a, v, "code", failed ? err_name(pass->err->code) : "") < 0 ||
        set_text(a, v, "error", failed ? pass->err->msg : "") < 0 ||
        set_number(a, v, "writes", (int64_t)pass->writes) < 0 ||
        set_number(a, v, "milliseconds", (int64_t)pass->took_ms) < 0)
        return -ERR_NOMEM;
    return 0;
}

/* ---- keeping ---- */

static struct entry *make(struct pass_log *l, const char *id)
{
    struct entry *e = map_get(l->all, id, strlen(id));

    if (e) {
        unlink_entry(l, e);
        put_first(l, e);
        return e;
    }
    if (map_count(l->all) >= PASS_LOG_MAX)
        drop(l, l->oldest);
    e = mem_calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->id = mem_strdup(id);
    if (!e->id || map_put(l->all, id, strlen(id), e, NULL) < 0) {
        mem_free(e->id);
        mem_free(e);
        return NULL;
    }
    put_first(l, e);
    return e;
}

static char *id_of(const char *operator_name, const struct pass *pass)
{
    struct str id = {0};

    str_addf(&id, "%s\n%s/%s", operator_name, pass->key.ns, pass->key.name);
    return str_take(&id);
}

static void put(struct pass_log *l, const char *id, const struct value *v)
{
    struct str json = {0};
    struct entry *e = NULL;

    if (value_print(v, &json, NULL) == 0)
        e = make(l, id);
    if (e) {
        mem_free(e->json);
        e->len = json.len;
        e->json = str_take(&json);
    }
    str_release(&json);
}

void pass_log_planned(struct pass_log *l, const char *operator_name,
                      const struct pass *pass, int64_t now)
{
    struct arena a = {0};
    char *id = l ? id_of(operator_name, pass) : NULL;
    struct value *v = id ? plan_value(&a, operator_name, pass, now) : NULL;

    if (v && add_outcome(&a, v, pass, "running") == 0)
        put(l, id, v);
    arena_release(&a);
    mem_free(id);
}

void pass_log_pass(struct pass_log *l, const char *operator_name,
                   const struct pass *pass)
{
    struct arena a = {0};
    char *id = l ? id_of(operator_name, pass) : NULL;
    struct entry *e = id ? map_get(l->all, id, strlen(id)) : NULL;
    struct value *v;

    if (e && e->json && value_parse(&a, e->json, e->len, &v, NULL) == 0 &&
        add_outcome(&a, v, pass, outcome(pass)) == 0)
        put(l, id, v);
    arena_release(&a);
    mem_free(id);
}

void pass_log_each(const struct pass_log *l, pass_log_fn fn, void *arg)
{
    for (const struct entry *e = l ? l->newest : NULL; e; e = e->next)
        if (e->json)
            fn(arg, e->json, e->len);
}

/* ---- life ---- */

struct pass_log *pass_log_new(void)
{
    struct pass_log *l = mem_calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->all = map_new();
    if (l->all)
        return l;
    mem_free(l);
    return NULL;
}

void pass_log_free(struct pass_log *l)
{
    if (!l)
        return;
    while (l->newest)
        drop(l, l->newest);
    map_free(l->all);
    mem_free(l);
}
