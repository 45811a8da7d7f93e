/*
 * cutter.c -- see cutter.h.
 *
 * DESIGN
 *
 *   OUTSIDE -{-> FIRST_KEY -"-> KEY -> COLON -:-> BEFORE_VALUE -> VALUE
 *                 | }             ^                                |
 *   OUTSIDE <-----+            NEXT_KEY <-,-- AFTER_VALUE <--------+
 *                                               | }  -> OUTSIDE
 *
 * With an entered array the loop FIRST_ITEM -> VALUE -> AFTER_ITEM -,->
 * NEXT_ITEM runs between BEFORE_VALUE and AFTER_VALUE.
 *
 * KEY and VALUE take bytes in runs (scan()), all other states skip white space
 * and take one byte (step()). The state is complete after every byte, so where
 * the stream is split makes no difference.
 */
#include "cutter.h"

#include <string.h>

/* ---- inside keys and values ---- */

#define ONES 0x0101010101010101u

static bool has_byte(uint64_t word, char byte)
{
    uint64_t x = word ^ ONES * (unsigned char)byte;

    return ((x - ONES) & ~x & ONES * 0x80) != 0;
}

/* Eight bytes at a time: values of Secrets and ConfigMaps are long. */
static const char *skip_text(const char *p, const char *end)
{
    uint64_t word;

    for (; end - p >= 8; p += 8) {
        memcpy(&word, p, 8);
        if (has_byte(word, '"') || has_byte(word, '\\'))
            break;
    }
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
}

static const char *skip_flat(const char *p, const char *end)
{
    static const bool stops[256] = {
        ['"'] = true, ['{'] = true, ['}'] = true, ['['] = true, [']'] = true,
    };

    while (p < end && !stops[(unsigned char)*p])
        p++;
    return p;
}

/* strchr() stops at a NUL byte too, which has no place in JSON. */
static const char *skip_scalar(const char *p, const char *end)
{
    while (p < end && !strchr(",]}: \t\r\n", *p))
        p++;
    return p;
}

/* A quote or a backslash; true when the string ends the value. */
static bool string_byte(struct cutter *c, char byte)
{
    if (byte == '\\') {
        c->escape = true;
        return false;
    }
    c->string = false;
    return c->depth == 0;
}

/* A quote or a bracket; true when the bracket ends the value. */
static bool flat_byte(struct cutter *c, char byte)
{
    if (byte == '"')
        c->string = true;
    else if (byte == '{' || byte == '[')
        c->depth++;
    else
        c->depth--;
    return c->depth == 0;
}

/* From p to the end of the key or value; true when it was reached. */
static bool scan(struct cutter *c, const char *p, const char *end)
{
    const char *from = p;
    bool done = false;

    while (p < end && !done) {
        if (c->escape) {
            c->escape = false;
            p++;
        } else if (c->string) {
            p = skip_text(p, end);
            done = p < end && string_byte(c, *p++);
        } else if (c->depth > 0) {
            p = skip_flat(p, end);
            done = p < end && flat_byte(c, *p++);
        } else {
            p = skip_scalar(p, end);
            done = p < end;
        }
    }
    c->pos += (uint64_t)(p - from);
    return done;
}

/* ---- between them ---- */

static int unexpected(const struct cutter *c, const char *wanted,
                      struct err *err)
{
    return err_set(err, ERR_PROTOCOL, "byte %llu of the stream: expected %s",
                   (unsigned long long)c->pos, wanted);
}

static int move(struct cutter *c, enum cutter_state state)
{
    c->state = state;
    c->pos++;
    return 0;
}

static int begin_key(struct cutter *c, char byte, struct err *err)
{
    if (byte != '"')
        return unexpected(c, "a key", err);
    c->token = c->pos;
    c->string = true;
    return move(c, CUTTER_KEY);
}

static int begin_value(struct cutter *c, char byte, struct err *err)
{
    if (strchr(",:]}", byte))
        return unexpected(c, "a value", err);
    c->token = c->pos;
    c->string = byte == '"';
    c->depth = byte == '{' || byte == '[' ? 1 : 0;
    return move(c, CUTTER_VALUE);
}

/* The one place where an array is entered instead of taken whole. */
static int before_value(struct cutter *c, char byte, struct err *err)
{
    bool enter = c->entering && byte == '[';

    c->entering = false;
    if (!enter)
        return begin_value(c, byte, err);
    c->entered = true;
    return move(c, CUTTER_FIRST_ITEM);
}

static int end_document(struct cutter *c, struct cut *ret_cut)
{
    *ret_cut = (struct cut){CUT_END, c->document, c->pos + 1};
    return move(c, CUTTER_OUTSIDE);
}

/* What was between the brackets has been reported already. */
static int end_items(struct cutter *c, struct cut *ret_cut)
{
    c->entered = false;
    *ret_cut = (struct cut){CUT_VALUE, c->pos + 1, c->pos + 1};
    return move(c, CUTTER_AFTER_VALUE);
}

/* One byte that is not white space, outside of keys and values. */
static int step(struct cutter *c, char byte, struct cut *ret_cut,
                struct err *err)
{
    switch (c->state) {
    case CUTTER_OUTSIDE:
        c->document = c->pos;
        return byte == '{' ? move(c, CUTTER_FIRST_KEY)
                           : unexpected(c, "an object", err);
    case CUTTER_FIRST_KEY:
        return byte == '}' ? end_document(c, ret_cut) : begin_key(c, byte, err);
    case CUTTER_NEXT_KEY:
        return begin_key(c, byte, err);
    case CUTTER_COLON:
        return byte == ':' ? move(c, CUTTER_BEFORE_VALUE)
                           : unexpected(c, "':'", err);
    case CUTTER_BEFORE_VALUE:
        return before_value(c, byte, err);
    case CUTTER_AFTER_VALUE:
        if (byte == '}')
            return end_document(c, ret_cut);
        return byte == ',' ? move(c, CUTTER_NEXT_KEY)
                           : unexpected(c, "',' or '}'", err);
    case CUTTER_FIRST_ITEM:
        return byte == ']' ? end_items(c, ret_cut) : begin_value(c, byte, err);
    case CUTTER_NEXT_ITEM:
        return begin_value(c, byte, err);
    case CUTTER_AFTER_ITEM:
        if (byte == ']')
            return end_items(c, ret_cut);
        return byte == ',' ? move(c, CUTTER_NEXT_ITEM)
                           : unexpected(c, "',' or ']'", err);
    case CUTTER_KEY:
    case CUTTER_VALUE:
        break; /* scan() has these */
    }
    return unexpected(c, "nothing", err);
}

/* The open key, value or item is complete. */
static void close_token(struct cutter *c, struct cut *ret_cut)
{
    *ret_cut = (struct cut){CUT_VALUE, c->token, c->pos};
    if (c->state == CUTTER_KEY) {
        ret_cut->kind = CUT_KEY;
        c->state = CUTTER_COLON;
    } else if (c->entered) {
        ret_cut->kind = CUT_ITEM;
        c->state = CUTTER_AFTER_ITEM;
    } else {
        c->state = CUTTER_AFTER_VALUE;
    }
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Is the next byte part of a key, value or item? */
static bool in_token(const struct cutter *c)
{
    return c->state == CUTTER_KEY || c->state == CUTTER_VALUE;
}

int cutter_next(struct cutter *c, const struct window *w, struct cut *ret_cut,
                struct err *err)
{
    const char *end = w->bytes + w->len;
    int rc = 0;

    ret_cut->kind = CUT_MORE;
    while (rc == 0 && ret_cut->kind == CUT_MORE && c->pos < w->base + w->len) {
        const char *p = w->bytes + (c->pos - w->base);

        if (in_token(c)) {
            if (scan(c, p, end))
                close_token(c, ret_cut);
        } else if (is_space(*p)) {
            c->pos++;
        } else {
            rc = step(c, *p, ret_cut, err);
        }
    }
    return rc;
}

void cutter_enter(struct cutter *c)
{
    c->entering = true;
}

uint64_t cutter_needs(const struct cutter *c)
{
    return in_token(c) ? c->token : c->pos;
}
