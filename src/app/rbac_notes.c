/*
 * rbac_notes.c -- rights that depend on what a script does, or on what an
 *                 operator used to be: no declaration tells them, so they are
 *                 named in comments and granted by nobody but the reader.
 */
#include "rbac_impl.h"

#include <string.h>

enum note { PATCH, SCALE, DELETE, RELEASE, FINALIZED, NOTES };

static const char *const note_texts[NOTES] = {
    [PATCH] = "plan:patch: get and patch on",
    [SCALE] = "plan:scale: get on, and patch on the subresource scale of,",
    [DELETE] = "plan:delete: get and delete on",
    [RELEASE] = "on_delete = \"orphan\" of kinds now retired: patch on",
    [FINALIZED] = "a finalize that there was once: patch on",
};

struct noting {
    struct arena *a;
    const struct rbac_input *in;
    const struct operator_decl *decl; /* the one that is read now */
    const struct resource **kinds[NOTES];
    size_t count[NOTES];
    struct err *err;
};

/* ---- which kinds ---- */

static bool same_kind(const struct resource *x, const struct resource *y)
{
    return strcmp(x->plural, y->plural) == 0 && strcmp(x->group, y->group) == 0;
}

/* Once each, in the order in which they come. */
static int mention(struct noting *n, enum note note, const struct resource *r)
{
    void *items = n->kinds[note];
    const struct resource **slot;

    for (size_t i = 0; i < n->count[note]; i++)
        if (same_kind(n->kinds[note][i], r))
            return 0;
    slot = rbac_push(n->a, &items, &n->count[note], sizeof(*slot));
    n->kinds[note] = items;
    if (!slot)
        return err_nomem(n->err);
    *slot = r;
    return 0;
}

/* A kind that the script may name without owning it. */
static int mention_foreign(struct noting *n, const struct gvk *gvk)
{
    const struct operator_owned *owned = operator_owns(n->decl, gvk);
    const struct resource *r = NULL;
    int rc = rbac_find_kind(n->in, gvk, &r, n->err);

    if (rc == 0 && (!owned || owned->retired))
        rc = mention(n, PATCH, r);
    if (rc == 0 && !owned)
        rc = mention(n, DELETE, r);
    return rc == 0 && r->has_scale ? mention(n, SCALE, r) : rc;
}

/* Children are scaled by what declares them, but not while they end. */
static int mention_owned(struct noting *n, const struct operator_owned *owned)
{
    const struct resource *r = NULL;
    int rc = rbac_find_kind(n->in, &owned->gvk, &r, n->err);

    if (rc == 0 && owned->retired)
        rc = mention(n, RELEASE, r);
    if (rc == 0 && r->has_scale && n->decl->has_finalize)
        rc = mention(n, SCALE, r);
    return rc;
}

static int mention_all(struct noting *n)
{
    const struct operator_decl *d = n->decl;
    const struct resource *root = NULL;
    int rc = rbac_find_kind(n->in, &d->root, &root, n->err);

    if (rc == 0)
        rc = mention_foreign(n, &d->root);
    if (rc == 0 && !d->has_finalize)
        rc = mention(n, FINALIZED, root);
    for (size_t i = 0; i < d->reads_count && rc == 0; i++)
        rc = mention_foreign(n, &d->reads[i].gvk);
    for (size_t i = 0; i < d->owns_count && rc == 0; i++)
        rc = mention_owned(n, &d->owns[i]);
    return rc;
}

/* ---- lines ---- */

/* "plan:patch: get and patch on nodes, websites.example.com" */
static const char *make_line(const struct noting *n, enum note note)
{
    struct str text = {0};
    const char *copy;

    str_add(&text, note_texts[note]);
    for (size_t i = 0; i < n->count[note]; i++) {
        const struct resource *r = n->kinds[note][i];

        str_addf(&text, "%s %s%s%s", i ? "," : "", r->plural,
                 *r->group ? "." : "", r->group);
    }
    copy = text.failed ? NULL : arena_strdup(n->a, str_text(&text));
    str_release(&text);
    return copy;
}

int rbac_notes_make(struct arena *a, const struct rbac_input *in,
                    struct rbac_rights *rights, struct err *err)
{
    struct noting n = {.a = a, .in = in, .err = err};
    int rc = 0;

    for (size_t i = 0; i < in->decl_count && rc == 0; i++) {
        n.decl = in->decls[i];
        rc = mention_all(&n);
    }
    if (rc < 0)
        return rc;
    rights->notes = arena_calloc(a, NOTES, sizeof(*rights->notes));
    for (size_t i = 0; rights->notes && i < NOTES; i++) {
        const char *line = n.count[i] ? make_line(&n, (enum note)i) : "";

        if (!line)
            return err_nomem(err);
        if (*line)
            rights->notes[rights->note_count++] = line;
    }
    return rights->notes ? 0 : err_nomem(err);
}
