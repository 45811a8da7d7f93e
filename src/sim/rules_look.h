/*
 * rules_look.h -- looking at a pod for what a level of PodSecurity does not
 *                 let through. Private to src/sim/rules_*.c.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_LOOK_H
#define TIDELOCK_SRC_SIM_RULES_LOOK_H

#include "rules_admit.h"

struct look {
    struct arena *a;
    const struct value *spec;
    struct value *containers; /* all of them, the first to run first */
    unsigned minor;
    const char *found, *reasons; /* NULL: nothing */
    bool failed;
};

/* A field of securityContext that may not be what `bad` says. */
struct field {
    const char *path;
    bool (*bad)(const struct look *l, const struct value *v);
};

/* Texts are "" once memory ran out, which l->failed tells. */
const char *look_kept(struct look *l, const char *text);
struct value *look_new_list(struct look *l);
void look_add_text(struct look *l, struct value *list, const char *text);
/* Sorted, each once. */
void look_add_to_set(struct look *l, struct value *set, const char *text);
const char *look_join(struct look *l, const struct value *list,
                      const char *quote);
const char *look_ending(const struct value *list); /* "s" of more than one */
/* container "a", "b" */
const char *look_named(struct look *l, const struct value *names);
/* Who: the pod and the containers. NULL: nobody. */
const char *look_setters(struct look *l, bool pod, const struct value *names);
/* `detail` NULL: memory ran out. */
void look_refuse(struct look *l, const char *reason, const char *detail);
const char *look_name_of(const struct value *v);
bool look_is_listed(const char *const *list, const char *text);
/* Names of the containers; values go to `set` if there is one. */
struct value *look_find_bad(struct look *l, struct field field,
                            struct value *set);
bool look_pod_is_bad(struct look *l, struct field field, struct value *set);
/* Names of the containers that add another one; those go to `set`. */
struct value *look_find_added(struct look *l, bool (*fine)(const char *name),
                              struct value *set);
const char *look_added_text(struct look *l, const struct value *names,
                            const struct value *set);

void look_at_seccomp(struct look *l);
/* ---- of the restricted level ---- */
void look_at_escalation(struct look *l);
void look_at_dropped(struct look *l);
void look_at_volumes(struct look *l);
void look_at_non_root(struct look *l);
void look_at_user(struct look *l);
void look_at_seccomp_set(struct look *l);

#endif
