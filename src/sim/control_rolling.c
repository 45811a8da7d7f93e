/*
 * control_rolling.c -- see control_rolling.h.
 */
#include "control_rolling.h"

#include "base/text.h"
#include "control_draft.h"

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct rolling rolling_read(const struct value *deployment)
{
    const struct value *strategy = value_path(deployment, "spec.strategy");
    const struct value *limits = value_get(strategy, "rollingUpdate");
    struct rolling r = {
        .replicas = value_int_at(deployment, "spec.replicas", 1),
        .recreate = text_equal(value_text_at(strategy, "type"), "Recreate")};

    if (r.recreate)
        return r;
    r.surge = scaled_value(value_get(limits, "maxSurge"), r.replicas, true);
    r.unavailable =
        scaled_value(value_get(limits, "maxUnavailable"), r.replicas, false);
    if (r.surge == 0 && r.unavailable == 0)
        r.unavailable = 1; /* else nothing could ever move */
    r.unavailable = min(r.unavailable, r.replicas);
    return r;
}

int64_t rolling_grow(const struct rolling *r, int64_t total, int64_t size)
{
    if (r->recreate || size > r->replicas)
        return r->replicas;
    if (total >= r->replicas + r->surge)
        return size;
    return size + min(r->replicas + r->surge - total, r->replicas - size);
}

bool rolling_shrink(const struct rolling *r, const struct rolling_set *newest,
                    struct rolling_set *old, size_t count)
{
    int64_t total = newest->size, available = newest->available, spare, cut;
    int64_t least = r->replicas - r->unavailable;
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        old[i].want = old[i].size;
        total += old[i].size;
        available += old[i].available;
    }
    spare = total - least - (newest->size - newest->available);
    for (size_t i = 0; i < count && spare > 0; i++) {
        cut = min(spare, max(old[i].size - old[i].available, 0));
        old[i].want -= cut;
        spare -= cut;
        any = any || cut > 0;
    }
    spare = total - least - (newest->size - newest->available) > 0
                ? available - least
                : 0;
    for (size_t i = 0; i < count && spare > 0; i++) {
        cut = min(spare, old[i].want);
        old[i].want -= cut;
        spare -= cut;
        any = any || cut > 0;
    }
    return any;
}

int64_t rolling_excess(const struct rolling *r, const struct rolling_set *sets,
                       size_t count)
{
    int64_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += sets[i].size;
    return (r->replicas > 0 ? r->replicas + r->surge : 0) - total;
}

/* How many a set gets, of what is still to be given. */
static int64_t share(const struct rolling *r, const struct rolling_set *s,
                     int64_t left)
{
    int64_t most = s->most > 0 ? s->most : r->replicas, grown;

    if (s->size == 0 || left == 0)
        return 0;
    if (r->replicas == 0)
        return max(-s->size, left);
    grown = (2 * s->size * (r->replicas + r->surge) + most) / (2 * most);
    return left > 0 ? min(grown - s->size, left) : max(grown - s->size, left);
}

void rolling_spread(const struct rolling *r, struct rolling_set *sets,
                    size_t count)
{
    int64_t left = rolling_excess(r, sets, count), part;

    for (size_t i = 0; i < count; i++) {
        part = share(r, &sets[i], left);
        sets[i].want = sets[i].size + part;
        left -= part;
    }
    if (count > 0)
        sets[0].want = max(sets[0].want + left, 0);
}
