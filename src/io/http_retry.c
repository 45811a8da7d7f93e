/*
 * http_retry.c -- when a request is worth another attempt (HT-8, AU-3).
 *
 *   401                    once, if the credentials can be had anew
 *   wrong CA               once, if its file has changed meanwhile
 *   429, 5xx + Retry-After when the caller asked: after that time
 *   connection lost        when the caller asked: reads of which nothing was
 *                          passed on, writes that are repeatable; never a
 *                          connection that was refused
 *
 * Waiting times get a little jitter, so that many operators that were told
 * "in one second" do not come back as one; never earlier than asked.
 */
#include <time.h>

#include "io/http_internal.h"

#define RETRIES_MAX 10
#define RETRY_AFTER_MAX_S 60
#define JITTER_MAX_MS 2000
#define LOST_FIRST_MS 100
#define LOST_MAX_MS 2000

static uint64_t with_jitter(struct http *h, uint64_t ms)
{
    uint64_t room = ms / 4 < JITTER_MAX_MS ? ms / 4 : JITTER_MAX_MS;

    return ms + rng_below(&h->rng, room + 1);
}

/* Seconds, or a date; false when it is neither. */
static bool retry_after_ms(const struct transfer *t, uint64_t *ret_ms)
{
    const struct str *text = &t->answer.retry_after;
    int64_t seconds;
    time_t when;

    if (!text->len)
        return false;
    if (!text_to_int64(text->data, text->len, &seconds)) {
        when = curl_getdate(text->data, NULL);
        if (when < 0)
            return false;
        seconds = (int64_t)when - clock_unix(t->http->clock);
    }
    if (seconds < 0)
        seconds = 0;
    if (seconds > RETRY_AFTER_MAX_S)
        seconds = RETRY_AFTER_MAX_S;
    *ret_ms = with_jitter(t->http, (uint64_t)seconds * 1000);
    return true;
}

static bool asks_to_come_back(const struct transfer *t, uint64_t *ret_ms)
{
    int status = t->answer.status;

    return (status == 429 || status >= 500) && retry_after_ms(t, ret_ms);
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
        return http_ca_refresh(&h->ca, clock_now_ms(h->clock));
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
