/* test_quantity.c -- amounts, times and other scalars with several spellings.
 */
#include "kube/quantity.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "test.h"

static int compare(const char *a, const char *b)
{
    struct quantity qa, qb;

    if (!check(quantity_parse(a, &qa)) || !check(quantity_parse(b, &qb)))
        return 99;
    return quantity_compare(&qa, &qb);
}

TEST(quantity_spellings_of_one_amount_are_equal)
{
    static const char *const equal[][2] = {
        {"0.5", "500m"},
        {"1024Mi", "1Gi"},
        {"1Ki", "1024"},
        {"1k", "1000"},
        {"1e3", "1E3"},
        {"1e3", "1k"},
        {"0", "0Ki"},
        {"-0", "0"},
        {"+1", "1"},
        {"1.", "1"},
        {".5", "0.5"},
        {"1.50", "1.5"},
        {"0.1Ki", "102.4"},
        {"1E", "1e18"},
        {"1P", "1000T"},
        {"1u", "1000n"},
        {"100m", "0.1"},
        {"001", "1"},
        {"1.5Gi", "1536Mi"},
        {"1e-3", "1m"},
        {"1E+2", "100"},
        {"1000000000000000000000", "1000E"},
        {"-1.5", "-1500m"},
        /* as the server rounds and caps */
        {"0.1n", "1n"},
        {"-0.1n", "-1n"},
        {"1.0000000001", "1000000001n"},
        {"0.0000000001Ki", "103n"},
        {"9Ei", "10Ei"},
        {"8Ei", "9223372036854775807"},
    };

    for (size_t i = 0; i < sizeof equal / sizeof equal[0]; i++) {
        if (!check_int(compare(equal[i][0], equal[i][1]), 0))
            check_str(equal[i][0], equal[i][1]);
        check(quantity_text_equal(equal[i][0], equal[i][1]));
    }
}

TEST(quantity_amounts_are_ordered)
{
    static const char *const rising[] = {
        "-1Ei", "-1E",  "-2",  "-1",  "-1n",         "0",    "1n",
        "1u",   "999u", "1m",  "1",   "1.000000001", "2",    "1k",
        "1Ki",  "1M",   "1Mi", "1G",  "1Gi",         "1T",   "1Ti",
        "1P",   "1Pi",  "1E",  "1Ei", "8Ei",         "1e19", "1e80",
    };
    int count = sizeof rising / sizeof rising[0];

    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++)
            check_int(compare(rising[i], rising[j]), (i > j) - (i < j));
}

TEST(quantity_texts_that_are_none_are_refused)
{
    static const char *const bad[] = {
        "",
        " 1",
        "1 ",
        "+",
        "-",
        ".",
        "Ki",
        "1K",
        "1ki",
        "1Kim",
        "1mm",
        "1e",
        "1e+",
        "1e3m",
        "1.2.3",
        "0x10",
        "--1",
        "1,5",
        "abc",
        "1e81",
        "NaN",
        "1Mb",
        "1i",
        "1e1001",
        "123456789012345678901234567890123456789",
    };
    struct quantity q;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!check(!quantity_parse(bad[i], &q)))
            check_str(bad[i], "");
    check(quantity_text_equal("abc", "abc"));
    check(!quantity_text_equal("abc", "1"));
}

TEST(quantity_of_38_digits_is_exact)
{
    check_int(compare("12345678901234567890123456789.012345678",
                      "12345678901234567890123456789.012345679"),
              -1);
    check_int(compare("99999999999999999999999999999999999999",
                      "99999999999999999999999999999999999999"),
              0);
    check_int(compare("1000000000000000000000000000000000000000000", "1e42"),
              0);
}

/* ---- against a slow reference: billionths as decimal digits ---- */

#define SLOW_DIGITS 160
struct slow {
    unsigned char digit[SLOW_DIGITS]; /* lowest first */
};

static void slow_multiply_add(struct slow *s, unsigned by, unsigned add)
{
    unsigned carry = add;

    for (int i = 0; i < SLOW_DIGITS; i++) {
        carry += s->digit[i] * by;
        s->digit[i] = (unsigned char)(carry % 10);
        carry /= 10;
    }
}

static void slow_shift(struct slow *s, int places)
{
    struct slow from = *s;
    unsigned rest = 0;

    for (int i = 0; i < SLOW_DIGITS; i++) {
        int at = i - places;

        s->digit[i] = at >= 0 && at < SLOW_DIGITS ? from.digit[at] : 0;
    }
    for (int i = 0; i < -places; i++)
        rest |= from.digit[i];
    if (rest)
        slow_multiply_add(s, 1, 1);
}

static int slow_compare(const struct slow *a, const struct slow *b)
{
    for (int i = SLOW_DIGITS - 1; i >= 0; i--)
        if (a->digit[i] != b->digit[i])
            return a->digit[i] < b->digit[i] ? -1 : 1;
    return 0;
}

/* Binary amounts end at 2^63-1. */
static void slow_cap(struct slow *s)
{
    static const char most[] = "9223372036854775807000000000";
    struct slow cap = {{0}};

    for (const char *p = most; *p; p++)
        slow_multiply_add(&cap, 10, (unsigned)(*p - '0'));
    if (slow_compare(s, &cap) > 0)
        *s = cap;
}

/* A random amount as text and as what it should mean. */
static struct slow random_amount(struct rng *rng, char text[64])
{
    static const char suffix[][4] = {"",   "n",  "u",  "m",  "k",  "M",
                                     "G",  "T",  "P",  "E",  "Ki", "Mi",
                                     "Gi", "Ti", "Pi", "e2", "E-3"};
    static const int tens[] = {0,  -9, -6, -3, 3, 6, 9, 12, 15,
                               18, 0,  0,  0,  0, 0, 2, -3};
    static const int twos[] = {0, 0, 0, 0, 0, 0, 0, 0, 0,
                               0, 1, 2, 3, 4, 5, 0, 0};
    struct slow s = {{0}};
    int digits = 1 + (int)rng_below(rng, 5), point, fraction = 0, len = 0;
    size_t which = (size_t)rng_below(rng, sizeof tens / sizeof tens[0]);

    point = (int)rng_below(rng, (uint64_t)digits + 1);
    for (int i = 0; i < digits; i++) {
        unsigned d = rng_below(rng, 2) ? 0 : (unsigned)rng_below(rng, 10);

        if (i == point)
            text[len++] = '.';
        fraction += i >= point;
        text[len++] = (char)('0' + d);
        slow_multiply_add(&s, 10, d);
    }
    snprintf(text + len, (size_t)(64 - len), "%s", suffix[which]);
    for (int i = 0; i < twos[which]; i++)
        slow_multiply_add(&s, 1024, 0);
    slow_shift(&s, tens[which] - fraction + 9);
    if (twos[which])
        slow_cap(&s);
    return s;
}

/* rows: D49
 * broken: with the first one's power of two as the common base, 1 and 1Ki
 * compare wrongly */
TEST(quantity_compares_as_a_slow_reference_does)
{
    int rounds = test_rounds(100000, 2000000);
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int i = 0; i < rounds; i++) {
        char a[64], b[64];
        struct slow sa = random_amount(&rng, a), sb = random_amount(&rng, b);

        if (!check_int(compare(a, b), slow_compare(&sa, &sb))) {
            check_str(a, b);
            return;
        }
        check_int(compare(b, a), slow_compare(&sb, &sa));
    }
    TEST_FIGURE("D49", "quantities compared with a slow reference", rounds);
}

TEST(quantity_parsing_garbage_never_crashes)
{
    static const char alphabet[] = "0012345679..+-eEinumkKMGTP x";
    struct rng rng;
    struct quantity q;

    rng_init(&rng, test_seed());
    for (int i = 0; i < 100000; i++) {
        char text[48] = {0};
        size_t len = (size_t)rng_below(&rng, sizeof text - 1);

        for (size_t j = 0; j < len; j++)
            text[j] = alphabet[rng_below(&rng, sizeof alphabet - 1)];
        if (quantity_parse(text, &q)) {
            check_int(quantity_compare(&q, &q), 0);
            check(q.exp10 >= -9 && q.exp10 <= QUANTITY_MAX_EXP10);
        }
    }
}

/* ---- scalars ---- */

static bool same(const char *a, const char *b, enum scalar_kind kind)
{
    struct arena arena = {0};
    struct value *va = NULL, *vb = NULL;
    struct err err = {0};
    bool equal;

    check_ok(value_parse(&arena, a, strlen(a), &va, &err), &err);
    check_ok(value_parse(&arena, b, strlen(b), &vb, &err), &err);
    equal = scalar_equal(va, vb, kind);
    check_int(scalar_equal(vb, va, kind), equal);
    arena_release(&arena);
    return equal;
}

TEST(scalars_are_equal_by_their_kind_only)
{
    check(same("1", "1.0", SCALAR_PLAIN));
    check(!same("\"0.5\"", "\"500m\"", SCALAR_PLAIN));
    check(same("\"0.5\"", "\"500m\"", SCALAR_QUANTITY));
    check(same("0.5", "\"500m\"", SCALAR_QUANTITY));
    check(same("1", "\"1000m\"", SCALAR_QUANTITY));
    check(same("0.1", "\"100m\"", SCALAR_QUANTITY));
    check(!same("true", "\"1\"", SCALAR_QUANTITY));
    check(!same("null", "\"0\"", SCALAR_QUANTITY));
    check(same("80", "80", SCALAR_INT_OR_STRING));
    check(!same("80", "\"80\"", SCALAR_INT_OR_STRING));
}

TEST(scalars_in_arrays_and_objects_are_compared_one_by_one)
{
    check(same("{\"cpu\":\"0.5\",\"memory\":\"1Gi\"}",
               "{\"memory\":\"1024Mi\",\"cpu\":\"500m\"}", SCALAR_QUANTITY));
    check(!same("{\"cpu\":\"0.5\"}", "{\"memory\":\"0.5\"}", SCALAR_QUANTITY));
    check(!same("{\"cpu\":\"0.5\"}", "{}", SCALAR_QUANTITY));
    check(same("[\"1k\",1]", "[1000,\"1\"]", SCALAR_QUANTITY));
    check(!same("[1]", "[1,1]", SCALAR_QUANTITY));
    check(!same("[1]", "{\"a\":1}", SCALAR_QUANTITY));
}

TEST(times_are_equal_when_they_mean_one_moment)
{
    check(same("\"2026-01-02T03:04:05Z\"", "\"2026-01-02T04:04:05+01:00\"",
               SCALAR_TIME));
    check(same("\"2026-01-02T03:04:05Z\"", "\"2026-01-02T03:04:05.000000Z\"",
               SCALAR_TIME));
    check(same("\"2026-01-02T03:04:05.5Z\"", "\"2026-01-02T03:04:05.500Z\"",
               SCALAR_TIME));
    check(same("\"2026-01-02T03:04:05.5Z\"", "\"2026-01-02T03:04:05Z\"",
               SCALAR_TIME));
    check(!same("\"2026-01-02T03:04:05.5Z\"", "\"2026-01-02T03:04:05.6Z\"",
                SCALAR_TIME));
    check(!same("\"2026-01-02T03:04:05Z\"", "\"2026-01-02T03:04:06Z\"",
                SCALAR_TIME));
    check(!same("\"2026-01-02T03:04:05Z\"", "\"2026-01-02T04:04:05+01:00\"",
                SCALAR_PLAIN));
    check(!same("\"yesterday\"", "\"2026-01-02T03:04:05Z\"", SCALAR_TIME));
    check(same("\"yesterday\"", "\"yesterday\"", SCALAR_TIME));
}

TEST(an_absent_scalar_equals_only_an_absent_one)
{
    struct value v = {.type = VALUE_NULL};

    check(scalar_equal(NULL, NULL, SCALAR_PLAIN));
    check(!scalar_equal(&v, NULL, SCALAR_PLAIN));
    check(!scalar_equal(NULL, &v, SCALAR_QUANTITY));
}
