/*
 * scan.c -- see scan.h.
 *
 * DESIGN
 *
 * Every token is copied as it is met, without the white space around it; there
 * is no tree in between. Tokens that stand side by side in the source, as all
 * do in what the API server sends, are copied together: the run from
 * `run_start` to `run_end` of the source has been taken but not yet written.
 *
 * A piece that is not wanted after all (a managedFields entry shows its manager
 * only after some of it was copied) is taken back by resetting to a mark.
 *
 * Each copy_*() is called when a key or the first token of its value has been
 * read, and returns when the last token of the value has been copied.
 */
#include "scan.h"

#include <string.h>

#include "kube/kept.h"
#include "kube/snapshot.h"

#define MANAGER_PREFIX "tidelock-"

/* Where to go back to when what follows is not kept. */
struct mark {
    size_t len;
    bool comma;
};

/* ---- copying tokens ---- */

static void put(struct scan *s, const char *bytes, size_t len)
{
    memcpy(s->out + s->len, bytes, len);
    s->len += len;
}

void scan_put(struct scan *s, const char *text)
{
    put(s, text, strlen(text));
}

static void put_byte(struct scan *s, char c)
{
    s->out[s->len++] = c;
}

static bool is_end(enum json_event event)
{
    return event == JSON_ARRAY_END || event == JSON_OBJECT_END;
}

static bool is_start(enum json_event event)
{
    return event == JSON_ARRAY_START || event == JSON_OBJECT_START;
}

/* Write the pending run. */
static void flush(struct scan *s)
{
    put(s, s->reader.text + s->run_start, s->run_end - s->run_start);
    s->run_start = s->run_end;
}

/* The next run begins where the reader stands. */
static void restart(struct scan *s)
{
    s->run_start = s->run_end = s->reader.pos;
}

/* A token that does not follow directly on the run. */
static void put_apart(struct scan *s, enum json_event event, bool comma)
{
    const struct json_reader *r = &s->reader;
    size_t end = r->pos;

    flush(s);
    if (comma)
        put_byte(s, ',');
    if (event == JSON_KEY) /* the reader stands behind the colon */
        while (r->text[end - 1] != '"')
            end--;
    put(s, r->text + r->start, end - r->start);
    if (event == JSON_KEY)
        put_byte(s, ':');
    restart(s);
}

/* Take the token of `event` as it is written in the source. */
static void put_token(struct scan *s, enum json_event event)
{
    const struct json_reader *r = &s->reader;
    bool comma = s->comma && !is_end(event);
    bool tight = event != JSON_KEY || r->text[r->pos - 2] == '"';

    if (tight && r->start == s->run_end + comma)
        s->run_end = r->pos;
    else
        put_apart(s, event, comma);
    s->comma = event != JSON_KEY && !is_start(event);
}

/* The next token of the source; nothing is copied by reading it. */
static int next(struct scan *s, enum json_event *ret_event, struct err *err)
{
    return json_next(&s->reader, ret_event, err);
}

/* The value that begins with `event`, to its end. */
static int copy_value(struct scan *s, enum json_event event, struct err *err)
{
    unsigned outside = s->reader.depth - is_start(event);
    int rc = 0;

    put_token(s, event);
    while (rc == 0 && s->reader.depth > outside) {
        rc = next(s, &event, err);
        if (rc == 0)
            put_token(s, event);
    }
    return rc;
}

/* A key has been copied: its value, whatever it is. */
static int copy_next_value(struct scan *s, struct err *err)
{
    enum json_event event;
    int rc = next(s, &event, err);

    return rc < 0 ? rc : copy_value(s, event, err);
}

static struct mark mark_here(struct scan *s)
{
    flush(s);
    return (struct mark){s->len, s->comma};
}

static void go_back(struct scan *s, struct mark mark)
{
    s->len = mark.len;
    s->comma = mark.comma;
    restart(s);
}

/* ---- noting names ---- */

/* Was the key or text just read this one? */
static bool last_is(const struct scan *s, const char *text)
{
    size_t len = strlen(text);

    return s->reader.string_len == len &&
           memcmp(s->reader.string, text, len) == 0;
}

int scan_note(struct scan *s, size_t *field, const char *text, size_t len,
              struct err *err)
{
    if (*field != 0)
        return err_set(err, ERR_INVALID, "object names itself twice");
    if (memchr(text, '\0', len))
        return err_set(err, ERR_INVALID, "object has a NUL byte in a name");
    if (len + 1 > SCAN_NAMES_MAX - s->names_len)
        return err_set(err, ERR_INVALID, "object has names of over %d bytes",
                       SCAN_NAMES_MAX);
    *field = s->names_len;
    memcpy(s->names + s->names_len, text, len);
    s->names[s->names_len + len] = '\0';
    s->names_len += len + 1;
    return 0;
}

/* The value after a key: a string to note, or null, which is as good as
 * absent. The token is not copied. */
static int note_next(struct scan *s, size_t *field, enum json_event *ret_event,
                     struct err *err)
{
    int rc = next(s, ret_event, err);

    if (rc < 0 || *ret_event == JSON_NULL)
        return rc;
    if (*ret_event != JSON_STRING)
        return err_set(err, ERR_INVALID,
                       "object has something else than a text as a name");
    return scan_note(s, field, s->reader.string, s->reader.string_len, err);
}

/* As note_next(), and the token is copied. */
static int copy_noted(struct scan *s, size_t *field, struct err *err)
{
    enum json_event event;
    int rc = note_next(s, field, &event, err);

    if (rc == 0)
        put_token(s, event);
    return rc;
}

/* ---- ownerReferences ---- */

/* Where the value of the key just read is noted; NULL when it is not. */
static size_t *owner_field(const struct scan *s, struct scan_owner *owner)
{
    if (last_is(s, "uid"))
        return &owner->uid;
    if (last_is(s, "apiVersion"))
        return &owner->api_version;
    if (last_is(s, "kind"))
        return &owner->kind;
    if (last_is(s, "name"))
        return &owner->name;
    return NULL;
}

/* `controller` may come before or behind the names, so all are noted first. */
static int copy_owner_member(struct scan *s, struct scan_owner *owner,
                             bool *controller, struct err *err)
{
    bool is_controller = last_is(s, "controller");
    size_t *field = owner_field(s, owner);
    enum json_event event;
    int rc;

    put_token(s, JSON_KEY);
    if (field)
        return copy_noted(s, field, err);
    rc = next(s, &event, err);
    if (rc < 0)
        return rc;
    if (is_controller && event == JSON_TRUE)
        *controller = true;
    return copy_value(s, event, err);
}

/* One reference; its names stay noted only when it is the controller's. */
static int copy_owner(struct scan *s, struct err *err)
{
    size_t names_len = s->names_len;
    struct scan_owner owner = {0};
    bool controller = false;
    enum json_event event;
    int rc;

    put_token(s, JSON_OBJECT_START);
    while ((rc = next(s, &event, err)) == 0 && event == JSON_KEY) {
        rc = copy_owner_member(s, &owner, &controller, err);
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        return rc;
    put_token(s, event);

    if (controller && !s->has_owner) {
        s->owner = owner;
        s->has_owner = true;
    } else {
        s->names_len = names_len;
    }
    return 0;
}

/* Of several controllers, which the API server does not let happen, the first
 * one counts; a list that is null or something else is copied and means none.
 */
static int copy_owners(struct scan *s, struct err *err)
{
    enum json_event event;
    int rc = next(s, &event, err);

    if (rc < 0 || event != JSON_ARRAY_START)
        return rc < 0 ? rc : copy_value(s, event, err);
    put_token(s, event);
    while ((rc = next(s, &event, err)) == 0 && event != JSON_ARRAY_END) {
        if (event == JSON_OBJECT_START)
            rc = copy_owner(s, err);
        else
            rc = copy_value(s, event, err);
        if (rc < 0)
            return rc;
    }
    if (rc == 0)
        put_token(s, event);
    return rc;
}

/* ---- managedFields ---- */

/* One entry of an applier or updater (SA-8), main resource or subresource. */
static int copy_manager_entry(struct scan *s, bool *ours, struct err *err)
{
    const size_t prefix = sizeof(MANAGER_PREFIX) - 1;
    enum json_event event;
    int rc;

    put_token(s, JSON_OBJECT_START);
    while ((rc = next(s, &event, err)) == 0 && event == JSON_KEY) {
        bool is_manager = last_is(s, "manager");

        put_token(s, event);
        rc = next(s, &event, err);
        if (rc < 0)
            return rc;
        if (is_manager && event == JSON_STRING)
            *ours = s->reader.string_len > prefix &&
                    memcmp(s->reader.string, MANAGER_PREFIX, prefix) == 0;
        rc = copy_value(s, event, err);
        if (rc < 0)
            return rc;
    }
    if (rc == 0)
        put_token(s, event);
    return rc;
}

/* The entry that begins with `event`; *ret_kept says whether it stayed. */
static int keep_if_ours(struct scan *s, enum json_event event, bool *ret_kept,
                        struct err *err)
{
    struct mark before = mark_here(s);
    bool ours = false;
    int rc;

    if (event == JSON_OBJECT_START)
        rc = copy_manager_entry(s, &ours, err);
    else
        rc = copy_value(s, event, err);
    if (rc < 0)
        return rc;
    if (!ours)
        go_back(s, before);
    *ret_kept = ours;
    return 0;
}

/* The key has been read, not copied: it goes when no entry is ours. */
static int copy_managed_fields(struct scan *s, struct err *err)
{
    struct mark before = mark_here(s);
    bool kept, any = false;
    enum json_event event;
    int rc;

    put_token(s, JSON_KEY);
    rc = next(s, &event, err);
    if (rc < 0)
        return rc;
    if (event != JSON_ARRAY_START) {
        rc = copy_value(s, event, err);
        go_back(s, before);
        return rc;
    }
    put_token(s, event);
    while ((rc = next(s, &event, err)) == 0 && event != JSON_ARRAY_END) {
        rc = keep_if_ours(s, event, &kept, err);
        if (rc < 0)
            return rc;
        any = any || kept;
    }
    if (rc == 0)
        put_token(s, event);
    if (!any)
        go_back(s, before);
    return rc;
}

/* ---- labels ---- */

/* Children that must outlive their root carry a label in place of an
 * ownerReference. */
static int copy_labels(struct scan *s, struct err *err)
{
    enum json_event event;
    int rc = next(s, &event, err);

    if (rc < 0 || event != JSON_OBJECT_START)
        return rc < 0 ? rc : copy_value(s, event, err);
    put_token(s, event);
    while ((rc = next(s, &event, err)) == 0 && event == JSON_KEY) {
        bool owner = last_is(s, SNAPSHOT_LABEL_OWNER);

        put_token(s, JSON_KEY);
        rc = owner ? copy_noted(s, &s->label_owner, err)
                   : copy_next_value(s, err);
        if (rc < 0)
            return rc;
    }
    if (rc == 0)
        put_token(s, event);
    return rc;
}

/* ---- metadata ---- */

/* As owner_field(), for the names of the object itself. */
static size_t *metadata_field(struct scan *s)
{
    if (last_is(s, "name"))
        return &s->name;
    if (last_is(s, "namespace"))
        return &s->ns;
    if (last_is(s, "uid"))
        return &s->uid;
    if (last_is(s, "resourceVersion"))
        return &s->resource_version;
    return NULL;
}

/* Anything but an integer is copied and counts as 0. */
static int copy_generation(struct scan *s, struct err *err)
{
    enum json_event event;
    int rc = next(s, &event, err);

    if (rc < 0)
        return rc;
    if (event == JSON_INTEGER)
        s->generation = s->reader.integer;
    return copy_value(s, event, err);
}

/* Only that it is set matters; Go writes unset times as null. */
static int copy_deletion(struct scan *s, struct err *err)
{
    enum json_event event;
    int rc = next(s, &event, err);

    if (rc < 0)
        return rc;
    if (event == JSON_STRING)
        s->deleting = true;
    return copy_value(s, event, err);
}

/* Picks what copies the value of the key just read. */
static int (*metadata_copier(const struct scan *s))(struct scan *, struct err *)
{
    if (last_is(s, "generation"))
        return copy_generation;
    if (last_is(s, "deletionTimestamp"))
        return copy_deletion;
    if (last_is(s, "ownerReferences"))
        return copy_owners;
    if (last_is(s, "labels"))
        return copy_labels;
    return copy_next_value;
}

static int copy_metadata_member(struct scan *s, struct err *err)
{
    int (*copier)(struct scan *, struct err *);
    size_t *field;

    if (last_is(s, "managedFields"))
        return copy_managed_fields(s, err);
    field = metadata_field(s);
    copier = metadata_copier(s);
    put_token(s, JSON_KEY);
    return field ? copy_noted(s, field, err) : copier(s, err);
}

/* Twice would leave it open whose names are whose. */
static int copy_metadata(struct scan *s, struct err *err)
{
    enum json_event event;
    int rc;

    if (s->has_metadata)
        return err_set(err, ERR_INVALID, "object has metadata twice");
    put_token(s, JSON_KEY);
    rc = next(s, &event, err);
    if (rc < 0)
        return rc;
    if (event != JSON_OBJECT_START)
        return err_set(err, ERR_INVALID, "object has no metadata");

    s->has_metadata = true;
    put_token(s, event);
    while ((rc = next(s, &event, err)) == 0 && event == JSON_KEY) {
        rc = copy_metadata_member(s, err);
        if (rc < 0)
            return rc;
    }
    if (rc == 0)
        put_token(s, event);
    return rc;
}

/* ---- the body ---- */

static int copy_kept(struct scan *s, const struct kept_place *place,
                     struct err *err);

/* A part of the value of the key just read. */
static int copy_part(struct scan *s, const struct kept_place *below,
                     struct err *err)
{
    enum json_event event;
    int rc;

    put_token(s, JSON_KEY);
    rc = next(s, &event, err);
    if (rc < 0 || event != JSON_OBJECT_START)
        return rc < 0 ? rc : copy_value(s, event, err);
    put_token(s, event);
    while ((rc = next(s, &event, err)) == 0 && event == JSON_KEY) {
        rc = copy_kept(s, below, err);
        if (rc < 0)
            return rc;
    }
    if (rc == 0)
        put_token(s, event);
    return rc;
}

/* The member at `place` whose key was just read, if any of it is kept. No
 * deeper than the paths are. */
static int copy_kept(struct scan *s, const struct kept_place *place,
                     struct err *err)
{
    struct kept_place below = {0};
    enum kept kept = KEPT_WHOLE;

    if (s->kept)
        kept = kept_member(s->kept, place, s->reader.string,
                           s->reader.string_len, &below);
    if (kept == KEPT_NOT)
        return json_skip(&s->reader, JSON_KEY, err);
    if (kept == KEPT_PART)
        return copy_part(s, &below, err);
    put_token(s, JSON_KEY);
    return copy_next_value(s, err);
}

/* ---- the whole object ---- */

/* kind and apiVersion are noted and not copied: snapshot.c writes them. */
static int copy_member(struct scan *s, struct err *err)
{
    enum json_event event;

    if (last_is(s, "metadata"))
        return copy_metadata(s, err);
    if (last_is(s, "kind"))
        return note_next(s, &s->kind, &event, err);
    if (last_is(s, "apiVersion"))
        return note_next(s, &s->api_version, &event, err);
    return copy_kept(s, &(struct kept_place){0}, err);
}

int scan_object(struct scan *s, struct err *err)
{
    enum json_event event;
    int rc = next(s, &event, err);

    if (rc < 0)
        return rc;
    if (event != JSON_OBJECT_START)
        return err_set(err, ERR_INVALID, "not an object");
    put_token(s, event);
    while ((rc = next(s, &event, err)) == 0 && event == JSON_KEY) {
        rc = copy_member(s, err);
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        return rc;
    flush(s);
    return next(s, &event, err); /* nothing but JSON_DONE or an error */
}

void scan_init(struct scan *s, const char *json, size_t len, char *out)
{
    memset(s, 0, offsetof(struct scan, names));
    s->out = out;
    s->names[0] = '\0';
    s->names_len = 1;
    json_reader_init(&s->reader, json, len, 0);
}

void scan_release(struct scan *s)
{
    json_reader_release(&s->reader);
}
