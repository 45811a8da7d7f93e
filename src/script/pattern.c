/*
 * pattern.c -- see pattern.h; the language is in the Lua manual, 6.4.1.
 *
 * DESIGN
 *
 * A backtracking matcher over the text of the pattern. One item is a single
 * character class with an optional repeat, or one of the specials (captures,
 * %b, %f, back references). Items without alternatives advance in a loop;
 * only captures and repeats recurse, so the depth is bounded by the number of
 * such items and PATTERN_DEPTH.
 */
#include "script/pattern.h"

#include <ctype.h>
#include <string.h>

#define CAPTURE_OPEN (-1)
#define CAPTURE_PLACE (-2)
#define STEPS_PER_CHARGE 1024

/* One single-character class: the text from `p` to `end`. */
struct item {
    const char *p;
    const char *end;
};

void pattern_init(struct pattern *m, lua_State *L, const char *subject,
                  size_t len, const char *pattern_end)
{
    m->L = L;
    m->subject = subject;
    m->subject_end = subject + len;
    m->end = pattern_end;
    m->steps = 0;
    m->depth = 0;
    m->captures = 0;
}

void pattern_settle(struct pattern *m)
{
    unsigned steps = m->steps;

    m->steps = 0;
    vm_charge(m->L, steps);
}

static void step(struct pattern *m)
{
    if (++m->steps >= STEPS_PER_CHARGE)
        pattern_settle(m);
}

/* ---- single characters ---- */

/* Behind the closing bracket. */
static const char *set_end(struct pattern *m, const char *p)
{
    /* p is behind '['; a first ']' is a member */
    if (p < m->end && *p == '^')
        p++;
    do {
        if (p >= m->end)
            luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p++ == '%')
            p++;
    } while (p >= m->end || *p != ']');
    return p + 1;
}

/* The single-character class that begins at `p`. */
static struct item item_at(struct pattern *m, const char *p)
{
    struct item it = {p, p + 1};

    if (*p == '%') {
        if (p + 1 >= m->end)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        it.end = p + 2;
    } else if (*p == '[') {
        it.end = set_end(m, p + 1);
    }
    return it;
}

static bool in_class(int c, int class)
{
    bool held;

    switch (tolower(class)) {
    case 'a':
        held = isalpha(c);
        break;
    case 'c':
        held = iscntrl(c);
        break;
    case 'd':
        held = isdigit(c);
        break;
    case 'g':
        held = isgraph(c);
        break;
    case 'l':
        held = islower(c);
        break;
    case 'p':
        held = ispunct(c);
        break;
    case 's':
        held = isspace(c);
        break;
    case 'u':
        held = isupper(c);
        break;
    case 'w':
        held = isalnum(c);
        break;
    case 'x':
        held = isxdigit(c);
        break;
    default:
        return class == c;
    }
    return isupper(class) ? !held : held;
}

/* `it` is a whole set, "[...]". */
static bool in_set(int c, struct item it)
{
    const char *p = it.p + 1, *last = it.end - 1;
    bool found = true;

    if (*p == '^') {
        found = false;
        p++;
    }
    for (; p < last; p++) {
        if (*p == '%') {
            p++;
            if (in_class(c, (unsigned char)*p))
                return found;
        } else if (p + 2 < last && p[1] == '-') {
            if ((unsigned char)*p <= c && c <= (unsigned char)p[2])
                return found;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return found;
        }
    }
    return !found;
}

/* Does the character at `s` belong to the class? The unit of work. */
static bool is_single(struct pattern *m, const char *s, struct item it)
{
    int c;

    step(m);
    if (s >= m->subject_end)
        return false;
    c = (unsigned char)*s;
    switch (*it.p) {
    case '.':
        return true;
    case '%':
        return in_class(c, (unsigned char)it.p[1]);
    case '[':
        return in_set(c, it);
    default:
        return (unsigned char)*it.p == c;
    }
}

/* ---- repeats ---- */

/* "*": as many as there are, then fewer until the rest matches. */
static const char *match_longest(struct pattern *m, const char *s,
                                 struct item it)
{
    const char *at = s;

    while (is_single(m, at, it))
        at++;
    for (; at >= s; at--) {
        const char *e = pattern_try(m, at, it.end + 1);

        if (e)
            return e;
    }
    return NULL;
}

/* "-": as few as possible, then more until the rest matches. */
static const char *match_shortest(struct pattern *m, const char *s,
                                  struct item it)
{
    for (;;) {
        const char *e = pattern_try(m, s, it.end + 1);

        if (e)
            return e;
        if (!is_single(m, s, it))
            return NULL;
        s++;
    }
}

/* "?": with the character, else without. */
static const char *match_optional(struct pattern *m, const char *s,
                                  struct item it)
{
    const char *e = NULL;

    if (is_single(m, s, it))
        e = pattern_try(m, s + 1, it.end + 1);
    return e ? e : pattern_try(m, s, it.end + 1);
}

/* ---- captures ---- */

/* A capture is taken back when the rest does not match: another alternative
 * further up may open it again. */
static const char *open_capture(struct pattern *m, const char *s, const char *p)
{
    bool place = p + 1 < m->end && p[1] == ')';
    const char *e;

    if (m->captures >= PATTERN_CAPTURES)
        luaL_error(m->L, "too many captures");
    m->capture[m->captures].start = s;
    m->capture[m->captures].len = place ? CAPTURE_PLACE : CAPTURE_OPEN;
    m->captures++;
    e = pattern_try(m, s, p + (place ? 2 : 1));
    if (!e)
        m->captures--;
    return e;
}

static const char *close_capture(struct pattern *m, const char *s,
                                 const char *p)
{
    int i = m->captures - 1;
    const char *e;

    while (i >= 0 && m->capture[i].len != CAPTURE_OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->capture[i].len = s - m->capture[i].start;
    e = pattern_try(m, s, p + 1);
    if (!e)
        m->capture[i].len = CAPTURE_OPEN;
    return e;
}

/* The text of an earlier capture again: its end, or NULL. */
static const char *match_back(struct pattern *m, const char *s, int digit)
{
    int i = digit - '1';
    ptrdiff_t len;

    if (i < 0 || i >= m->captures || m->capture[i].len == CAPTURE_OPEN)
        luaL_error(m->L, "invalid capture index %%%d", i + 1);
    len = m->capture[i].len;
    if (len == CAPTURE_PLACE)
        return NULL; /* a place has no text that could come again */
    m->steps += (unsigned)len / 16;
    step(m);
    if (m->subject_end - s < len ||
        memcmp(m->capture[i].start, s, (size_t)len) != 0)
        return NULL;
    return s + len;
}

/* ---- %b and %f ---- */

/* %bxy: the end of a text in which x and y are balanced, from x at `s` on. */
static const char *match_balance(struct pattern *m, const char *s,
                                 const char *p)
{
    int nesting = 1;

    if (p + 3 >= m->end)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s >= m->subject_end || *s != p[2])
        return NULL;
    while (++s < m->subject_end) {
        step(m);
        if (*s == p[3] && --nesting == 0)
            return s + 1;
        if (*s == p[2] && *s != p[3])
            nesting++;
    }
    return NULL;
}

/* Behind the frontier's set when the frontier is here, else NULL. */
static const char *match_frontier(struct pattern *m, const char *s,
                                  const char *p)
{
    struct item set;
    int before, here;

    if (p + 2 >= m->end || p[2] != '[')
        luaL_error(m->L, "missing '[' after '%%f' in pattern");
    set = item_at(m, p + 2);
    before = s == m->subject ? 0 : (unsigned char)s[-1];
    here = s == m->subject_end ? 0 : (unsigned char)*s;
    step(m);
    return !in_set(before, set) && in_set(here, set) ? set.end : NULL;
}

/* ---- the matcher ---- */

/* A class with its repeat. true: go on at *s, *p; false: *s is the answer. */
static bool match_item(struct pattern *m, const char **s, const char **p)
{
    struct item it = item_at(m, *p);
    char repeat = it.end < m->end ? *it.end : '\0';

    switch (repeat) {
    case '*':
        *s = match_longest(m, *s, it);
        return false;
    case '+':
        *s = is_single(m, *s, it) ? match_longest(m, *s + 1, it) : NULL;
        return false;
    case '-':
        *s = match_shortest(m, *s, it);
        return false;
    case '?':
        *s = match_optional(m, *s, it);
        return false;
    default:
        *s = is_single(m, *s, it) ? *s + 1 : NULL;
        *p = it.end;
        return *s != NULL;
    }
}

/* An escape that is no class; as match_item(). *done says it was one. */
static bool match_escape(struct pattern *m, const char **s, const char **p,
                         bool *done)
{
    char c = *p + 1 < m->end ? (*p)[1] : '\0';

    *done = true;
    if (c == 'b') {
        *s = match_balance(m, *s, *p);
        *p += 4;
        return *s != NULL;
    }
    if (c == 'f') {
        *p = match_frontier(m, *s, *p);
        if (!*p)
            *s = NULL;
        return *s != NULL;
    }
    if (isdigit((unsigned char)c)) {
        *s = match_back(m, *s, c);
        *p += 2;
        return *s != NULL;
    }
    *done = false;
    return true;
}

static const char *match_here(struct pattern *m, const char *s, const char *p)
{
    while (p < m->end) {
        bool done = false;

        if (*p == '(')
            return open_capture(m, s, p);
        if (*p == ')')
            return close_capture(m, s, p);
        if (*p == '$' && p + 1 == m->end)
            return s == m->subject_end ? s : NULL;
        if (*p == '%' && !match_escape(m, &s, &p, &done))
            return NULL;
        if (!done && !match_item(m, &s, &p))
            return s;
    }
    return s;
}

const char *pattern_try(struct pattern *m, const char *s, const char *p)
{
    const char *e;

    if (m->depth >= PATTERN_DEPTH)
        luaL_error(m->L, "pattern too complex");
    step(m);
    m->depth++;
    e = match_here(m, s, p);
    m->depth--;
    return e;
}

/* ---- captures for Lua ---- */

void pattern_push_capture(struct pattern *m, int i, const char *s,
                          const char *e)
{
    if (i >= m->captures) {
        if (i != 0)
            luaL_error(m->L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(m->L, s, (size_t)(e - s));
        return;
    }
    if (m->capture[i].len == CAPTURE_OPEN)
        luaL_error(m->L, "unfinished capture");
    if (m->capture[i].len == CAPTURE_PLACE)
        lua_pushinteger(m->L, m->capture[i].start - m->subject + 1);
    else
        lua_pushlstring(m->L, m->capture[i].start, (size_t)m->capture[i].len);
}

int pattern_push_captures(struct pattern *m, const char *s, const char *e)
{
    int count = m->captures == 0 && s ? 1 : m->captures;

    luaL_checkstack(m->L, count + 4, "too many captures");
    for (int i = 0; i < count; i++)
        pattern_push_capture(m, i, s, e);
    return count;
}
