/*
 * rules_amount.c -- see rules_amount.h.
 */
#include "rules_amount.h"

#include <string.h>

#include "base/text.h"
#include "kube/quantity.h"
#include "rules_impl.h"
#include "rules_look.h"

#define BILLION 1000000000
/* Sums of a few stay far below what 128 bits hold. */
#define LARGEST ((__int128)1 << 110)

bool amount_read(const struct value *v, struct amount *ret)
{
    const char *text = value_text(v);
    struct quantity q;
    int exp;

    *ret = (struct amount){0, false};
    if (!text || !quantity_parse(text, &q))
        return false;
    ret->nano = q.mantissa;
    ret->binary = q.exp2 != 0;
    for (exp = q.exp10 + 9; exp > 0; exp--) {
        if (ret->nano > LARGEST / 10 || ret->nano < -(LARGEST / 10))
            return false;
        ret->nano *= 10;
    }
    for (exp = q.exp2; exp > 0; exp -= 10) {
        if (ret->nano > LARGEST / 1024 || ret->nano < -(LARGEST / 1024))
            return false;
        ret->nano *= 1024;
    }
    return true;
}

static const char *print(struct arena *a, const struct amount *x,
                         unsigned __int128 number, const char *suffix)
{
    char digits[48];
    size_t at = sizeof digits;

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + (int)(number % 10));
        number /= 10;
    } while (number);
    return arena_printf(a, "%s%s%s", x->nano < 0 ? "-" : "", digits + at,
                        suffix);
}

const char *amount_text(struct arena *a, const struct amount *x)
{
    static const char *const decimal[] = {"n", "u", "m", "",  "k",
                                          "M", "G", "T", "P", "E"};
    static const char *const binary[] = {"",   "Ki", "Mi", "Gi",
                                         "Ti", "Pi", "Ei"};
    unsigned __int128 number =
        (unsigned __int128)(x->nano < 0 ? -x->nano : x->nano);
    size_t i = 0;

    if (number == 0)
        return "0";
    if (x->binary && number % BILLION == 0) {
        for (number /= BILLION; number % 1024 == 0 && i < 6; i++)
            number /= 1024;
        return print(a, x, number, binary[i]);
    }
    for (; number % 1000 == 0 && i < 9; i++)
        number /= 1000;
    return print(a, x, number, decimal[i]);
}

void amounts_sort(struct value *map)
{
    for (uint32_t i = 1; map && i < map->count; i++)
        for (uint32_t j = i; j > 0; j--) {
            struct value_member *m = &map->as.members[j];
            struct value_member high = m[-1];

            if (strcmp(high.key, m->key) <= 0)
                break;
            m[-1] = *m;
            *m = high;
        }
}

static int set_amount(struct arena *a, struct value *map, const char *name,
                      const struct amount *x)
{
    const char *text = amount_text(a, x);

    return text ? value_set(a, map, name, value_string(a, text)) : -1;
}

int amounts_add(struct arena *a, struct value *sum, const struct value *map)
{
    for (uint32_t i = 0; map && i < map->count; i++) {
        const struct value_member *m = &map->as.members[i];
        struct amount x, more;

        if (!amount_read(m->value, &more))
            continue;
        amount_read(value_get(sum, m->key), &x);
        if (x.nano == 0)
            x.binary = more.binary;
        x.nano += more.nano;
        if (set_amount(a, sum, m->key, &x) < 0)
            return -1;
    }
    return 0;
}

/* The larger of both, name by name. */
static int most(struct arena *a, struct value *sum, const struct value *map)
{
    for (uint32_t i = 0; map && i < map->count; i++) {
        const struct value_member *m = &map->as.members[i];
        struct amount x, other;

        amount_read(value_get(sum, m->key), &x);
        if (amount_read(m->value, &other) &&
            (other.nano > x.nano || !value_get(sum, m->key)) &&
            set_amount(a, sum, m->key, &other) < 0)
            return -1;
    }
    return 0;
}

static int add_init(struct arena *a, const struct value *c, const char *field,
                    struct value *all, struct value *beside)
{
    const struct value *own = value_get(value_get(c, "resources"), field);
    struct value *now = value_object(a);

    if (!now)
        return -1;
    if (!text_equal(value_text_at(c, "restartPolicy"), "Always"))
        return amounts_add(a, now, own) < 0 || amounts_add(a, now, beside) < 0
                   ? -1
                   : most(a, all, now);
    return amounts_add(a, beside, own) < 0 ? -1 : most(a, all, beside);
}

struct value *amounts_of_containers(struct arena *a, const struct value *spec,
                                    const char *field)
{
    struct value *sum = value_object(a), *first = value_object(a);
    struct value *beside = value_object(a);
    const struct value *c;

    if (!sum || !first || !beside)
        return NULL;
    for (size_t i = 0; (c = rules_item(value_get(spec, "containers"), i)); i++)
        if (amounts_add(a, sum, value_get(value_get(c, "resources"), field)) <
            0)
            return NULL;
    for (size_t i = 0; (c = rules_item(value_get(spec, "initContainers"), i));
         i++)
        if (add_init(a, c, field, first, beside) < 0)
            return NULL;
    return amounts_add(a, sum, beside) < 0 || most(a, sum, first) < 0 ? NULL
                                                                      : sum;
}

struct value *amounts_of_pod(struct arena *a, const struct value *spec,
                             const char *field)
{
    struct value *sum = amounts_of_containers(a, spec, field);
    const struct value *whole = value_get(value_get(spec, "resources"), field);

    for (uint32_t i = 0; sum && whole && i < whole->count; i++)
        if (value_set(a, sum, whole->as.members[i].key,
                      whole->as.members[i].value) < 0)
            return NULL;
    return sum;
}

bool amount_counts_objects(const char *name)
{
    static const char *const names[] = {"pods",
                                        "resourcequotas",
                                        "services",
                                        "replicationcontrollers",
                                        "secrets",
                                        "configmaps",
                                        "persistentvolumeclaims",
                                        "services.nodeports",
                                        "services.loadbalancers",
                                        NULL};

    return look_is_listed(names, name);
}
