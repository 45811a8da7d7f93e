/* PodSecurity and LimitRanger; messages are those of the API server. */

#include <string.h>

#include "sim/kinds.h"
#include "sim/rules.h"

#include "crd_help.h"

static struct arena arena;

/* Labels of the namespace, and the LimitRange in it. */
struct there {
    const char *labels, *range;
};

static int get(void *arg, struct arena *a, const struct gvk *gvk,
               const struct object_key *key, struct value **ret,
               struct failure *f)
{
    const struct there *there = arg;

    (void)f;
    *ret = NULL;
    if (strcmp(gvk->kind, "ServiceAccount") == 0)
        *ret = value_object(a);
    if (strcmp(gvk->kind, "Namespace") == 0 && strcmp(key->name, "n") == 0)
        *ret = quoted(a, there->labels);
    return 0;
}

static int list(void *arg, struct arena *a, const struct gvk *gvk,
                struct value **ret, struct failure *f)
{
    const struct there *there = arg;

    (void)f;
    *ret = value_array(a);
    if (*ret && strcmp(gvk->kind, "Service") == 0)
        return value_append(
            a, *ret,
            quoted(a, "{'spec':{'clusterIPs':['10.96.1.7'],'ports':[{'port':80,"
                      "'nodePort':30123}]}}"));
    if (*ret && there->range && strcmp(gvk->kind, "LimitRange") == 0)
        return value_append(a, *ret, quoted(a, there->range));
    return 0;
}

static uint64_t seven(void *arg)
{
    (void)arg;
    return 7;
}

static struct value *object;
static struct value *warnings;

/* What the admission says to a pod with this spec; "": it lets it in. */
static const char *admit(struct there there, const char *text)
{
    struct kinds *k = kinds_new();
    const struct rules_world world = {
        .arg = &there, .get = get, .list = list, .random = seven};
    struct rules_call c = {.subresource = "", .world = &world, .a = &arena};
    struct failure f;
    const char *said = "";

    failure_init(&f, &arena);
    object = quoted(&arena, text);
    warnings = c.warnings = value_array(&arena);
    c.kind = kinds_find_kind(k, value_text_at(object, "apiVersion"),
                             value_text_at(object, "kind"));
    if (rules_decode(&c, object, NULL, &f) < 0 ||
        rules_default(&c, object, &f) < 0 ||
        rules_admit(&c, object, NULL, &f) < 0 ||
        rules_prepare_create(&c, object, &f) < 0)
        said = f.message;
    kinds_free(k);
    return said;
}

#define RESTRICTED_LABELS                                                      \
    "{'metadata':{'name':'n','labels':{'pod-security.kubernetes.io/enforce':"  \
    "'restricted'}}}"
#define POD(spec)                                                              \
    "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'x','namespace':'n'}," \
    "'spec':{'containers':[{'name':'c','image':'i'" spec "}]}}"

TEST(a_restricted_namespace_says_all_that_a_pod_lacks)
{
    const struct there there = {RESTRICTED_LABELS, NULL};

    check_str(admit(there, POD("")),
              "pods \"x\" is forbidden: violates PodSecurity "
              "\"restricted:latest\": allowPrivilegeEscalation != false "
              "(container \"c\" must set "
              "securityContext.allowPrivilegeEscalation=false), unrestricted "
              "capabilities (container \"c\" must set "
              "securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != "
              "true (pod or container \"c\" must set "
              "securityContext.runAsNonRoot=true), seccompProfile (pod or "
              "container \"c\" must set securityContext.seccompProfile.type "
              "to \"RuntimeDefault\" or \"Localhost\")");
    check_str(
        admit(there, POD(",'securityContext':{'allowPrivilegeEscalation':false,"
                         "'capabilities':{'drop':['ALL']},'runAsNonRoot':true,"
                         "'seccompProfile':{'type':'RuntimeDefault'}}")),
        "");
    check_int(warnings->count, 0);
    arena_release(&arena);
}

TEST(what_makes_pods_is_warned_of_and_pods_of_the_baseline_are_let_in)
{
    const struct there there = {RESTRICTED_LABELS, NULL};
    const struct there baseline = {
        "{'metadata':{'name':'n','labels':{'pod-security.kubernetes.io/"
        "enforce':'baseline'}}}",
        NULL};

    check_str(admit(there,
                    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':"
                    "{'name':'x','namespace':'n'},'spec':{'template':{'spec':"
                    "{'containers':[{'name':'c','image':'i'}]}}}}"),
              "");
    check_int(warnings->count, 1);
    check_has(value_text(warnings->as.items[0]),
              "would violate PodSecurity \"restricted:latest\": "
              "allowPrivilegeEscalation != false");
    check_str(admit(baseline, POD("")), "");
    check_int(warnings->count, 0);
    check_str(admit(baseline, POD(",'ports':[{'containerPort':80,'hostPort':"
                                  "80}],'securityContext':{'privileged':"
                                  "true}")),
              "pods \"x\" is forbidden: violates PodSecurity "
              "\"baseline:latest\": hostPort (container \"c\" uses hostPort "
              "80), privileged (container \"c\" must not set "
              "securityContext.privileged=true)");
    arena_release(&arena);
}

TEST(labels_of_policies_are_judged)
{
    const struct there there = {"{}", NULL};

    check_has(admit(there,
                    "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':"
                    "'n','labels':{'pod-security.kubernetes.io/enforce':'x',"
                    "'pod-security.kubernetes.io/warn-version':'v1.01'}}}"),
              "Invalid value: \"x\": must be one of privileged, baseline, "
              "restricted");
    arena_release(&arena);
}

TEST(a_limit_range_gives_what_is_not_asked_for)
{
    const struct there there = {
        "{}", "{'metadata':{'name':'q','namespace':'n'},'spec':{'limits':"
              "[{'type':'Container','default':{'memory':'256Mi','cpu':'500m'},"
              "'defaultRequest':{'cpu':'100m'}}]}}"};

    check_str(admit(there, POD("")), "");
    check_str(printed(&arena, value_path(object, "metadata.annotations")),
              "{\"kubernetes.io/limit-ranger\":\"LimitRanger plugin set: cpu "
              "request for container c; cpu, memory limit for container c\"}");
    check_str(
        printed(&arena,
                value_get(value_path(object, "spec.containers")->as.items[0],
                          "resources")),
        "{\"limits\":{\"cpu\":\"500m\",\"memory\":\"256Mi\"},"
        "\"requests\":{\"cpu\":\"100m\"}}");
    arena_release(&arena);
}

TEST(a_limit_range_bounds_what_is_asked_for)
{
    const struct there there = {
        "{}", "{'metadata':{'name':'q','namespace':'n'},'spec':{'limits':"
              "[{'type':'Container','min':{'cpu':'100m'},'max':{'cpu':'1'},"
              "'maxLimitRequestRatio':{'cpu':'2'}},{'type':'Pod','max':"
              "{'memory':'1Gi'}}]}}"};

    check_str(admit(there, POD(",'resources':{'limits':{'cpu':'1','memory':"
                               "'1Gi'},'requests':{'cpu':'300m'}}")),
              "pods \"x\" is forbidden: cpu max limit to request ratio per "
              "Container is 2, but provided ratio is 3.333333");
    check_str(admit(there, POD(",'resources':{'limits':{'cpu':'1','memory':"
                               "'2Gi'},'requests':{'cpu':'500m'}}")),
              "pods \"x\" is forbidden: maximum memory usage per Pod is 1Gi, "
              "but limit is 2Gi");
    check_str(admit(there, POD(",'resources':{'limits':{'cpu':'2','memory':"
                               "'1Gi'},'requests':{'cpu':'50m'}}")),
              "pods \"x\" is forbidden: [minimum cpu usage per Container is "
              "100m, but request is 50m, maximum cpu usage per Container is 1, "
              "but limit is 2, cpu max limit to request ratio per Container is "
              "2, but provided ratio is 40.000000]");
    arena_release(&arena);
}

#define SERVICE(spec)                                                          \
    "{'apiVersion':'v1','kind':'Service','metadata':{'name':'x','namespace':"  \
    "'n'},'spec':{" spec "}}"

TEST(what_another_service_has_is_not_given_again)
{
    const struct there there = {"{}", NULL};

    check_has(admit(there, SERVICE("'type':'NodePort','ports':[{'port':1,"
                                   "'nodePort':30123}]")),
              "spec.ports[0].nodePort: Invalid value: 30123: provided port is "
              "already allocated");
    check_has(admit(there, SERVICE("'clusterIP':'10.96.1.7','ports':"
                                   "[{'port':1}]")),
              "spec.clusterIPs: Invalid value: [\"10.96.1.7\"]: failed to "
              "allocate IP 10.96.1.7: provided IP is already allocated");
    check_str(admit(there, SERVICE("'type':'NodePort','ports':[{'port':1,"
                                   "'nodePort':30124}]")),
              "");
    arena_release(&arena);
}
