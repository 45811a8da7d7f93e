/*
 * snapshot.c -- see snapshot.h for the contract.
 *
 * DESIGN
 *
 * One walk over the text (scan.h), one block of memory:
 *
 *     struct snapshot | compact JSON, NUL | names, each with its NUL
 *
 * The block is made large enough at first and cut to its size at the end.
 * Until then the names wait in the scan, on the stack.
 *
 * Kind and apiVersion are left out where they stand and written at the end of
 * the object: list items of built-in kinds lack them, PartialObjectMetadata
 * carries the wrong ones (IN-16), and so there is one way for all. They are
 * stored like the other names, some twenty bytes an object: an intern table
 * would save them and cost a global with its own life.
 *
 * INVARIANTS
 *
 *   I1  the block never grows: compact text is not longer than its source, and
 *       the room for apiVersion, kind and names is there from the start
 *   I2  every text of a snapshot points into its own block, so it outlives
 *       decoder, request and connection
 */
#include "kube/snapshot.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "scan.h"

#define PARTIAL_KIND "PartialObjectMetadata"
#define PARTIAL_GROUP "meta.k8s.io/"
/* Room for ,"apiVersion":"","kind":""} around two names. */
#define TYPE_MEMBERS 32

struct block {
    struct snapshot snapshot; /* first: the public part */
    size_t size;
    char bytes[];
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

/* ---- from the scan to a block ---- */

/* Give back what was not needed. Should that fail, keep the block. */
static struct block *cut_to_size(struct block *b, size_t size)
{
    struct block *smaller = mem_realloc(b, size);

    if (!smaller)
        return b;
    smaller->size = size;
    return smaller;
}

/* The names behind the text, and the public part. */
static void fill(struct block *b, const struct scan *s)
{
    char *names = b->bytes + s->len + 1;

    memcpy(names, s->names, s->names_len);
    b->snapshot = (struct snapshot){
        .refs = 1,
        .key = {names + s->ns, names + s->name},
        .api_version = names + s->api_version,
        .kind = names + s->kind,
        .uid = names + s->uid,
        .resource_version = names + s->resource_version,
        .generation = s->generation,
        .deleting = s->deleting,
        .owner_uid = names + s->owner.uid,
        .owner_api_version = names + s->owner.api_version,
        .owner_kind = names + s->owner.kind,
        .label_owner_uid = names + s->label_owner,
        .owner_name = names + s->owner.name,
        .metadata_only = s->partial,
        .text = b->bytes,
        .text_len = s->len,
    };
}

static struct block *block_new(size_t text_len)
{
    size_t size =
        sizeof(struct block) + text_len + TYPE_MEMBERS + 2 * SCAN_NAMES_MAX;
    struct block *b = mem_alloc(size);

    if (b)
        b->size = size;
    return b;
}

int snapshot_parse(const char *json, size_t len, const struct gvk *gvk,
                   struct snapshot **ret_snap, struct err *err)
{
    struct block *b = block_new(len);
    struct scan s;
    int rc;

    if (!b)
        return err_nomem(err);
    scan_init(&s, json, len, b->bytes);
    rc = scan_object(&s, err);
    if (rc == 0)
        rc = finish_text(&s, gvk, err);
    scan_release(&s);
    if (rc < 0) {
        mem_free(b);
        return rc;
    }

    b = cut_to_size(b, sizeof(*b) + s.len + 1 + s.names_len);
    fill(b, &s);
    stats.count++;
    stats.bytes += b->size;
    *ret_snap = &b->snapshot;
    return 0;
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
    stats.bytes -= block->size;
    mem_free(block);
}

/* ---- its text ---- */

int snapshot_text(const struct snapshot *s, struct arena *a,
                  const char **ret_text, struct err *err)
{
    (void)a;
    (void)err;
    *ret_text = s->text;
    return 0;
}

bool snapshot_same_text(const struct snapshot *a, const struct snapshot *b)
{
    return a->text_len == b->text_len &&
           memcmp(a->text, b->text, a->text_len) == 0;
}

int snapshot_value(const struct snapshot *s, struct arena *a,
                   struct value **ret_value, struct err *err)
{
    return value_parse(a, s->text, s->text_len, ret_value, err);
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
