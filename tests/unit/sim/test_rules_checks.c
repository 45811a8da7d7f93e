/* Strategies, admission and validation; what is expected is what the API
 * server answered to the same objects. */

#include <string.h>

#include "sim/kinds.h"
#include "sim/rules.h"

#include "crd_help.h"

static struct arena arena;

/* One ServiceAccount is all there is. */
static int one_account(void *arg, struct arena *a, const struct gvk *gvk,
                       const struct object_key *key, struct value **ret,
                       struct failure *f)
{
    (void)arg, (void)f;
    *ret = strcmp(gvk->kind, "ServiceAccount") == 0 &&
                   strcmp(key->name, "default") == 0
               ? value_object(a)
               : NULL;
    return 0;
}

static uint64_t seven(void *arg)
{
    (void)arg;
    return 7;
}

static const struct rules_world world = {
    .get = one_account, .random = seven, .unix_now = 1700000000};

struct asked {
    struct value *object;
    struct failure f;
    const char *causes; /* "reason field" lines */
};

static const char *causes_of(const struct failure *f)
{
    struct str text;
    const char *copy;

    str_init(&text, 0);
    for (size_t i = 0; i < f->cause_count; i++)
        str_addf(&text, "%s%s %s", i ? "\n" : "",
                 f->causes[i].reason + strlen("FieldValue"),
                 f->causes[i].field);
    copy = arena_strdup(&arena, str_text(&text));
    str_release(&text);
    return copy ? copy : "";
}

static int run(struct rules_call *c, struct value *object, struct value *old,
               struct failure *f)
{
    if (rules_decode(c, object, NULL, f) < 0 ||
        rules_default(c, object, f) < 0 || rules_admit(c, object, old, f) < 0)
        return -1;
    if (old ? rules_prepare_update(c, object, old, f) < 0
            : rules_prepare_create(c, object, f) < 0)
        return -1;
    return rules_validate(c, object, old, f);
}

/* Through all steps, as a request goes; `old` NULL: it is created. */
static struct asked ask(const char *text, const char *old,
                        const char *subresource)
{
    struct kinds *k = kinds_new();
    struct asked r = {.object = quoted(&arena, text)};
    struct value *was = old ? quoted(&arena, old) : NULL;
    struct rules_call c = {
        .subresource = subresource, .world = &world, .a = &arena};

    failure_init(&r.f, &arena);
    c.kind = kinds_find_kind(k, value_text_at(r.object, "apiVersion"),
                             value_text_at(r.object, "kind"));
    if (was && (rules_decode(&c, was, NULL, &r.f) < 0 ||
                rules_default(&c, was, &r.f) < 0))
        check(false);
    run(&c, r.object, was, &r.f);
    r.causes = causes_of(&r.f);
    kinds_free(k);
    return r;
}

static struct asked create(const char *text)
{
    return ask(text, NULL, "");
}

static void done(void)
{
    arena_release(&arena);
}

#define META "'metadata':{'name':'x','namespace':'default','uid':'u'}"
#define TEMPLATE                                                               \
    "'template':{'metadata':{'labels':{'app':'a'}},'spec':{'containers':"      \
    "[{'name':'c','image':'i'}]}}"

TEST(a_range_limits_what_there_is)
{
    struct asked r = create(
        "{'apiVersion':'v1','kind':'LimitRange'," META ",'spec':{'limits':["
        "{'max':{'cpu':'1'}},{'type':'text'},{'type':'Container','min':{"
        "'Name':'1'}},{'type':'PersistentVolumeClaim'},{'type':'a.b/c',"
        "'max':{'what':'1'}}]}}");

    check_str(r.causes, "Invalid spec.limits[0].type\n"
                        "Invalid spec.limits[0].type\n"
                        "Invalid spec.limits[1].type\n"
                        "Invalid spec.limits[2].min[Name]\n"
                        "Invalid spec.limits[2].min[Name]\n"
                        "Invalid spec.limits[2].defaultRequest[Name]\n"
                        "Invalid spec.limits[2].defaultRequest[Name]\n"
                        "Required spec.limits[3].limits\n"
                        "Invalid spec.limits[4].max[what]");
    done();
}

TEST(a_condition_of_a_pod_has_a_type)
{
    static const char *const was =
        "{'apiVersion':'v1','kind':'Pod'," META ",'spec':{'containers':[{"
        "'name':'c','image':'i'}]}}";

    check_str(ask("{'apiVersion':'v1','kind':'Pod'," META ",'spec':{"
                  "'containers':[{'name':'c','image':'i'}]},'status':{"
                  "'conditions':[{'type':'Ready','status':'True'},{'type':"
                  "'a b','status':'True'}]}}",
                  was, "status")
                  .causes,
              "Invalid status.conditions[1].Type");
    done();
}

TEST(an_event_may_have_any_name)
{
    check_str(create("{'apiVersion':'v1','kind':'Event','metadata':{'name':"
                     "'A_b.','namespace':'default'}}")
                  .causes,
              "");
    check_str(create("{'apiVersion':'v1','kind':'Event','metadata':{'name':"
                     "'a/b','namespace':'default'}}")
                  .causes,
              "Invalid metadata.name");
    check_str(create("{'apiVersion':'v1','kind':'Event','metadata':{'namespace'"
                     ":'elsewhere'}}")
                  .causes,
              "Invalid involvedObject.namespace");
    done();
}

TEST(a_deployment_selects_its_own_pods)
{
    struct asked r =
        create("{'apiVersion':'apps/v1','kind':'Deployment'," META "}");

    check_str(r.causes, "Required spec.selector\n"
                        "Invalid spec.template.metadata.labels\n"
                        "Required spec.template.spec.containers");
    r = create("{'apiVersion':'apps/v1','kind':'Deployment'," META
               ",'spec':{'selector':{}," TEMPLATE "}}");
    check_str(r.causes, "Invalid spec.selector");
    r = create("{'apiVersion':'apps/v1','kind':'Deployment'," META
               ",'spec':{'selector':{'matchLabels':{'app':'b'}}," TEMPLATE
               "}}");
    check_str(r.causes, "Invalid spec.template.metadata.labels");
    done();
}

#define NOTED_DEPLOYMENT(annotations, replicas)                                \
    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{" annotations     \
    "'name':'x','namespace':'default','uid':'u','generation':4},'spec':{"      \
    "'replicas':" replicas ",'selector':{'matchLabels':{'app':'a'}}," TEMPLATE \
    "},'status':{'replicas':2}}"
#define DEPLOYMENT(replicas) NOTED_DEPLOYMENT("", replicas)
#define NOTED(annotations) NOTED_DEPLOYMENT(annotations, "2")

TEST(what_counts_a_generation_up_and_what_a_write_leaves_alone)
{
    struct asked r = ask(DEPLOYMENT("3"), DEPLOYMENT("2"), "");

    check_str(r.causes, "");
    check_int(value_int_at(r.object, "metadata.generation", 0), 5);
    r = ask(DEPLOYMENT("2"), DEPLOYMENT("2"), "");
    check_int(value_int_at(r.object, "metadata.generation", 0), 4);
    r = ask(DEPLOYMENT("9"), DEPLOYMENT("2"), "status");
    check_int(value_int_at(r.object, "spec.replicas", 0), 2);
    check_int(value_int_at(r.object, "metadata.generation", 0), 4);
    r = create(DEPLOYMENT("2"));
    check_int(value_int_at(r.object, "metadata.generation", 0), 1);
    check_str(printed(&arena, value_get(r.object, "status")), "{}");
    done();
}

TEST(an_annotation_without_a_text_counts_a_generation_up)
{
    struct asked r = ask(NOTED("'annotations':{'x/note':''},"), NOTED(""), "");

    check_str(r.causes, "");
    check_int(value_int_at(r.object, "metadata.generation", 0), 5);
    r = ask(NOTED(""), NOTED("'annotations':{'x/note':''},"), "");
    check_int(value_int_at(r.object, "metadata.generation", 0), 5);
    r = ask(NOTED("'annotations':{},"), NOTED(""), "");
    check_int(value_int_at(r.object, "metadata.generation", 0), 4);
    done();
}

TEST(a_pod_is_admitted_with_an_account_and_tolerations)
{
    struct asked r = create("{'apiVersion':'v1','kind':'Pod'," META
                            ",'spec':{'containers':[{'name':'c','image':'i'}]"
                            "}}");

    check_int(r.f.code, 0);
    check_str(value_text_at(r.object, "spec.serviceAccountName"), "default");
    check_str(value_text_at(r.object, "spec.serviceAccount"), "default");
    check_int(value_int_at(r.object, "spec.priority", -1), 0);
    check_int(value_path(r.object, "spec.tolerations")->count, 2);
    check_int(value_path(r.object, "spec.volumes")->count, 1);
    check_str(value_text_at(r.object, "status.qosClass"), "BestEffort");
    check_str(value_text_at(r.object, "status.phase"), "Pending");
    r = create("{'apiVersion':'v1','kind':'Pod'," META
               ",'spec':{'serviceAccountName':'none','containers':[]}}");
    check_int(r.f.code, 403);
    check_has(r.f.message, "serviceaccount \"none\" not found");
    done();
}

TEST(containers_are_judged_field_by_field)
{
    struct asked r = create(
        "{'apiVersion':'v1','kind':'Pod'," META
        ",'spec':{'automountServiceAccountToken':false,'containers':[{'name':"
        "'c','image':'','ports':[{'containerPort':70000,'name':'A'}],'env':"
        "[{'name':''}],'volumeMounts':[{'name':'z','mountPath':'/a'}],"
        "'resources':{'limits':{'cpu':'1'},'requests':{'cpu':'2'}},"
        "'livenessProbe':{}}]}}");

    check_str(r.causes, "Required spec.containers[0].image\n"
                        "Invalid spec.containers[0].ports[0].name\n"
                        "Invalid spec.containers[0].ports[0].name\n"
                        "Invalid spec.containers[0].ports[0].containerPort\n"
                        "Required spec.containers[0].env[0].name\n"
                        "NotFound spec.containers[0].volumeMounts[0].name\n"
                        "Invalid spec.containers[0].resources.requests\n"
                        "Required spec.containers[0].livenessProbe");
    done();
}

TEST(a_job_is_labelled_with_its_uid)
{
    struct asked r = create(
        "{'apiVersion':'batch/v1','kind':'Job'," META
        ",'spec':{'template':{'spec':{'restartPolicy':'Never','containers':"
        "[{'name':'c','image':'i'}]}}}}");

    check_str(r.causes, "");
    check_str(
        printed(&arena, value_path(r.object, "spec.selector")),
        "{\"matchLabels\":{\"batch.kubernetes.io/controller-uid\":\"u\"}}");
    check_str(
        printed(&arena, value_path(r.object, "spec.template.metadata.labels")),
        "{\"batch.kubernetes.io/controller-uid\":\"u\","
        "\"batch.kubernetes.io/job-name\":\"x\","
        "\"controller-uid\":\"u\",\"job-name\":\"x\"}");
    r = create("{'apiVersion':'batch/v1','kind':'Job'," META
               ",'spec':{'template':{'spec':{'containers':[{'name':'c',"
               "'image':'i'}]}}}}");
    check_str(r.causes, "Required spec.template.spec.restartPolicy");
    done();
}

static const char *schedule(const char *text)
{
    char *json = arena_printf(
        &arena,
        "{'apiVersion':'batch/v1','kind':'CronJob'," META
        ",'spec':{'schedule':'%s','jobTemplate':{'spec':{'template':{'spec':"
        "{'restartPolicy':'Never','containers':[{'name':'c','image':'i'}]}}}}"
        "}}",
        text);

    return create(json).causes;
}

TEST(schedules_are_read_as_cron_does)
{
    static const char *const right[] = {
        "@hourly",      "@every 5m",
        "0 0 31 2 *",   "0-10/2 1,2,3 * jan-mar mon-fri",
        "5/15 * * * *", "0 0 ? * ?"};
    static const char *const wrong[] = {
        "@foo",        "* * * *",   "* * * * * *", "61 * * * *",
        "*/0 * * * *", "0 0 * * 7", "a b c d e"};

    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        check_str(schedule(right[i]), "");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        check_str(schedule(wrong[i]), "Invalid spec.schedule");
    done();
}

#define SERVICE(type)                                                          \
    "{'apiVersion':'v1','kind':'Service'," META ",'spec':{'type':'" type       \
    "','ports':[{'port':80}]}}"

TEST(a_service_gets_what_its_type_wants)
{
    struct asked r = create(SERVICE("NodePort"));

    check_str(r.causes, "");
    check(value_text_at(r.object, "spec.clusterIP"));
    check(value_int_at(value_path(r.object, "spec.ports")->as.items[0],
                       "nodePort", 0) >= 30000);
    check_str(value_text_at(r.object, "spec.externalTrafficPolicy"), "Cluster");
    check_str(value_text_at(r.object, "spec.ipFamilyPolicy"), "SingleStack");
    r = create(SERVICE("X"));
    check_str(r.causes, "NotSupported spec.type");
    r = create("{'apiVersion':'v1','kind':'Service'," META "}");
    check_str(r.causes, "Required spec.ports");
    done();
}

TEST(what_is_immutable_stays)
{
    struct asked r =
        ask("{'apiVersion':'v1','kind':'Secret'," META ",'type':'x/y'}",
            "{'apiVersion':'v1','kind':'Secret'," META "}", "");

    check_str(r.causes, "Invalid type");
    r = ask("{'apiVersion':'v1','kind':'ConfigMap'," META
            ",'immutable':true,'data':{'a':'c'}}",
            "{'apiVersion':'v1','kind':'ConfigMap'," META
            ",'immutable':true,'data':{'a':'b'}}",
            "");
    check_str(r.causes, "Forbidden data");
    r = ask("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x',"
            "'namespace':'default','uid':'other'}}",
            "{'apiVersion':'v1','kind':'ConfigMap'," META "}", "");
    check_int(r.f.code, 409);
    done();
}

TEST(names_labels_and_finalizers_have_their_forms)
{
    struct asked r = create(
        "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'A_b',"
        "'labels':{'a b':'c'},'annotations':{'x y':'z'},'finalizers':['a'],"
        "'ownerReferences':[{'apiVersion':'v1','kind':'K','name':'',"
        "'uid':'u'}]}}");

    check_str(r.causes, "Invalid metadata.name\nInvalid metadata.labels\n"
                        "Invalid metadata.annotations\n"
                        "Invalid metadata.ownerReferences.name\n"
                        "Invalid metadata.finalizers[0]");
    done();
}

TEST(events_and_autoscalers_change_with_their_version)
{
    struct kinds *k = kinds_new();
    struct value *core = quoted(
        &arena, "{'apiVersion':'v1','kind':'Event'," META ",'message':'m',"
                "'count':2,'involvedObject':{'kind':'Pod'}}");
    struct value *scaler = quoted(
        &arena,
        "{'apiVersion':'autoscaling/v1','kind':'HorizontalPodAutoscaler'," META
        ",'spec':{'maxReplicas':3,'targetCPUUtilizationPercentage':50}}");
    struct value *out = NULL, *back = NULL;
    struct failure f;

    failure_init(&f, &arena);
    rules_convert(&arena, kinds_find_kind(k, "events.k8s.io/v1", "Event"), core,
                  &out, &f);
    check_str(value_text_at(out, "note"), "m");
    check_int(value_int_at(out, "deprecatedCount", 0), 2);
    check_str(value_text_at(out, "regarding.kind"), "Pod");
    check(!value_get(out, "message") && !value_get(out, "involvedObject"));
    rules_convert(
        &arena, kinds_find_kind(k, "autoscaling/v2", "HorizontalPodAutoscaler"),
        scaler, &out, &f);
    check_str(printed(&arena, value_path(out, "spec.metrics")),
              "[{\"resource\":{\"name\":\"cpu\",\"target\":"
              "{\"averageUtilization\":50,\"type\":\"Utilization\"}},"
              "\"type\":\"Resource\"}]");
    rules_convert(
        &arena, kinds_find_kind(k, "autoscaling/v1", "HorizontalPodAutoscaler"),
        out, &back, &f);
    check_int(f.code, 0);
    check_int(value_int_at(back, "spec.targetCPUUtilizationPercentage", 0), 50);
    kinds_free(k);
    done();
}

TEST_ALLOC(rules_survive_out_of_memory)
{
    struct kinds *k = kinds_new();
    struct arena a = {0};
    struct value *object =
        quoted(&a, "{'apiVersion':'v1','kind':'Pod'," META
                   ",'spec':{'containers':[{'name':'','image':'i'}]}}");
    struct rules_call c = {.subresource = "", .world = &world, .a = &a};
    struct failure f;
    int rc = -ERR_NOMEM;

    failure_init(&f, &a);
    if (k && object) {
        c.kind = kinds_find_kind(k, "v1", "Pod");
        rc = run(&c, object, NULL, &f);
        if (rc == 0)
            check_int(f.cause_count, 1);
        rc = rc < 0 ? -ERR_NOMEM : 0;
    }
    kinds_free(k);
    arena_release(&a);
    return rc;
}
