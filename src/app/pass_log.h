/*
 * pass_log.h -- the last plan of each root, for whoever asks what happened;
 *               private to app.
 *
 * Bounded: the PASS_LOG_MAX roots whose passes were the last. Names, lines,
 * reasons and outcomes only: never a body, so never a value of a Secret.
 */
#ifndef TIDELOCK_APP_PASS_LOG_H
#define TIDELOCK_APP_PASS_LOG_H

#include "app/controller.h"

#define PASS_LOG_MAX 500u
#define PASS_LOG_MAX_CHANGES 50u /* of one plan; the rest is counted */

struct pass_log;
struct pass_log *pass_log_new(void);    /* NULL on out of memory */
void pass_log_free(struct pass_log *l); /* NULL is fine, here and below */
/* A plan was made, or could not be, and then its pass has ended. Out of memory
 * forgets it. */
void pass_log_planned(struct pass_log *l, const char *operator_name,
                      const struct pass *pass, int64_t now);
void pass_log_pass(struct pass_log *l, const char *operator_name,
                   const struct pass *pass);
/* JSON objects, the newest first. */
typedef void (*pass_log_fn)(void *arg, const char *json, size_t len);
void pass_log_each(const struct pass_log *l, pass_log_fn fn, void *arg);

#endif
