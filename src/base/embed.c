/*
 * embed.c -- the text of what the build packed; see include/base/embed.h.
 */
#include "base/embed.h"

#include <assert.h>
#include <stdalign.h>

/* Unpacking without an allocation; the library has had it since 1.3. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

/* What the library works in: twice what it needs today. */
#define ROOM ((size_t)192 << 10)

static void unpack(const struct embed_file *f)
{
    alignas(16) static char room[ROOM];
    ZSTD_DCtx *context = ZSTD_initStaticDCtx(room, sizeof room);
    size_t len;

    assert(context && "the room is too small for this zstd");
    len = ZSTD_decompressDCtx(context, f->text, f->len, f->packed,
                              f->packed_len);
    assert(len == f->len && "the build packed something else");
}

const char *embed_text(const struct embed_file *f)
{
    if (!f->text[0])
        unpack(f);
    return f->text;
}
