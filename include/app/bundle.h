/*
 * bundle.h -- an operator's folder, read from disk: scripts and parameters.
 */
#ifndef TIDELOCK_APP_BUNDLE_H
#define TIDELOCK_APP_BUNDLE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "script/script.h"

struct bundle {
    const char *path; /* as given */
    struct script *script;
    const struct operator_decl *decl; /* the script's */
    struct value *params;             /* view.params, checked */
};

/* `path` is a folder with operator.lua (and modules below it; spec/,
 * examples/ and types/ are left out) or a single file. `sets` are "name=value" texts of
 * --set, above parameters.yaml, above the defaults. Everything but the script
 * lives in `a`. */
int bundle_load(struct arena *a, const char *path, const char *const *sets,
                size_t set_count, struct bundle *ret, struct err *err);
/* Only the sources, unread: nothing of them is compiled. */
int bundle_read(struct arena *a, const char *path,
                const struct script_file **ret, size_t *ret_count,
                struct err *err);
/* The same, with parameters that were recorded in place of parameters.yaml;
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
int bundle_load_script(struct arena *a, const char *path, struct bundle *ret,
                       struct err *err);
void bundle_release(struct bundle *b);

#endif
