/*
 * frame.c -- cutting a stream into frames, and the table of messages.
 *            See frame.h for the contract.
 */
#include "script/frame.h"

#include <string.h>

#include "script/frame_shapes.h"

#define LENGTH 4 /* bytes of the length */

static const struct shape *shape_of(enum frame_type type)
{
    static const struct shape *const shapes[FRAME_TYPES] = {
        [FRAME_HELLO] = &shape_hello,   [FRAME_LOAD] = &shape_load,
        [FRAME_LOADED] = &shape_loaded, [FRAME_CALL] = &shape_call,
        [FRAME_ASK] = &shape_ask,       [FRAME_FOUND] = &shape_found,
        [FRAME_ROWS] = &shape_rows,     [FRAME_ANSWER] = &shape_answer,
        [FRAME_PROBE] = &shape_probe,   [FRAME_PROBED] = &shape_probed,
    };

    return type < FRAME_TYPES ? shapes[type] : NULL;
}

/* ---- writing ---- */

static int too_large(struct str *out, size_t before, struct err *err)
{
    bool nomem = out->failed == ERR_NOMEM;

    out->len = before;
    if (out->data)
        out->data[before] = '\0';
    out->failed = ERR_NONE;
    if (nomem)
        return err_nomem(err);
    return err_set(err, ERR_LIMIT,
                   "a message between the processes is larger than %u MiB",
                   FRAME_MAX >> 20);
}

int frame_put(struct str *out, enum frame_type type, const void *msg,
              struct err *err)
{
    size_t before = out->len, len;

    shape_put_u32(out, 0); /* the length, known below */
    str_addc(out, (char)type);
    shape_put(shape_of(type), msg, out);
    len = out->len - before - LENGTH;
    if (out->failed != ERR_NONE || len > FRAME_MAX)
        return too_large(out, before, err);
    for (unsigned i = 0; i < LENGTH; i++)
        out->data[before + i] = (char)(len >> (8 * i) & 0xFF);
    return 0;
}

/* ---- cutting ---- */

void frame_stream_release(struct frame_stream *s)
{
    str_release(&s->bytes);
    s->taken = 0;
}

int frame_feed(struct frame_stream *s, const char *data, size_t len,
               struct err *err)
{
    str_drop(&s->bytes, s->taken);
    s->taken = 0;
    str_addn(&s->bytes, data, len);
    return str_check(&s->bytes, "a message", err);
}

int frame_cut(struct frame_stream *s, struct frame *ret, struct err *err)
{
    const char *at = str_text(&s->bytes) + s->taken;
    size_t left = s->bytes.len - s->taken, len = 0;

    if (left < LENGTH)
        return 0;
    for (unsigned i = 0; i < LENGTH; i++)
        len |= (size_t)(unsigned char)at[i] << (8 * i);
    if (len < 1 || len > FRAME_MAX)
        return err_set(err, ERR_PROTOCOL,
                       "a message of %zu bytes between the processes", len);
    if (left < LENGTH + 1)
        return 0;
    if (!shape_of((unsigned char)at[LENGTH]))
        return err_set(err, ERR_PROTOCOL,
                       "a message of type %u between the processes",
                       (unsigned char)at[LENGTH]);
    if (left < LENGTH + len)
        return 0;
    ret->type = (unsigned char)at[LENGTH];
    ret->body = at + LENGTH + 1;
    ret->len = len - 1;
    s->taken += LENGTH + len;
    return 1;
}

/* ---- reading ---- */

int frame_get(const struct frame *f, struct arena *a, void *msg,
              struct err *err)
{
    bool strict = f->type == FRAME_ANSWER || f->type == FRAME_LOADED;
    struct shape_reader r = {
        .at = f->body,
        .end = f->body + f->len,
        .arena = a,
        /* what is from here may be as large as files may be */
        .max_string = strict ? PLAN_MAX_STRING : PLAN_MAX_BYTES,
        .max_depth = strict ? PLAN_MAX_DEPTH : JSON_MAX_DEPTH,
    };
    int rc = shape_get(shape_of(f->type), &r, msg, err);

    if (rc == 0 && r.at != r.end)
        rc = err_set(err, ERR_PROTOCOL, "bytes behind its end");
    if (rc == -ERR_PROTOCOL)
        err_wrap(err, "message of type %d", (int)f->type);
    return rc;
}
