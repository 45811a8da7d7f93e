/*
 * serve_accept.c -- in which form the answer is wanted: Accept.
 */
#include <string.h>

#include "base/text.h"
#include "serve_impl.h"

/* One clause of the header: "application/json;as=Table;v=v1;g=meta.k8s.io". */
struct clause {
    const char *type;
    size_t type_len;
    const char *as; /* not terminated; NULL: none */
    size_t as_len;
    bool refused; /* q=0 */
    bool good;    /* v and g are what we have */
};

static bool is(const char *at, size_t len, const char *text)
{
    return at && len == strlen(text) && strncmp(at, text, len) == 0;
}

static void parameter(struct clause *c, const char *at, size_t len)
{
    if (len > 3 && strncmp(at, "as=", 3) == 0) {
        c->as = at + 3;
        c->as_len = len - 3;
    } else if (len > 2 && strncmp(at, "v=", 2) == 0) {
        c->good = c->good && is(at, len, "v=v1");
    } else if (len > 2 && strncmp(at, "g=", 2) == 0) {
        c->good = c->good && is(at, len, "g=meta.k8s.io");
    } else if (is(at, len, "q=0") || is(at, len, "q=0.0")) {
        c->refused = true;
    }
}

static const char *clause_next(const char *at, struct clause *ret)
{
    const char *end = at + strcspn(at, ",");

    *ret = (struct clause){.good = true};
    for (bool first = true; at < end; first = false) {
        size_t len = strcspn(at, ";,");
        const char *part = at + strspn(at, " \t");
        size_t part_len = at + len > part ? (size_t)(at + len - part) : 0;

        while (part_len && (part[part_len - 1] == ' '))
            part_len--;
        if (first) {
            ret->type = part;
            ret->type_len = part_len;
        } else {
            parameter(ret, part, part_len);
        }
        at += len;
        at += *at == ';' && at < end;
    }
    return *end ? end + 1 : end;
}

static bool type_fits(const struct clause *c, bool *ret_yaml)
{
    *ret_yaml = is(c->type, c->type_len, "application/yaml");
    return *ret_yaml || is(c->type, c->type_len, "application/json") ||
           is(c->type, c->type_len, "application/*") ||
           is(c->type, c->type_len, "*/*");
}

static bool form_fits(const struct ask *k, const struct clause *c,
                      enum answer_form *ret)
{
    bool list = k->verb == VERB_LIST || k->verb == VERB_WATCH;

    *ret = FORM_OBJECT;
    if (!c->as)
        return true;
    if (!c->good)
        return false;
    if (is(c->as, c->as_len, "Table")) {
        *ret = FORM_TABLE;
        return list || k->verb == VERB_GET;
    }
    *ret = FORM_METADATA;
    if (k->verb == VERB_LIST)
        return is(c->as, c->as_len, "PartialObjectMetadataList");
    return is(c->as, c->as_len, "PartialObjectMetadata");
}

int accept_parse(struct ask *k)
{
    const char *at = k->q->accept;
    bool any = false;

    k->form = FORM_OBJECT;
    k->o.yaml = false;
    while (at && *at) {
        struct clause c;
        bool yaml;

        at = clause_next(at, &c);
        any = any || c.type_len;
        if (!c.refused && type_fits(&c, &yaml) && form_fits(k, &c, &k->form)) {
            k->o.yaml = yaml && k->verb != VERB_WATCH;
            return 0;
        }
    }
    k->form = FORM_OBJECT;
    if (!any)
        return 0;
    return failure_set(&k->f, 406, "NotAcceptable",
                       "only the following media types are accepted: "
                       "application/json, application/yaml");
}
