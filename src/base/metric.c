/*
 * metric.c -- see metric.h for the contract.
 *
 * DESIGN
 *
 * A metric is a map from its label values, each ended by a NUL, to a series. A
 * histogram's series has a cell for each bucket, counted once for the bucket a
 * value falls into; the text wants sums from the left, made when it is printed.
 */
#include "base/metric.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"

#define OTHER "(other)"

struct series {
    double value; /* of a histogram: the sum */
    uint64_t count;
    const char *values[METRIC_MAX_LABELS]; /* in `text` */
    uint64_t *buckets;                     /* NULL: no histogram */
    char *text;
};

struct metric {
    const struct metric_info *info;
    size_t label_count;
    struct map *series;
    struct metric *next;
};

struct metrics {
    struct metric *first, **last;
    size_t count;
};

/* ---- life ---- */

struct metrics *metrics_new(void)
{
    struct metrics *m = mem_calloc(1, sizeof *m);

    if (m)
        m->last = &m->first;
    return m;
}

static void series_free(struct series *s)
{
    if (!s)
        return;
    mem_free(s->buckets);
    mem_free(s->text);
    mem_free(s);
}

static void metric_free(struct metric *m)
{
    const char *key;
    size_t len;
    void *s;

    for (size_t it = 0; m->series && map_next(m->series, &it, &key, &len, &s);)
        series_free(s);
    map_free(m->series);
    mem_free(m);
}

void metrics_free(struct metrics *m)
{
    struct metric *next;

    for (struct metric *it = m ? m->first : NULL; it; it = next) {
        next = it->next;
        metric_free(it);
    }
    mem_free(m);
}

static size_t count_labels(const struct metric_info *info)
{
    size_t n = 0;

    while (info->labels && info->labels[n])
        n++;
    assert(n <= METRIC_MAX_LABELS);
    return n;
}

struct metric *metrics_add(struct metrics *all, const struct metric_info *info)
{
    struct metric *m = all ? mem_calloc(1, sizeof *m) : NULL;

    if (!m)
        return NULL;
    assert((info->type == METRIC_COUNTER) == text_ends(info->name, "_total"));
    m->info = info;
    m->label_count = count_labels(info);
    m->series = map_new();
    if (!m->series) {
        metric_free(m);
        return NULL;
    }
    *all->last = m;
    all->last = &m->next;
    all->count++;
    return m;
}

/* ---- series ---- */

static int key_of(const struct metric *m, const char *const *values,
                  struct str *out)
{
    for (size_t i = 0; i < m->label_count; i++)
        str_addn(out, values[i], strlen(values[i]) + 1);
    return out->failed ? -(int)out->failed : 0;
}

static struct series *series_new(const struct metric *m, struct str *key)
{
    struct series *s = mem_calloc(1, sizeof *s);
    const char *at;

    if (!s)
        return NULL;
    str_addc(key, '\0'); /* a text also where there are no labels */
    s->text = str_take(key);
    if (m->info->type == METRIC_HISTOGRAM)
        s->buckets = mem_calloc(m->info->bucket_count + 1, sizeof *s->buckets);
    if (!s->text || (m->info->type == METRIC_HISTOGRAM && !s->buckets)) {
        series_free(s);
        return NULL;
    }
    at = s->text;
    for (size_t i = 0; i < m->label_count; i++) {
        s->values[i] = at;
        at += strlen(at) + 1;
    }
    return s;
}

/* The series with that key, made when it is missing; takes the key's text. */
static struct series *get_series(struct metric *m, struct str *key)
{
    size_t len = key->len;
    const char *text = str_text(key);
    struct series *s = map_get(m->series, text, len);

    if (s)
        return s;
    s = series_new(m, key);
    if (s && map_put(m->series, s->text, len, s, NULL) < 0) {
        series_free(s);
        return NULL;
    }
    return s;
}

static bool is_full(const struct metric *m)
{
    size_t max = m->info->max_series ? m->info->max_series : METRIC_MAX_SERIES;

    return map_count(m->series) >= max;
}

/* NULL on out of memory. */
static struct series *find_or_make(struct metric *m, const char *const *values)
{
    static const char *const other[METRIC_MAX_LABELS] = {OTHER, OTHER, OTHER,
                                                         OTHER};
    struct series *s = NULL;
    struct str key = {0};

    if (!m)
        return NULL;
    if (key_of(m, values, &key) == 0) {
        s = map_get(m->series, str_text(&key), key.len);
        if (!s && is_full(m)) {
            str_clear(&key);
            key_of(m, other, &key);
        }
        if (!s && !key.failed)
            s = get_series(m, &key);
    }
    str_release(&key);
    return s;
}

void metric_add(struct metric *m, const char *const *values, double by)
{
    struct series *s = find_or_make(m, values);

    if (s)
        s->value += by;
}

void metric_set(struct metric *m, const char *const *values, double to)
{
    struct series *s = find_or_make(m, values);

    if (s)
        s->value = to;
}

void metric_observe(struct metric *m, const char *const *values, double value)
{
    struct series *s = find_or_make(m, values);
    size_t i = 0;

    if (!s)
        return;
    while (i < m->info->bucket_count && value > m->info->buckets[i])
        i++;
    s->buckets[i]++;
    s->count++;
    s->value += value;
}

void metric_remove(struct metric *m, const char *const *values)
{
    struct str key = {0};

    if (m && key_of(m, values, &key) == 0)
        series_free(map_remove(m->series, str_text(&key), key.len));
    str_release(&key);
}

double metric_get(const struct metric *m, const char *const *values)
{
    struct str key = {0};
    const struct series *s = NULL;

    if (m && key_of(m, values, &key) == 0)
        s = map_get(m->series, str_text(&key), key.len);
    str_release(&key);
    if (!s)
        return 0;
    return s->buckets ? (double)s->count : s->value;
}

/* ---- text ---- */

struct printing {
    struct str *out;
    bool open; /* OpenMetrics */
};

/* Both formats escape backslash and new line; quotes where they would end the
 * text. */
static void add_escaped(struct str *out, const char *text, bool quotes)
{
    for (; *text; text++) {
        if (*text == '\n')
            str_add(out, "\\n");
        else if (*text == '\\' || (quotes && *text == '"'))
            str_addf(out, "\\%c", *text);
        else
            str_addc(out, *text);
    }
}

static void add_number(struct str *out, double value)
{
    if (value != value)
        str_add(out, "NaN");
    else if (value - value != 0)
        str_add(out, value > 0 ? "+Inf" : "-Inf");
    else
        json_write_double(out, value);
}

/* OpenMetrics wants the bounds of buckets as floats: "1.0". */
static void add_bound(const struct printing *p, double bound)
{
    add_number(p->out, bound);
    if (p->open && bound < 1e15 && bound == (double)(int64_t)bound)
        str_add(p->out, ".0");
}

/* name{a="x",b="y"} without its end, so that a bucket can add its bound. */
static void add_head(const struct printing *p, const struct metric *m,
                     const char *suffix, const struct series *s)
{
    str_addf(p->out, "%s%s", m->info->name, suffix);
    for (size_t i = 0; i < m->label_count; i++) {
        str_addf(p->out, "%c%s=\"", i ? ',' : '{', m->info->labels[i]);
        add_escaped(p->out, s->values[i], true);
        str_addc(p->out, '"');
    }
}

static void add_sample(const struct printing *p, const struct metric *m,
                       const char *suffix, const struct series *s)
{
    add_head(p, m, suffix, s);
    str_add(p->out, m->label_count ? "} " : " ");
}

static void add_buckets(const struct printing *p, const struct metric *m,
                        const struct series *s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i <= m->info->bucket_count; i++) {
        sum += s->buckets[i];
        add_head(p, m, "_bucket", s);
        str_addf(p->out, "%cle=\"", m->label_count ? ',' : '{');
        if (i < m->info->bucket_count)
            add_bound(p, m->info->buckets[i]);
        else
            str_add(p->out, "+Inf");
        str_addf(p->out, "\"} %llu\n", (unsigned long long)sum);
    }
    add_sample(p, m, "_sum", s);
    add_number(p->out, s->value);
    str_addc(p->out, '\n');
    add_sample(p, m, "_count", s);
    str_addf(p->out, "%llu\n", (unsigned long long)s->count);
}

static int compare_series(const void *a, const void *b)
{
    const struct series *x = *(const struct series *const *)a;
    const struct series *y = *(const struct series *const *)b;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < METRIC_MAX_LABELS && x->values[i]; i++)
        rc = strcmp(x->values[i], y->values[i]);
    return rc;
}

static int compare_metrics(const void *a, const void *b)
{
    const struct metric *x = *(const struct metric *const *)a;
    const struct metric *y = *(const struct metric *const *)b;

    return strcmp(x->info->name, y->info->name);
}

/* "# HELP", "# TYPE": OpenMetrics names a counter without its "_total". */
static void add_title(const struct printing *p, const struct metric *m)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    const char *name = m->info->name;
    int len = (int)strlen(name);

    if (p->open && m->info->type == METRIC_COUNTER)
        len -= (int)sizeof "_total" - 1;
    str_addf(p->out, "# HELP %.*s ", len, name);
    add_escaped(p->out, m->info->help, p->open);
    str_addf(p->out, "\n# TYPE %.*s %s\n", len, name, types[m->info->type]);
}

static int print_metric(const struct printing *p, const struct metric *m)
{
    size_t count = map_count(m->series), n = 0, len;
    struct series **list = mem_calloc(count + 1, sizeof *list);
    const char *key;
    void *s;

    if (!list)
        return -ERR_NOMEM;
    for (size_t it = 0; map_next(m->series, &it, &key, &len, &s);)
        list[n++] = s;
    qsort(list, n, sizeof *list, compare_series);
    add_title(p, m);
    for (size_t i = 0; i < n; i++) {
        if (list[i]->buckets) {
            add_buckets(p, m, list[i]);
            continue;
        }
        add_sample(p, m, "", list[i]);
        add_number(p->out, list[i]->value);
        str_addc(p->out, '\n');
    }
    mem_free(list);
    return 0;
}

int metrics_print(const struct metrics *all, enum metric_format format,
                  struct str *out)
{
    const struct printing p = {out, format == METRIC_OPENMETRICS};
    struct metric **list = mem_calloc(all->count + 1, sizeof(struct metric *));
    size_t n = 0;
    int rc = list ? 0 : -ERR_NOMEM;

    for (struct metric *m = all->first; list && m; m = m->next)
        list[n++] = m;
    if (list)
        qsort(list, n, sizeof(struct metric *), compare_metrics);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = print_metric(&p, list[i]);
    mem_free(list);
    if (p.open)
        str_add(out, "# EOF\n");
    return rc < 0 ? rc : str_check(out, "the metrics", NULL);
}
