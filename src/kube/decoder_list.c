/*
 * decoder_list.c -- list pages: {"kind": ..., "metadata": ..., "items": [...]}
 *
 * DESIGN
 *
 * Members may come in any order, so the items are handed out before it is
 * known that the rest of the page is right: a page counts only when
 * DECODER_PAGE_END came. Nothing in it is skipped as a watch event would be,
 * because what a list lacks counts as deleted.
 */
#include <string.h>

#include "decoder_impl.h"

/* An item without its kind gets that of the decoder (typed lists). */
static int take_item(struct decoder *d, struct decoder_event *ret,
                     struct err *err)
{
    struct span span = {d->cut.start, d->cut.end};
    struct snapshot *s;
    int rc = span_snapshot(d, span, &s, err);

    if (rc < 0)
        return as_protocol(rc, err);
    ret->kind = DECODER_ITEM;
    ret->snapshot = s;
    ret->resource_version = s->resource_version;
    return 0;
}

/* "PodList" and the like; a Table is the answer to another question (LW-5). */
static int take_kind(const struct value *v, struct err *err)
{
    const char *kind = value_text(v);

    if (kind && text_ends(kind, "List"))
        return 0;
    return err_set(err, ERR_PROTOCOL, "the answer is a %.64s, not a list",
                   kind ? kind : "document without kind");
}

/* Kept until the page ends: it may stand before the items or behind them. */
static int take_metadata(struct decoder *d, const struct value *v,
                         struct err *err)
{
    int rc =
        lend(&d->resource_version, value_text_at(v, "resourceVersion"), err);

    if (rc < 0)
        return rc;
    return lend(&d->continue_token, value_text_at(v, "continue"), err);
}

static int take_tree(struct decoder *d, struct span span, struct err *err)
{
    struct arena a = {0};
    struct value *v;
    int rc = span_value(d, span, &a, &v, err);

    if (rc < 0)
        rc = as_protocol(rc, err);
    else if (d->member == MEMBER_KIND)
        rc = take_kind(v, err);
    else
        rc = take_metadata(d, v, err);
    arena_release(&a);
    return rc;
}

static int take_value(struct decoder *d, struct err *err)
{
    struct span span = {d->cut.start, d->cut.end};

    switch (d->member) {
    case MEMBER_KIND:
    case MEMBER_METADATA:
        return take_tree(d, span, err);
    case MEMBER_ITEMS:
        if (span.start == span.end || span_is(d, span, "null"))
            return 0;
        return err_set(err, ERR_PROTOCOL, "list whose items are no array");
    default:
        return span_check(d, span, err);
    }
}

/* From here on the elements of `items` come one by one. */
static int take_key(struct decoder *d, struct err *err)
{
    struct span span = {d->cut.start, d->cut.end};

    note_key(d);
    if (d->twice)
        return err_set(err, ERR_PROTOCOL, "list with a key twice");
    if (d->member == MEMBER_OTHER)
        return span_check(d, span, err);
    if (d->member == MEMBER_ITEMS)
        cutter_enter(&d->cutter);
    return 0;
}

/* A list without `items` is not an empty list: nothing may be deleted because
 * of it. */
static int take_end(struct decoder *d, struct decoder_event *ret,
                    struct err *err)
{
    if (!d->seen[MEMBER_KIND] || !d->seen[MEMBER_ITEMS])
        return err_set(err, ERR_PROTOCOL, "the answer is not a list");
    d->ended = true;
    ret->kind = DECODER_PAGE_END;
    ret->resource_version = str_text(&d->resource_version);
    ret->continue_token = str_text(&d->continue_token);
    return 0;
}

int decoder_take_list(struct decoder *d, struct decoder_event *ret,
                      struct err *err)
{
    if (d->ended)
        return list_is_over(err);
    if (d->cut.kind == CUT_END)
        return take_end(d, ret, err);
    if (d->cut.end - d->cut.start > d->max_bytes)
        return list_too_large(d, err);
    if (d->cut.kind == CUT_KEY)
        return take_key(d, err);
    if (d->cut.kind == CUT_ITEM)
        return take_item(d, ret, err);
    return take_value(d, err);
}
