/*
 * zones.c -- see zones.h. Names were checked before they become a path
 *            (zone_name_is_valid), so no name leads out of the folder.
 */
#include "app/zones.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "io/file.h"

#define FOLDER "/usr/share/zoneinfo"
/* Every zone and link of tzdata, one a line: "Z Europe/Berlin ...",
 * "L Europe/Berlin Arctic/Longyearbyen". */
#define INDEX "tzdata.zi"
#define MAX_INDEX ((size_t)1 << 20)

struct zones {
    char *folder;
    struct map *known; /* name -> struct zone */
};

struct zones *zones_new(const char *folder)
{
    struct zones *z = mem_calloc(1, sizeof(*z));

    if (!z)
        return NULL;
    if (!folder)
        folder = getenv("TZDIR");
    z->folder = mem_strdup(folder && *folder ? folder : FOLDER);
    z->known = map_new();
    if (z->folder && z->known)
        return z;
    zones_free(z);
    return NULL;
}

void zones_free(struct zones *z)
{
    const char *key;
    size_t len;
    void *zone;

    if (!z)
        return;
    for (size_t it = 0; z->known && map_next(z->known, &it, &key, &len, &zone);)
        zone_free(zone);
    map_free(z->known);
    mem_free(z->folder);
    mem_free(z);
}

/* ---- a name that is none ---- */

/* The name in a line of the index, or NULL; the line is cut behind it. */
static const char *name_of_line(char *line)
{
    char *name = line + 2;

    if (strncmp(line, "Z ", 2) != 0 && strncmp(line, "L ", 2) != 0)
        return NULL;
    if (*line == 'L') {
        name += strcspn(name, " ");
        name += *name == ' ';
    }
    name[strcspn(name, " ")] = '\0';
    return name;
}

static const char *last_part(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

/* How far two names are from each other: a city alone, "Berlin", is near to
 * "Europe/Berlin", too. */
static unsigned distance(const char *a, const char *b)
{
    unsigned whole = text_distance(a, b);
    unsigned city = text_distance(last_part(a), last_part(b)) + 1;

    return whole < city ? whole : city;
}

/* "" when nothing is near. */
static void nearest(const struct zones *z, struct arena *a, const char *name,
                    char out[ZONE_MAX_NAME + 1])
{
    struct str text = {0};
    unsigned best = 3;

    *out = '\0';
    if (file_read(file_join(a, z->folder, INDEX), MAX_INDEX, &text, NULL) < 0) {
        str_release(&text);
        return;
    }
    for (char *line = text.data, *next; line && *line; line = next) {
        size_t len = strcspn(line, "\n");
        const char *known;

        next = line + len + (line[len] == '\n');
        line[len] = '\0';
        known = name_of_line(line);
        if (known && strlen(known) <= ZONE_MAX_NAME &&
            distance(name, known) < best) {
            best = distance(name, known);
            memcpy(out, known, strlen(known) + 1);
        }
    }
    str_release(&text);
}

static int say_unknown(struct zones *z, const char *name, struct arena *a,
                       struct view_zone *ret)
{
    char near[ZONE_MAX_NAME + 1];

    nearest(z, a, name, near);
    ret->why = *near ? arena_printf(a,
                                    "there is no time zone '%s', did you mean "
                                    "'%s'?",
                                    name, near)
                     : arena_printf(a, "there is no time zone '%s'", name);
    return ret->why ? 0 : -ERR_NOMEM;
}

/* ---- reading ---- */

static int keep(struct zones *z, const char *name, struct zone *zone)
{
    int rc = map_put(z->known, name, strlen(name), zone, NULL);

    if (rc < 0)
        zone_free(zone);
    return rc;
}

static int load(struct zones *z, const char *name, const char *path,
                struct zone **ret, struct err *err)
{
    struct str bytes = {0};
    int rc = file_read(path, ZONE_MAX_BYTES, &bytes, err);

    if (rc == 0)
        rc = zone_parse(name, str_text(&bytes), bytes.len, ret, err);
    str_release(&bytes);
    return rc < 0 ? rc : keep(z, name, *ret);
}

int zones_find(struct zones *z, const char *name, struct arena *a,
               struct view_zone *ret)
{
    struct zone *zone = map_get(z->known, name, strlen(name));
    const char *path = file_join(a, z->folder, name);
    struct err err = {0};
    int rc = 0;

    *ret = (struct view_zone){.name = arena_strdup(a, name)};
    if (!path || !ret->name)
        return -ERR_NOMEM;
    if (!zone)
        rc = load(z, name, path, &zone, &err);
    if (rc == -ERR_NOMEM)
        return rc;
    if (rc == 0) {
        ret->zone = zone;
        return 0;
    }
    if (!file_exists(path) || file_is_folder(path))
        return say_unknown(z, name, a, ret);
    ret->why = arena_strdup(a, err.msg);
    return ret->why ? 0 : -ERR_NOMEM;
}

const struct zone *zones_peek(struct zones *z, const char *name)
{
    struct arena a = {0};
    struct view_zone found = {0};

    zones_find(z, name, &a, &found);
    arena_release(&a);
    return found.zone;
}

static int add(struct zones *z, const char *name, struct arena *a,
               struct view *v)
{
    if (!v->zones)
        v->zones = arena_calloc(a, VIEW_MAX_ZONES, sizeof(*v->zones));
    if (!v->zones || zones_find(z, name, a, &v->zones[v->zone_count]) < 0)
        return -ERR_NOMEM;
    v->zone_count++;
    return 0;
}

bool zones_serve(struct zones *z, const struct plan *plan, struct arena *a,
                 struct view *v, struct err *why)
{
    const char *name = plan->zone_wanted;

    if (!name || !z)
        return false;
    if (v->zone_count == VIEW_MAX_ZONES)
        err_set(why, ERR_LIMIT, "the script asks for more than %d time zones",
                VIEW_MAX_ZONES);
    else if (add(z, name, a, v) < 0)
        err_nomem(why);
    else
        return true;
    return false;
}
