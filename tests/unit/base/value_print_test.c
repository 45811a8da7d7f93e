/* value: canonical text, text for people, and the round trip. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/value.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum form { CANONICAL, PRETTY, YAML };

static int print(const struct value *v, enum form form, struct str *s,
                 struct err *err)
{
    if (form == PRETTY)
        return value_print_pretty(v, s, err);
    if (form == YAML)
        return value_print_yaml(v, 0, s, err);
    return value_print(v, s, err);
}

static void check_form(const char *text, enum form form, const char *want)
{
    struct arena a = {0};
    struct str s = {0};
    struct value *v;
    struct err err = {0};

    if (check_ok(value_parse(&a, text, strlen(text), &v, &err), &err)) {
        check_ok(print(v, form, &s, &err), &err);
        check_str(str_text(&s), want);
    }
    str_release(&s);
    arena_release(&a);
}

TEST(value_prints_one_text_for_equal_documents)
{
    check_form(" { \"b\" : [ 1.0 , 1e2 ] , \"a\" : \"\\u0041\\/\" } ",
               CANONICAL, "{\"a\":\"A/\",\"b\":[1,100]}");
    check_form("{\"ab\":1,\"a\":2,\"\":3,\"B\":4,\"a\\u0000\":5}", CANONICAL,
               "{\"\":3,\"B\":4,\"a\":2,\"a\\u0000\":5,\"ab\":1}");
    check_form("[-0.0,-0]", CANONICAL, "[0,0]");
}

TEST(value_sorts_large_objects_as_small_ones)
{
    struct arena a = {0};
    struct value *o = value_object(&a);
    struct str s = {0};
    const char *at, *last = NULL;
    char key[3] = "aa";

    for (int i = 0; i < 400; i++) {
        key[0] = (char)('a' + i * 7 % 20);
        key[1] = (char)('a' + i / 20);
        value_set(&a, o, key, value_null(&a));
    }
    check_int(value_print(o, &s, NULL), 0);
    for (at = s.data; (at = strchr(at, '"')) != NULL; at += 4) {
        if (last && !check(memcmp(last, at, 3) < 0))
            break;
        last = at;
    }
    str_release(&s);
    arena_release(&a);
}

TEST(value_pretty_indents_by_two)
{
    check_form("{\"b\":[1,{\"c\":[]}],\"a\":{}}", PRETTY,
               "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"c\": []\n"
               "    }\n  ]\n}");
    check_form("[]", PRETTY, "[]");
}

TEST(value_yaml_looks_like_kubectl)
{
    check_form(
        "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"spec\":{\"ports\":"
        "[{\"port\":80,\"name\":\"web\"},{\"port\":443}],\"selector\":{}},"
        "\"list\":[],\"nested\":[[1,2],[]],\"nothing\":null}",
        YAML,
        "apiVersion: v1\n"
        "kind: Service\n"
        "list: []\n"
        "nested:\n"
        "- - 1\n"
        "  - 2\n"
        "- []\n"
        "nothing: null\n"
        "spec:\n"
        "  ports:\n"
        "  - name: web\n"
        "    port: 80\n"
        "  - port: 443\n"
        "  selector: {}\n");
}

TEST(value_yaml_quotes_what_would_be_read_as_something_else)
{
    static const char *quoted[] = {
        "",          "yes",   "No",    "ON",         "off",
        "y",         "N",     "true",  "FALSE",      "null",
        "Null",      "~",     "1",     "-1",         "+1",
        "1.5",       ".5",    "1e3",   "0x1F",       "0o17",
        "017",       "1_000", "1:30",  ".inf",       ".nan",
        "-.inf",     "=",     "<<",    "2026-01-02", "2026-01-02T03:04:05Z",
        "a: b",      "a:",    "a #b",  " a",         "a ",
        "-",         "- a",   "?",     "[a",         "{a",
        "&a",        "*a",    "!a",    "|",          ">",
        "'a",        "\\\"a", "%a",    "@a",         "`a",
        "#a",        ",a",    "a\\tb", "a\\u0000b",  "\xC3\xA9",
        "a\\u2028b", "12e03", "0b101", "1.",         "12:30:45.5"};
    static const char *plain[] = {
        "a",        "web",   "nginx:1.27",   "apps/v1", "/healthz",
        "10.0.0.1", "1.2.3", "a b",          "a-b",     "_x",
        "128Mi",    "250m",  "Content/type", "x,y",     "user@host",
        "a=b",      "f(x)",  "nope",         "trueish", "v1.2"};
    char json[64], want[64];

    for (size_t i = 0; i < COUNT(quoted); i++) {
        /* quoted as JSON quotes, apart from escapes that are not needed */
        snprintf(json, sizeof json, "\"%s\"", quoted[i]);
        snprintf(want, sizeof want, "\"%s\"\n", quoted[i]);
        if (!strstr(json, "\\u2028"))
            check_form(json, YAML, want);
    }
    for (size_t i = 0; i < COUNT(plain); i++) {
        snprintf(json, sizeof json, "\"%s\"", plain[i]);
        snprintf(want, sizeof want, "%s\n", plain[i]);
        check_form(json, YAML, want);
    }
}

TEST(value_yaml_writes_lines_as_a_block)
{
    check_form("{\"a\":\"x\\ny\\n\",\"b\":{\"c\":\"x\\n\\n  y\"},"
               "\"d\":\"x\\n\\n\",\"e\":[\"l1\\nl2\"]}",
               YAML,
               "a: |\n"
               "  x\n"
               "  y\n"
               "b:\n"
               "  c: |-\n"
               "    x\n"
               "\n"
               "      y\n"
               "d: |+\n"
               "  x\n"
               "\n"
               "e:\n"
               "- |-\n"
               "  l1\n"
               "  l2\n");
    check_form("[\"a\\n\\u0085\",\"a\\n\\u2028\",\"a\\n\\ufeff\"]", YAML,
               "- \"a\\n\xC2\x85\"\n- \"a\\n\xE2\x80\xA8\"\n"
               "- \"a\\n\xEF\xBB\xBF\"\n");
    check_form("[true,false,\"\\u00e9\\n\"]", YAML,
               "- true\n- false\n- |\n  \xC3\xA9\n");
    check_form("[\" x\\ny\",\"x \\ny\",\"\\n\",\"x\\ty\\nz\"]", YAML,
               "- \" x\\ny\"\n- \"x \\ny\"\n- \"\\n\"\n- \"x\\ty\\nz\"\n");
}

TEST(value_yaml_indents_every_line)
{
    struct arena a = {0};
    struct str s = {0};
    struct value *v;

    value_parse(&a, "{\"a\":[1],\"b\":\"x\\ny\"}", 20, &v, NULL);
    check_int(value_print_yaml(v, 4, &s, NULL), 0);
    check_str(str_text(&s), "    a:\n    - 1\n    b: |-\n      x\n      y\n");
    str_release(&s);
    arena_release(&a);
}

TEST(value_hides_sensitive_values_from_people)
{
    struct arena a = {0};
    struct str s = {0};
    struct value *v = value_object(&a);
    struct value *secret = value_null(&a);

    value_set(&a, v, "a", value_string(&a, "hunter2"));
    value_set(&a, v, "b", value_object(&a));
    value_set(&a, value_get(v, "b"), "c", value_string(&a, "hunter2"));
    value_set(&a, v, "d", secret);
    value_get(v, "a")->sensitive = true;
    value_get(v, "b")->sensitive = true;
    *secret = (struct value){.type = VALUE_SECRET, .as.secret = {0, "k"}};

    check_int(value_print_pretty(v, &s, NULL), 0);
    check_str(str_text(&s), "{\n  \"a\": \"(sensitive)\",\n"
                            "  \"b\": \"(sensitive)\",\n"
                            "  \"d\": \"(sensitive)\"\n}");
    str_clear(&s);
    check_int(value_print_yaml(v, 0, &s, NULL), 0);
    check_str(str_text(&s), "a: (sensitive)\nb: (sensitive)\n"
                            "d: (sensitive)\n");
    str_clear(&s);
    check_int(value_print(v, &s, NULL), -ERR_INVALID);
    str_release(&s);
    arena_release(&a);
}

TEST(value_refuses_to_print_what_json_cannot_say)
{
    struct arena a = {0};
    struct str s = {0};
    struct err err = {0};

    for (int form = CANONICAL; form <= YAML; form++) {
        check_int(
            print(value_double(&a, (double)NAN), (enum form)form, &s, &err),
            -ERR_INVALID);
        check_int(print(value_string(&a, "\xFF"), (enum form)form, &s, &err),
                  -ERR_INVALID);
        check_str(err.msg, "text is not valid UTF-8");
    }
    str_release(&s);
    arena_release(&a);
}

TEST(value_limits_the_depth_it_prints)
{
    struct arena a = {0};
    struct str s = {0};
    struct value *v = value_array(&a);

    for (int i = 0; i < 3000; i++) {
        struct value *outer = value_array(&a);

        value_append(&a, outer, v);
        v = outer;
    }
    for (int form = CANONICAL; form <= YAML; form++)
        check_int(print(v, (enum form)form, &s, NULL), -ERR_LIMIT);
    str_release(&s);
    arena_release(&a);
}

TEST(value_print_reports_the_limit_of_the_string)
{
    struct arena a = {0};
    struct str s;
    struct err err = {0};

    str_init(&s, 10);
    check_int(value_print(value_string(&a, "0123456789"), &s, &err),
              -ERR_LIMIT);
    check_str(err.msg, "the printed document is longer than 10 bytes");
    str_release(&s);
    arena_release(&a);
}

/* ---- random documents ---- */

static void random_text(struct rng *rng, char *out, size_t *ret_len)
{
    static const char *pieces[] = {
        "a", "B", "\"", "\\", "\n", "\x01", " ", "\xC3\xA9", "\xF0\x9F\x8C\x8A",
        "0", ":"};
    size_t len = 0;

    for (uint64_t n = rng_below(rng, 12); n > 0; n--) {
        const char *piece = pieces[rng_below(rng, COUNT(pieces))];

        memcpy(out + len, piece, strlen(piece));
        len += strlen(piece);
    }
    if (rng_below(rng, 8) == 0)
        out[len++] = '\0';
    *ret_len = len;
}

static double random_double(struct rng *rng)
{
    uint64_t bits = rng_next(rng);
    double d;

    memcpy(&d, &bits, sizeof d);
    return isfinite(d) ? d : 0.5;
}

static struct value *random_value(struct arena *a, struct rng *rng, int depth)
{
    uint64_t type = rng_below(rng, depth > 5 ? 5 : 7);
    struct value *v;
    char text[64];
    size_t len;

    switch (type) {
    case 0:
        return value_null(a);
    case 1:
        return value_bool(a, rng_below(rng, 2));
    case 2:
        return value_integer(a, (int64_t)(rng_next(rng) >> rng_below(rng, 64)));
    case 3:
        return value_double(a, random_double(rng));
    case 4:
        random_text(rng, text, &len);
        return value_stringn(a, text, len);
    default:
        v = type == 5 ? value_array(a) : value_object(a);
    }
    for (uint64_t n = rng_below(rng, depth == 0 ? 40 : 5); n > 0; n--) {
        struct value *child = random_value(a, rng, depth + 1);

        random_text(rng, text, &len);
        if (type == 5)
            value_append(a, v, child);
        else
            value_setn(a, v, text, len, child);
    }
    return v;
}

TEST(value_comes_back_from_its_text)
{
    int rounds = test_rounds(3000, 200000);
    struct arena a = {0};
    struct str s = {0}, again = {0};
    struct err err = {0};
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int i = 0; i < rounds; i++) {
        struct value *v = random_value(&a, &rng, 0);
        struct value *back = NULL;

        str_clear(&s);
        str_clear(&again);
        check_ok(value_print(v, &s, &err), &err);
        if (!check_ok(value_parse(&a, s.data, s.len, &back, &err), &err))
            break;
        check(value_equal(v, back));
        check_ok(value_print(back, &again, &err), &err);
        check_str(str_text(&again), str_text(&s));
        str_clear(&again);
        check_ok(value_print_pretty(v, &again, &err), &err);
        check_ok(value_parse(&a, again.data, again.len, &back, &err), &err);
        if (!check(value_equal(v, back)))
            break;
        arena_clear(&a);
    }
    str_release(&s);
    str_release(&again);
    arena_release(&a);
}

static int print_all_forms(struct str *s)
{
    static const char text[] =
        "{\"l\":[1,2.5,\"x\\ny\"],\"m\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4,"
        "\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"k\":11,\"l\":12,"
        "\"m\":13,\"n\":{\"o\":\"\"}}}";
    struct arena a = {0};
    struct value *v;
    int rc = value_parse(&a, text, sizeof text - 1, &v, NULL);

    if (rc == 0)
        rc = value_print(v, s, NULL);
    if (rc == 0)
        rc = value_print_pretty(v, s, NULL);
    if (rc == 0)
        rc = value_print_yaml(v, 2, s, NULL);
    arena_release(&a);
    return rc;
}

TEST_ALLOC(value_printing_survives_out_of_memory)
{
    struct str s = {0};
    int rc = print_all_forms(&s);

    if (rc == 0)
        check_has(str_text(&s), "  - 2.5\n");
    str_release(&s);
    return rc;
}
