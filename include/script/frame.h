/*
 * frame.h -- what the main process and a worker process say to each other.
 *
 * A frame is its length in 4 bytes (little endian, of what follows), one byte
 * that says which message it is, and the message. Both ends share this code;
 * no bytes are read or written here.
 *
 *   main process                    worker
 *                            <---   hello       once, when it is locked down
 *   load                     --->
 *                            <---   loaded      the declaration, or why not
 *   call                     --->               reconcile, finalize, names, map
 *                            <---   ask         an object, a list (or nothing)
 *   found | rows             --->
 *                            <---   answer      the plan, names, roots
 *   probe                    --->               tests only
 *                            <---   probed
 *
 * The main process takes what a worker says as hostile: see shape.h for what
 * every frame must obey, and frame_check_answer() for what a plan must. All
 * texts that were read point into the frame.
 */
#ifndef TIDELOCK_SCRIPT_FRAME_H
#define TIDELOCK_SCRIPT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "script/message.h"
#include "script/probe.h"

#define FRAME_MAX (8u << 20) /* note 09; without the length itself */
#define FRAME_PROTOCOL 3u

enum frame_type {
    FRAME_HELLO = 1, /* struct frame_hello and so on */
    FRAME_LOAD,
    FRAME_LOADED,
    FRAME_CALL,
    FRAME_ASK,
    FRAME_FOUND,
    FRAME_ROWS,
    FRAME_ANSWER,
    FRAME_PROBE,
    FRAME_PROBED,
    FRAME_TYPES
};

/* ---- writing and reading ---- */

/* Append the frame of one message; `msg` is the struct of that type.
 * -ERR_LIMIT when it is larger than FRAME_MAX (`out` as before), -ERR_NOMEM. */
int frame_put(struct str *out, enum frame_type type, const void *msg,
              struct err *err);

struct frame {
    enum frame_type type;
    const char *body; /* borrowed from the stream */
    size_t len;
};

/* Bytes as they come in. Zeroed is empty. */
struct frame_stream {
    struct str bytes;
    size_t taken; /* of them by frames that were cut */
};
void frame_stream_release(struct frame_stream *s);
/* 0 or -ERR_NOMEM. Frames that were cut before are gone. */
int frame_feed(struct frame_stream *s, const char *data, size_t len,
               struct err *err);
/* 1 and the next frame, borrowed until the next feed; 0: more bytes are
 * needed; -ERR_PROTOCOL: a length or type that does not exist. */
int frame_cut(struct frame_stream *s, struct frame *ret, struct err *err);

/* Read a frame into the struct of its type, which the caller has zeroed (a
 * plan: plan_init()ed). Lists and trees are made in `a`, texts point into the
 * frame: copy it into the arena before when it must live. -ERR_PROTOCOL or
 * -ERR_NOMEM. */
int frame_get(const struct frame *f, struct arena *a, void *msg,
              struct err *err);

/* ---- translation ---- */

/* Does the answer keep to what `view` and `decl` allow, as a script in this
 * process would have had to? Fills plan.reads from `reads`. -ERR_PROTOCOL. */
int frame_check_answer(struct frame_answer *m, const struct view *view,
                       const struct operator_decl *decl, struct err *err);

/* The text of an object as a worker may see it. That of a Secret has, unless
 * `open`, for each value a checksum keyed by `uid` (the root's), so that a
 * handle can be compared and checksummed and its bytes stay here; "!" and a
 * checksum of the text where it is not base64. *ret borrows the snapshot's
 * text or lives in `a`. */
int frame_seal(const struct snapshot *s, bool open, const char *uid,
               struct arena *a, struct frame_object *ret, struct err *err);

#endif
