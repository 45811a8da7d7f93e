/* See http2.h. */
#include "http2.h"

#include <string.h>

#define FRAME_MAX 16384

static void put32(unsigned char *out, uint32_t n)
{
    out[0] = (unsigned char)(n >> 24);
    out[1] = (unsigned char)(n >> 16);
    out[2] = (unsigned char)(n >> 8);
    out[3] = (unsigned char)n;
}

static uint32_t get32(const unsigned char *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 |
           (uint32_t)in[2] << 8 | in[3];
}

bool h2_frame(struct peer *p, unsigned type, unsigned flags, uint32_t stream,
              const void *payload, size_t len)
{
    unsigned char frame[9 + 1024];

    if (len > 1024)
        return false;
    put32(frame, (uint32_t)len << 8 | type);
    frame[4] = (unsigned char)flags;
    put32(frame + 5, stream);
    if (len)
        memcpy(frame + 9, payload, len);
    return peer_write(p, frame, 9 + len);
}

bool h2_start(struct peer *p)
{
    char preface[24];

    return p->http2 && peer_read(p, preface, sizeof preface) &&
           memcmp(preface, "PRI * HTTP/2.0", 14) == 0 &&
           h2_frame(p, H2_SETTINGS, 0, 0, NULL, 0);
}

uint32_t h2_request(struct peer *p)
{
    static _Thread_local unsigned char payload[FRAME_MAX];
    unsigned char head[9];

    while (peer_read(p, head, sizeof head)) {
        uint32_t len = get32(head) >> 8, stream = get32(head + 5);
        unsigned type = head[3], flags = head[4];

        for (uint32_t at = 0, n; at < len; at += n) {
            n = len - at < 4096 ? len - at : 4096;
            if (len > FRAME_MAX || !peer_read(p, payload + at, n))
                return 0;
        }
        if ((type == H2_HEADERS || type == H2_DATA) && flags & H2_END_STREAM) {
            peer_count(p);
            return stream;
        }
        if (type == H2_SETTINGS && !(flags & H2_ACK))
            h2_frame(p, H2_SETTINGS, H2_ACK, 0, NULL, 0);
        if (type == H2_PING && !(flags & H2_ACK))
            h2_frame(p, H2_PING, H2_ACK, 0, payload, 8);
        if (type == H2_RESET)
            p->body_len++;
    }
    return 0;
}

bool h2_answer(struct peer *p, uint32_t stream, const char *body, bool end)
{
    const unsigned char ok = 0x88; /* :status 200 in the static table */

    return h2_frame(p, H2_HEADERS, H2_END_HEADERS, stream, &ok, 1) &&
           h2_frame(p, H2_DATA, end ? H2_END_STREAM : 0, stream, body,
                    strlen(body));
}

bool h2_reset(struct peer *p, uint32_t stream, uint32_t code)
{
    unsigned char payload[4];

    put32(payload, code);
    return h2_frame(p, H2_RESET, 0, stream, payload, sizeof payload);
}

bool h2_goaway(struct peer *p, uint32_t last_stream)
{
    unsigned char payload[8] = {0};

    put32(payload, last_stream);
    return h2_frame(p, H2_GOAWAY, 0, 0, payload, sizeof payload);
}
