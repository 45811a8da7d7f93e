/*
 * man.h -- the man page tidelock(1), written from the rows of the commands.
 */
#ifndef TIDELOCK_CLI_MAN_H
#define TIDELOCK_CLI_MAN_H

#include "base/str.h"

void man_page(struct str *out);

#endif
