/* Out of memory in the middle of requests: an answer all the same, nothing
 * half done. */

#include <string.h>

#include "kit.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

/* The body runs on a cluster that could start; 500 is out of memory. */
static int ask(struct kit *k, const char *method, const char *url,
               const char *body, int want)
{
    uint64_t before = sim_revision(k->sim);
    int code = kit_ask(k, method, url, body);

    if (code == 500) {
        check(sim_revision(k->sim) <= before + 1);
        return -ERR_NOMEM;
    }
    check_int(code, want);
    return 0;
}

TEST_ALLOC(a_request_without_memory_is_answered)
{
    struct clock_fake clock;
    struct sim_options o = {.controllers = "none", .seed = 1};
    struct kit k = {.q = {.user = "admin"}};
    struct sim_watch *w = NULL;
    int rc;

    clock_fake_init(&clock);
    o.clock = &clock.clock;
    rc = sim_new(&o, &k.sim, NULL);
    if (rc < 0)
        return rc;
    rc = sim_start(k.sim, NULL);
    if (rc == 0)
        rc = ask(&k, "POST", MAPS,
                 "{'metadata':{'name':'a','labels':{'l':'x'}}}", 201);
    if (rc == 0)
        rc = ask(&k, "MERGE", MAPS "/a", "{'data':{'x':'1'}}", 200);
    if (rc == 0)
        rc = ask(&k, "GET", MAPS "?labelSelector=l%3Dx&limit=1", NULL, 200);
    if (rc == 0)
        rc = ask(&k, "GET", MAPS "?watch=1&labelSelector=l%3Dx", NULL, 200);
    if (rc == 0)
        w = k.r.watch;
    if (rc == 0)
        rc = ask(&k, "DELETE", MAPS "/a", NULL, 200);
    sim_watch_free(w);
    kit_stop(&k);
    return rc;
}
