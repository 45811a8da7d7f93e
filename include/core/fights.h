/*
 * fights.h -- which fields are written to the same value again and again,
 *             because somebody keeps changing them? (note 05, G6)
 *
 * Two controllers that each put a field back are a loop as fast as the API
 * server lets them be. A field that was written FIGHT_WRITES times to one
 * value, each time within FIGHT_WINDOW_MS after it was last seen to differ, is
 * contested: it is left alone for a minute, then tried once, and so on with
 * growing delay. When it stays as it was written, the fight is forgotten.
 * A value that another of ours replaced in between is no fight.
 *
 * Pure: the caller tells the time. Bounded: beyond FIGHTS_MAX fields the one
 * that was seen to differ longest ago is forgotten. Names are kept as hashes.
 */
#ifndef TIDELOCK_CORE_FIGHTS_H
#define TIDELOCK_CORE_FIGHTS_H

#include <stddef.h>
#include <stdint.h>

#define FIGHT_WRITES 3
#define FIGHT_WINDOW_MS 600000u
#define FIGHT_PAUSE_MS 60000u      /* the first, doubled each time */
#define FIGHT_MAX_PAUSE_MS 600000u /* and the longest */
#define FIGHTS_MAX 256u
#define FIGHT_RIVAL_SIZE 129 /* of a field manager's name, cut off */

struct fight;
struct fights {
    struct fight *items;
    size_t count;
};

/* One field of one object, and a hash of the value that is to be written. */
struct fight_field {
    const char *uid, *path;
    uint64_t value;
};

/* Zeroed is empty; memory is taken with the first field. */
void fights_release(struct fights *f);
/* The field differs from what is declared: may it be written? 0, or for how
 * many milliseconds it is left alone. */
uint64_t fights_pause(struct fights *f, const struct fight_field *field,
                      uint64_t now_ms);
/* It was written. Out of memory: it is not remembered. */
void fights_wrote(struct fights *f, const struct fight_field *field,
                  uint64_t now_ms);
/* Who changes it, as a live read showed; borrowed until the next call. "" when
 * nobody else owns it, NULL when nobody looked since it was last written. */
const char *fights_rival(const struct fights *f,
                         const struct fight_field *field);
void fights_set_rival(struct fights *f, const struct fight_field *field,
                      const char *rival);

#endif
