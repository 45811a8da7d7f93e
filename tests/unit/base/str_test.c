/* str: appending, limits, sticky failure. */
#include "test.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

TEST(str_of_zero_bytes_is_empty)
{
    struct str s = {0};

    check_str(str_text(&s), "");
    check_int(str_check(&s, "it", NULL), 0);
    str_clear(&s);
    str_drop(&s, 0);
    str_release(&s);
}

TEST(str_may_hold_nuls)
{
    struct str s = {0};

    str_addn(&s, "a\0b", 3);
    str_addc(&s, '\0');
    check_int(s.len, 4);
    check(memcmp(s.data, "a\0b\0", 5) == 0);
    str_release(&s);
}

TEST(str_is_a_prefix_after_it_hit_its_limit)
{
    struct str s;
    struct err err = {0};

    str_init(&s, 5);
    check_int(str_add(&s, "12345"), 0);
    check_int(str_addc(&s, '6'), -ERR_LIMIT);
    str_clear(&s);
    check_int(str_add(&s, "123"), 0);
    check_int(str_add(&s, "456"), -ERR_LIMIT);
    check_int(str_add(&s, "4"), -ERR_LIMIT); /* sticky: no hole */
    check_str(str_text(&s), "123");
    check_int(str_check(&s, "the name", &err), -ERR_LIMIT);
    check_str(err.msg, "the name is longer than 5 bytes");
    check(str_take(&s) == NULL);
    check_str(str_text(&s), "");
    check_int(str_addf(&s, "%d%d", 1234, 56), -ERR_LIMIT);
    str_release(&s);
}

TEST(str_drops_from_the_front)
{
    struct str s = {0};

    str_add(&s, "ebb and flow");
    str_drop(&s, 8);
    check_str(str_text(&s), "flow");
    str_drop(&s, 4);
    check_str(str_text(&s), "");
    str_release(&s);
}

TEST_ALLOC(str_survives_out_of_memory)
{
    struct str s = {0};
    char *taken;
    int rc;

    for (int i = 0; i < 50; i++)
        str_addf(&s, "%d,", i);
    str_add(&s, "end");
    rc = str_check(&s, "s", NULL);
    taken = str_take(&s);
    if (rc == 0 && check(taken)) {
        check(strncmp(taken, "0,1,2,", 6) == 0);
        check_str(taken + strlen(taken) - 7, ",49,end");
    }
    mem_free(taken);
    return rc;
}

TEST_ALLOC(str_take_of_nothing_is_an_empty_text)
{
    struct str s = {0};
    char *taken = str_take(&s);
    int rc = taken ? 0 : -ERR_NOMEM;

    if (taken)
        check_str(taken, "");
    mem_free(taken);
    return rc;
}

TEST(str_visible_shows_control_characters_as_question_marks)
{
    struct str s = {0};

    str_add_visible(&s, "a\033[2J\rb\tc\x7f\nd \xC2\x9B \xC3\xA4", "  ");
    check_str(str_text(&s), "a?[2J?b\tc?\n  d ? \xC3\xA4");
    str_release(&s);
}

TEST_ALLOC(str_visible_survives_out_of_memory)
{
    struct str s = {0};
    int rc = str_add_visible(&s, "one\ntwo", "  ");

    if (rc == 0)
        check_str(str_text(&s), "one\n  two");
    str_release(&s);
    return rc;
}
