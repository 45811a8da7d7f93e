/* Exec plugins, which are real shell scripts in a temporary folder, and those
 * who wait for them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth_kit.h"
#include "io/file.h"
#include "support/certs.h"
#include "test.h"

/* The plugin is "sh FOLDER/plugin", which notes each run and does `body`. */
static void setup_plugin(struct auth_stage *f, char path[128], const char *body)
{
    struct str text = {0};

    auth_setup(f);
    auth_path(f, "plugin", path);
    f->args[0] = path;
    f->config.exec = (struct exec_config){
        .command = "sh",
        .args = f->args,
        .api_version = EXEC_V1,
        .interactive_mode = "Never",
        .install_hint = "ask your administrator",
    };
    str_addf(&text, "echo run >> %s/runs\n%s\n", f->folder, body);
    auth_put(f, "plugin", str_text(&text));
    str_release(&text);
}

#define PRINT(status)                                                          \
    "echo '{\"apiVersion\":\"" EXEC_V1 "\",\"kind\":\"ExecCredential\","       \
    "\"status\":" status "}'"
#define PRINT_TOKEN PRINT("{\"token\":\"t'$(wc -l < ${0%/*}/runs)'\"}")

TEST(auth_runs_a_plugin_once_for_all_who_ask)
{
    struct auth_stage f;
    struct got g[3] = {{0}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (auth_begin(&f)) {
        for (int i = 0; i < 3; i++) {
            check_int(auth_ask(&f, &g[i]), 0);
            check_int(g[i].calls, 0);
        }
        loop_run(f.loop);
        for (int i = 0; i < 3; i++) {
            check_int(g[i].calls, 1);
            check_str(g[i].headers, "Authorization: Bearer t1\n");
        }
        auth_expect(&f, "Authorization: Bearer t1\n", 1); /* at once */
        check_int(auth_count_lines(&f, "runs"), 1);
    }
    auth_teardown(&f);
}

TEST(auth_runs_a_plugin_again_after_a_401)
{
    struct auth_stage f;
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (auth_begin(&f)) {
        auth_expect(&f, "Authorization: Bearer t1\n", 1);
        check(auth_on_unauthorized(f.auth, 1));
        check(auth_on_unauthorized(f.auth, 1)); /* two that failed at once */
        auth_expect(&f, "Authorization: Bearer t2\n", 2);
        check(auth_on_unauthorized(f.auth, 1)); /* a late one */
        auth_expect(&f, "Authorization: Bearer t2\n", 2);
        check(!auth_on_unauthorized(f.auth, 2)); /* no running in a circle */
        clock_fake_advance(&f.clock, 10000);
        check(auth_on_unauthorized(f.auth, 2));
        auth_expect(&f, "Authorization: Bearer t3\n", 3);
    }
    auth_teardown(&f);
}

/* rows: S138
 * broken: a plugin was asked only when its token had expired */
TEST(auth_runs_a_plugin_again_shortly_before_its_token_expires)
{
    struct auth_stage f;
    char path[128];

    setup_plugin(&f, path,
                 PRINT("{\"token\":\"t'$(wc -l < ${0%/*}/runs)'\","
                       "\"expirationTimestamp\":\"2000-01-01T00:10:00Z\"}"));
    f.clock.unix_seconds = 946684800; /* 2000-01-01T00:00:00Z */
    if (auth_begin(&f)) {
        auth_expect(&f, "Authorization: Bearer t1\n", 1);
        f.clock.unix_seconds += 589;
        auth_expect(&f, "Authorization: Bearer t1\n", 1);
        f.clock.unix_seconds += 1;
        auth_expect(&f, "Authorization: Bearer t2\n", 2);
    }
    auth_teardown(&f);
}

TEST(auth_takes_certificates_from_a_plugin)
{
    const struct cert *client = &cert_kit()->client;
    struct auth_stage f;
    struct got g;
    char path[128];

    setup_plugin(&f, path,
                 "cert=$(sed 's/$/\\\\n/' ${0%/*}/cert | tr -d '\\n')\n"
                 "key=$(sed 's/$/\\\\n/' ${0%/*}/key | tr -d '\\n')\n"
                 "printf '%s' '{\"apiVersion\":\"" EXEC_V1 "\",\"kind\":"
                 "\"ExecCredential\",\"status\":{\"clientCertificateData\":\"'"
                 " \"$cert\" '\",\"clientKeyData\":\"' \"$key\" '\"}}'");
    auth_put(&f, "cert", client->pem);
    auth_put(&f, "key", client->key_pem);
    if (auth_begin(&f)) {
        check_ok(auth_wait(&f, &g), &g.err);
        check_str(g.headers, "");
        check_str(g.cert, client->pem);
        check_str(g.key, client->key_pem);
    }
    auth_teardown(&f);
}

/* rows: S138
 * broken: the authority in a file was not told */
TEST(auth_tells_a_plugin_what_it_wants_to_know)
{
    static const char *env[] = {"MINE=x y", NULL};
    struct auth_stage f;
    struct got g;
    struct str text = {0};
    char path[128], ca[128], env_file[128];

    setup_plugin(&f, path,
                 "echo \"$MINE|$#|$1|$KUBERNETES_EXEC_INFO\" > "
                 "${0%/*}/env\n" PRINT_TOKEN);
    auth_path(&f, "ca", ca);
    auth_path(&f, "env", env_file);
    auth_put(&f, "ca", "hello");
    f.args[1] = "a 'b";
    f.config.exec.env = env;
    f.config.exec.provide_cluster_info = true;
    f.config.server = "https://h";
    f.config.ca_file = ca;
    if (auth_begin(&f)) {
        check_ok(auth_wait(&f, &g), &g.err);
        check_int(file_read(env_file, 0, &text, NULL), 0);
        check_str(str_text(&text),
                  "x y|1|a 'b|{\"apiVersion\":\"" EXEC_V1 "\",\"kind\":"
                  "\"ExecCredential\",\"spec\":{\"cluster\":{"
                  "\"certificate-authority-data\":\"aGVsbG8=\",\"server\":"
                  "\"https://h\"},\"interactive\":false}}\n");
    }
    str_release(&text);
    auth_teardown(&f);
}

static void plugin_fails(const char *body, const char *message)
{
    struct auth_stage f;
    struct got g;
    char path[128];

    setup_plugin(&f, path, body);
    if (auth_begin(&f)) {
        check_int(auth_wait(&f, &g), -ERR_UNAUTHORIZED);
        check_has(g.err.msg, message);
    }
    auth_teardown(&f);
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
    struct auth_stage f;
    struct got g;
    char path[128];

    setup_plugin(&f, path, "test -e ${0%/*}/ok || exit 1\n" PRINT_TOKEN);
    if (auth_begin(&f)) {
        check_int(auth_wait(&f, &g), -ERR_UNAUTHORIZED);
        check_int(auth_wait(&f, &g), -ERR_UNAUTHORIZED); /* the same, at once */
        check_has(g.err.msg, "failed with exit code 1");
        check_int(auth_count_lines(&f, "runs"), 1);
        clock_fake_advance(&f.clock, 1000);
        check_int(auth_wait(&f, &g), -ERR_UNAUTHORIZED);
        clock_fake_advance(&f.clock, 1999);
        check_int(auth_wait(&f, &g), -ERR_UNAUTHORIZED);
        check_int(auth_count_lines(&f, "runs"), 2);
        auth_put(&f, "ok", "");
        clock_fake_advance(&f.clock, 1);
        auth_expect(&f, "Authorization: Bearer t3\n", 1);
    }
    auth_teardown(&f);
}

/* rows: S138
 * broken: eleven hints in an hour */
TEST(auth_gives_the_install_hint_ten_times_an_hour)
{
    struct auth_stage f;
    struct got g;
    char path[128];

    setup_plugin(&f, path, "");
    f.config.exec.command = "tidelock-no-such-plugin";
    if (auth_begin(&f)) {
        for (int i = 0; i < 12; i++) {
            check_int(auth_wait(&f, &g), -ERR_UNAUTHORIZED);
            check_has(g.err.msg, "exec plugin: cannot run "
                                 "'tidelock-no-such-plugin': no such file");
            check_str(g.err.hint, i < 10 ? "ask your administrator" : "");
            clock_fake_advance(&f.clock, 30000);
        }
        clock_fake_advance(&f.clock, 3600000);
        check_int(auth_wait(&f, &g), -ERR_UNAUTHORIZED);
        check_str(g.err.hint, "ask your administrator");
    }
    auth_teardown(&f);
}

/* rows: S138
 * broken: a plugin that must ask somebody ran without a terminal */
TEST(auth_runs_no_plugin_that_needs_a_terminal_without_one)
{
    struct auth_stage f;
    struct got g;
    char path[128];
    int terminal = dup(STDIN_FILENO);

    check(freopen("/dev/null", "r", stdin));
    setup_plugin(&f, path, PRINT_TOKEN);
    f.config.exec.interactive_mode = "Always";
    if (auth_begin(&f)) {
        check_int(auth_wait(&f, &g), -ERR_UNAUTHORIZED);
        check_has(g.err.msg, "standard input is not a terminal");
        check_has(g.err.hint, "Always");
        check_int(auth_count_lines(&f, "runs"), 0);
    }
    auth_teardown(&f);
    dup2(terminal, STDIN_FILENO);
    close(terminal);
}

TEST(auth_prefers_static_credentials_to_a_plugin)
{
    struct auth_stage f;
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    f.config.token = "static";
    if (auth_begin(&f)) {
        auth_expect(&f, "Authorization: Bearer static\n", 1);
        check_int(auth_count_lines(&f, "runs"), 0);
    }
    auth_teardown(&f);
}

/* ---- who waits, who does not any more ---- */

TEST(auth_forgets_those_who_cancel)
{
    struct auth_stage f;
    struct got g[3] = {{0}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (auth_begin(&f)) {
        for (int i = 0; i < 3; i++)
            auth_ask(&f, &g[i]);
        auth_cancel(f.auth, &g[1]);
        auth_cancel(f.auth, &f); /* nobody */
        loop_run(f.loop);
        check_int(g[0].calls, 1);
        check_int(g[1].calls, 0);
        check_int(g[2].calls, 1);
    }
    auth_teardown(&f);
}

static void cancel_next(struct got *g)
{
    auth_cancel(g->stage->auth, g + 1);
}

TEST(auth_forgets_those_who_are_cancelled_by_another_callback)
{
    struct auth_stage f;
    struct got g[2] = {{.then = cancel_next}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (auth_begin(&f)) {
        auth_ask(&f, &g[0]);
        auth_ask(&f, &g[1]);
        loop_run(f.loop);
        check_int(g[0].calls, 1);
        check_int(g[1].calls, 0);
    }
    auth_teardown(&f);
}

static void free_auth(struct got *g)
{
    auth_free(g->stage->auth);
    g->stage->auth = NULL;
}

TEST(auth_may_be_freed_by_a_callback)
{
    struct auth_stage f;
    struct got g[2] = {{.then = free_auth}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (auth_begin(&f)) {
        auth_ask(&f, &g[0]);
        auth_ask(&f, &g[1]);
        loop_run(f.loop);
        check_int(g[0].calls, 1);
        check_int(g[1].calls, 0);
    }
    auth_teardown(&f);
}

static void refuse_and_ask(struct got *g)
{
    struct auth_stage *f = g->stage;

    check(auth_on_unauthorized(f->auth, g->generation));
    check_int(auth_ask(f, g + 1), 0);
    check_str(g->headers, "Authorization: Bearer t1\n");
}

TEST(auth_may_be_asked_again_by_a_callback)
{
    struct auth_stage f;
    struct got g[2] = {{.then = refuse_and_ask}};
    char path[128];

    setup_plugin(&f, path, PRINT_TOKEN);
    if (auth_begin(&f)) {
        auth_ask(&f, &g[0]);
        loop_run(f.loop);
        check_str(g[1].headers, "Authorization: Bearer t2\n");
    }
    auth_teardown(&f);
}

TEST(auth_freed_while_a_plugin_runs_tells_nobody)
{
    struct auth_stage f;
    struct got g = {0};
    char path[128];

    setup_plugin(&f, path, "sleep 100");
    if (auth_begin(&f)) {
        check_int(auth_ask(&f, &g), 0);
        auth_free(f.auth);
        f.auth = NULL;
        check_int(g.calls, 0);
    }
    auth_teardown(&f);
    check_int(g.calls, 0);
}

/* ---- robustness ---- */

TEST_ALLOC(auth_with_a_plugin_survives_out_of_memory)
{
    struct auth_stage f;
    char path[128];
    int rc;

    setup_plugin(&f, path, PRINT_TOKEN);
    rc = auth_once(&f);
    auth_teardown(&f);
    return rc;
}
