/*
 * reasons.h -- the reasons that tidelock itself writes into the condition
 *              Reconciled and into Events. Those of a script, and of the rows
 *              of a decision table, are its own.
 */
#ifndef TIDELOCK_APP_REASONS_H
#define TIDELOCK_APP_REASONS_H

#include "base/err.h"

#define REASON_APPLIED "Applied" /* the pass was carried out */
#define REASON_HELD "Held"       /* ... by a row that holds */

/* While an operator's newest files are not in charge, its roots say so: the
 * status of this condition is False. It is gone when they are. */
#define CONDITION_SCRIPT "ScriptUpToDate"

/* In Events about the Lease of the process */
#define REASON_RELOADED "Reloaded"
#define REASON_RELOAD_REFUSED "ReloadRefused" /* also of the condition */
#define REASON_LEADER_ELECTION "LeaderElection"

/*  XX(error, reason): what an object is told when a pass fails so. Other errors
 *  pass by themselves and are for the log only. */
#define REASON_MAP(XX)                                                         \
    XX(NAME_CONFLICT, "NameConflict")                                          \
    XX(FIELD_CONFLICT, "FieldConflict")                                        \
    XX(FORBIDDEN, "Forbidden")                                                 \
    XX(NO_KIND, "KindMissing")                                                 \
    XX(REJECTED, "Rejected")                                                   \
    XX(PLAN, "PlanRefused")                                                    \
    XX(EMPTY_PLAN, "EmptyPlan")                                                \
    XX(BLAST_RADIUS, "BlastRadius")                                            \
    XX(CONTESTED, "Contested")                                                 \
    XX(SCRIPT, "ScriptError")                                                  \
    XX(BUDGET, "BudgetExceeded")                                               \
    XX(LIMIT, "LimitExceeded")                                                 \
    XX(DEADLINE, "Quarantined")                                                \
    XX(WORKER, "Quarantined")

#endif
