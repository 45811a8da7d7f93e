/*
 * advice.c -- see advice.h. Lua's messages are part of the library that is
 *             linked, so their words can be relied on.
 */
#include "script/advice.h"

#include <string.h>

/* Globals of the stock library that are missed most, and what is there. */
static const struct {
    const char *name;
    const char *hint;
} missing[] = {
    {"print", "write to the operator's log: log.info(text)"},
    {"os", "the only clock is view.now; nothing else of os exists"},
    {"io", "a script has no I/O: declare what it has to see under reads"},
    {"load", "code comes from the operator's files only: require them"},
    {"coroutine", "a run is one call: declare, return, and plan:requeue"},
    {"debug", "log.info(text) writes to the operator's log"},
};

/* The text between `lead` and the next quote, cut to 60 bytes. */
static const char *name_behind(const char *msg, const char *lead, int *ret_len)
{
    const char *name = strstr(msg, lead);

    if (!name)
        return NULL;
    name += strlen(lead);
    *ret_len = (int)strcspn(name, "'");
    if (*ret_len > 60)
        *ret_len = 60;
    return name;
}

static void advise_global(struct err *err, const char *name, int len)
{
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        if (strlen(missing[i].name) != (size_t)len ||
            memcmp(missing[i].name, name, (size_t)len) != 0)
            continue;
        err_hint(err, "%s", missing[i].hint);
        return;
    }
    err_hint(err,
             "there is no global '%.*s': a typing mistake, a `local` that "
             "comes later, or a part of Lua that scripts do not have",
             len, name);
}

void advice_give(struct err *err)
{
    int len = 0;
    const char *name;

    if (strstr(err->msg, "attempt to compare")) {
        err_hint(err, "quotes in YAML make a text: use tonumber(value)");
        return;
    }
    if (!strstr(err->msg, "a nil value ("))
        return;
    name = name_behind(err->msg, "(global '", &len);
    if (name) {
        advise_global(err, name, len);
        return;
    }
    name = name_behind(err->msg, "(field '", &len);
    if (name && strstr(err->msg, "attempt to index"))
        err_hint(err,
                 "'%.*s' is absent: test it first, or use tidelock.get("
                 "object, ..., \"%.*s\", ...)",
                 len, name, len, name);
    else if (name && !strstr(err->msg, "attempt to call"))
        err_hint(err, "'%.*s' is absent: write (value or default)", len, name);
}
