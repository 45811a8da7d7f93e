/*
 * answer.c -- see answer_impl.h for the contract.
 */
#include "answer_impl.h"

#include <string.h>

#include "core/sensitive.h"
#include "kube/status.h"

#define MAX_CAUSES 8u

int answer_object(const struct target *t, const char *body, size_t len,
                  struct snapshot **ret, struct err *err)
{
    struct gvk gvk = {t->resource->api_version, t->resource->kind};
    struct snapshot *snap;
    int rc = snapshot_parse(body, len, &gvk, &snap, err);

    if (rc == -ERR_NOMEM)
        return rc;
    if (rc == 0 && strcmp(snap->kind, gvk.kind) == 0 &&
        strcmp(snap->api_version, gvk.api_version) == 0 &&
        object_key_equal(&snap->key, &t->key)) {
        *ret = snap;
        return 0;
    }
    if (rc == 0)
        snapshot_unref(snap, "answer");
    return err_set(err, ERR_PROTOCOL, "the answer is not the object");
}

bool answer_is_last(const struct snapshot *snap)
{
    struct arena arena = {0};
    struct value *v;
    struct err err = {0};
    bool last = false;

    if (snap->deleting && snapshot_value(snap, &arena, &v, &err) == 0) {
        const struct value *waits = value_path(v, "metadata.finalizers");

        last = !(waits && waits->count) &&
               value_int_at(v, "metadata.deletionGracePeriodSeconds", 0) == 0;
    }
    arena_release(&arena);
    return last;
}

bool answer_is_a(const char *kind, const char *body, size_t len)
{
    struct arena arena = {0};
    struct value *v;
    struct err err = {0};
    bool is = value_parse(&arena, body, len, &v, &err) == 0 &&
              text_equal(value_text_at(v, "kind"), kind);

    arena_release(&arena);
    return is;
}

static void add_causes(struct str *out, const struct value *status)
{
    struct status_cause causes[MAX_CAUSES];
    size_t count = status_causes(status, causes, MAX_CAUSES);

    for (size_t i = 0; i < count && i < MAX_CAUSES; i++)
        str_addf(out, "%s%s%s%s%s", i ? ", " : ": ",
                 causes[i].field ? causes[i].field : "?",
                 causes[i].reason ? " (" : "",
                 causes[i].reason ? causes[i].reason : "",
                 causes[i].reason ? ")" : "");
}

/* A refused value is quoted, perhaps shortened; who may not do what, or what is
 * not there, is said without values, unless a webhook says it. */
static bool may_quote(const struct change *c, const struct err *err)
{
    bool secret =
        !*c->resource->group && strcmp(c->resource->kind, "Secret") == 0;
    bool values = err->code == ERR_REJECTED || err->code == ERR_SERVER ||
                  err->code == ERR_LIMIT;
    struct value text = {.type = VALUE_STRING,
                         .count = (uint32_t)strlen(err->msg),
                         .as.string = err->msg};

    if (values)
        return secret || sensitive_holds(c->body);
    sensitive_mark(&text, c->body);
    return text.sensitive;
}

void answer_hide(const struct cluster_answer *answer, const struct change *c,
                 struct err *err)
{
    unsigned retry_ms = err->retry_after_ms;
    struct arena a = {0};
    struct str text = {0};
    struct value *status = NULL;

    if (answer->status < 400 || !may_quote(c, err))
        return;
    str_add(&text, err_text(err->code));
    if (value_parse(&a, answer->body, answer->len, &status, NULL) == 0)
        add_causes(&text, status);
    err_set(err, err->code, "%s", str_text(&text));
    err_hint(err, "the server's words are left out: they may quote a value "
                  "of a Secret");
    err->retry_after_ms = retry_ms;
    str_release(&text);
    arena_release(&a);
}
