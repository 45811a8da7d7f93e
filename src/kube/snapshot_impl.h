/*
 * snapshot_impl.h -- what snapshot.c and press.c share.
 */
#ifndef TIDELOCK_SRC_KUBE_SNAPSHOT_PRIVATE_H
#define TIDELOCK_SRC_KUBE_SNAPSHOT_PRIVATE_H

#include "base/zip.h"
#include "kube/snapshot.h"

struct press;

/* Keep the text of `s`, which is in no press, packed from now on. 0;
 * -ERR_LIMIT when that would not save a quarter, -ERR_NOMEM. */
int snapshot_pack(struct snapshot *s, struct zip_dict *d);

/* ---- press.c ---- */
/* It goes: no turn any more. */
void press_forget(struct press *p, const struct snapshot *s);

#endif
