/*
 * decoder_watch.c -- watch events: {"type": ..., "object": {...}} (LW-8).
 *
 * DESIGN
 *
 * While the document is open only the places of its members are noted; it is
 * read at its closing brace, when its length and both members are known. What
 * is not an event but still JSON is skipped, with the reason in the event's
 * `error`; what is not even JSON ends the stream. So before anything is
 * skipped, its bytes are checked.
 */
#include <string.h>

#include "decoder_impl.h"
#include "kube/status.h"

#define INITIAL_EVENTS_END "k8s.io/initial-events-end"

/* The event is lost, the stream goes on. ret->error says why. */
static int skipped(const struct decoder *d, struct decoder_event *ret,
                   struct err *err)
{
    struct span all = {d->cut.start, d->cut.end};
    int rc = span_check(d, all, err);

    if (rc == 0)
        ret->kind = DECODER_SKIPPED;
    return rc;
}

/* The object could not be read; why is in ret->error. */
static int unreadable(const struct decoder *d, int rc,
                      struct decoder_event *ret, struct err *err)
{
    if (rc == -ERR_NOMEM)
        return err_nomem(err);
    return skipped(d, ret, err);
}

/* ADDED, MODIFIED, DELETED: the version of each moves the watch on, that of a
 * deletion too (WS-10). */
static int object_event(struct decoder *d, enum decoder_kind kind,
                        struct decoder_event *ret, struct err *err)
{
    struct snapshot *s;
    int rc = span_snapshot(d, d->values[MEMBER_OBJECT], &s, &ret->error);

    if (rc < 0)
        return unreadable(d, rc, ret, err);
    ret->kind = kind;
    ret->snapshot = s;
    ret->resource_version = s->resource_version;
    return 0;
}

/* ---- bookmarks and errors: small, rare, read as trees ---- */

/* A bookmark of another kind is as strange as an object of one. */
static bool may_be_bookmark(const struct decoder *d, const struct value *v)
{
    const char *kind = value_text_at(v, "kind");

    return !kind || strcmp(kind, d->gvk.kind) == 0 ||
           strcmp(kind, "PartialObjectMetadata") == 0;
}

static int bookmark(struct decoder *d, const struct value *v,
                    struct decoder_event *ret, struct err *err)
{
    const char *version = value_text_at(v, "metadata.resourceVersion");
    const struct value *notes = value_path(v, "metadata.annotations");
    const char *end = value_text(value_get(notes, INITIAL_EVENTS_END));
    int rc;

    if (!version || !version[0] || !may_be_bookmark(d, v)) {
        err_set(&ret->error, ERR_PROTOCOL,
                "bookmark of another kind or without resourceVersion");
        return skipped(d, ret, err);
    }
    rc = lend(&d->resource_version, version, err);
    if (rc < 0)
        return rc;
    ret->kind = DECODER_BOOKMARK;
    ret->resource_version = str_text(&d->resource_version);
    ret->initial_end = text_equal(end, "true");
    return 0;
}

static int bookmark_event(struct decoder *d, enum decoder_kind kind,
                          struct decoder_event *ret, struct err *err)
{
    struct arena a = {0};
    struct value *v;
    int rc = span_value(d, d->values[MEMBER_OBJECT], &a, &v, &ret->error);

    (void)kind;
    if (rc < 0)
        rc = unreadable(d, rc, ret, err);
    else
        rc = bookmark(d, v, ret, err);
    arena_release(&a);
    return rc;
}

/* The stream is over, for a reason that status.h knows to read (LW-9). */
static int error_event(struct decoder *d, enum decoder_kind kind,
                       struct decoder_event *ret, struct err *err)
{
    struct arena a = {0};
    struct value *v;
    int rc = span_value(d, d->values[MEMBER_OBJECT], &a, &v, &ret->error);

    if (rc < 0) {
        rc = unreadable(d, rc, ret, err);
    } else {
        status_check_value(v, &ret->error);
        ret->kind = kind;
        rc = 0;
    }
    arena_release(&a);
    return rc;
}

/* ---- documents ---- */

static const struct type {
    const char *text; /* as in the stream */
    enum decoder_kind kind;
    int (*read)(struct decoder *d, enum decoder_kind kind,
                struct decoder_event *ret, struct err *err);
} types[] = {
    {"\"ADDED\"", DECODER_ADDED, object_event},
    {"\"MODIFIED\"", DECODER_MODIFIED, object_event},
    {"\"DELETED\"", DECODER_DELETED, object_event},
    {"\"BOOKMARK\"", DECODER_BOOKMARK, bookmark_event},
    {"\"ERROR\"", DECODER_ERROR, error_event},
};

static int read_event(struct decoder *d, struct decoder_event *ret,
                      struct err *err)
{
    struct span type = d->values[MEMBER_TYPE];
    uint64_t len = type.end - type.start;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (span_is(d, type, types[i].text))
            return types[i].read(d, types[i].kind, ret, err);
    err_set(&ret->error, ERR_PROTOCOL, "watch event of unknown type %.*s",
            (int)(len < 64 ? len : 64), span_bytes(d, type));
    return skipped(d, ret, err);
}

static int too_large(const struct decoder *d, struct decoder_event *ret)
{
    err_set(&ret->error, ERR_LIMIT,
            "watch event of %llu bytes, the limit is %zu",
            (unsigned long long)(d->cut.end - d->cut.start), d->max_bytes);
    ret->kind = DECODER_TOO_LARGE;
    return 0;
}

/* The closing brace was read. Length first: the bytes of a long document may
 * be gone. */
static int take_document(struct decoder *d, struct decoder_event *ret,
                         struct err *err)
{
    struct span all = {d->cut.start, d->cut.end};
    int rc;

    if (all.end - all.start > d->max_bytes)
        return too_large(d, ret);
    if (d->twice)
        return err_set(err, ERR_PROTOCOL, "watch event with a key twice");
    if (d->seen[MEMBER_OTHER]) {
        rc = span_check(d, all, err);
        if (rc < 0)
            return rc;
    }
    if (d->seen[MEMBER_TYPE] && d->seen[MEMBER_OBJECT])
        return read_event(d, ret, err);
    err_set(&ret->error, ERR_PROTOCOL, "watch event without type or object");
    return skipped(d, ret, err);
}

int decoder_take_watch(struct decoder *d, struct decoder_event *ret,
                       struct err *err)
{
    int rc;

    if (d->cut.kind == CUT_END) {
        rc = take_document(d, ret, err);
        if (rc < 0)
            return rc;
        memset(d->seen, 0, sizeof d->seen);
        d->twice = false;
    } else if (d->cut.end - d->cutter.document > d->max_bytes) {
        return 0; /* it will be too large, and its bytes may be gone */
    } else if (d->cut.kind == CUT_KEY) {
        note_key(d);
    } else {
        d->values[d->member] = (struct span){d->cut.start, d->cut.end};
    }
    return 0;
}
