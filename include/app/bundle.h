/*
 * bundle.h -- an operator's folder, read from disk: scripts and parameters.
 */
#ifndef TIDELOCK_APP_BUNDLE_H
#define TIDELOCK_APP_BUNDLE_H

#include <stddef.h>

#include "app/executor.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "script/script.h"

struct bundle_files {
    const struct script_file *items; /* scripts, then overlays */
    size_t count;
    const char *parameters; /* text of parameters.yaml, or NULL */
    size_t parameters_len;
    const char *parameters_path;
};

struct bundle {
    const char *path; /* as given */
    struct bundle_files files;
    struct script *script;            /* loaded in this process, or NULL */
    struct program *program;          /* loaded by an executor, or NULL */
    const struct operator_decl *decl; /* the script's */
    struct value *params;             /* view.params, checked */
};

struct bundle_options {
    const char *const *sets; /* "name=value" of --set */
    size_t set_count;
    const char *const *overlays; /* of --overlay: files, or folders of them */
    size_t overlay_count;
    struct executor *executor; /* where to load the script; NULL: here */
};

/* `path` is a folder with operator.lua (and modules below it; spec/,
 * examples/, types/ and overlays/ are left out) or a single file. Parameters:
 * --set, above overlays, above parameters.yaml, above the defaults. `options`
 * may be NULL. Everything but the script lives in `a`. */
int bundle_load(struct arena *a, const char *path,
                const struct bundle_options *options, struct bundle *ret,
                struct err *err);
/* Only the texts, unread: nothing of them is compiled. */
int bundle_read(struct arena *a, const char *path,
                const struct bundle_options *options, struct bundle_files *ret,
                struct err *err);
/* What they all say, as one number: SHA-256. 0 or -ERR_NOMEM. */
int bundle_digest(const struct bundle_files *f, char ret[HASH_HEX_SIZE]);
/* The last step of a load in steps: bundle_read(), then script or program and
 * `decl` filled by the caller, then this. A bundle whose parameters are wrong
 * is released. */
int bundle_give_params(struct arena *a, const struct bundle_options *options,
                       struct bundle *b, struct err *err);
/* bundle_load() with parameters that were recorded, not parameters.yaml;
 * those that the script no longer has are left out. */
struct bundle_recorded {
    const char *path;
    const struct value *params; /* object */
    const char *const *sets;
    size_t set_count;
};
int bundle_load_recorded(struct arena *a, const struct bundle_recorded *from,
                         struct bundle *ret, struct err *err);
/* Only the script, for what its declaration says: `params` stays NULL. */
int bundle_load_script(struct arena *a, const char *path,
                       const struct bundle_options *options, struct bundle *ret,
                       struct err *err);
/* Is every overlay for one of these operators? -ERR_CONFIG says which is not,
 * and for whom it is. The bundles were loaded with the same options. */
int bundle_check_overlays(const struct operator_decl *const *decls,
                          size_t count, struct err *err);
void bundle_release(struct bundle *b);

#endif
