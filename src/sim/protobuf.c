/*
 * protobuf.c -- see protobuf.h for the contract.
 *
 * DESIGN
 *
 * The schema says of what type a field is, protobuf.data which number it has;
 * with both a message is read into the tree that JSON would have given. A field
 * that no table knows is skipped, as everywhere in protocol buffers.
 */
#include "sim/protobuf.h"

#include <string.h>
#include <time.h>

#include "base/embed.h"
#include "base/hash.h"
#include "base/str.h"
#include "kube/schema.h"
#include "kube/schema_builtin.h"

#define MAGIC "k8s"
#define MAGIC_LEN 4 /* with its NUL */
#define DEPTH_MAX 40

enum wire { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

struct bytes {
    const unsigned char *at, *end;
};

struct item {
    uint64_t number;
    enum wire wire;
    uint64_t integer; /* of all but WIRE_BYTES */
    struct bytes bytes;
};

struct decoder {
    struct arena *a;
    struct failure *f;
    unsigned depth;
};

static int malformed(struct decoder *d)
{
    return failure_set(d->f, 400, "BadRequest",
                       "unable to decode the protobuf body: it is malformed");
}

/* ---- the wire ---- */

static bool read_varint(struct bytes *b, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; shift < 64 && b->at < b->end; shift += 7) {
        unsigned char byte = *b->at++;

        *ret |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool read_fixed(struct bytes *b, size_t size, uint64_t *ret)
{
    if ((size_t)(b->end - b->at) < size)
        return false;
    *ret = 0;
    for (size_t i = 0; i < size; i++)
        *ret |= (uint64_t)b->at[i] << (8 * i);
    b->at += size;
    return true;
}

static bool read_bytes(struct bytes *b, struct bytes *ret)
{
    uint64_t len;

    if (!read_varint(b, &len) || len > (uint64_t)(b->end - b->at))
        return false;
    *ret = (struct bytes){b->at, b->at + len};
    b->at += len;
    return true;
}

/* 1: there is one; 0: the end; -1: malformed. */
static int next_item(struct bytes *b, struct item *ret)
{
    uint64_t tag;
    bool good;

    if (b->at == b->end)
        return 0;
    if (!read_varint(b, &tag))
        return -1;
    ret->number = tag >> 3;
    ret->wire = tag & 7;
    switch (ret->wire) {
    case WIRE_VARINT:
        good = read_varint(b, &ret->integer);
        break;
    case WIRE_64:
        good = read_fixed(b, 8, &ret->integer);
        break;
    case WIRE_32:
        good = read_fixed(b, 4, &ret->integer);
        break;
    case WIRE_BYTES:
        good = read_bytes(b, &ret->bytes);
        break;
    default:
        good = false;
    }
    return good ? 1 : -1;
}

/* The last field of that number in a message; false: none, or malformed. */
static bool find_item(struct bytes b, uint64_t number, struct item *ret)
{
    struct item item;
    bool found = false;

    while (next_item(&b, &item) > 0)
        if (item.number == number) {
            *ret = item;
            found = true;
        }
    return found;
}

/* ---- the table ---- */

static int compare_line(const char *line, const char *end, const char *key,
                        size_t len)
{
    size_t room = (size_t)(end - line);
    int order = memcmp(line, key, len < room ? len : room);

    return order != 0 || room >= len ? order : -1;
}

/* What follows "KEY<tab>", NULL when there is no such line. */
static const char *table_line(const char *key, size_t len)
{
    const char *low = embed_text(&embed_protobuf);
    const char *end = low + embed_protobuf.len, *high = end;

    while (low < high) {
        const char *middle = low + (high - low) / 2;
        const char *before = memrchr(low, '\n', (size_t)(middle - low));
        const char *line = before ? before + 1 : low;

        if (compare_line(line, end, key, len) < 0) {
            const char *next = memchr(line, '\n', (size_t)(end - line));
            low = next ? next + 1 : end;
        } else {
            high = line;
        }
    }
    return low < end && compare_line(low, end, key, len) == 0 ? low + len
                                                              : NULL;
}

/* The name of a field in an object's schema; its len is 0 when the fields of
 * its message are the object's own. 1; 0: not known; -1: out of memory. */
static int field_name(struct decoder *d, struct schema_node n,
                      const char *prefix, uint64_t number,
                      struct schema_text *ret)
{
    struct schema_text type = schema_type_text(n);
    const char *key, *line;

    if (type.len < 2 || type.at[0] != '@')
        return 0;
    key = arena_printf(d->a, "%.*s %s%llu\t", (int)type.len - 1, type.at + 1,
                       prefix, (unsigned long long)number);
    if (!key)
        return failure_nomem(d->f);
    line = table_line(key, strlen(key));
    if (!line)
        return 0;
    *ret = (struct schema_text){line, *line == '-' ? 0 : strcspn(line, "\n")};
    return 1;
}

/* ---- values ---- */

static int finish(struct decoder *d, struct value *v, struct value **ret)
{
    *ret = v;
    return v ? 0 : failure_nomem(d->f);
}

static int decode_text(struct decoder *d, struct bytes b, struct value **ret)
{
    return finish(
        d, value_stringn(d->a, (const char *)b.at, (size_t)(b.end - b.at)),
        ret);
}

static int decode_base64(struct decoder *d, struct bytes b, struct value **ret)
{
    struct str text = {0};
    struct value *v = NULL;

    if (hash_base64_encode(b.at, (size_t)(b.end - b.at), &text) == 0)
        v = value_stringn(d->a, str_text(&text), text.len);
    str_release(&text);
    return finish(d, v, ret);
}

/* Seconds and nanoseconds; an empty message is no time. */
static int decode_time(struct decoder *d, struct schema_node n, struct bytes b,
                       struct value **ret)
{
    struct item seconds = {0}, nanos = {0};
    struct schema_text ignored;
    struct tm tm;
    time_t when;
    char text[32];

    if (b.at == b.end)
        return finish(d, value_null(d->a), ret);
    find_item(b, 1, &seconds);
    find_item(b, 2, &nanos);
    when = (time_t)seconds.integer;
    if (!gmtime_r(&when, &tm) || tm.tm_year > 9999 - 1900 ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        return malformed(d);
    if (schema_attribute(n, "micro", &ignored))
        return finish(
            d,
            value_string(d->a, arena_printf(d->a, "%s.%06uZ", text,
                                            (unsigned)(nanos.integer %
                                                       1000000000 / 1000))),
            ret);
    return finish(d, value_string(d->a, arena_printf(d->a, "%sZ", text)), ret);
}

/* {1: which, 2: integer, 3: text} */
static int decode_int_or_string(struct decoder *d, struct bytes b,
                                struct value **ret)
{
    struct item which = {0}, integer = {0}, text = {0};

    find_item(b, 1, &which);
    if (which.integer == 1 && find_item(b, 3, &text) && text.wire == WIRE_BYTES)
        return decode_text(d, text.bytes, ret);
    find_item(b, 2, &integer);
    return finish(d, value_integer(d->a, (int32_t)integer.integer), ret);
}

/* A message whose field 1 is JSON. */
static int decode_raw(struct decoder *d, struct bytes b, struct value **ret)
{
    struct item raw = {0};
    int rc;

    if (!find_item(b, 1, &raw) || raw.wire != WIRE_BYTES ||
        raw.bytes.at == raw.bytes.end)
        return finish(d, value_null(d->a), ret);
    rc = value_parse(d->a, (const char *)raw.bytes.at,
                     (size_t)(raw.bytes.end - raw.bytes.at), ret, NULL);
    if (rc == -ERR_NOMEM)
        return failure_nomem(d->f);
    return rc < 0 ? malformed(d) : 0;
}

static int decode_quantity(struct decoder *d, struct bytes b,
                           struct value **ret)
{
    struct item text = {0};

    if (!find_item(b, 1, &text) || text.wire != WIRE_BYTES)
        return finish(d, value_string(d->a, "0"), ret);
    return decode_text(d, text.bytes, ret);
}

static int decode_message(struct decoder *d, struct schema_node n,
                          const char *prefix, struct bytes b,
                          struct value *object);

static int decode_object(struct decoder *d, struct schema_node n,
                         struct bytes b, struct value **ret)
{
    int rc = finish(d, value_object(d->a), ret);

    return rc < 0 ? rc : decode_message(d, n, "", b, *ret);
}

static int decode_number(struct decoder *d, struct schema_node n,
                         const struct item *item, struct value **ret)
{
    double number;

    switch (schema_type(n)) {
    case SCHEMA_BOOLEAN:
        return finish(d, value_bool(d->a, item->integer != 0), ret);
    case SCHEMA_NUMBER:
        memcpy(&number, &item->integer, sizeof number);
        return finish(d, value_double(d->a, number), ret);
    default:
        return finish(d, value_integer(d->a, (int64_t)item->integer), ret);
    }
}

static int decode_value(struct decoder *d, struct schema_node n,
                        const struct item *item, struct value **ret)
{
    if (item->wire != WIRE_BYTES)
        return decode_number(d, n, item, ret);
    switch (schema_type(n)) {
    case SCHEMA_STRING:
        return decode_text(d, item->bytes, ret);
    case SCHEMA_BYTES:
        return decode_base64(d, item->bytes, ret);
    case SCHEMA_TIME:
        return decode_time(d, n, item->bytes, ret);
    case SCHEMA_QUANTITY:
        return decode_quantity(d, item->bytes, ret);
    case SCHEMA_INT_OR_STRING:
        return decode_int_or_string(d, item->bytes, ret);
    case SCHEMA_OBJECT:
        return decode_object(d, n, item->bytes, ret);
    case SCHEMA_ANY:
        return decode_raw(d, item->bytes, ret);
    case SCHEMA_INTEGER:
    case SCHEMA_NUMBER:
    case SCHEMA_BOOLEAN:
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
        break;
    }
    return malformed(d);
}

/* ---- fields ---- */

static int decode_element(struct decoder *d, struct schema_node array,
                          const struct item *item, struct value *list)
{
    struct value *v;
    int rc = decode_value(d, schema_item(array), item, &v);

    if (rc == 0 && value_append(d->a, list, v) < 0)
        return failure_nomem(d->f);
    return rc;
}

/* An entry of a map is a message {1: key, 2: value}. */
static int decode_entry(struct decoder *d, struct schema_node map,
                        const struct item *item, struct value *object)
{
    struct item key = {0}, content = {.wire = WIRE_BYTES};
    struct value *v;
    int rc;

    if (item->wire != WIRE_BYTES)
        return malformed(d);
    find_item(item->bytes, 1, &key);
    find_item(item->bytes, 2, &content);
    if (content.wire == WIRE_BYTES && !content.bytes.at)
        content.bytes = (struct bytes){item->bytes.end, item->bytes.end};
    rc = decode_value(d, schema_item(map), &content, &v);
    if (rc == 0 &&
        value_setn(d->a, object, key.bytes.at ? (const char *)key.bytes.at : "",
                   (size_t)(key.bytes.end - key.bytes.at), v) < 0)
        return failure_nomem(d->f);
    return rc;
}

/* The list or map of a repeated field, made by its first element. */
static int collection(struct decoder *d, struct value *object,
                      struct schema_text name, bool list, struct value **ret)
{
    *ret = value_getn(object, name.at, name.len);
    if (*ret)
        return 0;
    *ret = list ? value_array(d->a) : value_object(d->a);
    return value_setn(d->a, object, name.at, name.len, *ret) < 0
               ? failure_nomem(d->f)
               : 0;
}

static int decode_field(struct decoder *d, struct schema_node n,
                        struct schema_text name, const struct item *item,
                        struct value *object)
{
    const enum schema_type type = schema_type(n);
    struct value *v;
    int rc;

    if (name.len == 8 && memcmp(name.at, "fieldsV1", 8) == 0 &&
        item->wire == WIRE_BYTES) {
        rc = decode_raw(d, item->bytes, &v);
    } else if (type == SCHEMA_ARRAY || type == SCHEMA_MAP) {
        rc = collection(d, object, name, type == SCHEMA_ARRAY, &v);
        if (rc < 0)
            return rc;
        return type == SCHEMA_ARRAY ? decode_element(d, n, item, v)
                                    : decode_entry(d, n, item, v);
    } else {
        rc = decode_value(d, n, item, &v);
    }
    if (rc == 0 && value_setn(d->a, object, name.at, name.len, v) < 0)
        return failure_nomem(d->f);
    return rc;
}

static int decode_inlined(struct decoder *d, struct schema_node n,
                          const char *prefix, const struct item *item,
                          struct value *object)
{
    const char *longer =
        arena_printf(d->a, "%s%llu.", prefix, (unsigned long long)item->number);

    if (!longer)
        return failure_nomem(d->f);
    if (item->wire != WIRE_BYTES)
        return malformed(d);
    return decode_message(d, n, longer, item->bytes, object);
}

static int decode_message(struct decoder *d, struct schema_node n,
                          const char *prefix, struct bytes b,
                          struct value *object)
{
    struct schema_text name = {0};
    struct item item;
    int more = 0, rc = 0;

    if (++d->depth > DEPTH_MAX)
        return malformed(d);
    while (rc == 0 && (more = next_item(&b, &item)) > 0) {
        int known = field_name(d, n, prefix, item.number, &name);

        if (known < 0)
            rc = known;
        else if (known && name.len == 0)
            rc = decode_inlined(d, n, prefix, &item, object);
        else if (known)
            rc = decode_field(d, schema_fieldn(n, name.at, name.len), name,
                              &item, object);
    }
    d->depth--;
    return more < 0 ? malformed(d) : rc;
}

/* ---- the envelope ---- */

static int text_of(struct decoder *d, struct bytes message, uint64_t number,
                   struct value **ret)
{
    struct item item = {0};

    if (find_item(message, number, &item) && item.wire != WIRE_BYTES)
        return malformed(d);
    return finish(
        d,
        value_stringn(d->a, item.bytes.at ? (const char *)item.bytes.at : "",
                      (size_t)(item.bytes.end - item.bytes.at)),
        ret);
}

/* Options of deletions exist in every group. */
static struct schema_node schema_of(const char *api_version, const char *kind)
{
    if (strcmp(kind, "DeleteOptions") == 0)
        return schema_field(schema_find(NULL, "policy/v1", "Eviction"),
                            "deleteOptions");
    return schema_find(NULL, api_version, kind);
}

static int decode_envelope(struct decoder *d, struct bytes b,
                           struct value *object)
{
    struct item type = {0}, raw = {.wire = WIRE_BYTES};
    struct value *api_version, *kind;
    struct schema_node n;

    if (!find_item(b, 1, &type) || type.wire != WIRE_BYTES)
        return malformed(d);
    if (text_of(d, type.bytes, 1, &api_version) < 0 ||
        text_of(d, type.bytes, 2, &kind) < 0)
        return -1;
    if (value_set(d->a, object, "apiVersion", api_version) < 0 ||
        value_set(d->a, object, "kind", kind) < 0)
        return failure_nomem(d->f);
    n = schema_of(value_text(api_version), value_text(kind));
    if (!schema_known(n))
        return failure_set(d->f, 400, "BadRequest",
                           "no kind \"%s\" is registered for version \"%s\"",
                           value_text(kind), value_text(api_version));
    find_item(b, 2, &raw);
    if (raw.wire != WIRE_BYTES)
        return malformed(d);
    return raw.bytes.at ? decode_message(d, n, "", raw.bytes, object) : 0;
}

int protobuf_decode(struct arena *a, const char *data, size_t len,
                    struct value **ret_object, struct failure *f)
{
    struct decoder d = {.a = a, .f = f};
    const unsigned char *at = (const unsigned char *)data;
    struct value *object = value_object(a);
    int rc;

    if (!object)
        return failure_nomem(f);
    if (len < MAGIC_LEN || memcmp(data, MAGIC, MAGIC_LEN) != 0)
        return malformed(&d);
    rc = decode_envelope(&d, (struct bytes){at + MAGIC_LEN, at + len}, object);
    *ret_object = object;
    return rc;
}
