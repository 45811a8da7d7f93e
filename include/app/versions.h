/*
 * versions.h -- every library of the program, one after another.
 */
#ifndef TIDELOCK_APP_VERSIONS_H
#define TIDELOCK_APP_VERSIONS_H

#include <stddef.h>

#include "base/libraries.h"

/* The i-th library, NULL behind the last. */
const struct library *versions_library(size_t i);

#endif
