/*
 * recorder.c -- see recorder.h for the contract.
 */
#include "app/recorder.h"

#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "io/file.h"

struct recorder {
    char *folder;
    char *path;
    const struct operator_decl *decl;
    struct map *seen; /* uids of roots */
    unsigned number;  /* of the newest file */
    unsigned count;   /* written by this process */
    bool failed;      /* said in the log */
};

struct recorder *recorder_new(const char *folder,
                              const struct operator_decl *decl,
                              const char *operator_path, struct err *err)
{
    struct recorder *r;

    if (decl->reads_secret_values) {
        err_set(err, ERR_CONFIG,
                "operator '%s' reads the values of Secrets: its reconciles are "
                "not recorded",
                decl->name);
        err_hint(err, "run it without --record; fixtures hold no secrets, and "
                      "what a script does with a value cannot be followed");
        return NULL;
    }
    if (file_make_folder(folder, err) < 0)
        return NULL;
    r = mem_calloc(1, sizeof(*r));
    if (r) {
        r->decl = decl;
        r->folder = mem_strdup(folder);
        r->path = mem_strdup(operator_path);
        r->seen = map_new();
    }
    if (r && r->folder && r->path && r->seen)
        return r;
    recorder_free(r);
    err_nomem(err);
    return NULL;
}

void recorder_use(struct recorder *r, const struct operator_decl *decl)
{
    r->decl = decl;
}

void recorder_free(struct recorder *r)
{
    if (!r)
        return;
    map_free(r->seen);
    mem_free(r->folder);
    mem_free(r->path);
    mem_free(r);
}

static bool is_first(struct recorder *r, const struct snapshot *root)
{
    const size_t len = strlen(root->uid);

    if (map_get(r->seen, root->uid, len))
        return false;
    /* out of memory: the next pass counts as the first, too */
    map_put(r->seen, root->uid, len, r, NULL);
    return true;
}

static bool is_worth_it(struct recorder *r, const struct pass *pass)
{
    bool first = is_first(r, pass->root);

    return first || pass->err->code != ERR_NONE ||
           (pass->cs && pass->cs->count > 0);
}

/* The next file that is not there: an earlier run may have used the folder. */
static int next_file(struct recorder *r, const struct object_key *key,
                     struct str *file, struct err *err)
{
    do {
        str_clear(file);
        str_addf(file, "%s/%s-%s%s%s-%04u.yaml", r->folder, r->decl->name,
                 key->ns, *key->ns ? "-" : "", key->name, ++r->number);
        if (str_check(file, "the name of a fixture", err) < 0)
            return -(int)err->code;
    } while (file_exists(file->data));
    return 0;
}

static int write_fixture(struct recorder *r, const struct pass *pass,
                         const struct view *view, struct err *err)
{
    const struct fixture_source source = {
        .decl = r->decl,
        .operator_path = r->path,
        .pass = pass,
        .view = view,
    };
    struct str text = {0}, file = {0};
    int rc = fixture_print(&source, &text, err);

    if (rc == 0)
        rc = next_file(r, &pass->key, &file, err);
    if (rc == 0)
        rc = file_write(file.data, text.data, text.len, 0600, err);
    if (rc == 0)
        log_debug("recorded", "file", file.data, NULL);
    str_release(&text);
    str_release(&file);
    return rc;
}

void recorder_pass(struct recorder *r, const struct pass *pass,
                   const struct view *view)
{
    struct err err = {0};

    if (r->count == RECORDER_MAX || !is_worth_it(r, pass))
        return;
    if (write_fixture(r, pass, view, &err) < 0) {
        if (!r->failed)
            log_warn("cannot record a reconcile", "operator", r->decl->name,
                     "err", err.msg, NULL);
        r->failed = true;
        return;
    }
    r->failed = false;
    if (++r->count == RECORDER_MAX)
        log_warn("recording has ended: there are enough fixtures", "operator",
                 r->decl->name, "folder", r->folder, "count",
                 log_num(RECORDER_MAX), NULL);
}
