/*
 * properties.h -- what holds for any bytes whatever, checked here, fed by the
 *                 unit tests (test_properties.c) and by libFuzzer (tests/fuzz).
 *
 * Each answers NULL, or a text naming what does not hold.
 */
#ifndef TIDELOCK_TESTS_KUBE_PROPERTIES_H
#define TIDELOCK_TESTS_KUBE_PROPERTIES_H

#include <stddef.h>

#include "streams.h"

typedef void decode_fn(const struct stream *s, size_t split, size_t chunk,
                       struct str *log);
typedef int snapshot_fn(const char *json, size_t len, const struct gvk *gvk,
                        struct snapshot **ret_snap, struct err *err);

/* The first four bytes say how the rest is decoded: 'w' or 'l' for a watch or
 * a list (odd or even), the limit, the size of chunks, and one byte that is not
 * looked at, so that a line end may stand there.
 *   - where a stream is split makes no difference
 *   - a snapshot is of the decoder's kind and has a name */
const char *property_decoder(decode_fn *decode, const char *data, size_t len);

/* One object.
 *   - a snapshot's text is the source without managedFields of others
 *   - its fields are what a reader of the tree finds
 *   - a snapshot of a snapshot's text is the same again */
const char *property_snapshot(snapshot_fn *parse, const char *data, size_t len);

#endif
