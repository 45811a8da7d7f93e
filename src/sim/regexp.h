/*
 * regexp.h -- regular expressions as the API server reads them (RE2 syntax),
 *              matched by PCRE2's matcher that does not backtrack. Private to
 *              crd*.c.
 */
#ifndef TIDELOCK_SRC_SIM_REGEXP_H
#define TIDELOCK_SRC_SIM_REGEXP_H

#include <stddef.h>

enum regexp_verdict {
    REGEXP_NO,
    REGEXP_YES,
    REGEXP_UNKNOWN, /* syntax that is wrong or not supported, or a pattern that
                     * takes too much to match */
    REGEXP_NOMEM,
};

/* Is there a match anywhere in the text? */
enum regexp_verdict regexp_match(const char *pattern, const char *text,
                                 size_t len);

#endif
