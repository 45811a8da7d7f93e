/* The HTTP face of the embedded cluster: users, headers, watches, commits. */
#include <signal.h>
#include <sys/resource.h>

#include "face.h"
#include "test.h"

#define MAPS "/api/v1/namespaces/default/configmaps"
#define PATIENCE 5000

static struct caller one, two;

TEST(sim_http_knows_users_by_their_tokens)
{
    struct face f;

    if (!face_open(&f, false))
        return;
    caller_open(&one, &f);
    caller_ask(&one, "GET " MAPS, "three", "", "");
    check(caller_hears(&one, "HTTP/1.1 401 "));
    check(caller_hears(&one, "\"Unauthorized\""));
    caller_forget(&one);
    caller_ask(&one, "GET " MAPS, "two", "", "");
    check(caller_hears(&one, "HTTP/1.1 200 "));
    caller_close(&one);
    face_close(&f);
}

TEST(sim_http_sends_warnings_as_headers)
{
    struct face f;

    if (!face_open(&f, false))
        return;
    caller_open(&one, &f);
    caller_ask(&one, "POST " MAPS "?fieldValidation=Warn", "one", "",
               "{\"metadata\":{\"name\":\"a\"},\"dat\":1}");
    check(caller_hears(&one, "HTTP/1.1 201 "));
    check(caller_hears(&one, "Warning: 299 - \"unknown field \\\"dat\\\"\""));
    caller_close(&one);
    face_close(&f);
}

TEST(sim_http_refuses_methods_that_the_api_has_not)
{
    struct face f;

    if (!face_open(&f, false))
        return;
    caller_open(&one, &f);
    caller_ask(&one, "BREW " MAPS, "one", "", "");
    check(caller_hears(&one, "HTTP/1.1 405 "));
    check(caller_hears(&one, "\"MethodNotAllowed\""));
    caller_close(&one);
    face_close(&f);
}

TEST(sim_http_tells_watches_what_was_committed)
{
    struct face f;

    if (!face_open(&f, true))
        return;
    caller_open(&one, &f);
    caller_open(&two, &f);
    caller_ask(&one, "GET " MAPS "?watch=true", "one", "", "");
    check(caller_hears(&one, "Transfer-Encoding: chunked\r\n"));
    caller_ask(&two, "POST " MAPS, "one", "",
               "{\"metadata\":{\"name\":\"a\"}}");
    check(caller_hears(&two, "HTTP/1.1 201 "));
    check(!sim_data_dirty(f.data));
    check(caller_hears(&one, "\"type\":\"ADDED\""));
    caller_close(&two);
    caller_open(&two, &f); /* a watch that sees nothing is not woken */
    caller_ask(&two, "GET /api/v1/secrets?watch=true&timeoutSeconds=1", "one",
               "", "");
    check(caller_hears(&two, "\r\n0\r\n\r\n")); /* ends by its own time */
    caller_close(&one);
    caller_close(&two);
    face_close(&f);
}

/* The disk is full: nobody is told that something was kept. */
TEST(sim_http_answers_nothing_that_it_cannot_keep)
{
    struct rlimit usual, none = {0};
    struct face f;

    if (!face_open(&f, true))
        return;
    caller_open(&one, &f);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &usual);
    none.rlim_max = usual.rlim_max;
    setrlimit(RLIMIT_FSIZE, &none);
    caller_ask(&one, "POST " MAPS, "one", "",
               "{\"metadata\":{\"name\":\"a\"}}");
    for (int i = 0; i < PATIENCE && !f.broken; i++)
        loop_turn(f.loop, false);
    setrlimit(RLIMIT_FSIZE, &usual);
    check_int(f.broken, 1);
    check_has(f.why.msg, "cannot use '");
    for (int i = 0; i < 50; i++)
        loop_turn(f.loop, false);
    sim_http_close(f.http);
    f.http = NULL;
    check(!caller_hears(&one, "HTTP")); /* the end, and nothing before it */
    check_int(one.len, 0);
    caller_close(&one);
    face_close(&f);
}
