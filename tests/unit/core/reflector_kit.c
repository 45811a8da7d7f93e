/*
 * reflector_kit.c -- see reflector_kit.h.
 */
#include "reflector_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "snaps.h"
#include "test.h"

static bool wrong(const struct talk *t, const char *word, const char *what)
{
    struct str text;

    str_init(&text, 0);
    str_addf(&text, "at '%s': %s, in: %s", word, what, t->script);
    check_str(str_text(&text), "as written");
    str_release(&text);
    return false;
}

bool talk_begin(struct talk *t, const struct reflector_config *config)
{
    static const struct reflector_config plain = {.ns = ""};

    *t = (struct talk){.script = ""};
    clock_fake_init(&t->fake);
    t->store = store_new(&snap_gvk);
    if (t->store)
        t->reflector = reflector_new(t->store, config ? config : &plain,
                                     &t->fake.clock, 42);
    return t->reflector != NULL;
}

void talk_end(struct talk *t)
{
    reflector_free(t->reflector);
    store_free(t->store);
}

/* ---- what it must ask for ---- */

static bool check_anchor(const char *version, const struct list_options *o,
                         bool stream)
{
    const char *want = version[0] ? version : NULL;

    if (!text_equal(o->resource_version, want))
        return false;
    return text_equal(o->rv_match, stream || want ? "NotOlderThan" : NULL);
}

static bool asks_stream(const char *version, const struct reflector_todo *todo)
{
    const struct list_options *o = &todo->options;

    return todo->want == WANT_WATCH && o->send_initial_events &&
           !o->continue_token && o->limit == 0 && o->timeout_seconds >= 300 &&
           o->timeout_seconds < 600 && check_anchor(version, o, true);
}

static bool asks_watch(const char *version, const struct reflector_todo *todo)
{
    const struct list_options *o = &todo->options;

    return todo->want == WANT_WATCH && !o->send_initial_events &&
           !o->rv_match && !o->continue_token && o->limit == 0 &&
           o->timeout_seconds >= 300 && o->timeout_seconds < 600 &&
           text_equal(o->resource_version, version[0] ? version : NULL);
}

static bool asks_page(const char *token, const struct reflector_todo *todo)
{
    const struct list_options *o = &todo->options;

    return todo->want == WANT_LIST && text_equal(o->continue_token, token) &&
           check_anchor("", o, false);
}

static bool asks_list(const char *version, const struct reflector_todo *todo)
{
    const struct list_options *o = &todo->options;
    char plain[32];
    size_t len = strcspn(version, "*");
    bool whole = len > 0 || version[len] == '*';

    snprintf(plain, sizeof plain, "%.*s", (int)len, version);
    return todo->want == WANT_LIST && !o->continue_token &&
           !o->send_initial_events && o->timeout_seconds == 0 &&
           o->limit == (whole ? 0 : 500) && check_anchor(plain, o, false);
}

static bool sleeps(struct talk *t, const char *word,
                   const struct reflector_todo *todo)
{
    const char *dash = strchr(word, '-');
    uint64_t most = word[1] ? strtoull(word + 1, NULL, 10) : UINT64_MAX;
    uint64_t least = word[1] ? most / 2 : 1;

    if (dash) {
        least = most;
        most = strtoull(dash + 1, NULL, 10);
    }

    if (todo->want != WANT_SLEEP || todo->delay_ms < least ||
        todo->delay_ms > most)
        return false;
    clock_fake_advance(&t->fake, todo->delay_ms);
    return true;
}

static bool run_question(struct talk *t, const char *word)
{
    struct reflector_todo todo = reflector_next(t->reflector);
    char got[128];
    bool right = false;

    if (word[0] == 'S')
        right = asks_stream(word + 1, &todo);
    else if (word[0] == 'W')
        right = asks_watch(word + 1, &todo);
    else if (strncmp(word, "Lt:", 3) == 0)
        right = asks_page(word + 3, &todo);
    else if (word[0] == 'L')
        right = asks_list(word + 1, &todo);
    else
        right = sleeps(t, word, &todo);
    if (right)
        return true;
    snprintf(
        got, sizeof got, "asked for %s %s, version %s, limit %u, sleep %llu",
        (const char *const[]){"a list", "a watch", "sleep"}[todo.want],
        todo.options.send_initial_events ? "(stream)" : "",
        todo.options.resource_version ? todo.options.resource_version : "unset",
        todo.options.limit, (unsigned long long)todo.delay_ms);
    return wrong(t, word, got);
}

/* ---- what it is told ---- */

static enum err_code code_of(const char *name)
{
    for (enum err_code code = ERR_NONE; code < ERR_COUNT; code++)
        if (strcmp(err_name(code), name) == 0)
            return code;
    return ERR_NONE;
}

/* "a@5" or "a#2@5" */
static struct snapshot *object_of(const char *word)
{
    char text[64], uid[80];
    char *at, *hash;

    snprintf(text, sizeof text, "%s", word);
    at = strchr(text, '@');
    if (!at)
        return NULL;
    *at = '\0';
    snprintf(uid, sizeof uid, "uid-%s", text);
    hash = strchr(text, '#');
    if (hash)
        *hash = '\0';
    return snap_new(text, uid, at + 1, "");
}

/* Fill `event` from the word; the texts live in `word`, which is changed. */
static bool read_event(char *word, struct decoder_event *event)
{
    char *colon = strchr(word, ':');
    char first = word[0];

    event->resource_version = word + 1;
    event->continue_token = "";
    switch (first) {
    case '+':
    case '~':
    case '-':
        event->kind = first == '+'   ? DECODER_ADDED
                      : first == '~' ? DECODER_MODIFIED
                                     : DECODER_DELETED;
        event->snapshot = object_of(word + 1);
        event->resource_version = strchr(word, '@') + 1;
        return event->snapshot != NULL;
    case 'i':
        event->kind = DECODER_ITEM;
        event->snapshot = object_of(word + 2);
        return event->snapshot != NULL;
    case 'p':
        event->kind = DECODER_PAGE_END;
        if (colon) {
            *colon = '\0';
            event->continue_token = colon + 1;
        }
        return true;
    case 'b':
    case 'B':
        event->kind = DECODER_BOOKMARK;
        event->initial_end = first == 'B';
        return true;
    case 'E':
        event->kind = DECODER_ERROR;
        err_set(&event->error, code_of(word + 2), "an error event");
        return true;
    case '?':
        event->kind = DECODER_SKIPPED;
        return true;
    default:
        return false;
    }
}

static bool run_event(struct talk *t, const char *word)
{
    struct decoder_event event = {0};
    struct err err = {0};
    char text[64];
    size_t len = strlen(word);
    bool closes = word[len - 1] == '^';
    int rc;

    snprintf(text, sizeof text, "%.*s", (int)(closes ? len - 1 : len), word);
    if (!read_event(text, &event))
        return wrong(t, word, "not understood");
    rc = reflector_on_event(t->reflector, &event, &err);
    if (event.snapshot)
        return wrong(t, word, "the snapshot was left behind");
    if ((rc < 0) != closes || rc != -(int)err.code)
        return wrong(t, word, rc < 0 ? err.msg : "the stream goes on");
    if (closes)
        reflector_on_end(t->reflector, &err);
    return true;
}

static void run_failure(struct talk *t, const char *word)
{
    const char *colon = strchr(word, ':');
    struct err err = {0};
    char name[32];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, ":"), word);
    err_set(&err, code_of(name), "the request failed");
    if (colon)
        err.retry_after_ms = (unsigned)atoi(colon + 1) * 1000;
    reflector_on_end(t->reflector, &err);
}

/* ---- what must be so ---- */

static bool run_contents(struct talk *t, const char *word)
{
    struct snapshot *const *items;
    size_t n = store_list(t->store, "", &items);
    struct str text;
    bool same;

    str_init(&text, 0);
    str_add(&text, "=");
    for (size_t i = 0; i < n; i++)
        str_addf(&text, "%s%s@%s", i ? "," : "", items[i]->uid + 4,
                 items[i]->resource_version);
    same = strcmp(str_text(&text), word) == 0;
    if (!same)
        wrong(t, word, str_text(&text));
    str_release(&text);
    return same;
}

static bool run_health(struct talk *t, const char *word)
{
    static const char *const names[] = {"SYNCING", "LIVE", "STALE", "FROZEN"};
    enum reflector_health health = reflector_health(t->reflector);

    if ((health == REFLECTOR_LIVE) == (reflector_error(t->reflector) != NULL))
        return wrong(t, word, "the error does not fit the health");
    return strcmp(names[health], word) == 0 || wrong(t, word, names[health]);
}

static bool run_command(struct talk *t, const char *word)
{
    if (strcmp(word, "wake") == 0)
        reflector_wake(t->reflector);
    else if (strcmp(word, "contact") == 0)
        reflector_on_contact(t->reflector);
    else if (strcmp(word, "relist") == 0)
        reflector_relist(t->reflector);
    else
        return false;
    return true;
}

static bool is_health(const char *word)
{
    return strcmp(word, "SYNCING") == 0 || strcmp(word, "LIVE") == 0 ||
           strcmp(word, "STALE") == 0 || strcmp(word, "FROZEN") == 0;
}

static bool run_word(struct talk *t, const char *word)
{
    if (is_health(word))
        return run_health(t, word);
    if (run_command(t, word))
        return true;
    switch (word[0]) {
    case 'S':
    case 'L':
    case 'W':
    case 'z':
        return run_question(t, word);
    case '.':
        reflector_on_end(t->reflector, NULL);
        return true;
    case '!':
        run_failure(t, word + 1);
        return true;
    case 't':
        clock_fake_advance(&t->fake, strtoull(word + 1, NULL, 10));
        return true;
    case '=':
        return run_contents(t, word);
    case 'r':
        return strcmp(store_resource_version(t->store), word + 1) == 0 ||
               wrong(t, word, store_resource_version(t->store));
    default:
        return run_event(t, word);
    }
}

bool talk_run(struct talk *t, const char *script)
{
    char word[64];

    t->script = script;
    while (script[script[0] == ' ']) {
        size_t len;

        script += script[0] == ' ';
        len = strcspn(script, " ");
        snprintf(word, sizeof word, "%.*s", (int)len, script);
        script += len;
        if (!run_word(t, word))
            return false;
        if (!check(reflector_check(t->reflector)) ||
            !check(store_check(t->store)))
            return wrong(t, word, "an invariant is broken");
    }
    return true;
}

void talk_once(const char *script)
{
    struct talk t;

    if (check(talk_begin(&t, NULL)))
        talk_run(&t, script);
    talk_end(&t);
}
