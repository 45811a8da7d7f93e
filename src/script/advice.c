/*
 * advice.c -- see advice.h. Lua's messages are part of the library that is
 *             linked, so their words can be relied on.
 */
#include "script/advice.h"

#include <string.h>

#include "base/text.h"

/* What is missed most, and what is there instead. */
struct known {
    const char *name;
    const char *hint;
};

static const struct known globals[] = {
    {"print", "write to the operator's log: log.info(text)"},
    {"os", "the only clock is view.now; nothing else of os exists"},
    {"io", "a script has no I/O: declare what it has to see under reads"},
    {"load", "code comes from the operator's files only: require them"},
    {"loadstring", "code comes from the operator's files only: require them"},
    {"coroutine", "a run is one call: declare, return, and plan:requeue"},
    {"debug", "log.info(text) writes to the operator's log"},
    {"unpack", "it is table.unpack(list) in Lua 5.4"},
    {"null", "absent fields are nil; tidelock.null writes an explicit null"},
    {NULL, NULL},
};

static const struct known functions[] = {
    {"random", "a plan is the same for the same inputs: tidelock.random and "
               "tidelock.names are seeded by the object's uid"},
    {"randomseed", "tidelock.random.new(object) is seeded by its uid"},
    {"getn", "it is #list in Lua 5.4"},
    {"maxn", "it is #list in Lua 5.4"},
    {"pow", "it is a ^ b in Lua 5.4"},
    {"gfind", "it is string.gmatch in Lua 5.4"},
    {"time", "the only clock is view.now, seconds in UTC"},
    {NULL, NULL},
};

/* Messages that need no name. */
static const struct known faults[] = {
    {"attempt to compare", "quotes in YAML make a text: use tonumber(value)"},
    {"attempt to perform arithmetic on a string value",
     "the text is no number: tonumber(text) gives nil for it, test that first"},
    {"attempt to concatenate a ta", "a table is no text: name its field, or "
                                    "tidelock.json.encode(value)"},
    {"attempt to concatenate a bo", "use tostring(value)"},
    {NULL, NULL},
};

/* A name in a message: borrowed, not NUL-terminated, at most 60 bytes. */
struct name {
    const char *text; /* NULL: there is none */
    int len;
};

/* The text between `lead` and the next quote. */
static struct name name_behind(const char *msg, const char *lead)
{
    struct name n = {strstr(msg, lead), 0};

    if (!n.text)
        return n;
    n.text += strlen(lead);
    n.len = (int)strcspn(n.text, "'");
    if (n.len > 60)
        n.len = 60;
    return n;
}

static const char *find(const struct known *list, struct name n)
{
    for (; list->name; list++)
        if (strlen(list->name) == (size_t)n.len &&
            memcmp(list->name, n.text, (size_t)n.len) == 0)
            return list->hint;
    return NULL;
}

static void advise_global(struct err *err, struct name n)
{
    const char *hint = find(globals, n);

    if (hint)
        err_hint(err, "%s", hint);
    else
        err_hint(err,
                 "there is no global '%.*s': a typing mistake, a `local` that "
                 "comes later, or a part of Lua that scripts do not have",
                 n.len, n.text);
}

static void advise_call(struct err *err, struct name n)
{
    const char *hint = find(functions, n);

    if (hint)
        err_hint(err, "%s", hint);
    else
        err_hint(err, "there is no function '%.*s' in it: a typing mistake?",
                 n.len, n.text);
}

static void advise_field(struct err *err, struct name n)
{
    if (!strstr(err->msg, "attempt to index"))
        err_hint(err, "'%.*s' is absent: write (value or default)", n.len,
                 n.text);
    else if (n.len == 6 && memcmp(n.text, "status", 6) == 0)
        err_hint(err,
                 "'status' is absent: of the root only the fields under memory "
                 "= { ... } are seen, other objects get theirs later; test it, "
                 "or use tidelock.get(object, \"status\", ...)");
    else
        err_hint(err,
                 "'%.*s' is absent: test it first, or use tidelock.get("
                 "object, ..., \"%.*s\", ...)",
                 n.len, n.text, n.len, n.text);
}

static void advise_variable(struct err *err, struct name n)
{
    err_hint(err, "'%.*s' is nil here: test it first", n.len, n.text);
}

static void advise_nil(struct err *err)
{
    static const struct {
        const char *lead;
        void (*advise)(struct err *err, struct name n);
    } kinds[] = {
        {"(global '", advise_global},    {"(method '", advise_call},
        {"(field '", advise_field},      {"(local '", advise_variable},
        {"(upvalue '", advise_variable},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct name n = name_behind(err->msg, kinds[i].lead);
        bool called = strstr(err->msg, "attempt to call") != NULL;

        if (!n.text)
            continue;
        if (called && kinds[i].advise == advise_field)
            advise_call(err, n);
        else if (!called || kinds[i].advise != advise_variable)
            kinds[i].advise(err, n);
        return;
    }
}

void advice_give(struct err *err, bool view)
{
    if (strstr(err->msg, "a nil value (")) {
        advise_nil(err);
        if (view && text_ends(err->hint, "test it first"))
            err_hint(err, "%s; view:get gives nil for what is not there",
                     err->hint);
        return;
    }
    for (const struct known *f = faults; f->name; f++)
        if (strstr(err->msg, f->name)) {
            err_hint(err, "%s", f->hint);
            return;
        }
}
