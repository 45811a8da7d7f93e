/*
 * http2.h -- just enough of HTTP/2 (RFC 9113) for scripts of server.h: frames
 *            go out by hand, header blocks that come in are not decoded.
 */
#ifndef TIDELOCK_TESTS_UNIT_IO_HTTP2_H
#define TIDELOCK_TESTS_UNIT_IO_HTTP2_H

#include <stdint.h>

#include "support/server.h"

enum { H2_DATA, H2_HEADERS, H2_RESET = 3, H2_SETTINGS, H2_PING = 6, H2_GOAWAY };
enum { H2_END_STREAM = 1, H2_ACK = 1, H2_END_HEADERS = 4 };
enum { H2_REFUSED_STREAM = 7 };

/* Preface and settings. False when the client is gone or speaks HTTP/1. */
bool h2_start(struct peer *p);
/* Waits for a request that is complete; its stream, 0 when the client hung
 * up. Everything else is answered or skipped; the number of streams the
 * client has reset is kept in p->body_len. */
uint32_t h2_request(struct peer *p);
bool h2_frame(struct peer *p, unsigned type, unsigned flags, uint32_t stream,
              const void *payload, size_t len);
/* 200 with this body; without `end` the stream stays open. */
bool h2_answer(struct peer *p, uint32_t stream, const char *body, bool end);
bool h2_reset(struct peer *p, uint32_t stream, uint32_t code);
bool h2_goaway(struct peer *p, uint32_t last_stream);

#endif
