/*
 * `check --types` when memory runs out; what it writes is looked at by
 * tests/e2e/test_types.py.
 */
#include "app/types.h"
#include "base/str.h"
#include "folder.h"
#include "test.h"

#define OPERATOR                                                               \
    "return require('tidelock').operator { api = 1, name = 'maps',\n"          \
    "  resource = { 'shop.example.com/v1', 'Map' }, memory = { 'last' },\n"    \
    "  owns = { { 'v1', 'Secret' } }, reconcile = function() end }\n"
#define CRD                                                                    \
    "apiVersion: apiextensions.k8s.io/v1\n"                                    \
    "kind: CustomResourceDefinition\n"                                         \
    "metadata: {name: maps.shop.example.com}\n"                                \
    "spec:\n"                                                                  \
    "  group: shop.example.com\n"                                              \
    "  names: {kind: Map, plural: maps}\n"                                     \
    "  scope: Namespaced\n"                                                    \
    "  versions:\n"                                                            \
    "  - name: v1\n"                                                           \
    "    served: true\n"                                                       \
    "    storage: true\n"                                                      \
    "    schema: {openAPIV3Schema: {type: object, properties: {\n"             \
    "      spec: {type: object, properties: {a: {type: array,\n"               \
    "        items: {type: object, properties: {b: {enum: [x, y]}}}}}},\n"     \
    "      status: {type: object, properties: {last: {type: string}}}}}}\n"

static void keep(void *arg, const char *text, size_t len)
{
    str_addn(arg, text, len);
}

TEST_ALLOC(types_survive_out_of_memory)
{
    struct folder folder;
    struct str out = {0};
    struct err err = {0};
    int rc;

    folder_init(&folder);
    folder_write(&folder, "operator.lua", OPERATOR);
    folder_write(&folder, "crd.yaml", CRD);
    rc = types_write(&(struct types_options){.operator_path = folder.path,
                                             .print = keep,
                                             .print_arg = &out},
                     &err);
    if (rc == 0 && out.failed)
        rc = -ERR_NOMEM; /* the list of files was cut */
    if (rc == 0)
        check_has(str_text(&out), "types/maps.lua\n");
    check_int(rc, out.failed ? -ERR_NOMEM : -(int)err.code);
    str_release(&out);
    folder_release(&folder);
    return rc;
}
