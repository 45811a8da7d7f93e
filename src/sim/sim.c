/*
 * sim.c -- the embedded cluster: its life, and what every cluster has from the
 *          start.
 */
#include "sim/sim.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "serve_impl.h"
#include "serve_store.h"

#define HISTORY_USUAL 10000
#define HISTORY_BYTES ((size_t)16 << 20) /* of versions that are no more */
#define USER "kube-apiserver"

/* ---- for those who are inside ---- */

const struct clock *sim_clock(const struct sim *s)
{
    return s->o.clock;
}

const struct zone *sim_zone(const struct sim *s, const char *name)
{
    if (text_equal(name, "UTC") || text_equal(name, "Etc/UTC"))
        return zone_utc();
    if (!s->o.zone || !zone_name_is_valid(name))
        return NULL;
    return s->o.zone(s->o.zone_arg, name);
}

const struct sim_options *sim_options(const struct sim *s)
{
    return &s->o;
}

struct kinds *sim_kinds(struct sim *s)
{
    return s->kinds;
}

struct history *sim_history(struct sim *s)
{
    return s->history;
}

uint64_t sim_random(struct sim *s)
{
    return rng_next(&s->rng);
}

uint64_t sim_revision(const struct sim *s)
{
    return history_revision(s->history);
}

/* ---- life ---- */

int sim_new(const struct sim_options *o, struct sim **ret_sim, struct err *err)
{
    struct sim *s = mem_calloc(1, sizeof *s);
    int rc;

    if (!s)
        return err_nomem(err);
    s->o = *o;
    rng_init(&s->rng, o->seed);
    s->history = history_new(o->history ? o->history : HISTORY_USUAL);
    if (s->history && !o->history)
        history_bound(s->history, HISTORY_BYTES);
    s->kinds = kinds_new();
    rc = s->history && s->kinds ? 0 : err_nomem(err);
    if (rc == 0)
        rc = controllers_new(s, o->controllers ? o->controllers : "all",
                             &s->controllers, err);
    if (rc < 0) {
        sim_free(s);
        return rc;
    }
    *ret_sim = s;
    return 0;
}

void sim_free(struct sim *s)
{
    if (!s)
        return;
    controllers_free(s->controllers);
    history_free(s->history);
    kinds_free(s->kinds);
    mem_free(s);
}

int sim_restore(struct sim *s, const struct sim_change *change, struct err *err)
{
    struct history_kept kept = {change->key, change->revision, change->json,
                                change->len};

    if (change->json)
        return history_restore(s->history, change->bucket, &kept, err);
    history_skip(s->history, change->revision);
    return 0;
}

uint64_t sim_step(struct sim *s)
{
    return controllers_step(s->controllers);
}

bool sim_is_quiet(const struct sim *s)
{
    return controllers_are_quiet(s->controllers);
}

/* ---- the start ---- */

static int serve_restored(struct sim *s, struct arena *a, struct err *err)
{
    const struct kind *kind = kinds_find(s->kinds, "apiextensions.k8s.io", "v1",
                                         "customresourcedefinitions");
    struct value *all;

    if (!kind || sim_list(s, a, kind, "", &all) < 0)
        return kind ? err_nomem(err) : 0;
    for (uint32_t i = 0; i < all->count; i++) {
        struct failure f;

        failure_init(&f, a);
        if (definition_is_established(all->as.items[i]) &&
            kinds_put_crd(s->kinds, all->as.items[i], &f) < 0)
            return err_set(err, ERR_INVALID, "cannot serve '%s': %s",
                           value_text_at(all->as.items[i], "metadata.name"),
                           f.message);
    }
    return 0;
}

/* Made where it is not there. */
static int make(struct sim *s, struct arena *a, const char *text,
                struct err *err)
{
    struct value *object, *answer;
    struct sim_call call = {.user = USER, .method = HTTP_POST};
    const char *ns, *name;
    struct object_key key;
    int status;

    if (value_parse(a, text, strlen(text), &object, err) < 0)
        return err_nomem(err);
    call.kind = kinds_find_kind(s->kinds, value_text_at(object, "apiVersion"),
                                value_text_at(object, "kind"));
    ns = value_text_at(object, "metadata.namespace");
    name = value_text_at(object, "metadata.name");
    key = (struct object_key){ns ? ns : "", name};
    if (!call.kind || history_get(s->history, call.kind->bucket, &key))
        return 0;
    call.key.ns = key.ns;
    call.body = object;
    status = sim_call(s, a, &call, &answer);
    if (status == 500)
        return err_nomem(err);
    return status == 201 ? 0
                         : err_set(err, ERR_INVALID, "cannot make '%s': %s",
                                   name, value_text_at(answer, "message"));
}

int sim_start(struct sim *s, struct err *err)
{
    static const char *const objects[] = {
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
        "\"default\"}}",
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
        "\"kube-system\"}}",
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
        "\"kube-public\"}}",
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
        "\"kube-node-lease\"}}",
        "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":"
        "\"kubernetes\",\"namespace\":\"default\",\"labels\":{\"component\":"
        "\"apiserver\",\"provider\":\"kubernetes\"}},\"spec\":{\"clusterIP\":"
        "\"10.96.0.1\",\"ports\":[{\"name\":\"https\",\"port\":443,"
        "\"protocol\":\"TCP\",\"targetPort\":6443}]}}",
    };
    struct arena a = {0};
    int rc = serve_restored(s, &a, err);

    for (size_t i = 0; rc == 0 && i < sizeof objects / sizeof objects[0]; i++)
        rc = make(s, &a, objects[i], err);
    arena_release(&a);
    return rc < 0 ? rc : controllers_start(s->controllers, err);
}
