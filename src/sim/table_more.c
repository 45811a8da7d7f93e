/*
 * table_more.c -- cells of events, jobs, volumes, quotas, autoscalers and role
 *                 bindings.
 */
#include "table_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct value *list_at(const struct value *object, const char *path)
{
    static const struct value none = {.type = VALUE_ARRAY};
    const struct value *v = value_path(object, path);

    return value_is(v, VALUE_ARRAY) ? v : &none;
}

/* ---- events, of both groups ---- */

struct value *cell_event_first(const struct row *r, const struct column *c)
{
    (void)c;
    return row_age(
        r, row_at(r, "firstTimestamp|deprecatedFirstTimestamp|eventTime"));
}

struct value *cell_event_last(const struct row *r, const struct column *c)
{
    const struct value *last =
        row_at(r, "series.lastObservedTime|lastTimestamp|"
                  "deprecatedLastTimestamp");

    return last ? row_age(r, last) : cell_event_first(r, c);
}

struct value *cell_event_object(const struct row *r, const struct column *c)
{
    const struct value *of = row_at(r, "involvedObject|regarding");
    const char *name = row_text(of, "name");
    struct str text;

    (void)c;
    str_init(&text, 0);
    for (const char *kind = row_text(of, "kind"); *kind; kind++)
        str_addc(&text, (char)tolower((unsigned char)*kind));
    if (*name)
        str_addf(&text, "/%s", name);
    return cell_take(r->a, &text);
}

struct value *cell_event_source(const struct row *r, const struct column *c)
{
    const struct value *component =
        row_at(r, "source.component|deprecatedSource.component|"
                  "reportingComponent|reportingController");
    const struct value *host =
        row_at(r, "source.host|deprecatedSource.host|reportingInstance");
    struct str text;

    (void)c;
    str_init(&text, 0);
    str_add(&text, value_text(component) ? value_text(component) : "");
    if (value_text(host) && *value_text(host))
        str_addf(&text, ", %s", value_text(host));
    return cell_take(r->a, &text);
}

struct value *cell_event_message(const struct row *r, const struct column *c)
{
    const char *text = value_text(row_at(r, "message|note"));
    size_t len = text ? strlen(text) : 0;

    (void)c;
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    while (len && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    return value_stringn(r->a, len ? text : "", len);
}

struct value *cell_event_count(const struct row *r, const struct column *c)
{
    const struct value *count = row_at(r, "series.count|count|deprecatedCount");

    (void)c;
    return value_integer(r->a,
                         value_is(count, VALUE_INTEGER) && count->as.integer
                             ? count->as.integer
                             : 1);
}

/* ---- jobs ---- */

static bool has_condition(const struct row *r, const char *type)
{
    const struct value *all = list_at(r->object, "status.conditions");

    for (uint32_t i = 0; i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "type"), type))
            return text_equal(value_text_at(all->as.items[i], "status"),
                              "True");
    return false;
}

struct value *cell_job_status(const struct row *r, const struct column *c)
{
    static const char *const later[] = {"Suspended", "FailureTarget",
                                        "SuccessCriteriaMet"};

    (void)c;
    if (has_condition(r, "Complete"))
        return value_string(r->a, "Complete");
    if (has_condition(r, "Failed"))
        return value_string(r->a, "Failed");
    if (row_at(r, "metadata.deletionTimestamp"))
        return value_string(r->a, "Terminating");
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
        if (has_condition(r, later[i]))
            return value_string(r->a, later[i]);
    return value_string(r->a, "Running");
}

struct value *cell_job_completions(const struct row *r, const struct column *c)
{
    const struct value *wanted = row_at(r, "spec.completions");
    long long done = row_int(r->object, "status.succeeded");
    long long parallel = row_int(r->object, "spec.parallelism");
    struct str text;

    (void)c;
    str_init(&text, 0);
    str_addf(&text, "%lld/%lld", done,
             value_is(wanted, VALUE_INTEGER) ? (long long)wanted->as.integer
                                             : 1LL);
    if (!wanted && parallel > 1)
        str_addf(&text, " of %lld", parallel);
    return cell_take(r->a, &text);
}

struct value *cell_job_duration(const struct row *r, const struct column *c)
{
    const char *start = value_text_at(r->object, "status.startTime");
    const char *end = value_text_at(r->object, "status.completionTime");
    int64_t from, to = r->unix_now;

    (void)c;
    if (!start || !text_parse_rfc3339(start, &from) ||
        (end && !text_parse_rfc3339(end, &to)))
        return value_string(r->a, "");
    return cell_duration(r->a, to - from);
}

/* ---- data and volumes ---- */

struct value *cell_data_count(const struct row *r, const struct column *c)
{
    const struct value *data = row_at(r, "data");
    const struct value *binary = row_at(r, "binaryData");

    (void)c;
    return value_integer(r->a, (int64_t)(data ? data->count : 0) +
                                   (binary ? binary->count : 0));
}

/* A claim shows what it got, so nothing until it is bound. */
struct value *cell_access_modes(const struct row *r, const struct column *c)
{
    static const char *const modes[][2] = {{"ReadWriteOnce", "RWO"},
                                           {"ReadOnlyMany", "ROX"},
                                           {"ReadWriteMany", "RWX"},
                                           {"ReadWriteOncePod", "RWOP"}};
    const struct value *all = list_at(r->object, c->path);
    struct str text;

    str_init(&text, 0);
    for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++)
        for (uint32_t i = 0; i < all->count; i++)
            if (text_equal(value_text(all->as.items[i]), modes[m][0])) {
                str_addf(&text, "%s%s", text.len ? "," : "", modes[m][1]);
                break;
            }
    return cell_take(r->a, &text);
}

/* What a claim has it has of its volume. */
static bool has_volume(const struct row *r)
{
    const char *name = value_text_at(r->object, "spec.volumeName");

    return name && *name;
}

struct value *cell_claim_capacity(const struct row *r, const struct column *c)
{
    struct column own = *c;

    own.otherwise = "0";
    return has_volume(r) ? cell_text(r, &own) : value_string(r->a, "");
}

struct value *cell_claim_modes(const struct row *r, const struct column *c)
{
    return has_volume(r) ? cell_access_modes(r, c) : value_string(r->a, "");
}

struct value *cell_volume_class(const struct row *r, const struct column *c)
{
    const struct value *old =
        value_get(row_at(r, "metadata.annotations"),
                  "volume.beta.kubernetes.io/storage-class");

    (void)c;
    if (value_text(old))
        return value_string(r->a, value_text(old));
    return value_string(r->a, row_text(r->object, "spec.storageClassName"));
}

struct value *cell_claim(const struct row *r, const struct column *c)
{
    const struct value *ref = row_at(r, "spec.claimRef");
    struct str text;

    (void)c;
    str_init(&text, 0);
    if (ref)
        str_addf(&text, "%s/%s", row_text(ref, "namespace"),
                 row_text(ref, "name"));
    return cell_take(r->a, &text);
}

/* ---- quotas ---- */

static int by_key(const void *x, const void *y)
{
    const struct value_member *const *l = x, *const *r = y;

    return strcmp((*l)->key, (*r)->key);
}

/* Requests are whatever is no limit. */
struct value *cell_quota(const struct row *r, const struct column *c)
{
    const struct value *hard = row_at(r, "status.hard");
    const struct value *used = row_at(r, "status.used");
    uint32_t count = value_is(hard, VALUE_OBJECT) ? hard->count : 0;
    const struct value_member **m = arena_alloc(r->a, (count + 1) * sizeof(*m));
    bool limits = text_equal(c->path, "limits");
    struct str text;

    if (!m)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        m[i] = &hard->as.members[i];
    qsort(m, count, sizeof(*m), by_key);
    str_init(&text, 0);
    for (uint32_t i = 0; i < count; i++) {
        const char *is = value_text(value_get(used, m[i]->key));

        if (text_starts(m[i]->key, "limits.") == limits)
            str_addf(&text, "%s%s: %s/%s", text.len ? ", " : "", m[i]->key,
                     is ? is : "0", value_text(m[i]->value));
    }
    return cell_take(r->a, &text);
}

/* ---- autoscalers ---- */

struct metric {
    const char *type, *member, *named; /* named: where its name is, or NULL */
};

static const char *value_or(struct arena *a, const struct value *v,
                            const char *path)
{
    const struct value *at = value_path(v, path);

    if (value_text(at))
        return value_text(at);
    if (value_is(at, VALUE_INTEGER))
        return arena_printf(a, "%lld%%", (long long)at->as.integer);
    return NULL;
}

static const struct metric *metric_of(const struct value *spec)
{
    static const struct metric all[] = {
        {"External", "external", NULL},
        {"Pods", "pods", NULL},
        {"Object", "object", NULL},
        {"Resource", "resource", "name"},
        {"ContainerResource", "containerResource", "name"},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (text_equal(value_text_at(spec, "type"), all[i].type))
            return &all[i];
    return NULL;
}

/* "cpu: 20%/80%" */
static void add_metric(const struct row *r, const struct value *spec,
                       const struct value *status, struct str *out)
{
    const struct metric *m = metric_of(spec);
    const struct value *target, *current;
    const char *want, *have, *suffix = "";

    if (!m) {
        str_add(out, "<unknown type>");
        return;
    }
    target = value_get(value_get(spec, m->member), "target");
    current = value_get(value_get(status, m->member), "current");
    want = value_or(r->a, target, "averageValue");
    have = value_or(r->a, current, "averageValue");
    if (want && !m->named && !text_equal(m->type, "Pods"))
        suffix = " (avg)";
    if (!want) {
        want =
            value_or(r->a, target, m->named ? "averageUtilization" : "value");
        have =
            value_or(r->a, current, m->named ? "averageUtilization" : "value");
    }
    if (m->named)
        str_addf(out, "%s: ", row_text(value_get(spec, m->member), m->named));
    str_addf(out, "%s/%s%s", have ? have : "<unknown>", want ? want : "<auto>",
             suffix);
}

/* autoscaling/v1 knows a share of the CPU and nothing else. */
static struct value *cpu_metric(const struct row *r)
{
    const char *want =
        value_or(r->a, r->object, "spec.targetCPUUtilizationPercentage");
    const char *have =
        value_or(r->a, r->object, "status.currentCPUUtilizationPercentage");
    struct str text;

    if (!want)
        return value_string(r->a, "<none>");
    str_init(&text, 0);
    str_addf(&text, "cpu: %s/%s", have ? have : "<unknown>", want);
    return cell_take(r->a, &text);
}

struct value *cell_metrics(const struct row *r, const struct column *c)
{
    const struct value *specs = list_at(r->object, "spec.metrics");
    const struct value *now = list_at(r->object, "status.currentMetrics");
    struct str text;

    (void)c;
    if (specs->count == 0)
        return cpu_metric(r);
    str_init(&text, 0);
    for (uint32_t i = 0; i < specs->count && i < 2; i++) {
        str_add(&text, i ? ", " : "");
        add_metric(r, specs->as.items[i],
                   i < now->count ? now->as.items[i] : NULL, &text);
    }
    if (specs->count > 2)
        str_addf(&text, " + %u more...", specs->count - 2);
    return cell_take(r->a, &text);
}

/* ---- roles and owners ---- */

struct value *cell_subjects(const struct row *r, const struct column *c)
{
    const struct value *all = list_at(r->object, "subjects");
    struct str text;

    str_init(&text, 0);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct value *s = all->as.items[i];

        if (!text_equal(value_text_at(s, "kind"), c->path))
            continue;
        str_add(&text, text.len ? ", " : "");
        if (text_equal(c->path, "ServiceAccount"))
            str_addf(&text, "%s/", row_text(s, "namespace"));
        str_add(&text, row_text(s, "name"));
    }
    return cell_take(r->a, &text);
}

/* "deployment.apps/web" */
struct value *cell_controller(const struct row *r, const struct column *c)
{
    const struct value *all = list_at(r->object, "metadata.ownerReferences");
    const struct value *owner = NULL;
    char group[128] = "";
    struct str text;

    (void)c;
    for (uint32_t i = 0; i < all->count && !owner; i++)
        if (value_bool_at(all->as.items[i], "controller", false))
            owner = all->as.items[i];
    if (!owner)
        return value_string(r->a, "<none>");
    gvk_group(row_text(owner, "apiVersion"), group, sizeof(group));
    str_init(&text, 0);
    for (const char *kind = row_text(owner, "kind"); *kind; kind++)
        str_addc(&text, (char)tolower((unsigned char)*kind));
    str_addf(&text, "%s%s/%s", *group ? "." : "", group,
             row_text(owner, "name"));
    return cell_take(r->a, &text);
}
