/*
 * sim_audit.c -- see sim_audit.h for the contract.
 */
#include "app/sim_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/value.h"
#include "kube/yaml.h"

#define MAX_PENDING ((size_t)256 << 20)

struct sim_audit {
    int fd;
    struct str pending;
    struct rng rng; /* of the ids */
    unsigned lost;
};

int sim_audit_open(const char *path, struct sim_audit **ret, struct err *err)
{
    struct sim_audit *a = mem_calloc(1, sizeof(*a));

    if (!a)
        return err_nomem(err);
    a->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (a->fd < 0) {
        mem_free(a);
        return err_set(err, ERR_CONFIG, "cannot write '%s': %s", path,
                       strerror(errno));
    }
    str_init(&a->pending, MAX_PENDING);
    rng_init(&a->rng, rng_seed_from_kernel());
    *ret = a;
    return 0;
}

void sim_audit_close(struct sim_audit *a)
{
    if (!a)
        return;
    close(a->fd);
    str_release(&a->pending);
    mem_free(a);
}

/* ---- what a request is about ---- */

struct subject {
    const char *verb;
    const char *group, *version, *ns, *resource, *name, *subresource;
    bool is_resource;
};

/* The next segment of a path, "" at its end. */
static const char *segment(struct arena *a, const char **path)
{
    size_t len;
    const char *text;

    while (**path == '/')
        (*path)++;
    len = strcspn(*path, "/?");
    text = arena_strndup(a, *path, len);
    *path += len;
    return text ? text : "";
}

static bool asks_watch(const char *query)
{
    return query && (strstr(query, "watch=true") || strstr(query, "watch=1"));
}

static const char *verb_of(const char *method, const struct sim_request *q,
                           const struct subject *s)
{
    if (!strcmp(method, "POST"))
        return "create";
    if (!strcmp(method, "PUT"))
        return "update";
    if (!strcmp(method, "PATCH"))
        return "patch";
    if (!strcmp(method, "DELETE"))
        return *s->name ? "delete" : "deletecollection";
    if (asks_watch(q->query))
        return "watch";
    return *s->name ? "get" : "list";
}

static struct subject subject_of(struct arena *a, const char *method,
                                 const struct sim_request *q)
{
    const char *path = q->path;
    const char *root = segment(a, &path);
    struct subject s = {.group = "", .ns = "", .verb = "get"};

    if (!strcmp(root, "apis"))
        s.group = segment(a, &path);
    s.version = segment(a, &path);
    s.resource = segment(a, &path);
    s.name = segment(a, &path);
    s.subresource = segment(a, &path);
    if (!strcmp(s.resource, "namespaces") && *s.subresource &&
        strcmp(s.subresource, "status") != 0 &&
        strcmp(s.subresource, "finalize") != 0) {
        s.ns = s.name;
        s.resource = s.subresource;
        s.name = segment(a, &path);
        s.subresource = segment(a, &path);
    } else if (!strcmp(s.resource, "namespaces"))
        s.ns = s.name;
    s.is_resource = (!strcmp(root, "api") || !strcmp(root, "apis")) &&
                    *s.version && *s.resource;
    if (s.is_resource)
        s.verb = verb_of(method, q, &s);
    return s;
}

static bool is_write(const char *verb)
{
    static const char *const reads[] = {"get", "list", "watch"};

    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
        if (!strcmp(verb, reads[i]))
            return false;
    return true;
}

/* ---- one line ---- */

/* A value that is absent when there is no text. */
static int set_text(struct arena *a, struct value *o, const char *key,
                    const char *text)
{
    if (!text || !*text)
        return 0;
    return value_set(a, o, key, value_string(a, text));
}

static const char *now_text(struct arena *a)
{
    struct timespec now;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    text_rfc3339(now.tv_sec, text);
    return arena_printf(a, "%.19s.%06ldZ", text, now.tv_nsec / 1000);
}

static const char *id_text(struct sim_audit *audit, struct arena *a)
{
    uint64_t high = rng_next(&audit->rng), low = rng_next(&audit->rng);

    return arena_printf(a, "%08x-%04x-4%03x-8%03x-%012llx",
                        (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff),
                        (unsigned)(high & 0xfff), (unsigned)(low & 0xfff),
                        (unsigned long long)(low >> 16));
}

/* A body as it was sent: JSON or YAML; NULL when it is neither. */
static struct value *body_value(struct arena *a, const char *body, size_t len)
{
    struct yaml_docs docs = {0};
    struct value *v;

    if (!body || len == 0)
        return NULL;
    if (value_parse(a, body, len, &v, NULL) == 0)
        return v;
    if (yaml_parse(a, "body", body, len, &docs, NULL) == 0 && docs.count == 1)
        return docs.items[0];
    return NULL;
}

static int add_bodies(struct arena *a, struct value *event,
                      const struct sim_audit_entry *e)
{
    struct value *request =
        body_value(a, e->request->body, e->request->body_len);
    struct value *answer = body_value(a, e->answer, e->answer_len);

    if (request && value_set(a, event, "requestObject", request) < 0)
        return -ERR_NOMEM;
    return answer ? value_set(a, event, "responseObject", answer) : 0;
}

static int add_subject(struct arena *a, struct value *event,
                       const struct subject *s)
{
    struct value *ref = value_make(a, event, "objectRef");
    const char *name =
        *s->name ? s->name
                 : value_text_at(event, "requestObject.metadata.name");

    if (!ref || set_text(a, ref, "resource", s->resource) < 0 ||
        set_text(a, ref, "namespace", s->ns) < 0 ||
        set_text(a, ref, "name", name) < 0 ||
        set_text(a, ref, "apiGroup", s->group) < 0 ||
        set_text(a, ref, "apiVersion", s->version) < 0)
        return -ERR_NOMEM;
    return set_text(a, ref, "subresource", s->subresource);
}

static int add_status(struct arena *a, struct value *event,
                      const struct sim_audit_entry *e)
{
    struct value *status = value_make(a, event, "responseStatus");

    if (!status || !value_make(a, status, "metadata"))
        return -ERR_NOMEM;
    if (e->status >= 400) {
        const struct value *said = body_value(a, e->answer, e->answer_len);

        if (set_text(a, status, "status", value_text_at(said, "status")) < 0 ||
            set_text(a, status, "reason", value_text_at(said, "reason")) < 0 ||
            set_text(a, status, "message", value_text_at(said, "message")) < 0)
            return -ERR_NOMEM;
    }
    return value_set(a, status, "code", value_integer(a, e->status));
}

static int add_user(struct arena *a, struct value *event,
                    const struct sim_request *q)
{
    struct value *user = value_make(a, event, "user");
    struct value *ips = value_array(a);

    if (!user || set_text(a, user, "username",
                          q->user ? q->user : "system:anonymous") < 0)
        return -ERR_NOMEM;
    if (!ips || value_append(a, ips, value_string(a, "127.0.0.1")) < 0 ||
        value_set(a, event, "sourceIPs", ips) < 0)
        return -ERR_NOMEM;
    return set_text(a, event, "userAgent", q->user_agent);
}

static int add_head(struct sim_audit *audit, struct arena *a,
                    struct value *event, const struct sim_audit_entry *e,
                    const struct subject *s)
{
    const struct sim_request *q = e->request;
    const char *now = now_text(a);
    const char *uri =
        q->query ? arena_printf(a, "%s?%s", q->path, q->query) : q->path;
    const char *const head[][2] = {
        {"kind", "Event"},
        {"apiVersion", "audit.k8s.io/v1"},
        {"level", is_write(s->verb) ? "RequestResponse" : "Metadata"},
        {"auditID", id_text(audit, a)},
        {"stage", e->started ? "ResponseStarted" : "ResponseComplete"},
        {"requestURI", uri},
        {"verb", s->verb},
        {"requestReceivedTimestamp", now},
        {"stageTimestamp", now},
    };

    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
        if (!head[i][1] || set_text(a, event, head[i][0], head[i][1]) < 0)
            return -ERR_NOMEM;
    return 0;
}

static int add_event(struct sim_audit *audit, struct arena *a,
                     const struct sim_audit_entry *e)
{
    struct subject s = subject_of(a, e->method, e->request);
    struct value *event = value_object(a);
    struct str line;
    int rc = -ERR_NOMEM;

    str_init(&line, 0);
    if (event && add_head(audit, a, event, e, &s) == 0 &&
        add_user(a, event, e->request) == 0 && add_status(a, event, e) == 0 &&
        (!is_write(s.verb) || add_bodies(a, event, e) == 0) &&
        (!s.is_resource || add_subject(a, event, &s) == 0) &&
        value_print(event, &line, NULL) == 0 && str_addc(&line, '\n') == 0)
        rc = str_addn(&audit->pending, line.data, line.len);
    str_release(&line);
    return rc;
}

void sim_audit_add(struct sim_audit *audit, const struct sim_audit_entry *e)
{
    struct arena a = {0};

    if (add_event(audit, &a, e) < 0)
        audit->lost++;
    arena_release(&a);
}

int sim_audit_flush(struct sim_audit *a, struct err *err)
{
    size_t done = 0;

    while (done < a->pending.len) {
        ssize_t n = write(a->fd, a->pending.data + done, a->pending.len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_IO, "cannot write the audit log: %s",
                           strerror(errno));
        done += (size_t)n;
    }
    str_clear(&a->pending);
    if (!a->lost)
        return 0;
    a->lost = 0;
    return err_set(err, ERR_NOMEM, "audit events were lost: out of memory");
}
