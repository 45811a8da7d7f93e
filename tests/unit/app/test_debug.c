/*
 * Tests of app/debug: lists for programs and people.
 */
#include "app/debug.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static const struct debug_column columns[] = {
    {"OBJECT", "object"}, {"N", "n"}, {"WELL", "well"}, {NULL, NULL}};

/* Two items as the request wants them, "200 text". */
static const char *page(const char *query, const char *accept)
{
    static char copy[2048];
    const struct endpoint_request r = {"/debug/x", query, accept};
    struct arena a = {0};
    struct debug_list l = {.a = &a, .request = &r, .items = value_array(&a)};
    struct endpoint_answer answer = {.status = 200};
    struct value *item;

    if (l.items) {
        item = debug_item(&l);
        debug_text(&l, item, "object", "web/blog");
        debug_number(&l, item, "n", 12345);
        debug_flag(&l, item, "well", true);
        item = debug_item(&l);
        debug_object(&l, item, "object", &(struct object_key){"", "a\x1b[1m"});
        debug_number(&l, item, "n", 0);
    }
    debug_show(&l, "DebugX", false, columns, &answer);
    snprintf(copy, sizeof copy, "%d %s", answer.status, str_text(&answer.text));
    str_release(&answer.text);
    arena_release(&a);
    return copy;
}

TEST(a_debug_list_is_json_and_for_people_a_table)
{
    check_str(page("", ""),
              "200 {\"apiVersion\":\"tidelock.dev/v1alpha1\",\"items\":[{"
              "\"n\":12345,\"object\":\"web/blog\",\"well\":true},{\"n\":0,"
              "\"object\":\"a\\u001b[1m\"}],\"kind\":\"DebugX\",\"leader\":"
              "false,\"truncated\":false}\n");
    check_str(page("o=text", ""), "200 OBJECT     N       WELL\n"
                                  "web/blog   12345   yes\n"
                                  "a?[1m      0       -\n");
    check_has(page("", "text/plain"), "OBJECT");
    check_has(page("", "application/json, text/plain"), "DebugX");
    check_has(page("o=json", "text/plain"), "DebugX");
}

TEST(a_debug_list_can_be_asked_for_one_object)
{
    check_str(page("object=web/blog&o=text", ""),
              "200 OBJECT     N       WELL\n"
              "web/blog   12345   yes\n");
    check_str(page("object=nothing&o=text", ""), "200 OBJECT   N   WELL\n");
}

TEST(a_debug_list_says_what_it_leaves_out)
{
    const struct endpoint_request r = {"/debug/x", "", ""};
    struct arena a = {0};
    struct debug_list l = {.a = &a, .request = &r, .items = value_array(&a)};
    struct endpoint_answer answer = {.status = 200};

    for (unsigned i = 0; i < DEBUG_MAX_ITEMS + 3; i++)
        debug_number(&l, debug_item(&l), "n", i);
    check_int(l.left_out, 3);
    debug_show(&l, "DebugX", true, columns, &answer);
    check_has(str_text(&answer.text), "\"truncated\":true");
    str_release(&answer.text);
    arena_release(&a);
}

TEST_TORTURE(a_debug_list_may_lack_memory)
{
    const char *text = page("", "");

    check(text_starts(text, torturing() ? "" : "200 {"));
}
