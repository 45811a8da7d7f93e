/* Who we are: tokens and certificates, given or in files, passwords and
 * impersonation. Plugins are in auth_exec_test.c. */
#include <string.h>
#include <unistd.h>

#include "auth_kit.h"
#include "support/certs.h"
#include "test.h"

static void drop(const struct auth_stage *f, const char *name)
{
    char path[128];

    auth_path(f, name, path);
    unlink(path);
}

/* ---- what needs no file ---- */

TEST(auth_without_credentials_sends_nothing)
{
    struct auth_stage f;
    struct got g;

    auth_setup(&f);
    if (auth_begin(&f)) {
        check_ok(auth_wait(&f, &g), &g.err);
        check_str(g.headers, "");
        check_str(g.cert, "");
        check_int(g.generation, 1);
        check(!auth_on_unauthorized(f.auth, 1));
    }
    auth_teardown(&f);
}

TEST(auth_sends_a_token_a_password_and_whom_it_plays)
{
    static const char *groups[] = {"a", "b", NULL};
    struct auth_stage f;
    struct arena a = {0};
    const char *extra = "{\"Scopes\":[\"x\",\"y\"],\"acme.com/p%t\":[\"z\"]}";

    auth_setup(&f);
    f.config.token = "secret";
    f.config.as = "eve";
    f.config.as_uid = "7";
    f.config.as_groups = groups;
    check_int(value_parse(&a, extra, strlen(extra), &f.config.as_extra, NULL),
              0);
    if (auth_begin(&f))
        auth_expect(&f,
                    "Authorization: Bearer secret\n"
                    "Impersonate-User: eve\n"
                    "Impersonate-Uid: 7\n"
                    "Impersonate-Group: a\n"
                    "Impersonate-Group: b\n"
                    "Impersonate-Extra-scopes: x\n"
                    "Impersonate-Extra-scopes: y\n"
                    "Impersonate-Extra-acme.com%2Fp%25t: z\n",
                    1);
    auth_teardown(&f);

    auth_setup(&f);
    f.config.username = "me";
    f.config.password = "p:w";
    if (auth_begin(&f))
        auth_expect(&f, "Authorization: Basic bWU6cDp3\n", 1);
    auth_teardown(&f);
    arena_release(&a);
}

TEST(auth_refuses_line_breaks_in_headers)
{
    struct auth_stage f;
    struct got g;

    auth_setup(&f);
    f.config.as = "eve\r\nX-Evil: 1";
    if (auth_begin(&f)) {
        check_int(auth_wait(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "control character");
    }
    auth_teardown(&f);
}

/* ---- token files ---- */

TEST(auth_rereads_a_token_file_every_minute)
{
    struct auth_stage f;
    char path[128];

    auth_setup(&f);
    auth_path(&f, "token", path);
    f.config.token_file = path;
    f.config.token = "not this one";
    auth_put(&f, "token", "one\n");
    if (auth_begin(&f)) {
        auth_expect(&f, "Authorization: Bearer one\n", 1);
        auth_put(&f, "token", " two ");
        clock_fake_advance(&f.clock, 59999);
        auth_expect(&f, "Authorization: Bearer one\n", 1);
        clock_fake_advance(&f.clock, 1);
        auth_expect(&f, "Authorization: Bearer two\n", 2);
        clock_fake_advance(&f.clock, 60000);
        auth_expect(&f, "Authorization: Bearer two\n", 2);
    }
    auth_teardown(&f);
}

TEST(auth_keeps_the_token_while_its_file_is_gone_or_empty)
{
    struct auth_stage f;
    char path[128];

    auth_setup(&f);
    auth_path(&f, "token", path);
    f.config.token_file = path;
    auth_put(&f, "token", "one");
    if (auth_begin(&f)) {
        auth_expect(&f, "Authorization: Bearer one\n", 1);
        drop(&f, "token");
        clock_fake_advance(&f.clock, 60000);
        auth_expect(&f, "Authorization: Bearer one\n", 1);
        auth_put(&f, "token", " \n");
        clock_fake_advance(&f.clock, 1000);
        auth_expect(&f, "Authorization: Bearer one\n", 1);
        auth_put(&f, "token", "two");
        clock_fake_advance(&f.clock, 1000); /* looked for soon */
        auth_expect(&f, "Authorization: Bearer two\n", 2);
    }
    auth_teardown(&f);
}

TEST(auth_names_a_token_file_that_it_cannot_read)
{
    struct auth_stage f;
    struct got g;
    char path[128];

    auth_setup(&f);
    auth_path(&f, "token", path);
    f.config.token_file = path;
    if (auth_begin(&f)) {
        check_int(auth_wait(&f, &g), -ERR_IO);
        check_has(g.err.msg, path);
        auth_put(&f, "token", "");
        check_int(auth_wait(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "is empty");
        auth_put(&f, "token", "a\nb");
        check_int(auth_wait(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "holds a control character");
        auth_put(&f, "token", "good");
        auth_expect(&f, "Authorization: Bearer good\n", 1);
    }
    auth_teardown(&f);
}

/* rows: D19
 * broken: a 401 did not look into the token file */
TEST(auth_looks_into_the_token_file_after_a_401)
{
    struct auth_stage f;
    char path[128];

    auth_setup(&f);
    auth_path(&f, "token", path);
    f.config.token_file = path;
    auth_put(&f, "token", "one");
    if (auth_begin(&f)) {
        auth_expect(&f, "Authorization: Bearer one\n", 1);
        check(!auth_on_unauthorized(f.auth, 1)); /* still the same */
        auth_put(&f, "token", "two");
        check(auth_on_unauthorized(f.auth, 1));
        auth_expect(&f, "Authorization: Bearer two\n", 2);
        check(auth_on_unauthorized(f.auth, 1)); /* renewed since then */
        check(!auth_on_unauthorized(f.auth, 2));
    }
    auth_teardown(&f);
}

/* ---- certificates ---- */

static void use_cert_files(struct auth_stage *f, char cert[128], char key[128])
{
    auth_path(f, "cert", cert);
    auth_path(f, "key", key);
    f->config.cert_file = cert;
    f->config.key_file = key;
}

/* rows: D41, S114
 * broken: a client certificate was never read again */
TEST(auth_rereads_certificate_files_every_five_minutes)
{
    const struct cert *old = &cert_kit()->client;
    const struct cert *new = &cert_kit()->stranger;
    struct auth_stage f;
    struct got g;
    char cert[128], key[128];

    auth_setup(&f);
    use_cert_files(&f, cert, key);
    auth_put(&f, "cert", old->pem);
    auth_put(&f, "key", old->key_pem);
    if (auth_begin(&f)) {
        check_ok(auth_wait(&f, &g), &g.err);
        check_str(g.cert, old->pem);
        check_str(g.key, old->key_pem);
        auth_put(&f, "cert", new->pem);
        auth_put(&f, "key", new->key_pem);
        clock_fake_advance(&f.clock, 299999);
        check_ok(auth_wait(&f, &g), &g.err);
        check_str(g.cert, old->pem);
        clock_fake_advance(&f.clock, 1);
        check_ok(auth_wait(&f, &g), &g.err);
        check_str(g.cert, new->pem);
        check_str(g.key, new->key_pem);
        check_int(g.generation, 2);
    }
    auth_teardown(&f);
}

/* rows: S114
 * broken: half of a new pair was taken */
TEST(auth_keeps_a_pair_while_half_of_it_is_replaced)
{
    const struct cert *old = &cert_kit()->client;
    const struct cert *new = &cert_kit()->stranger;
    struct auth_stage f;
    struct got g;
    char cert[128], key[128];

    auth_setup(&f);
    use_cert_files(&f, cert, key);
    auth_put(&f, "cert", old->pem);
    auth_put(&f, "key", old->key_pem);
    if (auth_begin(&f)) {
        check_ok(auth_wait(&f, &g), &g.err);
        auth_put(&f, "cert", new->pem);
        check(!auth_on_unauthorized(f.auth, 1));
        check_ok(auth_wait(&f, &g), &g.err);
        check_str(g.cert, old->pem);
        check_str(g.key, old->key_pem);
        auth_put(&f, "key", new->key_pem);
        clock_fake_advance(&f.clock, 1000);
        check_ok(auth_wait(&f, &g), &g.err);
        check_str(g.cert, new->pem);
        check_int(g.generation, 2);
    }
    auth_teardown(&f);
}

TEST(auth_says_what_is_wrong_with_a_certificate)
{
    const struct cert_kit *kit = cert_kit();
    struct auth_stage f;
    struct got g;
    char cert[128], key[128];

    auth_setup(&f);
    use_cert_files(&f, cert, key);
    if (auth_begin(&f)) {
        check_int(auth_wait(&f, &g), -ERR_IO);
        check_has(g.err.msg, "client certificate: cannot read");
        auth_put(&f, "cert", kit->client.pem);
        check_int(auth_wait(&f, &g), -ERR_IO);
        check_has(g.err.msg, "client key: cannot read");
        auth_put(&f, "key", "nonsense");
        check_int(auth_wait(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "the client key is not PEM");
        auth_put(&f, "key", kit->stranger.key_pem);
        check_int(auth_wait(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "do not belong together");
        auth_put(&f, "cert", "nonsense");
        check_int(auth_wait(&f, &g), -ERR_CONFIG);
        check_has(g.err.msg, "the client certificate is not PEM");
    }
    auth_teardown(&f);
}

/* ---- robustness ---- */

TEST_ALLOC(auth_with_files_survives_out_of_memory)
{
    struct auth_stage f;
    char path[128], cert[128], key[128];
    int rc;

    auth_setup(&f);
    auth_path(&f, "token", path);
    f.config.token_file = path;
    f.config.as = "eve";
    auth_put(&f, "token", "t1");
    use_cert_files(&f, cert, key);
    auth_put(&f, "cert", cert_kit()->client.pem);
    auth_put(&f, "key", cert_kit()->client.key_pem);
    rc = auth_once(&f);
    auth_teardown(&f);
    return rc;
}
