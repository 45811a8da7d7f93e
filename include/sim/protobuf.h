/*
 * protobuf.h -- requests in protocol buffers: what kubectl and typed Go clients
 *               send for built-in kinds (application/vnd.kubernetes.protobuf).
 *
 * Answers are JSON, which every client takes. Not read: the unions of
 * JSONSchemaProps; such clients send definitions as JSON.
 */
#ifndef TIDELOCK_SIM_PROTOBUF_H
#define TIDELOCK_SIM_PROTOBUF_H

#include "base/arena.h"
#include "base/value.h"
#include "sim/failure.h"

/* The object in the envelope, with the apiVersion and kind that it says, empty
 * fields and all: rules_decode() drops those. 400 for what is malformed or of
 * no built-in kind. */
int protobuf_decode(struct arena *a, const char *data, size_t len,
                    struct value **ret_object, struct failure *f);

#endif
