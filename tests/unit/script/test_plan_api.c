/*
 * test_plan_api.c -- the verbs of `plan`.
 */
#include "kit.h"
#include "test.h"

TEST(apply_declares_an_object_with_its_line)
{
    struct kit k;

    kit_init(&k);
    check_ok(kit_run(&k, "\n plan:apply { apiVersion = 'v1', kind = "
                         "'ConfigMap', metadata = { name = 'a' } }"), &k.err);
    check_str(kit_plan(&k), "apply ConfigMap a @operator.lua:2 {\"apiVersion\":"
              "\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}\n");
    kit_release(&k);
}
