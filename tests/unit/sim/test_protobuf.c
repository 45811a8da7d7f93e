#include "sim/protobuf.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "test.h"

/* ---- writing messages ---- */

static void put_number(struct str *s, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        str_addc(s, (char)(n | 0x80));
    str_addc(s, (char)n);
}

static void put_varint(struct str *s, unsigned field, uint64_t n)
{
    put_number(s, field << 3);
    put_number(s, n);
}

static void put_bytes(struct str *s, unsigned field, const char *data,
                      size_t len)
{
    put_number(s, field << 3 | 2);
    put_number(s, len);
    str_addn(s, data, len);
}

static void put_text(struct str *s, unsigned field, const char *text)
{
    put_bytes(s, field, text, strlen(text));
}

/* Takes the inner message. */
static void put_message(struct str *s, unsigned field, struct str *inner)
{
    put_bytes(s, field, str_text(inner), inner->len);
    str_release(inner);
}

/* Takes the object; the envelope's text. */
static struct str envelope(const char *version, const char *kind,
                           struct str *object)
{
    struct str s = {0}, type = {0};

    str_addn(&s, "k8s", 4);
    put_text(&type, 1, version);
    put_text(&type, 2, kind);
    put_message(&s, 1, &type);
    put_message(&s, 2, object);
    return s;
}

/* Takes the bytes. */
static void check_decodes(struct str *bytes, const char *want)
{
    struct arena a = {0};
    struct failure f;
    struct value *object = NULL;
    struct str text = {0};

    failure_init(&f, &a);
    check_int(protobuf_decode(&a, str_text(bytes), bytes->len, &object, &f), 0);
    check_int(value_print(object, &text, NULL), 0);
    check_str(str_text(&text), want);
    str_release(&text);
    str_release(bytes);
    arena_release(&a);
}

static struct str metadata(const char *name)
{
    struct str meta = {0}, label = {0};

    put_text(&meta, 1, name);
    put_text(&label, 1, "app");
    put_text(&label, 2, "web");
    put_message(&meta, 11, &label);
    return meta;
}

/* ---- kinds of fields ---- */

TEST(protobuf_texts_maps_and_bytes)
{
    struct str object = {0}, meta = metadata("one"), data = {0}, raw = {0};
    struct str bytes;

    put_message(&object, 1, &meta);
    put_text(&data, 1, "k");
    put_text(&data, 2, "v");
    put_message(&object, 2, &data);
    put_text(&raw, 1, "b");
    put_bytes(&raw, 2, "\0\1\2", 3);
    put_message(&object, 3, &raw);
    bytes = envelope("v1", "ConfigMap", &object);
    check_decodes(&bytes,
                  "{\"apiVersion\":\"v1\",\"binaryData\":{\"b\":\"AAEC\"},"
                  "\"data\":{\"k\":\"v\"},\"kind\":\"ConfigMap\","
                  "\"metadata\":{\"labels\":{\"app\":\"web\"},"
                  "\"name\":\"one\"}}");
}

TEST(protobuf_int_or_string_is_either)
{
    struct str object = {0}, spec = {0}, port = {0}, target = {0}, bytes;

    put_varint(&port, 3, 80);
    put_varint(&target, 1, 1);
    put_text(&target, 3, "http");
    put_message(&port, 4, &target);
    put_message(&spec, 1, &port);
    put_varint(&port, 3, 81);
    put_varint(&target, 2, 8080);
    put_message(&port, 4, &target);
    put_message(&spec, 1, &port);
    put_message(&object, 2, &spec);
    bytes = envelope("v1", "Service", &object);
    check_decodes(&bytes,
                  "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"spec\":{"
                  "\"ports\":[{\"port\":80,\"targetPort\":\"http\"},"
                  "{\"port\":81,\"targetPort\":8080}]}}");
}

/* Volume { name = 1; VolumeSource = 2 { emptyDir = 2 { sizeLimit = 2 } } } */
TEST(protobuf_inlined_structs_and_quantities)
{
    struct str object = {0}, spec = {0}, volume = {0}, source = {0};
    struct str empty = {0}, size = {0}, bytes;

    put_text(&volume, 1, "v");
    put_text(&size, 1, "64Mi");
    put_message(&empty, 2, &size);
    put_message(&source, 2, &empty);
    put_message(&volume, 2, &source);
    put_message(&spec, 1, &volume);
    put_message(&object, 2, &spec);
    bytes = envelope("v1", "Pod", &object);
    check_decodes(&bytes, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{"
                          "\"volumes\":[{\"emptyDir\":{\"sizeLimit\":"
                          "\"64Mi\"},\"name\":\"v\"}]}}");
}

TEST(protobuf_times_and_negative_numbers)
{
    struct str object = {0}, spec = {0}, micro = {0}, time = {0}, meta = {0};
    struct str bytes;

    put_varint(&time, 1, 1715000000);
    put_message(&meta, 8, &time);
    put_message(&meta, 9, &time); /* empty: no time */
    put_message(&object, 1, &meta);
    put_varint(&spec, 2, (uint64_t)-5);
    put_varint(&micro, 1, 1715000000);
    put_varint(&micro, 2, 123456789);
    put_message(&spec, 4, &micro);
    put_message(&object, 2, &spec);
    bytes = envelope("coordination.k8s.io/v1", "Lease", &object);
    check_decodes(&bytes,
                  "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":"
                  "\"Lease\",\"metadata\":{\"creationTimestamp\":"
                  "\"2024-05-06T12:53:20Z\",\"deletionTimestamp\":null},"
                  "\"spec\":{\"leaseDurationSeconds\":-5,\"renewTime\":"
                  "\"2024-05-06T12:53:20.123456Z\"}}");
}

TEST(protobuf_delete_options_of_any_group)
{
    struct str object = {0}, bytes;

    put_varint(&object, 1, 0);
    put_text(&object, 4, "Foreground");
    bytes = envelope("apps/v1", "DeleteOptions", &object);
    check_decodes(&bytes, "{\"apiVersion\":\"apps/v1\",\"gracePeriodSeconds\":"
                          "0,\"kind\":\"DeleteOptions\","
                          "\"propagationPolicy\":\"Foreground\"}");
}

TEST(protobuf_fields_that_nobody_knows_are_skipped)
{
    struct str object = {0}, meta = metadata("one"), bytes;

    put_message(&object, 1, &meta);
    put_text(&object, 999, "?");
    put_varint(&object, 998, 1);
    bytes = envelope("v1", "ConfigMap", &object);
    check_decodes(&bytes, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
                          "\"metadata\":{\"labels\":{\"app\":\"web\"},"
                          "\"name\":\"one\"}}");
}

/* ---- what is wrong ---- */

TEST(protobuf_every_cut_is_refused_or_read)
{
    struct str object = {0}, meta = metadata("one"), bytes;

    put_message(&object, 1, &meta);
    bytes = envelope("v1", "ConfigMap", &object);
    for (size_t len = 0; len < bytes.len; len++) {
        char *exact = mem_alloc(len ? len : 1);
        struct arena a = {0};
        struct failure f;
        struct value *ignored;

        memcpy(exact, str_text(&bytes), len);
        failure_init(&f, &a);
        if (protobuf_decode(&a, exact, len, &ignored, &f) < 0)
            check_int(f.code, 400);
        arena_release(&a);
        mem_free(exact);
    }
    str_release(&bytes);
}

TEST(protobuf_of_no_built_in_kind_is_refused)
{
    struct str object = {0}, bytes = envelope("v1", "Potato", &object);
    struct arena a = {0};
    struct failure f;
    struct value *ignored;

    failure_init(&f, &a);
    check_int(protobuf_decode(&a, str_text(&bytes), bytes.len, &ignored, &f),
              -1);
    check_int(f.code, 400);
    str_release(&bytes);
    arena_release(&a);
}

TEST_ALLOC(protobuf_survives_out_of_memory)
{
    static const char bytes[] = "k8s\0\n\x0f\n\x02v1\x12\tConfigMap"
                                "\x12\x07\n\x05\n\x03one";
    struct arena a = {0};
    struct failure f;
    struct value *object;
    int rc;

    failure_init(&f, &a);
    rc = protobuf_decode(&a, bytes, sizeof bytes - 1, &object, &f);
    if (rc == 0)
        check_str(value_text_at(object, "metadata.name"), "one");
    arena_release(&a);
    return rc < 0 ? -ERR_NOMEM : 0;
}
