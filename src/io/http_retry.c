/*
 * http_retry.c -- when a request is worth another attempt (HT-8, AU-3).
 *
 *   401                    once, if the credentials can be had anew
 *   wrong CA               once, if its file has changed meanwhile
 *   429                    when the caller asked: after Retry-After, or 1 s
 *   5xx + Retry-After      when the caller asked: after that time
 *   connection lost        when the caller asked: reads of which nothing was
 *                          passed on, writes that are repeatable; never a
 *                          connection that was refused
 *
 * A 429, and a 503 with Retry-After, is about all that this process does: what
 * leaves in the meantime waits as well (http_gate.h). A 503 without it is not:
 * it is what a single aggregated API that is down answers, for hours. Watches
 * that were open go on, and those that are opened again later know where they
 * were.
 *
 * Waiting times get a little jitter, so that many operators that were told
 * "in one second" do not come back as one; never earlier than asked.
 */
#include "io/http_internal.h"
#include "kube/status.h"

#define RETRIES_MAX 10
#define SLOW_DOWN_MS 1000u /* 429 without Retry-After */
#define JITTER_MAX_MS 2000
#define LOST_FIRST_MS 100
#define LOST_MAX_MS 2000

static uint64_t with_jitter(struct http *h, uint64_t ms)
{
    uint64_t room = ms / 4 < JITTER_MAX_MS ? ms / 4 : JITTER_MAX_MS;

    return ms + rng_below(&h->rng, room + 1);
}

/* What the server asks for, without jitter; a date is told by its own clock. */
static bool asked_ms(const struct transfer *t, uint64_t *ret_ms)
{
    int64_t now = http_answer_date(t);
    int status = t->answer.status;
    unsigned ms = SLOW_DOWN_MS;
    bool told;

    if (status != 429 && status < 500)
        return false;
    told = status_retry_after(str_text(&t->answer.retry_after),
                              now ? now : clock_unix(t->http->clock), &ms);
    *ret_ms = ms;
    return told || status == 429;
}

static bool asks_to_come_back(const struct transfer *t, uint64_t *ret_ms)
{
    if (!asked_ms(t, ret_ms))
        return false;
    *ret_ms = with_jitter(t->http, *ret_ms);
    return true;
}

void http_retry_hold(struct transfer *t)
{
    struct http *h = t->http;
    int status = t->answer.status;
    uint64_t ms;

    if ((status != 429 && status != 503) || !asked_ms(t, &ms) || ms == 0)
        return;
    http_gate_hold(&h->gate, clock_now_ms(h->clock), ms);
    if (h->gate.on_hold)
        h->gate.on_hold(h->gate.hold_arg, ms);
}

uint64_t http_retry_wait_ms(struct transfer *t)
{
    struct http *h = t->http;
    uint64_t now = clock_now_ms(h->clock), place = 0, held;

    if (t->call.unfenced)
        return 0;
    if (!t->placed && !t->request.watch) /* LW-14 */
        place = http_gate_place_ms(&h->gate, now);
    t->placed = true;
    held = http_gate_held_ms(&h->gate, now);
    held = held ? with_jitter(h, held) : 0;
    return held > place ? held : place;
}

static bool was_lost(const struct transfer *t, CURLcode code)
{
    if (!http_may_repeat(t) || t->request.watch || t->answer.streamed ||
        !t->sent_now)
        return false;
    return code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
           code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
           code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

/* 100 ms, 200, 400, ... 2 s */
static uint64_t lost_ms(const struct transfer *t)
{
    uint64_t ms = (uint64_t)LOST_FIRST_MS << (t->retries < 5 ? t->retries : 5);

    return with_jitter(t->http, ms < LOST_MAX_MS ? ms : LOST_MAX_MS);
}

static bool renewal_helps(struct transfer *t, CURLcode code)
{
    struct http *h = t->http;

    if (t->answer.status == 401 && !t->renewed) {
        t->renewed = true;
        return auth_on_unauthorized(h->auth, t->generation);
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION && !t->ca_reloaded) {
        t->ca_reloaded = true;
        /* of many that fail at once the first one reads the file */
        return t->ca_version != h->ca.version ||
               http_ca_refresh(&h->ca, clock_now_ms(h->clock));
    }
    return false;
}

bool http_retry_plan(struct transfer *t, CURLcode code, uint64_t *ret_ms)
{
    bool ours = t->stop != HTTP_STOP_NONE && t->stop != HTTP_STOP_CUT;

    if (ours)
        return false;
    if (renewal_helps(t, code)) {
        *ret_ms = 0;
        return true;
    }
    if (!t->call.retry || t->retries >= RETRIES_MAX)
        return false;
    if (code == CURLE_OK || t->stop == HTTP_STOP_CUT) {
        if (!asks_to_come_back(t, ret_ms))
            return false;
    } else if (was_lost(t, code)) {
        *ret_ms = lost_ms(t);
    } else {
        return false;
    }
    t->retries++;
    return true;
}
