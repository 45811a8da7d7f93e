/*
 * cluster_config.c -- which cluster is meant: flags, environment, pod, home.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster_impl.h"
#include "io/file.h"

#define MAX_CONFIG_BYTES (8u << 20)
#define MAX_CONFIG_FILES 32
#define SERVICE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

/* Read one kubeconfig file into the arena. A missing one of the KUBECONFIG
 * list is left out (AU-1). */
static int read_config(struct arena *a, const char *path, bool must_exist,
                       struct kubeconfig_file *files, size_t *count,
                       struct err *err)
{
    struct str text;
    int rc;

    if (!must_exist && !file_exists(path))
        return 0;
    str_init(&text, MAX_CONFIG_BYTES);
    rc = file_read(path, MAX_CONFIG_BYTES, &text, err);
    if (rc == 0) {
        struct kubeconfig_file *f = &files[(*count)++];

        f->path = arena_strdup(a, path);
        f->text = arena_strndup(a, str_text(&text), text.len);
        f->len = text.len;
        if (!f->path || !f->text)
            rc = err_nomem(err);
    }
    str_release(&text);
    return rc;
}

/* Every file of the colon-separated KUBECONFIG list. */
static int read_config_list(struct arena *a, const char *list,
                            struct kubeconfig_file *files, size_t *count,
                            struct err *err)
{
    int rc = 0;

    while (*list && rc == 0) {
        size_t len = strcspn(list, ":");
        char *path = arena_strndup(a, list, len);

        if (!path)
            return err_nomem(err);
        if (*count == MAX_CONFIG_FILES)
            return err_set(err, ERR_LIMIT,
                           "KUBECONFIG names more than %d files",
                           MAX_CONFIG_FILES);
        if (len)
            rc = read_config(a, path, false, files, count, err);
        list += len + (list[len] == ':');
    }
    return rc;
}

static bool in_pod(void)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST");

    return host && *host && file_exists(SERVICE_ACCOUNT_DIR "/token");
}

static int load_in_cluster(struct arena *a, struct kubeconfig *ret,
                           struct err *err)
{
    struct pod_env pod = {.host = getenv("KUBERNETES_SERVICE_HOST"),
                          .port = getenv("KUBERNETES_SERVICE_PORT"),
                          .dir = SERVICE_ACCOUNT_DIR};
    struct str ns;
    int rc;

    str_init(&ns, 256);
    rc = file_read(SERVICE_ACCOUNT_DIR "/namespace", 256, &ns, err);
    pod.ns = str_text(&ns);
    if (rc == 0)
        rc = kubeconfig_in_cluster(a, &pod, ret, err);
    str_release(&ns);
    return rc;
}

static int no_config(struct err *err)
{
    err_set(err, ERR_CONFIG,
            "no cluster is configured: there is no "
            "kubeconfig, and this is not a pod");
    return err_hint(err, "give --kubeconfig FILE or set KUBECONFIG; "
                         "'plan --offline -f FILE' needs no cluster");
}

/* The flag; else the KUBECONFIG list; else, as in controller-runtime, the pod
 * before the home directory. What turns out to be empty is as good as nothing:
 * the pod again (AU-1). */
int cluster_config_load(struct arena *a, const struct cluster_options *o,
                        struct kubeconfig *ret, struct err *err)
{
    struct kubeconfig_file files[MAX_CONFIG_FILES];
    const char *list = getenv("KUBECONFIG");
    const char *home = getenv("HOME");
    bool pod = in_pod() && !o->kubeconfig && !o->context;
    size_t count = 0;
    int rc = 0;

    if (o->kubeconfig)
        rc = read_config(a, o->kubeconfig, true, files, &count, err);
    else if (list && *list)
        rc = read_config_list(a, list, files, &count, err);
    else if (!pod && home) {
        const char *path = file_join(a, home, ".kube/config");

        rc = path ? read_config(a, path, false, files, &count, err)
                  : err_nomem(err);
    }
    if (rc < 0)
        return rc;
    rc = count ? kubeconfig_load(a, files, count, o->context, ret, err)
               : -ERR_NOT_FOUND;
    if (rc != -ERR_NOT_FOUND || o->kubeconfig)
        return rc;
    return pod ? load_in_cluster(a, ret, err) : no_config(err);
}
