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

int job_fill_zones(struct job *job)
{
    struct root_memory *m = mapping_memory(job->controller, &job->key, false);
    const char *line = m && m->zones ? m->zones : "";
    struct err err;

    while (*line) {
        size_t len = strcspn(line, "\n");
        struct plan wish = {.zone_wanted =
                                arena_strndup(&job->arena, line, len)};

        if (!wish.zone_wanted ||
            !zones_serve(job->controller->config.zones, &wish, &job->arena,
                         &job->view, &err))
            return -ERR_NOMEM;
        line += len + 1;
    }
    return 0;
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
    struct zones *zones = job->controller->config.zones;
    const char *name = job->plan.zone_wanted;

    if (name && zones && job->view.zone_count == VIEW_MAX_ZONES &&
        job->zones_added < VIEW_MAX_ZONES)
        forget(job);
    if (!zones_serve(zones, &job->plan, &job->arena, &job->view, err))
        return false;
    job->zones_added++;
    if (remember(job, name) == 0)
        return true;
    err_nomem(err);
    return false;
}
