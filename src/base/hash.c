/*
 * hash.c -- see hash.h for the contract.
 *
 * SHA-256 and HMAC are nettle's. SipHash is written out here because it is
 * forty lines and runs for every map lookup.
 */
#include "base/hash.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

static void to_hex(const uint8_t digest[SHA256_DIGEST_SIZE],
                   char out[HASH_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[HASH_HEX_SIZE - 1] = '\0';
}

void hash_sha256_hex(const void *data, size_t len, char out[HASH_HEX_SIZE])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx ctx;

    sha256_init(&ctx);
    sha256_update(&ctx, len, data);
    sha256_digest(&ctx, sizeof digest, digest);
    to_hex(digest, out);
}

void hash_hmac_sha256_hex(const void *key, size_t key_len, const void *data,
                          size_t len, char out[HASH_HEX_SIZE])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct hmac_sha256_ctx ctx;

    hmac_sha256_set_key(&ctx, key_len, key);
    hmac_sha256_update(&ctx, len, data);
    hmac_sha256_digest(&ctx, sizeof digest, digest);
    to_hex(digest, out);
}

/* ---- SipHash-2-4 ---- */

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* Two rounds a word: the 2 of SipHash-2-4. */
static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

/* Little-endian, `n` <= 8 bytes. */
static uint64_t load_word(const unsigned char *p, size_t n)
{
    uint64_t word = 0;

    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

uint64_t hash_siphash(const uint64_t key[2], const void *data, size_t len)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                     key[0] ^ 0x6c7967656e657261u,
                     key[1] ^ 0x7465646279746573u};
    const unsigned char *p = data;
    size_t left = len;

    for (; left >= 8; left -= 8, p += 8)
        sip_word(v, load_word(p, 8));
    sip_word(v, load_word(p, left) | (uint64_t)len << 56);
    v[2] ^= 0xff;
    /* and four at the end: the 4 */
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_seeded(const void *data, size_t len)
{
    static uint64_t key[2];
    static bool seeded;

    if (!seeded) {
        /* Without kernel entropy the address of a stack variable has to do. */
        if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
            key[0] = (uint64_t)(uintptr_t)&data;
        seeded = true;
    }
    return hash_siphash(key, data, len);
}

/* ---- base64 ---- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Three bytes become four digits; what is missing in the last group becomes
 * padding. */
int hash_base64_encode(const void *data, size_t len, struct str *out)
{
    const unsigned char *p = data;
    int rc = 0;

    for (size_t i = 0; i < len && rc == 0; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)p[i] << 16;
        char text[4];

        if (n > 1)
            group |= (uint32_t)p[i + 1] << 8;
        if (n > 2)
            group |= p[i + 2];
        text[0] = base64_digits[group >> 18];
        text[1] = base64_digits[group >> 12 & 63];
        text[2] = n > 1 ? base64_digits[group >> 6 & 63] : '=';
        text[3] = n > 2 ? base64_digits[group & 63] : '=';
        rc = str_addn(out, text, 4);
    }
    return rc;
}

/* 0..63, or -1. */
static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters with `digits` (2..4) before the padding. */
static bool decode_group(const char *text, size_t digits, unsigned char out[3])
{
    uint32_t group = 0;

    for (size_t i = 0; i < 4; i++) {
        int v = i < digits ? base64_value(text[i]) : 0;

        if (v < 0 || (i >= digits && text[i] != '='))
            return false;
        group = group << 6 | (uint32_t)v;
    }
    out[0] = (unsigned char)(group >> 16);
    out[1] = (unsigned char)(group >> 8);
    out[2] = (unsigned char)group;
    /* the bits that no byte takes have to be zero */
    return digits == 4 || out[digits - 1] == 0;
}

int hash_base64_decode(const char *text, size_t len, struct str *out,
                       struct err *err)
{
    unsigned char bytes[3];

    if (len % 4 != 0)
        return err_set(err, ERR_INVALID,
                       "not base64: the length is no multiple of 4");
    /* only the last group may have padding */
    for (size_t i = 0; i < len; i += 4) {
        size_t digits = 4;

        if (i + 4 == len && text[i + 3] == '=')
            digits = text[i + 2] == '=' ? 2 : 3;
        if (!decode_group(text + i, digits, bytes))
            return err_set(err, ERR_INVALID,
                           "not base64: bad character near offset %zu", i);
        if (str_addn(out, bytes, digits - 1) < 0)
            return str_check(out, "decoded base64", err);
    }
    return 0;
}
