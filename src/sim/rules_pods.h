/*
 * rules_pods.h -- the validations that make up that of a pod. Private to
 *                 src/sim/rules*.c.
 *
 * Each looks at a part of a pod's spec, which is at `at`; `spec` is the whole
 * of it, for what one part has to do with another.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_PODS_H
#define TIDELOCK_SRC_SIM_RULES_PODS_H

#include "rules_kinds.h"

/* ---- volumes and where they are mounted ---- */
/* The volumes that are right, an array: others cannot be mounted. NULL: out of
 * memory. `meta`: of the pod, NULL in a template. */
const struct value *rules_check_volumes(struct check *k, const struct place *at,
                                        const struct value *volumes,
                                        const struct value *meta);
typedef void (*rules_source_fn)(struct check *k, const struct place *at,
                                const struct value *source);
/* A source that is a disk of some provider; `at`: of the volume. */
void rules_check_disk(struct check *k, const struct place *at, const char *name,
                      const struct value *source);
void rules_check_mounts(struct check *k, const struct place *at,
                        const struct value *container,
                        const struct value *volumes);
/* A path that stays below where it begins. */
void rules_check_descending(struct check *k, const struct place *at,
                            const char *path);
/* A path without "..". */
void rules_check_backsteps(struct check *k, const struct place *at,
                           const char *path);

/* ---- containers ---- */
/* What the containers have in common: their pod. */
struct pod_parts {
    const struct value *spec;
    const struct value *volumes; /* as rules_check_volumes() gives them */
};
void rules_check_containers(struct check *k, const struct place *at,
                            const struct pod_parts *pod);
/* Hooks and probes of a container. */
void rules_check_care(struct check *k, const struct place *at,
                      const struct value *container, const struct value *spec);
typedef void (*container_fn)(struct check *k, const struct place *at,
                             const struct value *container, void *arg);
/* Init containers, containers, ephemeral ones. `at`: of the spec. */
void rules_each_container(struct check *k, const struct place *at,
                          const struct value *spec, container_fn visit,
                          void *arg);
/* One of the fields, or a label or an annotation; the list ends with NULL. */
void rules_check_field_ref(struct check *k, const struct place *at,
                           const struct value *ref, const char *const *fields);
void rules_check_resource_ref(struct check *k, const struct place *at,
                              const struct value *ref, bool of_volume);
void rules_check_env(struct check *k, const struct place *at,
                     const struct value *container);
/* Files that variables are read from are in volumes that are empty first. */
void rules_check_env_files(struct check *k, const struct place *at,
                           const struct value *spec);

/* ---- resources ---- */
void rules_check_resources(struct check *k, const struct place *at,
                           const struct value *resources,
                           const struct value *spec);
void rules_check_pod_resources(struct check *k, const struct place *at,
                               const struct value *spec);
void rules_check_pod_claims(struct check *k, const struct place *at,
                            const struct value *claims);
void rules_check_overhead(struct check *k, const struct place *at,
                          const struct value *overhead);
void rules_check_resize(struct check *k, const struct place *at,
                        const struct value *list, const struct value *spec);

/* ---- security, operating systems ---- */
void rules_check_context(struct check *k, const struct place *at,
                         const struct value *context, const struct value *spec);
void rules_check_pod_context(struct check *k, const struct place *at,
                             const struct value *spec);
void rules_check_host_processes(struct check *k, const struct place *at,
                                const struct value *spec);
void rules_check_os(struct check *k, const struct place *at,
                    const struct value *spec);

/* ---- where it runs ---- */
void rules_check_affinity(struct check *k, const struct place *at,
                          const struct value *affinity);
void rules_check_spread(struct check *k, const struct place *at,
                        const struct value *constraints);
void rules_check_tolerations(struct check *k, const struct place *at,
                             const struct value *tolerations);

/* ---- annotations ---- */
/* Those of a pod, or of a template of one, that mean something; `at`: of the
 * annotations. */
void rules_check_pod_notes(struct check *k, const struct place *at,
                           const struct value *pod);
/* Profiles that are annotations, too, have to be the same; `at`: of the spec.
 */
void rules_check_profile_notes(struct check *k, const struct place *at,
                               const struct value *pod);
void rules_check_images(struct check *k, const struct place *at,
                        const struct value *containers);

#endif
