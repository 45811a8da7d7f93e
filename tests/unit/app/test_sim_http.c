/* The HTTP face of the embedded cluster: users, headers, watches, commits. */
#include "app/sim_http.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/line.h"
#include "test.h"

#define MAPS "/api/v1/namespaces/default/configmaps"
#define PATIENCE 5000

struct face {
    struct loop *loop;
    struct sim *sim;
    struct sim_data *data;
    struct sim_http *http;
    unsigned broken;
    struct err why;
};

struct caller {
    struct face *face;
    int fd;
    char heard[1 << 16];
    size_t len;
};

static char path[64];

static void on_change(void *arg)
{
    sim_http_changed(((struct face *)arg)->http);
}

static void on_broken(void *arg, const struct err *err)
{
    struct face *f = arg;

    f->broken++;
    f->why = *err;
}

static bool face_open(struct face *f, bool with_data)
{
    static const struct sim_user users[] = {{"one", "ann"}, {"two", "bob"}};
    struct sim_options sim = {.clock = clock_real(),
                              .seed = 1,
                              .controllers = "none",
                              .changed = on_change,
                              .changed_arg = f};
    struct sim_http_options http = {.users = users,
                                    .user_count = 2,
                                    .address = "127.0.0.1",
                                    .on_broken = on_broken,
                                    .arg = f};
    struct err err = {0};

    memset(f, 0, sizeof(*f));
    snprintf(path, sizeof(path), "/tmp/tidelock-unit-%d.http.db",
             (int)getpid());
    unlink(path);
    f->loop = loop_new(&err);
    if (with_data && sim_data_open(path, &f->data, &err) == 0) {
        sim.keep = sim_data_keep;
        sim.keep_arg = f->data;
    }
    if (!check_ok(sim_new(&sim, &f->sim, &err), &err) ||
        !check_ok(sim_start(f->sim, &err), &err))
        return false;
    if (f->data)
        check_ok(sim_data_commit(f->data, &err), &err);
    http.loop = f->loop;
    http.sim = f->sim;
    http.data = f->data;
    return check_ok(sim_http_open(&http, &f->http, &err), &err);
}

static void face_close(struct face *f)
{
    char wal[80];

    sim_http_close(f->http);
    sim_free(f->sim);
    sim_data_close(f->data);
    loop_free(f->loop);
    unlink(path);
    snprintf(wal, sizeof(wal), "%s-wal", path);
    unlink(wal);
}

static void caller_open(struct caller *c, struct face *f)
{
    memset(c, 0, sizeof(*c));
    c->face = f;
    c->fd = line_open(sim_http_port(f->http));
    check(c->fd >= 0);
}

/* A request of the user with this token; `more` are headers. */
static void caller_ask(struct caller *c, const char *line, const char *token,
                       const char *more, const char *body)
{
    char text[2048];
    int n = snprintf(text, sizeof(text),
                     "%s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                     "Content-Type: application/json\r\n%s"
                     "Content-Length: %zu\r\n\r\n%s",
                     line, token, more, strlen(body), body);

    check(line_send(c->fd, text, (size_t)n));
}

static bool caller_hears(struct caller *c, const char *text)
{
    for (int i = 0; i < PATIENCE; i++) {
        long n;

        if (strstr(c->heard, text))
            return true;
        loop_turn(c->face->loop, false);
        n = line_receive(c->fd, c->heard + c->len,
                         sizeof(c->heard) - 1 - c->len);
        if (n == 0)
            return false;
        c->len += n > 0 ? (size_t)n : 0;
    }
    return false;
}

static void caller_forget(struct caller *c)
{
    c->len = 0;
    memset(c->heard, 0, sizeof(c->heard));
}

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
    close(one.fd);
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
    close(one.fd);
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
    close(one.fd);
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
    close(two.fd);
    caller_open(&two, &f); /* a watch that sees nothing is not woken */
    caller_ask(&two, "GET /api/v1/secrets?watch=true&timeoutSeconds=1", "one",
               "", "");
    check(caller_hears(&two, "\r\n0\r\n\r\n")); /* ends by its own time */
    close(one.fd);
    close(two.fd);
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
    close(one.fd);
    face_close(&f);
}
