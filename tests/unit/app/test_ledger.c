/*
 * The Lease's annotation that remembers which kinds were owned.
 */
#include <string.h>

#include "api.h"
#include "app/ledger.h"
#include "base/mem.h"
#include "test.h"

#define LEASE_PATH "apis/coordination.k8s.io/v1/namespaces/ops/leases/tidelock"
#define LEASE(annotations)                                                     \
    "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease','metadata':{"       \
    "'name':'tidelock','namespace':'ops'" annotations "}}"
#define KINDS(text)                                                            \
    ",'annotations':{'owned-kinds.tidelock.dev/other':'v1 Node',"              \
    "'owned-kinds.tidelock.dev/shop':'" text "'}"
#define GONE "{'kind':'Status','reason':'NotFound','details':{'name':'x'}}"

struct desk {
    struct api api;
    struct operator_owned owns[3];
    struct operator_decl decl;
    struct ledger *ledger;
    unsigned told;
    struct err err;
};

static void desk_set(struct desk *d)
{
    *d = (struct desk){0};
    api_init(&d->api);
    d->owns[0].gvk = (struct gvk){"v1", "Service"};
    d->owns[1].gvk = (struct gvk){"apps/v1", "Deployment"};
    d->owns[2].gvk = (struct gvk){"batch/v1", "Job"};
    d->owns[2].retired = true;
    d->decl = (struct operator_decl){.name = "shop",
                                     .owns = d->owns,
                                     .owns_count = 3,
                                     .field_manager = "tidelock-shop"};
}

static bool desk_open(struct desk *d)
{
    if (!api_open(&d->api))
        return false;
    d->ledger = ledger_new(d->api.cluster, &d->decl, "ops", "tidelock");
    return d->ledger != NULL;
}

static void desk_release(struct desk *d)
{
    ledger_free(d->ledger);
    api_release(&d->api);
}

static void on_done(void *arg, const struct err *err)
{
    struct desk *d = arg;

    d->told++;
    d->err = *err;
}

static bool was_told(void *arg)
{
    return ((struct desk *)arg)->told > 0;
}

/* Wait for what was begun with `rc`. */
static int outcome(struct desk *d, int rc)
{
    if (rc < 0)
        return rc;
    check_int(d->told, 0);
    check(api_until(&d->api, was_told, d));
    check_int(d->told, 1);
    d->told = 0;
    return -(int)d->err.code;
}

static int check_ledger(struct desk *d)
{
    return outcome(d, ledger_check(d->ledger, on_done, d, &d->err));
}

static bool holds(const struct desk *d, const char *api_version,
                  const char *kind)
{
    return ledger_holds(d->ledger, &(struct gvk){api_version, kind});
}

TEST(a_lease_that_is_not_there_holds_nothing)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 404, GONE);
    check(desk_open(&d));
    check_ok(check_ledger(&d), &d.err);
    check(ledger_incomplete(d.ledger));
    check(!holds(&d, "v1", "Service"));
    desk_release(&d);
}

TEST(a_ledger_reads_its_own_annotation)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 200,
             LEASE(KINDS("apps/v1 Deployment,v1 Service")));
    check(desk_open(&d));
    check_ok(check_ledger(&d), &d.err);
    check(!ledger_incomplete(d.ledger)); /* the retired one need not be there */
    check(holds(&d, "v1", "Service"));
    check(holds(&d, "apps/v1", "Deployment"));
    check(!holds(&d, "batch/v1", "Job"));
    check(!holds(&d, "v1", "Node"));
    desk_release(&d);
}

TEST(a_lease_of_others_only_is_incomplete)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 200, LEASE(""));
    check(desk_open(&d));
    check_ok(check_ledger(&d), &d.err);
    check(ledger_incomplete(d.ledger));
    desk_release(&d);
}

TEST(a_kind_that_is_no_longer_declared_is_refused)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 200,
             LEASE(KINDS("v1 Secret,v1 Service")));
    check(desk_open(&d));
    check_int(check_ledger(&d), -ERR_PLAN);
    check_str(d.err.msg, "operator 'shop' once owned 'v1 Secret' and no longer "
                         "declares it: its objects would be forgotten");
    check_has(d.err.hint, "{ \"v1\", \"Secret\", retired = true }");
    desk_release(&d);
}

TEST(a_retired_kind_is_still_declared)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 200,
             LEASE(KINDS("apps/v1 Deployment,batch/v1 Job,v1 Service")));
    check(desk_open(&d));
    check_ok(check_ledger(&d), &d.err);
    check(holds(&d, "batch/v1", "Job"));
    desk_release(&d);
}

TEST(a_lease_that_cannot_be_read_is_named)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 403, "");
    api_rule(&d.api, "GET " LEASE_PATH, 200, "<html>");
    check(desk_open(&d));
    check_int(check_ledger(&d), -ERR_FORBIDDEN);
    check_has(d.err.msg, "cannot read Lease 'ops/tidelock'");
    check(check_ledger(&d) < 0);
    desk_release(&d);
}

/* ---- writing ---- */

TEST(new_kinds_are_entered_beside_the_old_ones)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 200,
             LEASE(KINDS("batch/v1 Job,v1 Service")));
    api_rule(&d.api, "PATCH " LEASE_PATH, 200,
             LEASE(KINDS("apps/v1 Deployment,batch/v1 Job,v1 Service")));
    check(desk_open(&d));
    check_ok(check_ledger(&d), &d.err);
    check(ledger_incomplete(d.ledger));
    check_ok(outcome(&d, ledger_write(d.ledger, on_done, &d, &d.err)), &d.err);
    check(!ledger_incomplete(d.ledger));
    check_str(api_body(&d.api),
              "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
              "\"metadata\":{\"annotations\":{"
              "\"owned-kinds.tidelock.dev/shop\":"
              "\"apps/v1 Deployment,batch/v1 Job,v1 Service\"},"
              "\"name\":\"tidelock\"}}");
    check_has(server_last(d.api.server, true),
              "fieldManager=tidelock-shop&force=true");
    desk_release(&d);
}

TEST(the_request_can_be_had_without_sending_it)
{
    struct desk d;
    struct arena a = {0};
    struct request r;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 404, GONE);
    check(desk_open(&d));
    check_ok(check_ledger(&d), &d.err);
    check_ok(ledger_request(d.ledger, &a, &r, &d.err), &d.err);
    check_int(r.method, HTTP_PATCH);
    check_has(r.body, "\"apps/v1 Deployment,v1 Service\"");
    api_log(&d.api);
    api_settle(&d.api);
    check_str(api_log(&d.api), "");
    arena_release(&a);
    desk_release(&d);
}

TEST(a_retired_kind_is_taken_out)
{
    struct desk d;
    const struct gvk job = {"batch/v1", "Job"};

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 200,
             LEASE(KINDS("apps/v1 Deployment,batch/v1 Job,v1 Service")));
    api_rule(&d.api, "PATCH " LEASE_PATH, 200,
             LEASE(KINDS("apps/v1 Deployment,v1 Service")));
    check(desk_open(&d));
    check_ok(check_ledger(&d), &d.err);
    check_ok(outcome(&d, ledger_drop(d.ledger, &job, on_done, &d, &d.err)),
             &d.err);
    check_has(api_body(&d.api), "\"apps/v1 Deployment,v1 Service\"");
    check(!holds(&d, "batch/v1", "Job"));
    desk_release(&d);
}

TEST(a_lease_that_cannot_be_written_is_named)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 404, GONE);
    api_rule(&d.api, "PATCH " LEASE_PATH, 403, "");
    check(desk_open(&d));
    check_ok(check_ledger(&d), &d.err);
    check_int(outcome(&d, ledger_write(d.ledger, on_done, &d, &d.err)),
              -ERR_FORBIDDEN);
    check_has(d.err.msg, "cannot write Lease 'ops/tidelock'");
    check(ledger_incomplete(d.ledger));
    desk_release(&d);
}

TEST(one_write_at_a_time)
{
    struct desk d;
    const struct gvk job = {"batch/v1", "Job"};

    desk_set(&d);
    api_rule(&d.api, "PATCH " LEASE_PATH, API_SILENT, "");
    check(desk_open(&d));
    check_ok(ledger_write(d.ledger, on_done, &d, &d.err), &d.err);
    check_int(ledger_drop(d.ledger, &job, on_done, &d, &d.err), -ERR_CANCELLED);
    check_int(d.told, 0);
    desk_release(&d); /* and freeing it cancels the one */
    check_int(d.told, 0);
}

static bool run_short_of_memory(uint64_t n)
{
    struct desk d;
    bool reached;
    int rc;

    desk_set(&d);
    api_rule(&d.api, "GET " LEASE_PATH, 200, LEASE(KINDS("v1 Service")));
    api_rule(&d.api, "PATCH " LEASE_PATH, 200,
             LEASE(KINDS("apps/v1 Deployment,v1 Service")));
    check(api_open(&d.api));
    mem_fail_at(n);
    d.ledger = ledger_new(d.api.cluster, &d.decl, "ops", "tidelock");
    rc = d.ledger ? check_ledger(&d) : -ERR_NOMEM;
    if (rc == 0)
        rc = outcome(&d, ledger_write(d.ledger, on_done, &d, &d.err));
    reached = mem_fail_happened();
    mem_fail_at(0);
    check(rc == 0 || reached);
    if (rc == 0)
        check(!ledger_incomplete(d.ledger));
    desk_release(&d);
    return !reached;
}

TEST(a_ledger_survives_out_of_memory)
{
    uint64_t n = 1;

    while (!run_short_of_memory(n))
        n++;
    check(n > 20);
}
