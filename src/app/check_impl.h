/*
 * check_impl.h -- what the files of `check` share; private to app.
 */
#ifndef TIDELOCK_APP_CHECK_PRIVATE_H
#define TIDELOCK_APP_CHECK_PRIVATE_H

#include "app/check.h"
#include "runtime_impl.h"
#include "script/lint.h"

/* Texts in the list's arena. */
struct finding {
    const char *file;      /* within the operator: "lib/ports.lua" */
    unsigned line, column; /* from 1; 0: not known */
    const char *code;
    enum check_level level;
    const char *message;
    const char *hint; /* or NULL */
    const char *path; /* of the field it is about, or NULL */
    const char *when; /* of a run: "examples/blog.yaml, when ...", or NULL */
};

struct findings {
    struct arena *arena;
    const char *when; /* what is added now was seen then */
    struct finding *items;
    size_t count, cap;
    bool failed; /* out of memory: something is missing */
};

/* Everything about one operator. */
struct check {
    const struct check_options *options;
    const char *path;
    struct runtime_options files; /* what reading -f looks at */
    struct runtime rt;            /* kinds and manifests, as --offline */
    const struct script_file *sources;
    size_t source_count;
    struct script *script; /* NULL: it does not load */
    const struct operator_decl *decl;
    struct value *environment;
    struct value *linted; /* of lint_run(), or NULL */
    struct findings found;
    const char **applied; /* kinds that an example applied, "v1 Service" */
    size_t applied_count;
    bool cut;       /* some run failed: not all was seen */
    size_t tried;   /* objects that the script was run with */
    size_t ignored; /* findings that a comment takes away */
};

/* ---- check_findings.c ---- */
/* A copy of `what`, its level by its code. Out of memory is kept in `failed`;
 * a NULL message is taken as that. */
void findings_add(struct findings *f, const struct finding *what);
/* From an error of the runtime: a place at the beginning of the message is
 * taken off it. `file` is for those that have none. */
void findings_add_err(struct findings *f, const char *code, const char *file,
                      const struct err *err);
/* Sorted by place, each once; what is only said again in other words by a
 * general finding of the same line is dropped. */
void findings_tidy(struct findings *f);
/* Apply the comments "tidelock: ignore CODE reason" of the sources. */
size_t findings_suppress(struct findings *f, const struct script_file *files,
                         size_t count);

/* ---- check_lint.c ---- */
/* Runs the passes over the text; `ret_missing`: luacheck is not installed. */
int check_lint(struct check *c, bool *ret_missing, struct err *err);
/* What the passes saw, held against the schemas. */
int check_facts(struct check *c, struct err *err);

/* ---- check_try.c ---- */
/* Runs the script with the examples and looks at what it plans. */
int check_try(struct check *c, struct err *err);
/* Issues of an object against its schema, as findings. `where` has file, line
 * and column; `prefix` leads the message: "Deployment 'blog': ". */
int check_object(struct check *c, struct schema_node n, const struct value *v,
                 const struct finding *where, const char *prefix,
                 struct err *err);

/* ---- check_report.c ---- */
int check_print_text(const struct check *c, struct str *out, struct err *err);
/* The member of one operator in the document, in `a`. */
struct value *check_value(const struct check *c, struct arena *a);

#endif
