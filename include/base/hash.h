/*
 * hash.h -- SHA-256 and HMAC (nettle), base64, and a fast seeded hash.
 */
#ifndef TIDELOCK_BASE_HASH_H
#define TIDELOCK_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define HASH_HEX_SIZE 65 /* 64 hexadecimal digits and the NUL */

void hash_sha256_hex(const void *data, size_t len, char out[HASH_HEX_SIZE]);
void hash_hmac_sha256_hex(const void *key, size_t key_len, const void *data,
                          size_t len, char out[HASH_HEX_SIZE]);

uint64_t hash_siphash(const uint64_t key[2], const void *data, size_t len);
/* SipHash-2-4 with a process-wide seed: for maps only, never printed. */
uint64_t hash_seeded(const void *data, size_t len);

/* Appends to `out`. Returns 0, -ERR_NOMEM or -ERR_LIMIT. */
int hash_base64_encode(const void *data, size_t len, struct str *out);
/* Appends to `out`. Strict: padding required, no white space, no stray bits;
 * -ERR_INVALID otherwise, and `out` may hold the part before the fault. */
int hash_base64_decode(const char *text, size_t len, struct str *out,
                       struct err *err);

#endif
