/*
 * doctor.c -- see include/app/doctor.h for the contract.
 *
 * DESIGN
 *
 * Rows in the order in which they are found out: the program and the machine,
 * the configuration, then one question after another to the cluster. A
 * question that cannot be answered is a row too; when the cluster does not
 * answer at all the rest is not asked.
 */
#include "doctor_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static bool (*const questions[])(struct doctor *d) = {
    doctor_ask_version, doctor_ask_who,         doctor_ask_kinds,
    doctor_ask_rights,  doctor_ask_definitions, doctor_ask_lease,
    doctor_ask_waiting,
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

/* ---- rows ---- */

static bool make_room(struct doctor *d)
{
    size_t cap = d->cap ? d->cap * 2 : 32;
    struct doctor_row *rows;

    if (d->count < d->cap)
        return true;
    rows = arena_alloc(&d->rt.arena, cap * sizeof(*rows));
    if (!rows)
        return false;
    if (d->count)
        memcpy(rows, d->rows, d->count * sizeof(*rows));
    d->rows = rows;
    d->cap = cap;
    return true;
}

struct doctor_row *doctor_add(struct doctor *d, const char *name,
                              enum doctor_state state, const char *fmt, ...)
{
    struct doctor_row row = {.group = d->group, .name = name, .state = state};
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    row.text = arena_strdup(&d->rt.arena, text);
    if (!row.text || !make_room(d)) {
        d->failed = true;
        return NULL;
    }
    d->rows[d->count] = row;
    return &d->rows[d->count++];
}

void doctor_hint(struct doctor *d, struct doctor_row *row, const char *hint)
{
    if (!row)
        return;
    row->hint = arena_strdup(&d->rt.arena, hint);
    d->failed |= !row->hint;
}

void doctor_add_err(struct doctor *d, const char *name, enum doctor_state state,
                    const struct err *err)
{
    char hint[128];

    if (*err->hint) {
        doctor_hint(d, doctor_add(d, name, state, "%s", err->msg), err->hint);
        return;
    }
    snprintf(hint, sizeof(hint), "'tidelock explain %s' tells more",
             err_name(err->code));
    doctor_hint(d, doctor_add(d, name, state, "%s", err->msg), hint);
}

/* ---- the cluster ---- */

void doctor_next(struct doctor *d)
{
    d->call = NULL;
    while (d->step < QUESTIONS && !d->cut)
        if (questions[d->step++](d))
            return;
    loop_stop(d->rt.loop);
}

static void on_start(void *arg)
{
    doctor_next(arg);
}

static void ask_cluster(struct doctor *d)
{
    struct err err = {0};

    d->group = "cluster";
    if (cluster_open(d->rt.loop, &d->options->cluster, &d->rt.cluster, &err) <
        0) {
        doctor_add_err(d, "configuration", DOCTOR_FAIL, &err);
        return;
    }
    d->rt.restmap = d->rt.cluster->restmap;
    doctor_configuration(d);
    if (loop_after(d->rt.loop, 0, on_start, d))
        loop_run(d->rt.loop);
    else
        d->failed = true;
}

/* ---- the operators ---- */

static void load_operators(struct doctor *d)
{
    const struct doctor_options *o = d->options;
    struct runtime *rt = &d->rt;

    d->group = "operators";
    rt->units =
        arena_calloc(&rt->arena, o->operator_count + 1, sizeof(*rt->units));
    d->failed |= !rt->units;
    for (size_t i = 0; rt->units && i < o->operator_count; i++) {
        struct unit *u = &rt->units[rt->unit_count];
        struct err err = {0};

        if (bundle_load_script(&rt->arena, o->operators[i], NULL, &u->bundle,
                               &err) < 0) {
            doctor_add_err(d, o->operators[i], DOCTOR_FAIL, &err);
            continue;
        }
        rt->unit_count++;
        doctor_add(d, o->operators[i], DOCTOR_OK, "operator %s for %s of %s",
                   u->bundle.decl->name, u->bundle.decl->root.kind,
                   u->bundle.decl->root.api_version);
    }
}

/* ---- printing ---- */

static const char *const state_words[] = {"ok", "warn", "FAIL"};
static const char *const state_names[] = {"ok", "warn", "fail"};
static const char *const state_colors[] = {"\033[32m", "\033[33m", "\033[31m"};

static void print_text(const struct doctor *d, struct str *out)
{
    bool color = d->options->color;
    const char *group = "";
    size_t counts[3] = {0};

    for (size_t i = 0; i < d->count; i++) {
        const struct doctor_row *r = &d->rows[i];

        if (strcmp(group, r->group) != 0)
            str_addf(out, "%s%s\n", i ? "\n" : "", r->group);
        group = r->group;
        counts[r->state]++;
        str_addf(out, "  %s%-4s%s  %s: ", color ? state_colors[r->state] : "",
                 state_words[r->state], color ? "\033[0m" : "", r->name);
        str_add_visible(out, r->text, "        ");
        str_addc(out, '\n');
        if (r->hint) {
            str_add(out, "        hint: ");
            str_add_visible(out, r->hint, "        ");
            str_addc(out, '\n');
        }
    }
    str_addf(out, "\n%zu ok, %zu to look at, %zu wrong.\n", counts[DOCTOR_OK],
             counts[DOCTOR_WARN], counts[DOCTOR_FAIL]);
}

static struct value *row_value(struct arena *a, const struct doctor_row *r)
{
    struct value *v = value_object(a);

    if (!v || value_set(a, v, "group", value_string(a, r->group)) < 0 ||
        value_set(a, v, "name", value_string(a, r->name)) < 0 ||
        value_set(a, v, "state", value_string(a, state_names[r->state])) < 0 ||
        value_set(a, v, "message", value_string(a, r->text)) < 0 ||
        (r->hint && value_set(a, v, "hint", value_string(a, r->hint)) < 0))
        return NULL;
    return v;
}

static int print_json(struct doctor *d, struct str *out, struct err *err)
{
    struct arena *a = &d->rt.arena;
    struct value *v = value_object(a), *rows = value_array(a);
    int rc;

    for (size_t i = 0; rows && i < d->count; i++)
        if (value_append(a, rows, row_value(a, &d->rows[i])) < 0)
            return err_nomem(err);
    if (!v || !rows ||
        value_set(a, v, "apiVersion",
                  value_string(a, "tidelock.dev/v1alpha1")) < 0 ||
        value_set(a, v, "kind", value_string(a, "Doctor")) < 0 ||
        value_set(a, v, "rows", rows) < 0)
        return err_nomem(err);
    rc = value_print_pretty(v, out, err);
    str_addc(out, '\n');
    return rc;
}

static int print(struct doctor *d, struct err *err)
{
    struct str out = {0};
    int rc = 0;

    if (d->options->json)
        rc = print_json(d, &out, err);
    else
        print_text(d, &out);
    if (rc == 0)
        rc = str_check(&out, "what was found", err);
    if (rc == 0)
        d->options->print(d->options->print_arg, out.data, out.len);
    str_release(&out);
    return rc;
}

/* ---- all of it ---- */

static void release(struct doctor *d)
{
    struct runtime *rt = &d->rt;

    rbac_check_free(d->check);
    cluster_cancel(d->call);
    for (size_t i = 0; i < rt->unit_count; i++)
        bundle_release(&rt->units[i].bundle);
    cluster_close(rt->cluster);
    arena_release(&rt->arena);
    loop_free(rt->loop);
}

static bool is_wrong(const struct doctor *d)
{
    bool wrong = false;

    for (size_t i = 0; i < d->count; i++)
        wrong |= d->rows[i].state == DOCTOR_FAIL;
    return wrong;
}

int doctor_run(const struct doctor_options *options, struct err *err)
{
    struct doctor d = {.options = options};
    int rc = 0;

    d.rt.loop = loop_new(err);
    if (!d.rt.loop)
        return EXIT_ERROR;
    doctor_machine(&d);
    load_operators(&d);
    ask_cluster(&d);
    rc = d.failed ? err_nomem(err) : print(&d, err);
    if (rc == 0)
        rc = is_wrong(&d) ? EXIT_ERROR : EXIT_OK;
    release(&d);
    return rc < 0 ? EXIT_ERROR : rc;
}
