/*
 * cutter.h -- finds where the members of JSON documents begin and end in a
 *             stream of bytes, looking at each byte once. Private to decoder.c.
 *
 * It knows strings, escapes and brackets, no more: whoever uses the bytes
 * between two cuts still has to check them. Documents are objects, separated
 * by white space or nothing.
 */
#ifndef TIDELOCK_SRC_KUBE_CUTTER_H
#define TIDELOCK_SRC_KUBE_CUTTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum cut_kind {
    CUT_MORE,  /* every byte was looked at and nothing is complete */
    CUT_KEY,   /* the key of a member, with its quotes */
    CUT_VALUE, /* the value that belongs to it */
    CUT_ITEM,  /* an element of the array that was entered */
    CUT_END,   /* the document, from brace to brace */
};

/* Offsets are counted from the first byte of the stream. */
struct cut {
    enum cut_kind kind;
    uint64_t start;
    uint64_t end;
};

enum cutter_state {
    CUTTER_OUTSIDE, /* between two documents */
    CUTTER_FIRST_KEY,
    CUTTER_NEXT_KEY,
    CUTTER_KEY,
    CUTTER_COLON,
    CUTTER_BEFORE_VALUE,
    CUTTER_VALUE,
    CUTTER_AFTER_VALUE,
    CUTTER_FIRST_ITEM,
    CUTTER_NEXT_ITEM,
    CUTTER_AFTER_ITEM,
};

/* All zero bytes is the beginning of a stream. */
struct cutter {
    enum cutter_state state;
    uint64_t pos;      /* the next byte to look at */
    uint64_t document; /* where the open document began */
    uint64_t token;    /* where the open key, value or item began */
    unsigned depth;    /* brackets open inside the value */
    bool string;
    bool escape;
    bool entering; /* the next value's elements are to be cut one by one */
    bool entered;
};

/* The bytes of the stream from offset `base` on, at least from cutter.pos. */
struct window {
    const char *bytes;
    size_t len;
    uint64_t base;
};

/* The next cut. -ERR_PROTOCOL where a document breaks the grammar. */
int cutter_next(struct cutter *c, const struct window *w, struct cut *ret_cut,
                struct err *err);
/* Directly after a CUT_KEY: if the value is an array, cut its elements, and
 * then report an empty CUT_VALUE in place of the whole. */
void cutter_enter(struct cutter *c);
/* Where the open key, value or item begins; the position when none is open. */
uint64_t cutter_needs(const struct cutter *c);

#endif
