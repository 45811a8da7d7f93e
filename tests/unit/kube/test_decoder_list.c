#include "streams.h"

#include "test.h"

TEST(a_list_gives_its_items_then_its_end)
{
    check_str(decoded(list_of(
                  "{\"kind\":\"PodList\",\"apiVersion\":\"v1\","
                  "\"metadata\":{\"resourceVersion\":\"7\"},"
                  "\"items\":[" ITEM("a", "1") "," ITEM("b", "2") "]}\n")),
              "item " COMPACT("a", "1") "item " COMPACT("b", "2") "end @7\n");
}

TEST(a_page_names_the_next_one)
{
    check_str(decoded(list_of("{\"kind\":\"PodList\",\"metadata\":{"
                              "\"resourceVersion\":\"7\",\"continue\":\"t k\","
                              "\"remainingItemCount\":12},\"items\":[]}")),
              "end @7 continue=t k\n");
}

TEST(the_metadata_of_a_list_may_come_last)
{
    check_str(decoded(list_of("{ \"items\" : [ " ITEM("a", "1") " , " ITEM(
                  "b", "2") " ] , \"x\":{\"items\":[{}]},\"metadata\":{\""
                            "resourceVersion\":\"7\",\"continue\":\"t\"},"
                            "\"kind\":\"PodList\" }")),
              "item " COMPACT("a", "1") "item " COMPACT(
                  "b", "2") "end @7 continue=t\n");
}

TEST(a_list_may_be_empty_in_two_ways)
{
    check_str(decoded(list_of("{\"kind\":\"PodList\",\"items\":null}")),
              "end\n");
    check_str(decoded(list_of("{\"kind\":\"PodList\",\"items\":[ ]}")),
              "end\n");
}

TEST(a_list_of_metadata_is_a_list)
{
    check_str(
        decoded(list_of(
            "{\"kind\":\"PartialObjectMetadataList\",\"items\":[{\"kind\":"
            "\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
            "\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"1\"}}]}")),
        "item " COMPACT("a", "1") "end\n");
}

TEST(what_is_no_list_is_refused)
{
    check_has(decoded(list_of("{\"kind\":\"Table\",\"items\":[]}")),
              "PROTOCOL: the answer is a Table, not a list");
    check_has(decoded(list_of("{\"kind\":\"Status\",\"code\":410}")),
              "PROTOCOL: the answer is a Status");
    check_has(decoded(list_of("{\"kind\":null,\"items\":[]}")), "PROTOCOL: ");
    check_has(decoded(list_of("{\"items\":[]}")), "PROTOCOL: ");
    check_has(decoded(list_of("{}")), "PROTOCOL: ");
    check_has(decoded(list_of("[]")), "PROTOCOL: ");
    check_has(decoded(list_of("")), "PROTOCOL: ");
}

TEST(a_list_without_items_is_not_an_empty_list)
{
    check_str(decoded(list_of("{\"kind\":\"PodList\",\"metadata\":{"
                              "\"resourceVersion\":\"7\"}}")),
              "PROTOCOL: the answer is not a list\n");
    check_has(decoded(list_of("{\"kind\":\"PodList\",\"items\":{}}")),
              "PROTOCOL: list whose items are no array");
}

TEST(nothing_in_a_list_is_skipped)
{
    static const char *const bad[] = {
        "null",
        "7",
        "{}",
        "{\"metadata\":{}}",
        "{\"metadata\":{\"name\":\"a\"},\"kind\":\"Node\"}",
        "{\"metadata\":{\"name\":\"a\"]}",
        "{\"metadata\":{\"name\":\"a\"}},",
        ",{\"metadata\":{\"name\":\"a\"}}",
        "{\"metadata\":{\"name\":\"a\"}}{",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct str text = {0};

        str_addf(&text, "{\"kind\":\"PodList\",\"items\":[%s]}", bad[i]);
        check_has(decoded(list_of(str_text(&text))), "PROTOCOL: ");
        str_release(&text);
    }
}

TEST(a_list_is_one_document)
{
    check_has(decoded(list_of("{\"kind\":\"PodList\",\"items\":[]}{}")),
              "end\nPROTOCOL: text after the list");
    check_has(decoded(list_of("{\"kind\":\"PodList\",\"items\":[]}x")),
              "end\nPROTOCOL: ");
    check_has(decoded(list_of("{\"kind\":\"PodList\",\"items\":[]}{")),
              "end\nPROTOCOL: ");
    check_has(decoded(list_of("{\"kind\":\"PodList\",\"items\":[],"
                              "\"items\":[]}")),
              "PROTOCOL: list with a key twice");
}

TEST(only_an_item_over_the_limit_fails_a_list)
{
    struct stream s = list_of("{\"kind\":\"PodList\",\"items\":[" ITEM(
        "a", "1") "," ITEM("b", "2") "," ITEM("c", "3") "],\"metadata\":{}}");
    struct str log = {0};

    s.max_bytes = strlen(ITEM("a", "1"));
    stream_decode(&s, 0, s.len, &log);
    check_str(str_text(&log), "item " COMPACT("a", "1") "item " COMPACT(
                                  "b", "2") "item " COMPACT("c", "3") "end\n");
    s.max_bytes--;
    for (size_t chunk = 1; chunk < s.len; chunk++) {
        stream_decode(&s, 0, chunk, &log);
        check_has(str_text(&log), "LIMIT: list ");
        check(!strstr(str_text(&log), "item {"));
    }
    str_release(&log);
}
