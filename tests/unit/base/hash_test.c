/* hash: published vectors, base64. */
#include "test.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

TEST(hash_sha256_of_published_vectors)
{
    char hex[HASH_HEX_SIZE];

    hash_sha256_hex("abc", 3, hex);
    check_str(hex, "ba7816bf8f01cfea414140de5dae2223"
                   "b00361a396177a9cb410ff61f20015ad");
    hash_sha256_hex("", 0, hex);
    check_str(hex, "e3b0c44298fc1c149afbf4c8996fb924"
                   "27ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test case 2 */
TEST(hash_hmac_of_a_published_vector)
{
    char hex[HASH_HEX_SIZE];

    hash_hmac_sha256_hex("Jefe", 4, "what do ya want for nothing?", 28, hex);
    check_str(hex, "5bdcc146bf60754e6a042426089575c7"
                   "5a003f089d2739839dec58b964ec3843");
}

/* The paper's vector: key 00..0f, message 00..0e. */
TEST(hash_siphash_of_the_published_vector)
{
    static const uint64_t key[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    unsigned char message[15];

    for (unsigned char i = 0; i < 15; i++)
        message[i] = i;
    check(hash_siphash(key, message, 15) == 0xa129ca6149be45e5u);
    check(hash_siphash(key, message, 0) == 0x726fdb47dd0e0e31u);
}

TEST(hash_seeded_is_stable_within_the_process)
{
    check(hash_seeded("tide", 4) == hash_seeded("tide", 4));
    check(hash_seeded("tide", 4) != hash_seeded("tidf", 4));
    check(hash_seeded("tide", 4) != hash_seeded("tide", 3));
}

/* RFC 4648, section 10 */
TEST(hash_base64_of_published_vectors)
{
    static const char *rows[][2] = {{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"},
                                    {"\xff\xfe\xfd", "//79"}};
    struct str s = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        str_clear(&s);
        check_int(hash_base64_encode(rows[i][0], strlen(rows[i][0]), &s), 0);
        check_str(str_text(&s), rows[i][1]);
        str_clear(&s);
        check_int(hash_base64_decode(rows[i][1], strlen(rows[i][1]), &s, NULL),
                  0);
        check_str(str_text(&s), rows[i][0]);
    }
    str_release(&s);
}

TEST(hash_base64_decode_is_strict)
{
    static const char *bad[] = {"Z",    "Zg",   "Zg=",      "Zg==\n",  "=g==",
                                "Z===", "====", "Zg==Zg==", "Zm9 ",    "Zm-_",
                                "Zh==", "Zm9=", "Z=g=",     "Zm8=Zm8="};
    struct str s = {0};
    struct err err = {0};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int rc = hash_base64_decode(bad[i], strlen(bad[i]), &s, &err);

        if (!check_int(rc, -ERR_INVALID))
            check_str(bad[i], "refused");
    }
    str_release(&s);
}

TEST(hash_base64_round_trip_of_random_bytes)
{
    unsigned char data[64];
    struct str text = {0}, back = {0};
    struct rng rng;

    rng_init(&rng, test_seed());
    for (size_t len = 0; len <= sizeof data; len++) {
        for (size_t i = 0; i < len; i++)
            data[i] = (unsigned char)rng_next(&rng);
        str_clear(&text);
        str_clear(&back);
        hash_base64_encode(data, len, &text);
        check_int(hash_base64_decode(str_text(&text), text.len, &back, NULL),
                  0);
        check(back.len == len && memcmp(str_text(&back), data, len) == 0);
    }
    str_release(&text);
    str_release(&back);
}

TEST_ALLOC(hash_base64_survives_out_of_memory)
{
    struct str text = {0}, back = {0};
    char data[100] = "x";
    int rc = hash_base64_encode(data, sizeof data, &text);

    if (rc == 0)
        rc = hash_base64_decode(text.data, text.len, &back, NULL);
    if (rc == 0)
        check(memcmp(back.data, data, sizeof data) == 0);
    str_release(&text);
    str_release(&back);
    return rc;
}

TEST(hash_base64_decode_respects_the_limit)
{
    struct str s;
    struct err err = {0};

    str_init(&s, 3);
    check_int(hash_base64_decode("Zm9vYmFy", 8, &s, &err), -ERR_LIMIT);
    str_release(&s);
}
