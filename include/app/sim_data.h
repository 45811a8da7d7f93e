/*
 * sim_data.h -- the state of `tidelock sim --data FILE`: every object as a row
 *               of an SQLite file.
 *
 * What sim_data_commit() has returned for survives kill -9 of the process at
 * any later moment. (Not every power cut: the file is then whole, but may lack
 * the last moments.) One process at a time.
 */
#ifndef TIDELOCK_APP_SIM_DATA_H
#define TIDELOCK_APP_SIM_DATA_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "sim/sim.h"

struct sim_data;

/* Made (mode 0600) when it is not there. -ERR_CONFIG: the file is another
 * program's, damaged, of a newer version, or in use; left as it is. */
int sim_data_open(const char *path, struct sim_data **ret, struct err *err);
void sim_data_close(struct sim_data *d); /* what is not committed is lost */

/* All rows, then one change with bucket NULL that carries the newest revision
 * of the earlier life. */
typedef int (*sim_data_fn)(void *arg, const struct sim_change *change,
                           struct err *err);
int sim_data_each(struct sim_data *d, sim_data_fn fn, void *arg,
                  struct err *err);

/* For struct sim_options: `arg` is the struct sim_data. Opens a transaction
 * when none is open; a failure is told by the commit. */
void sim_data_keep(void *arg, const struct sim_change *change);
/* Is something kept that is not committed? */
bool sim_data_dirty(const struct sim_data *d);
int sim_data_commit(struct sim_data *d, struct err *err);

/* Texts beside the objects. *ret is NULL when it was never set. */
int sim_data_get_text(struct sim_data *d, struct arena *a, const char *name,
                      const char **ret, struct err *err);
int sim_data_set_text(struct sim_data *d, const char *name, const char *text,
                      struct err *err);

#endif
