/*
 * redact.c -- see redact.h and the rules in app/fixture.h.
 *
 * DESIGN
 *
 * What was learned is a list of pairs of texts, the real one and what stands
 * for it: for each value its bytes, its base64 form and its checksum. A string
 * is searched for all of them; longer texts are looked for first, so that a
 * value which is part of another does not spoil it.
 */
#include "redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"
#define MIN_WHOLE 4u
#define MIN_PART 8u

struct replacement {
    char *real;
    size_t len;
    char *stand_in;
};

struct redactor {
    char *uid;
    struct replacement *items;
    size_t count, cap;
    size_t values; /* N of the next "redacted-N" */
    bool sorted;
};

struct redactor *redactor_new(const char *uid)
{
    struct redactor *r = mem_calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->uid = mem_strdup(uid);
    if (r->uid)
        return r;
    mem_free(r);
    return NULL;
}

void redactor_free(struct redactor *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        explicit_bzero(r->items[i].real, r->items[i].len);
        mem_free(r->items[i].real);
        mem_free(r->items[i].stand_in);
    }
    mem_free(r->items);
    mem_free(r->uid);
    mem_free(r);
}

/* ---- learning ---- */

static const char *find(const struct redactor *r, const char *real, size_t len)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].len == len && memcmp(r->items[i].real, real, len) == 0)
            return r->items[i].stand_in;
    return NULL;
}

static int learn(struct redactor *r, const char *real, size_t len,
                 const char *stand_in)
{
    void *items = r->items;
    struct replacement *it;

    if (mem_grow(&items, &r->cap, r->count + 1, sizeof(*it)) < 0)
        return -ERR_NOMEM;
    r->items = items;
    it = &r->items[r->count];
    it->real = mem_alloc(len + 1);
    it->stand_in = mem_strdup(stand_in);
    it->len = len;
    if (!it->real || !it->stand_in) {
        mem_free(it->real);
        mem_free(it->stand_in);
        return -ERR_NOMEM;
    }
    memcpy(it->real, real, len);
    it->real[len] = '\0';
    r->count++;
    r->sorted = false;
    return 0;
}

/* The base64 forms and the checksums of the bytes and of what stands for them.
 */
static int learn_forms(struct redactor *r, const struct str *bytes,
                       const char *stand_in)
{
    struct str real = {0}, fake = {0};
    char real_sum[HASH_HEX_SIZE], fake_sum[HASH_HEX_SIZE];
    int rc = hash_base64_encode(bytes->data, bytes->len, &real);

    if (rc == 0)
        rc = hash_base64_encode(stand_in, strlen(stand_in), &fake);
    if (rc == 0)
        rc = learn(r, real.data, real.len, fake.data);
    hash_hmac_sha256_hex(r->uid, strlen(r->uid), bytes->data, bytes->len,
                         real_sum);
    hash_hmac_sha256_hex(r->uid, strlen(r->uid), stand_in, strlen(stand_in),
                         fake_sum);
    if (rc == 0)
        rc = learn(r, real_sum, strlen(real_sum), fake_sum);
    str_release(&real);
    str_release(&fake);
    return rc;
}

/* What stands for these bytes; borrowed until the next value is learned. */
static const char *stand_in_for(struct redactor *r, const struct str *bytes)
{
    const char *known = find(r, bytes->data, bytes->len);
    struct str name = {0};
    int rc;

    if (known)
        return known;
    rc = str_addf(&name, "redacted-%zu", ++r->values);
    if (rc == 0)
        rc = learn(r, bytes->data, bytes->len, name.data);
    if (rc == 0)
        rc = learn_forms(r, bytes, name.data);
    str_release(&name);
    return rc < 0 ? NULL : find(r, bytes->data, bytes->len);
}

static bool is_secret(const struct value *object)
{
    const char *version = value_text_at(object, "apiVersion");
    const char *kind = value_text_at(object, "kind");

    return version && kind && strcmp(version, "v1") == 0 &&
           strcmp(kind, "Secret") == 0;
}

/* The bytes of one value: of `data` decoded, unless that is not base64. */
static int bytes_of(const struct value *v, bool encoded, struct str *ret)
{
    int rc = -ERR_INVALID;

    if (encoded)
        rc = hash_base64_decode(v->as.string, v->count, ret, NULL);
    if (rc != -ERR_INVALID)
        return rc;
    str_clear(ret); /* the part before the fault */
    return str_addn(ret, v->as.string, v->count);
}

static struct value *redacted(struct redactor *r, struct arena *a,
                              const struct value *v, bool encoded)
{
    struct str bytes = {0}, out = {0};
    struct value *made = NULL;
    const char *stand_in = NULL;

    if (bytes_of(v, encoded, &bytes) == 0)
        stand_in = bytes.len ? stand_in_for(r, &bytes) : "";
    if (stand_in && !encoded)
        made = value_string(a, stand_in);
    else if (stand_in &&
             hash_base64_encode(stand_in, strlen(stand_in), &out) == 0)
        made = value_stringn(a, str_text(&out), out.len);
    if (bytes.data)
        explicit_bzero(bytes.data, bytes.len);
    str_release(&bytes);
    str_release(&out);
    return made;
}

static int redact_field(struct redactor *r, struct arena *a,
                        struct value *object, const char *field)
{
    struct value *data = value_get(object, field);
    bool encoded = strcmp(field, "data") == 0;

    for (uint32_t i = 0; value_is(data, VALUE_OBJECT) && i < data->count; i++) {
        struct value_member *m = &data->as.members[i];

        if (!value_is(m->value, VALUE_STRING))
            continue;
        m->value = redacted(r, a, m->value, encoded);
        if (!m->value)
            return -ERR_NOMEM;
    }
    return 0;
}

int redact_secret(struct redactor *r, struct arena *a, struct value *object)
{
    if (!is_secret(object))
        return 0;
    value_unset(value_path(object, "metadata.annotations"), LAST_APPLIED);
    if (redact_field(r, a, object, "data") < 0)
        return -ERR_NOMEM;
    return redact_field(r, a, object, "stringData");
}

/* ---- searching ---- */

static int longer_first(const void *a, const void *b)
{
    const struct replacement *x = a, *y = b;

    if (x->len != y->len)
        return x->len > y->len ? -1 : 1;
    return memcmp(x->real, y->real, x->len);
}

static const struct replacement *match_at(const struct redactor *r,
                                          const char *text, size_t len)
{
    for (size_t i = 0; i < r->count && r->items[i].len >= MIN_PART; i++)
        if (r->items[i].len <= len &&
            memcmp(text, r->items[i].real, r->items[i].len) == 0)
            return &r->items[i];
    return NULL;
}

static int replace_parts(const struct redactor *r, const struct value *v,
                         struct str *out)
{
    bool found = false;

    for (size_t i = 0; i < v->count;) {
        const struct replacement *m =
            match_at(r, v->as.string + i, v->count - i);

        found |= m != NULL;
        if (m)
            str_add(out, m->stand_in);
        else
            str_addc(out, v->as.string[i]);
        i += m ? m->len : 1;
    }
    return found;
}

static int redact_string(const struct redactor *r, struct arena *a,
                         struct value *v)
{
    const char *whole =
        v->count >= MIN_WHOLE ? find(r, v->as.string, v->count) : NULL;
    struct str out = {0};
    struct value *made = NULL;
    int rc = 0;

    if (whole)
        made = value_string(a, whole);
    else if (v->count < MIN_PART || !replace_parts(r, v, &out)) {
        str_release(&out);
        return 0;
    } else if (!out.failed)
        made = value_stringn(a, str_text(&out), out.len);
    if (made)
        *v = *made;
    else
        rc = -ERR_NOMEM;
    str_release(&out);
    return rc;
}

static int walk(const struct redactor *r, struct arena *a, struct value *v)
{
    int rc = 0;

    if (value_is(v, VALUE_STRING))
        return redact_string(r, a, v);
    for (uint32_t i = 0; value_is(v, VALUE_ARRAY) && i < v->count && rc == 0;
         i++)
        rc = walk(r, a, v->as.items[i]);
    for (uint32_t i = 0; value_is(v, VALUE_OBJECT) && i < v->count && rc == 0;
         i++)
        rc = walk(r, a, v->as.members[i].value);
    return rc;
}

int redact_strings(struct redactor *r, struct arena *a, struct value *v)
{
    if (r->count == 0)
        return 0;
    if (!r->sorted)
        qsort(r->items, r->count, sizeof(*r->items), longer_first);
    r->sorted = true;
    return walk(r, a, v);
}
