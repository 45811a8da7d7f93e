/*
 * pattern_run.c -- the machine that is in several places at once; see
 *                  pattern.c.
 */
#include "base/mem.h"
#include "pattern_impl.h"

/* ---- text ---- */

uint32_t pattern_rune(const char **at)
{
    const unsigned char *s = (const unsigned char *)*at;
    unsigned more = s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
    uint32_t rune = more ? s[0] & (0x3fu >> more) : s[0];

    (*at)++;
    for (unsigned i = 1; i <= more && (s[i] & 0xc0) == 0x80; i++, (*at)++)
        rune = rune << 6 | (s[i] & 0x3fu);
    return rune;
}

bool pattern_is_word(uint32_t rune)
{
    return (rune >= '0' && rune <= '9') || (rune >= 'a' && rune <= 'z') ||
           (rune >= 'A' && rune <= 'Z') || rune == '_';
}

/* ---- running ---- */

struct machine {
    const struct pattern *p;
    int *now, *next; /* places that wait for a character */
    int now_count, next_count;
    int *stack;
    uint32_t *seen; /* when each place was last entered */
    uint32_t turn;
    bool begin, end, border; /* of the text, of a word */
};

/* Enters a place and all that is reached without taking a character. */
static bool enter(struct machine *m, int place)
{
    int depth = 0;

    m->stack[depth++] = place;
    while (depth > 0) {
        int at = m->stack[--depth];
        const struct step *s = &m->p->steps[at];

        if (m->seen[at] == m->turn)
            continue;
        m->seen[at] = m->turn;
        if (s->op == OP_MATCH)
            return true;
        if (s->op == OP_SET)
            m->next[m->next_count++] = at;
        if (s->op == OP_SPLIT)
            m->stack[depth++] = at + s->b;
        if (s->op == OP_SPLIT || s->op == OP_JUMP)
            m->stack[depth++] = at + s->a;
        if ((s->op == OP_BEGIN && m->begin) || (s->op == OP_END && m->end) ||
            (s->op == OP_WORD && m->border == (s->a == 1)))
            m->stack[depth++] = at + 1;
    }
    return false;
}

static bool takes(const struct pattern *p, const struct step *s, uint32_t rune)
{
    for (int i = 0; i < s->b; i++)
        if (rune >= p->ranges[s->a + i].low && rune <= p->ranges[s->a + i].high)
            return true;
    return false;
}

/* What is around `at` decides about \b, ^ and $. */
static void look_around(struct machine *m, const char *text, const char *at,
                        const char *end)
{
    bool before = at > text && pattern_is_word((unsigned char)at[-1]);
    bool after = at < end && pattern_is_word((unsigned char)*at);

    m->begin = at == text;
    m->end = at == end;
    m->border = before != after;
    m->turn++;
}

static bool run(struct machine *m, const char *text, size_t len)
{
    const char *at = text, *end = text + len;

    look_around(m, text, at, end);
    for (;;) {
        uint32_t rune;
        int *swap;

        if (enter(m, 0))
            return true;
        if (at >= end)
            return false;
        swap = m->now;
        m->now = m->next;
        m->next = swap;
        m->now_count = m->next_count;
        m->next_count = 0;
        rune = pattern_rune(&at);
        look_around(m, text, at, end);
        for (int i = 0; i < m->now_count; i++)
            if (takes(m->p, &m->p->steps[m->now[i]], rune) &&
                enter(m, m->now[i] + 1))
                return true;
    }
}

enum pattern_verdict pattern_run(const struct pattern *p, const char *text,
                                 size_t len)
{
    struct machine m = {.p = p};
    enum pattern_verdict verdict = PATTERN_NOMEM;

    m.now = mem_calloc(p->count, sizeof *m.now);
    m.next = mem_calloc(p->count, sizeof *m.next);
    m.stack = mem_calloc(2 * p->count + 1, sizeof *m.stack);
    m.seen = mem_calloc(p->count, sizeof *m.seen);
    if (m.now && m.next && m.stack && m.seen)
        verdict = run(&m, text, len) ? PATTERN_YES : PATTERN_NO;
    mem_free(m.now);
    mem_free(m.next);
    mem_free(m.stack);
    mem_free(m.seen);
    return verdict;
}
