#define PCRE2_CODE_UNIT_WIDTH 8
#include "regexp.h"

#include <pcre2.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

/* Numbers that the matcher may keep of the places it is in; a pattern that
 * needs more is not judged. */
#define WORKSPACE 4096
#define REPEAT_MAX 1000 /* RE2 takes no larger one */
#define MATCH_MAX 10000000u

static void *take(size_t size, void *arg)
{
    (void)arg;
    return mem_alloc(size);
}

static void give(void *block, void *arg)
{
    (void)arg;
    mem_free(block);
}

/* ---- what PCRE2 takes and RE2 does not ---- */

static bool is_repeat(char c)
{
    return c == '*' || c == '+' || c == '?' || c == '}';
}

/* Behind a "(?": a group, flags, or something that looks around? */
static bool is_re2_group(const char *p)
{
    if (*p == 'P')
        return p[1] == '<';
    p += strspn(p, "is-");
    return *p == ':' || *p == ')';
}

/* "{m,n}" within bounds; anything else in braces is text. */
static bool is_re2_count(const char *p)
{
    unsigned long largest = 0, n = 0;

    for (p++; *p >= '0' && *p <= '9'; p++) {
        n = n > REPEAT_MAX ? n : 10 * n + (unsigned long)(*p - '0');
        largest = n > largest ? n : largest;
        if (p[1] == ',') {
            p++;
            n = 0;
        }
    }
    return *p != '}' || largest <= REPEAT_MAX;
}

/* The end of "[...]", its ']'; NULL when it has none. */
static const char *end_of_class(const char *p)
{
    p += p[1] == '^' ? 2 : 1;
    for (p += *p == ']'; *p && *p != ']'; p++) {
        if (*p == '\\' && p[1])
            p++;
        if (*p == '[' && p[1] == ':' && strchr(p, ']'))
            p = strchr(p, ']');
    }
    return *p ? p : NULL;
}

static bool is_re2(const char *p)
{
    for (; p && *p; p++) {
        if (*p == '\\' && (!p[1] || strchr("123456789cgGhHkKNpPQRuUVXZ", p[1])))
            return false;
        if (*p == '\\')
            p++;
        else if (*p == '[')
            p = end_of_class(p);
        else if (*p == '(' &&
                 (p[1] == '*' || (p[1] == '?' && !is_re2_group(p + 2))))
            return false;
        else if (is_repeat(*p) && (p[1] == '+' || p[1] == '*'))
            return false;
        else if (*p == '{' && !is_re2_count(p))
            return false;
        if (!p)
            return false;
    }
    return true;
}

/* ---- matching ---- */

static enum regexp_verdict run(const pcre2_code *code, const char *text,
                               size_t len, pcre2_general_context *memory)
{
    pcre2_match_context *limits = pcre2_match_context_create(memory);
    pcre2_match_data *data = pcre2_match_data_create(1, memory);
    int *workspace = mem_alloc(WORKSPACE * sizeof(*workspace));
    enum regexp_verdict verdict = REGEXP_NOMEM;
    int rc;

    if (limits && data && workspace) {
        pcre2_set_match_limit(limits, MATCH_MAX);
        rc = pcre2_dfa_match(code, (PCRE2_SPTR)text, len, 0, PCRE2_DFA_SHORTEST,
                             data, limits, workspace, WORKSPACE);
        verdict = rc >= 0                      ? REGEXP_YES
                  : rc == PCRE2_ERROR_NOMATCH  ? REGEXP_NO
                  : rc == PCRE2_ERROR_NOMEMORY ? REGEXP_NOMEM
                                               : REGEXP_UNKNOWN;
    }
    mem_free(workspace);
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    return verdict;
}

static enum regexp_verdict compile_and_run(const char *pattern,
                                           const char *text, size_t len,
                                           pcre2_general_context *memory)
{
    pcre2_compile_context *how = pcre2_compile_context_create(memory);
    enum regexp_verdict verdict = REGEXP_NOMEM;
    PCRE2_SIZE at;
    int why = 0;
    pcre2_code *code;

    if (!how)
        return REGEXP_NOMEM;
    code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                         PCRE2_UTF | PCRE2_DOLLAR_ENDONLY |
                             PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C,
                         &why, &at, how);
    if (code)
        verdict = run(code, text, len, memory);
    else if (why != PCRE2_ERROR_HEAP_FAILED && why != PCRE2_ERROR_NOMEMORY)
        verdict = REGEXP_UNKNOWN;
    pcre2_code_free(code);
    pcre2_compile_context_free(how);
    return verdict;
}

enum regexp_verdict regexp_match(const char *pattern, const char *text,
                                 size_t len)
{
    pcre2_general_context *memory;
    enum regexp_verdict verdict;

    if (!is_re2(pattern))
        return REGEXP_UNKNOWN;
    memory = pcre2_general_context_create(take, give, NULL);
    if (!memory)
        return REGEXP_NOMEM;
    verdict = compile_and_run(pattern, text, len, memory);
    pcre2_general_context_free(memory);
    return verdict;
}
