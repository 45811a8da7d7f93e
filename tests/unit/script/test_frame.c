/*
 * test_frame.c -- messages come out as they went in, and what no main process
 *                 or worker would say is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "corpus.h"
#include "frame_fill.h"
#include "properties.h"
#include "test.h"

/* The type and the body of a filled message; 0 or -ERR_NOMEM. */
static int write_filled(enum frame_type type, struct arena *a, struct str *out)
{
    void *msg = frame_fill(type, a);
    int rc = msg ? frame_put(out, type, msg, NULL) : -ERR_NOMEM;

    if (rc == 0)
        str_drop(out, 4);
    return rc;
}

TEST_ALLOC(every_message_comes_back_whole)
{
    struct arena a = {0};
    struct str bytes = {0};
    int rc = 0;

    for (unsigned type = FRAME_HELLO; type < FRAME_TYPES && rc == 0; type++) {
        struct str again = {0};
        void *msg;

        str_clear(&bytes);
        rc = write_filled(type, &a, &bytes);
        if (rc == 0) {
            struct frame f = {type, bytes.data + 1, bytes.len - 1};

            msg = frame_blank(type, &a);
            rc = msg ? frame_get(&f, &a, msg, NULL) : -ERR_NOMEM;
            if (rc == 0)
                rc = frame_put(&again, type, msg, NULL);
        }
        if (rc == 0) {
            check_int(again.len, bytes.len + 4);
            check(memcmp(again.data + 4, bytes.data, bytes.len) == 0);
        }
        str_release(&again);
    }
    str_release(&bytes);
    arena_release(&a);
    return rc;
}

TEST(a_message_that_ends_early_or_late_is_refused)
{
    for (unsigned type = FRAME_HELLO; type < FRAME_TYPES; type++) {
        struct arena a = {0};
        struct str bytes = {0};
        struct err err = {0};

        check_int(write_filled(type, &a, &bytes), 0);
        for (size_t len = 0; len <= bytes.len; len++) {
            struct frame f = {type, bytes.data + 1, len};
            char *exact = mem_alloc(len);

            memcpy(exact, f.body, len); /* with the NUL of str behind it */
            f.body = exact;
            check_int(frame_get(&f, &a, frame_blank(type, &a), &err),
                      len == bytes.len - 1 ? 0 : -ERR_PROTOCOL);
            mem_free(exact);
        }
        check_has(err.msg, "bytes behind its end");
        str_release(&bytes);
        arena_release(&a);
    }
}

/* ---- trees and lists that claim more than there is ---- */

static struct str answer_until_status(void)
{
    struct frame_answer m = {.plan = {.row = PLAN_NO_ROW}};
    struct str bytes = {0};

    check_int(frame_put(&bytes, FRAME_ANSWER, &m, NULL), 0);
    str_drop(&bytes, 5);
    /* serial, code, retry, msg, hint, steps */
    bytes.len = 4 + 4 + 4 + 5 + 5 + 4;
    return bytes;
}

static void check_refused(struct str *body, const char *why)
{
    struct arena a = {0};
    struct err err = {0};
    struct frame f = {FRAME_ANSWER, str_text(body), body->len};

    arena_init(&a, 16u << 20);
    check_int(frame_get(&f, &a, frame_blank(FRAME_ANSWER, &a), &err),
              -ERR_PROTOCOL);
    check_has(err.msg, why);
    check_has(err.msg, "message of type 8: plan: status: ");
    arena_release(&a);
    str_release(body);
}

TEST(a_tree_that_no_script_could_make_is_refused)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *why;
    } trees[] = {
        {"\x09", 1, "no type"},      /* behind the last type */
        {"\x80", 1, "no type"},      /* sensitive nothing */
        {"\x02\x02", 2, "true nor"}, /* a boolean of 2 */
        {"\x04\0\0\0\0\0\0\xF8\x7F", 9, "a number that is none"},
        {"\x05\0\0\0\0", 5, "a text that is missing"},
        {"\x05\x02\0\0\0\xFF\0", 7, "not UTF-8"},
        {"\x05\x02\0\0\0xy", 7, "a text without its end"},
        {"\x05\xFF\xFF\xFF\xFF", 5, "too early"},
        {"\x06\xFF\xFF\xFF\xFF", 5, "more elements than bytes"},
        {"\x08\0\0\0\0\x02\0\0\0k\0", 11, "not a secret value"},
        {"\x07\x02\0\0\0\x02\0\0\0k\0\x01\x02\0\0\0k\0\x01", 19,
         "not in order"},
        {"\x07\x02\0\0\0\x02\0\0\0k\0\x01\x02\0\0\0a\0\x01", 19,
         "not in order"},
    };

    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        struct str body = answer_until_status();

        str_addn(&body, trees[i].bytes, trees[i].len);
        check_refused(&body, trees[i].why);
    }
}

TEST(a_tree_that_is_too_deep_is_refused)
{
    struct str body = answer_until_status();

    for (unsigned i = 0; i < PLAN_MAX_DEPTH + 2; i++)
        str_addn(&body, "\x06\x01\0\0\0", 5);
    str_addc(&body, 1);
    check_refused(&body, "a tree that is too large");
}

/* Each array says that it holds all that is left of the frame. */
TEST(arrays_that_claim_the_rest_of_a_large_frame_take_no_memory)
{
    struct str body = answer_until_status();
    uint32_t claim = FRAME_MAX - 1024;

    for (unsigned i = 0; i < PLAN_MAX_DEPTH; i++) {
        str_addc(&body, 6);
        shape_put_u32(&body, claim);
    }
    while (body.len < FRAME_MAX - 1)
        str_addn(&body, "\x01\x01\x01\x01\x01\x01\x01\x01", 8);
    check_refused(&body, "a tree that is too large");
}

TEST(a_list_that_claims_a_large_frame_takes_no_memory)
{
    struct frame_answer m = {.plan = {.row = PLAN_NO_ROW}};
    struct arena a = {0};
    struct str bytes = {0};
    struct err err = {0};
    struct frame f = {.type = FRAME_ANSWER};

    check_int(frame_put(&bytes, FRAME_ANSWER, &m, NULL), 0);
    bytes.len -= 12; /* reads, names, roots */
    shape_put_u32(&bytes, FRAME_MAX - 1024);
    while (bytes.len < FRAME_MAX)
        str_addn(&bytes, "\0\0\0\0\0\0\0\0", 8);
    f.body = bytes.data + 5;
    f.len = bytes.len - 5;
    arena_init(&a, 16u << 20);
    check_int(frame_get(&f, &a, frame_blank(FRAME_ANSWER, &a), &err),
              -ERR_PROTOCOL);
    check_has(err.msg, "reads: ");
    check_has(err.msg, "elements are too many");
    arena_release(&a);
    str_release(&bytes);
}

/* ---- lengths and types ---- */

static void check_cut(const char *bytes, size_t len, const char *why)
{
    struct frame_stream s = {0};
    struct frame f;
    struct err err = {0};

    check_int(frame_feed(&s, bytes, len, &err), 0);
    check_int(frame_cut(&s, &f, &err), -ERR_PROTOCOL);
    check_has(err.msg, why);
    frame_stream_release(&s);
}

TEST(lengths_and_types_that_do_not_exist_are_refused)
{
    check_cut("\0\0\0\0", 4, "a message of 0 bytes");
    check_cut("\0\0\0\0\1", 5, "a message of 0 bytes");
    check_cut("\1\0\x80\0\1", 5, "a message of 8388609 bytes");
    check_cut("\xFF\xFF\xFF\xFF\1", 5, "a message of 4294967295 bytes");
    check_cut("\1\0\0\0\0", 5, "a message of type 0");
    check_cut("\1\0\0\0\x0B", 5, "a message of type 11");
    check_cut("\1\0\0\0\xFF", 5, "a message of type 255");
}

/* ---- the corpus ---- */

static void name_of(unsigned type, char *out, size_t size)
{
    static const char *const names[FRAME_TYPES] = {
        "",      "hello", "load",   "loaded", "call",  "ask",
        "found", "rows",  "answer", "probe",  "probed"};

    snprintf(out, size, "%s", names[type]);
}

static void write_file(const char *name, const struct str *bytes)
{
    char path[300];
    FILE *f;

    snprintf(path, sizeof path, CORPUS "/frame/%s", name);
    f = fopen(path, "wb");
    if (check(f)) {
        check_int(fwrite(bytes->data, 1, bytes->len, f), bytes->len);
        fclose(f);
    }
}

/* What is damaged by test_properties.c is what is spoken today. When a message
 * has changed: TIDELOCK_UPDATE_GOLDEN=1, and FRAME_PROTOCOL. */
TEST(the_corpus_has_the_messages_as_they_are)
{
    bool update = getenv("TIDELOCK_UPDATE_GOLDEN") != NULL;

    if (!corpus_is_here())
        return;
    for (unsigned type = FRAME_HELLO; type < FRAME_TYPES; type++) {
        struct arena a = {0};
        struct str want = {0}, got = {0};
        char name[20];

        name_of(type, name, sizeof name);
        check_int(write_filled(type, &a, &want), 0);
        if (update)
            write_file(name, &want);
        read_file(CORPUS "/frame", name, &got);
        check_int(got.len, want.len);
        check(got.len == want.len && memcmp(got.data, want.data, got.len) == 0);
        str_release(&want);
        str_release(&got);
        arena_release(&a);
    }
}
