/*
 * client.c -- see app/client.h for the contract.
 */
#include "app/client.h"

#define PAGE 500

struct asking {
    struct client *client;
    struct arena *a;
    struct client_answer *ret;
    struct err *err;
};

int client_open(struct client *c, const struct cluster_options *options,
                struct err *err)
{
    c->loop = loop_new(err);
    return c->loop ? cluster_open(c->loop, options, &c->cluster, err)
                   : -(int)err->code;
}

void client_close(struct client *c)
{
    cluster_close(c->cluster);
    loop_free(c->loop);
}

/* ---- one answer ---- */

static void on_discovered(void *arg, bool changed, const struct err *err)
{
    struct asking *asking = arg;

    (void)changed;
    *asking->err = *err;
    loop_stop(asking->client->loop);
}

int client_discover(struct client *c, struct err *err)
{
    struct err why = {0};
    struct asking asking = {.client = c, .err = &why};
    int rc = cluster_discover(c->cluster, on_discovered, &asking, err);

    if (rc < 0)
        return rc;
    loop_run(c->loop);
    if (why.code == ERR_NONE)
        return 0;
    *err = why;
    return err_wrap(err, "cannot use the cluster at '%s'",
                    c->cluster->config.server);
}

static void on_answer(void *arg, const struct cluster_answer *answer)
{
    struct asking *asking = arg;
    struct client_answer *ret = asking->ret;

    *asking->err = *answer->err;
    *ret = (struct client_answer){
        .status = answer->status, .len = answer->len, .date = answer->date};
    ret->body = arena_strndup(asking->a, answer->body ? answer->body : "",
                              answer->body ? answer->len : 0);
    if (!ret->body)
        err_nomem(asking->err);
    loop_stop(asking->client->loop);
}

int client_ask(struct client *c, struct arena *a, const struct request *r,
               struct client_answer *ret, struct err *err)
{
    struct err why = {0};
    struct asking asking = {c, a, ret, &why};

    if (!cluster_send(c->cluster, r, on_answer, &asking, err))
        return -(int)err->code;
    loop_run(c->loop);
    if (why.code != ERR_NONE)
        *err = why;
    return -(int)why.code;
}

/* ---- lists ---- */

static int each_item(const struct value *page, client_item_fn fn, void *arg,
                     struct err *err)
{
    const struct value *items = value_get(page, "items");
    int rc = 0;

    for (uint32_t i = 0;
         value_is(items, VALUE_ARRAY) && i < items->count && rc == 0; i++)
        rc = fn(arg, items->as.items[i], err);
    return rc;
}

int client_each(struct client *c, struct arena *a, const struct client_list *l,
                client_item_fn fn, void *arg, struct err *err)
{
    struct list_options options = l->options;
    struct client_answer answer;
    struct request request;
    struct value *page;
    int rc;

    options.limit = PAGE;
    do {
        rc = request_list(a, l->resource, &options, &request, err);
        if (rc == 0)
            rc = client_ask(c, a, &request, &answer, err);
        if (rc == 0)
            rc = value_parse(a, answer.body, answer.len, &page, err);
        if (rc == 0)
            rc = each_item(page, fn, arg, err);
        if (rc < 0)
            return rc;
        options.continue_token = value_text_at(page, "metadata.continue");
    } while (options.continue_token && *options.continue_token);
    return 0;
}

/* ---- time ---- */

static void on_time(void *arg)
{
    loop_stop(arg);
}

int client_wait(struct client *c, uint64_t ms, struct err *err)
{
    if (!loop_after(c->loop, ms, on_time, c->loop))
        return err_nomem(err);
    loop_run(c->loop);
    return 0;
}
