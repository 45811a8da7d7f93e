/*
 * pattern.c -- regular expressions without backtracking; see pattern.h.
 *
 * DESIGN
 *
 * The parser writes a program for a machine that is in several places at once
 * (Pike's): each step of the text moves every place on. There is no tree:
 * a piece of the expression is a piece of the program, and repeating it copies
 * the piece. Jumps are relative, so that copies are good as they are.
 *
 * Not supported: Unicode classes (\p{L}), \Q..\E and the flags m, s and U.
 */
#include "pattern_impl.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#define PROGRAM_MAX 20000
#define REPEAT_MAX 1000
#define NESTING_MAX 100
#define RUNE_MAX 0x10ffffu

/* ---- writing the program ---- */

static void fail(struct pattern *p, enum pattern_verdict why)
{
    if (p->failed == PATTERN_NO)
        p->failed = why;
}

static void emit(struct pattern *p, enum op op, int a, int b)
{
    if (p->failed != PATTERN_NO)
        return;
    if (p->count >= PROGRAM_MAX) {
        fail(p, PATTERN_UNKNOWN);
        return;
    }
    if (mem_grow((void **)&p->steps, &p->cap, p->count + 1, sizeof *p->steps) <
        0) {
        fail(p, PATTERN_NOMEM);
        return;
    }
    p->steps[p->count++] = (struct step){op, a, b};
}

/* Room for a step before those from `at` on. */
static void insert(struct pattern *p, size_t at, struct step step)
{
    emit(p, OP_MATCH, 0, 0);
    if (p->failed != PATTERN_NO)
        return;
    memmove(p->steps + at + 1, p->steps + at,
            (p->count - 1 - at) * sizeof *p->steps);
    p->steps[at] = step;
}

static void copy_piece(struct pattern *p, size_t at, size_t len)
{
    for (size_t i = 0; i < len && p->failed == PATTERN_NO; i++)
        emit(p, p->steps[at + i].op, p->steps[at + i].a, p->steps[at + i].b);
}

/* ---- sets ---- */

static void add_range(struct pattern *p, uint32_t low, uint32_t high)
{
    if (mem_grow((void **)&p->ranges, &p->range_cap, p->range_count + 1,
                 sizeof *p->ranges) < 0) {
        fail(p, PATTERN_NOMEM);
        return;
    }
    p->ranges[p->range_count++] = (struct range){low, high};
}

/* The part of a range that lies in low..high, moved by `by`. */
static void add_folded(struct pattern *p, struct range r, struct range letters,
                       int by)
{
    uint32_t low = r.low > letters.low ? r.low : letters.low;
    uint32_t high = r.high < letters.high ? r.high : letters.high;

    if (low <= high)
        add_range(p, (uint32_t)((int)low + by), (uint32_t)((int)high + by));
}

static void fold_set(struct pattern *p, size_t first)
{
    size_t end = p->range_count;

    for (size_t i = first; p->fold && i < end; i++) {
        struct range r = p->ranges[i];

        add_folded(p, r, (struct range){'a', 'z'}, 'A' - 'a');
        add_folded(p, r, (struct range){'A', 'Z'}, 'a' - 'A');
    }
}

static void sort_ranges(struct range *r, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && r[j].low < r[j - 1].low; j--) {
            struct range other = r[j];

            r[j] = r[j - 1];
            r[j - 1] = other;
        }
}

/* What is in none of the ranges from `first` on, in their place. */
static void negate(struct pattern *p, size_t first)
{
    size_t end = p->range_count;
    uint32_t low = 0;

    if (p->failed != PATTERN_NO)
        return;
    if (end > first)
        sort_ranges(p->ranges + first, end - first);
    for (size_t i = first; i < end; i++) {
        struct range r = p->ranges[i];

        if (r.low > low)
            add_range(p, low, r.low - 1);
        if (r.high + 1 > low)
            low = r.high + 1;
    }
    if (low <= RUNE_MAX)
        add_range(p, low, RUNE_MAX);
    if (p->failed == PATTERN_NO) {
        memmove(p->ranges + first, p->ranges + end,
                (p->range_count - end) * sizeof *p->ranges);
        p->range_count -= end - first;
    }
}

static void end_set(struct pattern *p, size_t first)
{
    emit(p, OP_SET, (int)first, (int)(p->range_count - first));
}

/* \d \w \s and their opposites; false when it is another letter. */
static bool add_class(struct pattern *p, char letter)
{
    static const struct {
        char letter;
        const char *pairs;
    } classes[] = {
        {'d', "09"},
        {'w', "09azAZ__"},
        {'s', "\t\n\f\r  "},
    };
    size_t first = p->range_count;

    for (size_t i = 0; i < 3; i++) {
        const char *pair = classes[i].pairs;

        if ((letter | 0x20) != classes[i].letter)
            continue;
        for (; *pair; pair += 2)
            add_range(p, (unsigned char)pair[0], (unsigned char)pair[1]);
        if (letter != classes[i].letter)
            negate(p, first);
        return true;
    }
    return false;
}

static uint32_t hex_rune(struct pattern *p)
{
    bool braces = *p->at == '{';
    uint32_t rune = 0;
    unsigned count = 0;

    p->at += braces;
    while (count < (braces ? 8u : 2u)) {
        const char *digits = "0123456789abcdefABCDEF";
        const char *digit = *p->at ? strchr(digits, *p->at) : NULL;
        uint32_t value = digit ? (uint32_t)(digit - digits) : 0;

        if (!digit)
            break;
        rune = rune << 4 | (value > 15 ? value - 6 : value);
        p->at++;
        count++;
    }
    if (count == 0 || (!braces && count != 2) || (braces && *p->at++ != '}') ||
        rune > RUNE_MAX)
        fail(p, PATTERN_UNKNOWN);
    return rune;
}

/* A character behind a backslash that stands for one character. */
static uint32_t escaped(struct pattern *p)
{
    static const char letters[] = "tnrfva";
    static const char values[] = "\t\n\r\f\v\a";
    const char *known = *p->at ? strchr(letters, *p->at) : NULL;

    if (known) {
        p->at++;
        return (unsigned char)values[known - letters];
    }
    if (*p->at == 'x') {
        p->at++;
        return hex_rune(p);
    }
    if (*p->at == '\0' || pattern_is_word((unsigned char)*p->at))
        fail(p, PATTERN_UNKNOWN);
    return *p->at ? pattern_rune(&p->at) : 0;
}

static bool named_class(struct pattern *p)
{
    static const struct {
        const char *name, *pairs;
    } names[] = {
        {"alnum", "09azAZ"},   {"alpha", "azAZ"},   {"digit", "09"},
        {"lower", "az"},       {"upper", "AZ"},     {"word", "09azAZ__"},
        {"xdigit", "09afAF"},  {"space", "\t\r  "}, {"blank", "\t\t  "},
        {"punct", "!/:@[`{~"},
    };

    if (p->at[0] != '[' || p->at[1] != ':')
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t len = strlen(names[i].name);

        if (strncmp(p->at + 2, names[i].name, len) != 0 ||
            strncmp(p->at + 2 + len, ":]", 2) != 0)
            continue;
        for (const char *pair = names[i].pairs; *pair; pair += 2)
            add_range(p, (unsigned char)pair[0], (unsigned char)pair[1]);
        p->at += len + 4;
        return true;
    }
    fail(p, PATTERN_UNKNOWN);
    return true;
}

/* One character or class between the brackets; false: it was a class. */
static bool set_member(struct pattern *p, uint32_t *ret_rune)
{
    if (named_class(p))
        return false;
    if (*p->at != '\\') {
        *ret_rune = pattern_rune(&p->at);
        return true;
    }
    p->at++;
    if (*p->at && add_class(p, *p->at)) {
        p->at++;
        return false;
    }
    *ret_rune = escaped(p);
    return true;
}

static void parse_set(struct pattern *p)
{
    size_t first = p->range_count;
    bool negated = *p->at == '^', any = false;

    p->at += negated;
    while (p->failed == PATTERN_NO && (*p->at != ']' || !any)) {
        uint32_t low, high;

        any = true;
        if (*p->at == '\0') {
            fail(p, PATTERN_UNKNOWN);
            return;
        }
        if (!set_member(p, &low))
            continue;
        high = low;
        if (p->at[0] == '-' && p->at[1] != ']' && p->at[1] != '\0') {
            p->at++;
            if (!set_member(p, &high) || high < low)
                fail(p, PATTERN_UNKNOWN);
        }
        add_range(p, low, high);
    }
    p->at++;
    fold_set(p, first);
    if (negated)
        negate(p, first);
    end_set(p, first);
}

/* ---- expressions ---- */

static void parse_choice(struct pattern *p);

static void parse_group(struct pattern *p)
{
    bool fold = p->fold;

    if (strncmp(p->at, "?i)", 3) == 0) { /* to the end of this group */
        p->at += 3;
        p->fold = true;
        return;
    }
    if (++p->depth > NESTING_MAX)
        fail(p, PATTERN_UNKNOWN);
    if (strncmp(p->at, "?:", 2) == 0) {
        p->at += 2;
    } else if (strncmp(p->at, "?i:", 3) == 0) {
        p->at += 3;
        p->fold = true;
    } else if (strncmp(p->at, "?P<", 3) == 0 || strncmp(p->at, "?<", 2) == 0) {
        p->at += strcspn(p->at, ">");
        p->at += *p->at == '>';
    } else if (*p->at == '?') {
        fail(p, PATTERN_UNKNOWN);
    }
    if (p->failed == PATTERN_NO)
        parse_choice(p);
    if (*p->at == ')')
        p->at++;
    else
        fail(p, PATTERN_UNKNOWN);
    p->fold = fold;
    p->depth--;
}

static void parse_escape(struct pattern *p)
{
    size_t first = p->range_count;
    uint32_t rune;

    switch (*p->at) {
    case 'A':
        p->at++;
        emit(p, OP_BEGIN, 0, 0);
        return;
    case 'z':
        p->at++;
        emit(p, OP_END, 0, 0);
        return;
    case 'b':
    case 'B':
        emit(p, OP_WORD, *p->at == 'b', 0);
        p->at++;
        return;
    default:
        break;
    }
    if (*p->at && add_class(p, *p->at)) {
        p->at++;
    } else {
        rune = escaped(p);
        add_range(p, rune, rune);
        fold_set(p, first);
    }
    end_set(p, first);
}

static void parse_atom(struct pattern *p)
{
    size_t first = p->range_count;
    uint32_t rune;

    switch (*p->at) {
    case '(':
        p->at++;
        parse_group(p);
        return;
    case '[':
        p->at++;
        parse_set(p);
        return;
    case '\\':
        p->at++;
        parse_escape(p);
        return;
    case '^':
        p->at++;
        emit(p, OP_BEGIN, 0, 0);
        return;
    case '$':
        p->at++;
        emit(p, OP_END, 0, 0);
        return;
    case '.':
        p->at++;
        add_range(p, 0, '\n' - 1);
        add_range(p, '\n' + 1, RUNE_MAX);
        end_set(p, first);
        return;
    case '*':
    case '+':
    case '?':
        fail(p, PATTERN_UNKNOWN);
        return;
    default:
        rune = pattern_rune(&p->at);
        add_range(p, rune, rune);
        fold_set(p, first);
        end_set(p, first);
        return;
    }
}

/* The last `len` steps: none or one of them, or none or any number. */
static void make_optional(struct pattern *p, size_t at, bool again)
{
    int len = (int)(p->count - at);

    insert(p, at, (struct step){OP_SPLIT, 1, len + (again ? 2 : 1)});
    if (again)
        emit(p, OP_JUMP, -(len + 1), 0);
}

static void repeat(struct pattern *p, size_t at, int low, int high)
{
    size_t len = p->count - at;

    if (high == 0) {
        p->count = at;
        return;
    }
    for (int i = 1; i < low; i++)
        copy_piece(p, at, len);
    if (high < 0 && low > 0) {
        emit(p, OP_SPLIT, -(int)len, 1);
        return;
    }
    if (low == 0)
        make_optional(p, at, high < 0);
    for (int i = low > 1 ? low : 1; i < high; i++) {
        size_t last = p->count;

        copy_piece(p, at, low == 0 ? len + 1 : len);
        if (low > 0)
            make_optional(p, last, false);
    }
}

static bool read_number(const char **at, int *ret)
{
    const char *begin = *at;

    *ret = 0;
    while (**at >= '0' && **at <= '9' && *ret <= REPEAT_MAX)
        *ret = *ret * 10 + (*(*at)++ - '0');
    return *at > begin;
}

/* "{2}", "{2,}", "{2,5}"; anything else is a text that begins with a brace. */
static bool parse_count(struct pattern *p, int *ret_low, int *ret_high)
{
    const char *at = p->at + 1;

    if (*p->at != '{' || !read_number(&at, ret_low))
        return false;
    *ret_high = *ret_low;
    if (*at == ',') {
        at++;
        if (!read_number(&at, ret_high))
            *ret_high = -1;
    }
    if (*at != '}')
        return false;
    if (*ret_low > REPEAT_MAX || *ret_high > REPEAT_MAX ||
        (*ret_high >= 0 && *ret_high < *ret_low))
        fail(p, PATTERN_UNKNOWN);
    p->at = at + 1;
    return true;
}

static void parse_repeated(struct pattern *p)
{
    size_t at = p->count;
    int low = 0, high = -1;

    parse_atom(p);
    if (p->failed != PATTERN_NO)
        return;
    if (*p->at == '*' || *p->at == '+' || *p->at == '?') {
        low = *p->at == '+';
        high = *p->at == '?' ? 1 : -1;
        p->at++;
    } else if (!parse_count(p, &low, &high)) {
        return;
    }
    p->at += *p->at == '?'; /* not greedy: the same texts match */
    if (*p->at == '*' || *p->at == '+' || *p->at == '?')
        fail(p, PATTERN_UNKNOWN);
    if (p->failed == PATTERN_NO)
        repeat(p, at, low, high);
}

static void parse_choice(struct pattern *p)
{
    size_t at = p->count;

    while (p->failed == PATTERN_NO && *p->at != '\0' && *p->at != ')') {
        if (*p->at != '|') {
            parse_repeated(p);
            continue;
        }
        p->at++;
        insert(p, at, (struct step){OP_SPLIT, 1, (int)(p->count - at) + 2});
        at = p->count;
        parse_choice(p);
        /* over the other alternatives */
        if (p->failed == PATTERN_NO)
            insert(p, at, (struct step){OP_JUMP, (int)(p->count - at) + 1, 0});
        return;
    }
}

enum pattern_verdict pattern_fits(const char *pattern, const char *text,
                                   size_t len)
{
    struct pattern p = {.at = pattern, .failed = PATTERN_NO};
    enum pattern_verdict verdict;

    parse_choice(&p);
    if (*p.at != '\0')
        fail(&p, PATTERN_UNKNOWN);
    emit(&p, OP_MATCH, 0, 0);
    verdict = p.failed == PATTERN_NO ? pattern_run(&p, text, len) : p.failed;
    mem_free(p.steps);
    mem_free(p.ranges);
    return verdict;
}
