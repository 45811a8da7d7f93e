/*
 * decoder.c -- see decoder.h for the contract.
 *
 * DESIGN
 *
 *   feed -> buffer -> cutter -> cut -> take_*() -> event
 *
 * The cutter (cutter.h) finds the members of each document while the bytes
 * come in, so every byte is looked at twice however the stream was split: once
 * to find where an object ends, once by snapshot_parse() (HT-7). A watch event
 * is decided at its closing brace, because `type` may stand behind `object`; a
 * list hands over each element of `items` as soon as it is complete.
 *
 * A cut stays in d->cut until it was dealt with, so a call that failed for
 * lack of memory may be repeated. Every other failure is for ever.
 *
 * What goes wrong inside a well-formed watch event costs that event (LW-8); in
 * a list it is an error, because a list that lacks an object deletes it.
 *
 * INVARIANTS
 *
 *   I1  bytes before `used` are not needed again; they are dropped by the next
 *       feed, in one piece
 *   I2  a document over max_bytes is told from the others by its length alone,
 *       so splitting the stream elsewhere changes nothing
 */
#include "kube/decoder.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "decoder_impl.h"

/* A buffer that grew beyond this is given back when it is empty. */
#define KEEP_BYTES (256u << 10)

/* ---- life ---- */

struct decoder *decoder_new(enum decoder_mode mode, const struct gvk *gvk,
                            size_t max_bytes)
{
    struct decoder *d = mem_calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->mode = mode;
    d->max_bytes = max_bytes;
    str_init(&d->buffer, max_bytes + DECODER_MAX_FEED);
    d->gvk.api_version = mem_strdup(gvk->api_version);
    d->gvk.kind = mem_strdup(gvk->kind);
    if (!d->gvk.api_version || !d->gvk.kind) {
        decoder_free(d);
        return NULL;
    }
    return d;
}

void decoder_free(struct decoder *d)
{
    if (!d)
        return;
    mem_free((void *)d->gvk.api_version);
    mem_free((void *)d->gvk.kind);
    str_release(&d->buffer);
    str_release(&d->resource_version);
    str_release(&d->continue_token);
    mem_free(d);
}

void decoder_keep(struct decoder *d, const char *kept)
{
    d->kept = kept;
}

/* Once a feed, in one move; a buffer that one large object blew up goes back
 * when it is empty. */
static void drop_used(struct decoder *d)
{
    size_t n = (size_t)(d->used - d->base);

    if (n < d->buffer.len)
        str_drop(&d->buffer, n);
    else if (d->buffer.cap > KEEP_BYTES)
        str_release(&d->buffer);
    else
        str_clear(&d->buffer);
    d->base = d->used;
}

int decoder_feed(struct decoder *d, const void *data, size_t len,
                 struct err *err)
{
    int rc;

    if (len == 0)
        return 0;
    if (d->used > d->base)
        drop_used(d);
    if (str_addn(&d->buffer, data, len) == 0)
        return 0;
    rc = str_check(&d->buffer, "the unread part of the stream", err);
    d->buffer.failed = ERR_NONE; /* nothing was taken: it may come again */
    return rc;
}

/* ---- reading what was cut ---- */

const char *span_bytes(const struct decoder *d, struct span span)
{
    return str_text(&d->buffer) + (span.start - d->base);
}

static size_t span_len(struct span span)
{
    return (size_t)(span.end - span.start);
}

bool span_is(const struct decoder *d, struct span span, const char *text)
{
    size_t len = strlen(text);

    return span_len(span) == len && memcmp(span_bytes(d, span), text, len) == 0;
}

int as_protocol(int rc, struct err *err)
{
    if (rc == -ERR_NOMEM)
        return rc;
    return err_set(err, ERR_PROTOCOL, "%s", err ? err->msg : "");
}

int span_check(const struct decoder *d, struct span span, struct err *err)
{
    struct json_reader r;
    enum json_event event = JSON_NULL;
    int rc = 0;

    json_reader_init(&r, span_bytes(d, span), span_len(span), 0);
    while (rc == 0 && event != JSON_DONE)
        rc = json_next(&r, &event, err);
    json_reader_release(&r);
    if (rc == 0 || rc == -ERR_LIMIT) /* too deep for us: good so far */
        return 0;
    return as_protocol(rc, err);
}

int span_value(const struct decoder *d, struct span span, struct arena *a,
               struct value **ret_value, struct err *err)
{
    return value_parse(a, span_bytes(d, span), span_len(span), ret_value, err);
}

int span_snapshot(const struct decoder *d, struct span span,
                  struct snapshot **ret_snap, struct err *err)
{
    struct snapshot *s;
    int rc = snapshot_parse_kept(span_bytes(d, span), span_len(span), &d->gvk,
                                 d->kept, &s, err);

    if (rc < 0)
        return rc;
    if (!gvk_equal(&(struct gvk){s->api_version, s->kind}, &d->gvk)) {
        rc = err_set(err, ERR_PROTOCOL, "expected %s %s, got %.64s %.64s",
                     d->gvk.api_version, d->gvk.kind, s->api_version, s->kind);
        snapshot_unref(s, "decoder");
        return rc;
    }
    *ret_snap = s;
    return 0;
}

int lend(struct str *s, const char *text, struct err *err)
{
    str_clear(s);
    str_add(s, text ? text : "");
    return str_check(s, "a version", err);
}

int list_is_over(struct err *err)
{
    return err_set(err, ERR_PROTOCOL, "text after the list");
}

int list_too_large(const struct decoder *d, struct err *err)
{
    if (d->ended)
        return list_is_over(err);
    return err_set(err, ERR_LIMIT, "list with an item of over %zu bytes",
                   d->max_bytes);
}

/* ---- members ---- */

/* Keys as the API server writes them; one with escapes is one of the others,
 * and those are only checked. */
static enum member member_of(const struct decoder *d, struct span key)
{
    static const struct {
        const char *key;
        enum decoder_mode mode;
        enum member member;
    } members[] = {
        {"\"type\"", DECODER_WATCH, MEMBER_TYPE},
        {"\"object\"", DECODER_WATCH, MEMBER_OBJECT},
        {"\"kind\"", DECODER_LIST, MEMBER_KIND},
        {"\"metadata\"", DECODER_LIST, MEMBER_METADATA},
        {"\"items\"", DECODER_LIST, MEMBER_ITEMS},
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (d->mode == members[i].mode && span_is(d, key, members[i].key))
            return members[i].member;
    return MEMBER_OTHER;
}

void note_key(struct decoder *d)
{
    d->member = member_of(d, (struct span){d->cut.start, d->cut.end});
    if (d->member != MEMBER_OTHER && d->seen[d->member])
        d->twice = true;
    d->seen[d->member] = true;
}

/* ---- the pump ---- */

/* Which bytes are still needed? A watch keeps its open document while it is
 * not too long, a list what is open inside of it. */
static void settle_used(struct decoder *d)
{
    const struct cutter *c = &d->cutter;

    if (d->mode == DECODER_LIST)
        d->used = cutter_needs(c);
    else if (c->state == CUTTER_OUTSIDE || c->pos - c->document > d->max_bytes)
        d->used = c->pos;
    else
        d->used = c->document;
}

/* A list item that is too long is noticed while it still comes in. */
static int check_open(const struct decoder *d, struct err *err)
{
    if (d->mode == DECODER_WATCH ||
        d->cutter.pos - cutter_needs(&d->cutter) <= d->max_bytes)
        return 0;
    return list_too_large(d, err);
}

/* CUT_MORE when every byte was looked at. */
static int cut_next(struct decoder *d, struct err *err)
{
    struct window w = {str_text(&d->buffer), d->buffer.len, d->base};
    int rc = cutter_next(&d->cutter, &w, &d->cut, err);

    if (rc < 0 || d->cut.kind != CUT_MORE)
        return rc;
    settle_used(d);
    return check_open(d, err);
}

/* Cut and take until there is something to report or nothing left. */
static int pump(struct decoder *d, struct decoder_event *ret, struct err *err)
{
    int rc = 0;

    while (rc == 0 && ret->kind == DECODER_NONE) {
        if (d->cut.kind == CUT_MORE)
            rc = cut_next(d, err);
        if (rc < 0 || d->cut.kind == CUT_MORE)
            break;
        rc = d->mode == DECODER_WATCH ? decoder_take_watch(d, ret, err)
                                      : decoder_take_list(d, ret, err);
        if (rc == 0) {
            d->cut.kind = CUT_MORE;
            settle_used(d);
        }
    }
    return rc;
}

int decoder_next(struct decoder *d, struct decoder_event *ret, struct err *err)
{
    int rc;

    ret->kind = DECODER_NONE;
    ret->snapshot = NULL;
    ret->resource_version = ret->continue_token = "";
    ret->initial_end = 0;
    err_clear(&ret->error);
    if (d->broken)
        return err_set(err, ERR_PROTOCOL, "the stream is broken");

    rc = pump(d, ret, err);
    if (rc < 0 && rc != -ERR_NOMEM)
        d->broken = true;
    return rc;
}

int decoder_finish(const struct decoder *d, struct err *err)
{
    bool outside = d->cutter.state == CUTTER_OUTSIDE &&
                   d->cut.kind == CUT_MORE &&
                   d->cutter.pos == d->base + d->buffer.len;

    if (outside && !d->broken && (d->mode == DECODER_WATCH || d->ended))
        return 0;
    return err_set(err, ERR_PROTOCOL,
                   "the stream ended in the middle of a document");
}
