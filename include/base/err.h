/*
 * err.h -- one error value: filled where it happens, wrapped on the way up,
 *          reported once at the top.
 *
 * Every fallible function returns 0 or a negative ERR_* code and takes a
 * `struct err *` last. The code is for the program (retry? give up? metric
 * label?), the message is for a person. Callees never log above DEBUG.
 *
 * ERR_MAP is the only list of errors in the project: the enum, err_name(),
 * the retry policy and the text of `tidelock explain` expand from it.
 *
 * Messages follow one form: cannot apply 'Service default/blog': object
 * changed on the server. Lower case, no full stop, the subject in quotes.
 */
#ifndef TIDELOCK_BASE_ERR_H
#define TIDELOCK_BASE_ERR_H

#include <stddef.h>

/* When is it worth trying again? */
enum err_retry {
    RETRY_NEVER,   /* the same input will fail the same way */
    RETRY_NOW,     /* at once, from a fresh view */
    RETRY_BACKOFF, /* with growing delay */
    RETRY_SLOW,    /* somebody has to change something first */
};

/*  XX(symbol,      retry,   "what a user should read") */
#define ERR_MAP(XX)                                                            \
    XX(NOMEM, BACKOFF, "out of memory")                                        \
    XX(INVALID, NEVER, "invalid input")                                        \
    XX(LIMIT, NEVER, "a size or depth limit was exceeded")                     \
    XX(USAGE, NEVER, "wrong command line")                                     \
    XX(IO, BACKOFF, "a file or a process failed")                              \
    XX(CONFIG, NEVER, "the configuration cannot be used")                      \
    XX(CONNECT, BACKOFF, "the API server cannot be reached")                   \
    XX(TLS, SLOW, "the TLS handshake failed")                                  \
    XX(TIMEOUT, BACKOFF, "no answer in time: the outcome is unknown")          \
    XX(PROTOCOL, BACKOFF, "the answer is not what the protocol says")          \
    XX(UNAUTHORIZED, SLOW, "the API server does not know these credentials")   \
    XX(FORBIDDEN, SLOW, "not allowed by RBAC")                                 \
    XX(NOT_FOUND, SLOW, "not found on the server")                             \
    XX(NO_KIND, SLOW, "the server does not have this kind")                    \
    XX(CONFLICT, NOW, "object changed on the server")                          \
    XX(FIELD_CONFLICT, SLOW, "another writer owns a field of the object")      \
    XX(EXISTS, BACKOFF, "an object of that name exists already")               \
    XX(NAME_CONFLICT, SLOW, "an object of that name belongs to another owner") \
    XX(GONE, NOW, "resourceVersion too old, relist needed")                    \
    XX(TOO_LARGE_RV, BACKOFF, "resourceVersion newer than the server's")       \
    XX(REJECTED, NEVER, "the API server refuses the object")                   \
    XX(THROTTLED, BACKOFF, "the API server asks to slow down")                 \
    XX(SERVER, BACKOFF, "the API server failed")                               \
    XX(UNKNOWN, BACKOFF, "the view does not know: not synced or not allowed")  \
    XX(SCRIPT, BACKOFF, "the script raised an error")                          \
    XX(BUDGET, SLOW, "the script exceeded its budget")                         \
    XX(DEADLINE, BACKOFF, "the script did not end in time")                    \
    XX(WORKER, BACKOFF, "the process that ran the script died")                \
    XX(PLAN, SLOW, "the plan is refused")                                      \
    XX(EMPTY_PLAN, SLOW, "the plan declares nothing while children exist")     \
    XX(CONTESTED, SLOW, "another writer changes a field again and again")      \
    XX(BLAST_RADIUS, SLOW, "more would be deleted than one plan may")          \
    XX(LEASE, NEVER, "this process is not the leader any more")                \
    XX(CANCELLED, NOW, "cancelled")

enum err_code {
    ERR_NONE = 0,
#define XX(symbol, retry, text) ERR_##symbol,
    ERR_MAP(XX)
#undef XX
        ERR_COUNT
};

struct err {
    enum err_code code;
    unsigned retry_after_ms; /* the server's Retry-After, 0 when it gave none */
    char msg[1024];          /* truncated at a UTF-8 boundary, never overrun */
    char hint[256];          /* what to do about it, "" when there is no hint */
};

/* Fill `err` and return -code, so a failing branch is one `return`. Retry-After
 * and hint are reset. The arguments may be parts of `err` itself. A caller who
 * wants the code alone may pass NULL for any `struct err *`; then err_wrap()
 * and err_hint() do not know the code and return -ERR_INVALID. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Prefix context: "cannot watch 'pods': <previous message>". Returns -code. */
int err_wrap(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Say how to put it right. Returns -code. */
int err_hint(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The one message for every failed allocation. Returns -ERR_NOMEM. */
int err_nomem(struct err *err);

void err_clear(struct err *err);

/* "CONFLICT"; literals. */
const char *err_name(enum err_code code);
const char *err_text(enum err_code code);
enum err_retry err_retry(enum err_code code);

#endif
