/* Volumes, probes and warnings of pods; what is expected is what the API
 * server answered to the same objects. */

#include <string.h>

#include "sim/kinds.h"
#include "sim/rules.h"

#include "crd_help.h"

static struct arena arena;

static const struct rules_world world = {.unix_now = 1700000000};

/* From decoding to warnings; the causes as "reason field" lines. */
static const char *ask(const char *text, struct value *ret_warnings)
{
    struct kinds *k = kinds_new();
    struct value *object = quoted(&arena, text);
    struct rules_call c = {.subresource = "",
                           .world = &world,
                           .a = &arena,
                           .warnings = ret_warnings};
    struct failure f;
    struct str out;
    const char *copy;

    failure_init(&f, &arena);
    str_init(&out, 0);
    c.kind = kinds_find_kind(k, value_text_at(object, "apiVersion"),
                             value_text_at(object, "kind"));
    check(rules_decode(&c, object, NULL, &f) == 0 &&
          rules_default(&c, object, &f) == 0 &&
          rules_prepare_create(&c, object, &f) == 0 &&
          rules_validate(&c, object, NULL, &f) == 0 &&
          rules_conclude(&c, object, NULL, &f) == 0);
    for (size_t i = 0; i < f.cause_count; i++)
        str_addf(&out, "%s%s %s", i ? "\n" : "",
                 f.causes[i].reason + strlen("FieldValue"), f.causes[i].field);
    copy = arena_strdup(&arena, str_text(&out));
    str_release(&out);
    kinds_free(k);
    return copy ? copy : "";
}

#define SPEC(reason, field) reason " spec.template.spec." field

TEST(one_source_of_a_volume_and_one_handler_are_judged_others_are_too_many)
{
    const char *text =
        "{'apiVersion':'v1','kind':'ReplicationController','metadata':{'n"
        "ame':'x','namespace':'default','uid':'u'},'spec':{'selector':{'a"
        "pp':'a'},'template':{'metadata':{'labels':{'app':'a'}},'spec':{'"
        "volumes':[{'name':'two','emptyDir':{},'downwardAPI':{},'secret':"
        "{}},{'name':'key','secret':{'secretName':'s','items':[{'key':'k'"
        ",'path':'/a/..'},{'path':'..b','mode':512}]}},{'name':'down','do"
        "wnwardAPI':{'items':[{'path':'p','fieldRef':{'fieldPath':'spec.n"
        "odeName'}},{'path':'q','resourceFieldRef':{'resource':'limits.cp"
        "u'}},{'path':'r'}]}},{'name':'all','projected':{'sources':[{'sec"
        "ret':{'name':'s','items':[{'key':'k','path':'k'}]}},{'configMap'"
        ":{'items':[{'key':'k','path':'k'}]}},{'serviceAccountToken':{'pa"
        "th':'/t','expirationSeconds':5}}]}},{'name':'good','hostPath':{'"
        "path':'/a'}},{'name':'good','hostPath':{'path':'/a','type':'Odd'"
        "}}],'containers':[{'name':'c','image':'i','volumeMounts':[{'name"
        "':'two','mountPath':'/a'},{'name':'good','mountPath':'/b'}],'liv"
        "enessProbe':{'exec':{'command':['a']},'grpc':{'port':0},'success"
        "Threshold':2},'readinessProbe':{'httpGet':{'path':'/','port':'ht"
        "tp','httpHeaders':[{'name':'a b'}]},'terminationGracePeriodSecon"
        "ds':0}}]}}}}";
    check_str(ask(text, value_array(&arena)),
              SPEC(
                  "Forbidden",
                  "volumes[0]."
                  "secret") "\n" SPEC("Forbidden",
                                      "volumes[0].downwarAPI") "\n" SPEC("Inval"
                                                                         "id",
                                                                         "volum"
                                                                         "es[1]"
                                                                         ".secr"
                                                                         "et."
                                                                         "items"
                                                                         "[0]."
                                                                         "path") "\n" SPEC("Invalid",
                                                                                           "volumes[1]"
                                                                                           ".secret."
                                                                                           "items[0]."
                                                                                           "path") "\n" SPEC("Required", "volumes[1].secret.items[1].key") "\n" SPEC("Invalid", "volumes[1].secret.items[1].path") "\n" SPEC("Invalid", "volumes[1].secret.items[1].mode") "\n" SPEC("NotSupported", "volumes[2].downwardAPI.fieldRef.fieldPath") "\n" SPEC("Required", "volumes[2].downwardAPI.resourceFieldRef.containerName") "\n" SPEC("Required",
                                                                                                                                                                                                                                                                                                                                                                                                                                           "volumes[2].downwardAPI") "\n" SPEC("Required", "volumes[3].projected.sources[1].configMap.name") "\n" SPEC("Invalid",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "volumes[3].projected") "\n" SPEC("Invalid", "volumes[3].projected.sources[2].serviceAccountToken.expirationSeconds") "\n" SPEC("Invalid", "volumes[3].projected.path") "\n" SPEC("NotSupported", "volumes[5].hostPath.type") "\n" SPEC("Duplicate",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               "volumes[5].name") "\n" SPEC("NotFound", "containers[0].volumeMounts[0].name") "\n" SPEC("Forbidden", "containers[0].livenessProbe.grpc") "\n" SPEC("Invalid",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "containers[0].livenessProbe.successThreshold") "\n" SPEC("Invalid",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "containers[0].readinessProbe.httpGet.httpHeaders") "\n" SPEC("Invalid", "containers[0].readinessProbe.terminationGracePeriodSeconds") "\n" SPEC("Invalid",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              "containers[0].readinessProbe.terminationGracePeriodSeconds"));
    arena_release(&arena);
}

/* The server keeps it as a number and prints it as an annotation. */
TEST(a_daemon_set_always_has_a_template_generation)
{
    struct kinds *k = kinds_new();
    struct value *object =
        quoted(&arena, "{'apiVersion':'apps/v1','kind':'DaemonSet','metadata':{"
                       "'name':'x'}}");
    struct rules_call c = {.kind = kinds_find_kind(k, "apps/v1", "DaemonSet"),
                           .subresource = "",
                           .world = &world,
                           .a = &arena};
    struct failure f;

    failure_init(&f, &arena);
    check(rules_decode(&c, object, NULL, &f) == 0);
    check_str(printed(&arena, value_path(object, "metadata.annotations")),
              "{\"deprecated.daemonset.template.generation\":\"0\"}");
    kinds_free(k);
    arena_release(&arena);
}

TEST(jobs_are_deleted_with_a_warning_when_nothing_says_what_becomes_of_pods)
{
    struct kinds *k = kinds_new();
    struct rules_call c = {.kind = kinds_find_kind(k, "batch/v1", "Job"),
                           .subresource = "",
                           .a = &arena,
                           .warnings = value_array(&arena)};
    struct failure f;

    failure_init(&f, &arena);
    check_int(rules_warn_delete(&c, true, &f), 0);
    check_int(c.warnings->count, 0);
    check_int(rules_warn_delete(&c, false, &f), 0);
    check_int(c.warnings->count, 1);
    kinds_free(k);
    arena_release(&arena);
}
