/*
 * rules_impl.h -- what the files of rules share. Private to src/sim/rules*.c.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_IMPL_H
#define TIDELOCK_SRC_SIM_RULES_IMPL_H

#include "base/str.h"
#include "base/text.h"
#include "sim/rules.h"

/* A place in an object, on the stack of whoever walks it. */
struct place {
    const struct place *up;
    const char *name; /* NULL: an index */
    size_t len;
    size_t index;
    bool is_key; /* of a map: printed as [name] */
};
/* "spec.ports[0].port"; NULL on out of memory. */
const char *place_text(struct arena *a, const struct place *p);

/* ---- scalars: canonical text in `a`; NULL: it is none, or out of memory with
 * *ret_nomem ---- */
const char *rules_quantity_text(struct arena *a, const char *text,
                                bool *ret_nomem);
const char *rules_time_text(struct arena *a, const char *text, bool micro,
                            bool *ret_nomem);
/* Of bytes that are a list of numbers: base64; null is 0. */
const char *rules_bytes_text(struct arena *a, const struct value *numbers,
                             bool *ret_nomem);

/* ---- small questions ---- */
bool rules_is(const struct kind *k, const char *group, const char *kind);
/* The pod's part of a kind that has one: "spec", "spec.template.spec"; NULL. */
const char *rules_pod_spec_path(const struct kind *k);
/* The path of the template in a kind that has one, or NULL. */
const char *rules_template_path(const struct kind *k);
/* Zero in the sense of Go: absent, null, "", 0, false, empty. */
bool rules_is_zero(const struct value *v);
bool rules_is_absent(const struct value *v); /* or null, or "" */
/* Setting; rules_default_*() only what is absent. All return 0 or fill `f`. */
int rules_set(const struct rules_call *c, struct value *object, const char *key,
              struct value *item, struct failure *f);
int rules_set_text(const struct rules_call *c, struct value *object,
                   const char *key, const char *text, struct failure *f);
int rules_default_text(const struct rules_call *c, struct value *object,
                       const char *key, const char *text, struct failure *f);
int rules_default_int(const struct rules_call *c, struct value *object,
                      const char *key, int64_t number, struct failure *f);
int rules_default_bool(const struct rules_call *c, struct value *object,
                       const char *key, bool b, struct failure *f);
int rules_default_object(const struct rules_call *c, struct value *object,
                         const char *key, struct failure *f);
/* Members of `from` that the object under `key` lacks. */
int rules_fill_map(const struct rules_call *c, struct value *object,
                   const char *key, const struct value *from,
                   struct failure *f);

/* ---- steps ---- */
/* What going through the internal types changes: merged aliases. */
int rules_settle_forms(const struct rules_call *c, struct value *object,
                       struct failure *f);
/* An autoscaling/v1 object through v2 and back. */
int rules_settle_scaler(const struct rules_call *c, struct value *object,
                        struct failure *f);
typedef int (*rules_default_fn)(const struct rules_call *c,
                                struct value *object, struct failure *f);
/* Named defaults of the objects of a definition; NULL: there are none. */
rules_default_fn rules_default_hook(struct schema_text definition);

/* Does the image mean the newest of its name? Not when it is none. */
bool rules_image_is_latest(const char *image);
int rules_default_service(const struct rules_call *c, struct value *spec,
                          struct failure *f);
int rules_default_service_status(const struct rules_call *c,
                                 struct value *object, struct failure *f);
/* What reading never shows, though it may be stored. */
/* Makes a field its zero value: {} with what is always printed. */
int rules_zero_field(const struct rules_call *c, struct value *object,
                     const char *key, struct failure *f);
/* What of a kind counts its generation up, see rules_strategy.c. */
const char *rules_counted(const struct kind *k);
/* What is special about preparing a kind; `old` NULL on create. */
int rules_prepare_kind(const struct rules_call *c, struct value *object,
                       const struct value *old, struct failure *f);
int rules_prepare_job_status(const struct rules_call *c, struct value *job,
                             struct failure *f);
int rules_prepare_service(const struct rules_call *c, struct value *object,
                          const struct value *old, struct failure *f);
int rules_prepare_pod(const struct rules_call *c, struct value *object,
                      const struct value *old, struct failure *f);
const char *rules_qos_class(const struct value *spec); /* of a pod */
bool rules_is_sized(const struct value *spec); /* says itself what it needs */
/* Containers get the fields that their annotations mean. */
int rules_copy_profiles(const struct rules_call *c, const struct value *object,
                        struct failure *f);
/* Warnings of profiles that are annotations and no fields; `at`: of the
 * template, NULL for a pod. 0, or -1 on out of memory. */
int rules_warn_profiles(const struct rules_call *c, const struct place *at,
                        const struct value *pod);
/* Fields of pods that the API server knows and does not take. */
void rules_drop_gated(const struct rules_call *c, const struct value *object);
/* The array under `key`, made when there is none; NULL on out of memory. */
struct value *rules_make_array(const struct rules_call *c, struct value *object,
                               const char *key);

/* Was an empty list or map sent there, that decoding dropped? */
bool rules_sent_empty(const struct rules_call *c, const char *path);

static inline void rules_note_unread(const struct rules_call *c,
                                     enum unread what)
{
    if (c->trail)
        c->trail->unread |= (unsigned)what;
}

/* The i-th element, NULL behind the last. */
static inline struct value *rules_item(const struct value *array, size_t i)
{
    return value_is(array, VALUE_ARRAY) && i < array->count ? array->as.items[i]
                                                            : NULL;
}

#endif
