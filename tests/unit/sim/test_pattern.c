/* Regular expressions: what matches is what Go's regexp says. */

#include <stdio.h>
#include <string.h>

#include "sim/pattern.h"

#include "base/err.h"

#include "test.h"

static void expect(const char *pattern, const char *text,
                   enum pattern_verdict want)
{
    if (!check_int(pattern_fits(pattern, text, strlen(text)), want))
        printf("    %s with %s\n", pattern, text);
}

TEST(patterns_match_anywhere_unless_anchored)
{
    expect("b", "abc", PATTERN_YES);
    expect("^b", "abc", PATTERN_NO);
    expect("^abc$", "abc", PATTERN_YES);
    expect("", "", PATTERN_YES);
    expect("^$", "a", PATTERN_NO);
    expect("\\bfoo\\b", "a foo b", PATTERN_YES);
    expect("\\bfoo\\b", "afoo", PATTERN_NO);
    expect("\\Aa\\z", "a", PATTERN_YES);
}

TEST(patterns_repeat)
{
    expect("^a*$", "", PATTERN_YES);
    expect("^a+$", "", PATTERN_NO);
    expect("^(ab)+?$", "ababab", PATTERN_YES);
    expect("^a{2}$", "aaa", PATTERN_NO);
    expect("^a{2,}$", "aaaaa", PATTERN_YES);
    expect("^a{0,2}$", "aaa", PATTERN_NO);
    expect("^a{1,3}b{0}$", "aa", PATTERN_YES);
    expect("^(a|bc|d)*$", "abcd", PATTERN_YES);
    expect("^(a{1,2}){2}$", "aaa", PATTERN_YES);
    expect("^a{,2}$", "a{,2}", PATTERN_YES);
    expect("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", "a-b", PATTERN_YES);
    expect("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", "a-", PATTERN_NO);
}

TEST(patterns_know_sets_of_characters)
{
    expect("^[^a-c]$", "d", PATTERN_YES);
    expect("^[^a-c]$", "b", PATTERN_NO);
    expect("^[]a]+$", "]a", PATTERN_YES);
    expect("^[\\w.-]+$", "a_1.-", PATTERN_YES);
    expect("^\\d\\D\\s\\S$", "1a b", PATTERN_YES);
    expect("^[[:alpha:]]+$", "aZ", PATTERN_YES);
    expect("^.$", "\xc3\xa4", PATTERN_YES);
    expect("^[\xc3\xa4-\xc3\xbc]$", "\xc3\xb6", PATTERN_YES);
    expect("^.$", "\n", PATTERN_NO);
    expect("^\\x41\\x{e4}\\.$", "A\xc3\xa4.", PATTERN_YES);
    expect("(?i)^ab[c]$", "aBC", PATTERN_YES);
    expect("^(?i:a)b$", "AB", PATTERN_NO);
    expect("^(?:x|(?P<n>y))$", "y", PATTERN_YES);
}

TEST(wrong_or_strange_patterns_have_no_verdict)
{
    static const char *const wrong[] = {
        "(",      ")",   "[a",      "a**",   "*",        "[b-a]", "\\p{L}",
        "(?<!a)", "a\\", "a{2000}", "(?m)a", "[[:no:]]", "\\8",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect(wrong[i], "a", PATTERN_UNKNOWN);
    expect("((a{1000}){1000}){1000}", "a", PATTERN_UNKNOWN);
}

TEST(patterns_take_linear_time)
{
    char text[4001];

    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    expect("^(a*)*(a*)*(a+)+b$", text, PATTERN_NO);
}

TEST_ALLOC(patterns_survive_out_of_memory)
{
    enum pattern_verdict verdict = pattern_fits("^(a|[^b]){2,3}$", "aa", 2);

    if (verdict == PATTERN_NOMEM)
        return -ERR_NOMEM;
    check_int(verdict, PATTERN_YES);
    return 0;
}
