/*
 * auth_exec.c -- credentials from an exec plugin (AU-6); see auth_impl.h.
 *
 * DESIGN
 *
 *          due                    answer
 *   HAVE ---------> RUNNING ---------------------> HAVE
 *    ^ |  401          |  exit code, no JSON, ...
 *    |_|               v
 *                   FAILED: whoever asks gets the same error until retry_ms
 *
 * What a plugin returned is used until its time is almost over: a tenth of its
 * life, at most ten seconds, is left for the requests that are on their way.
 *
 * Two things keep a broken setup from running a plugin in a circle: after a
 * failure it is left alone for a while that doubles, and credentials that were
 * got because of a 401 and are refused again at once are not renewed again.
 */
#include <string.h>
#include <unistd.h>

#include "auth_impl.h"
#include "io/file.h"

#define TIMEOUT_MS 60000              /* nobody to wait for */
#define TIMEOUT_INTERACTIVE_MS 600000 /* somebody looks for a telephone */
#define EARLY_MAX_S 10
#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS 30000
#define REFUSED_AGAIN_MS 10000
#define HINTS_PER_HOUR 10
#define HOUR_MS 3600000
#define MAX_CA ((size_t)1 << 20)

bool auth_exec_is_used(const struct kubeconfig *c)
{
    return c->exec.command && !c->token && !c->token_file && !c->username &&
           !c->password && !c->cert_data && !c->cert_file;
}

bool auth_exec_is_due(const struct auth *a)
{
    const struct auth_exec *x = &a->exec;

    return !a->creds || x->refused || x->process ||
           (x->renew_at && clock_unix(a->clock) >= x->renew_at);
}

/* ---- how it ended ---- */

/* The last line of what the plugin wrote to standard error; its length. */
static size_t last_line(const char *text, size_t len, const char **ret)
{
    const char *start;

    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    start = text + len;
    while (start > text && start[-1] != '\n')
        start--;
    *ret = start;
    return (size_t)(text + len - start);
}

/* Why a run that ended is no success, as -ERR_UNAUTHORIZED. */
static int check_exit(const struct auth *a, const struct process_result *r,
                      struct err *err)
{
    const char *line, *name = a->config->exec.command;
    size_t len = last_line(r->errors, r->errors_len, &line);
    const char *colon = len ? ": " : "";

    if (len > 300)
        len = 300;
    if (r->signal)
        return err_set(err, ERR_UNAUTHORIZED,
                       "exec plugin '%s' was ended by signal %d%s%.*s", name,
                       r->signal, colon, (int)len, line);
    if (r->exit_code)
        return err_set(err, ERR_UNAUTHORIZED,
                       "exec plugin '%s' failed with exit code %d%s%.*s", name,
                       r->exit_code, colon, (int)len, line);
    return 0;
}

static void remember_expiry(struct auth *a, int64_t expires)
{
    int64_t now = clock_unix(a->clock), early = (expires - now) / 10;

    if (early < 0)
        early = 0;
    if (early > EARLY_MAX_S)
        early = EARLY_MAX_S;
    a->exec.renew_at = expires ? expires - early : 0;
}

/* From standard output to a new generation. */
static int take_answer(struct auth *a, const struct process_result *r,
                       struct err *err)
{
    struct arena room = {0};
    struct exec_credential e;
    struct auth_secret s = {0};
    int rc =
        exec_credential_parse(&room, a->config, r->out, r->out_len, &e, err);

    if (rc == 0) {
        s.token = e.token;
        s.cert = e.cert_data;
        s.cert_len = e.cert_data ? strlen(e.cert_data) : 0;
        s.key = e.key_data;
        s.key_len = e.key_data ? strlen(e.key_data) : 0;
    }
    if (rc == 0 && s.cert) {
        rc = auth_check_pair(&s, err);
        if (rc < 0)
            err_wrap(err, "exec plugin '%s'", a->config->exec.command);
    }
    if (rc == 0)
        rc = auth_set_secret(a, &s, err);
    if (rc == 0)
        remember_expiry(a, e.expires);
    arena_release(&room);
    return rc;
}

/* 1 s, 2, 4, ... 30 s of peace. */
static void note_failure(struct auth *a, const struct err *err)
{
    struct auth_exec *x = &a->exec;
    unsigned doublings = x->failures < 5 ? x->failures : 5;
    uint64_t wait = (uint64_t)RETRY_FIRST_MS << doublings;

    x->failures++;
    x->failure = *err;
    x->retry_ms =
        clock_now_ms(a->clock) + (wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}

/* Whatever is wrong with a plugin, the API server does not know us, and it may
 * be put right while we run. Out of memory stays what it is. */
static void as_unauthorized(struct err *err)
{
    if (err->code != ERR_NOMEM)
        err->code = ERR_UNAUTHORIZED;
}

/* Also called when it was ended for its deadline or its output. */
static void on_plugin_done(void *arg, const struct process_result *r,
                           const struct err *why)
{
    struct auth *a = arg;
    struct err err = *why;
    int rc = -(int)err.code;

    a->exec.process = NULL;
    if (rc < 0)
        err_wrap(&err, "exec plugin '%s'", a->config->exec.command);
    else
        rc = check_exit(a, r, &err);
    if (rc == 0)
        rc = take_answer(a, r, &err);
    if (rc < 0) {
        as_unauthorized(&err);
        note_failure(a, &err);
    } else {
        err_clear(&err);
        a->exec.failures = 0;
        a->exec.refused = false;
    }
    auth_deliver(a, &err);
}

/* ---- starting it ---- */

static bool is_mode(const struct auth *a, const char *mode)
{
    return strcmp(a->config->exec.interactive_mode, mode) == 0;
}

/* A plugin may ask when somebody is there to answer. */
static int choose_interactive(const struct auth *a, bool *ret, struct err *err)
{
    bool terminal = isatty(STDIN_FILENO);

    *ret = terminal && !is_mode(a, "Never");
    if (terminal || !is_mode(a, "Always"))
        return 0;
    err_set(err, ERR_UNAUTHORIZED,
            "exec plugin '%s' has to ask somebody, but standard input is not "
            "a terminal",
            a->config->exec.command);
    return err_hint(err, "its interactiveMode is Always");
}

/* "KUBERNETES_EXEC_INFO=..."; the authority of a file goes into it as data. */
static int print_info(const struct auth *a, bool interactive, struct str *out,
                      struct err *err)
{
    struct kubeconfig c = *a->config;
    struct str ca;
    int rc = 0;

    str_init(&ca, 0);
    if (c.exec.provide_cluster_info && c.ca_file && !c.ca_data) {
        rc = file_read(c.ca_file, MAX_CA, &ca, err);
        c.ca_data = str_text(&ca);
        c.ca_data_len = ca.len;
    }
    str_add(out, "KUBERNETES_EXEC_INFO=");
    if (rc == 0)
        rc = exec_info_print(&c, interactive, out, err);
    if (rc == 0)
        rc = str_check(out, "KUBERNETES_EXEC_INFO", err);
    str_release(&ca);
    return rc;
}

/* Ten times an hour is enough to be told how to install something. */
static void add_install_hint(struct auth *a, struct err *err)
{
    struct auth_exec *x = &a->exec;
    uint64_t now = clock_now_ms(a->clock);

    if (x->hints == 0 || now - x->hints_ms >= HOUR_MS) {
        x->hints = 0;
        x->hints_ms = now;
    }
    if (a->config->exec.install_hint && x->hints++ < HINTS_PER_HOUR)
        err_hint(err, "%s", a->config->exec.install_hint);
}

static int start_with(struct auth *a, struct arena *room, const char *info,
                      bool interactive, struct err *err)
{
    const struct exec_config *e = &a->config->exec;
    struct process_spec spec = {
        .program = e->command,
        .args = e->args,
        .interactive = interactive,
        .timeout_ms = interactive ? TIMEOUT_INTERACTIVE_MS : TIMEOUT_MS,
    };
    struct err why = {0};
    const char **env;
    size_t n = 0;

    while (e->env && e->env[n])
        n++;
    env = arena_calloc(room, n + 2, sizeof *env);
    if (!env)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        env[i] = e->env[i];
    env[n] = info;
    spec.env = env;
    a->exec.process = process_start(a->loop, &spec, on_plugin_done, a, &why);
    if (a->exec.process)
        return 0;
    err_wrap(&why, "exec plugin");
    if (why.code == ERR_NOT_FOUND)
        add_install_hint(a, &why);
    if (err)
        *err = why;
    return -(int)why.code;
}

static int start(struct auth *a, struct err *err)
{
    struct arena room = {0};
    struct str info;
    bool interactive = false;
    int rc = choose_interactive(a, &interactive, err);

    str_init(&info, 0);
    if (rc == 0)
        rc = print_info(a, interactive, &info, err);
    if (rc == 0)
        rc = start_with(a, &room, str_text(&info), interactive, err);
    str_release(&info);
    arena_release(&room);
    return rc;
}

int auth_exec_start(struct auth *a, struct err *err)
{
    struct auth_exec *x = &a->exec;
    struct err why = {0};

    if (x->process)
        return 0;
    if (x->failures && clock_now_ms(a->clock) < x->retry_ms) {
        why = x->failure;
    } else if (start(a, &why) < 0) {
        as_unauthorized(&why);
        note_failure(a, &why);
    } else {
        return 0;
    }
    if (err)
        *err = why;
    return -(int)why.code;
}

bool auth_exec_refused(struct auth *a)
{
    struct auth_exec *x = &a->exec;
    uint64_t now = clock_now_ms(a->clock);

    if (x->refused || x->process)
        return true;
    if (x->refused_before && now - x->refused_ms < REFUSED_AGAIN_MS)
        return false;
    x->refused = x->refused_before = true;
    x->refused_ms = now;
    return true;
}
