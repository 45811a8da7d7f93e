/*
 * rules_check.c -- see rules_check.h.
 */
#include "rules_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* ---- causes ---- */

void check_add(struct check *k, const char *reason, const struct place *at,
               const char *fmt, ...)
{
    const char *path = place_text(k->c->a, at);
    va_list args;
    char buffer[1024];

    va_start(args, fmt);
    vsnprintf(buffer, sizeof buffer, fmt, args);
    va_end(args);
    if (path)
        failure_cause(k->f, reason, path, "%s", buffer);
    else
        failure_nomem(k->f);
}

void check_required(struct check *k, const struct place *at, const char *field,
                    const char *detail)
{
    check_add(k, CAUSE_REQUIRED, PLACE(at, field), "Required value%s%s",
              *detail ? ": " : "", detail);
}

void check_invalid(struct check *k, const struct place *at,
                   const struct value *v, const char *detail)
{
    struct str text;

    str_init(&text, 512);
    if (!v)
        str_add(&text, "null");
    else
        value_print(v, &text, NULL);
    check_add(k, CAUSE_INVALID, at, "Invalid value: %s: %s", str_text(&text),
              detail);
    str_release(&text);
}

/* ---- metadata ---- */

void check_labels(struct check *k, const struct place *at,
                  const struct value *labels)
{
    for (uint32_t i = 0; labels && i < labels->count; i++) {
        const struct value_member *m = &labels->as.members[i];
        const char *text = value_text(m->value);

        check_qualified(k, at, m->key, m->key);
        if (text)
            check_text_by(k, at, text, wrong_label_value);
    }
}

void check_annotations(struct check *k, const struct place *at,
                       const struct value *notes)
{
    size_t total = 0;

    for (uint32_t i = 0; notes && i < notes->count; i++) {
        const struct value_member *m = &notes->as.members[i];
        char lower[320];
        size_t n = 0;

        for (; m->key[n] && n < sizeof lower - 1; n++)
            lower[n] =
                (char)(m->key[n] >= 'A' && m->key[n] <= 'Z' ? m->key[n] + 32
                                                            : m->key[n]);
        lower[n] = '\0';
        check_qualified(k, at, lower, m->key);
        total += m->key_len + m->value->count;
    }
    if (total > 256 * 1024)
        check_add(k, CAUSE_TOO_LONG, at,
                  "Too long: may not be more than 262144 bytes");
}

static void check_owner(struct check *k, const struct place *at,
                        const struct value *owner)
{
    static const char *const fields[] = {"apiVersion", "kind", "name", "uid"};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (rules_is_absent(value_get(owner, fields[i])))
            check_add(k, CAUSE_INVALID, PLACE(at, fields[i]),
                      "Invalid value: \"\": %s",
                      i ? "must not be empty" : "version must not be empty");
    if (text_equal(value_text_at(owner, "kind"), "Event"))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: Event is disallowed from being an owner");
}

static void check_owners(struct check *k, const struct place *at,
                         const struct value *owners)
{
    const struct value *owner;
    unsigned controllers = 0;

    for (size_t i = 0; (owner = rules_item(owners, i)); i++) {
        check_owner(k, at, owner);
        controllers += value_bool_at(owner, "controller", false);
    }
    for (; controllers > 1; controllers--)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: Only one reference can have Controller set "
                  "to true");
}

static bool has_text(const struct value *array, const char *text)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(array, i)); i++)
        if (text_equal(value_text(item), text))
            return true;
    return false;
}

static void check_finalizers(struct check *k, const struct place *at,
                             const struct value *finalizers)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(finalizers, i)); i++)
        check_qualified(k, at, value_text(item), value_text(item));
    if (has_text(finalizers, "orphan") &&
        has_text(finalizers, "foregroundDeletion"))
        check_invalid(k, at, finalizers,
                      "finalizer orphan and foregroundDeletion cannot be both "
                      "set");
}

/* What a prefix would be the beginning of: a dash at its end is fine. */
static void check_prefix(struct check *k, const struct place *at,
                         const char *prefix, wrong_name_fn wrong_name)
{
    size_t len = strlen(prefix);
    char *masked = arena_strdup(k->c->a, prefix);

    if (!masked) {
        failure_nomem(k->f);
        return;
    }
    if (len > 1 && masked[len - 1] == '-')
        masked[len - 1] = 'a';
    for (unsigned i = 0; i < WRONG_PARTS; i++)
        if (wrong_name(masked, i))
            check_add(k, CAUSE_INVALID, at, "Invalid value: \"%s\": %s", prefix,
                      wrong_name(masked, i));
}

static void check_name(struct check *k, const struct place *at,
                       const struct value *meta, wrong_name_fn wrong_name)
{
    const char *prefix = value_text_at(meta, "generateName");
    const char *name = value_text_at(meta, "name");

    if (prefix && *prefix)
        check_prefix(k, PLACE(at, "generateName"), prefix, wrong_name);
    if (!name || !*name)
        check_required(k, at, "name", "name or generateName is required");
    else
        check_text_by(k, PLACE(at, "name"), name, wrong_name);
}

static void check_meta_update(struct check *k, const struct place *at,
                              const struct value *meta)
{
    static const char *const fields[] = {"name",
                                         "namespace",
                                         "uid",
                                         "creationTimestamp",
                                         "deletionTimestamp",
                                         "deletionGracePeriodSeconds"};
    const struct value *was = value_get(k->old, "metadata");
    const struct value *finalizers = value_get(meta, "finalizers");
    const struct value *item;
    bool added = false;

    for (size_t i = 0; (item = rules_item(finalizers, i)); i++)
        added |= !has_text(value_get(was, "finalizers"), value_text(item));
    if (added && value_get(was, "deletionTimestamp"))
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "finalizers"),
                  "Forbidden: no new finalizers can be added if the object is "
                  "being deleted");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct place field = place_field(at, fields[i]);
        const struct value *is = value_get(meta, fields[i]);
        const struct value *other = value_get(was, fields[i]);

        if (is && other ? !value_equal(is, other)
                        : rules_is_zero(is) != rules_is_zero(other))
            check_invalid(k, &field, is, "field is immutable");
    }
}

static bool has_own_finalizers(const struct kind *k)
{
    return !k->crd && strcmp(k->r.group, "apiextensions.k8s.io") != 0 &&
           strcmp(k->r.group, "coordination.k8s.io") != 0 &&
           strcmp(k->r.group, "policy") != 0;
}

/* Kubernetes' own kinds want a domain in the name. */
static void check_own_finalizers(struct check *k, const struct place *at,
                                 const struct value *finalizers)
{
    static const char *const standard[] = {"kubernetes", "orphan",
                                           "foregroundDeletion"};
    const struct value *item;

    for (size_t i = 0; (item = rules_item(finalizers, i)); i++) {
        const char *name = value_text(item);
        bool known = strchr(name, '/') != NULL;

        for (size_t s = 0; s < sizeof standard / sizeof standard[0]; s++)
            known |= strcmp(name, standard[s]) == 0;
        if (!known)
            check_invalid(k, PLACE_AT(at, i), item,
                          "name is neither a standard finalizer name nor is "
                          "it fully qualified");
    }
}

/* Most say it in the strategy and before it. */
static unsigned update_passes(const struct kind *k, unsigned passes)
{
    bool once = passes == 2 || rules_is(k, "", "LimitRange") ||
                rules_is(k, "discovery.k8s.io", "EndpointSlice");

    return once ? 1 : 2;
}

void check_meta(struct check *k, wrong_name_fn wrong_name, unsigned passes)
{
    const struct value *meta = value_get(k->object, "metadata");
    struct place at = place_field(NULL, "metadata");
    struct place labels = place_field(&at, "labels");
    struct place notes = place_field(&at, "annotations");
    struct place owners = place_field(&at, "ownerReferences");
    struct place finalizers = place_field(&at, "finalizers");

    for (unsigned pass = update_passes(k->c->kind, passes); k->old && pass;
         pass--)
        check_meta_update(k, &at, meta);
    if (!k->old)
        check_name(k, &at, meta, wrong_name);
    for (unsigned pass = 0; pass < passes; pass++) {
        check_labels(k, &labels, value_get(meta, "labels"));
        check_annotations(k, &notes, value_get(meta, "annotations"));
        check_owners(k, &owners, value_get(meta, "ownerReferences"));
    }
    for (unsigned pass = 0; pass < (passes > 3 ? 2u : 1u); pass++) {
        check_finalizers(k, &finalizers, value_get(meta, "finalizers"));
        if (passes != 2 && has_own_finalizers(k->c->kind))
            check_own_finalizers(k, &finalizers, value_get(meta, "finalizers"));
    }
}

/* ---- common rules ---- */

void check_one_of(struct check *k, const struct place *at, const char *text,
                  const char *const *allowed)
{
    struct str list;

    str_init(&list, 0);
    for (size_t i = 0; allowed[i]; i++) {
        if (strcmp(allowed[i], text) == 0) {
            str_release(&list);
            return;
        }
        str_addf(&list, "%s\"%s\"", i ? ", " : "", allowed[i]);
    }
    check_add(k, CAUSE_NOT_SUPPORTED, at,
              "Unsupported value: \"%s\": supported values: %s", text,
              str_text(&list));
    str_release(&list);
}

void check_enum(struct check *k, const struct place *at,
                const struct value *object, const char *field,
                const char *const *allowed)
{
    const char *text = value_text_at(object, field);

    if (!text || !*text)
        check_required(k, at, field, "");
    else
        check_one_of(k, PLACE(at, field), text, allowed);
}

void check_non_negative(struct check *k, const struct place *at,
                        const struct value *object, const char *field)
{
    int64_t number = value_int_at(object, field, 0);

    if (number < 0)
        check_add(k, CAUSE_INVALID, PLACE(at, field),
                  "Invalid value: %lld: must be greater than or equal to 0",
                  (long long)number);
}

static void check_expression(struct check *k, const struct place *at,
                             const struct value *e)
{
    const char *op = value_text_at(e, "operator");
    const char *key = value_text_at(e, "key");
    const struct value *values = value_get(e, "values");
    const struct value *item;
    bool listed = op && (strcmp(op, "In") == 0 || strcmp(op, "NotIn") == 0);
    bool bare = op && strstr(op, "Exist");

    if (listed && (!values || values->count == 0))
        check_required(k, at, "values",
                       "must be specified when `operator` is 'In' or 'NotIn'");
    else if (bare && values && values->count)
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "values"),
                  "Forbidden: may not be specified when `operator` is "
                  "'Exists' or 'DoesNotExist'");
    else if (!listed && !bare)
        check_add(k, CAUSE_INVALID, PLACE(at, "operator"),
                  "Invalid value: \"%s\": not a valid selector operator",
                  op ? op : "");
    check_qualified(k, PLACE(at, "key"), key ? key : "", key ? key : "");
    for (size_t i = 0; (item = rules_item(values, i)); i++)
        check_text_by(k, PLACE_AT(PLACE(at, "values"), i), value_text(item),
                      wrong_label_value);
}

void check_selector(struct check *k, const struct place *at,
                    const struct value *selector)
{
    struct place labels = place_field(at, "matchLabels");
    struct place list = place_field(at, "matchExpressions");
    const struct value *expressions = value_get(selector, "matchExpressions");
    const struct value *e;

    check_labels(k, &labels, value_get(selector, "matchLabels"));
    for (size_t i = 0; (e = rules_item(expressions, i)); i++) {
        struct place one = place_index(&list, i);

        check_expression(k, &one, e);
    }
}

void check_immutable(struct check *k, const char *path)
{
    const struct value *is = value_path(k->object, path);
    const struct value *was = value_path(k->old, path);
    struct place at = place_field(NULL, path);

    if (is && was ? value_equal(is, was)
                  : rules_is_zero(is) == rules_is_zero(was))
        return;
    check_invalid(k, &at, is, "field is immutable");
}

void check_text_by(struct check *k, const struct place *at, const char *text,
                   wrong_name_fn wrong)
{
    for (unsigned i = 0; i < WRONG_PARTS; i++) {
        const char *why = wrong(text, i);

        if (why)
            check_add(k, CAUSE_INVALID, at, "Invalid value: \"%s\": %s", text,
                      why);
    }
}

void check_qualified(struct check *k, const struct place *at, const char *text,
                     const char *shown)
{
    for (unsigned i = 0; i < QUALIFIED_PARTS; i++) {
        const char *why = wrong_qualified_part(text, i);

        if (why)
            check_add(k, CAUSE_INVALID, at, "Invalid value: \"%s\": %s", shown,
                      why);
    }
}

void check_port_name(struct check *k, const struct place *at, const char *name)
{
    for (unsigned i = 0; i < PORT_NAME_PARTS; i++) {
        const char *why = wrong_port_name(name, i);

        if (why)
            check_add(k, CAUSE_INVALID, at, "Invalid value: \"%s\": %s", name,
                      why);
    }
}

void check_ip(struct check *k, const struct place *at, const char *ip)
{
    if (!rules_is_ip(ip))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a valid IP address, (e.g. "
                  "10.9.8.7 or 2001:db8::ffff)",
                  ip);
}

void check_port_number(struct check *k, const struct place *at,
                       const struct value *object, const char *field)
{
    int64_t port = value_int_at(object, field, 0);

    if (port < 1 || port > 65535)
        check_add(k, CAUSE_INVALID, PLACE(at, field),
                  "Invalid value: %lld: must be between 1 and 65535, "
                  "inclusive",
                  (long long)port);
}

bool check_seen(const struct value *list, size_t end, const char *field,
                const char *text)
{
    const struct value *item;

    for (size_t i = 0; i < end && (item = rules_item(list, i)); i++)
        if (text_equal(value_text_at(item, field), text))
            return true;
    return false;
}

int64_t rules_percent(const struct value *v)
{
    int64_t number = 0;

    if (value_is(v, VALUE_INTEGER))
        return v->as.integer;
    if (value_is(v, VALUE_STRING) && v->count > 1)
        text_to_int64(v->as.string, v->count - 1, &number);
    return number;
}

void rules_check_percent(struct check *k, const struct place *at,
                         const struct value *v)
{
    const char *text = value_text(v);

    if (text) {
        size_t digits = strspn(text, "0123456789");

        if (digits == 0 || strcmp(text + digits, "%") != 0)
            check_invalid(k, at, v,
                          "a valid percent string must be a numeric string "
                          "followed by an ending '%' (e.g. '1%',  or '93%', "
                          "regex used for validation is '[0-9]+%')");
    } else if (value_is(v, VALUE_INTEGER) && v->as.integer < 0) {
        check_invalid(k, at, v, "must be greater than or equal to 0");
    }
}
