#include "properties.h"

#include "base/arena.h"
#include "base/value.h"

/* ---- decoder ---- */

static struct stream stream_of(const char *data, size_t len, size_t *ret_chunk)
{
    struct stream s = {.mode = data[0] & 1 ? DECODER_WATCH : DECODER_LIST};

    s.max_bytes = (size_t)16 << (data[1] & 15);
    *ret_chunk = 1 + (data[2] & 63);
    s.text = data + 4;
    s.len = len - 4;
    return s;
}

static const char *compare_logs(const struct str *a, const struct str *b)
{
    if (a->len != b->len || memcmp(str_text(a), str_text(b), a->len) != 0)
        return "where the stream is split makes a difference";
    return NULL;
}

/* Every line with an object ends in our kind, which is written last. */
static const char *check_log(const char *line)
{
    static const char ours[] = "\"apiVersion\":\"v1\",\"kind\":\"Pod\"}";

    for (; *line; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "\n");
        bool object = strncmp(line, "ADDED ", 6) == 0 ||
                      strncmp(line, "MODIFIED ", 9) == 0 ||
                      strncmp(line, "DELETED ", 8) == 0 ||
                      strncmp(line, "item ", 5) == 0;

        if (object && !memmem(line, len, ours, sizeof ours - 1))
            return "an object is of another kind";
        if (object && !memmem(line, len, "\"name\"", 6) &&
            !memmem(line, len, "\\u", 2))
            return "an object has no name";
    }
    return NULL;
}

const char *property_decoder(decode_fn *decode, const char *data, size_t len)
{
    struct str whole = {0}, pieces = {0};
    const char *wrong;
    struct stream s;
    size_t chunk;

    if (len < 4)
        return NULL;
    s = stream_of(data, len, &chunk);
    decode(&s, 0, s.len, &whole);
    decode(&s, 0, chunk, &pieces);
    wrong = compare_logs(&whole, &pieces);
    if (!wrong)
        wrong = check_log(str_text(&whole));
    str_release(&whole);
    str_release(&pieces);
    return wrong;
}

/* ---- snapshot ---- */

static bool is_ours(const struct value *entry)
{
    const struct value *manager = value_get(entry, "manager");
    const size_t prefix = strlen("tidelock-");

    return value_is(manager, VALUE_STRING) && manager->count > prefix &&
           memcmp(manager->as.string, "tidelock-", prefix) == 0;
}

/* What the tree of the source should look like afterwards. */
static void reduce(struct value *object)
{
    struct value *metadata = value_get(object, "metadata");
    struct value *fields = value_get(metadata, "managedFields");
    uint32_t kept = 0;

    if (value_is(fields, VALUE_ARRAY)) {
        for (uint32_t i = 0; i < fields->count; i++)
            if (is_ours(fields->as.items[i]))
                fields->as.items[kept++] = fields->as.items[i];
        fields->count = kept;
    }
    if (kept == 0 && metadata)
        value_unset(metadata, "managedFields");
    if (!value_text_at(object, "kind") || !value_text_at(object, "kind")[0])
        value_unset(object, "kind");
    if (!value_text_at(object, "apiVersion") ||
        !value_text_at(object, "apiVersion")[0])
        value_unset(object, "apiVersion");
}

static bool text_is(const struct value *v, const char *got)
{
    const char *want = value_text(v);

    return strcmp(want ? want : "", got) == 0;
}

static bool field_is(const struct value *object, const char *path,
                     const char *got)
{
    return text_is(value_path(object, path), got);
}

static const struct value *controller_of(const struct value *object)
{
    const struct value *owners = value_path(object, "metadata.ownerReferences");

    for (uint32_t i = 0; value_is(owners, VALUE_ARRAY) && i < owners->count;
         i++)
        if (value_bool_at(owners->as.items[i], "controller", false))
            return owners->as.items[i];
    return NULL;
}

static const char *check_fields(const struct snapshot *s, const struct value *v)
{
    const struct value *generation = value_path(v, "metadata.generation");
    const struct value *owner = controller_of(v);
    int64_t number =
        value_is(generation, VALUE_INTEGER) ? generation->as.integer : 0;

    if (!field_is(v, "metadata.name", s->key.name) ||
        !field_is(v, "metadata.namespace", s->key.ns) ||
        !field_is(v, "metadata.uid", s->uid) ||
        !field_is(v, "metadata.resourceVersion", s->resource_version) ||
        !field_is(v, "kind", s->kind) ||
        !field_is(v, "apiVersion", s->api_version))
        return "a name differs";
    if (s->generation != number)
        return "the generation differs";
    if (!text_is(
            value_get(value_path(v, "metadata.labels"), SNAPSHOT_LABEL_OWNER),
            s->label_owner_uid))
        return "the owner by label differs";
    if (s->deleting != (value_text_at(v, "metadata.deletionTimestamp") != NULL))
        return "deletion differs";
    if (!field_is(owner, "uid", s->owner_uid) ||
        !field_is(owner, "kind", s->owner_kind) ||
        !field_is(owner, "name", s->owner_name) ||
        !field_is(owner, "apiVersion", s->owner_api_version))
        return "the owner differs";
    return NULL;
}

/* The source may be more than value_parse() takes (keys twice): then there is
 * nothing to compare with. */
static const char *check_source(const struct snapshot *s, const char *data,
                                size_t len)
{
    const char *wrong = NULL;
    struct arena a = {0};
    struct value *want, *got;

    if (value_parse(&a, data, len, &want, NULL) == 0) {
        reduce(want);
        if (snapshot_value(s, &a, &got, NULL) < 0)
            wrong = "the text of a snapshot is not JSON";
        else if (!value_equal(want, got))
            wrong = "the text of a snapshot is another object";
        else
            wrong = check_fields(s, got);
    }
    arena_release(&a);
    return wrong;
}

static const char *check_again(snapshot_fn *parse, const struct snapshot *s)
{
    const char *wrong = NULL;
    struct snapshot *again = NULL;

    if (parse(snapshot_plain(s), s->text_len, NULL, &again, NULL) < 0)
        return "the text of a snapshot is refused";
    if (again->text_len != s->text_len ||
        memcmp(snapshot_plain(again), snapshot_plain(s), s->text_len) != 0)
        wrong = "the snapshot of a snapshot is another one";
    snapshot_unref(again, "property");
    return wrong;
}

const char *property_snapshot(snapshot_fn *parse, const char *data, size_t len)
{
    struct snapshot *s = NULL;
    const char *wrong;

    if (parse(data, len, NULL, &s, NULL) < 0)
        return s ? "a refusal gave a snapshot" : NULL;
    wrong = check_source(s, data, len);
    if (!wrong)
        wrong = check_again(parse, s);
    if (!wrong && strlen(snapshot_plain(s)) != s->text_len &&
        !memchr(snapshot_plain(s), '\0', s->text_len))
        wrong = "the text does not end where it says";
    snapshot_unref(s, "property");
    return wrong;
}
