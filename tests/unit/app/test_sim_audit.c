/* The audit log of the embedded cluster: what a line says. */
#include "app/sim_audit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/value.h"
#include "io/file.h"
#include "test.h"

static char path[64];

struct logged {
    struct arena a;
    struct str text;
    struct value *event; /* the last line */
};

/* One entry, written and read back. */
static void log_one(struct logged *l, struct sim_audit_entry e,
                    struct sim_request q)
{
    struct sim_audit *audit;
    struct err err = {0};

    memset(l, 0, sizeof(*l));
    snprintf(path, sizeof(path), "/tmp/tidelock-unit-%d.audit", (int)getpid());
    unlink(path);
    e.request = &q;
    check_ok(sim_audit_open(path, &audit, &err), &err);
    sim_audit_add(audit, &e);
    check_ok(sim_audit_flush(audit, &err), &err);
    sim_audit_close(audit);
    check_ok(file_read(path, 0, &l->text, &err), &err);
    unlink(path);
    check(l->text.len > 0 && l->text.data[l->text.len - 1] == '\n');
    check_ok(value_parse(&l->a, l->text.data, l->text.len - 1, &l->event, &err),
             &err);
}

static void logged_release(struct logged *l)
{
    str_release(&l->text);
    arena_release(&l->a);
}

static void check_text(const struct logged *l, const char *at, const char *want)
{
    check_str(value_text_at(l->event, at), want);
}

TEST(sim_audit_says_both_bodies_of_a_write)
{
    static const char body[] = "{\"metadata\":{\"name\":\"a\"}}";
    static const char answer[] = "{\"kind\":\"ConfigMap\"}";
    struct logged l;

    log_one(&l,
            (struct sim_audit_entry){.method = "POST",
                                     .status = 201,
                                     .answer = answer,
                                     .answer_len = strlen(answer)},
            (struct sim_request){.path = "/api/v1/namespaces/web/configmaps",
                                 .query = "fieldManager=x",
                                 .user = "me",
                                 .user_agent = "agent/1",
                                 .body = body,
                                 .body_len = strlen(body)});
    check_text(&l, "kind", "Event");
    check_text(&l, "apiVersion", "audit.k8s.io/v1");
    check_text(&l, "level", "RequestResponse");
    check_text(&l, "stage", "ResponseComplete");
    check_text(&l, "verb", "create");
    check_text(&l, "requestURI",
               "/api/v1/namespaces/web/configmaps?fieldManager=x");
    check_text(&l, "user.username", "me");
    check_text(&l, "userAgent", "agent/1");
    check_text(&l, "objectRef.resource", "configmaps");
    check_text(&l, "objectRef.namespace", "web");
    check_text(&l, "objectRef.name", "a");
    check_text(&l, "objectRef.apiVersion", "v1");
    check(!value_path(l.event, "objectRef.apiGroup"));
    check_text(&l, "requestObject.metadata.name", "a");
    check_text(&l, "responseObject.kind", "ConfigMap");
    check_int(value_int_at(l.event, "responseStatus.code", 0), 201);
    check_int(strlen(value_text_at(l.event, "requestReceivedTimestamp")), 27);
    check_int(strlen(value_text_at(l.event, "auditID")), 36);
    logged_release(&l);
}

TEST(sim_audit_says_only_the_metadata_of_a_read)
{
    static const char answer[] = "{\"kind\":\"ConfigMapList\"}";
    struct logged l;

    log_one(&l,
            (struct sim_audit_entry){.method = "GET",
                                     .status = 200,
                                     .answer = answer,
                                     .answer_len = strlen(answer)},
            (struct sim_request){
                .path = "/apis/apps/v1/namespaces/web/deployments/a/scale"});
    check_text(&l, "level", "Metadata");
    check_text(&l, "verb", "get");
    check_text(&l, "objectRef.apiGroup", "apps");
    check_text(&l, "objectRef.resource", "deployments");
    check_text(&l, "objectRef.subresource", "scale");
    check_text(&l, "user.username", "system:anonymous");
    check(!value_get(l.event, "responseObject"));
    logged_release(&l);
}

static void check_verb(const char *method, const char *at, const char *query,
                       const char *want)
{
    struct logged l;

    log_one(&l, (struct sim_audit_entry){.method = method, .status = 200},
            (struct sim_request){.path = at, .query = query});
    check_text(&l, "verb", want);
    logged_release(&l);
}

TEST(sim_audit_knows_the_verbs)
{
    check_verb("GET", "/api/v1/pods", NULL, "list");
    check_verb("GET", "/api/v1/pods", "watch=true&x=y", "watch");
    check_verb("GET", "/api/v1/namespaces/a", NULL, "get");
    check_verb("PUT", "/api/v1/namespaces/a/status", NULL, "update");
    check_verb("PATCH", "/api/v1/namespaces/a/pods/b", NULL, "patch");
    check_verb("DELETE", "/api/v1/namespaces/a/pods/b", NULL, "delete");
    check_verb("DELETE", "/api/v1/namespaces/a/pods", NULL, "deletecollection");
    check_verb("GET", "/version", NULL, "get");
}

TEST(sim_audit_says_why_something_was_refused)
{
    static const char answer[] =
        "{\"status\":\"Failure\",\"reason\":\"Conflict\","
        "\"message\":\"m\",\"code\":409}";
    static const char body[] = "metadata:\n  name: a\n";
    struct logged l;

    log_one(&l,
            (struct sim_audit_entry){.method = "PATCH",
                                     .status = 409,
                                     .answer = answer,
                                     .answer_len = strlen(answer)},
            (struct sim_request){.path = "/api/v1/namespaces/a/pods/a",
                                 .body = body,
                                 .body_len = strlen(body)});
    check_int(value_int_at(l.event, "responseStatus.code", 0), 409);
    check_text(&l, "responseStatus.reason", "Conflict");
    check_text(&l, "responseStatus.message", "m");
    check_text(&l, "requestObject.metadata.name", "a"); /* YAML too */
    logged_release(&l);
}

TEST(sim_audit_says_when_a_watch_begins)
{
    struct logged l;

    log_one(&l,
            (struct sim_audit_entry){
                .method = "GET", .status = 200, .started = true},
            (struct sim_request){.path = "/api/v1/pods", .query = "watch=1"});
    check_text(&l, "stage", "ResponseStarted");
    logged_release(&l);
}

TEST(sim_audit_says_that_its_file_cannot_be_written)
{
    struct sim_audit *audit;
    struct err err = {0};

    check_int(sim_audit_open("/nonexistent/a", &audit, &err), -ERR_CONFIG);
    check_str(err.msg,
              "cannot write '/nonexistent/a': No such file or directory");
}

TEST_ALLOC(sim_audit_survives_out_of_memory)
{
    static const char body[] = "{\"metadata\":{\"name\":\"a\"}}";
    struct sim_request q = {.path = "/api/v1/namespaces/web/configmaps",
                            .body = body,
                            .body_len = sizeof(body) - 1};
    struct sim_audit_entry e = {.method = "POST", .request = &q, .status = 201};
    struct sim_audit *audit;
    int rc = sim_audit_open("/dev/null", &audit, NULL);

    if (rc < 0)
        return rc;
    sim_audit_add(audit, &e);
    rc = sim_audit_flush(audit, NULL);
    sim_audit_close(audit);
    return rc;
}
