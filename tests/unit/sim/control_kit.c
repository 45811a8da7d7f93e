/* See control_kit.h. */
#include "control_kit.h"

#include <stdio.h>

void control_start(struct kit *k, unsigned nodes)
{
    struct sim_options o = {
        .controllers = "all", .nodes = nodes, .pod_ready_ms = 200};

    kit_start_with(k, &o);
    kit_settle(k, 1000);
}

void control_make(struct kit *k, const char *url, const char *body)
{
    if (!check_int(kit_ask(k, "POST", url, body), 201))
        printf("%s\n", kit_body(k));
}

size_t control_count(struct kit *k, const char *url)
{
    check_int(kit_ask(k, "GET", url, NULL), 200);
    return array_count(value_get(k->answer, "items"));
}

void check_at(struct kit *k, const char *url, const char *path,
              const char *want)
{
    check_int(kit_ask(k, "GET", url, NULL), 200);
    check_str(kit_text(k, path), want);
}

const char *control_condition(struct kit *k, const char *type,
                              const char *field)
{
    const char *text = value_text_at(
        condition_find(value_get(k->answer, "status"), type), field);

    return text ? text : "";
}

void control_run_for(struct kit *k, uint64_t ms)
{
    uint64_t end = clock_now_ms(&k->clock.clock) + ms, now, wake;

    while ((now = clock_now_ms(&k->clock.clock)) < end) {
        wake = sim_step(k->sim);
        if (wake > end)
            wake = end;
        if (wake > now)
            clock_fake_advance(&k->clock, wake - now);
    }
}
