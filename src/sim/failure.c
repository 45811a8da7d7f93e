#include "sim/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

void failure_init(struct failure *f, struct arena *a)
{
    memset(f, 0, sizeof(*f));
    f->a = a;
    f->reason = f->message = "";
}

int failure_nomem(struct failure *f)
{
    f->code = 500;
    f->reason = "InternalError";
    f->message = "out of memory";
    f->cause_count = 0;
    return -1;
}

/* NULL on out of memory. */
static char *format(struct arena *a, const char *fmt, va_list args)
{
    va_list again;
    char *text;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    text = arena_alloc(a, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}

int failure_set(struct failure *f, int code, const char *reason,
                const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = format(f->a, fmt, args);
    va_end(args);
    if (!text)
        return failure_nomem(f);
    f->code = code;
    f->reason = reason;
    f->message = text;
    return -1;
}

static const char *copy(struct failure *f, const char *text)
{
    const char *kept = text ? arena_strdup(f->a, text) : NULL;

    if (text && !kept)
        failure_nomem(f);
    return kept;
}

int failure_about(struct failure *f, const char *group, const char *kind,
                  const char *name)
{
    f->group = copy(f, group);
    f->kind = copy(f, kind);
    f->name = copy(f, name);
    return -1;
}

static bool room_for_cause(struct failure *f)
{
    size_t cap = f->cause_cap ? 2 * f->cause_cap : 4;
    struct failure_cause *causes;

    if (f->cause_count < f->cause_cap)
        return true;
    causes = arena_alloc(f->a, cap * sizeof(*causes));
    if (!causes)
        return false;
    if (f->cause_count)
        memcpy(causes, f->causes, f->cause_count * sizeof(*causes));
    f->causes = causes;
    f->cause_cap = cap;
    return true;
}

int failure_cause(struct failure *f, const char *reason, const char *field,
                  const char *fmt, ...)
{
    struct failure_cause cause = {.reason = reason};
    va_list args;

    va_start(args, fmt);
    cause.message = format(f->a, fmt, args);
    va_end(args);
    cause.field = arena_strdup(f->a, field);
    if (!cause.message || !cause.field || !room_for_cause(f))
        return failure_nomem(f);
    f->causes[f->cause_count++] = cause;
    return 0;
}

static void add_cause(struct str *out, const struct failure_cause *cause)
{
    if (*cause->field)
        str_addf(out, "%s: ", cause->field);
    str_add(out, cause->message);
}

int failure_invalid(struct failure *f, const char *group, const char *kind,
                    const char *name)
{
    struct str text;
    bool many = f->cause_count > 1;

    if (f->code || !f->cause_count)
        return f->code ? -1 : 0;
    str_init(&text, 0);
    if (many)
        str_addc(&text, '[');
    for (size_t i = 0; i < f->cause_count; i++) {
        if (i)
            str_add(&text, ", ");
        add_cause(&text, &f->causes[i]);
    }
    if (many)
        str_addc(&text, ']');
    if (text.failed)
        failure_nomem(f);
    else
        failure_set(f, 422, "Invalid", "%s%s%s \"%s\" is invalid: %s", kind,
                    *group ? "." : "", group, name, str_text(&text));
    str_release(&text);
    return f->code == 422 ? failure_about(f, group, kind, name) : -1;
}

/* ---- as an object ---- */

static int set_text(struct arena *a, struct value *object, const char *key,
                    const char *text)
{
    return text && *text ? value_set(a, object, key, value_string(a, text)) : 0;
}

static int add_causes(const struct failure *f, struct value *details)
{
    struct value *causes = value_array(f->a);
    int rc = 0;

    if (!f->cause_count)
        return 0;
    for (size_t i = 0; i < f->cause_count && rc == 0; i++) {
        struct value *cause = value_object(f->a);

        rc = value_append(f->a, causes, cause);
        if (rc == 0)
            rc = set_text(f->a, cause, "reason", f->causes[i].reason);
        if (rc == 0)
            rc = set_text(f->a, cause, "message", f->causes[i].message);
        if (rc == 0)
            rc = set_text(f->a, cause, "field", f->causes[i].field);
    }
    return rc < 0 ? rc : value_set(f->a, details, "causes", causes);
}

static int add_details(const struct failure *f, struct value *status)
{
    struct value *details = value_object(f->a);
    int rc;

    if (!details)
        return -1;
    rc = set_text(f->a, details, "name", f->name);
    if (rc == 0)
        rc = set_text(f->a, details, "group", f->group);
    if (rc == 0)
        rc = set_text(f->a, details, "kind", f->kind);
    if (rc == 0)
        rc = set_text(f->a, details, "uid", f->uid);
    if (rc == 0)
        rc = add_causes(f, details);
    if (rc == 0 && f->retry_after_s)
        rc = value_set(f->a, details, "retryAfterSeconds",
                       value_integer(f->a, f->retry_after_s));
    if (rc == 0 && details->count)
        rc = value_set(f->a, status, "details", details);
    return rc;
}

struct value *failure_status(const struct failure *f)
{
    struct arena *a = f->a;
    struct value *status = value_object(a);

    if (!status ||
        value_set(a, status, "kind", value_string(a, "Status")) < 0 ||
        value_set(a, status, "apiVersion", value_string(a, "v1")) < 0 ||
        value_set(a, status, "metadata", value_object(a)) < 0 ||
        value_set(a, status, "status", value_string(a, "Failure")) < 0 ||
        set_text(a, status, "message", f->message) < 0 ||
        set_text(a, status, "reason", f->reason) < 0 ||
        add_details(f, status) < 0 ||
        value_set(a, status, "code", value_integer(a, f->code)) < 0)
        return NULL;
    return status;
}
