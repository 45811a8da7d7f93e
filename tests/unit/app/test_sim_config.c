/* Who may talk to the embedded cluster: addresses, tokens, the kubeconfig. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/sim_impl.h"
#include "base/str.h"
#include "io/file.h"
#include "kube/config.h"
#include "test.h"

static char folder[64], path[128];

static void open_folder(void)
{
    strcpy(folder, "/tmp/tidelock-unit-XXXXXX");
    check(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/file", folder);
}

static void close_folder(void)
{
    unlink(path);
    check_int(rmdir(folder), 0); /* nothing else was left there */
}

TEST(sim_config_refuses_what_other_machines_reach)
{
    static const char *const good[] = {"127.0.0.1", "127.9.9.9", "::1"};
    static const char *const bad[] = {"0.0.0.0", "::", "192.0.2.1"};
    struct err err = {0};
    const char *got;

    check_int(sim_address(NULL, false, &got, &err), 0);
    check_str(got, "127.0.0.1");
    check_int(sim_address("localhost", false, &got, &err), 0);
    check_str(got, "127.0.0.1");
    for (size_t i = 0; i < 3; i++) {
        check_int(sim_address(good[i], false, &got, &err), 0);
        check_int(sim_address(bad[i], false, &got, &err), -ERR_USAGE);
        check_has(err.hint, "--allow-non-loopback");
        check_int(sim_address(bad[i], true, &got, &err), 0);
        check_str(got, bad[i]);
    }
}

static void check_url(const char *address, bool tls, const char *want)
{
    struct arena a = {0};
    struct sim_access access = {.address = address};

    access.certificate.key = tls ? "k" : NULL;
    check_str(sim_url(&a, &access, 8443), want);
    arena_release(&a);
}

TEST(sim_config_says_where_it_is)
{
    check_url("127.0.0.1", true, "https://127.0.0.1:8443");
    check_url("127.0.0.1", false, "http://127.0.0.1:8443");
    check_url("::1", true, "https://[::1]:8443");
    check_url("0.0.0.0", true, "https://127.0.0.1:8443");
    check_url("::", true, "https://[::1]:8443");
}

TEST(sim_config_writes_a_kubeconfig_that_reads)
{
    struct arena a = {0};
    struct sim_access access = {.address = "127.0.0.1"};
    struct kubeconfig config;
    struct kubeconfig_file file = {0};
    struct str text = {0};
    struct err err = {0};
    struct stat st;

    open_folder();
    check_ok(sim_access_make(&a, NULL, false, &access, &err), &err);
    check_int(strlen(access.users[0].token), 48);
    check_ok(
        sim_write_kubeconfig(&a, &access, "https://127.0.0.1:1", path, &err),
        &err);
    check_ok(file_read(path, 0, &text, &err), &err);
    file = (struct kubeconfig_file){path, str_text(&text), text.len};
    check_ok(kubeconfig_load(&a, &file, 1, NULL, &config, &err), &err);
    check_str(config.server, "https://127.0.0.1:1");
    check_str(config.token, access.users[0].token);
    check_int(config.ca_data_len, strlen(access.certificate.authority));
    check(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    str_release(&text);
    arena_release(&a);
    close_folder();
}

TEST(sim_config_replaces_a_kubeconfig_as_a_whole)
{
    struct arena a = {0};
    struct sim_access access = {.address = "127.0.0.1"};
    struct err err = {0};
    FILE *f;

    open_folder();
    f = fopen(path, "w");
    fputs("old", f);
    fclose(f);
    chmod(path, 0644);
    check_ok(sim_access_make(&a, NULL, true, &access, &err), &err);
    check_ok(
        sim_write_kubeconfig(&a, &access, "http://127.0.0.1:1", path, &err),
        &err);
    check_int(
        sim_write_kubeconfig(&a, &access, "http://127.0.0.1:1", folder, &err),
        -ERR_IO);
    check_has(err.msg, "cannot write '");
    arena_release(&a);
    close_folder();
}

TEST(sim_config_keeps_token_and_certificate_with_the_data)
{
    struct arena a = {0};
    struct sim_access first = {.address = "127.0.0.1"}, second = first;
    struct sim_data *d;
    struct err err = {0};
    char wal[160];

    open_folder();
    for (int i = 0; i < 2; i++) {
        struct sim_access *access = i ? &second : &first;

        if (!check_ok(sim_data_open(path, &d, &err), &err))
            return;
        check_ok(sim_access_make(&a, d, false, access, &err), &err);
        sim_data_close(d);
    }
    check_str(first.users[0].token, second.users[0].token);
    check_str(first.certificate.authority, second.certificate.authority);
    check_str(first.certificate.server, second.certificate.server);
    check_str(first.certificate.key, second.certificate.key);
    arena_release(&a);
    snprintf(wal, sizeof(wal), "%s-wal", path);
    unlink(wal);
    close_folder();
}

static int read_tokens(const char *text, struct arena *a,
                       struct sim_access *access, struct err *err)
{
    FILE *f;
    int rc;

    open_folder();
    f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    rc = sim_access_read_tokens(a, path, access, err);
    close_folder();
    return rc;
}

TEST(sim_config_reads_more_users)
{
    struct arena a = {0};
    struct sim_access access = {.user_count = 1};
    struct err err = {0};

    check_ok(read_tokens("# token,user,uid,groups\nabc,ann,1,\"x,y\"\n\n"
                         "def,bob\r\n",
                         &a, &access, &err),
             &err);
    check_int(access.user_count, 3);
    check_str(access.users[1].token, "abc");
    check_str(access.users[1].name, "ann");
    check_str(access.users[2].token, "def");
    check_str(access.users[2].name, "bob");
    check_int(read_tokens("abc\n", &a, &access, &err), -ERR_CONFIG);
    check_has(err.msg, "not of the form token,name");
    arena_release(&a);
}

TEST_ALLOC(sim_config_survives_out_of_memory)
{
    struct arena a = {0};
    struct sim_access access = {.address = "127.0.0.1"};
    int rc = sim_access_make(&a, NULL, false, &access, NULL);

    if (rc == 0)
        rc = sim_write_kubeconfig(&a, &access, "https://127.0.0.1:1",
                                  "/tmp/tidelock-unit-kubeconfig", NULL);
    unlink("/tmp/tidelock-unit-kubeconfig");
    arena_release(&a);
    return rc;
}
