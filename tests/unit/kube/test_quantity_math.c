/*
 * test_quantity_math.c -- sums, products and the text of quantities.
 */
#include <string.h>

#include "base/clock.h"
#include "kube/quantity.h"
#include "test.h"

typedef bool (*operation_fn)(const struct quantity *a, const struct quantity *b,
                             struct quantity *ret);

static bool subtract(const struct quantity *a, const struct quantity *b,
                     struct quantity *ret)
{
    struct quantity negative = quantity_negate(b);

    return quantity_add(a, &negative, ret);
}

static void gives(operation_fn work, const char *a, const char *b,
                  const char *want)
{
    struct quantity qa, qb, result;
    struct str text = {0};

    check(quantity_parse(a, &qa));
    check(quantity_parse(b, &qb));
    if (check(work(&qa, &qb, &result)))
        check_int(quantity_print(&result, quantity_form(a), &text), 0);
    check_str(str_text(&text), want);
    str_release(&text);
}

TEST(quantity_sums_keep_the_suffixes_of_the_first)
{
    gives(quantity_add, "500m", "1", "1500m");
    gives(quantity_add, "500m", "500m", "1");
    gives(quantity_add, "1Gi", "512Mi", "1536Mi");
    gives(quantity_add, "1Gi", "1G", "2073741824");
    gives(quantity_add, "1G", "1Gi", "2073741824");
    gives(quantity_add, "4G", "4000M", "8G");
    gives(quantity_add, "1Mi", "14494466048", "13824Mi");
    gives(quantity_add, "1e3", "1", "1001");
    gives(quantity_add, "1e3", "1e6", "1001e3");
    gives(quantity_add, "1Ei", "1n", "1152921504606846976000000001n");
    gives(subtract, "1", "1500m", "-500m");
    gives(subtract, "1Gi", "1Gi", "0");
    gives(subtract, "1Mi", "1023Ki", "1Ki");
    gives(subtract, "2Ki", "1025", "1023");
    gives(subtract, "0", "2Gi", "-2147483648");
    gives(quantity_multiply, "250m", "3", "750m");
    gives(quantity_multiply, "10Gi", "0.5", "5Gi");
    gives(quantity_multiply, "-2", "1500m", "-3");
    gives(quantity_multiply, "1n", "0.5", "1n");
    gives(quantity_multiply, "3Ki", "3Ki", "9Mi");
    gives(quantity_multiply, "0", "7", "0");
}

TEST(quantity_prints_as_the_server_writes_it)
{
    static const char *const pairs[][2] = {
        {"13824Mi", "13824Mi"},
        {"1024Mi", "1Gi"},
        {"0.25", "250m"},
        {"8000000000", "8G"},
        {"1.5Gi", "1536Mi"},
        {"1023", "1023"},
        {"0.5Ki", "512"},
        {"1000Ki", "1000Ki"},
        {"1e21", "1e21"},
        {"1000E", "1000E"},
        {"100u", "100u"},
        {"12.50", "12500m"},
        {"0.1Gi", "107374182400m"},
        {"-1.5", "-1500m"},
        {"1E", "1E"},
        {"9Ei", "9223372036854775807"},
        {"1e4", "10e3"},
        {"00", "0"},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        gives(quantity_add, pairs[i][0], "0", pairs[i][1]);
}

TEST(quantity_integers_are_rounded_up)
{
    static const struct {
        const char *text;
        int exp10;
        long long want;
    } cases[] = {
        {"1500m", 0, 2},     {"-1500m", 0, -1}, {"1Ki", 0, 1024},
        {"1.5", -3, 1500},   {"100u", -3, 1},   {"1n", 0, 1},
        {"2k", -3, 2000000}, {"1n", -9, 1},     {"0", 0, 0},
    };
    struct quantity q;
    int64_t n;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check(quantity_parse(cases[i].text, &q));
        if (check(quantity_integer(&q, cases[i].exp10, &n)))
            check_int(n, cases[i].want);
    }
    check(quantity_parse("10E", &q));
    check(!quantity_integer(&q, 0, &n));
}

TEST(quantity_results_that_are_too_long_are_refused)
{
    struct quantity large, tiny, result;

    check(quantity_parse("1e80", &large));
    check(quantity_parse("1n", &tiny));
    check(!quantity_add(&large, &tiny, &result));
    check(!quantity_multiply(&large, &large, &result));
    check(quantity_add(&large, &large, &result));
}

/* ---- properties, against 128 bits of billionths ---- */

static struct quantity any(struct rng *r, __int128 *ret_nano)
{
    static const char *const suffixes[] = {"n",  "u",  "m", "",  "k",
                                           "Ki", "Mi", "M", "Gi"};
    static const int64_t nanos[] = {1,
                                    1000,
                                    1000000,
                                    1000000000,
                                    1000000000000,
                                    1024000000000,
                                    1048576000000000,
                                    1000000000000000,
                                    1073741824000000000};
    size_t which = rng_below(r, sizeof suffixes / sizeof suffixes[0]);
    int64_t count = (int64_t)rng_below(r, 2000001) - 1000000;
    struct str text = {0};
    struct quantity q;

    str_addf(&text, "%lld%s", (long long)count, suffixes[which]);
    check(quantity_parse(str_text(&text), &q));
    str_release(&text);
    *ret_nano = (__int128)count * nanos[which];
    return q;
}

/* Is it that many billionths, also after it went through its text? */
static void is_nano(const struct quantity *q, __int128 nano, struct rng *r)
{
    enum quantity_form form = (enum quantity_form)rng_below(r, 3);
    struct quantity want = {nano, -9, 0}, again;
    struct str text = {0};

    check_int(quantity_compare(q, &want), 0);
    check_int(quantity_print(q, form, &text), 0);
    if (check(quantity_parse(str_text(&text), &again)))
        check_int(quantity_compare(&again, &want), 0);
    check(!strchr(str_text(&text), '.'));
    str_release(&text);
}

TEST(quantity_arithmetic_is_exact)
{
    int rounds = test_rounds(3000, 300000);
    struct rng r;

    rng_init(&r, test_seed());
    while (rounds-- > 0) {
        __int128 na, nb;
        struct quantity a = any(&r, &na), b = any(&r, &nb), result;
        __int128 times = (int64_t)rng_below(&r, 2001) - 1000;
        struct quantity factor = {times, 0, 0};

        check(quantity_add(&a, &b, &result));
        is_nano(&result, na + nb, &r);
        check(subtract(&a, &b, &result));
        is_nano(&result, na - nb, &r);
        check(quantity_multiply(&a, &factor, &result));
        is_nano(&result, na * times, &r);
    }
}
