/*
 * controller_replace.c -- another version of the script takes charge.
 *
 * The feeds of the next version are asked for while the present one goes on, so
 * that a kind that is new to it is known before it plans, and one that it may
 * not see keeps it from charge: "cannot see" never takes the place of a version
 * that can.
 */
#include "base/mem.h"
#include "base/str.h"
#include "controller_impl.h"

/* ---- before ---- */

static void version_free(struct controller *c, struct version *v)
{
    feeds_unlisten(v);
    feeds_close(c, v);
    controller_let_go(c, v);
}

void controller_forget(struct controller *c)
{
    if (c->next) {
        version_free(c, c->next);
        mem_free(c->next);
        c->next = NULL;
    }
    if (c->held) {
        c->held = false;
        controller_schedule(c);
    }
}

int controller_prepare(struct controller *c,
                       const struct controller_script *script, struct err *err)
{
    int rc;

    controller_forget(c);
    c->next = mem_calloc(1, sizeof(*c->next));
    if (!c->next)
        return err_nomem(err);
    rc = controller_program(c, script, c->next, err);
    if (rc == 0)
        rc = feeds_open(c, c->next, err);
    if (rc < 0)
        controller_forget(c);
    return rc;
}

const struct err *controller_lacks(const struct controller *c)
{
    return feeds_lack(c, c->next ? c->next : &c->now);
}

bool controller_is_final(const struct err *why)
{
    return feeds_final(why);
}

void controller_hold(struct controller *c)
{
    c->held = true;
}

bool controller_is_quiet(const struct controller *c)
{
    return workqueue_running(c->queue) == 0;
}

/* ---- what all roots are told ---- */

static void note_clear(struct note *n)
{
    mem_free(n->type);
    mem_free(n->reason);
    mem_free(n->message);
    *n = (struct note){0};
}

void controller_note(struct controller *c, const char *type, const char *reason,
                     const char *message)
{
    struct note n = {0};

    if (text_equal(type, c->note.type) && text_equal(reason, c->note.reason) &&
        text_equal(message, c->note.message))
        return;
    if (type) {
        n = (struct note){mem_strdup(type), mem_strdup(reason),
                          mem_strdup(message)};
        if (!n.type || !n.reason || !n.message) {
            note_clear(&n); /* it is in the log all the same */
            return;
        }
    }
    note_clear(&c->note);
    c->note = n;
    if (c->started)
        controller_plan_all(c);
}

/* ---- taking charge ---- */

/* Map functions that are under way are the former script's; all roots are
 * planned anyway. */
int controller_replace(struct controller *c, struct err *err)
{
    struct version former = c->now;
    int rc = feeds_listen(c->next, err);

    if (rc < 0) {
        feeds_unlisten(c->next);
        return rc;
    }
    mapping_stop(c);
    mapping_forget_script(c);
    c->now = *c->next;
    mem_free(c->next);
    c->next = NULL;
    c->held = false;
    version_free(c, &former);
    feeds_check(c);
    controller_plan_all(c);
    return 0;
}
