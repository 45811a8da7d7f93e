/*
 * recorder.h -- `--record DIR`: reconciles as fixtures, while they happen.
 *
 * The first pass of each object is recorded, and every pass that does
 * something or fails: what is left out is a view in which all is as declared,
 * once more. Files are named after operator, namespace and object with a
 * number: DIR/website-default-blog-0001.yaml. After RECORDER_MAX of them the
 * recorder says so in the log and rests.
 */
#ifndef TIDELOCK_APP_RECORDER_H
#define TIDELOCK_APP_RECORDER_H

#include "app/fixture.h"

#define RECORDER_MAX 1000

struct recorder;
/* Makes the folder. -ERR_CONFIG for an operator that reads secret values,
 * -ERR_IO. The declaration is borrowed. */
struct recorder *recorder_new(const char *folder,
                              const struct operator_decl *decl,
                              const char *operator_path, struct err *err);
/* Another version of the script is in charge. */
void recorder_use(struct recorder *r, const struct operator_decl *decl);
void recorder_free(struct recorder *r); /* NULL is fine */

/* Record it, or not, as said above. A fixture that cannot be written is told
 * in the log once, and nothing else comes of it. */
void recorder_pass(struct recorder *r, const struct pass *pass,
                   const struct view *view);

#endif
