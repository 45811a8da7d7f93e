/*
 * base_json.c -- how long it takes to read, parse and print one Pod.
 *
 * Prints the best of many rounds: what the code costs, not what else the
 * machine was doing.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/value.h"

#define ROUNDS 300
#define REPEAT 50

/* A Pod with six containers, about 5 KB. */
static int make_pod(struct str *s)
{
    static const char head[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":"
        "\"web-7d4b9c6f5-x2x9k\",\"namespace\":\"default\",\"uid\":"
        "\"6f1f2c1e-9d0e-4f55-8f0c-2f6e4d7a1b23\",\"resourceVersion\":"
        "\"123456\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\",\"labels\":{"
        "\"app\":\"web\",\"pod-template-hash\":\"7d4b9c6f5\"},"
        "\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":"
        "\"ReplicaSet\",\"name\":\"web-7d4b9c6f5\",\"uid\":"
        "\"0aa8e1b4-11d7-4f7c-8b2c-6f1d3c5b7a90\",\"controller\":true}]},"
        "\"spec\":{\"containers\":[";
    static const char container[] =
        "{\"name\":\"c%d\",\"image\":\"nginx:1.27\",\"ports\":[{"
        "\"containerPort\":8080,\"protocol\":\"TCP\"}],\"env\":[{\"name\":"
        "\"A\",\"value\":\"b\"},{\"name\":\"HOST\",\"valueFrom\":{\"fieldRef\":"
        "{\"fieldPath\":\"status.hostIP\"}}}],\"resources\":{\"limits\":{"
        "\"cpu\":\"500m\",\"memory\":\"128Mi\"},\"requests\":{\"cpu\":"
        "\"250m\",\"memory\":\"64Mi\"}},\"volumeMounts\":[{\"name\":"
        "\"kube-api-access\",\"readOnly\":true,\"mountPath\":"
        "\"/var/run/secrets/kubernetes.io/serviceaccount\"}],"
        "\"livenessProbe\":{\"httpGet\":{\"path\":\"/healthz\",\"port\":8080,"
        "\"scheme\":\"HTTP\"},\"initialDelaySeconds\":3,\"timeoutSeconds\":1,"
        "\"periodSeconds\":10},\"imagePullPolicy\":\"IfNotPresent\"}";
    static const char condition[] =
        "{\"type\":\"Type%d\",\"status\":\"True\",\"lastProbeTime\":null,"
        "\"lastTransitionTime\":\"2026-01-02T03:04:09Z\"}";

    str_add(s, head);
    for (int i = 0; i < 6; i++) {
        str_add(s, i ? "," : "");
        str_addf(s, container, i);
    }
    str_add(s, "],\"restartPolicy\":\"Always\",\"nodeName\":\"node-1\"},"
               "\"status\":{\"phase\":\"Running\",\"conditions\":[");
    for (int i = 0; i < 8; i++) {
        str_add(s, i ? "," : "");
        str_addf(s, condition, i);
    }
    str_add(s, "],\"hostIP\":\"10.0.0.1\",\"podIP\":\"10.244.1.7\"}}");
    return str_check(s, "the pod", NULL);
}

struct bench {
    struct str text;
    struct str out;
    struct arena arena;
    struct value *value;
    struct err err;
};

static int read_events(struct bench *b)
{
    struct json_reader r;
    enum json_event event;
    int rc;

    json_reader_init(&r, b->text.data, b->text.len, 0);
    do
        rc = json_next(&r, &event, &b->err);
    while (rc == 0 && event != JSON_DONE);
    json_reader_release(&r);
    return rc;
}

static int parse_tree(struct bench *b)
{
    arena_clear(&b->arena);
    return value_parse(&b->arena, b->text.data, b->text.len, &b->value,
                       &b->err);
}

static int print_tree(struct bench *b)
{
    str_clear(&b->out);
    return value_print(b->value, &b->out, &b->err);
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

int main(void)
{
    struct bench b = {0};
    int failed = make_pod(&b.text) < 0;

    printf("  a Pod of %zu bytes\n", b.text.len);
    failed = failed || measure(&b, "events", read_events) ||
             measure(&b, "tree", parse_tree) ||
             measure(&b, "canonical text", print_tree);
    printf("  %-24s %6zu bytes\n", "arena of the tree", b.arena.used);
    arena_release(&b.arena);
    str_release(&b.text);
    str_release(&b.out);
    return failed;
}
