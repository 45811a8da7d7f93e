/*
 * line.h -- a connection to a port of this machine, for tests of layers that
 *           have no sockets.
 */
#ifndef TIDELOCK_TESTS_UNIT_SUPPORT_LINE_H
#define TIDELOCK_TESTS_UNIT_SUPPORT_LINE_H

#include <stdbool.h>
#include <stddef.h>

int line_open(unsigned port); /* a descriptor that does not block, or -1 */
bool line_send(int fd, const char *text, size_t len); /* all of it */
/* Waits up to a millisecond. Bytes, 0: the end, -1: nothing yet. */
long line_receive(int fd, char *out, size_t size);

#endif
