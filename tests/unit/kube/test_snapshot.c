#include "kube/snapshot.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "test.h"

static const struct gvk POD = {"v1", "Pod"};

static struct snapshot *parse(const char *json, const struct gvk *gvk)
{
    struct snapshot *s = NULL;
    struct err err = {0};

    check_ok(snapshot_parse(json, strlen(json), gvk, &s, &err), &err);
    return s;
}

/* The message of a refusal; "" when it was taken. */
static const char *refused(const char *json, const struct gvk *gvk)
{
    static struct err err;
    struct snapshot *s = NULL;

    err_clear(&err);
    if (check_int(snapshot_parse(json, strlen(json), gvk, &s, &err),
                  -ERR_INVALID))
        check(s == NULL);
    snapshot_unref(s, "test");
    return err.msg;
}

static const char FULL[] =
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{"
    "\"name\":\"blog\",\"namespace\":\"default\",\"uid\":\"u-1\","
    "\"resourceVersion\":\"4711\",\"generation\":3,"
    "\"deletionTimestamp\":\"2026-01-02T03:04:05Z\",\"ownerReferences\":["
    "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"n\",\"uid\":\"u-7\"},"
    "{\"apiVersion\":\"example.com/v1\",\"kind\":\"Website\","
    "\"name\":\"site\",\"uid\":\"u-8\",\"controller\":true,"
    "\"blockOwnerDeletion\":true}]},\"spec\":{\"replicas\":2}}";

TEST(a_snapshot_knows_what_the_runtime_asks_for)
{
    struct snapshot *s = parse(FULL, NULL);

    if (!s)
        return;
    check_str(s->api_version, "apps/v1");
    check_str(s->kind, "Deployment");
    check_str(s->key.ns, "default");
    check_str(s->key.name, "blog");
    check_str(s->uid, "u-1");
    check_str(s->resource_version, "4711");
    check_int(s->generation, 3);
    check(s->deleting);
    check(!s->partial);
    check_str(s->owner_uid, "u-8");
    check_str(s->owner_api_version, "example.com/v1");
    check_str(s->owner_kind, "Website");
    check_str(s->owner_name, "site");
    snapshot_unref(s, "test");
}

TEST(what_an_object_lacks_is_empty)
{
    struct snapshot *s = parse("{\"metadata\":{\"name\":\"a\"}}", NULL);

    if (!s)
        return;
    check_str(snapshot_plain(s), "{\"metadata\":{\"name\":\"a\"}}");
    check_str(s->api_version, "");
    check_str(s->kind, "");
    check_str(s->key.ns, "");
    check_str(s->uid, "");
    check_str(s->resource_version, "");
    check_str(s->owner_uid, "");
    check_str(s->owner_name, "");
    check_int(s->generation, 0);
    check(!s->deleting);
    snapshot_unref(s, "test");
}

TEST(null_is_as_good_as_absent)
{
    struct snapshot *s =
        parse("{\"metadata\":{\"name\":\"a\",\"namespace\":null,\"uid\":null,"
              "\"deletionTimestamp\":null,\"ownerReferences\":null,"
              "\"managedFields\":null,\"generation\":null},\"kind\":null}",
              &POD);

    if (!s)
        return;
    check_str(snapshot_plain(s),
              "{\"metadata\":{\"name\":\"a\",\"namespace\":null,\"uid\":null,"
              "\"deletionTimestamp\":null,\"ownerReferences\":null,"
              "\"generation\":null},\"apiVersion\":\"v1\",\"kind\":\"Pod\"}");
    check(!s->deleting);
    check_str(s->key.ns, "");
    snapshot_unref(s, "test");
}

TEST(white_space_is_dropped_and_nothing_else)
{
    struct snapshot *s = parse(
        " {\n \"metadata\" : { \"name\" :\t\"a b\" , \"labels\":{ } } ,\r\n"
        "\"spec\": [ 1.50, -0, 1e3 , true,null, [ ] ,\"\\u00e9 \\\" }\" ] } \n",
        NULL);

    if (!s)
        return;
    check_str(snapshot_plain(s), "{\"metadata\":{\"name\":\"a b\",\"labels\":{}},"
                       "\"spec\":[1.50,-0,1e3,true,null,[],"
                       "\"\\u00e9 \\\" }\"]}");
    check_int(s->text_len, strlen(snapshot_plain(s)));
    snapshot_unref(s, "test");
}

TEST(list_items_get_the_type_of_their_list)
{
    struct snapshot *s = parse("{\"metadata\":{\"name\":\"a\"}}", &POD);

    if (!s)
        return;
    check_str(s->api_version, "v1");
    check_str(s->kind, "Pod");
    check_str(snapshot_plain(s), "{\"metadata\":{\"name\":\"a\"},"
                       "\"apiVersion\":\"v1\",\"kind\":\"Pod\"}");
    snapshot_unref(s, "test");
}

TEST(an_object_that_says_its_kind_keeps_it)
{
    struct snapshot *s = parse("{\"kind\":\"Node\",\"apiVersion\":\"v1\","
                               "\"metadata\":{\"name\":\"a\"}}",
                               &POD);

    if (!s)
        return;
    check_str(s->kind, "Node");
    check_str(snapshot_plain(s), "{\"metadata\":{\"name\":\"a\"},"
                       "\"apiVersion\":\"v1\",\"kind\":\"Node\"}");
    snapshot_unref(s, "test");
}

TEST(partial_metadata_gets_its_real_kind_back)
{
    static const char partial[] =
        "{\"kind\":\"PartialObjectMetadata\","
        "\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{\"name\":\"a\"}}";
    struct snapshot *s = parse(partial, &POD);

    if (!s)
        return;
    check(s->partial);
    check_str(s->kind, "Pod");
    check_str(snapshot_plain(s), "{\"metadata\":{\"name\":\"a\"},"
                       "\"apiVersion\":\"v1\",\"kind\":\"Pod\"}");
    snapshot_unref(s, "test");

    s = parse(partial, NULL);
    if (!s)
        return;
    check(s->partial);
    check_str(s->kind, "PartialObjectMetadata");
    snapshot_unref(s, "test");
}

/* ---- managedFields ---- */

TEST(managed_fields_of_other_managers_are_dropped)
{
    struct snapshot *s =
        parse("{\"metadata\":{\"managedFields\":["
              "{\"manager\":\"kubectl\",\"fieldsV1\":{\"f:spec\":{}}},"
              "{\"manager\":\"tidelock-web\",\"operation\":\"Apply\"},"
              "{\"operation\":\"Apply\",\"fieldsV1\":{\"f:status\":{}},"
              "\"manager\":\"tidelock-web\",\"subresource\":\"status\"},"
              "{\"manager\":\"tidelock\"},{\"manager\":7},{},null,"
              "{\"manager\":\"not-tidelock-web\"}],\"name\":\"a\"}}",
              NULL);

    if (!s)
        return;
    check_str(snapshot_plain(s),
              "{\"metadata\":{\"managedFields\":["
              "{\"manager\":\"tidelock-web\",\"operation\":\"Apply\"},"
              "{\"operation\":\"Apply\",\"fieldsV1\":{\"f:status\":{}},"
              "\"manager\":\"tidelock-web\",\"subresource\":\"status\"}],"
              "\"name\":\"a\"}}");
    snapshot_unref(s, "test");
}

/* rows: S19, S55, S100, S104
 * broken: entries of others were kept */
TEST(managed_fields_without_an_entry_of_ours_vanish)
{
    static const char *const objects[] = {
        "{\"metadata\":{\"name\":\"a\",\"managedFields\":"
        "[{\"manager\":\"x\"}],\"uid\":\"u\"}}",
        "{\"metadata\":{\"managedFields\":[{\"manager\":\"x\"}],"
        "\"name\":\"a\",\"uid\":\"u\"}}",
        "{\"metadata\":{\"name\":\"a\",\"uid\":\"u\",\"managedFields\":[]}}",
        "{\"metadata\":{\"name\":\"a\",\"managedFields\":{},\"uid\":\"u\"}}",
    };

    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        struct snapshot *s = parse(objects[i], NULL);

        if (!s)
            return;
        check_str(snapshot_plain(s), "{\"metadata\":{\"name\":\"a\",\"uid\":\"u\"}}");
        snapshot_unref(s, "test");
    }
}

TEST(only_the_managed_fields_of_metadata_are_meant)
{
    static const char json[] =
        "{\"metadata\":{\"name\":\"a\",\"annotations\":{\"managedFields\":"
        "\"x\",\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\"}},"
        "\"spec\":{\"managedFields\":[{\"manager\":\"x\"}],"
        "\"name\":\"b\",\"metadata\":{\"name\":\"c\"}}}";
    struct snapshot *s = parse(json, NULL);

    if (!s)
        return;
    check_str(snapshot_plain(s), json);
    check_str(s->key.name, "a");
    snapshot_unref(s, "test");
}

/* ---- owners ---- */

TEST(only_the_controller_is_the_owner)
{
    struct snapshot *s = parse(
        "{\"metadata\":{\"name\":\"a\",\"ownerReferences\":["
        "{\"controller\":false,\"uid\":\"1\",\"kind\":\"A\"},7,"
        "{\"uid\":\"2\",\"kind\":\"B\",\"name\":\"b\",\"controller\":null}]}}",
        NULL);

    if (!s)
        return;
    check_str(s->owner_uid, "");
    check_str(s->owner_kind, "");
    snapshot_unref(s, "test");
}

TEST(the_first_of_two_controllers_counts)
{
    struct snapshot *s =
        parse("{\"metadata\":{\"ownerReferences\":["
              "{\"controller\":true,\"uid\":\"1\",\"kind\":\"A\"},"
              "{\"controller\":true,\"uid\":\"2\",\"kind\":\"B\"}],"
              "\"name\":\"a\"}}",
              NULL);

    if (!s)
        return;
    check_str(s->owner_uid, "1");
    check_str(s->owner_kind, "A");
    check_str(s->owner_name, "");
    check_str(s->key.name, "a");
    snapshot_unref(s, "test");
}

TEST(an_orphan_remembers_its_owner_by_label)
{
    static const char json[] =
        "{\"metadata\":{\"name\":\"a\",\"labels\":{\"app\":\"x\","
        "\"tidelock.dev/owner-uid\":\"u-9\",\"n\":null},"
        "\"annotations\":{\"tidelock.dev/owner-uid\":\"u-7\"}}}";
    struct snapshot *s = parse(json, NULL);

    if (!s)
        return;
    check_str(snapshot_plain(s), json);
    check_str(s->label_owner_uid, "u-9");
    check_str(s->owner_uid, "");
    check_str(snapshot_owner(s), "u-9");
    snapshot_unref(s, "test");
}

TEST(a_controller_counts_more_than_a_label)
{
    struct snapshot *s =
        parse("{\"metadata\":{\"name\":\"a\",\"labels\":"
              "{\"tidelock.dev/owner-uid\":\"u-9\"},\"ownerReferences\":"
              "[{\"uid\":\"u-1\",\"controller\":true}]}}",
              NULL);

    if (!s)
        return;
    check_str(snapshot_owner(s), "u-1");
    check_str(s->label_owner_uid, "u-9");
    snapshot_unref(s, "test");
}

TEST(labels_may_be_missing_or_odd)
{
    static const char *const labels[] = {"null", "{}", "[]", "7",
                                         "{\"tidelock.dev/owner-uid\":null}"};

    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        struct str json = {0};
        struct snapshot *s;

        str_addf(&json, "{\"metadata\":{\"name\":\"a\",\"labels\":%s}}",
                 labels[i]);
        s = parse(str_text(&json), NULL);
        if (s)
            check_str(snapshot_owner(s), "");
        snapshot_unref(s, "test");
        str_release(&json);
    }
}

TEST(a_thousand_owners_leave_room_for_the_names)
{
    struct str json = {0};
    struct snapshot *s;

    str_add(&json, "{\"metadata\":{\"ownerReferences\":[");
    for (int i = 0; i < 1000; i++)
        str_addf(&json, "{\"uid\":\"00000000-%d\",\"controller\":%s},", i,
                 i == 777 ? "true" : "false");
    str_add(&json, "{}],\"name\":\"a\"}}");
    s = parse(str_text(&json), NULL);
    str_release(&json);
    if (!s)
        return;
    check_str(s->owner_uid, "00000000-777");
    snapshot_unref(s, "test");
}

/* ---- refusals ---- */

TEST(what_is_no_object_is_refused)
{
    check_has(refused("", NULL), "too early");
    check_has(refused("[]", NULL), "not an object");
    check_has(refused("null", NULL), "not an object");
    check_has(refused("{\"metadata\":{\"name\":\"a\"}", NULL), "too early");
    check_has(refused("{\"metadata\":{\"name\":\"a\"}}}", NULL), "after the");
    check_has(refused("{\"metadata\":{\"name\":\"a\"},}", NULL), "key");
}

TEST(an_object_without_name_is_refused)
{
    check_has(refused("{}", NULL), "no metadata");
    check_has(refused("{\"metadata\":null}", NULL), "no metadata");
    check_has(refused("{\"metadata\":[]}", NULL), "no metadata");
    check_has(refused("{\"metadata\":{}}", NULL), "no metadata.name");
    check_has(refused("{\"metadata\":{\"name\":\"\"}}", NULL), "metadata.name");
    check_has(refused("{\"metadata\":{\"name\":null}}", &POD), "metadata.name");
}

TEST(names_that_are_no_texts_are_refused)
{
    check_has(refused("{\"metadata\":{\"name\":7}}", NULL), "a text");
    check_has(refused("{\"metadata\":{\"uid\":{}}}", NULL), "a text");
    check_has(refused("{\"kind\":[]}", NULL), "a text");
    check_has(refused("{\"metadata\":{\"name\":\"a\\u0000b\"}}", NULL), "NUL");
}

TEST(an_object_that_says_it_twice_is_refused)
{
    check_has(refused("{\"metadata\":{\"name\":\"a\",\"name\":\"b\"}}", NULL),
              "twice");
    check_has(refused("{\"metadata\":{\"name\":\"a\"},"
                      "\"metadata\":{\"name\":\"b\"}}",
                      NULL),
              "twice");
    check_has(refused("{\"kind\":\"A\",\"metadata\":{\"name\":\"a\"},"
                      "\"kind\":\"B\"}",
                      NULL),
              "twice");
}

TEST(a_type_that_would_break_the_text_is_refused)
{
    check_has(refused("{\"metadata\":{\"name\":\"a\"},"
                      "\"kind\":\"P\\\"od\",\"apiVersion\":\"v1\"}",
                      NULL),
              "bad kind");
    check_has(refused("{\"metadata\":{\"name\":\"a\"},"
                      "\"kind\":\"Pod\",\"apiVersion\":\"\\n\"}",
                      NULL),
              "bad apiVersion");
}

TEST(names_of_absurd_length_are_refused)
{
    struct str json = {0};
    struct snapshot *s = NULL;

    str_add(&json, "{\"metadata\":{\"name\":\"");
    for (int i = 0; i < 5000; i++)
        str_addc(&json, 'a');
    str_add(&json, "\"}}");
    check_has(refused(str_text(&json), NULL), "names of over");
    check(s == NULL);
    str_release(&json);
}

TEST(an_object_nested_too_deeply_is_a_limit)
{
    struct str json = {0};
    struct snapshot *s;
    struct err err = {0};

    for (int i = 0; i < 600; i++)
        str_add(&json, "{\"a\":");
    check_int(snapshot_parse(json.data, json.len, NULL, &s, &err), -ERR_LIMIT);
    str_release(&json);
}

TEST(escapes_in_names_are_resolved)
{
    struct snapshot *s = parse(
        "{\"metadata\":{\"n\\u0061me\":\"bl\\u006fg\",\"uid\":\"\\u00e9\"}}",
        NULL);

    if (!s)
        return;
    check_str(s->key.name, "blog");
    check_str(s->uid, "\xC3\xA9");
    snapshot_unref(s, "test");
}

/* ---- life ---- */

TEST(a_snapshot_outlives_its_source)
{
    char *json = mem_strdup(FULL);
    struct gvk *gvk = mem_alloc(sizeof *gvk);
    struct snapshot *s;

    *gvk = POD;
    s = NULL;
    check_int(snapshot_parse(json, strlen(json), gvk, &s, NULL), 0);
    memset(json, 'x', strlen(json));
    mem_free(json);
    mem_free(gvk);
    if (!s)
        return;
    check_str(s->kind, "Deployment");
    check_str(s->owner_name, "site");
    check_has(snapshot_plain(s), "\"replicas\":2");
    snapshot_unref(s, "test");
}

TEST(a_snapshot_lives_until_the_last_holder_lets_go)
{
    struct snapshot_stats before = snapshot_stats();
    struct snapshot *s = parse(FULL, NULL);

    if (!s)
        return;
    check_int(snapshot_stats().count, before.count + 1);
    check(snapshot_stats().bytes > before.bytes + sizeof FULL);
    check(snapshot_ref(s, "store") == s);
    snapshot_unref(s, "test");
    check_str(s->key.name, "blog");
    snapshot_unref(s, "store");
    snapshot_unref(NULL, "store");
    check_int(snapshot_stats().count, before.count);
    check_int(snapshot_stats().bytes, before.bytes);
}

TEST_ALLOC(a_snapshot_survives_out_of_memory)
{
    struct arena a = {0};
    struct snapshot *s = NULL;
    struct value *v = NULL;
    int rc = snapshot_parse(FULL, sizeof FULL - 1, NULL, &s, NULL);

    if (rc == 0) {
        check_str(s->owner_name, "site");
        rc = snapshot_value(s, &a, &v, NULL);
    }
    if (rc == 0) {
        check_int(value_int_at(v, "spec.replicas", 0), 2);
        check_str(value_text_at(v, "kind"), "Deployment");
    }
    snapshot_unref(s, "test");
    arena_release(&a);
    return rc;
}

TEST_ALLOC(escapes_survive_out_of_memory)
{
    static const char json[] =
        "{\"metadata\":{\"n\\u0061me\":\"a\",\"uid\":\"\\u0062\"}}";
    struct snapshot *s = NULL;
    int rc = snapshot_parse(json, sizeof json - 1, &POD, &s, NULL);

    if (rc == 0)
        check_str(s->uid, "b");
    snapshot_unref(s, "test");
    return rc;
}

TEST(a_large_secret_costs_little_more_than_its_text)
{
    struct snapshot_stats before = snapshot_stats();
    struct str json = {0};
    struct snapshot *s;

    str_add(&json, "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{"
                   "\"name\":\"big\",\"namespace\":\"default\"},\"data\":{"
                   "\"blob\":\"");
    for (int i = 0; i < 32 * 1024; i++)
        str_addc(&json, 'A');
    str_add(&json, "\"}}");
    s = parse(str_text(&json), NULL);
    check(snapshot_stats().bytes - before.bytes < json.len + json.len / 5);
    snapshot_unref(s, "test");
    str_release(&json);
}

static const char MANAGED[] =
    "{\"kind\":\"Pod\",\"metadata\":{\"managedFields\":[{\"manager\":\"x\"},"
    "{\"manager\":\"tidelock-a\"},{\"f\":{\"k:{ \\\"a\\\" }\":[]}},"
    "{\"manager\":\"tidelock-b\"}],\"name\":\"a\",\"labels\":{}},"
    "\"apiVersion\":\"v1\",\"spec\":[1,[2,{}],\"a b\",true]}";

static void add_space(struct str *out, struct rng *rng)
{
    while (rng_below(rng, 3) == 0)
        str_addc(out, " \t\r\n"[rng_below(rng, 4)]);
}

/* The same document with white space wherever it may stand. */
static void spread(const char *text, struct str *out, struct rng *rng)
{
    bool string = false;

    str_clear(out);
    for (; *text; text++) {
        bool apart = !string && strchr("{}[],:\"", *text);

        if (apart)
            add_space(out, rng);
        str_addc(out, *text);
        if (string && *text == '\\')
            str_addc(out, *++text);
        else if (*text == '"')
            string = !string;
        if (!string && strchr("{}[],:\"", *text))
            add_space(out, rng);
    }
}

TEST(white_space_anywhere_makes_no_difference)
{
    struct snapshot *want = parse(MANAGED, NULL);
    struct str text = {0};
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int i = 0; want && i < 2000; i++) {
        struct snapshot *s;

        spread(MANAGED, &text, &rng);
        s = parse(str_text(&text), NULL);
        if (s)
            check_str(snapshot_plain(s), snapshot_plain(want));
        snapshot_unref(s, "test");
    }
    snapshot_unref(want, "test");
    str_release(&text);
}

/* ---- resourceVersion ---- */

TEST(versions_compare_by_length_then_text)
{
    check_int(rv_compare("9", "10"), RV_OLDER);
    check_int(rv_compare("10", "9"), RV_NEWER);
    check_int(rv_compare("19", "20"), RV_OLDER);
    check_int(rv_compare("7", "7"), RV_SAME);
    check_int(rv_compare("99999999999999999999999999999999",
                         "100000000000000000000000000000000"),
              RV_OLDER);
}

TEST(odd_versions_are_equal_or_nothing)
{
    check_int(rv_compare("", "1"), RV_UNCOMPARABLE);
    check_int(rv_compare("", ""), RV_SAME);
    check_int(rv_compare("0", "1"), RV_UNCOMPARABLE);
    check_int(rv_compare("01", "1"), RV_UNCOMPARABLE);
    check_int(rv_compare("-1", "1"), RV_UNCOMPARABLE);
    check_int(rv_compare("1a", "1b"), RV_UNCOMPARABLE);
    check_int(rv_compare("abc", "abc"), RV_SAME);
}
