/*
 * rbac_rights.c -- from declarations to rules: exactly the requests that the
 *                  runtime makes for them.
 *
 * DESIGN
 *
 * The table below is the whole of it; who adds a request to the runtime adds
 * its verb here, and tests/e2e/test_rbac.py compares both with an audit log.
 *
 *      declaration  resource          verbs
 *      resource     ROOT              get, list, watch  (get: before what is
 *                                     destructive and after a conflict)
 *                   ROOT/status       patch
 *      finalize     ROOT              patch
 *      owns         KIND              get, list, watch, create, patch, delete
 *                                     (an apply that creates needs create too)
 *      owns retired KIND              get, list, watch, delete
 *      owns         ROOT/finalizers   update: OR-4, asked where admission
 *                                     plugin OwnerReferencesPermission-
 *                                     Enforcement is on
 *      reads        KIND              list, watch
 *      (always)     the Lease         get, create, patch: who leads, and the
 *                                     kinds that were ever owned
 *      (always)     Event             create, patch: where the root is, or
 *                                     "default", and where the Lease is
 *
 * Names: the Lease is only ever applied, and the server takes the name of an
 * apply from its path, also when it becomes a create; it takes that of a list
 * or watch from the field selector. Both rules are for one object then.
 */
#include "rbac_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct resource lease_kind = {
    .group = "coordination.k8s.io",
    .plural = "leases",
    .namespaced = true,
};

static const struct resource token_kind = {
    .group = "authentication.k8s.io",
    .plural = "tokenreviews",
};
static const struct resource access_kind = {
    .group = "authorization.k8s.io",
    .plural = "subjectaccessreviews",
};
static const struct resource event_kind = {
    .group = "events.k8s.io",
    .plural = "events",
    .namespaced = true,
};

#define RBAC_SEE (RBAC_LIST | RBAC_WATCH)

struct building {
    struct arena *a;
    const struct rbac_input *in;
    const struct operator_decl *decl; /* the one that is read now */
    struct rbac_rights *rights;
    struct err *err;
};

struct grant {
    const struct resource *resource;
    const char *subresource; /* or NULL */
    const char *ns;          /* "": everywhere */
    const char *name;        /* of the one object, or NULL */
    unsigned verbs;
    const char *why; /* NULL: out of memory */
};

/* ---- collecting ---- */

void *rbac_push(struct arena *a, void **items, size_t *count, size_t size)
{
    size_t n = *count;

    if (n == 0 || (n & (n - 1)) == 0) {
        void *grown = arena_calloc(a, n ? 2 * n : 1, size);

        if (!grown)
            return NULL;
        if (n)
            memcpy(grown, *items, n * size);
        *items = grown;
    }
    return (char *)*items + (*count)++ * size;
}

static struct rbac_role *find_role(struct building *b, const char *ns)
{
    struct rbac_rights *r = b->rights;
    struct rbac_role *role;
    void *items = r->roles;

    for (size_t i = 0; i < r->role_count; i++)
        if (strcmp(r->roles[i].ns, ns) == 0)
            return &r->roles[i];
    role = rbac_push(b->a, &items, &r->role_count, sizeof(*role));
    r->roles = items;
    if (role)
        role->ns = ns;
    return role;
}

static bool same_objects(const struct rbac_rule *x, const struct rbac_rule *y)
{
    return strcmp(x->group, y->group) == 0 &&
           strcmp(x->resource, y->resource) == 0 &&
           text_equal(x->name, y->name);
}

static struct rbac_rule *find_rule(struct building *b, struct rbac_role *role,
                                   const struct rbac_rule *wanted)
{
    struct rbac_rule *rule;
    void *items = role->rules;

    for (size_t i = 0; i < role->rule_count; i++)
        if (same_objects(&role->rules[i], wanted))
            return &role->rules[i];
    rule = rbac_push(b->a, &items, &role->rule_count, sizeof(*rule));
    role->rules = items;
    if (rule)
        *rule = *wanted;
    return rule;
}

static int add_reason(struct arena *a, struct rbac_rule *rule,
                      const char *reason)
{
    void *items = rule->reasons;
    const char **slot;

    for (size_t i = 0; i < rule->reason_count; i++)
        if (text_equal(rule->reasons[i], reason))
            return 0;
    slot = rbac_push(a, &items, &rule->reason_count, sizeof(*slot));
    rule->reasons = items;
    if (!slot || !reason)
        return -ERR_NOMEM;
    *slot = reason;
    return 0;
}

/* With the operator's name where there are several. */
static const char *reason_text(struct building *b, const char *why)
{
    if (!why || !b->decl || b->in->decl_count < 2)
        return why;
    return arena_printf(b->a, "%s: %s", b->decl->name, why);
}

static int grant(struct building *b, const struct grant *g)
{
    const struct resource *r = g->resource;
    struct rbac_rule wanted = {.group = r->group,
                               .resource = r->plural,
                               .name = g->name,
                               .namespaced = r->namespaced};
    struct rbac_role *role = find_role(b, r->namespaced ? g->ns : "");
    struct rbac_rule *rule = NULL;

    if (g->subresource)
        wanted.resource =
            arena_printf(b->a, "%s/%s", r->plural, g->subresource);
    if (role && wanted.resource)
        rule = find_rule(b, role, &wanted);
    if (!rule || add_reason(b->a, rule, reason_text(b, g->why)) < 0)
        return err_nomem(b->err);
    rule->verbs |= g->verbs;
    return 0;
}

/* ---- what each declaration asks for ---- */

int rbac_find_kind(const struct rbac_input *in, const struct gvk *gvk,
                   const struct resource **ret, struct err *err)
{
    const struct resource *r =
        restmap_find(in->kinds, gvk->api_version, gvk->kind);

    if (r) {
        *ret = r;
        return 0;
    }
    if (in->offline) {
        err_set(err, ERR_NO_KIND,
                "'%s' in '%s' is no built-in kind, and no "
                "CustomResourceDefinition of it is at hand",
                gvk->kind, gvk->api_version);
        return err_hint(err, "name its file with -f; crd.yaml in the "
                             "operator's folder is read anyway");
    }
    err_set(err, ERR_NO_KIND, "the server has no kind '%s' in '%s'", gvk->kind,
            gvk->api_version);
    return err_hint(err, "install its CustomResourceDefinition first, or use "
                         "--offline");
}

static const char *kind_text(struct building *b, const char *format,
                             const struct gvk *gvk)
{
    return arena_printf(b->a, "%s %s %s", format, gvk->api_version, gvk->kind);
}

static int grant_root(struct building *b, const struct resource *root)
{
    struct grant g = {.resource = root,
                      .ns = b->in->ns,
                      .verbs = RBAC_GET | RBAC_SEE,
                      .why = kind_text(b, "resource", &b->decl->root)};
    int rc = grant(b, &g);

    if (rc == 0 && b->decl->has_finalize) {
        g.verbs = RBAC_PATCH;
        g.why = "finalize: the finalizer on its objects";
        rc = grant(b, &g);
    }
    if (rc == 0 && root->has_status) {
        g.subresource = "status";
        g.verbs = RBAC_PATCH;
        g.why = arena_printf(b->a, "resource %s %s: its status",
                             b->decl->root.api_version, b->decl->root.kind);
        rc = grant(b, &g);
    }
    return rc;
}

static bool applies(const struct operator_decl *d)
{
    for (size_t i = 0; i < d->owns_count; i++)
        if (!d->owns[i].retired)
            return true;
    return false;
}

static int grant_owned(struct building *b, const struct operator_owned *owned)
{
    struct grant g = {.ns = b->in->ns,
                      .verbs = RBAC_GET | RBAC_SEE | RBAC_DELETE,
                      .why = kind_text(b, "owns", &owned->gvk)};
    int rc = rbac_find_kind(b->in, &owned->gvk, &g.resource, b->err);

    if (!owned->retired)
        g.verbs |= RBAC_CREATE | RBAC_PATCH;
    else if (g.why)
        g.why = arena_printf(b->a, "%s, retired", g.why);
    return rc == 0 ? grant(b, &g) : rc;
}

static int grant_owns(struct building *b, const struct resource *root)
{
    const struct operator_decl *d = b->decl;
    const struct grant blocking = {
        .resource = root,
        .subresource = "finalizers",
        .ns = b->in->ns,
        .verbs = RBAC_UPDATE,
        .why = "owns: children that block their owner's deletion",
    };
    int rc = applies(d) ? grant(b, &blocking) : 0;

    for (size_t i = 0; i < d->owns_count && rc == 0; i++)
        rc = grant_owned(b, &d->owns[i]);
    return rc;
}

/* The name that a canonical field selector asks for; *ret stays NULL when it
 * asks for none. */
static int selected_name(struct arena *a, const char *fields, const char **ret)
{
    static const char term[] = "metadata.name=";
    char *name = NULL;

    while (fields && *fields && !name) {
        size_t len = 0;

        while (fields[len] && fields[len] != ',')
            len += fields[len] == '\\' && fields[len + 1] ? 2 : 1;
        if (text_starts(fields, term)) {
            name = arena_strndup(a, fields + strlen(term), len - strlen(term));
            if (!name)
                return -ERR_NOMEM;
        }
        fields += len + (fields[len] == ',');
    }
    if (name && name_is_path_segment(name))
        *ret = name;
    return 0;
}

/* Where feeds.c watches. */
static const char *read_ns(const struct building *b,
                           const struct operator_read *read)
{
    switch (read->scope) {
    case READ_OWN:
        return b->in->ns;
    case READ_NAMED:
        return read->ns;
    case READ_ALL:
    case READ_NONE:
        break;
    }
    return "";
}

static int grant_read(struct building *b, const struct operator_read *read)
{
    struct grant g = {.ns = read_ns(b, read),
                      .verbs = RBAC_SEE,
                      .why = kind_text(b, "reads", &read->gvk)};
    int rc = rbac_find_kind(b->in, &read->gvk, &g.resource, b->err);

    if (rc == 0 && selected_name(b->a, read->fields, &g.name) < 0)
        rc = err_nomem(b->err);
    return rc == 0 ? grant(b, &g) : rc;
}

static int grant_events(struct building *b, const struct resource *root)
{
    const struct grant g = {
        .resource = &event_kind,
        .ns = root->namespaced ? b->in->ns : "default",
        .verbs = RBAC_CREATE | RBAC_PATCH, /* series are patched */
        .why = "Events: of scripts, and of passes that fail",
    };

    return grant(b, &g);
}

static int grant_lease(struct building *b)
{
    const struct grant g = {
        .resource = &lease_kind,
        .ns = b->in->lease_ns,
        .name = b->in->lease,
        .verbs = RBAC_GET | RBAC_CREATE | RBAC_PATCH,
        .why = arena_printf(b->a, "the Lease %s: the kinds that it ever owned",
                            b->in->lease),
    };

    return grant(b, &g);
}

/* What the process needs besides its operators. */
static int grant_host(struct building *b)
{
    const struct grant lease = {
        .resource = &lease_kind,
        .ns = b->in->lease_ns,
        .name = b->in->lease,
        .verbs = RBAC_GET | RBAC_CREATE | RBAC_PATCH,
        .why = "leader election",
    };
    const struct grant events = {
        .resource = &event_kind,
        .ns = b->in->lease_ns,
        .verbs = RBAC_CREATE | RBAC_PATCH,
        .why = "Events about the Lease: who leads, scripts that do not load",
    };
    const struct grant tokens = {
        .resource = &token_kind,
        .ns = "",
        .verbs = RBAC_CREATE,
        .why = "--listen: whose is the token of who wants to see a page?",
    };
    const struct grant access = {
        .resource = &access_kind,
        .ns = "",
        .verbs = RBAC_CREATE,
        .why = "--listen: and may they?",
    };
    int rc = grant(b, &lease);

    if (rc == 0)
        rc = grant(b, &events);
    if (rc == 0 && b->in->serves)
        rc = grant(b, &tokens);
    return rc == 0 && b->in->serves ? grant(b, &access) : rc;
}

static int grant_all(struct building *b)
{
    const struct operator_decl *d = b->decl;
    const struct resource *root = NULL;
    int rc = rbac_find_kind(b->in, &d->root, &root, b->err);

    if (rc == 0)
        rc = grant_root(b, root);
    if (rc == 0)
        rc = grant_owns(b, root);
    for (size_t i = 0; i < d->reads_count && rc == 0; i++)
        rc = grant_read(b, &d->reads[i]);
    if (rc == 0)
        rc = grant_events(b, root);
    return rc == 0 ? grant_lease(b) : rc;
}

/* ---- nothing twice ---- */

/* Does `wide` allow all that `rule` does? */
static bool covers(const struct rbac_rule *wide, const struct rbac_rule *rule)
{
    return wide != rule && strcmp(wide->group, rule->group) == 0 &&
           strcmp(wide->resource, rule->resource) == 0 &&
           (!wide->name || text_equal(wide->name, rule->name)) &&
           (rule->verbs & ~wide->verbs) == 0;
}

static struct rbac_rule *find_cover(struct rbac_role *role,
                                    const struct rbac_rule *rule)
{
    for (size_t i = 0; i < role->rule_count; i++)
        if (covers(&role->rules[i], rule))
            return &role->rules[i];
    return NULL;
}

/* Rules that say nothing new give their reasons to the one that says it: in
 * the same role, or in the ClusterRole, which is the first. */
static int drop_covered(struct building *b, struct rbac_role *role)
{
    struct rbac_role *first = &b->rights->roles[0];
    size_t kept = 0;

    for (size_t i = 0; i < role->rule_count; i++) {
        struct rbac_rule *rule = &role->rules[i];
        struct rbac_rule *cover = find_cover(role, rule);

        if (!cover && !*first->ns)
            cover = find_cover(first, rule);
        for (size_t k = 0; cover && k < rule->reason_count; k++)
            if (add_reason(b->a, cover, rule->reasons[k]) < 0)
                return err_nomem(b->err);
        if (!cover)
            role->rules[kept++] = *rule;
    }
    role->rule_count = kept;
    return 0;
}

static int compare_roles(const void *x, const void *y)
{
    const struct rbac_role *a = x, *b = y;

    return strcmp(a->ns, b->ns);
}

static int tidy(struct building *b)
{
    struct rbac_rights *r = b->rights;
    size_t kept = 0;
    int rc = 0;

    assert(r->role_count > 0); /* there is always a Lease */
    qsort(r->roles, r->role_count, sizeof(*r->roles), compare_roles);
    for (size_t i = 0; i < r->role_count && rc == 0; i++)
        rc = drop_covered(b, &r->roles[i]);
    for (size_t i = 0; i < r->role_count; i++)
        if (r->roles[i].rule_count > 0)
            r->roles[kept++] = r->roles[i];
    r->role_count = kept;
    return rc;
}

int rbac_rights_make(struct arena *a, const struct rbac_input *in,
                     struct rbac_rights *ret, struct err *err)
{
    struct rbac_rights rights = {0};
    struct building b = {.a = a, .in = in, .rights = &rights, .err = err};
    int rc = 0;

    for (size_t i = 0; i < in->decl_count && rc == 0; i++) {
        b.decl = in->decls[i];
        rc = grant_all(&b);
    }
    b.decl = NULL; /* of no operator */
    if (rc == 0)
        rc = grant_host(&b);
    if (rc == 0)
        rc = tidy(&b);
    if (rc == 0)
        rc = rbac_notes_make(a, in, &rights, err);
    if (rc == 0)
        *ret = rights;
    return rc;
}

const char *rbac_verb_name(size_t i)
{
    static const char *const names[RBAC_VERBS] = {
        "get", "list", "watch", "create", "update", "patch", "delete",
    };

    return names[i];
}
