/* managed_impl.h -- managedFields, taken apart. Private to managed*.c. */
#ifndef TIDELOCK_SRC_SIM_MANAGED_IMPL_H
#define TIDELOCK_SRC_SIM_MANAGED_IMPL_H

#include "sim/fieldset.h"
#include "sim/managed.h"

/* One entry of managedFields. An Apply entry is one whatever its version. */
struct owner {
    const char *manager;
    const char *api_version;
    const char *subresource; /* "" for none */
    bool applied;
    const struct value *time; /* NULL: none */
    const struct fieldset *set;
    /* As it came: what did not change is written back as it was. */
    const struct value *entry;
    const struct fieldset *entry_set;
    const struct value *entry_time;
};

struct owners {
    struct fields s;
    struct owner *items; /* those with an empty set are no longer there */
    uint32_t count, cap;
};

/* -ERR_INVALID: they are not what a server wrote. NULL: none. */
int owners_parse(struct owners *o, const struct value *managed_fields);
struct owner *owners_find(struct owners *o, const struct owner *like);
/* Finds or adds; NULL on out of memory. */
struct owner *owners_make(struct owners *o, const struct owner *like);
struct owner *owners_add(struct owners *o, const struct owner *like);
/* At most ten Update entries: the oldest are put together by version. */
void owners_cap(struct owners *o);
/* Into metadata.managedFields of an object, or off it when there are none. */
int owners_store(struct owners *o, struct value *object);
/* The entry as the API server's messages call it, in the arena. */
const char *owner_name(struct owners *o, const struct owner *owner);

static inline bool owner_same(const struct owner *x, const struct owner *y)
{
    return x->applied == y->applied && text_equal(x->manager, y->manager) &&
           text_equal(x->subresource, y->subresource) &&
           (x->applied || text_equal(x->api_version, y->api_version));
}

/* ---- managed.c ---- */
struct desk {
    const struct managed_call *c;
    struct owners o;
    const struct fieldset *reset;
    bool foreign; /* the entries are the request's, not those stored */
};

void desk_init(struct desk *d, const struct managed_call *c);
/* What an object that does not exist yet is compared with. */
const struct value *desk_empty(struct desk *d);
/* The object at a version; NULL: there is no such version. */
const struct value *desk_convert(struct desk *d, const char *api_version,
                                 const struct value *object,
                                 struct schema_node *ret_schema);
/* Differences at a version, without what is reset. False: no such version. */
bool desk_compare(struct desk *d, const char *api_version,
                  const struct value *const sides[2],
                  struct fieldset_changes *ret);
/* Sets after a schema that became atomic. */
void desk_reconcile(struct desk *d, const struct value *live);
/* An update by c->manager, or by another name. */
void desk_update(struct desk *d, const struct value *live,
                 const struct value *object, const char *manager);
/* Without apiVersion, kind, metadata.name and the like. */
const struct fieldset *desk_strip(struct desk *d, const struct fieldset *set);
/* 500 when something failed. */
int desk_failed(struct desk *d, struct failure *f);
const struct value *desk_time(struct desk *d);

/* ---- managed_apply.c ---- */
struct conflict {
    const struct owner *owner;
    const char *path;
};
struct apply {
    struct desk d;
    const struct value *live; /* or what an absent object is taken for */
    const struct value *config;
    const struct fieldset *last, *set; /* of the manager: before and now */
    const char *last_version;
    struct conflict *conflicts;
    uint32_t conflict_count, conflict_cap;
    const struct owner *owner;      /* whose conflicts are being collected */
    const struct fieldset *allowed; /* these are none; NULL: all are */
};
/* False: kubectl left nothing to go by. */
bool apply_read_allowed(struct apply *p);
void apply_keep_last(struct apply *p, struct value *object);

#endif
