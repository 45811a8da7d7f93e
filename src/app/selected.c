/*
 * selected.c -- see selected.h.
 */
#include "selected.h"

#include "kube/selector.h"

bool selected(const char *label_text, const char *field_text,
              const struct snapshot *snap)
{
    struct arena a = {0};
    struct selector *labels = NULL, *fields = NULL;
    struct value *object;
    struct err err = {0};
    bool found = false;

    if (!label_text && !field_text)
        return true;
    if (snapshot_value(snap, &a, &object, &err) == 0 &&
        (!label_text ||
         selector_parse_labels(&a, label_text, &labels, &err) == 0) &&
        (!field_text ||
         selector_parse_fields(&a, field_text, &fields, &err) == 0))
        found = selector_match_labels(labels,
                                      value_path(object, "metadata.labels")) &&
                selector_match_fields(fields, object);
    arena_release(&a);
    return found;
}
