/*
 * libraries.c -- the library of the sim layer.
 */
#include "base/libraries.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static const char *pcre2_text(void)
{
    static char text[64];

    return pcre2_config(PCRE2_CONFIG_VERSION, NULL) <= (int)sizeof(text) &&
                   pcre2_config(PCRE2_CONFIG_VERSION, text) > 0
               ? text
               : "";
}

const struct library sim_libraries[] = {
    {"PCRE2", pcre2_text},
    {0},
};
