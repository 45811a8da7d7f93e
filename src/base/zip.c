/*
 * zip.c -- see zip.h for the contract.
 *
 * DESIGN
 *
 * A dictionary is not trained but put together: whole samples, evenly picked,
 * and the statistics of all of them. For the objects of one kind, which are
 * variations of a few texts, that packs as tightly as a trained dictionary of
 * the same size (0.10 of the text, measured on Pods and Deployments) and takes
 * less than a millisecond on the one thread, where training took 12 to 36.
 *
 * 20 KiB: a dictionary above 16 KiB gets smaller tables from the library, and
 * more of it gains nothing. Level 1: level 3 packs 2 % tighter for a table ten
 * times as large.
 *
 * The `static` part of the library's interface is needed to give it our
 * allocator and to keep one copy of a dictionary instead of three. The tables
 * for packing get memory of their own: the library's way to allocate them
 * (1.5.4) crashes when there is none. They are zeroed, for the library would
 * look at what was in that memory before.
 */
#define ZSTD_STATIC_LINKING_ONLY
#include "base/zip.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"

#define LEVEL 1
#define DICT_SIZE ((size_t)20 << 10)
#define CONTENT_SIZE ((size_t)18 << 10)

struct zip_dict {
    unsigned refs;
    size_t size;
    void *tables;
    size_t tables_size;
    const ZSTD_CDict *pack; /* in `tables`; both point into `bytes` */
    ZSTD_DDict *open;
    char bytes[DICT_SIZE];
};

/* ---- the working areas ---- */

static struct {
    unsigned users; /* dictionaries */
    ZSTD_CCtx *pack;
    ZSTD_DCtx *open;
} areas;

static void *take(void *opaque, size_t size)
{
    (void)opaque;
    return mem_alloc(size);
}

static void give(void *opaque, void *block)
{
    (void)opaque;
    mem_free(block);
}

static const ZSTD_customMem memory = {take, give, NULL};

static void set_up(ZSTD_CCtx *c)
{
    ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_setParameter(c, ZSTD_c_dictIDFlag, 0);
}

static ZSTD_CCtx *packer(void)
{
    if (!areas.pack)
        areas.pack = ZSTD_createCCtx_advanced(memory);
    if (areas.pack)
        set_up(areas.pack);
    return areas.pack;
}

static ZSTD_DCtx *opener(void)
{
    if (!areas.open)
        areas.open = ZSTD_createDCtx_advanced(memory);
    return areas.open;
}

static void leave_areas(void)
{
    if (--areas.users > 0)
        return;
    ZSTD_freeCCtx(areas.pack);
    ZSTD_freeDCtx(areas.open);
    areas.pack = NULL;
    areas.open = NULL;
}

/* ---- dictionaries ---- */

/* Samples one behind the other, as the library wants them. */
struct pile {
    char *bytes;
    size_t *sizes;
    size_t used;
    unsigned count;
};

static void pile_release(struct pile *p)
{
    mem_free(p->bytes);
    mem_free(p->sizes);
}

static int pile_up(struct pile *p, const struct zip_text *samples,
                   size_t count)
{
    p->bytes = mem_alloc(ZIP_SAMPLE_BYTES);
    p->sizes = mem_calloc(count + 1, sizeof(*p->sizes));
    if (!p->bytes || !p->sizes)
        return -ERR_NOMEM;
    for (size_t i = 0; i < count && p->used < ZIP_SAMPLE_BYTES; i++) {
        size_t room = ZIP_SAMPLE_BYTES - p->used;
        size_t len = samples[i].len < room ? samples[i].len : room;

        memcpy(p->bytes + p->used, samples[i].text, len);
        p->used += len;
        p->sizes[p->count++] = len;
    }
    return p->used < ZIP_SAMPLE_LEAST ? -ERR_INVALID : 0;
}

/* Whole samples, evenly picked, until `content` is full. */
static size_t pick_content(const struct pile *p, char *content)
{
    size_t picks = CONTENT_SIZE * p->count / (p->used + 1) + 1;
    size_t used = 0, at = 0, next = 0;

    if (picks > p->count)
        picks = p->count;
    for (unsigned i = 0; i < p->count && used < CONTENT_SIZE; i++) {
        size_t room = CONTENT_SIZE - used;
        size_t len = p->sizes[i] < room ? p->sizes[i] : room;

        if (i == next * p->count / picks) {
            memcpy(content + used, p->bytes + at, len);
            used += len;
            next++;
        }
        at += p->sizes[i];
    }
    return used;
}

static int make_content(struct zip_dict *d, const struct pile *p)
{
    ZDICT_params_t params = {.compressionLevel = LEVEL};
    char *content = mem_alloc(CONTENT_SIZE);
    size_t len;

    if (!content)
        return -ERR_NOMEM;
    len = pick_content(p, content);
    len = ZDICT_finalizeDictionary(d->bytes, DICT_SIZE, content, len, p->bytes,
                                   p->sizes, p->count, params);
    mem_free(content);
    if (ZDICT_isError(len))
        return -ERR_INVALID;
    d->size = len;
    return 0;
}

static int make_tables(struct zip_dict *d)
{
    ZSTD_compressionParameters params = ZSTD_getCParams(LEVEL, 0, d->size);

    d->tables_size =
        ZSTD_estimateCDictSize_advanced(d->size, params, ZSTD_dlm_byRef);
    d->tables = mem_calloc(1, d->tables_size);
    if (!d->tables)
        return -ERR_NOMEM;
    d->pack = ZSTD_initStaticCDict(d->tables, d->tables_size, d->bytes, d->size,
                                   ZSTD_dlm_byRef, ZSTD_dct_fullDict, params);
    d->open = ZSTD_createDDict_advanced(d->bytes, d->size, ZSTD_dlm_byRef,
                                        ZSTD_dct_fullDict, memory);
    return d->pack && d->open ? 0 : -ERR_NOMEM;
}

static void dict_free(struct zip_dict *d)
{
    mem_free(d->tables);
    ZSTD_freeDDict(d->open);
    mem_free(d);
    leave_areas();
}

int zip_dict_new(const struct zip_text *samples, size_t count,
                 struct zip_dict **ret, struct err *err)
{
    struct zip_dict *d = mem_calloc(1, sizeof(*d));
    struct pile pile = {0};
    int rc;

    if (!d)
        return err_nomem(err);
    areas.users++;
    d->refs = 1;
    rc = pile_up(&pile, samples, count);
    if (rc == 0)
        rc = make_content(d, &pile);
    if (rc == 0)
        rc = make_tables(d);
    pile_release(&pile);
    if (rc == 0)
        *ret = d;
    else
        dict_free(d);
    if (rc == -ERR_INVALID)
        return err_set(err, ERR_INVALID, "no dictionary can be made of that");
    return rc < 0 ? err_nomem(err) : 0;
}

struct zip_dict *zip_dict_ref(struct zip_dict *d)
{
    assert(d->refs > 0 && d->refs < UINT_MAX);
    d->refs++;
    return d;
}

void zip_dict_unref(struct zip_dict *d)
{
    if (d && --d->refs == 0)
        dict_free(d);
}

size_t zip_dict_bytes(const struct zip_dict *d)
{
    return sizeof(*d) + d->tables_size + ZSTD_sizeof_DDict(d->open);
}

/* ---- packing ---- */

int zip_pack(struct zip_dict *d, const struct zip_text *text, void *out,
             size_t cap, size_t *ret_len)
{
    ZSTD_CCtx *c = packer();
    size_t n;

    if (!c)
        return -ERR_NOMEM;
    n = ZSTD_CCtx_refCDict(c, d->pack);
    if (!ZSTD_isError(n))
        n = ZSTD_compress2(c, out, cap, text->text, text->len);
    ZSTD_CCtx_reset(c, ZSTD_reset_session_and_parameters);
    if (ZSTD_isError(n))
        return ZSTD_getErrorCode(n) == ZSTD_error_dstSize_tooSmall
                   ? -ERR_LIMIT
                   : -ERR_NOMEM;
    *ret_len = n;
    return 0;
}

int zip_open(const struct zip_dict *d, const void *packed, size_t packed_len,
             char *out, size_t len)
{
    ZSTD_DCtx *c = opener();
    size_t n;

    if (!c)
        return -ERR_NOMEM;
    n = ZSTD_decompress_usingDDict(c, out, len, packed, packed_len, d->open);
    return !ZSTD_isError(n) && n == len ? 0 : -ERR_INVALID;
}
