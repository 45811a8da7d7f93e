/*
 * kube_snapshot.c -- what an object costs on its way from the stream into the
 *                    cache: time to decode and parse, memory to keep.
 *
 * Prints the best of many rounds: what the code costs, not what else the
 * machine was doing.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kube/decoder.h"

#define ROUNDS 200
#define REPEAT 50

static const struct gvk POD = {"v1", "Pod"};

struct bench {
    struct str text;  /* one object */
    struct str event; /* the same as a watch event */
    struct decoder *decoder;
    struct err err;
};

/* Each container with what an API server adds to it. */
static void add_container(struct str *s, int i)
{
    str_addf(s,
             "%s{\"name\":\"c%d\",\"image\":\"registry.example.com/web:1.27\","
             "\"ports\":[{\"containerPort\":8080,\"protocol\":\"TCP\"}],"
             "\"env\":[{\"name\":\"HOST\",\"valueFrom\":{\"fieldRef\":"
             "{\"apiVersion\":\"v1\",\"fieldPath\":\"status.hostIP\"}}}],"
             "\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":"
             "\"128Mi\"},\"requests\":{\"cpu\":\"250m\",\"memory\":\"64Mi\"}},"
             "\"volumeMounts\":[{\"name\":\"kube-api-access\",\"readOnly\":"
             "true,\"mountPath\":\"/var/run/secrets/kubernetes.io\"}],"
             "\"terminationMessagePath\":\"/dev/termination-log\","
             "\"imagePullPolicy\":\"IfNotPresent\"}",
             i ? "," : "", i);
}

static void add_managed_fields(struct str *s)
{
    str_add(s, "\"managedFields\":[{\"manager\":\"kube-controller-manager\","
               "\"operation\":\"Update\",\"apiVersion\":\"v1\",\"time\":"
               "\"2026-01-02T03:04:05Z\",\"fieldsType\":\"FieldsV1\","
               "\"fieldsV1\":{\"f:metadata\":{\"f:labels\":{\".\":{},"
               "\"f:app\":{}}},\"f:spec\":{\"f:containers\":{");
    for (int i = 0; i < 5; i++)
        str_addf(s,
                 "%s\"k:{\\\"name\\\":\\\"c%d\\\"}\":{\".\":{},\"f:env\":{},"
                 "\"f:image\":{},\"f:imagePullPolicy\":{},\"f:name\":{},"
                 "\"f:resources\":{\"f:limits\":{\"f:cpu\":{},"
                 "\"f:memory\":{}}},\"f:terminationMessagePath\":{}}",
                 i ? "," : "", i);
    str_add(s, "}}}}]");
}

static int make_pod(struct str *s)
{
    str_add(s, "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"
               "\"name\":\"web-7d4b9c6f5-x2x9k\",\"namespace\":\"default\","
               "\"uid\":\"6f1f2c1e-9d0e-4f55-8f0c-2f6e4d7a1b23\","
               "\"resourceVersion\":\"123456\",\"generation\":1,"
               "\"labels\":{\"app\":\"web\"},\"ownerReferences\":[{"
               "\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":"
               "\"web-7d4b9c6f5\",\"uid\":\"0aa8e1b4-11d7-4f7c-8b2c-"
               "6f1d3c5b7a90\",\"controller\":true}],");
    add_managed_fields(s);
    str_add(s, "},\"spec\":{\"containers\":[");
    for (int i = 0; i < 5; i++)
        add_container(s, i);
    str_add(s, "],\"restartPolicy\":\"Always\"},\"status\":{\"conditions\":[");
    for (int i = 0; i < 8; i++)
        str_addf(s,
                 "%s{\"type\":\"Type%d\",\"status\":\"True\","
                 "\"lastProbeTime\":null,\"lastTransitionTime\":"
                 "\"2026-01-02T03:04:09Z\"}",
                 i ? "," : "", i);
    str_add(s, "],\"phase\":\"Running\",\"podIP\":\"10.244.1.7\"}}");
    return str_check(s, "the pod", NULL);
}

static int make_secret(struct str *s)
{
    str_add(s, "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"
               "\"name\":\"certificates\",\"namespace\":\"default\","
               "\"uid\":\"6f1f2c1e-9d0e-4f55-8f0c-2f6e4d7a1b23\","
               "\"resourceVersion\":\"123456\"},\"data\":{\"bundle\":\"");
    for (int i = 0; i < 8192; i++)
        str_add(s, "QUJD");
    str_add(s, "\"}}");
    return str_check(s, "the secret", NULL);
}

static int parse_snapshot(struct bench *b)
{
    struct snapshot *s;
    int rc = snapshot_parse(b->text.data, b->text.len, &POD, &s, &b->err);

    if (rc == 0)
        snapshot_unref(s, "bench");
    return rc;
}

static int decode_event(struct bench *b)
{
    struct decoder_event e = {.kind = DECODER_NONE};
    int rc = decoder_feed(b->decoder, b->event.data, b->event.len, &b->err);

    if (rc == 0)
        rc = decoder_next(b->decoder, &e, &b->err);
    if (rc == 0)
        snapshot_unref(e.snapshot, "bench");
    return rc < 0 || e.kind == DECODER_ADDED ? rc : -ERR_PROTOCOL;
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int measure(struct bench *b, const char *name, int (*f)(struct bench *))
{
    double best = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        double start = now_us(), each;

        for (int i = 0; i < REPEAT; i++)
            if (f(b) < 0)
                return printf("%s: %s\n", name, b->err.msg);
        each = (now_us() - start) / REPEAT;
        if (each < best)
            best = each;
    }
    printf("  %-24s %6.2f us  %5.0f MB/s\n", name, best,
           (double)b->text.len / best);
    return 0;
}

static int print_memory(struct bench *b)
{
    struct snapshot *s;
    int rc = snapshot_parse(b->text.data, b->text.len, &POD, &s, &b->err);

    if (rc < 0)
        return rc;
    printf("  %-24s %6zu bytes, %.2f of what came\n", "kept",
           (size_t)snapshot_stats().bytes,
           (double)snapshot_stats().bytes / (double)b->text.len);
    snapshot_unref(s, "bench");
    return 0;
}

static int run(const char *what, int (*make)(struct str *))
{
    struct bench b = {.decoder = decoder_new(DECODER_WATCH, &POD, 1 << 20)};
    int failed = !b.decoder || make(&b.text) < 0;

    str_addf(&b.event, "{\"type\":\"ADDED\",\"object\":%s}\n",
             str_text(&b.text));
    printf("  %s of %zu bytes\n", what, b.text.len);
    failed = failed || measure(&b, "snapshot", parse_snapshot) ||
             measure(&b, "watch event", decode_event) || print_memory(&b) < 0;
    decoder_free(b.decoder);
    str_release(&b.text);
    str_release(&b.event);
    return failed;
}

int main(void)
{
    return run("a Pod", make_pod) || run("a Secret", make_secret);
}
