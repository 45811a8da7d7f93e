/*
 * zip.h -- many small texts of one form, packed with a dictionary (zstd).
 *
 * A dictionary is made of a few samples and shared by all that is packed with
 * it: counted, so that it lives as long as anything needs it. What was packed
 * carries neither its length nor a checksum: it stays in this process's
 * memory, and whoever keeps it knows how long the text was.
 *
 * The two working areas of the library (about 200 KB) are shared by all and
 * live as long as there is any dictionary.
 */
#ifndef TIDELOCK_BASE_ZIP_H
#define TIDELOCK_BASE_ZIP_H

#include <stddef.h>

#include "base/err.h"

/* Samples beyond this many bytes are not looked at; fewer than the other make
 * no dictionary. */
#define ZIP_SAMPLE_BYTES ((size_t)128 << 10)
#define ZIP_SAMPLE_LEAST ((size_t)4 << 10)

struct zip_text {
    const char *text;
    size_t len;
};

struct zip_dict;

/* The samples are borrowed for the call. -ERR_INVALID when no dictionary can
 * be made of them, -ERR_NOMEM. */
int zip_dict_new(const struct zip_text *samples, size_t count,
                 struct zip_dict **ret, struct err *err);
struct zip_dict *zip_dict_ref(struct zip_dict *d);
void zip_dict_unref(struct zip_dict *d); /* NULL is fine */
/* What it costs, working areas apart. */
size_t zip_dict_bytes(const struct zip_dict *d);

/* Pack into `out`. 0 and *ret_len; -ERR_LIMIT when `cap` bytes are not enough,
 * -ERR_NOMEM. */
int zip_pack(struct zip_dict *d, const struct zip_text *text, void *out,
             size_t cap, size_t *ret_len);
/* The other way: exactly `len` bytes into `out`, never more.
 * -ERR_INVALID when that is not what was packed, -ERR_NOMEM. */
int zip_open(const struct zip_dict *d, const void *packed, size_t packed_len,
             char *out, size_t len);

#endif
