/*
 * memory.c -- what is remembered of a root decides what is done with it: its
 *             version, its Events, its children that vanished, its quarantine.
 */
#include <string.h>

#include "base/mem.h"
#include "controller_impl.h"
#include "core/backoff.h"

#define QUARANTINE_MS 1000u
#define QUARANTINE_MAX_MS 300000u

/* ---- Events ---- */

/* They may not have been sent: the next pass does it. */
void memory_forget_events(struct job *job)
{
    struct root_memory *m = mapping_memory(job->controller, &job->key, false);

    if (!m)
        return;
    mem_free(m->events);
    m->events = NULL;
}

/* The reason of an earlier failure is gone: its Event may be sent again. */
void memory_forget_failure(struct job *job)
{
    struct root_memory *m = mapping_memory(job->controller, &job->key, false);

    if (m)
        m->last_failure = ERR_NONE;
}

/* Events are levels too: one that the pass before declared just so is not
 * sent again. Those without a line are the runtime's own, and always news. */
void memory_drop_known_events(struct job *job)
{
    struct root_memory *m = mapping_memory(job->controller, &job->key, true);
    struct changeset *cs = &job->cs;
    struct str now = {0};
    size_t kept = 0;

    for (size_t i = 0; i < job->plan.event_count; i++)
        if (job->plan.events[i].line)
            str_addf(&now, "\n%s\t%s\t%s\n", job->plan.events[i].type,
                     job->plan.events[i].reason, job->plan.events[i].note);
    if (!m || now.failed) {
        str_release(&now);
        return;
    }
    for (size_t i = 0; i < cs->count; i++)
        if (cs->items[i].verb != CHANGE_EVENT || !cs->items[i].line ||
            !m->events || !text_equal(m->events, str_text(&now)))
            cs->items[kept++] = cs->items[i];
    cs->count = kept;
    mem_free(m->events);
    m->events = now.len ? str_take(&now) : NULL;
    str_release(&now);
}

/* ---- versions and children ---- */

static void note_acted(struct root_memory *m, const struct snapshot *root)
{
    size_t len = strlen(root->resource_version);

    m->generation = root->generation;
    if (len >= sizeof(m->acted_rv))
        len = 0;
    memcpy(m->acted_rv, root->resource_version, len);
    m->acted_rv[len] = '\0';
}

/* Row 16: a root older than one that was acted on is not acted on. One whose
 * generation went back in a newer version is not old: the cluster is, it was
 * restored from a backup. */
bool memory_is_stale(struct controller *c, const struct snapshot *root)
{
    struct root_memory *m = mapping_memory(c, &root->key, true);

    if (!m)
        return false;
    if (!m->uid || strcmp(m->uid, root->uid) != 0) {
        mem_free(m->uid);
        m->uid = mem_strdup(root->uid);
        m->last_failure = ERR_NONE;
        m->row = 0;
    } else if (root->generation < m->generation &&
               rv_compare(root->resource_version, m->acted_rv) != RV_NEWER) {
        return true;
    }
    note_acted(m, root);
    return false;
}

/* What vanished is made again only for a root that is still there: the garbage
 * collector takes the children of a deleted root, and that may be seen before
 * the root's own end (note 12, G4). */
void memory_guard_creates(struct job *job)
{
    struct root_memory *m = mapping_memory(job->controller, &job->key, false);

    job->lost_child = m && m->lost_child;
    if (!job->lost_child)
        return;
    m->lost_child = false;
    for (size_t i = 0; i < job->cs.count; i++)
        job->cs.items[i].destructive |= job->cs.items[i].verb == CHANGE_CREATE;
}

/* ---- quarantine ---- */

/* What ends a worker, or its time, does so again with the same input: it gets
 * less and less of it. Other objects go on. */
void memory_note_overrun(struct job *job, struct err *err)
{
    struct controller *c = job->controller;
    struct root_memory *m = mapping_memory(c, &job->key, true);
    uint64_t wait;

    if (!m)
        return;
    if (err->code != ERR_DEADLINE && err->code != ERR_WORKER) {
        m->overruns = 0;
        return;
    }
    wait = backoff_ms(QUARANTINE_MS, QUARANTINE_MAX_MS, m->overruns++);
    m->overrun_generation = job->view.root->generation;
    m->quiet_until_ms = clock_now_ms(loop_clock(c->config.loop)) + wait;
    err->retry_after_ms = (unsigned)wait;
    err_wrap(err, "in quarantine, next try in %llu s",
             (unsigned long long)(wait / 1000));
    err->retry_after_ms = (unsigned)wait;
}

/* A change of its spec is a reason to try at once, nothing else is. */
bool memory_quarantines(struct controller *c, const struct snapshot *root,
                        uint64_t *ret_wait_ms)
{
    struct root_memory *m = mapping_memory(c, &root->key, false);
    uint64_t now = clock_now_ms(loop_clock(c->config.loop));

    if (!m || !m->overruns || now >= m->quiet_until_ms ||
        root->generation != m->overrun_generation)
        return false;
    *ret_wait_ms = m->quiet_until_ms - now;
    return true;
}

/* ---- plan ---- */

/* `plan` looks at each root once, whatever happens meanwhile. */
bool memory_passed_before(struct controller *c, const struct object_key *key)
{
    struct root_memory *m = mapping_memory(c, key, true);
    bool passed = m && m->passed;

    if (m)
        m->passed = true;
    return passed;
}
