/*
 * streams.h -- streams of bytes and the events they decode to, as text, so that
 *              two ways of decoding can be compared and a failure be read.
 */
#ifndef TIDELOCK_TESTS_KUBE_STREAMS_H
#define TIDELOCK_TESTS_KUBE_STREAMS_H

#include <string.h>

#include "base/str.h"
#include "kube/decoder.h"

extern const struct gvk POD;

struct stream {
    enum decoder_mode mode;
    size_t max_bytes;
    const char *text;
    size_t len;
};

static inline struct stream watch_of(const char *text)
{
    return (struct stream){DECODER_WATCH, 1 << 20, text, strlen(text)};
}

static inline struct stream list_of(const char *text)
{
    return (struct stream){DECODER_LIST, 1 << 20, text, strlen(text)};
}

/* Add all events there are now, a line each. */
int stream_drain(struct decoder *d, struct str *log, struct err *err);
/* The events of a stream that comes in two pieces at `split` (0 = in one), the
 * second one in chunks; ends with the error or with that of decoder_finish().
 * Replaces `log`. */
void stream_decode(const struct stream *s, size_t split, size_t chunk,
                   struct str *log);
/* The same in one piece, as a static text. */
const char *decoded(struct stream s);

#define OBJECT(name, rv)                                                       \
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" name   \
    "\",\"resourceVersion\":\"" rv "\"}}"
#define COMPACT(name, rv)                                                      \
    "{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" rv "\"},"    \
    "\"apiVersion\":\"v1\",\"kind\":\"Pod\"} @" rv "\n"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"

#define ITEM(name, rv)                                                         \
    "{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" rv "\"}}"

#endif
