/*
 * Which cluster is meant: the order of flag, environment and home.
 */
#include <stdlib.h>
#include <string.h>

#include "app/cluster_impl.h"
#include "folder.h"
#include "io/file.h"
#include "test.h"

#define CONFIG(name)                                                           \
    "apiVersion: v1\nkind: Config\ncurrent-context: " name "\n"                \
    "clusters:\n- name: " name "\n  cluster: {server: 'https://" name          \
    ".example'}\n"                                                             \
    "users:\n- name: " name "\n  user: {token: " name "}\n"                    \
    "contexts:\n- name: " name "\n  context: {cluster: " name ", user: " name  \
    "}\n"

#define TOKEN "/var/run/secrets/kubernetes.io/serviceaccount/token"

struct home {
    struct folder folder;
    struct arena arena;
    struct kubeconfig config;
    struct err err;
    const char *old_home;
};

static void home_init(struct home *h)
{
    *h = (struct home){.old_home = getenv("HOME")};
    folder_init(&h->folder);
    setenv("HOME", h->folder.path, 1);
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_SERVICE_HOST");
}

static void home_release(struct home *h)
{
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_SERVICE_HOST");
    if (h->old_home)
        setenv("HOME", h->old_home, 1);
    arena_release(&h->arena);
    folder_release(&h->folder);
}

static int load(struct home *h, struct cluster_options options)
{
    return cluster_config_load(&h->arena, &options, &h->config, &h->err);
}

/* The context that is found without flags; the message when there is none. */
static const char *found(struct home *h)
{
    int rc = load(h, (struct cluster_options){0});

    return rc == 0 ? h->config.context : h->err.msg;
}

TEST(the_flag_is_stronger_than_the_environment)
{
    struct home h;
    struct cluster_options options = {0};

    home_init(&h);
    folder_write(&h.folder, ".kube/config", CONFIG("of-home"));
    setenv("KUBECONFIG",
           folder_write(&h.folder, "env", CONFIG("of-environment")), 1);
    options.kubeconfig = folder_write(&h.folder, "flag", CONFIG("of-flag"));
    check_ok(load(&h, options), &h.err);
    check_str(h.config.context, "of-flag");
    check_str(h.config.server, "https://of-flag.example");
    home_release(&h);
}

TEST(the_environment_is_stronger_than_the_home)
{
    struct home h;

    home_init(&h);
    folder_write(&h.folder, ".kube/config", CONFIG("of-home"));
    check_str(found(&h), "of-home");
    setenv("KUBECONFIG", folder_write(&h.folder, "env", CONFIG("of-env")), 1);
    check_str(found(&h), "of-env");
    setenv("KUBECONFIG", "", 1);
    check_str(found(&h), "of-home");
    home_release(&h);
}

TEST(several_files_are_merged_and_missing_ones_left_out)
{
    struct home h;
    struct cluster_options options = {.context = "second"};
    char list[600];

    home_init(&h);
    strcpy(list, folder_path(&h.folder, "none"));
    strcat(list, "::");
    strcat(list, folder_write(&h.folder, "a", CONFIG("first")));
    strcat(list, ":");
    strcat(list, folder_write(&h.folder, "b", CONFIG("second")));
    setenv("KUBECONFIG", list, 1);
    check_str(found(&h), "first");
    check_ok(load(&h, options), &h.err);
    check_str(h.config.server, "https://second.example");
    home_release(&h);
}

TEST(too_many_files_are_refused)
{
    struct home h;
    const char *path;
    char list[4096] = "";

    home_init(&h);
    path = folder_write(&h.folder, "a", CONFIG("first"));
    for (int i = 0; i < 33; i++) {
        strcat(list, path);
        strcat(list, ":");
    }
    setenv("KUBECONFIG", list, 1);
    check_str(found(&h), "KUBECONFIG names more than 32 files");
    home_release(&h);
}

TEST(no_cluster_at_all_is_said_with_what_to_do)
{
    struct home h;

    home_init(&h);
    check_has(found(&h), "no cluster is configured");
    check_int(h.err.code, ERR_CONFIG);
    check_has(h.err.hint, "--kubeconfig FILE");
    check_has(h.err.hint, "--offline");
    setenv("KUBECONFIG", folder_path(&h.folder, "none"), 1);
    check_has(found(&h), "no cluster is configured");
    unsetenv("KUBECONFIG");
    unsetenv("HOME");
    check_has(found(&h), "no cluster is configured");
    home_release(&h);
}

/* The variable alone makes no pod: every container of a cluster may have it. */
TEST(a_pod_is_known_by_its_token)
{
    struct home h;

    home_init(&h);
    folder_write(&h.folder, ".kube/config", CONFIG("of-home"));
    setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    check_str(found(&h), file_exists(TOKEN) ? "" : "of-home");
    unsetenv("KUBERNETES_SERVICE_PORT");
    home_release(&h);
}

TEST(a_file_that_cannot_be_used_is_named)
{
    struct home h;
    struct cluster_options options = {0};

    home_init(&h);
    options.kubeconfig = folder_path(&h.folder, "none");
    check_int(load(&h, options), -ERR_IO);
    check_has(h.err.msg, "/none");
    options.kubeconfig = folder_write(&h.folder, "broken", "a: [\n");
    check_int(load(&h, options), -ERR_CONFIG);
    check_has(h.err.msg, "/broken");
    options.kubeconfig = folder_write(&h.folder, "good", CONFIG("only"));
    options.context = "other";
    check(load(&h, options) < 0);
    check_has(h.err.msg, "other");
    home_release(&h);
}

TEST_ALLOC(finding_a_cluster_survives_out_of_memory)
{
    struct home h;
    int rc;

    home_init(&h);
    folder_write(&h.folder, ".kube/config", CONFIG("of-home"));
    rc = load(&h, (struct cluster_options){0});
    if (rc == 0)
        check_str(h.config.context, "of-home");
    home_release(&h);
    return rc;
}
