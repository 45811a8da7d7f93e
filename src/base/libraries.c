/*
 * libraries.c -- the libraries of the base layer.
 */
#include "base/libraries.h"

#include <cJSON.h>
#include <nettle/version.h>
#include <zstd.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

static const char *nettle_text(void)
{
    return TEXT(NETTLE_VERSION_MAJOR) "." TEXT(NETTLE_VERSION_MINOR);
}

const struct library base_libraries[] = {
    {"cJSON", cJSON_Version},
    {"nettle", nettle_text},
    {"zstd", ZSTD_versionString},
    {0},
};
