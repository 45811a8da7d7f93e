/* Who we are: tokens and certificates in files, passwords, impersonation, and
 * plugins, which are real shell scripts in a temporary folder. */
#include "io/auth.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs.h"
#include "io/auth_impl.h"
#include "io/file.h"
#include "test.h"

/* What one asker got. */
struct got {
    struct fixture *fixture;
    unsigned calls;
    char headers[1024]; /* each with a newline behind it */
    char cert[2048], key[1024];
    uint64_t generation;
    struct err err;
    void (*then)(struct got *g);
};

struct fixture {
    char folder[64];
    struct loop *loop;
    struct clock_fake clock;
    struct kubeconfig config;
    const char *args[4];
    struct auth *auth;
};

/* ---- the stage ---- */

static void path_of(const struct fixture *f, const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", f->folder, name);
}

static void put(const struct fixture *f, const char *name, const char *text)
{
    char path[128], fresh[160];
    FILE *file;

    path_of(f, name, path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    file = fopen(fresh, "w");
    if (!check(file))
        return;
    fputs(text, file);
    fclose(file);
    check_int(rename(fresh, path), 0); /* as a kubelet does it */
}

static void drop(const struct fixture *f, const char *name)
{
    char path[128];

    path_of(f, name, path);
    unlink(path);
}

static size_t count_lines(const struct fixture *f, const char *name)
{
    struct str text = {0};
    char path[128];
    size_t n = 0;

    path_of(f, name, path);
    if (file_read(path, 0, &text, NULL) == 0)
        for (size_t i = 0; i < text.len; i++)
            n += text.data[i] == '\n';
    str_release(&text);
    return n;
}

static void setup(struct fixture *f)
{
    *f = (struct fixture){.config = {.user_name = "tester"}};
    strcpy(f->folder, "/tmp/tidelock-auth-XXXXXX");
    check(mkdtemp(f->folder));
    clock_fake_init(&f->clock);
}

/* From here on the config is as the test wants it. */
static bool begin(struct fixture *f)
{
    struct err err = {0};

    f->loop = loop_new(&err);
    f->auth = f->loop ? auth_new(f->loop, &f->config, &err) : NULL;
    if (!check_ok(-(int)err.code, &err))
        return false;
    auth_use_clock(f->auth, &f->clock.clock);
    return true;
}

static void teardown(struct fixture *f)
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

static int ask(struct fixture *f, struct got *g)
{
    *g = (struct got){.fixture = f, .then = g->then};
    return auth_get(f->auth, on_ready, g, &g->err);
}

/* Ask and wait for the answer. */
static int get(struct fixture *f, struct got *g)
{
    int rc;

    g->then = NULL;
    rc = ask(f, g);
    if (rc == 0 && g->calls == 0)
        loop_run(f->loop);
    check_int(g->calls, rc == 0);
    return rc < 0 ? rc : -(int)g->err.code;
}

static void expect(struct fixture *f, const char *headers, uint64_t generation)
{
    struct got g;

    check_ok(get(f, &g), &g.err);
    check_str(g.headers, headers);
    check_int(g.generation, generation);
}

/* ---- what needs no file ---- */

TEST(auth_without_credentials_sends_nothing)
{
    struct fixture f;
    struct got g;

    setup(&f);
    if (begin(&f)) {
        check_ok(get(&f, &g), &g.err);
        check_str(g.headers, "");
        check_str(g.cert, "");
        check_int(g.generation, 1);
        check(!auth_on_unauthorized(f.auth, 1));
    }
    teardown(&f);
}

TEST(auth_sends_a_token_a_password_and_whom_it_plays)
{
    static const char *groups[] = {"a", "b", NULL};
    struct fixture f;
    struct arena a = {0};
    const char *extra = "{\"Scopes\":[\"x\",\"y\"],\"acme.com/p%t\":[\"z\"]}";

    setup(&f);
    f.config.token = "secret";
    f.config.as = "eve";
    f.config.as_uid = "7";
    f.config.as_groups = groups;
    check_int(value_parse(&a, extra, strlen(extra), &f.config.as_extra, NULL),
              0);
    if (begin(&f))
        expect(&f,
               "Authorization: Bearer secret\n"
               "Impersonate-User: eve\n"
               "Impersonate-Uid: 7\n"
               "Impersonate-Group: a\n"
               "Impersonate-Group: b\n"
               "Impersonate-Extra-scopes: x\n"
               "Impersonate-Extra-scopes: y\n"
               "Impersonate-Extra-acme.com%2Fp%25t: z\n",
               1);
    teardown(&f);

    setup(&f);
    f.config.username = "me";
    f.config.password = "p:w";
    if (begin(&f))
        expect(&f, "Authorization: Basic bWU6cDp3\n", 1);
    teardown(&f);
    arena_release(&a);
}

TEST(auth_refuses_line_breaks_in_headers)
{
    struct fixture f;
    struct got g;

    setup(&f);
    f.config.as = "eve\r\nX-Evil: 1";
    if (begin(&f)) {
        check_int(get(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "control character");
    }
    teardown(&f);
}

/* ---- token files ---- */

TEST(auth_rereads_a_token_file_every_minute)
{
    struct fixture f;
    char path[128];

    setup(&f);
    path_of(&f, "token", path);
    f.config.token_file = path;
    f.config.token = "not this one";
    put(&f, "token", "one\n");
    if (begin(&f)) {
        expect(&f, "Authorization: Bearer one\n", 1);
        put(&f, "token", " two ");
        clock_fake_advance(&f.clock, 59999);
        expect(&f, "Authorization: Bearer one\n", 1);
        clock_fake_advance(&f.clock, 1);
        expect(&f, "Authorization: Bearer two\n", 2);
        clock_fake_advance(&f.clock, 60000);
        expect(&f, "Authorization: Bearer two\n", 2);
    }
    teardown(&f);
}

TEST(auth_keeps_the_token_while_its_file_is_gone_or_empty)
{
    struct fixture f;
    char path[128];

    setup(&f);
    path_of(&f, "token", path);
    f.config.token_file = path;
    put(&f, "token", "one");
    if (begin(&f)) {
        expect(&f, "Authorization: Bearer one\n", 1);
        drop(&f, "token");
        clock_fake_advance(&f.clock, 60000);
        expect(&f, "Authorization: Bearer one\n", 1);
        put(&f, "token", " \n");
        clock_fake_advance(&f.clock, 1000);
        expect(&f, "Authorization: Bearer one\n", 1);
        put(&f, "token", "two");
        clock_fake_advance(&f.clock, 1000); /* looked for soon */
        expect(&f, "Authorization: Bearer two\n", 2);
    }
    teardown(&f);
}

TEST(auth_names_a_token_file_that_it_cannot_read)
{
    struct fixture f;
    struct got g;
    char path[128];

    setup(&f);
    path_of(&f, "token", path);
    f.config.token_file = path;
    if (begin(&f)) {
        check_int(get(&f, &g), -ERR_IO);
        check_has(g.err.msg, path);
        put(&f, "token", "");
        check_int(get(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "is empty");
        put(&f, "token", "a\nb");
        check_int(get(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "holds a control character");
        put(&f, "token", "good");
        expect(&f, "Authorization: Bearer good\n", 1);
    }
    teardown(&f);
}

TEST(auth_looks_into_the_token_file_after_a_401)
{
    struct fixture f;
    char path[128];

    setup(&f);
    path_of(&f, "token", path);
    f.config.token_file = path;
    put(&f, "token", "one");
    if (begin(&f)) {
        expect(&f, "Authorization: Bearer one\n", 1);
        check(!auth_on_unauthorized(f.auth, 1)); /* still the same */
        put(&f, "token", "two");
        check(auth_on_unauthorized(f.auth, 1));
        expect(&f, "Authorization: Bearer two\n", 2);
        check(auth_on_unauthorized(f.auth, 1)); /* renewed since then */
        check(!auth_on_unauthorized(f.auth, 2));
    }
    teardown(&f);
}

/* ---- certificates ---- */

static void use_cert_files(struct fixture *f, char cert[128], char key[128])
{
    path_of(f, "cert", cert);
    path_of(f, "key", key);
    f->config.cert_file = cert;
    f->config.key_file = key;
}

TEST(auth_rereads_certificate_files_every_five_minutes)
{
    const struct cert *old = &cert_kit()->client;
    const struct cert *new = &cert_kit()->stranger;
    struct fixture f;
    struct got g;
    char cert[128], key[128];

    setup(&f);
    use_cert_files(&f, cert, key);
    put(&f, "cert", old->pem);
    put(&f, "key", old->key_pem);
    if (begin(&f)) {
        check_ok(get(&f, &g), &g.err);
        check_str(g.cert, old->pem);
        check_str(g.key, old->key_pem);
        put(&f, "cert", new->pem);
        put(&f, "key", new->key_pem);
        clock_fake_advance(&f.clock, 299999);
        check_ok(get(&f, &g), &g.err);
        check_str(g.cert, old->pem);
        clock_fake_advance(&f.clock, 1);
        check_ok(get(&f, &g), &g.err);
        check_str(g.cert, new->pem);
        check_str(g.key, new->key_pem);
        check_int(g.generation, 2);
    }
    teardown(&f);
}

TEST(auth_keeps_a_pair_while_half_of_it_is_replaced)
{
    const struct cert *old = &cert_kit()->client;
    const struct cert *new = &cert_kit()->stranger;
    struct fixture f;
    struct got g;
    char cert[128], key[128];

    setup(&f);
    use_cert_files(&f, cert, key);
    put(&f, "cert", old->pem);
    put(&f, "key", old->key_pem);
    if (begin(&f)) {
        check_ok(get(&f, &g), &g.err);
        put(&f, "cert", new->pem);
        check(!auth_on_unauthorized(f.auth, 1));
        check_ok(get(&f, &g), &g.err);
        check_str(g.cert, old->pem);
        check_str(g.key, old->key_pem);
        put(&f, "key", new->key_pem);
        clock_fake_advance(&f.clock, 1000);
        check_ok(get(&f, &g), &g.err);
        check_str(g.cert, new->pem);
        check_int(g.generation, 2);
    }
    teardown(&f);
}

TEST(auth_says_what_is_wrong_with_a_certificate)
{
    const struct cert_kit *kit = cert_kit();
    struct fixture f;
    struct got g;
    char cert[128], key[128];

    setup(&f);
    use_cert_files(&f, cert, key);
    if (begin(&f)) {
        check_int(get(&f, &g), -ERR_IO);
        check_has(g.err.msg, "client certificate: cannot read");
        put(&f, "cert", kit->client.pem);
        check_int(get(&f, &g), -ERR_IO);
        check_has(g.err.msg, "client key: cannot read");
        put(&f, "key", "nonsense");
        check_int(get(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "the client key is not PEM");
        put(&f, "key", kit->stranger.key_pem);
        check_int(get(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "do not belong together");
        put(&f, "cert", "nonsense");
        check_int(get(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "the client certificate is not PEM");
    }
    teardown(&f);
}

/* ---- plugins ---- */

/* The plugin is "sh FOLDER/plugin", which notes each run and does `body`. */
static void setup_plugin(struct fixture *f, char path[128], const char *body)
{
    struct str text = {0};

    setup(f);
    path_of(f, "plugin", path);
    f->args[0] = path;
    f->config.exec = (struct exec_config){
        .command = "sh",
        .args = f->args,
        .api_version = EXEC_V1,
        .interactive_mode = "Never",
        .install_hint = "ask your administrator",
    };
    str_addf(&text, "echo run >> %s/runs\n%s\n", f->folder, body);
    put(f, "plugin", str_text(&text));
    str_release(&text);
}

#define PRINT(status)                                                   \
    "echo '{\"apiVersion\":\"" EXEC_V1 "\",\"kind\":\"ExecCredential\"," \
    "\"status\":" status "}'"
#define PRINT_TOKEN PRINT("{\"token\":\"t'$(wc -l < ${0%/*}/runs)'\"}")

TEST(auth_runs_a_plugin_once_for_all_who_ask)
{
    struct fixture f;
    struct got g[3] = {{0}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (begin(&f)) {
        for (int i = 0; i < 3; i++) {
            check_int(ask(&f, &g[i]), 0);
            check_int(g[i].calls, 0);
        }
        loop_run(f.loop);
        for (int i = 0; i < 3; i++) {
            check_int(g[i].calls, 1);
            check_str(g[i].headers, "Authorization: Bearer t1\n");
        }
        expect(&f, "Authorization: Bearer t1\n", 1); /* at once */
        check_int(count_lines(&f, "runs"), 1);
    }
    teardown(&f);
}

TEST(auth_runs_a_plugin_again_after_a_401)
{
    struct fixture f;
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (begin(&f)) {
        expect(&f, "Authorization: Bearer t1\n", 1);
        check(auth_on_unauthorized(f.auth, 1));
        check(auth_on_unauthorized(f.auth, 1)); /* two that failed at once */
        expect(&f, "Authorization: Bearer t2\n", 2);
        check(auth_on_unauthorized(f.auth, 1)); /* a late one */
        expect(&f, "Authorization: Bearer t2\n", 2);
        check(!auth_on_unauthorized(f.auth, 2)); /* no running in a circle */
        clock_fake_advance(&f.clock, 10000);
        check(auth_on_unauthorized(f.auth, 2));
        expect(&f, "Authorization: Bearer t3\n", 3);
    }
    teardown(&f);
}

TEST(auth_runs_a_plugin_again_shortly_before_its_token_expires)
{
    struct fixture f;
    char path[128];

    setup_plugin(&f, path,
                 PRINT("{\"token\":\"t'$(wc -l < ${0%/*}/runs)'\","
                       "\"expirationTimestamp\":\"2000-01-01T00:10:00Z\"}"));
    f.clock.unix_seconds = 946684800; /* 2000-01-01T00:00:00Z */
    if (begin(&f)) {
        expect(&f, "Authorization: Bearer t1\n", 1);
        f.clock.unix_seconds += 589;
        expect(&f, "Authorization: Bearer t1\n", 1);
        f.clock.unix_seconds += 1;
        expect(&f, "Authorization: Bearer t2\n", 2);
    }
    teardown(&f);
}

TEST(auth_takes_certificates_from_a_plugin)
{
    const struct cert *client = &cert_kit()->client;
    struct fixture f;
    struct got g;
    char path[128];

    setup_plugin(&f, path,
                 "cert=$(sed 's/$/\\\\n/' ${0%/*}/cert | tr -d '\\n')\n"
                 "key=$(sed 's/$/\\\\n/' ${0%/*}/key | tr -d '\\n')\n"
                 "printf '%s' '{\"apiVersion\":\"" EXEC_V1 "\",\"kind\":"
                 "\"ExecCredential\",\"status\":{\"clientCertificateData\":\"'"
                 " \"$cert\" '\",\"clientKeyData\":\"' \"$key\" '\"}}'");
    put(&f, "cert", client->pem);
    put(&f, "key", client->key_pem);
    if (begin(&f)) {
        check_ok(get(&f, &g), &g.err);
        check_str(g.headers, "");
        check_str(g.cert, client->pem);
        check_str(g.key, client->key_pem);
    }
    teardown(&f);
}

TEST(auth_tells_a_plugin_what_it_wants_to_know)
{
    static const char *env[] = {"MINE=x y", NULL};
    struct fixture f;
    struct got g;
    struct str text = {0};
    char path[128], ca[128], env_file[128];

    setup_plugin(&f, path,
                 "echo \"$MINE|$#|$1|$KUBERNETES_EXEC_INFO\" > ${0%/*}/env\n"
                 PRINT_TOKEN);
    path_of(&f, "ca", ca);
    path_of(&f, "env", env_file);
    put(&f, "ca", "hello");
    f.args[1] = "a 'b";
    f.config.exec.env = env;
    f.config.exec.provide_cluster_info = true;
    f.config.server = "https://h";
    f.config.ca_file = ca;
    if (begin(&f)) {
        check_ok(get(&f, &g), &g.err);
        check_int(file_read(env_file, 0, &text, NULL), 0);
        check_str(str_text(&text),
                  "x y|1|a 'b|{\"apiVersion\":\"" EXEC_V1 "\",\"kind\":"
                  "\"ExecCredential\",\"spec\":{\"cluster\":{"
                  "\"certificate-authority-data\":\"aGVsbG8=\",\"server\":"
                  "\"https://h\"},\"interactive\":false}}\n");
    }
    str_release(&text);
    teardown(&f);
}

static void plugin_fails(const char *body, const char *message)
{
    struct fixture f;
    struct got g;
    char path[128];

    setup_plugin(&f, path, body);
    if (begin(&f)) {
        check_int(get(&f, &g), -ERR_UNAUTHORIZED);
        check_has(g.err.msg, message);
    }
    teardown(&f);
}

TEST(auth_says_why_a_plugin_failed)
{
    plugin_fails("echo first >&2; echo 'please log in' >&2; exit 7",
                 "exec plugin 'sh' failed with exit code 7: please log in");
    plugin_fails("exit 1", "exec plugin 'sh' failed with exit code 1");
    plugin_fails("kill -9 $$", "exec plugin 'sh' was ended by signal 9");
    plugin_fails("echo hello", "exec plugin 'sh' did not print JSON");
    plugin_fails(PRINT("{}"), "returned neither a token nor a certificate");
    plugin_fails(PRINT("{\"clientCertificateData\":\"a\",\"clientKeyData\":"
                       "\"b\"}"),
                 "exec plugin 'sh': the client certificate is not PEM");
    plugin_fails("yes", "exec plugin 'sh': ");
}

TEST(auth_leaves_a_failing_plugin_alone_for_a_while)
{
    struct fixture f;
    struct got g;
    char path[128];

    setup_plugin(&f, path, "test -e ${0%/*}/ok || exit 1\n" PRINT_TOKEN);
    if (begin(&f)) {
        check_int(get(&f, &g), -ERR_UNAUTHORIZED);
        check_int(get(&f, &g), -ERR_UNAUTHORIZED); /* the same, at once */
        check_has(g.err.msg, "failed with exit code 1");
        check_int(count_lines(&f, "runs"), 1);
        clock_fake_advance(&f.clock, 1000);
        check_int(get(&f, &g), -ERR_UNAUTHORIZED);
        clock_fake_advance(&f.clock, 1999);
        check_int(get(&f, &g), -ERR_UNAUTHORIZED);
        check_int(count_lines(&f, "runs"), 2);
        put(&f, "ok", "");
        clock_fake_advance(&f.clock, 1);
        expect(&f, "Authorization: Bearer t3\n", 1);
    }
    teardown(&f);
}

TEST(auth_gives_the_install_hint_ten_times_an_hour)
{
    struct fixture f;
    struct got g;
    char path[128];

    setup_plugin(&f, path, "");
    f.config.exec.command = "tidelock-no-such-plugin";
    if (begin(&f)) {
        for (int i = 0; i < 12; i++) {
            check_int(get(&f, &g), -ERR_UNAUTHORIZED);
            check_has(g.err.msg, "exec plugin: cannot run "
                                 "'tidelock-no-such-plugin': no such file");
            check_str(g.err.hint, i < 10 ? "ask your administrator" : "");
            clock_fake_advance(&f.clock, 30000);
        }
        clock_fake_advance(&f.clock, 3600000);
        check_int(get(&f, &g), -ERR_UNAUTHORIZED);
        check_str(g.err.hint, "ask your administrator");
    }
    teardown(&f);
}

TEST(auth_runs_no_plugin_that_needs_a_terminal_without_one)
{
    struct fixture f;
    struct got g;
    char path[128];
    int terminal = dup(STDIN_FILENO);

    check(freopen("/dev/null", "r", stdin));
    setup_plugin(&f, path, PRINT_TOKEN);
    f.config.exec.interactive_mode = "Always";
    if (begin(&f)) {
        check_int(get(&f, &g), -ERR_UNAUTHORIZED);
        check_has(g.err.msg, "standard input is not a terminal");
        check_has(g.err.hint, "Always");
        check_int(count_lines(&f, "runs"), 0);
    }
    teardown(&f);
    dup2(terminal, STDIN_FILENO);
    close(terminal);
}

TEST(auth_prefers_static_credentials_to_a_plugin)
{
    struct fixture f;
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    f.config.token = "static";
    if (begin(&f)) {
        expect(&f, "Authorization: Bearer static\n", 1);
        check_int(count_lines(&f, "runs"), 0);
    }
    teardown(&f);
}

/* ---- who waits, who does not any more ---- */

TEST(auth_forgets_those_who_cancel)
{
    struct fixture f;
    struct got g[3] = {{0}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (begin(&f)) {
        for (int i = 0; i < 3; i++)
            ask(&f, &g[i]);
        auth_cancel(f.auth, &g[1]);
        auth_cancel(f.auth, &f); /* nobody */
        loop_run(f.loop);
        check_int(g[0].calls, 1);
        check_int(g[1].calls, 0);
        check_int(g[2].calls, 1);
    }
    teardown(&f);
}

static void cancel_next(struct got *g)
{
    auth_cancel(g->fixture->auth, g + 1);
}

TEST(auth_forgets_those_who_are_cancelled_by_another_callback)
{
    struct fixture f;
    struct got g[2] = {{.then = cancel_next}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (begin(&f)) {
        ask(&f, &g[0]);
        ask(&f, &g[1]);
        loop_run(f.loop);
        check_int(g[0].calls, 1);
        check_int(g[1].calls, 0);
    }
    teardown(&f);
}

static void free_auth(struct got *g)
{
    auth_free(g->fixture->auth);
    g->fixture->auth = NULL;
}

TEST(auth_may_be_freed_by_a_callback)
{
    struct fixture f;
    struct got g[2] = {{.then = free_auth}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (begin(&f)) {
        ask(&f, &g[0]);
        ask(&f, &g[1]);
        loop_run(f.loop);
        check_int(g[0].calls, 1);
        check_int(g[1].calls, 0);
    }
    teardown(&f);
}

static void refuse_and_ask(struct got *g)
{
    struct fixture *f = g->fixture;

    check(auth_on_unauthorized(f->auth, g->generation));
    check_int(ask(f, g + 1), 0);
    check_str(g->headers, "Authorization: Bearer t1\n");
}

TEST(auth_may_be_asked_again_by_a_callback)
{
    struct fixture f;
    struct got g[2] = {{.then = refuse_and_ask}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (begin(&f)) {
        ask(&f, &g[0]);
        loop_run(f.loop);
        check_str(g[1].headers, "Authorization: Bearer t2\n");
    }
    teardown(&f);
}

TEST(auth_freed_while_a_plugin_runs_tells_nobody)
{
    struct fixture f;
    struct got g = {0};
    char path[128];

    setup_plugin(&f, path, "sleep 100");
    if (begin(&f)) {
        check_int(ask(&f, &g), 0);
        auth_free(f.auth);
        f.auth = NULL;
        check_int(g.calls, 0);
    }
    teardown(&f);
    check_int(g.calls, 0);
}

/* ---- robustness ---- */

static int once(struct fixture *f)
{
    struct got g = {.fixture = f};
    struct err err = {0};
    int rc;

    f->loop = loop_new(&err);
    f->auth = f->loop ? auth_new(f->loop, &f->config, &err) : NULL;
    if (!f->auth)
        return -(int)err.code;
    rc = ask(f, &g);
    if (rc == 0 && g.calls == 0)
        loop_run(f->loop);
    if (rc == 0)
        rc = -(int)g.err.code;
    if (rc == 0)
        check_has(g.headers, "Authorization: Bearer t");
    return rc;
}

TEST_ALLOC(auth_with_files_survives_out_of_memory)
{
    struct fixture f;
    char path[128], cert[128], key[128];
    int rc;

    setup(&f);
    path_of(&f, "token", path);
    f.config.token_file = path;
    f.config.as = "eve";
    put(&f, "token", "t1");
    use_cert_files(&f, cert, key);
    put(&f, "cert", cert_kit()->client.pem);
    put(&f, "key", cert_kit()->client.key_pem);
    rc = once(&f);
    teardown(&f);
    return rc;
}

TEST_ALLOC(auth_with_a_plugin_survives_out_of_memory)
{
    struct fixture f;
    char path[128];
    int rc;

    setup_plugin(&f, path, PRINT_TOKEN);
    rc = once(&f);
    teardown(&f);
    return rc;
}
