/*
 * test_fights.c -- when a field is fought over (G6).
 */
#include "core/fights.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "test.h"

static const struct fight_field color = {"uid-a", ".data.color", 7};

/* Seen to differ and written, as often as that is let; how often? */
static unsigned insist(struct fights *f, const struct fight_field *field,
                       unsigned times, uint64_t from, uint64_t step)
{
    unsigned written = 0;

    for (unsigned i = 0; i < times; i++) {
        uint64_t now = from + i * step;

        if (fights_pause(f, field, now))
            continue;
        fights_wrote(f, field, now);
        written++;
    }
    return written;
}

TEST(a_field_is_put_back_three_times_and_then_left_alone)
{
    struct fights f = {0};

    check_int(insist(&f, &color, 1000, 5000, 10), 3);
    check_int(fights_pause(&f, &color, 5000 + 20 + 59999), 1);
    check_int(fights_pause(&f, &color, 5000 + 20 + 60000), 0);
    fights_release(&f);
}

TEST(each_try_makes_the_pause_longer_up_to_a_limit)
{
    static const uint64_t pauses[] = {60000,  120000, 240000,
                                      480000, 600000, 600000};
    struct fights f = {0};
    uint64_t now = 0;

    check_int(insist(&f, &color, 3, now, 0), 3);
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        check_int(fights_pause(&f, &color, now), pauses[i]);
        now += pauses[i];
        check_int(fights_pause(&f, &color, now), 0);
        fights_wrote(&f, &color, now);
    }
    fights_release(&f);
}

TEST(a_field_that_stays_as_written_is_forgotten)
{
    struct fights f = {0};

    check_int(insist(&f, &color, 10, 0, 10), 3);
    check_int(insist(&f, &color, 10, FIGHT_WINDOW_MS + 91, 10), 3);
    fights_release(&f);
}

TEST(a_writer_who_comes_each_five_minutes_is_a_fight_too)
{
    struct fights f = {0};

    check_int(insist(&f, &color, 3, 0, 300000), 3);
    check(fights_pause(&f, &color, 601000) > 0);
    fights_release(&f);
}

TEST(another_value_or_field_or_object_is_another_matter)
{
    struct fights f = {0};
    struct fight_field red = color, name = color, other = color;

    red.value = 8;
    name.path = ".data.name";
    other.uid = "uid-b";
    for (unsigned i = 0; i < 20; i++) {
        check_int(insist(&f, &color, 1, i * 10, 0), 1);
        check_int(insist(&f, &red, 1, i * 10 + 5, 0), 1);
    }
    check_int(insist(&f, &red, 20, 300, 1), 2);
    check_int(insist(&f, &name, 20, 300, 1), 3);
    check_int(insist(&f, &other, 20, 300, 1), 3);
    fights_release(&f);
}

TEST(a_rival_is_remembered_until_the_next_try)
{
    struct fights f = {0};
    char longer[300];

    check(!fights_rival(&f, &color));
    fights_set_rival(&f, &color, "nobody is there yet");
    check(!fights_rival(&f, &color));
    fights_wrote(&f, &color, 0);
    check(!fights_rival(&f, &color));
    fights_set_rival(&f, &color, "kubectl");
    check_str(fights_rival(&f, &color), "kubectl");
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    fights_set_rival(&f, &color, longer);
    check_int(strlen(fights_rival(&f, &color)), FIGHT_RIVAL_SIZE - 1);
    fights_wrote(&f, &color, 1);
    check(!fights_rival(&f, &color));
    fights_release(&f);
}

TEST(beyond_the_bound_the_oldest_is_forgotten)
{
    struct fights f = {0};
    char path[32];

    check_int(insist(&f, &color, 3, 0, 0), 3);
    for (unsigned i = 0; i < FIGHTS_MAX; i++) {
        struct fight_field field = {"uid-b", path, 1};

        snprintf(path, sizeof path, ".data.k%u", i);
        fights_wrote(&f, &field, 10 + i);
    }
    check_int(f.count, FIGHTS_MAX);
    check_int(fights_pause(&f, &color, 300), 0);
    fights_release(&f);
}

TEST_ALLOC(without_memory_nothing_is_a_fight)
{
    struct fights f = {0};
    int rc;

    fights_wrote(&f, &color, 0);
    fights_set_rival(&f, &color, "kubectl");
    rc = fights_rival(&f, &color) ? 0 : -ERR_NOMEM;
    check_int(fights_pause(&f, &color, 0), 0);
    fights_release(&f);
    return rc;
}
