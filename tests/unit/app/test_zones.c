/*
 * test_zones.c -- time zones: from files to the view of a pass.
 */
#include "app/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "pipe.h"
#include "test.h"

/* Bytes hold NULs, so folder_write() is no help. */
static void write_zone(const struct folder *f, const char *name,
                       const char *rule)
{
    static const char head[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0\1\0\0\0\4\0\0\0\0\0\0UTC";
    FILE *file = fopen(folder_write(f, name, ""), "wb");

    if (!check(file != NULL))
        return;
    fwrite(head, 1, sizeof head, file);
    fwrite(head, 1, sizeof head, file);
    fprintf(file, "\n%s\n", rule);
    fclose(file);
}

struct place {
    struct folder folder;
    struct arena arena;
    struct zones *zones;
};

static void place_init(struct place *p)
{
    memset(p, 0, sizeof *p);
    folder_init(&p->folder);
    write_zone(&p->folder, "Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3");
    write_zone(&p->folder, "Asia/Tokyo", "JST-9");
    folder_write(&p->folder, "Europe/Broken", "TZif of sorts");
    folder_write(&p->folder, "tzdata.zi",
                 "# version 2025b\nR d 1916 o\nZ Europe/Berlin 0:53 - LMT\n"
                 "1 C CE%sT\nL Asia/Tokyo Japan\nL Europe/Berlin "
                 "Arctic/Longyearbyen\n");
    p->zones = zones_new(p->folder.path);
}

static void place_release(struct place *p)
{
    zones_free(p->zones);
    arena_release(&p->arena);
    folder_release(&p->folder);
}

static void is_refused(struct place *p, const char *name, const char *why)
{
    struct view_zone z;

    check_int(zones_find(p->zones, name, &p->arena, &z), 0);
    check(!z.zone);
    check_str(z.why, why);
}

TEST(zones_are_read_once)
{
    struct place p;
    struct view_zone first, second;

    place_init(&p);
    check_int(zones_find(p.zones, "Europe/Berlin", &p.arena, &first), 0);
    remove(folder_path(&p.folder, "Europe/Berlin"));
    check_int(zones_find(p.zones, "Europe/Berlin", &p.arena, &second), 0);
    check(first.zone && first.zone == second.zone);
    check_str(zone_name(first.zone), "Europe/Berlin");
    place_release(&p);
}

TEST(zones_that_are_not_there_have_a_suggestion)
{
    struct place p;

    place_init(&p);
    is_refused(&p, "Europe/Berln",
               "there is no time zone 'Europe/Berln', did you mean "
               "'Europe/Berlin'?");
    is_refused(&p, "Berlin",
               "there is no time zone 'Berlin', did you mean "
               "'Europe/Berlin'?");
    is_refused(&p, "Japn",
               "there is no time zone 'Japn', did you mean 'Japan'?");
    is_refused(&p, "Middle/Earth", "there is no time zone 'Middle/Earth'");
    is_refused(&p, "Europe", "there is no time zone 'Europe'");
    is_refused(&p, "Europe/Broken",
               "time zone 'Europe/Broken': the file is no TZif, or has leap "
               "seconds");
    remove(folder_path(&p.folder, "tzdata.zi"));
    is_refused(&p, "Europe/Berln", "there is no time zone 'Europe/Berln'");
    place_release(&p);
}

/* ---- in a pass ---- */

#define LOOK                                                                   \
    "memory = {}, reconcile = function(w, view, plan)\n"                       \
    "  local names = {}\n"                                                     \
    "  for _, name in ipairs(w.spec.zones) do\n"                               \
    "    local z, why = tidelock.zone.find(name)\n"                            \
    "    names[#names + 1] = z and (select(2, z:span(0))) or why\n"            \
    "  end\n"                                                                  \
    "  plan:event('Normal', 'Zones', table.concat(names, ', '))\n"             \
    "end"

/* The note of the Event of the newest pass. */
static char note[2048];

static void keep_note(void *arg, const struct pass *pass)
{
    (void)arg;
    snprintf(note, sizeof note, "%s",
             pass->err->code != ERR_NONE ? pass->err->msg
             : pass->plan->event_count   ? pass->plan->events[0].note
                                         : "");
}

static void starts(struct pipe *p, struct place *place)
{
    place_init(place);
    pipe_init(p);
    p->config.zones = place->zones;
    p->config.on_pass = keep_note;
    check(pipe_start(p, LOOK));
}

static void ends(struct pipe *p, struct place *place)
{
    pipe_release(p);
    place_release(place);
}

TEST(a_pass_gets_the_zones_that_it_asks_for)
{
    struct place place;
    struct pipe p;

    starts(&p, &place);
    pipe_put(&p, "Widget", "blog",
             ",'spec':{'zones':['Europe/Berlin','Asia/Tokyo','Japn']}");
    pipe_run(&p);
    check_str(note, "CET, JST, there is no time zone 'Japn', did you mean "
                    "'Japan'?");
    /* the next pass has them from the start */
    pipe_put(&p, "Widget", "blog", ",'spec':{'zones':['Asia/Tokyo']}");
    pipe_run(&p);
    check_str(note, "JST");
    ends(&p, &place);
}

static void ask_for(struct pipe *p, char first, int count)
{
    char spec[2048] = ",'spec':{'zones':[";

    for (int i = 0; i < count; i++)
        snprintf(spec + strlen(spec), sizeof spec - strlen(spec), "%s'%c/%c%c'",
                 i ? "," : "", first, 'a' + i / 10, 'a' + i % 10);
    snprintf(spec + strlen(spec), sizeof spec - strlen(spec), "]}");
    pipe_put(p, "Widget", "blog", spec);
    pipe_run(p);
}

TEST(a_pass_has_a_limited_number_of_zones)
{
    struct place place;
    struct pipe p;

    starts(&p, &place);
    ask_for(&p, 'A', VIEW_MAX_ZONES);
    check_has(note, "there is no time zone 'A/aa'");
    /* others make way for new ones */
    ask_for(&p, 'B', VIEW_MAX_ZONES);
    check_has(note, "there is no time zone 'B/aa'");
    ask_for(&p, 'C', VIEW_MAX_ZONES + 1);
    check_str(note, "the script asks for more than 32 time zones");
    ends(&p, &place);
}

TEST(without_zones_a_pass_says_so)
{
    struct pipe p;

    pipe_init(&p);
    p.config.on_pass = keep_note;
    check(pipe_start(&p, LOOK));
    pipe_put(&p, "Widget", "blog", ",'spec':{'zones':['Europe/Berlin']}");
    pipe_run(&p);
    check_has(note, "the time zone 'Europe/Berlin' is not known now");
    pipe_release(&p);
}

TEST_TORTURE(zones_survive_out_of_memory)
{
    struct place p;
    struct view_zone z;

    memset(&p, 0, sizeof p);
    folder_init(&p.folder);
    write_zone(&p.folder, "Europe/Berlin", "CET-1");
    folder_write(&p.folder, "tzdata.zi", "Z Europe/Berlin 0:53 - LMT\n");
    p.zones = zones_new(p.folder.path);
    if (p.zones) {
        if (zones_find(p.zones, "Europe/Berlin", &p.arena, &z) == 0)
            check(z.zone || torturing());
        if (zones_find(p.zones, "Europe/Berln", &p.arena, &z) == 0)
            check(!z.zone && z.why);
    }
    place_release(&p);
}
