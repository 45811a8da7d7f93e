/*
 * rules_convert_text.c -- texts of annotations in which autoscaling/v1 keeps
 *                         what it has no fields for: behavior and conditions,
 *                         in the order of Go's structs.
 */
#include "rules_convert.h"

void scaler_print_leaf(struct str *out, const struct value *v, const char *none)
{
    if (!v)
        str_add(out, none);
    else if (value_print(v, out, NULL) < 0 && !out->failed)
        str_add(out, none);
}

static void put_policies(struct str *out, const struct value *policies)
{
    const struct value *item;

    if (!value_is(policies, VALUE_ARRAY)) {
        str_add(out, "null");
        return;
    }
    str_addc(out, '[');
    for (size_t i = 0; (item = rules_item(policies, i)); i++) {
        str_add(out, i ? ",{\"Type\":" : "{\"Type\":");
        scaler_print_leaf(out, value_get(item, "type"), "\"\"");
        str_add(out, ",\"Value\":");
        scaler_print_leaf(out, value_get(item, "value"), "0");
        str_add(out, ",\"PeriodSeconds\":");
        scaler_print_leaf(out, value_get(item, "periodSeconds"), "0");
        str_addc(out, '}');
    }
    str_addc(out, ']');
}

static void put_rules(struct str *out, const struct value *rules)
{
    if (rules_is_absent(rules)) {
        str_add(out, "null");
        return;
    }
    str_add(out, "{\"StabilizationWindowSeconds\":");
    scaler_print_leaf(out, value_get(rules, "stabilizationWindowSeconds"),
                      "null");
    str_add(out, ",\"SelectPolicy\":");
    scaler_print_leaf(out, value_get(rules, "selectPolicy"), "null");
    str_add(out, ",\"Policies\":");
    put_policies(out, value_get(rules, "policies"));
    str_add(out, ",\"Tolerance\":");
    scaler_print_leaf(out, value_get(rules, "tolerance"), "null");
    str_addc(out, '}');
}

void scaler_print_behavior(struct str *out, const struct value *behavior)
{
    str_add(out, "{\"ScaleUp\":");
    put_rules(out, value_get(behavior, "scaleUp"));
    str_add(out, ",\"ScaleDown\":");
    put_rules(out, value_get(behavior, "scaleDown"));
    str_addc(out, '}');
}

void scaler_print_conditions(struct str *out, const struct value *conditions)
{
    static const char *const rest[] = {"reason", "message"};
    const struct value *item, *text;

    for (size_t i = 0; (item = rules_item(conditions, i)); i++) {
        str_add(out, i ? ",{\"type\":" : "[{\"type\":");
        scaler_print_leaf(out, value_get(item, "type"), "\"\"");
        str_add(out, ",\"status\":");
        scaler_print_leaf(out, value_get(item, "status"), "\"\"");
        str_add(out, ",\"lastTransitionTime\":");
        scaler_print_leaf(out, value_get(item, "lastTransitionTime"), "null");
        for (size_t n = 0; n < 2; n++) {
            text = value_get(item, rest[n]);
            if (!text)
                continue;
            str_addf(out, ",\"%s\":", rest[n]);
            scaler_print_leaf(out, text, "\"\"");
        }
        str_addc(out, '}');
    }
    str_addc(out, ']');
}
