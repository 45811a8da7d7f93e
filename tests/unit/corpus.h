/*
 * corpus.h -- the files of tests/fuzz/corpus, and damaged copies of them: what
 *             test_properties.c of a layer feeds to its properties.
 */
#ifndef TIDELOCK_TESTS_UNIT_CORPUS_H
#define TIDELOCK_TESTS_UNIT_CORPUS_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
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

/* ---- damage ---- */

static inline size_t place(const struct str *s, struct rng *rng)
{
    return rng_below(rng, s->len + 1);
}

/* Replace `cut` bytes at `at` by others. */
static inline void splice(struct str *s, size_t at, size_t cut,
                          const char *bytes, size_t len)
{
    struct str out = {0};

    if (cut > s->len - at)
        cut = s->len - at;
    str_addn(&out, str_text(s), at);
    str_addn(&out, bytes, len);
    str_addn(&out, str_text(s) + at + cut, s->len - at - cut);
    str_release(s);
    *s = out;
}

static inline void damage(struct str *s, const struct corpus *c,
                          struct rng *rng)
{
    static const char *const words[] = {
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\n",
        "null",
        "true",
        "{}",
        "\"kind\":",
        "1",
        "-",
        "1e400",
        "\\u0",
        "\\u0000",
        "\xC3\xA9",
        "\"manager\":",
        "0",
        ".",
        "\xFF",
        "7",
        "\"a\"",
        "\"name\":",
        "\"metadata\":",
        "tidelock-",
        "\"spec\":",
        "/status",
        "?",
        "&",
        "=",
        "%2F",
        "/",
        "\"$patch\":\"delete\"",
        "\"op\":",
        "\"path\":",
        "\n%%%\n",
    };
    const struct str *other = &c->files[rng_below(rng, c->count)];
    const char *word = words[rng_below(rng, sizeof words / sizeof words[0])];
    size_t at = place(s, rng), from = place(other, rng);
    char byte = (char)rng_next(rng);

    switch (rng_below(rng, 5)) {
    case 0:
        splice(s, at, 1, &byte, 1);
        break;
    case 1:
        splice(s, at, rng_below(rng, 2), word, strlen(word));
        break;
    case 2:
        splice(s, at, rng_below(rng, 16), "", 0);
        break;
    case 3:
        splice(s, at, rng_below(rng, 8), str_text(other) + from,
               rng_below(rng, other->len - from + 1));
        break;
    default:
        splice(s, rng_below(rng, s->len < 4 ? s->len + 1 : 4), 1, &byte, 1);
        break;
    }
}

/* Up to three damages of one file; the caller releases it. */
static inline struct str corpus_damaged(const struct corpus *c, struct rng *rng)
{
    const struct str *file = &c->files[rng_below(rng, c->count)];
    struct str text = {0};

    str_addn(&text, str_text(file), file->len);
    for (uint64_t n = rng_below(rng, 4); n > 0; n--)
        damage(&text, c, rng);
    return text;
}

#endif
