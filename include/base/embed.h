/*
 * embed.h -- files that were made part of the binary by the build.
 *
 * They are packed, a fifth of their size, and each is unpacked when it is first
 * asked for, into room that the program has from its start: nothing can fail,
 * and what is never asked for takes no memory. They are text: no file is empty
 * or has a NUL. Not for several threads.
 */
#ifndef TIDELOCK_BASE_EMBED_H
#define TIDELOCK_BASE_EMBED_H

#include <stddef.h>

struct embed_file {
    const char *name; /* "tidelock.conditions" for a Lua module */
    const unsigned char *packed;
    size_t packed_len;
    char *text; /* embed_text() fills it */
    size_t len; /* of the text, without the NUL after it */
};

/* The text, which lives as long as the program. */
const char *embed_text(const struct embed_file *f);

/* lua/tidelock/NAME.lua, sorted by name; ends with a NULL name. In script. */
extern const struct embed_file embed_lua_files[];

/* src/script/lint/NAME.lua, likewise. In script. */
extern const struct embed_file embed_lint_files[];

/* lua/tidelock/testing.lua and testing/NAME.lua, for specs only: operators
 * cannot require them. In script. */
extern const struct embed_file embed_testing_files[];

/* The files of src/app/new by their names, for `tidelock new`. In app. */
extern const struct embed_file embed_new_files[];

/* The files of src/app/package by their names, for `tidelock bundle`. In app. */
extern const struct embed_file embed_package_files[];

/* lua/types by their names, for `check --types`. In app. */
extern const struct embed_file embed_types_files[];

/* src/app/explain/NAME.md, by name. In app. */
extern const struct embed_file embed_explain_files[];

/* src/kube/schema.data. In kube. */
extern const struct embed_file embed_schema;

/* src/sim/protobuf.data. In sim. */
extern const struct embed_file embed_protobuf;

#endif
