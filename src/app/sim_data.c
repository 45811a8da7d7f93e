/*
 * sim_data.c -- see sim_data.h for the contract.
 *
 * WAL mode with synchronous=NORMAL: a commit is a write to the log, which the
 * kernel has when it returns, so the end of the process loses nothing; only
 * checkpoints wait for the disk. The exclusive locking mode is what keeps a
 * second process out, and saves a call for each transaction.
 */
#include "app/sim_data.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define APPLICATION_ID 0x74696465 /* "tide" */
#define SCHEMA_VERSION 1

enum statement { PUT, REMOVE, BEGIN, COMMIT, SET_TEXT, STATEMENTS };

static const char *const statement_texts[STATEMENTS] = {
    [PUT] = "INSERT OR REPLACE INTO object VALUES (?1, ?2, ?3, ?4, ?5)",
    [REMOVE] = "DELETE FROM object WHERE bucket = ?1 AND ns = ?2 AND name = ?3",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [SET_TEXT] = "INSERT OR REPLACE INTO text VALUES (?1, ?2)",
};

struct sim_data {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *statements[STATEMENTS];
    uint64_t revision; /* newest that was kept */
    bool open;         /* a transaction is */
    struct err failed; /* the first failure of a keep */
};

/* ---- failures ---- */

static int wrong(const struct sim_data *d, struct err *err)
{
    switch (sqlite3_errcode(d->db)) {
    case SQLITE_NOTADB:
        return err_set(err, ERR_CONFIG, "'%s' is not a file of tidelock sim",
                       d->path);
    case SQLITE_CORRUPT:
        return err_set(err, ERR_CONFIG, "'%s' is damaged: %s", d->path,
                       sqlite3_errmsg(d->db));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        err_set(err, ERR_CONFIG, "'%s' is in use by another process", d->path);
        return err_hint(err, "one tidelock sim at a time can keep its state in "
                             "a file");
    case SQLITE_NOMEM:
        return err_nomem(err);
    default:
        return err_set(err, ERR_IO, "cannot use '%s': %s", d->path,
                       sqlite3_errmsg(d->db));
    }
}

static int run(struct sim_data *d, const char *sql, struct err *err)
{
    return sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : wrong(d, err);
}

static int ask_number(struct sim_data *d, const char *sql, int64_t *ret,
                      struct err *err)
{
    sqlite3_stmt *s;
    int rc;

    if (sqlite3_prepare_v2(d->db, sql, -1, &s, NULL) != SQLITE_OK)
        return wrong(d, err);
    rc = sqlite3_step(s);
    *ret = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : wrong(d, err);
    sqlite3_finalize(s);
    return rc;
}

/* ---- opening ---- */

/* For us alone from its first moment; SQLite would ask the umask. */
static int make_file(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_set(err, ERR_CONFIG, "cannot open '%s': %s", path,
                       strerror(errno));
    close(fd);
    return 0;
}

static int make_schema(struct sim_data *d, struct err *err)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "BEGIN;"
             "CREATE TABLE object (bucket TEXT, ns TEXT, name TEXT,"
             " revision INTEGER NOT NULL, json TEXT NOT NULL,"
             " PRIMARY KEY (bucket, ns, name)) WITHOUT ROWID;"
             "CREATE TABLE text (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
             " WITHOUT ROWID;"
             "PRAGMA application_id = %d; PRAGMA user_version = %d;"
             "COMMIT",
             APPLICATION_ID, SCHEMA_VERSION);
    return run(d, sql, err);
}

/* Is it ours, whole, and of a version that we know? An empty file is new. */
static int check_file(struct sim_data *d, struct err *err)
{
    int64_t tables, id, version, damaged;
    int rc = ask_number(d, "SELECT count(*) FROM sqlite_schema", &tables, err);

    if (rc == 0)
        rc = ask_number(d, "PRAGMA application_id", &id, err);
    if (rc == 0)
        rc = ask_number(d, "PRAGMA user_version", &version, err);
    if (rc < 0)
        return rc;
    if (tables == 0 && id == 0)
        return make_schema(d, err);
    if (id != APPLICATION_ID)
        return err_set(err, ERR_CONFIG, "'%s' is not a file of tidelock sim",
                       d->path);
    if (version > SCHEMA_VERSION)
        return err_set(err, ERR_CONFIG,
                       "'%s' was written by a newer tidelock (version %lld, "
                       "this one knows %d)",
                       d->path, (long long)version, SCHEMA_VERSION);
    rc = ask_number(d,
                    "SELECT count(*) FROM pragma_quick_check(1) WHERE "
                    "quick_check <> 'ok'",
                    &damaged, err);
    if (rc == 0 && damaged)
        rc = err_set(err, ERR_CONFIG, "'%s' is damaged", d->path);
    return rc;
}

static int prepare(struct sim_data *d, struct err *err)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(d->db, statement_texts[i], -1,
                               SQLITE_PREPARE_PERSISTENT, &d->statements[i],
                               NULL) != SQLITE_OK)
            return wrong(d, err);
    return 0;
}

static int open_file(struct sim_data *d, struct err *err)
{
    int rc = make_file(d->path, err);

    if (rc < 0)
        return rc;
    if (sqlite3_open_v2(d->path, &d->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                            SQLITE_OPEN_EXRESCODE,
                        NULL) != SQLITE_OK)
        return d->db ? wrong(d, err) : err_nomem(err);
    sqlite3_extended_result_codes(d->db, 0);
    rc = run(d, "PRAGMA locking_mode = EXCLUSIVE", err);
    if (rc == 0) /* a foreign file is refused before anything is written */
        rc = run(d, "SELECT count(*) FROM sqlite_schema", err);
    if (rc == 0)
        rc = check_file(d, err);
    if (rc == 0)
        rc = run(d,
                 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                 "BEGIN IMMEDIATE; COMMIT",
                 err);
    return rc < 0 ? rc : prepare(d, err);
}

int sim_data_open(const char *path, struct sim_data **ret, struct err *err)
{
    struct sim_data *d = mem_calloc(1, sizeof(*d));
    int rc;

    if (!d)
        return err_nomem(err);
    d->path = mem_strdup(path);
    rc = d->path ? open_file(d, err) : err_nomem(err);
    if (rc < 0) {
        sim_data_close(d);
        return rc;
    }
    *ret = d;
    return 0;
}

void sim_data_close(struct sim_data *d)
{
    if (!d)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(d->statements[i]);
    sqlite3_close(d->db);
    mem_free(d->path);
    mem_free(d);
}

/* ---- reading ---- */

static int each_row(struct sim_data *d, sqlite3_stmt *s, sim_data_fn fn,
                    void *arg, struct err *err)
{
    int rc = 0, step = SQLITE_DONE;

    while (rc == 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct sim_change c = {.revision = (uint64_t)sqlite3_column_int64(s, 3),
                               .bucket =
                                   (const char *)sqlite3_column_text(s, 0),
                               .key = {(const char *)sqlite3_column_text(s, 1),
                                       (const char *)sqlite3_column_text(s, 2)},
                               .json = (const char *)sqlite3_column_text(s, 4),
                               .len = (size_t)sqlite3_column_bytes(s, 4)};

        if (!c.bucket || !c.key.ns || !c.key.name || !c.json)
            return err_nomem(err);
        rc = fn(arg, &c, err);
    }
    return rc == 0 && step != SQLITE_DONE ? wrong(d, err) : rc;
}

int sim_data_each(struct sim_data *d, sim_data_fn fn, void *arg,
                  struct err *err)
{
    struct sim_change last = {0};
    sqlite3_stmt *s;
    int64_t revision;
    int rc;

    if (sqlite3_prepare_v2(d->db,
                           "SELECT bucket, ns, name, revision, json FROM object"
                           " ORDER BY revision",
                           -1, &s, NULL) != SQLITE_OK)
        return wrong(d, err);
    rc = each_row(d, s, fn, arg, err);
    sqlite3_finalize(s);
    if (rc == 0)
        rc = ask_number(d,
                        "SELECT CAST(value AS INTEGER) FROM text WHERE "
                        "name = 'revision'",
                        &revision, err);
    if (rc < 0)
        return rc;
    d->revision = last.revision = (uint64_t)revision;
    return fn(arg, &last, err);
}

/* ---- writing ---- */

static bool step(struct sim_data *d, enum statement which)
{
    sqlite3_stmt *s = d->statements[which];
    bool ok = sqlite3_step(s) == SQLITE_DONE;

    if (!ok && d->failed.code == ERR_NONE)
        wrong(d, &d->failed);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return ok;
}

static void bind(sqlite3_stmt *s, int at, const char *text, size_t len)
{
    sqlite3_bind_text64(s, at, text, len, SQLITE_STATIC, SQLITE_UTF8);
}

static bool begin(struct sim_data *d)
{
    if (!d->open)
        d->open = step(d, BEGIN);
    return d->open;
}

void sim_data_keep(void *arg, const struct sim_change *c)
{
    struct sim_data *d = arg;
    const enum statement which = c->json ? PUT : REMOVE;
    sqlite3_stmt *s = d->statements[which];

    if (d->failed.code != ERR_NONE || !begin(d))
        return;
    bind(s, 1, c->bucket, strlen(c->bucket));
    bind(s, 2, c->key.ns, strlen(c->key.ns));
    bind(s, 3, c->key.name, strlen(c->key.name));
    if (c->json) {
        sqlite3_bind_int64(s, 4, (int64_t)c->revision);
        bind(s, 5, c->json, c->len);
    }
    step(d, which);
    if (c->revision > d->revision)
        d->revision = c->revision;
}

bool sim_data_dirty(const struct sim_data *d)
{
    return d->open || d->failed.code != ERR_NONE;
}

int sim_data_commit(struct sim_data *d, struct err *err)
{
    char text[32];
    sqlite3_stmt *s = d->statements[SET_TEXT];

    if (d->open && d->failed.code == ERR_NONE) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)d->revision);
        bind(s, 1, "revision", strlen("revision"));
        bind(s, 2, text, strlen(text));
        if (step(d, SET_TEXT) && step(d, COMMIT))
            d->open = false;
    }
    if (d->failed.code == ERR_NONE)
        return 0;
    *err = d->failed;
    return -(int)err->code;
}

int sim_data_set_text(struct sim_data *d, const char *name, const char *text,
                      struct err *err)
{
    sqlite3_stmt *s = d->statements[SET_TEXT];

    if (begin(d)) {
        bind(s, 1, name, strlen(name));
        bind(s, 2, text, strlen(text));
        step(d, SET_TEXT);
    }
    return sim_data_commit(d, err);
}

int sim_data_get_text(struct sim_data *d, struct arena *a, const char *name,
                      const char **ret, struct err *err)
{
    sqlite3_stmt *s;
    int rc = 0;

    if (sqlite3_prepare_v2(d->db, "SELECT value FROM text WHERE name = ?1", -1,
                           &s, NULL) != SQLITE_OK)
        return wrong(d, err);
    bind(s, 1, name, strlen(name));
    switch (sqlite3_step(s)) {
    case SQLITE_ROW:
        *ret = arena_strdup(a, (const char *)sqlite3_column_text(s, 0));
        rc = *ret ? 0 : err_nomem(err);
        break;
    case SQLITE_DONE:
        *ret = NULL;
        break;
    default:
        rc = wrong(d, err);
    }
    sqlite3_finalize(s);
    return rc;
}
