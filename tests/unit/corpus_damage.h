/*
 * corpus_damage.h -- damaged copies of the files of a corpus: bytes and words
 *                    put in, cut out, and pieces of other files.
 */
#ifndef TIDELOCK_TESTS_UNIT_CORPUS_DAMAGE_H
#define TIDELOCK_TESTS_UNIT_CORPUS_DAMAGE_H

#include "base/clock.h"
#include "corpus.h"

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
    static const char *const words[] = {"\"",
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
                                        "\n%%%\n"};
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
