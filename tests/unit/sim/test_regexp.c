/* Regular expressions: what matches is what Go's regexp says. */

#include <stdio.h>
#include <string.h>

#include "sim/regexp.h"

#include "base/err.h"

#include "test.h"

static void expect(const char *pattern, const char *text,
                   enum regexp_verdict want)
{
    if (!check_int(regexp_match(pattern, text, strlen(text)), want))
        printf("    %s with %s\n", pattern, text);
}

TEST(patterns_match_anywhere_unless_anchored)
{
    expect("b", "abc", REGEXP_YES);
    expect("^b", "abc", REGEXP_NO);
    expect("^abc$", "abc", REGEXP_YES);
    expect("", "", REGEXP_YES);
    expect("^$", "a", REGEXP_NO);
    expect("\\bfoo\\b", "a foo b", REGEXP_YES);
    expect("\\bfoo\\b", "afoo", REGEXP_NO);
    expect("\\Aa\\z", "a", REGEXP_YES);
}

TEST(patterns_repeat)
{
    expect("^a*$", "", REGEXP_YES);
    expect("^a+$", "", REGEXP_NO);
    expect("^(ab)+?$", "ababab", REGEXP_YES);
    expect("^a{2}$", "aaa", REGEXP_NO);
    expect("^a{2,}$", "aaaaa", REGEXP_YES);
    expect("^a{0,2}$", "aaa", REGEXP_NO);
    expect("^a{1,3}b{0}$", "aa", REGEXP_YES);
    expect("^(a|bc|d)*$", "abcd", REGEXP_YES);
    expect("^(a{1,2}){2}$", "aaa", REGEXP_YES);
    expect("^a{,2}$", "a{,2}", REGEXP_YES);
    expect("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", "a-b", REGEXP_YES);
    expect("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", "a-", REGEXP_NO);
}

TEST(patterns_know_sets_of_characters)
{
    expect("^[^a-c]$", "d", REGEXP_YES);
    expect("^[^a-c]$", "b", REGEXP_NO);
    expect("^[]a]+$", "]a", REGEXP_YES);
    expect("^[\\w.-]+$", "a_1.-", REGEXP_YES);
    expect("^\\d\\D\\s\\S$", "1a b", REGEXP_YES);
    expect("^[[:alpha:]]+$", "aZ", REGEXP_YES);
    expect("^.$", "\xc3\xa4", REGEXP_YES);
    expect("^[\xc3\xa4-\xc3\xbc]$", "\xc3\xb6", REGEXP_YES);
    expect("^.$", "\n", REGEXP_NO);
    expect("^\\x41\\x{e4}\\.$", "A\xc3\xa4.", REGEXP_YES);
    expect("(?i)^ab[c]$", "aBC", REGEXP_YES);
    expect("^(?i:a)b$", "AB", REGEXP_NO);
    expect("^(?:x|(?P<n>y))$", "y", REGEXP_YES);
}

TEST(wrong_or_strange_patterns_have_no_verdict)
{
    static const char *const wrong[] = {
        "(",      ")",   "[a",      "a**",   "*",        "[b-a]", "\\p{L}",
        "(?<!a)", "a\\", "a{2000}", "(?m)a", "[[:no:]]", "\\8",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect(wrong[i], "a", REGEXP_UNKNOWN);
    expect("((a{1000}){1000}){1000}", "a", REGEXP_UNKNOWN);
}

TEST(patterns_take_linear_time)
{
    char text[4001];

    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    expect("^(a*)*(a*)*(a+)+b$", text, REGEXP_NO);
}

TEST_ALLOC(patterns_survive_out_of_memory)
{
    enum regexp_verdict verdict = regexp_match("^(a|[^b]){2,3}$", "aa", 2);

    if (verdict == REGEXP_NOMEM)
        return -ERR_NOMEM;
    check_int(verdict, REGEXP_YES);
    return 0;
}
