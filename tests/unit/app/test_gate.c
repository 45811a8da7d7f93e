/*
 * Tests of app/gate: who may see a page (S9).
 */
#include "app/gate.h"

#include <stdio.h>
#include <string.h>

#include "api.h"
#include "test.h"

#define TOKENS "POST apis/authentication.k8s.io/v1/tokenreviews"
#define ACCESS "POST apis/authorization.k8s.io/v1/subjectaccessreviews"
#define ANN                                                                    \
    "{'status':{'authenticated':true,'user':{'username':'ann','uid':'7',"      \
    "'groups':['ops'],'extra':{'example.com/x':['1']}}}}"
#define NOBODY "{'status':{'authenticated':false,'error':'expired'}}"
#define YES "{'status':{'allowed':true}}"
#define NO "{'status':{'allowed':false}}"

struct desk {
    struct api api;
    struct gate *gate;
    unsigned told;
    enum gate_verdict verdict;
};

static bool desk_open(struct desk *d)
{
    *d = (struct desk){0};
    api_init(&d->api);
    if (api_open(&d->api))
        d->gate = gate_new(d->api.cluster);
    return d->gate != NULL;
}

static void desk_close(struct desk *d)
{
    gate_free(d->gate);
    api_release(&d->api);
}

static void on_verdict(void *arg, enum gate_verdict verdict)
{
    struct desk *d = arg;

    d->told++;
    d->verdict = verdict;
}

static bool was_told(void *arg)
{
    return ((struct desk *)arg)->told > 0;
}

static enum gate_verdict ask(struct desk *d, const char *authorization)
{
    d->told = 0;
    gate_ask(d->gate, authorization, "/metrics", on_verdict, d);
    check(d->told || api_until(&d->api, was_told, d));
    check_int(d->told, 1);
    return d->verdict;
}

TEST(the_gate_lets_in_whom_the_api_server_allows)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    api_rule(&d.api, TOKENS, 201, ANN);
    api_rule(&d.api, ACCESS, 201, YES);
    check_int(ask(&d, "Bearer secret-1"), GATE_OPEN);
    check_str(api_body(&d.api),
              "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":"
              "\"SubjectAccessReview\",\"spec\":{\"extra\":{"
              "\"example.com/x\":[\"1\"]},\"groups\":[\"ops\"],"
              "\"nonResourceAttributes\":{\"path\":\"/metrics\",\"verb\":"
              "\"get\"},\"uid\":\"7\",\"user\":\"ann\"}}");
    check_str(api_log(&d.api), TOKENS "\n" ACCESS "\n");
    /* believed for a while */
    check_int(ask(&d, "bearer secret-1"), GATE_OPEN);
    check_str(api_log(&d.api), "");
    desk_close(&d);
}

/* broken: without the path in what is remembered the second page is open */
TEST(the_gate_asks_for_each_page)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    api_rule(&d.api, TOKENS, 201, ANN)->forever = true;
    api_rule(&d.api, ACCESS, 201, YES);
    api_rule(&d.api, ACCESS, 201, NO);
    check_int(ask(&d, "Bearer secret-1"), GATE_OPEN);
    d.told = 0;
    gate_ask(d.gate, "Bearer secret-1", "/debug/queue", on_verdict, &d);
    check(api_until(&d.api, was_told, &d));
    check_int(d.verdict, GATE_FORBIDDEN);
    check_has(api_body(&d.api), "/debug/queue");
    desk_close(&d);
}

TEST(the_gate_keeps_strangers_out)
{
    static const char *const none[] = {NULL,     "",        "Basic YTpi",
                                       "Bearer", "Bearer ", "Bearerx"};
    struct desk d;

    if (!desk_open(&d))
        return;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        check_int(ask(&d, none[i]), GATE_STRANGER);
    check_str(api_log(&d.api), "");
    api_rule(&d.api, TOKENS, 201, NOBODY);
    check_int(ask(&d, "Bearer wrong"), GATE_STRANGER);
    check_str(api_log(&d.api), TOKENS "\n");
    check_int(ask(&d, "Bearer wrong"), GATE_STRANGER); /* not asked again */
    check_str(api_log(&d.api), "");
    desk_close(&d);
}

TEST(the_gate_is_closed_to_whom_is_not_allowed)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    api_rule(&d.api, TOKENS, 201, ANN);
    api_rule(&d.api, ACCESS, 201, NO);
    check_int(ask(&d, "Bearer secret-1"), GATE_FORBIDDEN);
    desk_close(&d);
}

/* broken: with a default of allowed for what is missing the last one is open */
TEST(the_gate_is_closed_when_in_doubt)
{
    static const struct {
        int status;
        const char *body;
        int access;
        const char *answer;
    } cases[] = {
        {500, "{}", 0, NULL},      {403, "{}", 0, NULL},
        {201, "no JSON", 0, NULL}, {API_HANG_UP, "", 0, NULL},
        {201, ANN, 500, "{}"},     {201, ANN, 201, "no JSON"},
    };
    struct desk d;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!desk_open(&d))
            continue;
        api_rule(&d.api, TOKENS, cases[i].status, cases[i].body);
        if (cases[i].answer)
            api_rule(&d.api, ACCESS, cases[i].access, cases[i].answer);
        check_int(ask(&d, "Bearer secret-1"), GATE_BROKEN);
        desk_close(&d);
    }
    if (!desk_open(&d))
        return;
    api_rule(&d.api, TOKENS, 201, ANN);
    api_rule(&d.api, ACCESS, 201, "{'status':{}}");
    check_int(ask(&d, "Bearer secret-1"), GATE_FORBIDDEN);
    desk_close(&d);
}

TEST(the_gate_has_so_many_questions_at_a_time)
{
    struct desk d;
    char token[32];

    if (!desk_open(&d))
        return;
    api_rule(&d.api, TOKENS, API_SILENT, "")->forever = true;
    for (unsigned i = 0; i < GATE_MAX_VISITS; i++) {
        snprintf(token, sizeof token, "Bearer t%u", i);
        gate_ask(d.gate, token, "/metrics", on_verdict, &d);
    }
    check_int(d.told, 0);
    gate_ask(d.gate, "Bearer more", "/metrics", on_verdict, &d);
    check_int(d.told, 1);
    check_int(d.verdict, GATE_BROKEN);
    desk_close(&d);
}

TEST(the_gate_tells_nobody_who_has_gone)
{
    struct desk d;

    if (!desk_open(&d))
        return;
    api_rule(&d.api, TOKENS, 201, ANN);
    gate_ask(d.gate, "Bearer secret-1", "/metrics", on_verdict, &d);
    gate_forget(d.gate, &d);
    api_settle(&d.api);
    check_int(d.told, 0);
    desk_close(&d);
}

TEST_TORTURE(the_gate_may_lack_memory)
{
    struct desk d;

    if (desk_open(&d)) {
        api_rule(&d.api, TOKENS, 201, ANN);
        api_rule(&d.api, ACCESS, 201, YES);
        ask(&d, "Bearer secret-1");
        check(d.verdict == GATE_OPEN ||
              (torturing() && d.verdict == GATE_BROKEN));
    }
    desk_close(&d);
}
