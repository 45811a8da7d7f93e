/*
 * folder.h -- a temporary folder of files.
 */
#ifndef TIDELOCK_TESTS_UNIT_APP_FOLDER_H
#define TIDELOCK_TESTS_UNIT_APP_FOLDER_H

struct folder {
    char path[64];
};

void folder_init(struct folder *f);
void folder_release(struct folder *f); /* with all that is in it */
/* The path of a name in it, one of a few statics. */
const char *folder_path(const struct folder *f, const char *name);
/* Write a file; "lib/a.lua" makes its folder too. The path of it. */
const char *folder_write(const struct folder *f, const char *name,
                         const char *text);

#endif
