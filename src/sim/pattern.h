/*
 * pattern.h -- regular expressions as the API server reads them (RE2 syntax),
 *              matched in time linear in the text. Private to crd*.c.
 */
#ifndef TIDELOCK_SRC_SIM_PATTERN_H
#define TIDELOCK_SRC_SIM_PATTERN_H

#include <stddef.h>

enum pattern_verdict {
    PATTERN_NO,
    PATTERN_YES,
    PATTERN_UNKNOWN, /* syntax that is wrong or not supported */
    PATTERN_NOMEM,
};

/* Is there a match anywhere in the text? */
enum pattern_verdict pattern_fits(const char *pattern, const char *text,
                                   size_t len);

#endif
