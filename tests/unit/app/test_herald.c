/*
 * Tests of app/herald: Events beside the work.
 */
#include "app/herald.h"

#include <string.h>

#include "api.h"
#include "test.h"

static const struct event_ref node = {"v1", "Node", {"", "n1"}, "uid-n1"};

struct desk {
    struct api api;
    struct herald *herald;
    bool leads;
    unsigned flushed;
};

static bool may_speak(void *arg)
{
    return ((struct desk *)arg)->leads;
}

static bool desk_open(struct desk *d)
{
    struct herald_config config = {
        .ns = "ops", .lease = "tidelock", .may_speak = may_speak, .arg = d};

    *d = (struct desk){.leads = true};
    api_init(&d->api);
    if (!api_open(&d->api))
        return false;
    config.cluster = d->api.cluster;
    d->herald = herald_new(&config);
    return d->herald != NULL;
}

static void desk_close(struct desk *d)
{
    herald_free(d->herald);
    api_release(&d->api);
}

static bool is_silent(void *arg)
{
    return herald_pending(((struct desk *)arg)->herald) == 0;
}

static void on_flushed(void *arg)
{
    ((struct desk *)arg)->flushed++;
}

static bool was_flushed(void *arg)
{
    return ((struct desk *)arg)->flushed > 0;
}

/* rows: S135
 * broken: a path made of the object's own namespace is no path of the API */
TEST(the_herald_says_things_about_an_object)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    api_rule(&d.api, "POST events", 201, "{}");
    herald_say(d.herald, &node, "Warning", "Odd", "it is\nodd");
    check_int(herald_pending(d.herald), 1);
    check(api_until(&d.api, is_silent, &d));
    check_str(api_log(&d.api), "POST events\n");
    check_has(api_body(&d.api), "\"namespace\":\"default\"");
    check_has(api_body(&d.api), "\"reportingController\":\"tidelock\"");
    check_has(api_body(&d.api), "\"reportingInstance\":\"tidelock-");
    check_int(herald_stats(d.herald).created, 1);
    desk_close(&d);
}

TEST(the_herald_says_what_is_said_again_as_a_series)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    api_rule(&d.api, "POST events", 201, "{}");
    herald_say(d.herald, &node, "Warning", "Odd", "once");
    check(api_until(&d.api, is_silent, &d));
    herald_say(d.herald, &node, "Warning", "Odd", "twice");
    check(api_requests(&d.api, 2));
    check_has(api_body(&d.api), "\"count\":2");
    desk_close(&d);
}

/* broken: without may_speak a standby's Event is sent */
TEST(the_herald_of_a_standby_keeps_quiet)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    d.leads = false;
    herald_say(d.herald, &node, "Warning", "Odd", "");
    check_int(herald_pending(d.herald), 0);
    herald_flush(d.herald, on_flushed, &d);
    check(api_until(&d.api, was_flushed, &d));
    check_str(api_log(&d.api), "");
    desk_close(&d);
}

TEST(the_herald_speaks_of_the_lease_by_its_uid)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    api_rule(&d.api, "POST events", 201, "{}");
    herald_lease_is(d.herald, "uid-lease");
    herald_say(d.herald, herald_lease(d.herald), "Normal", "LeaderElection",
               "became leader");
    check(api_until(&d.api, is_silent, &d));
    check_has(api_body(&d.api), "\"namespace\":\"ops\"");
    check_has(api_body(&d.api), "\"uid\":\"uid-lease\"");
    desk_close(&d);
}

TEST(the_herald_sends_the_rest_before_the_end)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    api_rule(&d.api, "POST events", 201, "{}");
    herald_say(d.herald, &node, "Normal", "Over", "");
    herald_flush(d.herald, on_flushed, &d);
    check_int(d.flushed, 0); /* never from inside */
    check(api_until(&d.api, was_flushed, &d));
    check_str(api_log(&d.api), "POST events\n");
    desk_close(&d);
}

/* broken: without the bound the flush waits for the silent server */
TEST(the_herald_does_not_wait_for_a_silent_server_at_the_end)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    api_rule(&d.api, "POST events", API_SILENT, "");
    herald_say(d.herald, &node, "Normal", "Over", "");
    herald_flush(d.herald, on_flushed, &d);
    check(api_until(&d.api, was_flushed, &d));
    check_int(herald_pending(d.herald), 1);
    desk_close(&d);
}

TEST(no_herald_is_fine)
{
    struct desk d = {0};

    herald_say(NULL, &node, "Normal", "Over", "");
    herald_lease_is(NULL, "u");
    check(!herald_lease(NULL));
    check_int(herald_pending(NULL), 0);
    herald_flush(NULL, on_flushed, &d);
    check_int(d.flushed, 1);
    herald_free(NULL);
}

TEST_TORTURE(the_herald_survives_out_of_memory)
{
    struct desk d;

    if (desk_open(&d)) {
        api_rule(&d.api, "POST events", 201, "{}");
        herald_say(d.herald, &node, "Warning", "Odd", "");
        herald_flush(d.herald, on_flushed, &d);
        check(d.flushed || api_until(&d.api, was_flushed, &d));
        check_int(d.flushed, 1);
    }
    desk_close(&d);
}
