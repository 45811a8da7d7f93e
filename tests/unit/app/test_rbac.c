/*
 * Roles from declarations, golden to the blank.
 */
#include <string.h>

#include "rights.h"
#include "test.h"

#define CLUSTER_ROLE                                                           \
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"            \
    "metadata:\n  name: \"shop\"\nrules:\n"
#define ROLE(ns)                                                               \
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"                   \
    "metadata:\n  name: \"shop\"\n  namespace: \"" ns "\"\nrules:\n"
#define RULE(group, resource, verbs)                                           \
    "- apiGroups: [\"" group "\"]\n  resources: [\"" resource "\"]\n"          \
    "  verbs: [" verbs "]\n"
#define NAMED(group, resource, name, verbs)                                    \
    "- apiGroups: [\"" group "\"]\n  resources: [\"" resource "\"]\n"          \
    "  resourceNames: [\"" name "\"]\n  verbs: [" verbs "]\n"

#define V_SEE "\"list\", \"watch\""
#define V_GET "\"get\", " V_SEE
#define V_OWN V_GET ", \"create\", \"patch\", \"delete\""

#define ABOUT_ROOTS "# Events: of scripts, and of passes that fail\n"
#define ABOUT_LEASE                                                            \
    "# Events about the Lease: who leads, scripts that do not load\n"
#define EVENT_RULE RULE("events.k8s.io", "events", "\"create\", \"patch\"")
#define EVENTS ABOUT_ROOTS ABOUT_LEASE EVENT_RULE
#define LEASE                                                                  \
    "# the Lease tidelock: the kinds that it ever owned\n"                     \
    "# leader election\n" NAMED("coordination.k8s.io", "leases", "tidelock",   \
                                "\"get\", \"create\", \"patch\"")
#define ROOT                                                                   \
    "# resource example.com/v1 Widget\n" RULE("example.com", "widgets", V_GET)
#define STATUS                                                                 \
    "# resource example.com/v1 Widget: its status\n" RULE(                     \
        "example.com", "widgets/status", "\"patch\"")
#define BLOCKING                                                               \
    "# owns: children that block their owner's deletion\n" RULE(               \
        "example.com", "widgets/finalizers", "\"update\"")

TEST(an_operator_that_owns_nothing_needs_little)
{
    struct rights r;

    rights_init(&r);
    check_str(rights_yaml(&r),
              "# What operator shop needs by declaration, and nothing else. "
              "Discovery comes\n"
              "# from system:discovery, which every user has.\n"
              "# No declaration tells the following; add it where it applies:\n"
              "#   plan:patch: get and patch on widgets.example.com\n"
              "#   plan:delete: get and delete on widgets.example.com\n"
              "#   a finalize that there was once: patch on "
              "widgets.example.com\n" CLUSTER_ROLE ROOT STATUS EVENTS
              "---\n" ROLE("default") LEASE);
    rights_release(&r);
}

TEST(what_is_owned_is_written_and_what_is_retired_only_removed)
{
    static struct operator_owned owns[] = {
        {.gvk = CONFIG_MAP}, {.gvk = DEPLOYMENT}, {SECRET, .retired = true}};
    struct rights r;

    rights_init(&r);
    r.decl.owns = owns;
    r.decl.owns_count = 3;
    check_str(
        rights_roles(&r),
        CLUSTER_ROLE ROOT STATUS BLOCKING "# owns v1 ConfigMap\n" RULE(
            "", "configmaps",
            V_OWN) "# owns apps/v1 Deployment\n" RULE("apps", "deployments",
                                                      V_OWN) "# owns v1 "
                                                             "Secret, "
                                                             "retired"
                                                             "\n" RULE("",
                                                                       "sec"
                                                                       "ret"
                                                                       "s",
                                                                       V_GET
                                                                       ", "
                                                                       "\"d"
                                                                       "ele"
                                                                       "te"
                                                                       "\"")
                                                                 EVENTS
        "---\n" ROLE("default") LEASE);
    rights_release(&r);
}

TEST(where_all_is_retired_no_child_is_created)
{
    static struct operator_owned owns[] = {{SECRET, .retired = true}};
    struct rights r;

    rights_init(&r);
    r.decl.owns = owns;
    r.decl.owns_count = 1;
    check_str(
        rights_roles(&r), CLUSTER_ROLE ROOT STATUS
        "# owns v1 Secret, retired\n" RULE("", "secrets", V_GET ", \"delete\"")
            EVENTS "---\n" ROLE("default") LEASE);
    check_has(str_text(&r.text), "#   on_delete = \"orphan\" of kinds now "
                                 "retired: patch on secrets\n");
    rights_release(&r);
}

TEST(finalize_may_patch_the_root)
{
    struct rights r;

    rights_init(&r);
    r.decl.has_finalize = true;
    check_has(rights_roles(&r),
              "# resource example.com/v1 Widget\n"
              "# finalize: the finalizer on its objects\n" RULE(
                  "example.com", "widgets", V_GET ", \"patch\""));
    check(!strstr(str_text(&r.text), "there was once"));
    rights_release(&r);
}

TEST(a_root_without_status_is_not_written)
{
    struct rights r;

    rights_init(&r);
    r.in.decls = &r.decls[1];
    check_str(rights_roles(&r),
              CLUSTER_ROLE "# resource example.com/v1 Tenant\n" RULE(
                  "example.com", "tenants", V_GET) "---\n"
              /* a cluster-scoped object's Events are in "default" */
              ROLE("default") EVENTS LEASE);
    rights_release(&r);
}

/* ---- namespaces ---- */

static struct operator_read reads_everywhere[] = {
    {.gvk = SECRET, .scope = READ_OWN},
    {.gvk = CONFIG_MAP, .scope = READ_NAMED, .ns = "shared"},
    {.gvk = DEPLOYMENT, .scope = READ_ALL},
    {.gvk = NODE, .scope = READ_NONE},
};

#define READ_NODES "# reads v1 Node\n" RULE("", "nodes", V_SEE)
#define READ_DEPLOYMENTS                                                       \
    "# reads apps/v1 Deployment\n" RULE("apps", "deployments", V_SEE)
#define READ_SECRETS "# reads v1 Secret\n" RULE("", "secrets", V_SEE)
#define READ_SHARED "# reads v1 ConfigMap\n" RULE("", "configmaps", V_SEE)

TEST(each_namespace_gets_what_is_asked_of_it_alone)
{
    struct rights r;

    rights_init(&r);
    r.decl.reads = reads_everywhere;
    r.decl.reads_count = 4;
    check_str(
        rights_roles(&r),
        CLUSTER_ROLE ROOT STATUS READ_SECRETS READ_DEPLOYMENTS READ_NODES EVENTS
        "---\n" ROLE("default") LEASE "---\n" ROLE("shared") READ_SHARED);
    rights_release(&r);
}

TEST(one_namespace_gets_roles_and_only_the_rest_a_cluster_role)
{
    struct rights r;

    rights_init(&r);
    r.decl.reads = reads_everywhere;
    r.decl.reads_count = 4;
    r.in.ns = "web";
    check_str(rights_roles(&r), CLUSTER_ROLE READ_DEPLOYMENTS READ_NODES
              "---\n" ROLE("default") LEASE ABOUT_LEASE EVENT_RULE
              "---\n" ROLE("shared") READ_SHARED "---\n" ROLE("web")
                  ROOT STATUS READ_SECRETS ABOUT_ROOTS EVENT_RULE);
    rights_release(&r);
}

TEST(the_lease_joins_the_role_of_its_namespace)
{
    struct rights r;

    rights_init(&r);
    r.in.ns = "web";
    r.in.lease_ns = "web";
    check_str(rights_roles(&r), ROLE("web") ROOT STATUS EVENTS LEASE);
    rights_release(&r);
}

/* ---- one object ---- */

TEST(a_read_of_one_name_is_a_right_to_one_name)
{
    static struct operator_read reads[] = {
        {.gvk = SECRET, .fields = "metadata.name=licence,type=Opaque"},
        {.gvk = CONFIG_MAP, .fields = "data.x=a\\,metadata.name=b,y=c"},
        {.gvk = NODE, .fields = "metadata.name=a/b"},
    };
    struct rights r;
    const char *text;

    rights_init(&r);
    r.decl.reads = reads;
    r.decl.reads_count = 3;
    text = rights_roles(&r);
    check_has(text,
              "# reads v1 Secret\n" NAMED("", "secrets", "licence", V_SEE));
    check_has(text, READ_SHARED);
    check_has(text, READ_NODES);
    rights_release(&r);
}

TEST(a_wider_rule_takes_a_narrower_one_in)
{
    static struct operator_read reads[] = {
        {.gvk = SECRET, .fields = "metadata.name=licence"},
        {.gvk = SECRET, .labels = "a=b"},
        {.gvk = SECRET, .scope = READ_NAMED, .ns = "shared"},
        {.gvk = CONFIG_MAP, .scope = READ_ALL},
        {.gvk = CONFIG_MAP, .scope = READ_NAMED, .ns = "shared"},
    };
    struct rights r;

    rights_init(&r);
    r.decl.reads = reads;
    r.decl.reads_count = 5;
    check_str(rights_roles(&r),
              CLUSTER_ROLE ROOT STATUS READ_SECRETS READ_SHARED EVENTS
              "---\n" ROLE("default") LEASE);
    rights_release(&r);
}

TEST(owned_and_read_is_one_rule_with_two_reasons)
{
    static struct operator_owned owns[] = {{.gvk = CONFIG_MAP}};
    static struct operator_read reads[] = {{.gvk = CONFIG_MAP, .labels = "a=b"},
                                           {.gvk = CONFIG_MAP}};
    struct rights r;

    rights_init(&r);
    r.decl.owns = owns;
    r.decl.owns_count = 1;
    r.decl.reads = reads;
    r.decl.reads_count = 2;
    check_has(rights_roles(&r),
              "# owns v1 ConfigMap\n# reads v1 ConfigMap\n" RULE(
                  "", "configmaps", V_OWN));
    rights_release(&r);
}

/* ---- several operators ---- */

TEST(operators_of_one_process_share_rules_and_are_named)
{
    static struct operator_owned maps[] = {{.gvk = CONFIG_MAP}};
    static struct operator_owned retired[] = {{CONFIG_MAP, .retired = true}};
    struct rights r;
    const char *text;

    rights_init(&r);
    r.in.decl_count = 2;
    r.decl.owns = retired;
    r.second.owns = maps;
    r.decl.owns_count = r.second.owns_count = 1;
    text = rights_roles(&r);
    check_has(text,
              "# shop: owns v1 ConfigMap, retired\n"
              "# tenancy: owns v1 ConfigMap\n" RULE("", "configmaps", V_OWN));
    check_has(text, "# shop: the Lease tidelock: the kinds that it ever owned\n"
                    "# tenancy: the Lease tidelock: the kinds that it ever "
                    "owned\n# leader election\n" NAMED(
                        "coordination.k8s.io", "leases", "tidelock",
                        "\"get\", \"create\", \"patch\""));
    /* those of Tenants are covered by those of Widgets */
    check_has(
        text,
        "# shop: Events: of scripts, and of passes that fail\n"
        "# tenancy: Events: of scripts, and of passes that fail\n" ABOUT_LEASE
            EVENT_RULE);
    check_has(text, "# tenancy: owns: children that block their owner's "
                    "deletion\n" RULE("example.com", "tenants/finalizers",
                                      "\"update\""));
    check(!strstr(text, "widgets/finalizers"));
    rights_release(&r);
}

/* ---- what no declaration tells ---- */

TEST(what_scripts_may_do_is_named_and_not_granted)
{
    static struct operator_owned owns[] = {{.gvk = DEPLOYMENT}};
    static struct operator_read reads[] = {
        {.gvk = NODE}, {.gvk = NODE}, {.gvk = DEPLOYMENT}};
    struct rights r;
    const char *text;

    rights_init(&r);
    r.decl.owns = owns;
    r.decl.owns_count = 1;
    r.decl.reads = reads;
    r.decl.reads_count = 3;
    r.decl.has_finalize = true;
    text = rights_yaml(&r);
    check_has(text,
              "it applies:\n"
              "#   plan:patch: get and patch on widgets.example.com, "
              "nodes\n"
              "#   plan:scale: get on, and patch on the subresource scale "
              "of, deployments.apps\n"
              "#   plan:delete: get and delete on widgets.example.com, "
              "nodes\n"
              "apiVersion:");
    check(!strstr(text, "deployments/scale"));
    rights_release(&r);
}

/* ---- the process itself ---- */

TEST(the_process_itself_has_rights_of_its_own)
{
    struct rights r;
    const char *text;

    rights_init(&r);
    r.in.serves = true;
    r.in.ns = "web";
    text = rights_roles(&r);
    check_has(text, LEASE);
    check_has(text,
              RULE("authentication.k8s.io", "tokenreviews", "\"create\""));
    check_has(text, RULE("authorization.k8s.io", "subjectaccessreviews",
                         "\"create\""));
    check_has(text, ABOUT_LEASE EVENT_RULE);
    rights_release(&r);
}

/* ---- as JSON ---- */

TEST(json_says_the_same_without_reasons)
{
    struct rights r;
    struct str text = {0};
    struct value *list = NULL, *one;

    rights_init(&r);
    r.in.decls = &r.decls[1];
    check_int(rbac_rights_make(&r.arena, &r.in, &r.made, &r.err), 0);
    check_int(rbac_print_json(&r.arena, &r.made, "a:b", &text, &r.err), 0);
    check_int(value_parse(&r.arena, str_text(&text), text.len, &list, &r.err),
              0);
    check_str(value_text_at(list, "kind"), "List");
    list = value_get(list, "items");
    if (check(value_is(list, VALUE_ARRAY) && list->count == 2)) {
        one = list->as.items[1];
        str_clear(&text);
        check_int(value_print(one, &text, &r.err), 0);
        check_str(
            str_text(&text),
            "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\","
            "\"kind\":\"Role\",\"metadata\":{\"name\":\"a:b\","
            "\"namespace\":\"default\"},\"rules\":[{\"apiGroups\":["
            "\"events.k8s.io\"],\"resources\":[\"events\"],\"verbs\":["
            "\"create\",\"patch\"]},{\"apiGroups\":[\"coordination.k8s.io\"],"
            "\"resourceNames\":[\"tidelock\"],\"resources\":["
            "\"leases\"],\"verbs\":[\"get\",\"create\",\"patch\"]}]}");
        check_str(value_text_at(list->as.items[0], "kind"), "ClusterRole");
        check(!value_path(list->as.items[0], "metadata.namespace"));
    }
    str_release(&text);
    rights_release(&r);
}

/* ---- trouble ---- */

TEST(a_kind_that_nobody_knows_is_named)
{
    static struct operator_owned owns[] = {{.gvk = {"x.io/v1", "Gadget"}}};
    static struct operator_read reads[] = {{.gvk = {"y.io/v1", "Gizmo"}}};
    struct rights r;

    rights_init(&r);
    r.decl.owns = owns;
    r.decl.owns_count = 1;
    check_str(rights_yaml(&r), "");
    check_int(r.err.code, ERR_NO_KIND);
    check_str(r.err.msg, "the server has no kind 'Gadget' in 'x.io/v1'");
    check_has(r.err.hint, "--offline");
    r.decl.owns_count = 0;
    r.decl.reads = reads;
    r.decl.reads_count = 1;
    r.in.offline = true;
    err_clear(&r.err);
    check_str(rights_yaml(&r), "");
    check_int(r.err.code, ERR_NO_KIND);
    check_has(r.err.msg, "'Gizmo' in 'y.io/v1' is no built-in kind");
    check_has(r.err.hint, "crd.yaml");
    rights_release(&r);
}

TEST_ALLOC(rights_survive_out_of_memory)
{
    static struct operator_owned owns[] = {{.gvk = DEPLOYMENT},
                                           {SECRET, .retired = true}};
    static struct operator_read reads[] = {
        {.gvk = CONFIG_MAP, .fields = "metadata.name=licence"}, {.gvk = NODE}};
    struct rights r;
    struct str json = {0};
    int rc;

    rights_init(&r);
    r.in.decl_count = 2;
    r.decl.has_finalize = true;
    r.decl.owns = owns;
    r.decl.owns_count = 2;
    r.decl.reads = r.second.reads = reads;
    r.decl.reads_count = r.second.reads_count = 2;
    if (*rights_yaml(&r)) {
        check_has(str_text(&r.text), NAMED("", "configmaps", "licence", V_SEE));
        check_has(str_text(&r.text), "of, deployments.apps\n");
        rbac_print_json(&r.arena, &r.made, "shop", &json, &r.err);
    }
    rc = -(int)r.err.code;
    str_release(&json);
    rights_release(&r);
    return rc;
}
