/*
 * rules_convert_scaler.c -- HorizontalPodAutoscalers between autoscaling/v1 and
 *                           v2 (k8s.io/kubernetes pkg/apis/autoscaling/v1).
 *
 * DESIGN
 *
 * v1 has a field for the CPU alone. All else it keeps in annotations, as texts
 * in the order of Go's structs: metrics as v1 would have them, each with fields
 * of its own; behavior as the server's internal type. One table says what is
 * what in both directions. A text that is no such thing counts for nothing and
 * goes.
 */
#include <strings.h>

#include "rules_convert.h"

#define NOTE(name) "autoscaling.alpha.kubernetes.io/" name
#define NOTE_METRICS NOTE("metrics")
#define NOTE_CURRENT NOTE("current-metrics")
#define NOTE_BEHAVIOR NOTE("behavior")
#define NOTE_CONDITIONS NOTE("conditions")

/* ---- what v1 calls the fields of a metric ---- */

enum part_kind {
    PART_TEXT,     /* always there, "" */
    PART_AMOUNT,   /* always there, "0" */
    PART_MAYBE,    /* an amount or a number */
    PART_SELECTOR, /* of labels */
    PART_OBJECT,   /* a reference to one */
};

struct part {
    const char *first;  /* name in v1 */
    const char *second; /* path in v2; below `target` or `current` with a @ */
    enum part_kind kind;
};

#define PARTS 5
struct source {
    const char *field; /* of a metric, in both versions */
    struct part spec[PARTS], status[PARTS];
};

static const struct source SOURCES[] = {
    {"object",
     {{"target", "describedObject", PART_OBJECT},
      {"metricName", "metric.name", PART_TEXT},
      {"targetValue", "@value", PART_AMOUNT},
      {"selector", "metric.selector", PART_SELECTOR},
      {"averageValue", "@averageValue", PART_MAYBE}},
     {{"target", "describedObject", PART_OBJECT},
      {"metricName", "metric.name", PART_TEXT},
      {"currentValue", "@value", PART_AMOUNT},
      {"selector", "metric.selector", PART_SELECTOR},
      {"averageValue", "@averageValue", PART_MAYBE}}},
    {"pods",
     {{"metricName", "metric.name", PART_TEXT},
      {"targetAverageValue", "@averageValue", PART_AMOUNT},
      {"selector", "metric.selector", PART_SELECTOR}},
     {{"metricName", "metric.name", PART_TEXT},
      {"currentAverageValue", "@averageValue", PART_AMOUNT},
      {"selector", "metric.selector", PART_SELECTOR}}},
    {"resource",
     {{"name", "name", PART_TEXT},
      {"targetAverageUtilization", "@averageUtilization", PART_MAYBE},
      {"targetAverageValue", "@averageValue", PART_MAYBE}},
     {{"name", "name", PART_TEXT},
      {"currentAverageUtilization", "@averageUtilization", PART_MAYBE},
      {"currentAverageValue", "@averageValue", PART_AMOUNT}}},
    {"containerResource",
     {{"name", "name", PART_TEXT},
      {"targetAverageUtilization", "@averageUtilization", PART_MAYBE},
      {"targetAverageValue", "@averageValue", PART_MAYBE},
      {"container", "container", PART_TEXT}},
     {{"name", "name", PART_TEXT},
      {"currentAverageUtilization", "@averageUtilization", PART_MAYBE},
      {"currentAverageValue", "@averageValue", PART_AMOUNT},
      {"container", "container", PART_TEXT}}},
    {"external",
     {{"metricName", "metric.name", PART_TEXT},
      {"metricSelector", "metric.selector", PART_SELECTOR},
      {"targetValue", "@value", PART_MAYBE},
      {"targetAverageValue", "@averageValue", PART_MAYBE}},
     {{"metricName", "metric.name", PART_TEXT},
      {"metricSelector", "metric.selector", PART_SELECTOR},
      {"currentValue", "@value", PART_AMOUNT},
      {"currentAverageValue", "@averageValue", PART_MAYBE}}},
};
#define SOURCE_COUNT (sizeof SOURCES / sizeof SOURCES[0])

static const struct part *parts_of(const struct source *s, bool spec)
{
    return spec ? s->spec : s->status;
}

/* The object that holds the part in v2, and its name there. */
static struct value *holder(const struct value *source, const struct part *p,
                            bool spec, const char **ret_name)
{
    const char *dot = strchr(p->second, '.');

    *ret_name = p->second;
    if (*p->second == '@') {
        *ret_name = p->second + 1;
        return value_get(source, spec ? "target" : "current");
    }
    if (!dot)
        return (struct value *)source;
    *ret_name = dot + 1;
    return value_get(source, "metric");
}

/* ---- texts, in the order of Go's structs ---- */

/* Members of an object, those that are there but for the first `always`. */
static void put_members(struct str *out, const struct value *v,
                        const char *const *names, size_t always)
{
    bool some = false;

    str_addc(out, '{');
    for (size_t i = 0; names[i]; i++) {
        const struct value *member = value_get(v, names[i]);

        if (!member && i >= always)
            continue;
        str_addf(out, "%s\"%s\":", some ? "," : "", names[i]);
        scaler_print_leaf(out, member, "\"\"");
        some = true;
    }
    str_addc(out, '}');
}

static void put_selector(struct str *out, const struct value *v)
{
    static const char *const names[] = {"matchLabels", "matchExpressions",
                                        NULL};

    put_members(out, v, names, 0);
}

static void put_part(struct str *out, const struct part *p,
                     const struct value *v)
{
    static const char *const reference[] = {"kind", "name", "apiVersion", NULL};

    if (p->kind == PART_OBJECT)
        put_members(out, v, reference, 2);
    else if (p->kind == PART_SELECTOR)
        put_selector(out, v);
    else
        scaler_print_leaf(out, v, p->kind == PART_TEXT ? "\"\"" : "\"0\"");
}

static void put_source(struct str *out, const struct source *s,
                       const struct value *v, bool spec)
{
    const struct part *parts = parts_of(s, spec);
    bool some = false;

    str_addf(out, ",\"%s\":{", s->field);
    for (size_t i = 0; i < PARTS && parts[i].first; i++) {
        const struct part *p = &parts[i];
        const char *name;
        const struct value *at = holder(v, p, spec, &name);
        const struct value *member = value_get(at, name);

        if (!member && (p->kind == PART_MAYBE || p->kind == PART_SELECTOR))
            continue;
        str_addf(out, "%s\"%s\":", some ? "," : "", p->first);
        put_part(out, p, member);
        some = true;
    }
    str_addc(out, '}');
}

static void put_metric(struct str *out, const struct value *metric, bool spec)
{
    str_add(out, "{\"type\":");
    scaler_print_leaf(out, value_get(metric, "type"), "\"\"");
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct value *v = value_get(metric, SOURCES[i].field);

        if (v)
            put_source(out, &SOURCES[i], v, spec);
    }
    str_addc(out, '}');
}

/* ---- v2 to v1 ---- */

/* Go writes JSON that may stand in a web page. */
static const char *web_safe(struct arena *a, const struct str *text)
{
    struct str out;
    const char *copy;

    str_init(&out, 0);
    for (const char *at = str_text(text); *at; at++)
        if (*at == '<' || *at == '>' || *at == '&')
            str_addf(&out, "\\u%04x", (unsigned)*at);
        else
            str_addc(&out, *at);
    copy = out.failed ? NULL : arena_strndup(a, str_text(&out), out.len);
    str_release(&out);
    return copy;
}

/* Sets the annotation unless nothing was put; frees the text. */
static int set_note(struct conversion *v, struct value *object,
                    const char *name, struct str *text)
{
    struct value *notes;
    const char *safe;
    int rc = 0;

    if (text->failed)
        rc = failure_nomem(v->f);
    if (rc == 0 && text->len) {
        notes =
            value_make(v->c.a, value_get(object, "metadata"), "annotations");
        safe = web_safe(v->c.a, text);
        rc = notes && safe ? rules_set_text(&v->c, notes, name, safe, v->f)
                           : failure_nomem(v->f);
    }
    str_release(text);
    return rc;
}

static const struct value *cpu_of(const struct value *metric, bool spec)
{
    const struct value *resource = value_get(metric, "resource");

    if (!text_equal(value_text_at(metric, "type"), "Resource") ||
        !text_equal(value_text_at(resource, "name"), "cpu"))
        return NULL;
    return value_path(resource, spec ? "target.averageUtilization"
                                     : "current.averageUtilization");
}

/* The first metric of the CPU becomes the field, what else there is a note. */
static int fold_targets(struct conversion *v, struct value *object)
{
    struct value *spec = value_get(object, "spec");
    const struct value *metrics = value_get(spec, "metrics"), *metric;
    struct str text;

    str_init(&text, 0);
    for (size_t i = 0; (metric = rules_item(metrics, i)); i++) {
        const struct value *cpu = cpu_of(metric, true);

        if (!cpu) {
            str_addc(&text, text.len ? ',' : '[');
            put_metric(&text, metric, true);
        } else if (!value_get(spec, "targetCPUUtilizationPercentage") &&
                   rules_set(&v->c, spec, "targetCPUUtilizationPercentage",
                             (struct value *)cpu, v->f) < 0) {
            str_release(&text);
            return -1;
        }
    }
    str_add(&text, text.len ? "]" : "");
    value_unset(spec, "metrics");
    return set_note(v, object, NOTE_METRICS, &text);
}

/* All of it is noted, that of the CPU too. */
static int fold_current(struct conversion *v, struct value *object)
{
    struct value *status = value_get(object, "status");
    const struct value *metrics = value_get(status, "currentMetrics"), *metric;
    struct str text;
    int rc = 0;

    str_init(&text, 0);
    for (size_t i = 0; rc == 0 && (metric = rules_item(metrics, i)); i++) {
        const struct value *cpu = cpu_of(metric, false);

        str_addc(&text, i ? ',' : '[');
        put_metric(&text, metric, false);
        if (cpu)
            rc = rules_set(&v->c, status, "currentCPUUtilizationPercentage",
                           (struct value *)cpu, v->f);
    }
    str_add(&text, text.len ? "]" : "");
    value_unset(status, "currentMetrics");
    if (rc == 0)
        return set_note(v, object, NOTE_CURRENT, &text);
    str_release(&text);
    return rc;
}

static int fold(struct conversion *v, struct value *object, struct value *part,
                const char *key, const char *name)
{
    const struct value *is = value_get(part, key);
    struct str text;

    if (rules_is_absent(is))
        return 0;
    str_init(&text, 0);
    if (is->type == VALUE_ARRAY)
        scaler_print_conditions(&text, is);
    else
        scaler_print_behavior(&text, is);
    value_unset(part, key);
    return set_note(v, object, name, &text);
}

static void drop_notes(struct value *object)
{
    static const char *const names[] = {NOTE_METRICS, NOTE_CURRENT,
                                        NOTE_BEHAVIOR, NOTE_CONDITIONS};
    struct value *notes = value_path(object, "metadata.annotations");

    if (!notes)
        return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        value_unset(notes, names[i]);
    if (notes->count == 0)
        value_unset(value_get(object, "metadata"), "annotations");
}

int scaler_to_first(struct conversion *v, struct value *object)
{
    struct value *spec = value_get(object, "spec");
    struct value *status = value_get(object, "status");

    drop_notes(object);
    if (fold_targets(v, object) < 0 || fold_current(v, object) < 0)
        return -1;
    if (fold(v, object, spec, "behavior", NOTE_BEHAVIOR) < 0)
        return -1;
    return fold(v, object, status, "conditions", NOTE_CONDITIONS);
}

/* ---- v1 to v2 ---- */

/* The note as a tree of that type; NULL: there is none, or it is none. */
static struct value *read_note(struct conversion *v, const struct value *object,
                               const char *name, enum value_type type)
{
    const char *text =
        value_text(value_get(value_path(object, "metadata.annotations"), name));
    struct value *what;

    if (!text || value_parse(v->c.a, text, strlen(text), &what, NULL) < 0)
        return NULL;
    return value_is(what, type) ? what : NULL;
}

/* Go takes a name in whatever case. */
static struct value *get_any(const struct value *object, const char *name)
{
    for (uint32_t i = 0; value_is(object, VALUE_OBJECT) && i < object->count;
         i++)
        if (strcasecmp(object->as.members[i].key, name) == 0)
            return object->as.members[i].value;
    return NULL;
}

static int take_part(struct conversion *v, struct value *to,
                     const struct part *p, const struct value *from, bool spec)
{
    struct value *is = get_any(from, p->first), *at;
    const char *name;

    if (!is && p->kind == PART_AMOUNT)
        is = value_string(v->c.a, "0");
    if (!is)
        return 0;
    at = holder(to, p, spec, &name);
    return rules_set(&v->c, at, name, is, v->f);
}

static bool is_zero_amount(const struct value *v)
{
    const char *text = value_text(v);

    return !v || (value_is(v, VALUE_INTEGER) && v->as.integer == 0) ||
           (text && strcmp(text, "0") == 0);
}

/* What kind of target it is follows from what is there. */
static int name_target(struct conversion *v, const char *field,
                       struct value *target)
{
    const struct value *average = value_get(target, "averageValue");
    const char *type = "AverageValue";

    if (strcmp(field, "object") == 0) {
        type = average ? type : "Value";
        if (average && is_zero_amount(value_get(target, "value")))
            value_unset(target, "value");
    } else if (strcmp(field, "external") == 0) {
        type = value_get(target, "value") ? "Value" : type;
    } else if (value_get(target, "averageUtilization")) {
        type = "Utilization";
    }
    return rules_set_text(&v->c, target, "type", type, v->f);
}

static int take_source(struct conversion *v, struct value *metric,
                       const struct source *s, const struct value *from,
                       bool spec)
{
    const struct part *parts = parts_of(s, spec);
    struct value *to = value_make(v->c.a, metric, s->field);
    struct value *amounts =
        to ? value_make(v->c.a, to, spec ? "target" : "current") : NULL;

    if (!amounts || (strcmp(parts[0].first, "name") != 0 &&
                     !value_make(v->c.a, to, "metric")))
        return failure_nomem(v->f);
    for (size_t i = 0; i < PARTS && parts[i].first; i++)
        if (take_part(v, to, &parts[i], from, spec) < 0)
            return -1;
    return spec ? name_target(v, s->field, amounts) : 0;
}

/* Metrics as v2 has them, in the place of those that v1 would have. */
static int unfold_metrics(struct conversion *v, struct value *metrics,
                          bool spec)
{
    for (uint32_t i = 0; i < metrics->count; i++) {
        const struct value *from = metrics->as.items[i];
        struct value *to = value_object(v->c.a), *type = get_any(from, "type");

        if (!to || (type && rules_set(&v->c, to, "type", type, v->f) < 0))
            return failure_nomem(v->f);
        for (size_t n = 0; n < SOURCE_COUNT; n++) {
            const struct value *source = get_any(from, SOURCES[n].field);

            if (value_is(source, VALUE_OBJECT) &&
                take_source(v, to, &SOURCES[n], source, spec) < 0)
                return -1;
        }
        metrics->as.items[i] = to;
    }
    return 0;
}

/* {"ScaleUp":{"Policies":[{"Type":..}]}} with small letters, in place. */
static void lower_names(struct value *v)
{
    for (uint32_t i = 0; value_is(v, VALUE_ARRAY) && i < v->count; i++)
        lower_names(v->as.items[i]);
    for (uint32_t i = 0; value_is(v, VALUE_OBJECT) && i < v->count; i++) {
        static const char *const names[] = {
            "scaleUp",  "scaleDown", "stabilizationWindowSeconds",
            "policies", "type",      "selectPolicy",
            "value",    "tolerance", "periodSeconds"};
        struct value_member *m = &v->as.members[i];

        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
            if (strcasecmp(m->key, names[n]) == 0)
                m->key = names[n];
        lower_names(m->value);
    }
}

/* Would v2 take it there? */
static bool fits(struct conversion *v, const char *part, const char *key,
                 const struct value *what)
{
    const struct kind second = {
        .r = {.api_version = "autoscaling/v2",
              .group = "autoscaling",
              .version = "v2",
              .kind = "HorizontalPodAutoscaler"},
        .schema =
            schema_find(NULL, "autoscaling/v2", "HorizontalPodAutoscaler"),
    };
    struct rules_call c = {.kind = &second, .subresource = "", .a = v->c.a};
    struct value *object = value_object(v->c.a);
    struct value *at = object ? value_make(v->c.a, object, part) : NULL;
    struct failure f;

    failure_init(&f, v->c.a);
    return at && value_set(v->c.a, at, key, value_copy(v->c.a, what)) == 0 &&
           rules_decode(&c, object, NULL, &f) == 0;
}

static struct value *cpu_metric(struct conversion *v, struct value *percent,
                                bool spec)
{
    static const char target[] =
        "{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"target\":{"
        "\"type\":\"Utilization\"}}}";
    static const char current[] =
        "{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"current\":{"
        "}}}";
    const char *text = spec ? target : current;
    struct value *metric;

    if (value_parse(v->c.a, text, strlen(text), &metric, NULL) < 0 ||
        value_set(
            v->c.a,
            value_path(metric, spec ? "resource.target" : "resource.current"),
            "averageUtilization", percent) < 0)
        return NULL;
    return metric;
}

/* What was noted, then the CPU; of a state what was noted says it already. */
static int unfold_part(struct conversion *v, struct value *object, bool spec)
{
    const char *name = spec ? "targetCPUUtilizationPercentage"
                            : "currentCPUUtilizationPercentage";
    const char *key = spec ? "metrics" : "currentMetrics";
    struct value *part = value_get(object, spec ? "spec" : "status");
    struct value *percent = value_get(part, name);
    struct value *all =
        read_note(v, object, spec ? NOTE_METRICS : NOTE_CURRENT, VALUE_ARRAY);

    if (all && unfold_metrics(v, all, spec) < 0)
        return -1;
    if (all && !fits(v, spec ? "spec" : "status", key, all))
        all = NULL;
    if (value_is(percent, VALUE_INTEGER) && (spec || !all)) {
        all = all ? all : value_array(v->c.a);
        if (!all || value_append(v->c.a, all, cpu_metric(v, percent, spec)) < 0)
            return failure_nomem(v->f);
    }
    value_unset(part, name);
    return part && all && all->count ? rules_set(&v->c, part, key, all, v->f)
                                     : 0;
}

static int unfold(struct conversion *v, struct value *object, const char *part,
                  const char *key, struct value *what)
{
    struct value *to = value_get(object, part);

    if (!to || !what || !what->count || !fits(v, part, key, what))
        return 0;
    return rules_set(&v->c, to, key, what, v->f);
}

int scaler_to_second(struct conversion *v, struct value *object)
{
    struct value *behavior = read_note(v, object, NOTE_BEHAVIOR, VALUE_OBJECT);
    struct value *conditions =
        read_note(v, object, NOTE_CONDITIONS, VALUE_ARRAY);

    lower_names(behavior);
    if (unfold_part(v, object, true) < 0 || unfold_part(v, object, false) < 0 ||
        unfold(v, object, "spec", "behavior", behavior) < 0 ||
        unfold(v, object, "status", "conditions", conditions) < 0)
        return -1;
    drop_notes(object);
    return 0;
}

int rules_settle_scaler(const struct rules_call *c, struct value *object,
                        struct failure *f)
{
    struct conversion v = {.c = *c, .f = f};

    return scaler_to_second(&v, object) < 0 ? -1 : scaler_to_first(&v, object);
}
