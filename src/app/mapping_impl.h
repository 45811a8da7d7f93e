/*
 * mapping_impl.h -- which roots does a change concern? Private to app.
 */
#ifndef TIDELOCK_APP_MAPPING_PRIVATE_H
#define TIDELOCK_APP_MAPPING_PRIVATE_H

#include <stdbool.h>

#include "base/err.h"
#include "core/store.h"
#include "core/workqueue.h"

struct controller;
struct root_memory;

void mapping_root(void *arg, const struct delta *delta); /* store_delta_fn */
void mapping_owned(void *arg, const struct delta *delta);
void mapping_read(void *arg, const struct delta *delta);
/* What roots failed for may be over: a kind can be seen again. */
void mapping_wake_failing(struct controller *c);
/* Must the root be asked again which names it reads? */
bool mapping_lacks_names(struct controller *c, const struct snapshot *root);
/* They depend on nothing but the root, so they are asked for once per version:
 * `names` is what TASK_NAMES gave. */
int mapping_set_names(struct controller *c, struct snapshot *root,
                      const char **const *names, struct err *err);
struct root_memory *mapping_memory(struct controller *c,
                                   const struct object_key *key, bool make);
void mapping_forget(struct controller *c, const struct object_key *key);
/* Another script is in charge: names that were asked for, rows and quarantines
 * were the former one's. */
void mapping_forget_script(struct controller *c);
/* The cluster went back to a backup: versions and generations that were seen
 * mean nothing. */
void mapping_forget_versions(struct controller *c);
void mapping_stop(struct controller *c); /* map functions under way */
void mapping_free(struct controller *c);
void controller_enqueue(struct controller *c, const struct object_key *key,
                        enum workqueue_class class);

#endif
