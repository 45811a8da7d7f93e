/*
 * sink_print.h -- writes nothing: asks the server by dryRun=All what each
 *                 change would do, and leaves the answer in the changeset.
 *
 * For `plan` and `run --dry-run`. A change that the server confirmed has its
 * fields replaced by the real differences; one that may not be asked for
 * (forbidden) stays as computed. A refusal (invalid object, foreign object of
 * that name) is the outcome, as it would be for `run`.
 */
#ifndef TIDELOCK_APP_SINK_PRINT_H
#define TIDELOCK_APP_SINK_PRINT_H

#include "app/cluster.h"
#include "core/sink.h"

/* `cluster` NULL: offline, nothing is asked. Both are borrowed. */
struct sink *sink_print_new(struct cluster *cluster, struct loop *loop);

#endif
