/*
 * doctor_cluster.c -- version and clock of the server, who we are, which kinds
 *                     there are, what we may do.
 */
#include "doctor_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "kube/schema_builtin.h"

#define SKEW_WARN_S 5   /* tokens and Leases are about seconds */
#define SKEW_FAIL_S 300 /* certificates and tokens are refused */
#define MINOR_SKEW 3

bool doctor_get(struct doctor *d, const char *path, const char *accept,
                cluster_answer_fn fn)
{
    const struct request request = {
        .method = HTTP_GET, .path = path, .accept = accept};
    struct err err = {0};

    d->call = cluster_send(d->rt.cluster, &request, fn, d, &err);
    if (!d->call)
        doctor_add_err(d, "request", DOCTOR_FAIL, &err);
    return d->call != NULL;
}

/* ---- version and clock ---- */

/* 36 of "v1.36.3" */
static int minor_of(const char *version)
{
    const char *dot = strchr(version, '.');
    int64_t minor = 0;

    if (dot)
        text_to_int64(dot + 1, strcspn(dot + 1, ".+"), &minor);
    return (int)minor;
}

static void look_at_version(struct doctor *d, const char *version)
{
    struct schema_text known = schema_builtin_version();
    char text[32] = "";
    int apart;

    memcpy(text, known.at, known.len < 31 ? known.len : 31);
    apart = abs(minor_of(version) - minor_of(text));
    if (apart > MINOR_SKEW)
        doctor_hint(
            d,
            doctor_add(d, "version", DOCTOR_WARN,
                       "the server is %s, the built-in kinds are those of %s",
                       version, text),
            "fields that are newer or gone may be misjudged by 'check' "
            "and '--offline'; the server's own word always wins");
    else
        doctor_add(d, "version", DOCTOR_OK,
                   "the server is %s, the built-in kinds are those of %s",
                   version, text);
}

static void look_at_clock(struct doctor *d, int64_t theirs)
{
    int64_t ours = clock_unix(loop_clock(d->rt.loop));
    long long apart = llabs((long long)(ours - theirs));

    if (!theirs)
        doctor_add(d, "clock", DOCTOR_WARN,
                   "the server does not tell its time");
    else if (apart > SKEW_WARN_S)
        doctor_hint(d,
                    doctor_add(d, "clock",
                               apart > SKEW_FAIL_S ? DOCTOR_FAIL : DOCTOR_WARN,
                               "this machine and the server are %lld s apart",
                               apart),
                    "set the clock by NTP here or there: tokens, certificates "
                    "and view.now go by it");
    else
        doctor_add(d, "clock", DOCTOR_OK, "as the server's");
}

static void on_version(void *arg, const struct cluster_answer *answer)
{
    struct doctor *d = arg;
    const struct kubeconfig *c = &d->rt.cluster->config;
    struct value *v = NULL;
    const char *version;

    if (answer->status == 0 || answer->status == 401) {
        doctor_add_err(d, answer->status ? "authentication" : "connection",
                       DOCTOR_FAIL, answer->err);
        d->cut = true;
    } else {
        doctor_add(d, "connection", DOCTOR_OK, "%s answers", c->server);
        look_at_clock(d, answer->date);
        value_parse(&d->rt.arena, answer->body, answer->len, &v, NULL);
        version = value_text_at(v, "gitVersion");
        if (version)
            look_at_version(d, version);
        else
            doctor_add_err(d, "version", DOCTOR_WARN, answer->err);
    }
    doctor_next(d);
}

bool doctor_ask_version(struct doctor *d)
{
    return doctor_get(d, "/version", "application/json", on_version);
}

/* ---- who we are ---- */

static void on_who(void *arg, const struct cluster_answer *answer)
{
    struct doctor *d = arg;
    struct value *v = NULL;
    const char *name;

    if (answer->err->code == ERR_NONE)
        value_parse(&d->rt.arena, answer->body, answer->len, &v, NULL);
    name = value_text_at(v, "status.userInfo.username");
    if (name && strcmp(name, "system:anonymous") == 0)
        doctor_hint(d,
                    doctor_add(d, "authentication", DOCTOR_WARN,
                               "the server takes us for system:anonymous"),
                    "the kubeconfig's user has no credentials");
    else if (name)
        doctor_add(d, "authentication", DOCTOR_OK, "as %s", name);
    else if (answer->err->code == ERR_UNAUTHORIZED)
        doctor_add_err(d, "authentication", DOCTOR_FAIL, answer->err);
    else
        doctor_add(d, "authentication", DOCTOR_OK,
                   "accepted; the server does not say as whom");
    d->cut = answer->err->code == ERR_UNAUTHORIZED;
    doctor_next(d);
}

bool doctor_ask_who(struct doctor *d)
{
    static const struct resource review = {
        .api_version = "authentication.k8s.io/v1",
        .group = "authentication.k8s.io",
        .version = "v1",
        .kind = "SelfSubjectReview",
        .plural = "selfsubjectreviews",
    };
    const struct target target = {&review, {"", ""}};
    const struct write_options options = {0};
    struct arena *a = &d->rt.arena;
    struct value *body = value_object(a);
    struct request request;
    struct err err = {0};

    if (!body ||
        value_set(a, body, "apiVersion", value_string(a, review.api_version)) <
            0 ||
        value_set(a, body, "kind", value_string(a, review.kind)) < 0)
        err_nomem(&err);
    else if (request_create(a, &target, body, &options, &request, &err) == 0)
        d->call = cluster_send(d->rt.cluster, &request, on_who, d, &err);
    if (!d->call)
        doctor_add_err(d, "authentication", DOCTOR_FAIL, &err);
    return d->call != NULL;
}

/* ---- kinds ---- */

/* `root`: the operator's own, whose definition comes with it. */
static void look_at_kind(struct doctor *d, const struct unit *u,
                         const struct gvk *gvk, bool root)
{
    const char *path = file_join(&d->rt.arena, u->bundle.path, "crd.yaml");
    char hint[256] = "install what defines it; run goes on by itself then";

    if (restmap_find(d->rt.restmap, gvk->api_version, gvk->kind))
        return;
    if (root && path && file_exists(path))
        snprintf(hint, sizeof(hint), "kubectl apply -f %s", path);
    doctor_hint(
        d,
        doctor_add(d, "kind", DOCTOR_FAIL,
                   "the server does not have %s of %s, which operator %s %s",
                   gvk->kind, gvk->api_version, u->bundle.decl->name,
                   root ? "is for" : "declares"),
        hint);
}

static void on_kinds(void *arg, bool changed, const struct err *err)
{
    struct doctor *d = arg;
    size_t before = d->count;

    (void)changed;
    d->group = "cluster";
    if (err->code != ERR_NONE) {
        doctor_add_err(d, "discovery", DOCTOR_FAIL, err);
        d->cut = true;
        doctor_next(d);
        return;
    }
    doctor_add(d, "discovery", DOCTOR_OK, "%zu kinds",
               restmap_count(d->rt.restmap));
    d->group = "operators";
    before = d->count;
    for (size_t i = 0; i < d->rt.unit_count; i++) {
        const struct unit *u = &d->rt.units[i];
        const struct operator_decl *decl = u->bundle.decl;

        look_at_kind(d, u, &decl->root, true);
        for (size_t k = 0; k < decl->owns_count; k++)
            look_at_kind(d, u, &decl->owns[k].gvk, false);
        for (size_t k = 0; k < decl->reads_count; k++)
            look_at_kind(d, u, &decl->reads[k].gvk, false);
    }
    if (d->rt.unit_count && d->count == before)
        doctor_add(d, "kinds", DOCTOR_OK, "all that are declared exist");
    doctor_next(d);
}

bool doctor_ask_kinds(struct doctor *d)
{
    struct err err = {0};

    if (cluster_discover(d->rt.cluster, on_kinds, d, &err) == 0)
        return true;
    doctor_add_err(d, "discovery", DOCTOR_FAIL, &err);
    return false;
}

/* ---- rights ---- */

static void on_rights(void *arg, const struct err *err)
{
    struct doctor *d = arg;
    struct str text = {0};
    size_t missing = 0;

    d->group = "operators";
    if (err->code != ERR_NONE)
        doctor_add_err(d, "rights", DOCTOR_WARN, err);
    else
        missing = rbac_check_print(d->check, &text);
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.data[--text.len] = '\0';
    if (missing)
        doctor_hint(d,
                    doctor_add(d, "rights", DOCTOR_FAIL, "%s", str_text(&text)),
                    "tidelock rbac OPERATOR... prints the roles; bind them to "
                    "this user");
    else if (err->code == ERR_NONE)
        doctor_add(d, "rights", DOCTOR_OK, "%s", str_text(&text));
    str_release(&text);
    doctor_next(d);
}

bool doctor_ask_rights(struct doctor *d)
{
    const struct doctor_options *o = d->options;
    struct runtime *rt = &d->rt;
    const struct operator_decl **decls =
        arena_calloc(&rt->arena, rt->unit_count + 1, sizeof(*decls));
    struct rbac_input in = {
        .decls = decls,
        .decl_count = rt->unit_count,
        .kinds = rt->restmap,
        .ns = o->ns ? o->ns : "",
        .lease_ns = rt->cluster->config.ns,
        .lease = o->lease ? o->lease : "tidelock",
    };
    struct err err = {0};

    if (rt->unit_count == 0)
        return false;
    d->failed |= !decls;
    for (size_t i = 0; decls && i < rt->unit_count; i++)
        decls[i] = rt->units[i].bundle.decl;
    if (decls && rbac_rights_make(&rt->arena, &in, &d->rights, &err) == 0)
        d->check =
            rbac_check_start(rt->cluster, &d->rights, on_rights, d, &err);
    if (d->check)
        return true;
    d->group = "operators";
    if (err.code == ERR_NO_KIND) /* the kind has its own row */
        doctor_add(d, "rights", DOCTOR_WARN,
                   "were not asked for: a kind is missing");
    else
        doctor_add_err(d, "rights", DOCTOR_WARN, &err);
    return false;
}
