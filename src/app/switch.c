/*
 * switch.c -- see app/switch.h for the contract.
 */
#include "app/switch.h"

#include "app/client.h"
#include "core/diff.h"

#define MANAGER "tidelock"

struct switching {
    const struct switch_options *options;
    struct client client;
    struct arena arena;
    struct target target;
};

static int find_object(struct switching *s, struct err *err)
{
    const struct switch_options *o = s->options;
    const struct cluster *c = s->client.cluster;
    const struct resource *r = restmap_find_word(c->restmap, o->kind);

    if (!r) {
        err_set(err, ERR_NO_KIND, "the server has no kind '%s'", o->kind);
        return err_hint(err, "as kubectl takes it: website, "
                             "websites.example.com");
    }
    s->target = (struct target){
        r, {r->namespaced ? (o->ns ? o->ns : c->config.ns) : "", o->name}};
    return 0;
}

static const struct value *make_patch(struct switching *s)
{
    struct arena *a = &s->arena;
    const char *mode = s->options->mode;
    struct value *patch = value_object(a);
    struct value *meta = patch ? value_make(a, patch, "metadata") : NULL;
    struct value *map = meta ? value_make(a, meta, "annotations") : NULL;

    if (!map || value_set(a, map, ANNOTATION_MODE,
                          mode ? value_string(a, mode) : value_null(a)) < 0)
        return NULL;
    return patch;
}

static int send(struct switching *s, struct err *err)
{
    const struct write_options options = {.field_manager = MANAGER};
    const struct patch patch = {PATCH_MERGE, make_patch(s)};
    struct client_answer answer;
    struct request request;
    int rc = patch.body ? request_patch(&s->arena, &s->target, &patch, &options,
                                        &request, err)
                        : err_nomem(err);

    return rc == 0 ? client_ask(&s->client, &s->arena, &request, &answer, err)
                   : rc;
}

static int tell(const struct switching *s, struct err *err)
{
    const struct switch_options *o = s->options;
    const struct resource *r = s->target.resource;
    const char *did = !o->mode ? "resumed"
                      : text_equal(o->mode, "plan")
                          ? "planned only: nothing is written"
                          : "paused";
    struct str text = {0};
    int rc;

    str_addf(&text, "%s%s%s/%s %s\n", r->singular, *r->group ? "." : "",
             r->group, o->name, did);
    rc = str_check(&text, "the answer", err);
    if (rc == 0)
        o->print(o->print_arg, str_text(&text), text.len);
    str_release(&text);
    return rc;
}

int switch_run(const struct switch_options *options, struct err *err)
{
    struct switching s = {.options = options};
    int rc = client_open(&s.client, &options->cluster, err);

    if (rc == 0)
        rc = client_discover(&s.client, err);
    if (rc == 0)
        rc = find_object(&s, err);
    if (rc == 0)
        rc = send(&s, err);
    if (rc == 0)
        rc = tell(&s, err);
    client_close(&s.client);
    arena_release(&s.arena);
    return rc;
}
