/*
 * job_zones.c -- which time zones a view has.
 *
 * DESIGN
 *
 * A script finds out which zones it needs while it runs: their names stand in
 * its object. It has no files, so a run that asks for a zone which the view
 * lacks ends; the zone is added and the script is run again, from the start.
 * The names are remembered with the root, so that this happens in its first
 * pass only. A script sees zones that it asked for and no others, so what is
 * remembered changes nothing about its plan.
 */
#include "controller_impl.h"

#include <string.h>

#include "base/mem.h"

static int add(struct job *job, const char *name)
{
    struct view *v = &job->view;
    int rc;

    if (!v->zones)
        v->zones = arena_calloc(&job->arena, VIEW_MAX_ZONES, sizeof(*v->zones));
    if (!v->zones)
        return -ERR_NOMEM;
    rc = zones_find(job->controller->config.zones, name, &job->arena,
                    &v->zones[v->zone_count]);
    if (rc == 0)
        v->zone_count++;
    return rc;
}

int job_fill_zones(struct job *job)
{
    struct root_memory *m = mapping_memory(job->controller, &job->key, false);
    const char *line = m && m->zones ? m->zones : "";
    int rc = 0;

    while (*line && rc == 0) {
        size_t len = strcspn(line, "\n");
        const char *name = arena_strndup(&job->arena, line, len);

        rc = name ? add(job, name) : -ERR_NOMEM;
        line += len + 1;
    }
    return rc;
}

/* The view has room for those of one pass: what former ones asked for makes
 * way. */
static void forget(struct job *job)
{
    struct root_memory *m = mapping_memory(job->controller, &job->key, false);

    if (m) {
        mem_free(m->zones);
        m->zones = NULL;
    }
    job->view.zone_count = 0;
}

static int remember(struct job *job, const char *name)
{
    struct root_memory *m = mapping_memory(job->controller, &job->key, true);
    struct str text = {0};

    if (!m)
        return -ERR_NOMEM;
    str_addf(&text, "%s%s\n", m->zones ? m->zones : "", name);
    if (text.failed) {
        str_release(&text);
        return -ERR_NOMEM;
    }
    mem_free(m->zones);
    m->zones = str_take(&text);
    return 0;
}

bool job_add_zone(struct job *job, struct err *err)
{
    const char *name = job->plan.zone_wanted;

    if (!name || !job->controller->config.zones)
        return false;
    if (job->zones_added == VIEW_MAX_ZONES) {
        err_set(err, ERR_LIMIT, "the script asks for more than %d time zones",
                VIEW_MAX_ZONES);
        return false;
    }
    if (job->view.zone_count == VIEW_MAX_ZONES)
        forget(job);
    job->zones_added++;
    if (add(job, name) < 0 || remember(job, name) < 0) {
        err_nomem(err);
        return false;
    }
    return true;
}
