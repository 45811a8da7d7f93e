/*
 * config.h -- kubeconfig and in-cluster configuration as data (AU-1..AU-7).
 *
 * Pure: texts in, a `struct kubeconfig` out. Reading files, running exec
 * plugins and re-reading tokens is io/auth's.
 */
#ifndef TIDELOCK_KUBE_CONFIG_H
#define TIDELOCK_KUBE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/value.h"

struct exec_config {
    const char *command; /* NULL = no exec plugin; with a slash a path that is
                          * already joined to the kubeconfig's folder, else a
                          * name for PATH */
    const char **args;   /* NULL-terminated */
    const char **env;    /* NAME=VALUE, NULL-terminated */
    const char *api_version;      /* EXEC_V1 or EXEC_V1BETA1 */
    const char *install_hint;     /* free of control characters, or NULL */
    const char *interactive_mode; /* Never, IfAvailable, Always */
    bool provide_cluster_info;
};
#define EXEC_V1 "client.authentication.k8s.io/v1"
#define EXEC_V1BETA1 "client.authentication.k8s.io/v1beta1"

/* One usable connection: a context resolved. All in the arena; NULL = unset.
 * *_file paths are absolute or relative to the working directory: relative
 * ones of a kubeconfig are already joined to that file's folder. Where data
 * and a file are given, the data win and the file is NULL (AU-5). */
struct kubeconfig {
    const char *context; /* "" for in-cluster */
    const char *cluster_name;
    const char *user_name;
    const char *ns;     /* the context's namespace, "default" when unset */
    const char *server; /* "https://host:port/prefix" without final slash */
    const char *tls_server_name;
    const char *proxy_url;
    const char *ca_file;
    const char *ca_data; /* PEM, decoded */
    size_t ca_data_len;
    bool insecure;
    bool disable_compression;
    const char *cert_file, *key_file;
    const char *cert_data, *key_data; /* PEM, decoded */
    size_t cert_data_len, key_data_len;
    const char *token;
    const char *token_file; /* wins over token (AU-5) */
    const char *username, *password;
    const char *as, *as_uid;
    const char **as_groups; /* NULL-terminated or NULL */
    struct value *as_extra; /* {"key": ["value", ...]} or NULL */
    struct exec_config exec;
    struct value *cluster; /* the cluster entry, for provideClusterInfo */
};

/* One file of the KUBECONFIG list, already read. */
struct kubeconfig_file {
    const char *path; /* for messages and relative paths */
    const char *text;
    size_t len;
};

/* Merge (first file wins per name and for current-context) and resolve
 * `context` (NULL: current-context). -ERR_CONFIG names the file, what is
 * missing and which contexts there are; -ERR_NOT_FOUND: no file says
 * anything at all. */
int kubeconfig_load(struct arena *a, const struct kubeconfig_file *files,
                    size_t count, const char *context, struct kubeconfig *ret,
                    struct err *err);

/* What a pod knows of its cluster (AU-2). */
struct pod_env {
    const char *host; /* KUBERNETES_SERVICE_HOST, NULL: not set */
    const char *port; /* KUBERNETES_SERVICE_PORT */
    const char *dir;  /* the service account's folder */
    const char *ns;   /* text of its namespace file; NULL: none */
};
int kubeconfig_in_cluster(struct arena *a, const struct pod_env *pod,
                          struct kubeconfig *ret, struct err *err);

/* ---- ExecCredential (AU-6) ---- */
/* The text of KUBERNETES_EXEC_INFO. With provideClusterInfo the plugin gets
 * `ca_data`; a caller who only has ca_file reads it first. */
int exec_info_print(const struct kubeconfig *c, bool interactive,
                    struct str *out, struct err *err);
struct exec_credential {
    const char *token;                /* NULL or */
    const char *cert_data, *key_data; /* PEM, always both */
    long long expires;                /* unix seconds, 0 = never */
};
/* What the plugin wrote. -ERR_CONFIG. */
int exec_credential_parse(struct arena *a, const struct kubeconfig *c,
                          const char *text, size_t len,
                          struct exec_credential *ret, struct err *err);

#endif
