/*
 * select.c -- see select.h for the contract.
 *
 * Labels are read from the text alone, so objects that do not match cost no
 * tree; field selectors need one.
 */
#include "script/select.h"

#include <string.h>

/* Go into the member of that name, past those before it. *ret_found says
 * whether there is one. */
static int enter_member(struct json_reader *r, const char *name,
                        bool *ret_found, struct err *err)
{
    enum json_event event;
    int rc = json_next(r, &event, err);

    *ret_found = false;
    if (rc < 0 || event != JSON_OBJECT_START)
        return rc;
    while ((rc = json_next(r, &event, err)) == 0 && event == JSON_KEY) {
        if (r->string_len == strlen(name) &&
            memcmp(r->string, name, r->string_len) == 0) {
            *ret_found = true;
            return 0;
        }
        rc = json_skip(r, JSON_KEY, err);
        if (rc < 0)
            return rc;
    }
    return rc;
}

/* .metadata.labels alone; NULL: none. */
static int read_labels(const struct select *by, const char *text,
                       struct value **ret, struct err *err)
{
    struct json_reader *r = by->reader;
    enum json_event event;
    bool found;
    size_t start;
    int rc = enter_member(r, "metadata", &found, err);

    *ret = NULL;
    if (rc == 0 && found)
        rc = enter_member(r, "labels", &found, err);
    if (rc < 0 || !found)
        return rc;
    rc = json_next(r, &event, err);
    start = r->start;
    if (rc == 0)
        rc = json_skip(r, event, err);
    if (rc == 0)
        rc = value_parse(by->scratch, text + start, r->pos - start, ret, err);
    return rc;
}

static int match_labels(const struct select *by, const struct snapshot *s,
                        bool *ret, uint64_t *steps, struct err *err)
{
    struct value *labels;
    const char *text;
    int rc = snapshot_text(s, by->scratch, &text, err);

    if (rc < 0)
        return rc;
    json_reader_release(by->reader);
    json_reader_init(by->reader, text, s->text_len, 0);
    rc = read_labels(by, text, &labels, err);
    *steps += 1 + by->reader->pos / BYTES_PER_STEP;
    if (rc == 0)
        *ret = selector_match_labels(by->labels, labels);
    return rc;
}

/* A selector of a field could ask for a secret value letter by letter. */
static bool is_sealed(const struct select *by, const struct snapshot *s)
{
    return by->sealed && strcmp(s->kind, "Secret") == 0 &&
           strcmp(s->api_version, "v1") == 0;
}

static int match_fields(const struct select *by, const struct snapshot *s,
                        bool *ret, uint64_t *steps, struct err *err)
{
    struct value *object = NULL;
    int rc = snapshot_value(s, by->scratch, &object, err);

    *steps += 1 + s->text_len / BYTES_PER_STEP;
    if (rc < 0)
        return rc;
    if (is_sealed(by, s)) {
        value_unset(object, "data");
        value_unset(object, "stringData");
    }
    *ret = selector_match_fields(by->fields, object);
    return 0;
}

int select_match(const struct select *by, const struct snapshot *s, bool *ret,
                 uint64_t *steps, struct err *err)
{
    int rc = 0;

    *ret = true;
    arena_clear(by->scratch);
    if (by->labels)
        rc = match_labels(by, s, ret, steps, err);
    if (rc == 0 && *ret && by->fields)
        rc = match_fields(by, s, ret, steps, err);
    return rc;
}
