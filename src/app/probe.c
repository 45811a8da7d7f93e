/*
 * probe.c -- see probe.h.
 */
#include "probe.h"

#include <string.h>

#define NAME_MAX_LEN 64

static bool ping(void *arg)
{
    (void)arg;
    return true;
}

static const struct probe_check only_ping[] = {{"ping", ping}};

static const struct probe_check *checks_of(const struct probe *p, size_t *count)
{
    *count = p->count ? p->count : 1;
    return p->count ? p->checks : only_ping;
}

static bool is_excluded(const struct endpoint_request *r, const char *name)
{
    char word[NAME_MAX_LEN + 16] = "exclude=";

    strncat(word, name, NAME_MAX_LEN);
    return endpoint_query_has(r->query, word);
}

/* What is to be excluded and is no check. */
static void add_unmatched(const struct probe *p,
                          const struct endpoint_request *r, struct str *out)
{
    static const char word[] = "exclude=";
    const char *q = r->query;

    for (size_t len; *q; q += len + (q[len] == '&')) {
        size_t count, i = 0;
        const struct probe_check *checks = checks_of(p, &count);
        size_t name = sizeof(word) - 1;

        len = strcspn(q, "&");
        if (len < name || strncmp(q, word, name) != 0)
            continue;
        while (i < count && (strlen(checks[i].name) != len - name ||
                             strncmp(checks[i].name, q + name, len - name)))
            i++;
        if (i == count)
            str_add(out, "warn: some checks cannot be excluded: there is none "
                         "of that name\n");
    }
}

/* "/readyz" -> "readyz" */
static const char *title(const struct probe *p)
{
    return p->path + strspn(p->path, "/");
}

static void all_checks(const struct probe *p, const struct endpoint_request *r,
                       struct endpoint_answer *ret)
{
    bool verbose = endpoint_query_has(r->query, "verbose");
    struct str lines = {0};
    size_t count;
    const struct probe_check *checks = checks_of(p, &count);
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        if (is_excluded(r, checks[i].name)) {
            str_addf(&lines, "[+]%s excluded: ok\n", checks[i].name);
        } else if (checks[i].holds(p->arg)) {
            str_addf(&lines, "[+]%s ok\n", checks[i].name);
        } else {
            str_addf(&lines, "[-]%s failed: reason withheld\n", checks[i].name);
            ok = false;
        }
    }
    add_unmatched(p, r, &lines);
    if (!ok || verbose)
        str_addf(&ret->text, "%s%s check %s\n", str_text(&lines), title(p),
                 ok ? "passed" : "failed");
    else
        str_add(&ret->text, "ok\n");
    ret->status = ok && !lines.failed ? 200 : 500;
    str_release(&lines);
}

static void one_check(const struct probe *p, const char *name,
                      struct endpoint_answer *ret)
{
    size_t count;
    const struct probe_check *checks = checks_of(p, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(checks[i].name, name) == 0) {
            bool ok = checks[i].holds(p->arg);

            ret->status = ok ? 200 : 500;
            str_add(&ret->text, ok ? "ok\n" : "failed: reason withheld\n");
            return;
        }
    ret->status = 404;
    str_add(&ret->text, "there is no such check\n");
}

void probe_page(void *arg, const struct endpoint_request *r,
                struct endpoint_answer *ret)
{
    const struct probe *p = arg;
    const char *below = r->path + strlen(p->path);

    below += strspn(below, "/");
    if (*below)
        one_check(p, below, ret);
    else
        all_checks(p, r, ret);
}
