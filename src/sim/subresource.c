/*
 * subresource.c -- which subresources a kind has, as discovery tells it.
 *
 * What would need a running node is not served and not told: exec, attach,
 * portforward and proxy.
 */
#include <string.h>

#include "document.h"

static const char *const change[] = {"get", "patch", "update", NULL};
static const char *const create[] = {"create", NULL};
static const char *const get[] = {"get", NULL};
static const char *const update[] = {"update", NULL};

/* Those of built-in kinds that are neither status nor scale. */
static const struct {
    const char *plural;
    struct subresource sub;
} others[] = {
    {"certificatesigningrequests", {.name = "approval", .verbs = change}},
    {"namespaces", {.name = "finalize", .verbs = update}},
    {"pods", {.name = "binding", .kind = "Binding", .verbs = create}},
    {"pods", {.name = "ephemeralcontainers", .verbs = change}},
    {"pods", {"eviction", "policy", "v1", "Eviction", create}},
    {"pods", {.name = "log", .verbs = get}},
    {"pods", {.name = "resize", .verbs = change}},
    {"serviceaccounts",
     {"token", "authentication.k8s.io", "v1", "TokenRequest", create}},
};
#define OTHERS (sizeof others / sizeof others[0])

static const struct subresource scale = {"scale", "autoscaling", "v1", "Scale",
                                         change};
static const struct subresource status = {.name = "status", .verbs = change};

static void of_kind(const struct kind *k, const struct subresource *sub,
                    struct subresource *ret)
{
    *ret = *sub;
    if (!ret->kind)
        ret->kind = k->r.kind;
}

/* 0 and 1 are status and scale of a custom resource, then the others, which
 * all sort before scale and status of built-in ones, but for `token`, whose
 * kind has neither. */
bool subresource_next(const struct kind *k, size_t *it, struct subresource *ret)
{
    for (;;) {
        size_t i = (*it)++;

        if (i > OTHERS + 3)
            return false;
        if ((i == 0 && k->crd && k->r.has_status) ||
            (i == OTHERS + 3 && !k->crd && k->r.has_status)) {
            of_kind(k, &status, ret);
            return true;
        }
        if ((i == 1 && k->crd && k->r.has_scale) ||
            (i == OTHERS + 2 && !k->crd && k->r.has_scale)) {
            of_kind(k, &scale, ret);
            return true;
        }
        if (i >= 2 && i < OTHERS + 2 && !k->crd &&
            strcmp(others[i - 2].plural, k->r.plural) == 0) {
            of_kind(k, &others[i - 2].sub, ret);
            return true;
        }
    }
}
