/*
 * reload_tell.c -- where a reload shows: a line of the log, an Event on the
 *                  Lease, metrics, and a condition of every root.
 *
 * Log, Event and metric come at once. Roots are told when the refusal has stood
 * for a while: somebody who edits a file saves it more than once, and each word
 * to the roots is a write to every one of them. They are told the first line
 * only, and it is taken back by the pass that the good version makes anyway.
 */
#include <string.h>

#include "app/reasons.h"
#include "base/log.h"
#include "reload_impl.h"

#define STANDS_MS 5000u

static void on_stands(void *arg)
{
    struct reload_unit *u = arg;

    u->settle_timer = 0;
    if (u->unit->controller)
        controller_note(u->unit->controller, CONDITION_SCRIPT,
                        REASON_RELOAD_REFUSED, u->why.msg);
}

static void stand(struct reload_unit *u, const struct err *why)
{
    struct loop *loop = u->reload->rt->loop;

    u->refused = true;
    u->why = *why;
    loop_cancel(loop, u->settle_timer);
    u->settle_timer = loop_after(loop, STANDS_MS, on_stands, u);
}

static void say(struct reload_unit *u, const char *type, const char *reason,
                const char *what, const char *why)
{
    struct str note = {0};

    str_addf(&note, "operator %s: %s%s%s", u->unit->bundle.decl->name, what,
             *why ? ": " : "", why);
    runtime_say(u->reload->rt, type, reason, str_text(&note));
    str_release(&note);
}

void reload_tell_refused(struct reload_unit *u, const struct err *why)
{
    const char *name = u->unit->bundle.decl->name;

    log_error("the new version is refused; the one in charge stays", "operator",
              name, "err", why->msg, "hint", why->hint, "digest", u->seen,
              NULL);
    say(u, "Warning", REASON_RELOAD_REFUSED,
        "the new version is refused, the one in charge stays", why->msg);
    telemetry_reload(u->reload->rt->telemetry, name, "refused");
    stand(u, why);
}

void reload_tell_waits(struct reload_unit *u, const struct err *why)
{
    const char *name = u->unit->bundle.decl->name;

    log_warn("the new version waits; the one in charge stays until then",
             "operator", name, "err", why->msg, "hint", why->hint, NULL);
    say(u, "Warning", REASON_RELOAD_REFUSED,
        "the new version waits, the one in charge stays", why->msg);
    telemetry_reload(u->reload->rt->telemetry, name, "waits");
    stand(u, why);
}

void reload_tell_good(struct reload_unit *u, const char *result)
{
    const char *name = u->unit->bundle.decl->name;
    bool reloaded = strcmp(result, "reloaded") == 0;

    loop_cancel(u->reload->rt->loop, u->settle_timer);
    u->settle_timer = 0;
    log_info(reloaded ? "reloaded" : "reload: nothing is new", "operator", name,
             "digest", u->unit->digest, NULL);
    if (reloaded || u->refused)
        say(u, "Normal", REASON_RELOADED,
            reloaded ? "a new version is in charge"
                     : "the version in charge is the newest again",
            "");
    telemetry_reload(u->reload->rt->telemetry, name, result);
    u->refused = false;
    err_clear(&u->why);
    if (u->unit->controller)
        controller_note(u->unit->controller, NULL, NULL, NULL);
}
