/* See auth_kit.h. */
#include "auth_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "test.h"

void auth_path(const struct auth_stage *f, const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", f->folder, name);
}

void auth_put(const struct auth_stage *f, const char *name, const char *text)
{
    char path[128], fresh[160];
    FILE *file;

    auth_path(f, name, path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    file = fopen(fresh, "w");
    if (!check(file))
        return;
    fputs(text, file);
    fclose(file);
    check_int(rename(fresh, path), 0); /* as a kubelet does it */
}

size_t auth_count_lines(const struct auth_stage *f, const char *name)
{
    struct str text = {0};
    char path[128];
    size_t n = 0;

    auth_path(f, name, path);
    if (file_read(path, 0, &text, NULL) == 0)
        for (size_t i = 0; i < text.len; i++)
            n += text.data[i] == '\n';
    str_release(&text);
    return n;
}

void auth_setup(struct auth_stage *f)
{
    *f = (struct auth_stage){.config = {.user_name = "tester"}};
    strcpy(f->folder, "/tmp/tidelock-auth-XXXXXX");
    check(mkdtemp(f->folder));
    clock_fake_init(&f->clock);
}

bool auth_begin(struct auth_stage *f)
{
    struct err err = {0};

    f->loop = loop_new(&err);
    f->auth = f->loop ? auth_new(f->loop, &f->config, &err) : NULL;
    if (!check_ok(-(int)err.code, &err))
        return false;
    auth_use_clock(f->auth, &f->clock.clock);
    return true;
}

void auth_teardown(struct auth_stage *f)
{
    char command[128];

    auth_free(f->auth);
    loop_free(f->loop);
    snprintf(command, sizeof command, "rm -r '%s'", f->folder);
    check_int(system(command), 0);
}

static void on_ready(void *arg, const struct auth_credentials *c,
                     const struct err *err)
{
    struct got *g = arg;

    g->calls++;
    g->err = *err;
    g->headers[0] = g->cert[0] = g->key[0] = '\0';
    if (c) {
        for (const char **h = c->headers; *h; h++) {
            strcat(g->headers, *h);
            strcat(g->headers, "\n");
        }
        if (c->cert_pem) {
            check_int(strlen(c->cert_pem), c->cert_len);
            check_int(strlen(c->key_pem), c->key_len);
            strcpy(g->cert, c->cert_pem);
            strcpy(g->key, c->key_pem);
        }
        g->generation = c->generation;
    }
    if (g->then)
        g->then(g);
}

int auth_ask(struct auth_stage *f, struct got *g)
{
    *g = (struct got){.stage = f, .then = g->then};
    return auth_get(f->auth, on_ready, g, &g->err);
}

int auth_wait(struct auth_stage *f, struct got *g)
{
    int rc;

    g->then = NULL;
    rc = auth_ask(f, g);
    if (rc == 0 && g->calls == 0)
        loop_run(f->loop);
    check_int(g->calls, rc == 0);
    return rc < 0 ? rc : -(int)g->err.code;
}

void auth_expect(struct auth_stage *f, const char *headers, uint64_t generation)
{
    struct got g;

    check_ok(auth_wait(f, &g), &g.err);
    check_str(g.headers, headers);
    check_int(g.generation, generation);
}

int auth_once(struct auth_stage *f)
{
    struct got g = {.stage = f};
    struct err err = {0};
    int rc;

    f->loop = loop_new(&err);
    f->auth = f->loop ? auth_new(f->loop, &f->config, &err) : NULL;
    if (!f->auth)
        return -(int)err.code;
    rc = auth_ask(f, &g);
    if (rc == 0 && g.calls == 0)
        loop_run(f->loop);
    if (rc == 0)
        rc = -(int)g.err.code;
    if (rc == 0)
        check_has(g.headers, "Authorization: Bearer t");
    return rc;
}
