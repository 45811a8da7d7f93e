/* See face.h. */
#include "face.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/line.h"
#include "test.h"

#define PATIENCE 5000

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

bool face_open(struct face *f, bool with_data)
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

void face_close(struct face *f)
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

void caller_open(struct caller *c, struct face *f)
{
    memset(c, 0, sizeof(*c));
    c->face = f;
    c->fd = line_open(sim_http_port(f->http));
    check(c->fd >= 0);
}

void caller_close(struct caller *c)
{
    close(c->fd);
}

void caller_ask(struct caller *c, const char *line, const char *token,
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

bool caller_hears(struct caller *c, const char *text)
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

void caller_forget(struct caller *c)
{
    c->len = 0;
    memset(c->heard, 0, sizeof(c->heard));
}
