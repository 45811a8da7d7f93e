/*
 * serve_query.c -- the parameters of a request, and what is wrong with them.
 *
 * As on the server, a parameter that cannot be read is 400, one that can and
 * says something that is not allowed is 422 of ListOptions and so on.
 */
#include <string.h>

#include "base/text.h"
#include "serve_impl.h"

#define MANAGER_MAX 128

/* ---- reading ---- */

static int hex(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)((at - digits) & 15) : -1;
}

static const char *unescape(struct arena *a, const char *text, size_t len)
{
    char *out = arena_alloc(a, len + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < len; i++) {
        bool escape = text[i] == '%' && i + 2 < len && hex(text[i + 1]) >= 0;

        if (escape && hex(text[i + 2]) >= 0) {
            out[n++] = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        } else {
            out[n++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    if (out)
        out[n] = '\0';
    return out;
}

/* The value of the parameter in text behind *at, which goes on behind it. */
static const char *query_next(struct ask *k, const char *name, const char **at)
{
    size_t want = strlen(name);

    while (*at && **at) {
        const char *pair = *at;
        size_t len = strcspn(pair, "&");
        size_t key = 0;

        *at = pair + len + (pair[len] == '&');
        while (key < len && pair[key] != '=')
            key++;
        if (key != want || strncmp(pair, name, want) != 0)
            continue;
        if (key < len)
            key++;
        return unescape(k->a, pair + key, len - key);
    }
    return NULL;
}

const char *query_get(struct ask *k, const char *name)
{
    const char *at = k->q->query;

    return query_next(k, name, &at);
}

static const char *text_of(struct ask *k, const char *name)
{
    const char *value = query_get(k, name);

    return value ? value : "";
}

/* As apimachinery converts parameters: what is not "false" or "0" is true. */
static int flag_of(struct ask *k, const char *name)
{
    const char *value = query_get(k, name);

    if (!value)
        return -1;
    return strcmp(value, "false") != 0 && strcmp(value, "0") != 0 &&
           strcmp(value, "False") != 0;
}

static int number_of(struct ask *k, const char *name, int64_t *ret)
{
    const char *value = query_get(k, name);

    *ret = 0;
    if (!value || text_to_int64(value, strlen(value), ret))
        return 0;
    return failure_set(&k->f, 400, "BadRequest",
                       "strconv.ParseInt: parsing \"%s\": invalid syntax",
                       value);
}

/* ---- writes ---- */

static int options_invalid(struct ask *k, const char *kind)
{
    return failure_invalid(&k->f, "meta.k8s.io", kind, "");
}

static int check_manager(struct ask *k)
{
    const unsigned char *text = (const unsigned char *)k->o.manager;

    if (strlen(k->o.manager) > MANAGER_MAX &&
        failure_cause(&k->f, CAUSE_TOO_LONG, "fieldManager",
                      "Too long: may not be more than %d bytes",
                      MANAGER_MAX) < 0)
        return -1;
    for (size_t i = 0; text[i]; i++)
        if ((text[i] < ' ' || text[i] == 127) &&
            failure_cause(&k->f, CAUSE_INVALID, "fieldManager",
                          "Invalid value: \"%s\": invalid character U+%04X "
                          "(at position %zu)",
                          k->o.manager, text[i], i) < 0)
            return -1;
    return 0;
}

static int check_dry_run(struct ask *k)
{
    const char *at = k->q->query, *value;

    while ((value = query_next(k, "dryRun", &at))) {
        k->o.dry_run = true;
        if (strcmp(value, "All") != 0)
            return failure_cause(&k->f, CAUSE_NOT_SUPPORTED, "dryRun",
                                 "Unsupported value: [\"%s\"]: supported "
                                 "values: \"All\"",
                                 value);
    }
    return 0;
}

static int check_validation(struct ask *k)
{
    const char *v = k->o.validation;

    if (!*v || strcmp(v, "Ignore") == 0 || strcmp(v, "Warn") == 0 ||
        strcmp(v, "Strict") == 0)
        return 0;
    return failure_cause(&k->f, CAUSE_NOT_SUPPORTED, "fieldValidation",
                         "Unsupported value: \"%s\": supported values: \"\", "
                         "\"Ignore\", \"Strict\", \"Warn\"",
                         v);
}

static int check_force(struct ask *k)
{
    if (k->body_type == BODY_APPLY && !*k->o.manager)
        return failure_cause(&k->f, CAUSE_REQUIRED, "fieldManager",
                             "Required value: is required for apply patch");
    if (k->body_type != BODY_APPLY && k->o.force >= 0)
        return failure_cause(&k->f, CAUSE_FORBIDDEN, "force",
                             "Forbidden: may not be specified for non-apply "
                             "patch");
    return 0;
}

static int write_parse(struct ask *k)
{
    const char *kind = k->verb == VERB_CREATE   ? "CreateOptions"
                       : k->verb == VERB_UPDATE ? "UpdateOptions"
                                                : "PatchOptions";

    k->o.manager = text_of(k, "fieldManager");
    k->o.validation = text_of(k, "fieldValidation");
    k->o.force = flag_of(k, "force");
    if ((k->verb == VERB_PATCH && check_force(k) < 0) || check_manager(k) < 0 ||
        check_dry_run(k) < 0 || check_validation(k) < 0)
        return -1;
    return options_invalid(k, kind);
}

/* ---- delete ---- */

int delete_options_check(struct ask *k)
{
    const char *p = k->o.propagation;

    if (*p && k->o.orphan >= 0 &&
        failure_cause(&k->f, CAUSE_INVALID, "propagationPolicy",
                      "Invalid value: \"%s\": orphanDependents and "
                      "deletionPropagation cannot be both set",
                      p) < 0)
        return -1;
    if (*p && strcmp(p, "Foreground") != 0 && strcmp(p, "Background") != 0 &&
        strcmp(p, "Orphan") != 0 &&
        failure_cause(&k->f, CAUSE_NOT_SUPPORTED, "propagationPolicy",
                      "Unsupported value: \"%s\": supported values: "
                      "\"Background\", \"Foreground\", \"Orphan\", \"nil\"",
                      p) < 0)
        return -1;
    return options_invalid(k, "DeleteOptions");
}

static int delete_parse(struct ask *k)
{
    k->o.propagation = text_of(k, "propagationPolicy");
    k->o.orphan = flag_of(k, "orphanDependents");
    k->o.uid_is = k->o.rv_is = NULL;
    k->o.has_grace = query_get(k, "gracePeriodSeconds") != NULL;
    if (number_of(k, "gracePeriodSeconds", &k->o.grace) < 0)
        return -1;
    return check_dry_run(k);
}

/* ---- list and watch ---- */

static int forbid(struct ask *k, const char *field, const char *why)
{
    return failure_cause(&k->f, CAUSE_FORBIDDEN, field, "Forbidden: %s", why);
}

static int check_match_of_list(struct ask *k)
{
    const char *match = k->o.rv_match;
    bool exact = strcmp(match, "Exact") == 0;
    const char *field = "resourceVersionMatch";

    if (!*match)
        return 0;
    if (!*k->o.rv && forbid(k, field,
                            "resourceVersionMatch is forbidden unless "
                            "resourceVersion is provided") < 0)
        return -1;
    if (*k->o.token && forbid(k, field,
                              "resourceVersionMatch is forbidden when "
                              "continue is provided") < 0)
        return -1;
    if (!exact && strcmp(match, "NotOlderThan") != 0 &&
        failure_cause(&k->f, CAUSE_NOT_SUPPORTED, field,
                      "Unsupported value: \"%s\": supported values: \"\", "
                      "\"Exact\", \"NotOlderThan\"",
                      match) < 0)
        return -1;
    if (exact && strcmp(k->o.rv, "0") == 0)
        return forbid(k, field,
                      "resourceVersionMatch \"exact\" is forbidden for "
                      "resourceVersion \"0\"");
    return 0;
}

static int check_match_of_watch(struct ask *k)
{
    const char *match = k->o.rv_match, *field = "resourceVersionMatch";
    bool fits = strcmp(match, "NotOlderThan") == 0;

    if (k->o.initial >= 0 && !fits &&
        forbid(k, field,
               "sendInitialEvents requires setting resourceVersionMatch to "
               "NotOlderThan") < 0)
        return -1;
    if (*match && k->o.initial < 0 &&
        forbid(k, field,
               "resourceVersionMatch is forbidden for watch unless "
               "sendInitialEvents is provided") < 0)
        return -1;
    if (*match && !fits)
        return failure_cause(&k->f, CAUSE_NOT_SUPPORTED, field,
                             "Unsupported value: \"%s\": supported values: "
                             "\"NotOlderThan\"",
                             match);
    return 0;
}

static int list_parse(struct ask *k)
{
    struct query *o = &k->o;

    o->token = text_of(k, "continue");
    o->rv = text_of(k, "resourceVersion");
    o->rv_match = text_of(k, "resourceVersionMatch");
    o->initial = flag_of(k, "sendInitialEvents");
    o->bookmarks = flag_of(k, "allowWatchBookmarks") == 1;
    if (number_of(k, "limit", &o->limit) < 0 ||
        number_of(k, "timeoutSeconds", &o->timeout) < 0 ||
        query_selectors(k, text_of(k, "labelSelector"),
                        text_of(k, "fieldSelector")) < 0)
        return -1;
    if (k->verb == VERB_WATCH ? check_match_of_watch(k) < 0
                              : check_match_of_list(k) < 0)
        return -1;
    if (k->verb != VERB_WATCH && o->initial >= 0 &&
        forbid(k, "sendInitialEvents",
               "sendInitialEvents is forbidden for list") < 0)
        return -1;
    return options_invalid(k, "ListOptions");
}

int query_parse(struct ask *k)
{
    k->o = (struct query){.yaml = k->o.yaml, /* said by Accept */
                          .manager = "",
                          .validation = "",
                          .force = -1,
                          .token = "",
                          .rv = "",
                          .rv_match = "",
                          .initial = -1,
                          .propagation = "",
                          .orphan = -1};
    k->o.pretty = flag_of(k, "pretty") == 1;
    k->o.include_object = text_of(k, "includeObject");
    switch (k->verb) {
    case VERB_GET:
        return 0;
    case VERB_CREATE:
    case VERB_UPDATE:
    case VERB_PATCH:
        return write_parse(k);
    case VERB_DELETE:
        return delete_parse(k);
    case VERB_DELETE_COLLECTION:
        return list_parse(k) < 0 ? -1 : delete_parse(k);
    default:
        return list_parse(k);
    }
}
