/*
 * corpus.h -- the files of tests/fuzz/corpus: what test_properties.c of a layer
 *             feeds to its properties.
 */
#ifndef TIDELOCK_TESTS_UNIT_CORPUS_H
#define TIDELOCK_TESTS_UNIT_CORPUS_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "test.h"

#define CORPUS "tests/fuzz/corpus"
#define FILES_MAX 200
#define FILE_BYTES_MAX (64u << 10)

struct corpus {
    struct str files[FILES_MAX];
    size_t count;
};

/* ---- corpus ---- */

static inline void read_file(const char *folder, const char *name,
                             struct str *out)
{
    char path[300], bytes[4096];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (!check(f))
        return;
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
        check_int(str_addn(out, bytes, n), 0);
    check(out->len <= FILE_BYTES_MAX);
    fclose(f);
}

/* False, and the test is skipped, when it runs somewhere else than in the
 * folder of the project. */
static inline bool corpus_is_here(void)
{
    DIR *dir = opendir(CORPUS);

    if (dir)
        closedir(dir);
    else
        test_skip("no " CORPUS " here: run it in the folder of the project");
    return dir != NULL;
}

static inline bool corpus_read(struct corpus *c, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.' && check(c->count < FILES_MAX))
            read_file(folder, entry->d_name, &c->files[c->count++]);
    if (dir)
        closedir(dir);
    return check(c->count > 0);
}

static inline void corpus_release(struct corpus *c)
{
    for (size_t i = 0; i < c->count; i++)
        str_release(&c->files[i]);
}

#endif
