/*
 * rbac_print.c -- roles as manifests: YAML with the reasons as comments, or
 *                 JSON, which cannot have any.
 *
 * Whatever a user or a server named is printed as a JSON text, which YAML reads
 * the same way. Comments hold only what was checked before: kinds, names of
 * operators and Leases.
 */
#include "rbac_impl.h"

#include <string.h>

#include "base/json.h"
#include "base/value.h"

#define RBAC_GROUP "rbac.authorization.k8s.io"
#define RBAC_VERSION RBAC_GROUP "/v1"

static const char *role_kind(const struct rbac_role *role)
{
    return *role->ns ? "Role" : "ClusterRole";
}

/* ---- YAML ---- */

static void add_text(struct str *out, const char *text)
{
    json_write_string(out, text, strlen(text));
}

/* A list of one. */
static void add_list(struct str *out, const char *key, const char *item)
{
    str_addf(out, "  %s: [", key);
    add_text(out, item);
    str_add(out, "]\n");
}

static void add_verbs(struct str *out, unsigned verbs)
{
    const char *comma = "";

    str_add(out, "  verbs: [");
    for (size_t i = 0; i < RBAC_VERBS; i++) {
        if (!(verbs & (1u << i)))
            continue;
        str_add(out, comma);
        add_text(out, rbac_verb_name(i));
        comma = ", ";
    }
    str_add(out, "]\n");
}

static void add_rule(struct str *out, const struct rbac_rule *rule)
{
    for (size_t i = 0; i < rule->reason_count; i++)
        str_addf(out, "# %s\n", rule->reasons[i]);
    str_add(out, "- apiGroups: [");
    add_text(out, rule->group);
    str_add(out, "]\n");
    add_list(out, "resources", rule->resource);
    if (rule->name)
        add_list(out, "resourceNames", rule->name);
    add_verbs(out, rule->verbs);
}

static void add_role(struct str *out, const struct rbac_role *role,
                     const char *name)
{
    str_addf(out, "apiVersion: " RBAC_VERSION "\nkind: %s\nmetadata:\n  name: ",
             role_kind(role));
    add_text(out, name);
    if (*role->ns) {
        str_add(out, "\n  namespace: ");
        add_text(out, role->ns);
    }
    str_add(out, "\nrules:\n");
    for (size_t i = 0; i < role->rule_count; i++)
        add_rule(out, &role->rules[i]);
}

int rbac_print_yaml(const struct rbac_rights *rights, const char *name,
                    const char *who, struct str *out, struct err *err)
{
    str_addf(out,
             "# What %s by declaration, and nothing else. Discovery comes\n"
             "# from system:discovery, which every user has.\n",
             who);
    if (rights->note_count > 0)
        str_add(out, "# No declaration tells the following; add it where it "
                     "applies:\n");
    for (size_t i = 0; i < rights->note_count; i++)
        str_addf(out, "#   %s\n", rights->notes[i]);
    for (size_t i = 0; i < rights->role_count; i++) {
        if (i > 0)
            str_add(out, "---\n");
        add_role(out, &rights->roles[i], name);
    }
    return str_check(out, "the roles", err);
}

/* ---- JSON ---- */

static struct value *one_text(struct arena *a, const char *text)
{
    struct value *list = value_array(a);

    return list && value_append(a, list, value_string(a, text)) == 0 ? list
                                                                     : NULL;
}

static struct value *verbs_value(struct arena *a, unsigned verbs)
{
    struct value *list = value_array(a);

    for (size_t i = 0; list && i < RBAC_VERBS; i++)
        if (verbs & (1u << i) &&
            value_append(a, list, value_string(a, rbac_verb_name(i))) < 0)
            return NULL;
    return list;
}

static struct value *rule_value(struct arena *a, const struct rbac_rule *rule)
{
    struct value *v = value_object(a);

    if (!v || value_set(a, v, "apiGroups", one_text(a, rule->group)) < 0 ||
        value_set(a, v, "resources", one_text(a, rule->resource)) < 0 ||
        value_set(a, v, "verbs", verbs_value(a, rule->verbs)) < 0)
        return NULL;
    if (rule->name &&
        value_set(a, v, "resourceNames", one_text(a, rule->name)) < 0)
        return NULL;
    return v;
}

static struct value *role_value(struct arena *a, const struct rbac_role *role,
                                const char *name)
{
    struct value *v = value_object(a);
    struct value *rules = value_array(a);
    struct value *meta = v ? value_make(a, v, "metadata") : NULL;

    if (!rules || !meta ||
        value_set(a, v, "apiVersion", value_string(a, RBAC_VERSION)) < 0 ||
        value_set(a, v, "kind", value_string(a, role_kind(role))) < 0 ||
        value_set(a, v, "rules", rules) < 0 ||
        value_set(a, meta, "name", value_string(a, name)) < 0)
        return NULL;
    if (*role->ns &&
        value_set(a, meta, "namespace", value_string(a, role->ns)) < 0)
        return NULL;
    for (size_t i = 0; i < role->rule_count; i++)
        if (value_append(a, rules, rule_value(a, &role->rules[i])) < 0)
            return NULL;
    return v;
}

static struct value *list_value(struct arena *a,
                                const struct rbac_rights *rights,
                                const char *name)
{
    struct value *v = value_object(a);
    struct value *items = value_array(a);

    if (!v || !items ||
        value_set(a, v, "apiVersion", value_string(a, "v1")) < 0 ||
        value_set(a, v, "kind", value_string(a, "List")) < 0 ||
        value_set(a, v, "items", items) < 0)
        return NULL;
    for (size_t i = 0; i < rights->role_count; i++)
        if (value_append(a, items, role_value(a, &rights->roles[i], name)) < 0)
            return NULL;
    return v;
}

int rbac_print_json(struct arena *a, const struct rbac_rights *rights,
                    const char *name, struct str *out, struct err *err)
{
    struct value *list = list_value(a, rights, name);
    int rc = list ? value_print_pretty(list, out, err) : err_nomem(err);

    if (rc == 0)
        str_addc(out, '\n');
    return rc == 0 ? str_check(out, "the roles", err) : rc;
}
