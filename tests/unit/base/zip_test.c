/* zip: round trips, texts that do not get smaller, damage. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/zip.h"

#define SAMPLES 64
#define SAMPLE 2048

/* Texts of one form: most is the same, some is the text's own. */
static size_t make_text(char *out, unsigned number)
{
    char hex[HASH_HEX_SIZE];
    size_t used = 0;

    hash_sha256_hex(&number, sizeof(number), hex);
    for (unsigned i = 0; used < SAMPLE - 256; i++)
        used += (size_t)snprintf(
            out + used, SAMPLE - used,
            "{\"name\":\"container-%u\",\"image\":\"registry/app:%u\","
            "\"digest\":\"%.*s\"},",
            i, number % 7, (int)(number + i) % 20, hex);
    return used;
}

struct samples {
    char text[SAMPLES][SAMPLE];
    struct zip_text list[SAMPLES];
};

static void make_samples(struct samples *s)
{
    for (unsigned i = 0; i < SAMPLES; i++)
        s->list[i] =
            (struct zip_text){s->text[i], make_text(s->text[i], i)};
}

static struct samples samples;

static struct zip_dict *make_dict(void)
{
    struct zip_dict *d = NULL;
    struct err err = {0};

    make_samples(&samples);
    check_ok(zip_dict_new(samples.list, SAMPLES, &d, &err), &err);
    return d;
}

/* Into SAMPLE bytes. */
static int pack(struct zip_dict *d, const char *text, size_t len, void *out,
                size_t *ret_len)
{
    return zip_pack(d, &(struct zip_text){text, len}, out, SAMPLE, ret_len);
}

TEST(zip_gives_back_what_was_packed)
{
    struct zip_dict *d = make_dict();
    char text[SAMPLE], packed[SAMPLE], again[SAMPLE];

    for (unsigned i = 0; i < 500; i++) {
        size_t len = make_text(text, 1000 + i), packed_len = 0;

        len -= i % len; /* any length */
        if (!check_int(pack(d, text, len, packed, &packed_len), 0) ||
            !check_int(zip_open(d, packed, packed_len, again, len), 0) ||
            !check(memcmp(text, again, len) == 0))
            break;
        check(len < 1000 || packed_len < len / 4);
    }
    zip_dict_unref(d);
}

TEST(zip_leaves_alone_what_does_not_get_smaller)
{
    struct zip_dict *d = make_dict();
    char text[SAMPLE], packed[SAMPLE];
    size_t len = make_text(text, 5), packed_len = 77;
    const struct zip_text all = {text, len};

    check_int(zip_pack(d, &all, packed, 16, &packed_len), -ERR_LIMIT);
    check_int(packed_len, 77);
    check_int(pack(d, text, len, packed, &packed_len), 0);
    zip_dict_unref(d);
}

/* Whatever stands there, no byte behind the text's end is touched. */
TEST(zip_open_stays_within_its_bounds)
{
    struct zip_dict *d = make_dict();
    char text[SAMPLE];
    unsigned char packed[SAMPLE];
    size_t len = make_text(text, 9), packed_len = 0;
    int refused = 0;

    check_int(pack(d, text, len, packed, &packed_len), 0);
    for (size_t i = 0; i < packed_len * 8; i++) {
        char *out = mem_alloc(len);

        packed[i / 8] ^= (unsigned char)(1u << i % 8);
        refused += zip_open(d, packed, packed_len, out, len) < 0;
        packed[i / 8] ^= (unsigned char)(1u << i % 8);
        mem_free(out);
    }
    check(refused > 0);
    for (size_t i = 0; i < len; i += 37) {
        char *out = mem_alloc(i);

        check(zip_open(d, packed, packed_len, out, i) < 0);
        mem_free(out);
    }
    for (size_t i = 0; i < packed_len; i++)
        check(zip_open(d, packed, i, text, len) < 0);
    zip_dict_unref(d);
}

TEST(zip_dictionaries_do_not_know_each_other)
{
    struct zip_dict *a = make_dict(), *b = zip_dict_ref(a), *c;
    char text[SAMPLE], packed[SAMPLE], again[SAMPLE];
    size_t len = make_text(text, 3), packed_len;

    zip_dict_unref(a); /* `b` holds it */
    c = make_dict();
    check_int(pack(b, text, len, packed, &packed_len), 0);
    zip_dict_unref(c);
    check_int(zip_open(b, packed, packed_len, again, len), 0);
    check(memcmp(text, again, len) == 0);
    check(zip_dict_bytes(b) > 16 << 10);
    check(zip_dict_bytes(b) < 128 << 10);
    zip_dict_unref(b);
}

TEST(zip_needs_something_to_learn_from)
{
    const struct zip_text empty = {"", 0};
    struct zip_dict *d = NULL;
    struct err err = {0};

    check_int(zip_dict_new(NULL, 0, &d, &err), -ERR_INVALID);
    check_int(zip_dict_new(&empty, 1, &d, &err), -ERR_INVALID);
    check(d == NULL);
}

TEST_ALLOC(zip_survives_out_of_memory)
{
    char text[SAMPLE], packed[SAMPLE], again[SAMPLE];
    size_t len = make_text(text, 4), packed_len = 0;
    struct zip_dict *d = NULL;
    int rc;

    make_samples(&samples);
    rc = zip_dict_new(samples.list, SAMPLES, &d, NULL);
    if (rc == 0)
        rc = pack(d, text, len, packed, &packed_len);
    if (rc == 0)
        rc = zip_open(d, packed, packed_len, again, len);
    if (rc == 0)
        check(memcmp(text, again, len) == 0);
    zip_dict_unref(d);
    return rc;
}
