/* test_config.c -- kubeconfig files: merged, resolved, refused with a reason.
 */
#include "kube/config.h"

#include <string.h>

#include "base/clock.h"
#include "test.h"

#define PEM64 "LS0tLS1CRUdJTiBYLS0tLS0=" /* -----BEGIN X----- */

static const char basic[] =
    "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
    "clusters:\n"
    "- {name: one, cluster: {server: 'https://one:6443/', "
    "certificate-authority-data: " PEM64 "}}\n"
    "- {name: two, cluster: {server: 'https://two/prefix', "
    "certificate-authority: ca.crt, tls-server-name: api, "
    "proxy-url: 'socks5://p:1', disable-compression: true}}\n"
    "users:\n"
    "- {name: admin, user: {client-certificate-data: " PEM64
    ", client-key-data: " PEM64 "}}\n"
    "- {name: bob, user: {tokenFile: secrets/token, as: eve, as-uid: '7', "
    "as-groups: [g1, g2], as-user-extra: {Scope: [a, b]}}}\n"
    "contexts:\n"
    "- {name: dev, context: {cluster: one, user: admin}}\n"
    "- {name: prod, context: {cluster: two, user: bob, namespace: shop}}\n";

static int load(struct arena *a, const char *text, const char *context,
                struct kubeconfig *c, struct err *err)
{
    struct kubeconfig_file file = {"/kube/config", text, strlen(text)};

    return kubeconfig_load(a, &file, 1, context, c, err);
}

/* ---- what works ---- */

TEST(config_resolves_the_current_context)
{
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    if (check_ok(load(&a, basic, NULL, &c, &err), &err)) {
        check_str(c.context, "dev");
        check_str(c.cluster_name, "one");
        check_str(c.user_name, "admin");
        check_str(c.ns, "default");
        check_str(c.server, "https://one:6443");
        check_str(c.ca_data, "-----BEGIN X-----");
        check_int(c.ca_data_len, 17);
        check_str(c.cert_data, "-----BEGIN X-----");
        check_str(c.key_data, "-----BEGIN X-----");
        check(!c.ca_file && !c.token && !c.exec.command && !c.as);
        check(!c.insecure && !c.disable_compression);
    }
    arena_release(&a);
}

TEST(config_resolves_a_named_context_and_joins_paths)
{
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    if (check_ok(load(&a, basic, "prod", &c, &err), &err)) {
        check_str(c.ns, "shop");
        check_str(c.server, "https://two/prefix");
        check_str(c.tls_server_name, "api");
        check_str(c.proxy_url, "socks5://p:1");
        check_str(c.ca_file, "/kube/ca.crt");
        check_str(c.token_file, "/kube/secrets/token");
        check(c.disable_compression);
        check_str(c.as, "eve");
        check_str(c.as_uid, "7");
        check_str(c.as_groups[0], "g1");
        check_str(c.as_groups[1], "g2");
        check(c.as_groups[2] == NULL);
        check_int(value_get(c.as_extra, "Scope")->count, 2);
    }
    arena_release(&a);
}

TEST(config_is_also_read_as_json)
{
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    check_ok(load(&a,
                  "{\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":"
                  "\"https://h\"}}],\"contexts\":[{\"name\":\"x\",\"context\":"
                  "{\"cluster\":\"c\"}}],\"current-context\":\"x\"}",
                  NULL, &c, &err),
             &err);
    check_str(c.server, "https://h");
    check(c.user_name == NULL);
    arena_release(&a);
}

/* rows: S141
 * broken: names were not found among earlier files */
TEST(config_files_are_merged_first_wins)
{
    static const char first[] =
        "clusters:\n- {name: c, cluster: {server: 'https://first', "
        "certificate-authority: ca}}\n"
        "users:\n- {name: u, user: {token: first}}\n";
    static const char second[] =
        "current-context: x\n"
        "clusters:\n- {name: c, cluster: {server: 'https://second'}}\n"
        "contexts:\n- {name: x, context: {cluster: c, user: u}}\n"
        "users:\n- {name: u, user: {username: second}}\n";
    struct kubeconfig_file files[] = {
        {"/a/config", first, sizeof first - 1},
        {"empty", "", 0},
        {"/b/config", second, sizeof second - 1},
        {"/c/config", "current-context: y\n", 19},
    };
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    if (check_ok(kubeconfig_load(&a, files, 4, NULL, &c, &err), &err)) {
        check_str(c.context, "x");
        check_str(c.server, "https://first");
        check_str(c.ca_file, "/a/ca");
        check_str(c.token, "first");
        check(c.username == NULL);
    }
    arena_release(&a);
}

TEST(config_data_win_over_files)
{
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    check_ok(load(&a,
                  "current-context: x\n"
                  "clusters: [{name: c, cluster: {server: 'https://h', "
                  "certificate-authority: f, certificate-authority-data: " PEM64
                  "}}]\n"
                  "users: [{name: u, user: {client-certificate: f, client-key: "
                  "g, client-certificate-data: " PEM64
                  ", client-key-data: " PEM64 "}}]\n"
                  "contexts: [{name: x, context: {cluster: c, user: u}}]\n",
                  NULL, &c, &err),
             &err);
    check(c.ca_data && !c.ca_file);
    check(c.cert_data && !c.cert_file);
    check(c.key_data && !c.key_file);
    arena_release(&a);
}

TEST(config_takes_base64_over_several_lines)
{
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    check_ok(load(&a,
                  "current-context: x\nclusters:\n- name: c\n  cluster:\n"
                  "    server: h:8080\n    certificate-authority-data: |\n"
                  "      LS0tLS1CRUdJ\n      TiBYLS0tLS0=\n"
                  "contexts: [{name: x, context: {cluster: c}}]\n",
                  NULL, &c, &err),
             &err);
    check_str(c.ca_data, "-----BEGIN X-----");
    check_str(c.server, "https://h:8080");
    arena_release(&a);
}

TEST(config_takes_numbers_as_texts_like_kubectl)
{
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    check_ok(load(&a,
                  "current-context: 1\n"
                  "clusters: [{name: 2, cluster: {server: h}}]\n"
                  "users: [{name: 3, user: {username: 4, password: 1234}}]\n"
                  "contexts: [{name: 1, context: {cluster: 2, user: 3, "
                  "namespace: 5}}]\n",
                  NULL, &c, &err),
             &err);
    check_str(c.username, "4");
    check_str(c.password, "1234");
    check_str(c.ns, "5");
    check_str(c.server, "http://h");
    arena_release(&a);
}

/* ---- what does not ---- */

static void fails(const char *text, const char *context, const char *message,
                  const char *hint)
{
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    check_int(load(&a, text, context, &c, &err), -ERR_CONFIG);
    check_int(err.code, ERR_CONFIG);
    check_has(err.msg, message);
    check_has(err.hint, hint);
    check(c.server == NULL);
    arena_release(&a);
}

/* So that a caller can look elsewhere (AU-1). */
TEST(config_of_nothing_is_not_found)
{
    static const char *const texts[] = {
        "", "{}", "apiVersion: v1\nkind: Config\n",
        "clusters: []\nusers: null\ncontexts: []\ncurrent-context: \"\"\n"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena a = {0};
        struct err err = {0};
        struct kubeconfig c = {0};

        check_int(load(&a, texts[i], NULL, &c, &err), -ERR_NOT_FOUND);
        check_has(err.msg, "the kubeconfig is empty");
        arena_release(&a);
    }
}

TEST(config_errors_name_what_there_is)
{
    fails(basic, "stage", "there is no context 'stage' in the kubeconfig",
          "contexts: dev, prod");
    fails("contexts: [{name: a}, {name: b}]", NULL,
          "the kubeconfig has no current-context", "contexts: a, b");
    fails("contexts: [{name: a, context: {cluster: c}}]", "a",
          "kubeconfig '/kube/config': context 'a': there is no cluster 'c'",
          "there are no clusters");
    fails("contexts: [{name: a, context: {cluster: c, user: u}}]\n"
          "clusters: [{name: c, cluster: {server: x}}]\nusers: [{name: v}]",
          "a", "context 'a': there is no user 'u'", "users: v");
}

TEST(config_errors_name_the_file_and_the_place)
{
    fails("a:\n\tb: 1", NULL,
          "cannot read the kubeconfig: /kube/config:2:1: found a tab", "");
    fails("5", NULL,
          "kubeconfig '/kube/config': expected an object, got integer", "");
    fails("kind: Pod", NULL, "kind is Pod, expected Config", "");
    fails("clusters: 5", NULL, "clusters must be an array, got integer", "");
    fails("users: [{user: {}}]", NULL, "an item of users has no name", "");
    fails("users: [{name: u, user: 5}]", NULL,
          "user 'u' must be an object, got integer", "");
    fails("users: [{name: u}, {name: u}]", NULL, "user 'u' appears twice", "");
}

#define CONTEXT                                                                \
    "current-context: x\ncontexts: [{name: x, context: {cluster: "             \
    "c, user: u}}]\n"
#define CLUSTER                                                                \
    CONTEXT "clusters: [{name: c, cluster: {server: 'https://h'}}]\n"

static void user_fails(const char *user, const char *message, const char *hint)
{
    struct str text;

    str_init(&text, 0);
    str_addf(&text, CLUSTER "users: [{name: u, user: %s}]\n", user);
    fails(str_text(&text), NULL, message, hint);
    str_release(&text);
}

static void cluster_fails(const char *cluster, const char *message)
{
    struct str text;

    str_init(&text, 0);
    str_addf(&text,
             CONTEXT "users: [{name: u}]\nclusters: [{name: c, cluster:"
                     " %s}]\n",
             cluster);
    fails(str_text(&text), NULL, message, "");
    str_release(&text);
}

TEST(config_refuses_clusters_that_cannot_work)
{
    cluster_fails("{}", "cluster 'c': there is no server");
    cluster_fails("{server: []}", "server must be a text, got array");
    cluster_fails("{server: 'ftp://h'}",
                  "server 'ftp://h' is not an https URL");
    cluster_fails("{server: 'https://h?x'}", "is not an https URL");
    cluster_fails("{server: h, proxy-url: 'ftp://x'}", "proxy-url must start");
    cluster_fails(
        "{server: h, insecure-skip-tls-verify: 1}",
        "insecure-skip-tls-verify must be true or false, got integer");
    cluster_fails("{server: h, insecure-skip-tls-verify: true, "
                  "certificate-authority: f}",
                  "exclude each other");
    cluster_fails("{server: h, certificate-authority-data: '*'}",
                  "certificate-authority-data: not base64");
}

TEST(config_refuses_users_that_cannot_work)
{
    user_fails("{client-key-data: 'a b'}",
               "kubeconfig '/kube/config': user 'u': client-key-data: "
               "not base64",
               "");
    user_fails("{client-key-data: aGVsbG8=}",
               "client-key-data is not base64 of PEM", "-----BEGIN");
    user_fails("{client-certificate: f}",
               "there is a client certificate but neither", "");
    user_fails("{token: t, username: u}", "exclude each other", "");
    user_fails("{token: \"a\\nb\"}", "control character", "");
    user_fails("{as-uid: '1'}", "need 'as'", "");
    user_fails("{as: x, as-groups: a}", "as-groups must be an array", "");
    user_fails("{as: x, as-groups: [{}]}",
               "as-groups must be a text, got object", "");
    user_fails("{as: x, as-user-extra: [a]}", "as-user-extra must be an object",
               "");
    user_fails("{as: x, as-user-extra: {a: b}}", "must be an array of texts",
               "");
    user_fails("{auth-provider: {name: gcp}}",
               "auth-provider is no longer supported", "exec plugin");
}

TEST(config_refuses_exec_plugins_that_cannot_work)
{
    user_fails("{exec: 5}", "exec must be an object, got integer", "");
    user_fails("{exec: {apiVersion: a}}", "exec has no command", "");
    user_fails("{exec: {command: a}}", "exec has no apiVersion", "");
    user_fails("{exec: {command: a, apiVersion: "
               "client.authentication.k8s.io/v1alpha1}}",
               "exec has apiVersion client.authentication.k8s.io/v1alpha1",
               "newer plugin");
    user_fails("{exec: {command: a, apiVersion: " EXEC_V1 "}}",
               "exec has no interactiveMode", "Never, IfAvailable or Always");
    user_fails("{exec: {command: a, apiVersion: " EXEC_V1
               ", interactiveMode: Maybe}}",
               "got 'Maybe'", "");
    user_fails("{exec: {command: a, apiVersion: " EXEC_V1
               ", interactiveMode: Never, env: [{value: x}]}}",
               "env[0] has no usable name", "");
    user_fails("{exec: {command: a, apiVersion: " EXEC_V1
               ", interactiveMode: Never, args: [.5]}}",
               "args must be a text, got number", "");
}

/* ---- exec ---- */

static const char exec_text[] = CONTEXT
    "clusters:\n- name: c\n  cluster:\n    server: https://h/\n"
    "    tls-server-name: name\n    certificate-authority-data: " PEM64 "\n"
    "    extensions:\n"
    "    - {name: client.authentication.k8s.io/exec, extension: {aud: [x]}}\n"
    "users:\n- name: u\n  user:\n    exec:\n"
    "      apiVersion: client.authentication.k8s.io/v1beta1\n"
    "      command: ./plugin\n      args: [get, token]\n"
    "      env: [{name: A, value: b=c}, {name: D}]\n"
    "      installHint: \"run \\e[1mthis\\u009b\\n\"\n"
    "      provideClusterInfo: true\n";

TEST(config_reads_exec_plugins)
{
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    if (check_ok(load(&a, exec_text, NULL, &c, &err), &err)) {
        check_str(c.exec.command, "/kube/./plugin");
        check_str(c.exec.args[1], "token");
        check(c.exec.args[2] == NULL);
        check_str(c.exec.env[0], "A=b=c");
        check_str(c.exec.env[1], "D=");
        check(c.exec.env[2] == NULL);
        check_str(c.exec.interactive_mode, "IfAvailable");
        check_str(c.exec.install_hint, "run ?[1mthis??\n");
        check(c.exec.provide_cluster_info);
    }
    arena_release(&a);
}

TEST(exec_info_tells_the_plugin_about_the_cluster)
{
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};
    struct str out;

    str_init(&out, 0);
    check_ok(load(&a, exec_text, NULL, &c, &err), &err);
    check_ok(exec_info_print(&c, true, &out, &err), &err);
    check_str(str_text(&out),
              "{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\","
              "\"kind\":\"ExecCredential\",\"spec\":{\"cluster\":{"
              "\"certificate-authority-data\":\"" PEM64 "\","
              "\"config\":{\"aud\":[\"x\"]},\"server\":\"https://h\","
              "\"tls-server-name\":\"name\"},\"interactive\":true}}");
    str_clear(&out);
    c.exec.provide_cluster_info = false;
    check_ok(exec_info_print(&c, false, &out, &err), &err);
    check_str(str_text(&out),
              "{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\","
              "\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false}}");
    str_release(&out);
    arena_release(&a);
}

static const struct kubeconfig plugin = {
    .exec = {.command = "plugin", .api_version = EXEC_V1},
};

#define ANSWER(status)                                                         \
    "{\"apiVersion\":\"" EXEC_V1 "\",\"kind\":"                                \
    "\"ExecCredential\",\"status\":" status "}"

TEST(exec_answers_are_read)
{
    struct arena a = {0};
    struct err err = {0};
    struct exec_credential e = {0};
    static const char token[] = ANSWER(
        "{\"token\":\"t\",\"expirationTimestamp\":\"1970-01-01T01:00:05Z\"}");
    static const char cert[] =
        ANSWER("{\"clientCertificateData\":\"c\",\"clientKeyData\":\"k\"}");

    check_ok(
        exec_credential_parse(&a, &plugin, token, sizeof token - 1, &e, &err),
        &err);
    check_str(e.token, "t");
    check_int(e.expires, 3605);
    check(!e.cert_data && !e.key_data);
    check_ok(
        exec_credential_parse(&a, &plugin, cert, sizeof cert - 1, &e, &err),
        &err);
    check_str(e.cert_data, "c");
    check_str(e.key_data, "k");
    check(!e.token && e.expires == 0);
    arena_release(&a);
}

TEST(exec_answers_that_make_no_sense_are_refused)
{
    static const char *const bad[][2] = {
        {"hello", "did not print JSON"},
        {"{}", "did not print an ExecCredential"},
        {"{\"kind\":\"ExecCredential\"}",
         "answered with apiVersion none, the kubeconfig says " EXEC_V1},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" EXEC_V1BETA1 "\"}",
         "answered with apiVersion " EXEC_V1BETA1},
        {ANSWER("null"), "returned no status"},
        {ANSWER("{}"), "returned neither a token nor a certificate"},
        {ANSWER("{\"token\":\"\"}"), "neither a token nor a certificate"},
        {ANSWER("{\"clientKeyData\":\"k\"}"),
         "only one of certificate and key"},
        {ANSWER("{\"token\":\"a\\r\\nX: y\"}"), "control characters"},
        {ANSWER("{\"token\":\"a\",\"expirationTimestamp\":\"soon\"}"),
         "an expirationTimestamp that is no time"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct arena a = {0};
        struct err err = {0};
        struct exec_credential e = {0};

        check_int(exec_credential_parse(&a, &plugin, bad[i][0],
                                        strlen(bad[i][0]), &e, &err),
                  -ERR_CONFIG);
        check_has(err.msg, "exec plugin 'plugin' ");
        check_has(err.msg, bad[i][1]);
        arena_release(&a);
    }
}

/* ---- in a pod ---- */

static int in_pod(struct arena *a, struct pod_env pod, struct kubeconfig *c,
                  struct err *err)
{
    pod.dir = "/sa";
    return kubeconfig_in_cluster(a, &pod, c, err);
}

TEST(config_in_a_pod_comes_from_its_environment)
{
    struct pod_env pod = {"10.0.0.1", "443", NULL, "shop\n"};
    struct arena a = {0};
    struct err err = {0};
    struct kubeconfig c = {0};

    check_ok(in_pod(&a, pod, &c, &err), &err);
    check_str(c.server, "https://10.0.0.1:443");
    check_str(c.token_file, "/sa/token");
    check_str(c.ca_file, "/sa/ca.crt");
    check_str(c.ns, "shop");
    check_str(c.context, "");
    pod = (struct pod_env){"fd00::1", "6443", NULL, NULL};
    check_ok(in_pod(&a, pod, &c, &err), &err);
    check_str(c.server, "https://[fd00::1]:6443");
    check_str(c.ns, "default");
    pod.host = NULL;
    check_int(in_pod(&a, pod, &c, &err), -ERR_CONFIG);
    check_has(err.msg, "not in a pod");
    pod.host = "h";
    pod.port = "70000";
    check_int(in_pod(&a, pod, &c, &err), -ERR_CONFIG);
    check_has(err.msg, "'70000' is not a port");
    arena_release(&a);
}

/* ---- robustness ---- */

TEST(config_of_damaged_text_never_crashes)
{
    struct rng rng;
    int rounds = test_rounds(5000, 200000);
    char text[sizeof exec_text + sizeof basic];

    rng_init(&rng, test_seed());
    for (int i = 0; i < rounds; i++) {
        struct arena a = {0};
        struct err err = {0};
        struct kubeconfig c = {0};
        struct str out = {0};
        const char *from = i % 2 ? exec_text : basic;

        memcpy(text, from, strlen(from) + 1);
        for (uint64_t n = rng_below(&rng, 4); n < 4; n++)
            text[rng_below(&rng, strlen(text))] =
                " :-{}[],'\"&*a0\n"[rng_below(&rng, 15)];
        if (load(&a, text, NULL, &c, &err) < 0)
            check(err.msg[0] != '\0');
        else if (c.exec.command)
            check_int(exec_info_print(&c, false, &out, &err), 0);
        str_release(&out);
        arena_release(&a);
    }
    TEST_FIGURE("D49", "damaged kubeconfigs (YAML)", rounds);
}

TEST(config_survives_every_arena_limit)
{
    int rc = -1;

    for (size_t limit = 1; rc < 0 && limit < 1000000; limit += 16) {
        struct arena a = {.limit = limit};
        struct kubeconfig c = {0};

        rc = load(&a, exec_text, NULL, &c, NULL);
        if (rc == 0)
            rc = load(&a, basic, "prod", &c, NULL);
        arena_release(&a);
        if (rc < 0 && !check_int(rc, -ERR_NOMEM))
            break;
    }
    check_int(rc, 0);
}

TEST_ALLOC(config_survives_out_of_memory)
{
    struct arena a = {0};
    struct kubeconfig c = {0};
    struct str out = {0};
    struct err err = {0};
    int rc = load(&a, exec_text, NULL, &c, &err);

    if (rc == 0)
        rc = exec_info_print(&c, true, &out, &err);
    if (rc == 0)
        check_has(str_text(&out), "\"interactive\":true");
    str_release(&out);
    arena_release(&a);
    return rc;
}
