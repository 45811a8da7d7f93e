/*
 * contest.c -- fields of children that somebody changes again and again are
 *              left alone for a while (G6).
 *
 * What is a fight decides core/fights. Before the sink has the changeset, each
 * change of a field that is fought over is marked; afterwards what was written
 * is noted, and who was found to own what was not. A plan that looks once
 * fights nobody.
 */
#include <string.h>

#include "base/hash.h"
#include "controller_impl.h"

/* A change without known fields is one about all of them. */
static struct fight_field field_of(const struct change *c, size_t i,
                                   struct str *text)
{
    struct fight_field f = {.uid = c->uid, .path = ""};

    if (i >= c->field_count)
        return f;
    f.path = c->fields[i].path;
    str_clear(text);
    if (c->fields[i].after && value_print(c->fields[i].after, text, NULL) == 0)
        f.value = hash_seeded(text->data, text->len);
    return f;
}

static bool can_be_contested(const struct change *c)
{
    return c->uid && (c->verb == CHANGE_APPLY || c->verb == CHANGE_PATCH);
}

static size_t fields_of(const struct change *c)
{
    return c->field_count ? c->field_count : 1;
}

static uint64_t now_of(const struct job *job)
{
    return clock_now_ms(loop_clock(job->controller->config.loop));
}

static void mark(struct job *job, struct change *c, struct str *text)
{
    struct fights *fights = &job->controller->fights;

    for (size_t i = 0; i < fields_of(c); i++) {
        struct fight_field f = field_of(c, i, text);
        uint64_t pause = fights_pause(fights, &f, now_of(job));
        const char *rival = pause ? fights_rival(fights, &f) : NULL;

        if (pause && !c->contested) {
            c->contested = *f.path ? f.path : "it";
            c->rival = rival ? arena_strdup(&job->arena, rival) : NULL;
        }
        if (pause && (!job->peace_ms || pause < job->peace_ms))
            job->peace_ms = pause;
    }
}

void contest_mark(struct job *job)
{
    struct str text = {0};

    job->peace_ms = 0;
    for (size_t i = 0; i < job->cs.count; i++)
        if (can_be_contested(&job->cs.items[i]))
            mark(job, &job->cs.items[i], &text);
    str_release(&text);
}

static void note(struct job *job, const struct change *c, struct str *text)
{
    struct fights *fights = &job->controller->fights;

    for (size_t i = 0; i < fields_of(c); i++) {
        struct fight_field f = field_of(c, i, text);

        if (!c->contested)
            fights_wrote(fights, &f, now_of(job));
        else if (c->rival && text_equal(c->contested, *f.path ? f.path : "it"))
            fights_set_rival(fights, &f, c->rival);
    }
}

void contest_note(struct job *job, const struct sink_outcome *outcome)
{
    struct str text = {0};
    bool contested = outcome->err->code == ERR_CONTESTED;

    for (size_t i = 0; i < job->cs.count; i++) {
        const struct change *c = &job->cs.items[i];

        if (c == outcome->failed && !contested)
            break; /* this one and what follows were not written */
        if (can_be_contested(c))
            note(job, c, &text);
    }
    str_release(&text);
    if (contested && job->peace_ms) {
        err_wrap(&job->err, "left alone for a while");
        err_hint(&job->err, "leave the field out of the plan, or tell the "
                            "other writer to let go of it");
        job->err.retry_after_ms = (unsigned)job->peace_ms;
    }
}
