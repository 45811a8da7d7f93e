/*
 * rules_forms.c -- what going through the API's internal types changes: two
 *                  names of one thing become one.
 */
#include <string.h>

#include "base/hash.h"
#include "rules_impl.h"

/* The values of stringData, base64, go into data. */
static int merge_string_data(const struct rules_call *c, struct value *object,
                             struct failure *f)
{
    const struct value *texts = value_get(object, "stringData");
    struct value *data;

    if (!value_is(texts, VALUE_OBJECT))
        return 0;
    data = value_make(c->a, object, "data");
    if (!data)
        return failure_nomem(f);
    for (uint32_t i = 0; i < texts->count; i++) {
        const struct value_member *m = &texts->as.members[i];
        struct str code;
        int rc;

        str_init(&code, 0);
        rc = hash_base64_encode(m->value->as.string, m->value->count, &code);
        if (rc == 0)
            rc = value_setn(c->a, data, m->key, m->key_len,
                            value_string(c->a, str_text(&code)));
        str_release(&code);
        if (rc < 0)
            return failure_nomem(f);
    }
    value_unset(object, "stringData");
    return 0;
}

/* serviceAccount is the old name of serviceAccountName. */
static int merge_service_account(const struct rules_call *c, struct value *spec,
                                 struct failure *f)
{
    const char *name = value_text_at(spec, "serviceAccountName");
    const char *old = value_text_at(spec, "serviceAccount");

    if (!name || !*name)
        name = old;
    if (!name)
        return 0;
    if (rules_set_text(c, spec, "serviceAccountName", name, f) < 0)
        return -1;
    return rules_set_text(c, spec, "serviceAccount", name, f);
}

/* podIP is the first of podIPs; it counts when both are there. */
static int merge_pod_ips(const struct rules_call *c, struct value *object,
                         struct failure *f)
{
    struct value *status = value_get(object, "status");
    const struct value *ips = value_get(status, "podIPs");
    const char *ip = value_text_at(status, "podIP");
    const char *first = value_text_at(rules_item(ips, 0), "ip");
    struct value *list, *item;

    if (!ip || !*ip)
        return first ? rules_set_text(c, status, "podIP", first, f) : 0;
    if (first && strcmp(first, ip) == 0)
        return 0;
    list = value_array(c->a);
    item = value_object(c->a);
    if (!list || !item || value_append(c->a, list, item) < 0)
        return failure_nomem(f);
    if (rules_set_text(c, item, "ip", ip, f) < 0)
        return -1;
    return rules_set(c, status, "podIPs", list, f);
}

static int name_claim_kinds(const struct rules_call *c, struct value *object,
                            struct failure *f)
{
    const struct value *claims =
        value_path(object, "spec.volumeClaimTemplates");
    struct value *claim;

    for (size_t i = 0; (claim = rules_item(claims, i)); i++)
        if (rules_set_text(c, claim, "apiVersion", "v1", f) < 0 ||
            rules_set_text(c, claim, "kind", "PersistentVolumeClaim", f) < 0)
            return -1;
    return 0;
}

/* A field of the internal type that is an annotation outside: always there, a
 * number. */
static int settle_template_generation(const struct rules_call *c,
                                      struct value *object, struct failure *f)
{
    static const char key[] = "deprecated.daemonset.template.generation";
    struct value *meta = value_make(c->a, object, "metadata");
    struct value *notes = meta ? value_make(c->a, meta, "annotations") : NULL;
    const char *text = notes ? value_text(value_get(notes, key)) : NULL;
    const char *digits =
        text && (*text == '+' || *text == '-') ? text + 1 : text;
    int64_t number = 0;
    char *canonical;

    if (!notes)
        return failure_nomem(f);
    if (text &&
        (!*digits || !text_to_int64(text + (*text == '+'),
                                    strlen(text) - (*text == '+'), &number)))
        return failure_set(f, 400, "BadRequest",
                           "strconv.ParseInt: parsing \"%s\": invalid syntax",
                           text);
    canonical = arena_printf(c->a, "%lld", (long long)number);
    return canonical ? rules_set_text(c, notes, key, canonical, f)
                     : failure_nomem(f);
}

int rules_settle_forms(const struct rules_call *c, struct value *object,
                       struct failure *f)
{
    const char *pod = rules_pod_spec_path(c->kind);
    struct value *spec = pod ? value_path(object, pod) : NULL;

    if (value_is(spec, VALUE_OBJECT) && merge_service_account(c, spec, f) < 0)
        return -1;
    if (rules_is(c->kind, "", "Secret"))
        return merge_string_data(c, object, f);
    if (rules_is(c->kind, "", "Pod"))
        return merge_pod_ips(c, object, f);
    if (strcmp(c->kind->r.api_version, "autoscaling/v1") == 0 &&
        strcmp(c->kind->r.kind, "HorizontalPodAutoscaler") == 0)
        return rules_settle_scaler(c, object, f);
    if (rules_is(c->kind, "apps", "StatefulSet"))
        return name_claim_kinds(c, object, f);
    if (rules_is(c->kind, "apps", "DaemonSet"))
        return settle_template_generation(c, object, f);
    return 0;
}
