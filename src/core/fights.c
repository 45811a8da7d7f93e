/*
 * fights.c -- see fights.h for the contract.
 */
#include "core/fights.h"

#include <stdbool.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "core/backoff.h"

struct fight {
    uint64_t key, value;
    uint64_t seen_ms; /* when it was last seen to differ, or written */
    uint64_t quiet_until_ms;
    unsigned writes;
    bool looked;
    char rival[FIGHT_RIVAL_SIZE];
};

static uint64_t key_of(const struct fight_field *field)
{
    return hash_seeded(field->uid, strlen(field->uid)) * 31 +
           hash_seeded(field->path, strlen(field->path));
}

static struct fight *find(const struct fights *f,
                          const struct fight_field *field)
{
    uint64_t key = key_of(field);

    for (size_t i = 0; i < f->count; i++)
        if (f->items[i].key == key)
            return &f->items[i];
    return NULL;
}

/* A new one, in the place of the oldest when it is full. NULL: no memory. */
static struct fight *add(struct fights *f, const struct fight_field *field)
{
    struct fight *fight;

    if (!f->items)
        f->items = mem_alloc(FIGHTS_MAX * sizeof *f->items);
    if (!f->items)
        return NULL;
    fight = f->items;
    if (f->count < FIGHTS_MAX)
        fight = &f->items[f->count++];
    else
        for (size_t i = 1; i < f->count; i++)
            if (f->items[i].seen_ms < fight->seen_ms)
                fight = &f->items[i];
    *fight = (struct fight){.key = key_of(field), .value = field->value};
    return fight;
}

/* Long ago, or about another value: that fight is over. */
static bool is_over(const struct fight *fight, const struct fight_field *field,
                    uint64_t now_ms)
{
    return fight->value != field->value ||
           now_ms - fight->seen_ms > FIGHT_WINDOW_MS;
}

uint64_t fights_pause(struct fights *f, const struct fight_field *field,
                      uint64_t now_ms)
{
    struct fight *fight = find(f, field);

    if (!fight || is_over(fight, field, now_ms))
        return 0;
    fight->seen_ms = now_ms;
    if (fight->writes < FIGHT_WRITES || now_ms >= fight->quiet_until_ms)
        return 0;
    return fight->quiet_until_ms - now_ms;
}

void fights_wrote(struct fights *f, const struct fight_field *field,
                  uint64_t now_ms)
{
    struct fight *fight = find(f, field);

    if (!fight)
        fight = add(f, field);
    if (!fight)
        return;
    if (fight->writes && is_over(fight, field, now_ms))
        *fight = (struct fight){.key = fight->key, .value = field->value};
    fight->seen_ms = now_ms;
    fight->looked = false;
    if (++fight->writes >= FIGHT_WRITES)
        fight->quiet_until_ms =
            now_ms + backoff_ms(FIGHT_PAUSE_MS, FIGHT_MAX_PAUSE_MS,
                                fight->writes - FIGHT_WRITES);
}

const char *fights_rival(const struct fights *f,
                         const struct fight_field *field)
{
    const struct fight *fight = find(f, field);

    return fight && fight->looked ? fight->rival : NULL;
}

void fights_set_rival(struct fights *f, const struct fight_field *field,
                      const char *rival)
{
    struct fight *fight = find(f, field);
    size_t len = strlen(rival);

    if (!fight)
        return;
    len = len < FIGHT_RIVAL_SIZE ? len : FIGHT_RIVAL_SIZE - 1;
    memcpy(fight->rival, rival, len);
    fight->rival[len] = '\0';
    fight->looked = true;
}

void fights_release(struct fights *f)
{
    mem_free(f->items);
    *f = (struct fights){0};
}
