/*
 * serve_read.c -- get and list.
 *
 * A list is one walk. Where the stored texts are what is asked for they are
 * copied, without being read; otherwise each becomes a tree.
 */
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "serve_read.h"
#include "serve_store.h"
#include "serve_write.h"

#define MAX_CHARS 512

int serve_get(struct ask *k)
{
    const struct item *item = store_item(k, &k->at.key);
    struct value *object;

    if (!item)
        return not_found(k, k->at.key.name);
    if (k->form == FORM_OBJECT && !k->o.yaml && store_as_is(k->kind, item)) {
        k->ret->status = 200;
        k->ret->body = arena_strndup(k->a, item->json, item->len);
        k->ret->body_len = item->len;
        return k->ret->body ? 0 : failure_nomem(&k->f);
    }
    if (store_decode(k, item, &object) < 0)
        return -1;
    return answer_with(k, 200, object);
}

/* ---- continue tokens ---- */

/* The server's own form: base64url of {"v","rv","start"}, without padding. */
static const char *token_print(struct ask *k, int64_t revision,
                               const struct object_key *last)
{
    struct value *v = value_object(k->a);
    struct str json, text;
    char *start = arena_printf(k->a, "%s%s%s%c", last->ns, *last->ns ? "/" : "",
                               last->name, 0);
    size_t len = strlen(last->ns) + strlen(last->name) + 1 + (*last->ns != 0);
    const char *token = NULL;

    str_init(&json, 0);
    str_init(&text, 0);
    if (start && v &&
        value_set(k->a, v, "v", value_string(k->a, "meta.k8s.io/v1")) == 0 &&
        value_set(k->a, v, "rv", value_integer(k->a, revision)) == 0 &&
        value_set(k->a, v, "start", value_stringn(k->a, start, len)) == 0 &&
        value_print(v, &json, NULL) == 0 &&
        hash_base64_encode(json.data, json.len, &text) == 0) {
        for (size_t i = 0; i < text.len; i++)
            if (text.data[i] == '+' || text.data[i] == '/')
                text.data[i] = text.data[i] == '+' ? '-' : '_';
        token = arena_strndup(k->a, text.data, strcspn(text.data, "="));
    }
    str_release(&json);
    str_release(&text);
    return token;
}

static int bad_token(struct ask *k, const char *why)
{
    return failure_set(&k->f, 400, "BadRequest",
                       "continue key is not valid: %s", why);
}

static int token_decode(struct ask *k, struct value **ret)
{
    struct str padded, json;
    int rc;

    str_init(&padded, 0);
    str_init(&json, 0);
    for (const char *c = k->o.token; *c; c++)
        str_addc(&padded, (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c));
    while (padded.len % 4)
        str_addc(&padded, '=');
    rc = hash_base64_decode(str_text(&padded), padded.len, &json, NULL);
    if (rc == 0)
        rc = value_parse(k->a, str_text(&json), json.len, ret, NULL);
    str_release(&padded);
    str_release(&json);
    if (rc == -ERR_NOMEM)
        return failure_nomem(&k->f);
    return rc < 0 ? bad_token(k, "illegal base64 data") : 0;
}

/* Where the walk goes on, and as of when; 0: now. */
static int token_parse(struct ask *k, struct history_list *l)
{
    struct value *v;
    const char *start, *slash;
    int64_t revision;

    if (token_decode(k, &v) < 0)
        return -1;
    start = value_text_at(v, "start");
    revision = value_int_at(v, "rv", 0);
    if (!text_equal(value_text_at(v, "v"), "meta.k8s.io/v1"))
        return bad_token(k, "server does not recognize this encoded version");
    if (revision == 0)
        return bad_token(k, "incorrect encoded start resourceVersion");
    if (!start || !*start || strstr(start, "..") || strstr(start, "//"))
        return bad_token(k, "encoded start key empty");
    slash = strchr(start, '/');
    if (k->kind->r.namespaced && slash) {
        l->after.ns = arena_strndup(k->a, start, (size_t)(slash - start));
        l->after.name = slash + 1;
    } else {
        l->after = (struct object_key){"", start};
    }
    l->revision = revision < 0 ? 0 : (uint64_t)revision;
    return l->after.ns ? 0 : failure_nomem(&k->f);
}

/* ---- which revision ---- */

int too_large(struct ask *k, uint64_t wanted)
{
    failure_set(&k->f, 504, "Timeout",
                "Too large resource version: %llu, current: %llu",
                (unsigned long long)wanted,
                (unsigned long long)history_revision(k->s->history));
    k->f.retry_after_s = 1;
    failure_cause(&k->f, "ResourceVersionTooLarge", "",
                  "Too large resource version");
    return -1;
}

int revision_parse(struct ask *k, uint64_t *ret)
{
    int64_t n = 0;

    if (*k->o.rv && (!text_to_int64(k->o.rv, strlen(k->o.rv), &n) || n < 0))
        return failure_set(&k->f, 400, "BadRequest",
                           "invalid resource version: Invalid value: \"%s\"",
                           k->o.rv);
    *ret = (uint64_t)n;
    return 0;
}

static int choose_revision(struct ask *k, struct history_list *l)
{
    bool exact = strcmp(k->o.rv_match, "Exact") == 0 ||
                 (!*k->o.rv_match && k->o.limit > 0);
    uint64_t wanted;

    if (revision_parse(k, &wanted) < 0)
        return -1;
    if (*k->o.token) {
        if (wanted)
            return failure_set(&k->f, 400, "BadRequest",
                               "specifying resource version is not allowed "
                               "when using continue");
        return token_parse(k, l);
    }
    if (wanted > history_revision(k->s->history))
        return too_large(k, wanted);
    l->revision = wanted && exact ? wanted : 0;
    return 0;
}

static int expired(struct ask *k, const struct history_list *l)
{
    failure_set(&k->f, 410, "Expired",
                *k->o.token
                    ? "The provided continue parameter is too old to display a "
                      "consistent list result. You can start a new list "
                      "without the continue parameter, or use the continue "
                      "token in this response to retrieve the remainder of the "
                      "results. Continuing with the provided token results in "
                      "an inconsistent list - objects that were created, "
                      "modified, or deleted between the time the first chunk "
                      "was returned and now may show up in the list."
                    : "The resourceVersion for the provided list is too old.");
    if (*k->o.token)
        k->token = token_print(k, -1, &l->after);
    return -1;
}

/* ---- the walk ---- */

struct lister {
    struct ask *k;
    struct value *items; /* NULL: texts */
    struct str text;
    size_t prefix; /* of each text, left out of lists; 0: kept */
    int64_t count, left;
    struct object_key last; /* copied when the page is full */
    int rc;
};

static int add_text(struct lister *l, const struct item *item)
{
    if (l->text.len)
        str_addc(&l->text, ',');
    if (!l->prefix)
        return str_addn(&l->text, item->json, item->len);
    str_addc(&l->text, '{');
    return str_addn(&l->text, item->json + l->prefix, item->len - l->prefix);
}

/* Items of built-in lists do not say their kind. */
static int add_tree(struct lister *l, struct value *object)
{
    if (l->prefix && l->k->form == FORM_OBJECT) {
        value_unset(object, "apiVersion");
        value_unset(object, "kind");
    }
    return value_append(l->k->a, l->items, object);
}

static int add(struct lister *l, const struct item *item)
{
    struct ask *k = l->k;
    struct value *object = NULL;
    int fits = 1;

    if (!k->o.selects && !l->items && store_as_is(k->kind, item)) {
        l->count++;
        return add_text(l, item);
    }
    if (store_decode(k, item, &object) < 0)
        return -1;
    fits = select_fits(k->a, k->kind, &k->o, object);
    if (fits <= 0)
        return fits;
    l->count++;
    rules_show(k->kind, object);
    if (l->items)
        return add_tree(l, object);
    if (store_as_is(k->kind, item))
        return add_text(l, item);
    return list_add_converted(k, &l->text, object, l->prefix > 0);
}

int list_add_converted(struct ask *k, struct str *out, struct value *object,
                       bool bare)
{
    struct str one;
    char prefix[MAX_CHARS];
    size_t skip =
        bare ? (size_t)store_prefix(k->kind, prefix, sizeof prefix) : 1;
    int rc;

    str_init(&one, 0);
    rc = store_print(k->a, object, &one);
    if (rc == 0 && out->len)
        rc = str_addc(out, ',');
    if (rc == 0)
        rc = str_addc(out, '{');
    if (rc == 0)
        rc = str_addn(out, one.data + skip, one.len - skip);
    str_release(&one);
    return rc;
}

/* One name is read, not searched for: nothing comes after it. */
static bool is_single(const struct ask *k)
{
    return k->o.one && !*k->o.token &&
           (!k->kind->r.namespaced || *k->at.key.ns);
}

static bool list_item(void *arg, const struct item *item)
{
    struct lister *l = arg;
    struct ask *k = l->k;

    if (k->o.limit > 0 && l->count >= k->o.limit) {
        l->left += !is_single(k);
        return !k->o.selects;
    }
    l->rc = add(l, item);
    if (l->rc == 0 && k->o.limit > 0 && l->count >= k->o.limit) {
        l->last.ns = arena_strdup(k->a, item->key.ns);
        l->last.name = arena_strdup(k->a, item->key.name);
        l->rc = l->last.ns && l->last.name ? 0 : -1;
    }
    return l->rc == 0;
}

/* ---- the answer ---- */

/* A list of one object by its name is read at its place: nothing follows. */
static bool is_of_one(struct ask *k)
{
    static const char name[] = "metadata.name=";
    const char *at = query_get(k, "fieldSelector");

    for (; at && *at; at += strcspn(at, ","), at += *at == ',')
        if (text_starts(at, name))
            return true;
    return false;
}

static int list_meta(struct ask *k, const struct lister *l, uint64_t revision,
                     struct value **ret)
{
    struct arena *a = k->a;
    struct value *meta = value_object(a);
    const char *token;
    char *rv = arena_printf(a, "%llu", (unsigned long long)revision);

    if (!meta || !rv ||
        value_set(a, meta, "resourceVersion", value_string(a, rv)) < 0)
        return failure_nomem(&k->f);
    *ret = meta;
    if (!l->left || is_of_one(k))
        return k->kind->crd && k->form == FORM_OBJECT &&
                       value_set(a, meta, "continue", value_string(a, "")) < 0
                   ? failure_nomem(&k->f)
                   : 0;
    if (!k->o.selects &&
        value_set(a, meta, "remainingItemCount", value_integer(a, l->left)) < 0)
        return failure_nomem(&k->f);
    token = token_print(k, (int64_t)revision, &l->last);
    if (!token || value_set(a, meta, "continue", value_string(a, token)) < 0)
        return failure_nomem(&k->f);
    return 0;
}

/* Head, items and tail, put together in one copy: lists can be large. */
static int join(struct ask *k, const struct str *head, const struct str *items)
{
    static const char tail[] = "]}";
    size_t len = head->len + items->len + sizeof tail - 1;
    char *out = arena_alloc(k->a, len + 1);

    if (!out || head->failed || items->failed)
        return failure_nomem(&k->f);
    memcpy(out, head->data, head->len);
    if (items->len)
        memcpy(out + head->len, items->data, items->len);
    memcpy(out + head->len + items->len, tail, sizeof tail);
    k->ret->status = 200;
    k->ret->body = out;
    k->ret->body_len = len;
    return 0;
}

static int answer_texts(struct ask *k, struct lister *l, struct value *meta)
{
    struct str head;
    int rc;

    str_init(&head, 0);
    str_addf(&head, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":",
             k->kind->list_kind, k->kind->r.api_version);
    rc = value_print(meta, &head, NULL);
    if (rc == 0)
        rc = str_add(&head, ",\"items\":[");
    rc = rc < 0 ? failure_nomem(&k->f) : join(k, &head, &l->text);
    str_release(&head);
    return rc;
}

static int answer_list(struct ask *k, struct lister *l, struct value *meta)
{
    struct value *list = value_object(k->a);

    if (!l->items)
        return answer_texts(k, l, meta);
    if (!list ||
        value_set(k->a, list, "apiVersion",
                  value_string(k->a, k->kind->r.api_version)) < 0 ||
        value_set(k->a, list, "kind", value_string(k->a, k->kind->list_kind)) <
            0 ||
        value_set(k->a, list, "metadata", meta) < 0 ||
        value_set(k->a, list, "items", l->items) < 0)
        return failure_nomem(&k->f);
    return answer_with(k, 200, list);
}

static int walk(struct ask *k, const struct history_list *where,
                struct lister *l)
{
    uint64_t revision =
        where->revision ? where->revision : history_revision(k->s->history);
    struct value *meta = NULL;
    int rc = history_walk(k->s->history, where, list_item, l, NULL);

    if (rc == -ERR_GONE)
        return expired(k, where);
    if (rc < 0)
        return too_large(k, revision);
    if (l->rc < 0)
        return k->f.code ? -1 : failure_nomem(&k->f);
    if (list_meta(k, l, revision, &meta) < 0)
        return -1;
    return answer_list(k, l, meta);
}

int serve_list(struct ask *k)
{
    struct history_list where = {.bucket = k->kind->bucket, .ns = k->at.key.ns};
    struct lister l = {.k = k};
    char prefix[MAX_CHARS];
    bool texts = k->form == FORM_OBJECT && !k->o.yaml && !k->o.pretty &&
                 k->verb == VERB_LIST;
    int rc;

    if (choose_revision(k, &where) < 0)
        return -1;
    if (!texts && !(l.items = value_array(k->a)))
        return failure_nomem(&k->f);
    if (!k->kind->crd)
        l.prefix = (size_t)store_prefix(k->kind, prefix, sizeof prefix);
    str_init(&l.text, 0);
    rc = walk(k, &where, &l);
    str_release(&l.text);
    return rc;
}
