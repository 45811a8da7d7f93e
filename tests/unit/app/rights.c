/* See rights.h. */
#include "rights.h"

#include <string.h>

#include "test.h"

static const struct resource KINDS[] = {
    {.api_version = "v1",
     .group = "",
     .version = "v1",
     .kind = "ConfigMap",
     .plural = "configmaps",
     .singular = "configmap",
     .namespaced = true},
    {.api_version = "v1",
     .group = "",
     .version = "v1",
     .kind = "Secret",
     .plural = "secrets",
     .singular = "secret",
     .namespaced = true},
    {.api_version = "v1",
     .group = "",
     .version = "v1",
     .kind = "Node",
     .plural = "nodes",
     .singular = "node",
     .has_status = true},
    {.api_version = "apps/v1",
     .group = "apps",
     .version = "v1",
     .kind = "Deployment",
     .plural = "deployments",
     .singular = "deployment",
     .namespaced = true,
     .has_status = true,
     .has_scale = true},
    {.api_version = "example.com/v1",
     .group = "example.com",
     .version = "v1",
     .kind = "Widget",
     .plural = "widgets",
     .singular = "widget",
     .namespaced = true,
     .has_status = true},
    {.api_version = "example.com/v1",
     .group = "example.com",
     .version = "v1",
     .kind = "Tenant",
     .plural = "tenants",
     .singular = "tenant"},
};

void rights_init(struct rights *r)
{
    size_t count = sizeof KINDS / sizeof KINDS[0];

    *r = (struct rights){
        .decl = {.name = "shop", .root = WIDGET},
        .second = {.name = "tenancy", .root = TENANT},
        .in = {.decl_count = 1,
               .ns = "",
               .lease_ns = "default",
               .lease = "tidelock"},
    };
    r->decls[0] = &r->decl;
    r->decls[1] = &r->second;
    r->in.decls = r->decls;
    r->kinds = restmap_new();
    if (!r->kinds)
        err_nomem(&r->err);
    for (size_t i = 0; r->err.code == ERR_NONE && i < count; i++)
        restmap_add(r->kinds, &KINDS[i], &r->err);
    r->in.kinds = r->kinds;
}

void rights_release(struct rights *r)
{
    restmap_free(r->kinds);
    str_release(&r->text);
    arena_release(&r->arena);
}

const char *rights_yaml(struct rights *r)
{
    if (r->err.code == ERR_NONE &&
        rbac_rights_make(&r->arena, &r->in, &r->made, &r->err) == 0)
        rbac_print_yaml(&r->made, "shop", "operator shop needs", &r->text,
                        &r->err);
    return r->err.code == ERR_NONE ? str_text(&r->text) : "";
}

const char *rights_roles(struct rights *r)
{
    const char *text = rights_yaml(r);
    const char *roles = strstr(text, "apiVersion:");

    return check(roles) ? roles : "";
}
