/*
 * script_job.c -- how long one reconcile takes: a fresh Lua state, the script,
 *                 the objects, the plan.
 *
 * Prints the best of many rounds: what the code costs, not what else the
 * machine was doing.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "script/script.h"

#define ROUNDS 200
#define REPEAT 50
#define PODS 100

#define OPERATOR                                                               \
    "return tidelock.operator { api = 1, name = 'bench', resource = { "        \
    "'example.com/v1', 'Website' }, owns = { { 'v1', 'ConfigMap' }, { "        \
    "'apps/v1', 'Deployment' }, { 'v1', 'Service' } }, reads = { { 'v1', "     \
    "'Pod' } }, parameters = { image = { type = 'string', default = "          \
    "'busybox' "                                                               \
    "} }, reconcile = reconcile }"

struct scenario {
    const char *name;
    const char *text; /* NULL: operators/website/operator.lua */
};

/* Those that print_conversion() compares. */
enum { GET = 2, LIST_ONE = 3, LIST_ALL = 4, STATUS = 5 };

static const struct scenario scenarios[] = {
    {"an empty reconcile", "local tidelock = require 'tidelock' local function "
                           "reconcile() end " OPERATOR},
    {"the website operator, nothing to do", NULL},
    {"get one pod of 5 KB",
     "local tidelock = require 'tidelock' local function reconcile(s, view) "
     "view:get('v1', 'Pod', 'pod-000') end " OPERATOR},
    {"list 100 pods of 5 KB, look at one",
     "local tidelock = require 'tidelock' local function reconcile(s, view) "
     "local l = view:list('v1', 'Pod') local x = l[1].spec.x end " OPERATOR},
    {"list 100 pods of 5 KB, look at all",
     "local tidelock = require 'tidelock' local function reconcile(s, view) "
     "for _, p in ipairs(view:list('v1', 'Pod')) do local x = p.spec end "
     "end " OPERATOR},
    {"get one pod of 5 KB, all of it into the status",
     "local tidelock = require 'tidelock' local function reconcile(s, view, "
     "plan) plan:status { pod = view:get('v1', 'Pod', 'pod-000') } "
     "end " OPERATOR},
    {"a million instructions",
     "local tidelock = require 'tidelock' local function reconcile(s, view) "
     "local n = 0 for i = 1, 333333 do n = n + i end end " OPERATOR},
};

static const char root_json[] =
    "{\"metadata\":{\"name\":\"blog\",\"namespace\":\"default\",\"uid\":"
    "\"8c3e1f52-0a43-4c9b-9c55-8f3d7f6d2a10\",\"generation\":1,"
    "\"resourceVersion\":\"1234\",\"creationTimestamp\":"
    "\"2026-01-02T03:04:05Z\"},\"spec\":{\"replicas\":2,\"content\":{"
    "\"index.html\":\"<h1>Under one roof</h1>\"}},\"status\":{"
    "\"observedGeneration\":1,\"readyReplicas\":2}}";

#define CHILD                                                                  \
    "\"metadata\":{\"name\":\"blog\",\"namespace\":\"default\",\"uid\":"       \
    "\"5a7c0d0e-6f36-4cbb-8f0e-0d9a1a8c5b11\",\"generation\":1,"               \
    "\"resourceVersion\":\"1240\",\"creationTimestamp\":"                      \
    "\"2026-01-02T03:04:06Z\",\"labels\":{\"app.kubernetes.io/name\":"         \
    "\"website\",\"app.kubernetes.io/instance\":\"blog\"},"                    \
    "\"ownerReferences\":[{\"apiVersion\":\"example.com/v1\",\"kind\":"        \
    "\"Website\",\"name\":\"blog\",\"uid\":"                                   \
    "\"8c3e1f52-0a43-4c9b-9c55-8f3d7f6d2a10\",\"controller\":true}]}"

static const char map_json[] =
    "{" CHILD ",\"data\":{\"index.html\":\"<h1>Under one roof</h1>\"}}";
static const char service_json[] =
    "{" CHILD ",\"spec\":{\"clusterIP\":\"10.0.0.7\",\"ports\":[{\"name\":"
    "\"http\",\"port\":80,\"protocol\":\"TCP\",\"targetPort\":\"http\"}],"
    "\"selector\":{\"app.kubernetes.io/instance\":\"blog\"}}}";
static const char deployment_json[] =
    "{" CHILD ",\"spec\":{\"replicas\":2,\"selector\":{\"matchLabels\":{"
    "\"app.kubernetes.io/instance\":\"blog\"}},\"template\":{\"metadata\":{"
    "\"labels\":{\"app.kubernetes.io/instance\":\"blog\"}},\"spec\":{"
    "\"containers\":[{\"name\":\"httpd\",\"image\":\"busybox:1.37\","
    "\"command\":[\"httpd\",\"-f\"],\"ports\":[{\"name\":\"http\","
    "\"containerPort\":8080,\"protocol\":\"TCP\"}],\"resources\":{},"
    "\"volumeMounts\":[{\"name\":\"content\",\"mountPath\":\"/www\"}]}],"
    "\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30}}},"
    "\"status\":{\"observedGeneration\":1,\"replicas\":2,\"readyReplicas\":2,"
    "\"conditions\":[{\"type\":\"Available\",\"status\":\"True\",\"reason\":"
    "\"MinimumReplicasAvailable\"},{\"type\":\"Progressing\",\"status\":"
    "\"True\",\"reason\":\"NewReplicaSetAvailable\",\"message\":\"done\"}]}}";

struct bench {
    struct snapshot *children[3];
    struct snapshot *pods[PODS];
    struct view_kind kinds[4];
    struct view view;
    struct arena arena;
    char source[65536];
    struct err err;
};

/* About 5 KB of a pod with six containers. */
static int make_pod(struct bench *b, int n)
{
    struct gvk gvk = {"v1", "Pod"};
    struct str s = {0};
    int rc;

    str_addf(&s,
             "{\"metadata\":{\"name\":\"pod-%03d\",\"namespace\":"
             "\"default\",\"uid\":\"u%d\",\"labels\":{\"app\":\"web\"}},"
             "\"spec\":{\"containers\":[",
             n, n);
    for (int i = 0; i < 8; i++)
        str_addf(&s,
                 "%s{\"name\":\"c%d\",\"image\":\"nginx:1.27\",\"ports\":["
                 "{\"containerPort\":8080,\"protocol\":\"TCP\"}],\"env\":[{"
                 "\"name\":\"A\",\"value\":\"b\"},{\"name\":\"HOST\","
                 "\"valueFrom\":{\"fieldRef\":{\"fieldPath\":"
                 "\"status.hostIP\"}}}],\"resources\":{\"limits\":{\"cpu\":"
                 "\"500m\",\"memory\":\"128Mi\"},\"requests\":{\"cpu\":"
                 "\"250m\",\"memory\":\"64Mi\"}},\"livenessProbe\":{"
                 "\"httpGet\":{\"path\":\"/healthz\",\"port\":8080,\"scheme\":"
                 "\"HTTP\"},\"initialDelaySeconds\":3,\"timeoutSeconds\":1,"
                 "\"periodSeconds\":10},\"imagePullPolicy\":\"IfNotPresent\"}",
                 i ? "," : "", i);
    str_add(&s, "]},\"status\":{\"phase\":\"Running\"}}");
    rc = str_check(&s, "the pod", &b->err);
    if (rc == 0)
        rc = snapshot_parse(s.data, s.len, &gvk, &b->pods[n], &b->err);
    str_release(&s);
    return rc;
}

static int make_view(struct bench *b)
{
    static const char *const texts[] = {map_json, deployment_json,
                                        service_json};
    static const struct gvk kinds[] = {{"v1", "ConfigMap"},
                                       {"apps/v1", "Deployment"},
                                       {"v1", "Service"},
                                       {"v1", "Pod"}};
    struct gvk root = {"example.com/v1", "Website"};
    int rc = snapshot_parse(root_json, strlen(root_json), &root, &b->view.root,
                            &b->err);

    for (int i = 0; i < 3 && rc == 0; i++)
        rc = snapshot_parse(texts[i], strlen(texts[i]), &kinds[i],
                            &b->children[i], &b->err);
    for (int i = 0; i < PODS && rc == 0; i++)
        rc = make_pod(b, i);
    for (int i = 0; i < 4; i++)
        b->kinds[i] =
            (struct view_kind){.gvk = kinds[i],
                               .known = true,
                               .owned = i < 3,
                               .count = 1,
                               .items = i < 3 ? &b->children[i] : b->pods};
    b->kinds[3].count = PODS;
    b->view.kinds = b->kinds;
    b->view.count = 4;
    return rc;
}

static int load(struct bench *b, const struct scenario *s, struct script **ret)
{
    struct script_file file = {"operator.lua", s->text, 0};
    FILE *f;

    if (!s->text) {
        f = fopen("operators/website/operator.lua", "r");
        if (!f)
            return err_set(&b->err, ERR_IO, "run this in the project's root");
        file.text = b->source;
        file.len = fread(b->source, 1, sizeof b->source, f);
        fclose(f);
    } else {
        file.len = strlen(s->text);
    }
    return script_load(&file, 1, NULL, ret, &b->err);
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int run_scenario(struct bench *b, const struct scenario *s,
                        double *ret_us)
{
    struct script *script;
    struct arena params = {0};
    double best = 1e9;
    int rc = load(b, s, &script);

    if (rc < 0)
        return rc;
    b->kinds[3].read = script_decl(script)->reads;
    rc = operator_params(script_decl(script), &params, NULL, &b->view.params,
                         &b->err);
    for (int round = 0; round < ROUNDS && rc == 0; round++) {
        double start = now_us();
        int n = s->text && strstr(s->text, "333333") ? 1 : REPEAT;

        for (int i = 0; i < n && rc == 0; i++) {
            struct plan plan;

            plan_init(&plan, &b->arena);
            rc = script_run(script, JOB_RECONCILE, &b->view, &plan, &b->err);
            arena_clear(&b->arena);
        }
        if ((now_us() - start) / n < best)
            best = (now_us() - start) / n;
    }
    if (rc == 0)
        printf("%-47s %9.1f us\n", s->name, best);
    *ret_us = best;
    script_free(script);
    arena_release(&params);
    return rc;
}

/* What a KB of object costs, from the differences of the scenarios. */
static void print_conversion(const struct bench *b, const double *us)
{
    double kb = (double)b->pods[0]->text_len / 1024;

    printf("%-47s %9.2f us\n", "JSON to Lua tables, a KB",
           (us[LIST_ALL] - us[LIST_ONE]) / (PODS - 1) / kb);
    printf("%-47s %9.2f us\n", "Lua tables to a plan, a KB",
           (us[STATUS] - us[GET]) / kb);
}

int main(void)
{
    static struct bench b;
    double us[sizeof scenarios / sizeof scenarios[0]] = {0};
    int rc = make_view(&b);

    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        if (rc == 0)
            rc = run_scenario(&b, &scenarios[i], &us[i]);
    if (rc == 0)
        print_conversion(&b, us);
    if (rc < 0)
        printf("%s\n", b.err.msg);
    arena_release(&b.arena);
    for (int i = 0; i < 3; i++)
        snapshot_unref(b.children[i], "bench");
    for (int i = 0; i < PODS; i++)
        snapshot_unref(b.pods[i], "bench");
    snapshot_unref(b.view.root, "bench");
    return rc < 0;
}
