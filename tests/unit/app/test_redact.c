/*
 * The bytes of Secrets out of trees: wherever they stand, as bytes, as base64
 * or as the checksum that scripts see.
 */
#include "app/redact.h"

#include <string.h>

#include "base/hash.h"
#include "test.h"

#define UID "8d9b1c1e-0000-4000-8000-000000000001"

struct bench {
    struct redactor *r;
    struct arena arena;
    struct str out;
    struct err err;
};

static void bench_init(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    arena_init(&b->arena, 0);
    b->r = redactor_new(UID);
}

static void bench_release(struct bench *b)
{
    redactor_free(b->r);
    arena_release(&b->arena);
    str_release(&b->out);
}

static struct value *parse(struct bench *b, const char *json)
{
    struct value *v = NULL;

    check_ok(value_parse(&b->arena, json, strlen(json), &v, &b->err), &b->err);
    return v;
}

static const char *printed(struct bench *b, const struct value *v)
{
    str_clear(&b->out);
    check_ok(value_print(v, &b->out, &b->err), &b->err);
    return str_text(&b->out);
}

/* Teach it a Secret with `data` {"k": base64 of bytes}. */
static void teach(struct bench *b, const char *bytes)
{
    struct str text = {0};

    str_add(&text,
            "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"k\":\"");
    hash_base64_encode(bytes, strlen(bytes), &text);
    str_add(&text, "\"}}");
    check_int(redact_secret(b->r, &b->arena, parse(b, str_text(&text))), 0);
    str_release(&text);
}

static const char *swept(struct bench *b, const char *json)
{
    struct value *v = parse(b, json);

    check_int(redact_strings(b->r, &b->arena, v), 0);
    return printed(b, v);
}

TEST(redacted_values_keep_their_equality)
{
    struct bench b;
    struct value *v;

    bench_init(&b);
    /* swordfish, swordfish as stringData, other, nothing */
    v = parse(&b, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":"
                  "{\"a\":\"c3dvcmRmaXNo\",\"c\":\"b3RoZXI=\",\"d\":\"\"},"
                  "\"stringData\":{\"b\":\"swordfish\"}}");
    check_int(redact_secret(b.r, &b.arena, v), 0);
    check_str(printed(&b, v),
              "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"cmVkYWN0ZWQtMQ==\","
              "\"c\":\"cmVkYWN0ZWQtMg==\",\"d\":\"\"},\"kind\":\"Secret\","
              "\"stringData\":{\"b\":\"redacted-1\"}}");
    bench_release(&b);
}

TEST(redaction_takes_what_kubectl_left_in_a_secret)
{
    struct bench b;
    struct value *v;

    bench_init(&b);
    v = parse(&b,
              "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":"
              "{\"annotations\":{\"kubectl.kubernetes.io/"
              "last-applied-configuration\":\"{swordfish}\",\"x\":\"y\"}}}");
    check_int(redact_secret(b.r, &b.arena, v), 0);
    check_str(printed(&b, v),
              "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":"
              "{\"annotations\":{\"x\":\"y\"}}}");
    bench_release(&b);
}

TEST(redaction_finds_long_values_anywhere_in_a_string)
{
    struct bench b;

    bench_init(&b);
    teach(&b, "swordfish");
    check_str(swept(&b, "{\"a\":[\"pw=swordfish;swordfish!\"],"
                        "\"b\":\"x c3dvcmRmaXNo y\",\"c\":\"swordfis\"}"),
              "{\"a\":[\"pw=redacted-1;redacted-1!\"],"
              "\"b\":\"x cmVkYWN0ZWQtMQ== y\",\"c\":\"swordfis\"}");
    bench_release(&b);
}

TEST(redaction_finds_short_values_as_whole_strings_only)
{
    struct bench b;

    bench_init(&b);
    teach(&b, "true");
    teach(&b, "on");
    check_str(swept(&b, "{\"a\":\"true\",\"b\":\"untrue\",\"c\":\"on\"}"),
              "{\"a\":\"redacted-1\",\"b\":\"untrue\",\"c\":\"on\"}");
    bench_release(&b);
}

TEST(redaction_changes_checksums_to_those_of_the_redacted_values)
{
    struct bench b;
    char real[HASH_HEX_SIZE], fake[HASH_HEX_SIZE];
    struct str text = {0};

    bench_init(&b);
    teach(&b, "swordfish");
    hash_hmac_sha256_hex(UID, strlen(UID), "swordfish", 9, real);
    hash_hmac_sha256_hex(UID, strlen(UID), "redacted-1", 10, fake);
    str_addf(&text, "{\"a\":\"%s\"}", real);
    check_has(swept(&b, str_text(&text)), fake);
    str_release(&text);
    bench_release(&b);
}

/* "swordfish" is part of "swordfish-and-chips". */
TEST(redaction_looks_for_longer_values_first)
{
    struct bench b;

    bench_init(&b);
    teach(&b, "swordfish");
    teach(&b, "swordfish-and-chips");
    check_str(swept(&b, "[\"swordfish-and-chips, swordfish\"]"),
              "[\"redacted-2, redacted-1\"]");
    bench_release(&b);
}

TEST(redaction_takes_data_that_is_no_base64_as_it_is)
{
    struct bench b;
    struct value *v;

    bench_init(&b);
    v = parse(&b, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":"
                  "{\"a\":\"not base64!\",\"b\":7}}");
    check_int(redact_secret(b.r, &b.arena, v), 0);
    check_str(printed(&b, v),
              "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"cmVkYWN0ZWQtMQ==\","
              "\"b\":7},\"kind\":\"Secret\"}");
    bench_release(&b);
}

TEST(redaction_leaves_other_kinds_alone)
{
    struct bench b;
    struct value *v;

    bench_init(&b);
    v = parse(&b, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":"
                  "{\"a\":\"c3dvcmRmaXNo\"}}");
    check_int(redact_secret(b.r, &b.arena, v), 0);
    check_has(printed(&b, v), "c3dvcmRmaXNo");
    bench_release(&b);
}

TEST_ALLOC(redaction_survives_failing_allocations)
{
    static const char secret[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":"
        "{\"a\":\"c3dvcmRmaXNo\"},\"x\":\"swordfish\"}";
    struct bench b;
    struct value *v;
    int rc;

    bench_init(&b);
    rc = b.r ? value_parse(&b.arena, secret, strlen(secret), &v, &b.err)
             : -ERR_NOMEM;
    if (rc == 0)
        rc = redact_secret(b.r, &b.arena, v);
    if (rc == 0)
        rc = redact_strings(b.r, &b.arena, v);
    if (rc == 0)
        check_str(value_text_at(v, "x"), "redacted-1");
    bench_release(&b);
    return rc;
}
