/*
 * runtime_compare.c -- plan NEW --compare OLD: what a revision of a script
 *                      would do that the one in charge does not.
 *
 * Both revisions are units of one run: they see the same feeds, and each plans
 * every object once. Their reports are trees that are compared pair by pair.
 */
#include <string.h>

#include "app/comparison.h"
#include "runtime_impl.h"

int runtime_check_revisions(const struct runtime *rt, struct err *err)
{
    const struct bundle *now = &rt->units[0].bundle;
    const struct bundle *old = &rt->units[1].bundle;

    if (strcmp(now->decl->name, old->decl->name) != 0) {
        err_set(err, ERR_CONFIG, "'%s' is named '%s' and '%s' is named '%s'",
                now->path, now->decl->name, old->path, old->decl->name);
        return err_hint(err, "--compare takes two revisions of one operator");
    }
    if (gvk_equal(&now->decl->root, &old->decl->root))
        return 0;
    return err_set(err, ERR_CONFIG,
                   "'%s' reconciles %s %s and '%s' reconciles %s %s: no plan "
                   "of one can be compared with one of the other",
                   now->path, now->decl->root.api_version, now->decl->root.kind,
                   old->path, old->decl->root.api_version,
                   old->decl->root.kind);
}

/* Reports are sorted by namespace, then name. */
static int order(const struct value *a, const struct value *b)
{
    static const char *const paths[] = {"root.namespace", "root.name"};

    for (size_t i = 0; i < 2; i++) {
        const char *x = value_text_at(a, paths[i]);
        const char *y = value_text_at(b, paths[i]);
        int rc = strcmp(x ? x : "", y ? y : "");

        if (rc)
            return rc;
    }
    return 0;
}

/* Two sorted lists at once; an object that came or went meanwhile is in one. */
static int add_pairs(struct comparison *c, struct report *old,
                     struct report *now, struct err *err)
{
    size_t i = 0, k = 0;
    int rc = 0;

    report_sort(old);
    report_sort(now);
    while (rc == 0 && (i < report_count(old) || k < report_count(now))) {
        const struct value *x =
            i < report_count(old) ? report_item(old, i) : NULL;
        const struct value *y =
            k < report_count(now) ? report_item(now, k) : NULL;
        int which = !x ? 1 : !y ? -1 : order(x, y);

        rc = comparison_add(c, NULL, which <= 0 ? x : NULL,
                            which >= 0 ? y : NULL, err);
        i += which <= 0;
        k += which >= 0;
    }
    return rc;
}

int runtime_compare(struct runtime *rt, struct err *err)
{
    const struct comparison_options options = {
        .format = rt->options->format,
        .color = rt->options->color,
        .schemas = rt->schemas,
        .title = rt->units[0].bundle.decl->name,
        .new_name = rt->units[0].bundle.path,
        .old_name = rt->units[1].bundle.path,
        .print = rt->options->print,
        .arg = rt->options->print_arg,
    };
    struct comparison *c = comparison_new(&options);
    int rc = c ? add_pairs(c, rt->units[1].report, rt->units[0].report, err)
               : err_nomem(err);

    if (rc == 0)
        rc = comparison_finish(c, err);
    if (rc == 0)
        rt->differing = comparison_differing(c);
    comparison_free(c);
    return rc;
}
