#include "streams.h"

#include <assert.h>

const struct gvk POD = {"v1", "Pod"};

static void add_event(struct str *log, const struct decoder_event *e)
{
    static const char *const names[] = {
        "none",  "ADDED",   "MODIFIED",  "DELETED", "BOOKMARK",
        "ERROR", "skipped", "too-large", "item",    "end",
    };

    str_add(log, names[e->kind]);
    if (e->snapshot)
        str_addf(log, " %s", snapshot_plain(e->snapshot));
    if (e->resource_version[0])
        str_addf(log, " @%s", e->resource_version);
    if (e->continue_token[0])
        str_addf(log, " continue=%s", e->continue_token);
    if (e->initial_end)
        str_add(log, " initial-end");
    if (e->error.code)
        str_addf(log, " %s: %s", err_name(e->error.code), e->error.msg);
    str_addc(log, '\n');
}

int stream_drain(struct decoder *d, struct str *log, struct err *err)
{
    struct decoder_event e;
    int rc;

    while ((rc = decoder_next(d, &e, err)) == 0 && e.kind != DECODER_NONE) {
        add_event(log, &e);
        snapshot_unref(e.snapshot, "test");
    }
    return rc;
}

void stream_decode(const struct stream *s, size_t split, size_t chunk,
                   struct str *log)
{
    struct decoder *d = decoder_new(s->mode, &POD, s->max_bytes);
    struct err err = {0};
    size_t pos = 0;
    int rc = 0;

    str_clear(log);
    while (rc == 0 && pos < s->len) {
        size_t n = pos == 0 && split > 0 ? split : chunk;

        n = n < s->len - pos ? n : s->len - pos;
        rc = decoder_feed(d, s->text + pos, n, &err);
        pos += n;
        if (rc == 0)
            rc = stream_drain(d, log, &err);
    }
    if (rc == 0)
        rc = decoder_finish(d, &err);
    if (rc < 0)
        str_addf(log, "%s: %s\n", err_name(err.code), err.msg);
    decoder_free(d);
}

const char *decoded(struct stream s)
{
    static char text[4096];
    struct str log = {0};

    stream_decode(&s, 0, s.len, &log);
    assert(log.len < sizeof text);
    memcpy(text, str_text(&log), log.len + 1);
    str_release(&log);
    return text;
}
