/*
 * test_library.c -- the examples in the comments of lua/tidelock run, on the
 *                   real VM, and give what they say.
 *
 * An example is a comment line of code, indented by four more columns:
 *
 *     --     quantity.add("500m", "1")      --> "1500m"
 *     --     duration.parse("7d")           --> nil, "'7d' is ..."
 *     --     semver.satisfies("1.0.0", ">=")   --> error "is no range"
 *     --     local web = selector.parse("app=web")
 *
 * Lines without an arrow are statements; the lines of one comment share their
 * locals.
 */
#include <string.h>

#include "base/embed.h"
#include "kit.h"
#include "test.h"

#define LEAD "--     "
#define ARROW "-->"

static const char head[] =
    "local tidelock = require 'tidelock'\n"
    "local equal = tidelock.tables.equal\n"
    "local function show(list)\n"
    "  local texts = {}\n"
    "  for i = 1, list.n do\n"
    "    local ok, text = pcall(tidelock.json.encode, list[i])\n"
    "    texts[i] = list[i] ~= nil and ok and text or tostring(list[i])\n"
    "  end\n"
    "  return table.concat(texts, ', ')\n"
    "end\n"
    "local count = 0\n"
    "local function same(place, got, want)\n"
    "  count = count + 1\n"
    "  if not equal(got, want) then\n"
    "    error(place .. ': got ' .. show(got) .. ', want ' .. show(want), 0)\n"
    "  end\n"
    "end\n"
    "local function fails(place, call, want)\n"
    "  local ok, message = pcall(call)\n"
    "  count = count + 1\n"
    "  if ok or not tostring(message):find(want, 1, true) then\n"
    "    error(place .. ': got ' .. tostring(message) .. ', want an error ' "
    "..\n"
    "      want, 0)\n"
    "  end\n"
    "end\n"
    "local function reconcile(site, view, plan)\n";

static const char tail[] =
    "\nplan:event('Normal', 'Ran', tostring(count))\n"
    "end\n"
    "return tidelock.operator { api = 1, name = 'examples',\n"
    "  resource = { 'example.com/v1', 'Website' }, owns = {},\n"
    "  reconcile = reconcile }\n";

struct lines {
    const char *module; /* "quantity" */
    unsigned number;
    bool inside; /* an example is open */
    struct str *out;
};

/* "code --> want" to a check. */
static void add_check(struct lines *l, const char *code, size_t len,
                      const char *arrow)
{
    const char *want = arrow + strlen(ARROW);
    int code_len = (int)(arrow - code), want_len = (int)(code + len - want);
    bool fails = strncmp(want, " error ", 7) == 0;

    str_addf(l->out,
             fails ? "fails('%s.lua:%u', function() return %.*s end, %.*s)\n"
                   : "same('%s.lua:%u', table.pack(%.*s), table.pack(%.*s))\n",
             l->module, l->number, code_len, code, want_len - (fails ? 7 : 0),
             want + (fails ? 7 : 0));
}

static void add_line(struct lines *l, const char *line, size_t len)
{
    const char *arrow;

    while (len && *line == ' ') {
        line++;
        len--;
    }
    l->number++;
    if (len <= strlen(LEAD) || strncmp(line, LEAD, strlen(LEAD)) != 0) {
        if (l->inside && !(len >= 2 && line[0] == '-' && line[1] == '-'))
            str_add(l->out, "end\n");
        l->inside = l->inside && len >= 2 && line[0] == '-' && line[1] == '-';
        return;
    }
    line += strlen(LEAD);
    len -= strlen(LEAD);
    if (!l->inside)
        str_add(l->out, "do ");
    l->inside = true;
    arrow = memmem(line, len, ARROW, strlen(ARROW));
    if (arrow)
        add_check(l, line, len, arrow);
    else
        str_addf(l->out, "%.*s\n", (int)len, line);
}

static void add_examples(struct str *out, const struct embed_file *file)
{
    const char *dot = strchr(file->name, '.');
    struct lines l = {.module = dot ? dot + 1 : file->name, .out = out};
    const char *at = embed_text(file), *end = at + file->len;

    str_add(out, head);
    if (dot)
        str_addf(out, "local %s = tidelock.%s\n", l.module, l.module);
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        stop = stop ? stop : end;
        add_line(&l, at, (size_t)(stop - at));
        at = stop + 1;
    }
    str_add(out, l.inside ? "end\n" : "");
    str_add(out, tail);
}

/* How many examples a module has; those that fail are reported. */
static size_t run_examples(const struct embed_file *file)
{
    struct str text = {0};
    struct kit k;
    int64_t count = 0;

    kit_init(&k);
    kit_zone(&k, "America/New_York");
    kit_zone(&k, "Europe/Berlin");
    kit_zone(&k, "Middle/Earth");
    add_examples(&text, file);
    if (check_ok(kit_load(&k, str_text(&text)), &k.err) &&
        check_ok(kit_call(&k, JOB_RECONCILE), &k.err))
        text_to_int64(k.plan.events[0].note, strlen(k.plan.events[0].note),
                      &count);
    kit_release(&k);
    str_release(&text);
    return (size_t)count;
}

TEST(the_examples_of_the_library_give_what_they_say)
{
    size_t count = 0, modules = 0;

    for (size_t i = 0; embed_lua_files[i].name; i++, modules++)
        count += run_examples(&embed_lua_files[i]);
    check(modules >= 15);
    check(count >= 100);
}

/* The test itself: an example that does not hold is found. */
TEST(an_example_of_the_library_that_is_wrong_is_reported)
{
    static char module[] = "--- Adds.\n"
                           "--\n"
                           "--     1 + 1   --> 3\n";
    const struct embed_file file = {
        .name = "tidelock", .text = module, .len = sizeof module - 1};
    struct str text = {0};
    struct kit k;

    kit_init(&k);
    add_examples(&text, &file);
    if (check_ok(kit_load(&k, str_text(&text)), &k.err))
        check_int(kit_call(&k, JOB_RECONCILE), -ERR_SCRIPT);
    check_has(k.err.msg, "tidelock.lua:3: got 2, want 3");
    kit_release(&k);
    str_release(&text);
}
