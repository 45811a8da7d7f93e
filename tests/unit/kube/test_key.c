#include "kube/key.h"

#include <string.h>

#include "test.h"

static const struct gvk DEPLOYMENT = {"apps/v1", "Deployment"};

TEST(kinds_are_equal_when_version_and_kind_are)
{
    check(gvk_equal(&DEPLOYMENT, &(struct gvk){"apps/v1", "Deployment"}));
    check(!gvk_equal(&DEPLOYMENT, &(struct gvk){"apps/v1beta1", "Deployment"}));
    check(!gvk_equal(&DEPLOYMENT, &(struct gvk){"apps/v1", "ReplicaSet"}));
}

TEST(an_owner_reference_may_name_any_version_of_a_group)
{
    check(gvk_same_group_kind(&DEPLOYMENT,
                              &(struct gvk){"apps/v1beta1", "Deployment"}));
    check(!gvk_same_group_kind(&DEPLOYMENT, &(struct gvk){"v1", "Deployment"}));
    check(!gvk_same_group_kind(&DEPLOYMENT,
                               &(struct gvk){"app/v1", "Deployment"}));
    check(!gvk_same_group_kind(&DEPLOYMENT,
                               &(struct gvk){"apps/v1", "Deploymen"}));
    check(gvk_same_group_kind(&(struct gvk){"v1", "Pod"},
                              &(struct gvk){"v2", "Pod"}));
}

TEST(the_core_group_has_no_name)
{
    char group[8];

    check(gvk_group("v1", group, sizeof group));
    check_str(group, "");
    check(gvk_group("apps/v1", group, sizeof group));
    check_str(group, "apps");
}

TEST(a_group_that_does_not_fit_is_refused)
{
    char group[5];

    check(gvk_group("apps/v1", group, 5));
    check(!gvk_group("apps/v1", group, 4));
    check(!gvk_group("v1", group, 0));
}

TEST(keys_sort_by_namespace_then_name)
{
    struct object_key a = {"a", "z"}, b = {"b", "a"}, c = {"b", "c"};

    check(object_key_compare(&a, &b) < 0);
    check(object_key_compare(&c, &b) > 0);
    check_int(object_key_compare(&a, &a), 0);
    check(object_key_equal(&a, &(struct object_key){"a", "z"}));
    check(!object_key_equal(&a, &b));
    check(!object_key_equal(&a, &(struct object_key){"b", "z"}));
}

TEST_ALLOC(a_key_prints_as_people_write_it)
{
    struct object_key blog = {"default", "blog"}, node = {"", "node-1"};
    struct str out = {0};
    int rc = object_key_print(&blog, &out);

    if (rc == 0)
        check_str(str_text(&out), "default/blog");
    str_clear(&out);
    if (rc == 0)
        rc = object_key_print(&node, &out);
    if (rc == 0)
        check_str(str_text(&out), "node-1");
    str_release(&out);
    return rc;
}

TEST(labels_are_short_and_lower_case)
{
    static const char *const bad[] = {
        "",
        "-a",
        "a-",
        "A",
        "a.b",
        "a_b",
        "a b",
        "\xC3\xA9",
        "0123456789012345678901234567890123456789012345678901234567890123",
    };

    check(name_is_dns_label("a"));
    check(name_is_dns_label("0-a--b"));
    check(name_is_dns_label(bad[8] + 1));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!check(!name_is_dns_label(bad[i])))
            check_str(bad[i], "refused");
}

TEST(subdomains_are_labels_with_dots_of_any_length)
{
    char name[256];

    check(name_is_dns_subdomain("tidelock.dev"));
    check(name_is_dns_subdomain("a"));
    check(!name_is_dns_subdomain(""));
    check(!name_is_dns_subdomain("a..b"));
    check(!name_is_dns_subdomain(".a"));
    check(!name_is_dns_subdomain("a."));
    check(!name_is_dns_subdomain("a.-b"));
    memset(name, 'a', sizeof name);
    name[253] = '\0';
    check(name_is_dns_subdomain(name));
    name[253] = 'a';
    name[254] = '\0';
    check(!name_is_dns_subdomain(name));
}

TEST(path_segments_cannot_leave_their_place)
{
    check(name_is_path_segment("system:node"));
    check(name_is_path_segment("..."));
    check(!name_is_path_segment(""));
    check(!name_is_path_segment("."));
    check(!name_is_path_segment(".."));
    check(!name_is_path_segment("a/b"));
    check(!name_is_path_segment("a%2fb"));
}
