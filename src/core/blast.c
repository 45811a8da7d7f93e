/*
 * blast.c -- see blast.h for the contract.
 *
 * DESIGN
 *
 *      limit                              lifted by
 *      1 of a kind that holds data        plan:allow_bulk
 *      --max-deletes of any kind          plan:allow_bulk, plan:prune_all
 *      half of the root's children        plan:allow_bulk, plan:prune_all
 *      --max-deletes-per-minute           plan:allow_bulk
 *
 * prune_all says that every child is meant; that their data are meant, too, it
 * does not say. The half is not asked of a few: of three children two are soon
 * renamed.
 */
#include "core/blast.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_S 60u

const struct blast_limits blast_limits_default = {BLAST_PER_PASS,
                                                  BLAST_PER_MINUTE};

/* ---- one plan ---- */

bool blast_is_stateful(const struct resource *resource)
{
    static const struct {
        const char *group, *kind;
    } kinds[] = {
        {"", "PersistentVolumeClaim"},
        {"", "PersistentVolume"},
        {"", "Namespace"},
        {"", "Secret"},
        {"apiextensions.k8s.io", "CustomResourceDefinition"},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].group, resource->group) == 0 &&
            strcmp(kinds[i].kind, resource->kind) == 0)
            return true;
    return false;
}

/* What holds data comes first: a refusal is most likely about it. */
void blast_add(struct blast *b, const struct resource *resource,
               const struct object_key *key, bool child)
{
    bool stateful = blast_is_stateful(resource);
    size_t at = stateful ? b->stateful : b->deletions;

    if (at < BLAST_NAMED) {
        for (size_t i = BLAST_NAMED - 1; i > at; i--)
            b->named[i] = b->named[i - 1];
        b->named[at].resource = resource;
        b->named[at].key = *key;
    }
    b->deletions++;
    b->stateful += stateful;
    b->pruned += child;
}

/* "ConfigMap 'a', ConfigMap 'b', ..." */
static void name_them(const struct blast *b, size_t count, char *out,
                      size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count && i < BLAST_NAMED && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s '%.60s'",
                                i ? ", " : "", b->named[i].resource->kind,
                                b->named[i].key.name);
    if (count > BLAST_NAMED && len < size)
        snprintf(out + len, size - len, ", ...");
}

static int refuse(const struct blast *b, size_t count, struct err *err,
                  const char *limit)
{
    char names[320];

    name_them(b, count, names, sizeof(names));
    return err_set(err, ERR_BLAST_RADIUS, "the plan deletes %s (%s)%s", limit,
                   names, "; plan:allow_bulk(reason) in the script allows it");
}

int blast_check(const struct blast *b, struct err *err)
{
    char limit[160];

    if (b->allowed)
        return 0;
    if (b->stateful > BLAST_STATEFUL) {
        snprintf(limit, sizeof(limit),
                 "%zu objects that hold data, at most %d in one pass",
                 b->stateful, BLAST_STATEFUL);
        return refuse(b, b->stateful, err, limit);
    }
    if (b->all)
        return 0;
    if (b->deletions > b->limits.per_pass) {
        snprintf(limit, sizeof(limit), "%zu object%s, at most %u in one pass",
                 b->deletions, b->deletions == 1 ? "" : "s",
                 b->limits.per_pass);
        refuse(b, b->deletions, err, limit);
        return err_hint(err, "--max-deletes %zu allows every plan so many",
                        b->deletions);
    }
    if (b->pruned > BLAST_FEW && b->pruned * 2 > b->owned) {
        snprintf(limit, sizeof(limit),
                 "%zu of %zu children, at most half of them in one pass",
                 b->pruned, b->owned);
        return refuse(b, b->deletions, err, limit);
    }
    return 0;
}

/* ---- one minute ---- */

/* Empty the slots of the seconds that passed. */
static void move_on(struct blast_brake *b, uint64_t second)
{
    if (second - b->second >= MINUTE_S)
        memset(b->slots, 0, sizeof(b->slots));
    else
        while (b->second < second)
            b->slots[++b->second % MINUTE_S] = 0;
    b->second = second;
}

uint64_t blast_brake_take(struct blast_brake *b, unsigned per_minute,
                          uint64_t now_ms)
{
    uint64_t oldest = MINUTE_S;
    unsigned long long sum = 0;

    move_on(b, now_ms / 1000);
    for (uint64_t age = 0; age < MINUTE_S; age++) {
        unsigned n = b->slots[(b->second + MINUTE_S - age) % MINUTE_S];

        sum += n;
        oldest = n ? age : oldest;
    }
    if (sum < per_minute) {
        b->slots[b->second % MINUTE_S]++;
        return 0;
    }
    if (sum == 0)
        return MINUTE_S * 1000u;
    return (MINUTE_S - oldest) * 1000 - now_ms % 1000;
}
