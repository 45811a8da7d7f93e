/*
 * rules_job.c -- validation of the policies of Jobs: pods that fail, pods that
 *                are enough, indexes (k8s.io/kubernetes
 *                pkg/apis/batch/validation).
 */
#include "rules_job.h"

#define RULES_MAX 20
#define PATTERNS_MAX 20
#define EXIT_CODES_MAX 255
#define INDEXES_MAX_LEN (64 * 1024)
#define INDEXED_MAX 100000 /* pods at a time, failed indexes */
#define MANY_MAX 10000     /* the same, of more completions than that */
#define MANAGED_BY_MAX 63

/* ---- indexes ---- */

/* Digits, maybe behind a plus. */
static bool read_index(const char *text, size_t len, int64_t *ret)
{
    size_t sign = len && *text == '+';

    return len > sign && strspn(text + sign, "0123456789") >= len - sign &&
           text_to_int64(text + sign, len - sign, ret);
}

bool job_next_interval(const char **at, int64_t completions,
                       struct interval *ret)
{
    const char *text = *at;
    size_t len, first;
    bool two;

    if (!text)
        return false;
    len = strcspn(text, ",");
    first = strcspn(text, ",-");
    two = first < len;
    *at = text[len] ? text + len + 1 : NULL;
    ret->right = read_index(text, first, &ret->first);
    ret->last = ret->first;
    if (two)
        ret->right =
            ret->right &&
            read_index(text + first + 1, len - first - 1, &ret->last) &&
            ret->first < ret->last;
    ret->right = ret->right && ret->last < completions;
    return true;
}

bool job_indexes_right(const char *text, int64_t completions,
                       int64_t *ret_total)
{
    const char *at = *text ? text : NULL;
    struct interval one;
    int64_t before = -1, total = 0;

    while (job_next_interval(&at, completions, &one)) {
        if (!one.right || one.first <= before)
            return false;
        total += one.last - one.first + 1;
        before = one.last;
    }
    if (ret_total)
        *ret_total = total;
    return true;
}

/* ---- conditions ---- */

bool job_has_condition(const struct value *job, const char *type)
{
    const struct value *list = value_path(job, "status.conditions");
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++)
        if (text_equal(value_text_at(item, "type"), type) &&
            text_equal(value_text_at(item, "status"), "True"))
            return true;
    return false;
}

bool job_is_indexed(const struct value *spec)
{
    return text_equal(value_text_at(spec, "completionMode"), "Indexed");
}

/* ---- pods that fail ---- */

static bool has_container(const struct value *spec, const char *name)
{
    static const char *const lists[] = {"template.spec.containers",
                                        "template.spec.initContainers"};
    const struct value *item;

    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; (item = rules_item(value_path(spec, lists[n]), i));
             i++)
            if (text_equal(value_text_at(item, "name"), name))
                return true;
    return false;
}

/* Codes that ascend, each once; none is 0 of those that are a failure. */
static void check_exit_values(struct check *k, const struct place *at,
                              const struct value *values, bool in)
{
    const struct value *item, *before = NULL;
    bool ordered = true;

    if (!rules_item(values, 0))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: []: at least one value is required");
    else if (values->count > EXIT_CODES_MAX)
        check_add(k, CAUSE_TOO_MANY, at,
                  "Too many: %u: must have at most %d items", values->count,
                  EXIT_CODES_MAX);
    for (size_t i = 0; (item = rules_item(values, i)); before = item, i++) {
        bool twice = false;

        if (in && rules_is_zero(item))
            check_add(k, CAUSE_INVALID, PLACE_AT(at, i),
                      "Invalid value: 0: must not be 0 for the In operator");
        for (size_t j = 0; j < i && !twice; j++)
            twice = value_equal(rules_item(values, j), item);
        if (twice)
            check_add(k, CAUSE_DUPLICATE, PLACE_AT(at, i),
                      "Duplicate value: %lld", (long long)item->as.integer);
        ordered = ordered && !(before && before->as.integer > item->as.integer);
    }
    if (!ordered)
        check_invalid(k, at, values, "must be ordered");
}

static void check_exit_codes(struct check *k, const struct place *at,
                             const struct value *codes,
                             const struct value *spec)
{
    static const char *const operators[] = {"In", "NotIn", NULL};
    const char *container = value_text_at(codes, "containerName");

    check_enum(k, at, codes, "operator", operators);
    if (container && !has_container(spec, container))
        check_invalid(k, PLACE(at, "containerName"),
                      value_get(codes, "containerName"),
                      "must be one of the container or initContainer names "
                      "in the pod template");
    check_exit_values(k, PLACE(at, "values"), value_get(codes, "values"),
                      text_equal(value_text_at(codes, "operator"), "In"));
}

static void check_patterns(struct check *k, const struct place *at,
                           const struct value *patterns)
{
    static const char *const statuses[] = {"False", "True", "Unknown", NULL};
    const struct value *item;

    if (patterns->count > PATTERNS_MAX)
        check_add(k, CAUSE_TOO_MANY, at,
                  "Too many: %u: must have at most %d items", patterns->count,
                  PATTERNS_MAX);
    for (size_t i = 0; (item = rules_item(patterns, i)); i++) {
        const char *type = value_text_at(item, "type");

        type = type ? type : "";
        check_qualified(k, PLACE(PLACE_AT(at, i), "type"), type, type);
        check_enum(k, PLACE_AT(at, i), item, "status", statuses);
    }
}

static void check_action(struct check *k, const struct place *at,
                         const struct value *rule, const struct value *spec)
{
    static const char *const actions[] = {"Count", "FailIndex", "FailJob",
                                          "Ignore", NULL};

    check_enum(k, at, rule, "action", actions);
    if (text_equal(value_text_at(rule, "action"), "FailIndex") &&
        !value_get(spec, "backoffLimitPerIndex"))
        check_invalid(k, PLACE(at, "action"), value_get(rule, "action"),
                      "requires the backoffLimitPerIndex to be set");
}

static void check_failure_rule(struct check *k, const struct place *at,
                               const struct value *rule,
                               const struct value *spec)
{
    const struct value *codes = value_get(rule, "onExitCodes");
    const struct value *patterns = value_get(rule, "onPodConditions");
    bool has_patterns = rules_item(patterns, 0) != NULL;

    check_action(k, at, rule, spec);
    if (codes)
        check_exit_codes(k, PLACE(at, "onExitCodes"), codes, spec);
    if (has_patterns)
        check_patterns(k, PLACE(at, "onPodConditions"), patterns);
    if ((codes != NULL) == has_patterns)
        check_add(k, CAUSE_INVALID, at, "Invalid value: specifying %s",
                  codes ? "both OnExitCodes and OnPodConditions is not "
                          "supported"
                        : "one of OnExitCodes and OnPodConditions is "
                          "required");
}

static void check_failure_policy(struct check *k, const struct place *at,
                                 const struct value *policy,
                                 const struct value *spec)
{
    const struct value *rules = value_get(policy, "rules"), *rule;

    at = PLACE(at, "rules");
    if (value_is(rules, VALUE_ARRAY) && rules->count > RULES_MAX)
        check_add(k, CAUSE_TOO_MANY, at,
                  "Too many: %u: must have at most %d items", rules->count,
                  RULES_MAX);
    for (size_t i = 0; (rule = rules_item(rules, i)); i++)
        check_failure_rule(k, PLACE_AT(at, i), rule, spec);
}

/* ---- pods that are enough ---- */

static void check_success_rule(struct check *k, const struct place *at,
                               const struct value *rule, int64_t completions)
{
    const char *indexes = value_text_at(rule, "succeededIndexes");
    const struct value *count = value_get(rule, "succeededCount");
    const int64_t n = value_int_at(rule, "succeededCount", 0);
    int64_t total = 0;

    if (!indexes && !count)
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: at least one of succeededCount or "
                  "succeededIndexes must be specified");
    if (indexes && strlen(indexes) > INDEXES_MAX_LEN)
        check_add(k, CAUSE_TOO_LONG, PLACE(at, "succeededIndexes"),
                  "Too long: may not be more than %d bytes", INDEXES_MAX_LEN);
    if (indexes && !job_indexes_right(indexes, completions, &total))
        check_invalid(k, PLACE(at, "succeededIndexes"),
                      value_get(rule, "succeededIndexes"),
                      "error parsing succeededIndexes");
    check_non_negative(k, at, rule, "succeededCount");
    if (count && n > completions)
        check_invalid(k, PLACE(at, "succeededCount"), count,
                      "must be less than or equal to the number of specified "
                      "completions");
    if (count && indexes && n > total)
        check_invalid(k, PLACE(at, "succeededCount"), count,
                      "must be less than or equal to the number of indexes in "
                      "the specified succeededIndexes field");
}

static void check_success_policy(struct check *k, const struct place *at,
                                 const struct value *policy,
                                 const struct value *spec)
{
    const struct value *rules = value_get(policy, "rules"), *rule;

    if (!job_is_indexed(spec)) {
        check_invalid(k, at, policy, "requires indexed completion mode");
        return;
    }
    at = PLACE(at, "rules");
    if (!rules_item(rules, 0))
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: at least one rules must be specified when "
                  "the successPolicy is specified");
    else if (rules->count > RULES_MAX)
        check_add(k, CAUSE_TOO_MANY, at,
                  "Too many: %u: must have at most %d items", rules->count,
                  RULES_MAX);
    for (size_t i = 0; (rule = rules_item(rules, i)); i++)
        check_success_rule(k, PLACE_AT(at, i), rule,
                           value_int_at(spec, "completions", 0));
}

/* ---- what goes with indexes ---- */

static void check_most(struct check *k, const struct place *at,
                       const struct value *spec, const char *field,
                       int64_t most)
{
    if (value_int_at(spec, field, 0) > most)
        check_add(k, CAUSE_INVALID, PLACE(at, field),
                  "Invalid value: %lld: must be less than or equal to %lld",
                  (long long)value_int_at(spec, field, 0), (long long)most);
}

static void check_indexed(struct check *k, const struct place *at,
                          const struct value *spec)
{
    const int64_t completions = value_int_at(spec, "completions", 0);

    if (!value_get(spec, "completions"))
        check_required(k, at, "completions", "when completion mode is Indexed");
    check_most(k, at, spec, "parallelism", INDEXED_MAX);
    if (value_get(spec, "completions"))
        check_most(k, at, spec, "maxFailedIndexes", completions);
    check_most(k, at, spec, "maxFailedIndexes", INDEXED_MAX);
    if (completions <= INDEXED_MAX || !value_get(spec, "backoffLimitPerIndex"))
        return;
    if (!value_get(spec, "maxFailedIndexes"))
        check_required(k, at, "maxFailedIndexes",
                       "must be specified when completions is above 100000");
    check_most(k, at, spec, "parallelism", MANY_MAX);
    check_most(k, at, spec, "maxFailedIndexes", MANY_MAX);
}

static void check_mode(struct check *k, const struct place *at,
                       const struct value *spec)
{
    static const char *const modes[] = {"Indexed", "NonIndexed", NULL};
    static const char *const indexed[] = {"backoffLimitPerIndex",
                                          "maxFailedIndexes"};

    if (value_get(spec, "completionMode"))
        check_enum(k, at, spec, "completionMode", modes);
    if (job_is_indexed(spec))
        check_indexed(k, at, spec);
    else if (!value_get(spec, "completionMode") ||
             text_equal(value_text_at(spec, "completionMode"), "NonIndexed"))
        for (size_t i = 0; i < 2; i++)
            if (value_get(spec, indexed[i]))
                check_invalid(k, PLACE(at, indexed[i]),
                              value_get(spec, indexed[i]),
                              "requires indexed completion mode");
}

/* ---- the rest ---- */

static bool is_path(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "/%-._~!$&'()*+,;=:";

    return strspn(text, allowed) == strlen(text);
}

/* A controller of its own: "example.com/name". */
static void check_managed_by(struct check *k, const struct place *at,
                             const char *text)
{
    const char *slash = strchr(text, '/');
    const char *host;

    if (!*text) {
        check_add(k, CAUSE_REQUIRED, at, "Required value");
        return;
    }
    if (!slash || slash == text || !slash[1]) {
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a domain-prefixed path (such "
                  "as \"acme.io/foo\")",
                  text);
    } else {
        host = arena_strndup(k->c->a, text, (size_t)(slash - text));
        if (!host)
            failure_nomem(k->f);
        else
            check_text_by(k, at, host, wrong_dns_subdomain);
        if (!is_path(slash + 1))
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: \"%s\": Invalid path", slash + 1);
    }
    if (strlen(text) > MANAGED_BY_MAX)
        check_add(k, CAUSE_TOO_LONG, at,
                  "Too long: may not be more than %d bytes", MANAGED_BY_MAX);
}

/* Pods that are judged one by one are replaced when they have failed. */
static void check_replacement(struct check *k, const struct place *at,
                              const struct value *spec)
{
    static const char *const any[] = {"Failed", "TerminatingOrFailed", NULL};
    static const char *const failed[] = {"Failed", NULL};

    if (value_get(spec, "podReplacementPolicy"))
        check_enum(k, at, spec, "podReplacementPolicy",
                   value_get(spec, "podFailurePolicy") ? failed : any);
}

void rules_check_job_policies(struct check *k, const struct place *at,
                              const struct value *spec)
{
    const struct value *failing = value_get(spec, "podFailurePolicy");
    const struct value *success = value_get(spec, "successPolicy");
    const char *managed_by = value_text_at(spec, "managedBy");

    check_non_negative(k, at, spec, "maxFailedIndexes");
    if (value_get(spec, "maxFailedIndexes") &&
        !value_get(spec, "backoffLimitPerIndex"))
        check_required(k, at, "backoffLimitPerIndex",
                       "when maxFailedIndexes is specified");
    if (managed_by)
        check_managed_by(k, PLACE(at, "managedBy"), managed_by);
    check_mode(k, at, spec);
    if (failing)
        check_failure_policy(k, PLACE(at, "podFailurePolicy"), failing, spec);
    if (success)
        check_success_policy(k, PLACE(at, "successPolicy"), success, spec);
    check_replacement(k, at, spec);
}
