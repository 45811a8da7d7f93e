/*
 * schema_builtin.c -- the version of the built-in table and what its kinds are
 *                     called in URLs; see include/kube/schema_builtin.h.
 */
#include "kube/schema_builtin.h"

#include <string.h>

#include "base/embed.h"
#include "schema_table.h"

const struct schema_table *schema_builtin(void)
{
    static struct schema_table table;

    table.data = embed_text(&embed_schema);
    table.len = embed_schema.len;
    return &table;
}

struct schema_text schema_builtin_version(void)
{
    static const char first[] = "# kubernetes ";
    const char *at = schema_builtin()->data;

    if (!text_starts(at, first))
        return schema_text("", 0);
    return table_word(at + strlen(first));
}

/* ---- resources ---- */

static char *copy_attribute(struct arena *a, const char *line, const char *name)
{
    struct schema_text text = {"", 0};

    table_attribute(line, name, &text);
    return arena_strndup(a, text.at, text.len);
}

static bool has(const char *line, const char *name)
{
    struct schema_text ignored;

    return table_attribute(line, name, &ignored);
}

/* A verb is one of several with commas between them. */
static bool allows_verb(const char *line, const char *verb)
{
    size_t len = strlen(verb);
    struct schema_text verbs;

    if (!table_attribute(line, "verbs=", &verbs))
        return false;
    for (const char *at = verbs.at; at < verbs.at + verbs.len;) {
        size_t word = strcspn(at, ",\t\n");

        if (word == len && memcmp(at, verb, len) == 0)
            return true;
        at += word + 1;
    }
    return false;
}

static int read_names(struct arena *a, const char *line, struct resource *r)
{
    size_t before_kind = strcspn(line, " ");
    const char *kind = line + before_kind + 1;
    char *slash;

    r->api_version = arena_strndup(a, line, before_kind);
    r->kind = arena_strndup(a, kind, strcspn(kind, "\t"));
    r->plural = copy_attribute(a, line, "plural=");
    r->singular = copy_attribute(a, line, "singular=");
    if (!r->api_version || !r->kind || !r->plural || !r->singular)
        return -ERR_NOMEM;
    slash = strchr(r->api_version, '/');
    r->version = slash ? slash + 1 : r->api_version;
    r->group = arena_strndup(a, r->api_version,
                             slash ? (size_t)(slash - r->api_version) : 0);
    return r->group ? 0 : -ERR_NOMEM;
}

static int read_resource(struct arena *a, const char *line, struct resource *r)
{
    *r = (struct resource){
        .namespaced = has(line, "namespaced"),
        .has_status = has(line, "status"),
        .has_scale = has(line, "scale"),
        .can_list = allows_verb(line, "list"),
        .can_watch = allows_verb(line, "watch"),
        .can_create = allows_verb(line, "create"),
        .can_patch = allows_verb(line, "patch"),
        .can_delete = allows_verb(line, "delete"),
    };
    return read_names(a, line, r);
}

/* Lines of kinds have a blank in their key; those with a plural have a URL. */
static const char *next_resource(const char *line)
{
    const struct table_key all = {.first = schema_text("", 0)};

    while ((line = table_next(schema_builtin(), &all, line))) {
        struct schema_text key = table_word(line);

        if (key.at[0] != '#' && memchr(key.at, ' ', key.len) &&
            has(line, "plural="))
            return line;
    }
    return NULL;
}

int schema_builtin_resources(struct arena *a, struct resource **ret,
                             size_t *ret_count, struct err *err)
{
    struct resource *all;
    const char *line = NULL;
    size_t count = 0;

    while ((line = next_resource(line)))
        count++;
    all = arena_calloc(a, count, sizeof *all);
    if (!all)
        return err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        line = next_resource(line);
        if (read_resource(a, line, &all[i]) < 0)
            return err_nomem(err);
    }
    *ret = all;
    *ret_count = count;
    return 0;
}

bool schema_builtin_attribute(const char *api_version, const char *kind,
                              const char *name, struct schema_text *ret)
{
    struct schema_node n = schema_find(NULL, api_version, kind);

    return schema_known(n) && table_attribute(n.type, name, ret);
}
