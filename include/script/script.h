/*
 * script.h -- one loaded operator script: compiled once, run many times.
 *
 * Loading compiles every module to bytecode held in memory; each job gets a
 * fresh lua_State with an allow-listed environment, an instruction and a
 * memory budget (note 07 B5). Nothing a script does survives its job.
 *
 * The job function is pure: everything it knows comes in `struct view`, its
 * answer is the plan; same inputs, same plan, same bytes.
 */
#ifndef TIDELOCK_SCRIPT_SCRIPT_H
#define TIDELOCK_SCRIPT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/operator.h"
#include "core/plan.h"
#include "core/view.h"

struct script;

/* One source file of the operator's folder: "operator.lua", "lib/ports.lua"
 * (required as "lib.ports"). Texts are copied. */
struct script_file {
    const char *name;
    const char *text;
    size_t len;
};

/* How the name of a file begins that is no module but an overlay: it changes
 * what operator.lua declares. What follows is its name in messages. */
#define SCRIPT_OVERLAY "overlay:"

/* All per run; 0 = the default of note 07 B5.3. The first two and the soft
 * memory limit end a script with a verdict; at the hard one the allocator
 * refuses, which is no good place to stop: leave it well above. */
struct script_limits {
    uint64_t instructions; /* 5,000,000; library calls are charged too */
    uint64_t cpu_ms;       /* 1,000 of CPU time */
    size_t memory_soft;    /* 16 MiB */
    size_t memory_hard;    /* 64 MiB */
};

/* `files` must hold "operator.lua"; files that do not end in .lua are passed
 * over. Compiles all of them, also those that nobody requires, and runs
 * operator.lua and then the overlays once, in a job's budget, to get the
 * declaration. An overlay for another operator is passed over: the declaration
 * says which were applied. Errors name
 * file and line and what to do: -ERR_SCRIPT, -ERR_BUDGET, -ERR_LIMIT (size of
 * the sources), -ERR_NOMEM. */
int script_load(const struct script_file *files, size_t count,
                const struct script_limits *limits, struct script **ret,
                struct err *err);
void script_free(struct script *s); /* NULL is fine */
/* What this process is given of a Secret's values are checksums: it is a
 * worker (see frame_seal() in frame.h). */
void script_expect_sealed(struct script *s);
const struct operator_decl *script_decl(const struct script *s); /* borrowed */

enum job_call { JOB_RECONCILE, JOB_FINALIZE };

/* Run reconcile or finalize for view->root. `ret_plan` was plan_init()ed by
 * the caller; after a failure it holds what was declared until then, the logs
 * and the trace, and must not be carried out. Entries of view->kinds that come
 * from `reads` point into script_decl(s)->reads.
 *
 * -ERR_SCRIPT (an error of the script's own), -ERR_PLAN (wrong arguments to a
 * verb of plan or view, or a plan beyond its limits), -ERR_UNKNOWN (a read of
 * a kind that is not known now, or a time zone that the view lacks: then
 * ret_plan->zone_wanted names it), -ERR_BUDGET, -ERR_NOMEM. `err` has one line,
 * "operator.lua:31: ...", and a hint where there is one. */
int script_run(struct script *s, enum job_call call, const struct view *view,
               struct plan *ret_plan, struct err *err);

/* The names a by_name read asks for: NULL-terminated array in `a`. `read` is
 * an index into script_decl(s)->reads. */
int script_names(struct script *s, size_t read, const struct snapshot *root,
                 struct arena *a, const char ***ret_names, struct err *err);

/* In the arena of the call. A root that was given by name alone has the
 * namespace of the object. */
struct script_roots {
    struct object_key *keys;
    size_t count;
};
/* The roots a map function gives for an object of a read kind. */
int script_map(struct script *s, size_t read, const struct snapshot *object,
               struct arena *a, struct script_roots *ret_roots,
               struct err *err);

/* ---- coverage ---- */
/* From the next job on remember which lines ran; that makes jobs slower. */
int script_cover(struct script *s, struct err *err);
struct script_covered {
    const char *file;     /* "lib/ports.lua" */
    const uint32_t *runs; /* of each line, from line 1 at [0]; borrowed */
    size_t count;         /* up to the last line that ran */
};
/* The i-th file of which a line ran; false behind the last, and when nothing
 * is remembered. Files of the runtime's own library are left out. */
bool script_covered(const struct script *s, size_t i,
                    struct script_covered *ret);

#endif
