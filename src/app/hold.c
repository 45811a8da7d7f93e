/*
 * hold.c -- a root is held back while the cache cannot be right about one of
 *           its objects (G3).
 *
 * What is held and when it is looked at decides core/barrier. The look itself
 * is the first thing that the sink does with the next changeset; when it shows
 * something new, the root is planned again from that.
 */
#include <string.h>

#include "base/mem.h"
#include "controller_impl.h"

static uint64_t now_of(const struct controller *c)
{
    return clock_now_ms(loop_clock(c->config.loop));
}

void hold_release(struct hold *g)
{
    mem_free(g->object);
    *g = (struct hold){0};
}

/* "apiVersion\nkind\nnamespace\nname\nuid" */
static char *object_text(const struct target *t, const char *uid)
{
    struct str text = {0};

    str_addf(&text, "%s\n%s\n%s\n%s\n%s", t->resource->api_version,
             t->resource->kind, t->key.ns, t->key.name, uid);
    return str_take(&text);
}

static char *cut_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');

    if (end) {
        *end = '\0';
        *at = end + 1;
    }
    return line;
}

/* Back to the changeset's look; false: the kind is not there now. */
static bool read_object(struct job *job, const char *text)
{
    struct target *ret = &job->cs.look;
    char *at = arena_strdup(&job->arena, text);
    const char *api_version = at ? cut_line(&at) : NULL;
    const char *kind = at ? cut_line(&at) : NULL;

    if (!at)
        return false;
    ret->key.ns = cut_line(&at);
    ret->key.name = cut_line(&at);
    job->cs.look_uid = at;
    ret->resource =
        restmap_find(job->controller->config.restmap, api_version, kind);
    return ret->resource != NULL;
}

void hold_ask(struct job *job)
{
    struct controller *c = job->controller;
    struct root_memory *m = mapping_memory(c, &job->key, false);
    struct hold *g = m ? &m->hold : NULL;

    if (!g || !g->barrier.held || !g->object ||
        barrier_wait_ms(&g->barrier, now_of(c)) > 0 ||
        !read_object(job, g->object))
        return;
    job->cs.look_first = g->barrier.unknown;
    c->gate_reads++;
}

/* Takes `object`. */
static void hold_back(struct controller *c, struct hold *g, bool unknown,
                      char *object)
{
    if (!object)
        return; /* out of memory: preconditions still guard each write */
    if (!g->object || strcmp(g->object, object) != 0)
        hold_release(g);
    mem_free(g->object);
    g->object = object;
    c->gate_waits += !g->barrier.held;
    barrier_hold(&g->barrier, unknown, now_of(c));
}

void hold_note(struct job *job, const struct sink_outcome *outcome)
{
    struct controller *c = job->controller;
    struct root_memory *m = mapping_memory(c, &job->key, true);
    const struct change *failed = outcome->failed;
    const struct changeset *cs = &job->cs;

    if (!m || c->config.one_pass)
        return;
    if (outcome->unknown && failed)
        hold_back(c, &m->hold, true,
                  object_text(&(struct target){failed->resource, failed->key},
                              failed->uid ? failed->uid : ""));
    else if (cs->look.resource && outcome->looked && m->hold.barrier.unknown)
        hold_release(&m->hold);
    else if (cs->look.resource && outcome->looked)
        barrier_looked(&m->hold.barrier, now_of(c));
    if (outcome->err->code != ERR_NONE)
        return;
    if (cs->waiting_for.resource)
        hold_back(c, &m->hold, false,
                  object_text(&cs->waiting_for, cs->waiting_uid));
    else
        hold_release(&m->hold);
}

int64_t hold_wait_ms(struct controller *c, const struct object_key *key)
{
    struct root_memory *m = mapping_memory(c, key, false);

    if (!m || !m->hold.barrier.held)
        return -1;
    return (int64_t)barrier_wait_ms(&m->hold.barrier, now_of(c));
}
