/*
 * snapshot.c -- see snapshot.h for the contract.
 *
 * DESIGN
 *
 * One walk over the text (scan.h), two blocks of memory:
 *
 *     struct snapshot | names, each with its NUL        compact JSON, NUL
 *
 * The text is a block of its own because it can change its form: packed by
 * press.c, it is a tenth, and the snapshot stays where it is. The block of the
 * text is made large enough at first and cut to its size at the end. Until then
 * the names wait in the scan, on the stack.
 *
 * Kind and apiVersion are left out where they stand and written at the end of
 * the object: list items of built-in kinds lack them, PartialObjectMetadata
 * carries the wrong ones (IN-16), and so there is one way for all. They are
 * stored like the other names, some twenty bytes an object: an intern table
 * would save them and cost a global with its own life.
 *
 * INVARIANTS
 *
 *   I1  the text's block never grows: compact text is not longer than its
 *       source, and the room for apiVersion and kind is there from the start
 *   I2  every name of a snapshot points into its own block, so it outlives
 *       decoder, request and connection
 */
#include "kube/snapshot.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "scan.h"
#include "snapshot_impl.h"

#define PARTIAL_KIND "PartialObjectMetadata"
#define PARTIAL_GROUP "meta.k8s.io/"
/* Room for ,"apiVersion":"","kind":""} around two names. */
#define TYPE_MEMBERS 32
/* Texts up to this size are packed without asking for memory twice. */
#define PACK_ROOM ((size_t)16 << 10)

struct block {
    struct snapshot snapshot; /* first: the public part */
    size_t size;
    char names[];
};

static struct snapshot_stats stats;

/* ---- the type of the object ---- */

/* The caller knows better than the object: see snapshot_parse(). */
static int replace_name(struct scan *s, size_t *field, const char *text,
                        struct err *err)
{
    *field = 0;
    return scan_note(s, field, text, strlen(text), err);
}

static bool is_partial(const struct scan *s)
{
    return strcmp(s->names + s->kind, PARTIAL_KIND) == 0 &&
           strncmp(s->names + s->api_version, PARTIAL_GROUP,
                   sizeof(PARTIAL_GROUP) - 1) == 0;
}

/* What the object is: as it says itself, or as the caller knows. */
static int settle_type(struct scan *s, const struct gvk *gvk, struct err *err)
{
    int rc = 0;

    s->partial = is_partial(s);
    if (!gvk)
        return 0;
    if (s->partial || s->names[s->kind] == '\0')
        rc = replace_name(s, &s->kind, gvk->kind, err);
    if (rc == 0 && (s->partial || s->names[s->api_version] == '\0'))
        rc = replace_name(s, &s->api_version, gvk->api_version, err);
    return rc;
}

/* Kind or apiVersion, which have no character that JSON would escape. */
static int put_type(struct scan *s, const char *key, size_t field,
                    struct err *err)
{
    const char *text = s->names + field;

    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == '"' || *p == '\\')
            return err_set(err, ERR_INVALID, "object has a bad %s", key);
    if (text[0] == '\0')
        return 0;
    scan_put(s, ",\""); /* metadata is always before it */
    scan_put(s, key);
    scan_put(s, "\":\"");
    scan_put(s, text);
    scan_put(s, "\"");
    return 0;
}

/* The end of the JSON text, with its NUL. */
static int finish_text(struct scan *s, const struct gvk *gvk, struct err *err)
{
    int rc;

    if (!s->has_metadata)
        return err_set(err, ERR_INVALID, "object has no metadata");
    if (s->names[s->name] == '\0')
        return err_set(err, ERR_INVALID, "object has no metadata.name");
    rc = settle_type(s, gvk, err);
    if (rc == 0)
        rc = put_type(s, "apiVersion", s->api_version, err);
    if (rc == 0)
        rc = put_type(s, "kind", s->kind, err);
    if (rc < 0)
        return rc;
    scan_put(s, "}");
    s->out[s->len] = '\0';
    return 0;
}

/* ---- from the scan to a snapshot ---- */

/* Give back what was not needed. Should that fail, keep the block. */
static char *cut_to_size(char *text, size_t size)
{
    char *smaller = mem_realloc(text, size);

    return smaller ? smaller : text;
}

/* The names, and the public part. */
static void fill(struct block *b, const struct scan *s)
{
    char *names = b->names;

    memcpy(names, s->names, s->names_len);
    b->snapshot = (struct snapshot){
        .refs = 1,
        .deleting = s->deleting,
        .partial = s->partial || s->kept,
        .key = {names + s->ns, names + s->name},
        .api_version = names + s->api_version,
        .kind = names + s->kind,
        .uid = names + s->uid,
        .resource_version = names + s->resource_version,
        .generation = s->generation,
        .owner_uid = names + s->owner.uid,
        .owner_api_version = names + s->owner.api_version,
        .owner_kind = names + s->owner.kind,
        .owner_name = names + s->owner.name,
        .label_owner_uid = names + s->label_owner,
        .bytes = cut_to_size(s->out, s->len + 1),
        .text_len = (uint32_t)s->len,
    };
}

/* What it holds beside its own block. */
static size_t text_size(const struct snapshot *s)
{
    return s->packed_len > 0 ? s->packed_len : (size_t)s->text_len + 1;
}

static int finish(struct scan *s, const struct gvk *gvk, struct block **ret,
                  struct err *err)
{
    int rc = finish_text(s, gvk, err);
    struct block *b;

    if (rc < 0)
        return rc;
    b = mem_alloc(sizeof(*b) + s->names_len);
    if (!b)
        return err_nomem(err);
    b->size = sizeof(*b) + s->names_len;
    fill(b, s);
    stats.count++;
    stats.bytes += b->size + text_size(&b->snapshot);
    *ret = b;
    return 0;
}

int snapshot_parse_kept(const char *json, size_t len, const struct gvk *gvk,
                        const char *kept, struct snapshot **ret_snap,
                        struct err *err)
{
    struct block *b;
    struct scan s;
    char *text;
    int rc;

    if (len > SNAPSHOT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "object of %zu bytes", len);
    text = mem_alloc(len + TYPE_MEMBERS + SCAN_NAMES_MAX);
    if (!text)
        return err_nomem(err);
    scan_init(&s, json, len, text);
    s.kept = kept;
    rc = scan_object(&s, err);
    if (rc == 0)
        rc = finish(&s, gvk, &b, err);
    scan_release(&s);
    if (rc < 0)
        mem_free(text);
    else
        *ret_snap = &b->snapshot;
    return rc;
}

int snapshot_parse(const char *json, size_t len, const struct gvk *gvk,
                   struct snapshot **ret_snap, struct err *err)
{
    return snapshot_parse_kept(json, len, gvk, NULL, ret_snap, err);
}

/* ---- life ---- */

struct snapshot *snapshot_ref(struct snapshot *s, const char *why)
{
    (void)why;
    assert(s->refs > 0 && s->refs < UINT_MAX);
    s->refs++;
    return s;
}

void snapshot_unref(struct snapshot *s, const char *why)
{
    struct block *block = (struct block *)s;

    (void)why;
    if (!s)
        return;
    assert(s->refs > 0);
    if (--s->refs > 0)
        return;
    stats.count--;
    stats.bytes -= block->size + text_size(s);
    if (s->packed_len > 0)
        zip_dict_unref(s->dict);
    else if (s->press)
        press_forget(s->press, s);
    mem_free((char *)(uintptr_t)s->bytes);
    mem_free(block);
}

/* ---- its text ---- */

/* Take the place of the text. */
static int keep_packed(struct snapshot *s, struct zip_dict *d,
                       const void *packed, size_t len)
{
    char *bytes = mem_alloc(len);

    if (!bytes)
        return -ERR_NOMEM;
    memcpy(bytes, packed, len);
    stats.bytes -= text_size(s);
    mem_free((char *)(uintptr_t)s->bytes);
    s->bytes = bytes;
    s->packed_len = (uint32_t)len;
    s->dict = zip_dict_ref(d);
    stats.bytes += text_size(s);
    return 0;
}

int snapshot_pack(struct snapshot *s, struct zip_dict *d)
{
    const struct zip_text text = {s->bytes, s->text_len};
    size_t most = text.len / 4 * 3, len;
    char room[PACK_ROOM], *out = room;
    int rc;

    assert(s->packed_len == 0 && !s->press);
    if (most > sizeof(room))
        out = mem_alloc(most);
    if (!out)
        return -ERR_NOMEM;
    rc = zip_pack(d, &text, out, most, &len);
    if (rc == 0)
        rc = keep_packed(s, d, out, len);
    if (out != room)
        mem_free(out);
    return rc;
}

/* What was packed here can be opened here. */
static int open_text(const struct snapshot *s, char *out, struct err *err)
{
    int rc = zip_open(s->dict, s->bytes, s->packed_len, out, s->text_len);

    assert(rc != -ERR_INVALID);
    out[s->text_len] = '\0';
    return rc < 0 ? err_nomem(err) : 0;
}

int snapshot_text(const struct snapshot *s, struct arena *a,
                  const char **ret_text, struct err *err)
{
    char *text;
    int rc;

    if (s->packed_len == 0) {
        *ret_text = s->bytes;
        return 0;
    }
    text = arena_alloc(a, (size_t)s->text_len + 1);
    if (!text)
        return err_nomem(err);
    rc = open_text(s, text, err);
    if (rc == 0)
        *ret_text = text;
    return rc;
}

/* The text on the heap; NULL: no memory. */
static char *opened(const struct snapshot *s)
{
    char *text = mem_alloc((size_t)s->text_len + 1);

    if (text && open_text(s, text, NULL) < 0) {
        mem_free(text);
        return NULL;
    }
    return text;
}

bool snapshot_same_text(const struct snapshot *a, const struct snapshot *b)
{
    struct arena both = {0};
    const char *text_a, *text_b;
    bool same = a->text_len == b->text_len &&
                snapshot_text(a, &both, &text_a, NULL) == 0 &&
                snapshot_text(b, &both, &text_b, NULL) == 0 &&
                memcmp(text_a, text_b, a->text_len) == 0;

    arena_release(&both);
    return same;
}

/* The tree borrows nothing of the text. */
int snapshot_value(const struct snapshot *s, struct arena *a,
                   struct value **ret_value, struct err *err)
{
    char *text;
    int rc;

    if (s->packed_len == 0)
        return value_parse(a, s->bytes, s->text_len, ret_value, err);
    text = opened(s);
    if (!text)
        return err_nomem(err);
    rc = value_parse(a, text, s->text_len, ret_value, err);
    mem_free(text);
    return rc;
}

struct snapshot_stats snapshot_stats(void)
{
    return stats;
}

/* ---- resourceVersion order ---- */

static bool is_decimal(const char *rv)
{
    return rv[0] != '\0' && rv[0] != '0' &&
           rv[strspn(rv, "0123456789")] == '\0';
}

enum rv_order rv_compare(const char *a, const char *b)
{
    size_t len_a = strlen(a), len_b = strlen(b);
    int order = strcmp(a, b);

    if (order == 0)
        return RV_SAME;
    if (!is_decimal(a) || !is_decimal(b))
        return RV_UNCOMPARABLE;
    if (len_a != len_b)
        return len_a < len_b ? RV_OLDER : RV_NEWER;
    return order < 0 ? RV_OLDER : RV_NEWER;
}
