/*
 * test_string.c -- the matcher is the stock one's equal: both are asked the
 *                  same random questions.
 */
#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "kit.h"
#include "test.h"

/* One call, its results or its error as text. Runs in both states. */
static const char ask[] =
    "local function show(ok, ...) local t = { tostring(ok) }\n"
    "for i = 1, select('#', ...) do t[#t + 1] = tostring((select(i, ...))) end "
    "return table.concat(t, '|') end\n"
    "local function answers(s, p, init)\n"
    "  local out = { 'find ' .. s .. ' ' .. p, show(pcall(string.find, s, p, "
    "init)),\n"
    "    show(pcall(string.match, s, p, init)),\n"
    "    show(pcall(string.gsub, s, p, '<%0%1>')),\n"
    "    show(pcall(string.gsub, s, p, { a = 1, b = false }, 2)),\n"
    "    show(pcall(string.gsub, s, p, function(x) if x == 'a' then return 'Z' "
    "end end)) }\n"
    "  out[#out + 1] = show(pcall(function() local n = {}\n"
    "    for a, b in string.gmatch(s, p, init) do n[#n + 1] = tostring(a) .. "
    "tostring(b) end return table.concat(n, ',') end))\n"
    "  return table.concat(out, '\\n')\n"
    "end\n";

static const char *const pieces[] = {
    "a",      "b",    "ab",     ".",      "%a",  "%d",   "%s", "%W",   "%x",
    "[ab]",   "[^a]", "[a-c]",  "[%d_]",  "[]]", "[^]]", "(",  ")",    "()",
    "%1",     "%b()", "%f[%w]", "%f[^a]", "*",   "+",    "-",  "?",    "^",
    "$",      "%",    "[",      "%.",     "\\0", "%g",   "%p", "[a-]", "[%]]",
    "[a-%d]", "%%",   "x*",     ".-",     ".*",  "a?",
};
static const char *const letters[] = {"a", "b", "c", "(", ")", " ",   "1",
                                      "_", "]", "-", "A", ".", "\\0", "\\xe4"};

static void add_random(struct str *out, struct rng *r, bool pattern)
{
    uint64_t count = rng_below(r, pattern ? 6 : 12);

    str_add(out, "'");
    for (uint64_t i = 0; i < count; i++) {
        if (pattern)
            str_add(out, pieces[rng_below(r, sizeof pieces / sizeof *pieces)]);
        else
            str_add(out,
                    letters[rng_below(r, sizeof letters / sizeof *letters)]);
    }
    str_add(out, "'");
}

/* "question, question, ...": the same text for both. */
static void add_questions(struct str *out, struct rng *r, int count)
{
    str_add(out, "local all = {}\n");
    for (int i = 0; i < count; i++) {
        str_add(out, "all[#all + 1] = answers(");
        add_random(out, r, false);
        str_add(out, ", ");
        add_random(out, r, true);
        str_addf(out, ", %d)\n", (int)rng_below(r, 8) - 2);
    }
}

/* Bytes that are no printable ASCII become numbers. */
#define ANSWERS                                                                \
    " local function plain(c) return '\\\\' .. c:byte() end "                  \
    "local text = table.concat(all, '\\n'):gsub('[^ -~\\n]', plain) "

static const char *stock_answers(lua_State *L, struct kit *k,
                                 const char *questions)
{
    const char *text =
        arena_printf(&k->arena, "%s%s" ANSWERS "return text", ask, questions);

    lua_settop(L, 0);
    if (!text || luaL_loadbuffer(L, text, strlen(text), "@operator.lua") == 0)
        lua_pcall(L, 0, 1, 0);
    return lua_tostring(L, -1);
}

static const char *our_answers(struct kit *k, const char *questions)
{
    const char *body = arena_printf(
        &k->arena, "%s%s" ANSWERS "plan:status { v = text }", ask, questions);

    if (!check_ok(kit_run(k, body), &k->err) || !k->plan.status)
        return "";
    return value_text_at(k->plan.status, "v");
}

/* The first line that differs says enough. */
static bool check_answers(const char *ours, const char *stock)
{
    size_t line = 0, n = 0;
    char a[200], b[200];

    while (ours[n] && ours[n] == stock[n])
        if (ours[n++] == '\n')
            line = n;
    if (ours[n] == stock[n])
        return true;
    snprintf(a, sizeof a, "%.*s", (int)strcspn(ours + line, "\n"), ours + line);
    snprintf(b, sizeof b, "%.*s", (int)strcspn(stock + line, "\n"),
             stock + line);
    return check_str(a, b);
}

TEST(patterns_match_as_those_of_the_stock_library)
{
    lua_State *L = luaL_newstate();
    struct kit k;
    struct rng r;
    int rounds = test_rounds(100, 5000);
    bool equal = true;

    luaL_openlibs(L);
    rng_init(&r, test_seed());
    for (int i = 0; i < rounds && equal; i++) {
        struct str questions = {0};
        const char *stock;

        kit_init(&k);
        add_questions(&questions, &r, 40);
        stock = stock_answers(L, &k, str_text(&questions));
        equal = check_answers(our_answers(&k, str_text(&questions)), stock);
        str_release(&questions);
        kit_release(&k);
    }
    lua_close(L);
}
