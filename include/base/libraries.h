/*
 * libraries.h -- which libraries a layer runs with, for `tidelock version`.
 *
 * Each layer that binds external libraries has one list, ended by a NULL name.
 */
#ifndef TIDELOCK_BASE_LIBRARIES_H
#define TIDELOCK_BASE_LIBRARIES_H

struct library {
    const char *name;
    const char *(*version)(void); /* of the library that is loaded */
};

extern const struct library base_libraries[];
extern const struct library kube_libraries[];
extern const struct library io_libraries[];
extern const struct library script_libraries[];
extern const struct library sim_libraries[];

#endif
