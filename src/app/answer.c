/*
 * answer.c -- see answer_impl.h for the contract.
 */
#include "answer_impl.h"

#include <string.h>

int answer_object(const struct target *t, const char *body, size_t len,
                  struct snapshot **ret, struct err *err)
{
    struct gvk gvk = { t->resource->api_version, t->resource->kind };
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
    struct arena arena = { 0 };
    struct value *v;
    struct err err = { 0 };
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
    struct arena arena = { 0 };
    struct value *v;
    struct err err = { 0 };
    bool is = value_parse(&arena, body, len, &v, &err) == 0 &&
              text_equal(value_text_at(v, "kind"), kind);

    arena_release(&arena);
    return is;
}
