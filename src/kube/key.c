/*
 * key.c -- see key.h for the contract.
 *
 * DESIGN
 *
 * Everything here compares or checks borrowed text; nothing is allocated. A
 * group is a view into its apiVersion (`struct view`), so that comparing two
 * groups needs no copy of either.
 */
#include "kube/key.h"

#include <ctype.h>
#include <string.h>

struct view {
    const char *text;
    size_t len;
};

/* "apps/v1" -> "apps", "v1" -> "" */
static struct view group_of(const char *api_version)
{
    const char *slash = strchr(api_version, '/');

    if (!slash)
        return (struct view){"", 0};
    return (struct view){api_version, (size_t)(slash - api_version)};
}

bool gvk_equal(const struct gvk *a, const struct gvk *b)
{
    return strcmp(a->kind, b->kind) == 0 &&
           strcmp(a->api_version, b->api_version) == 0;
}

bool gvk_group(const char *api_version, char *out, size_t size)
{
    struct view group = group_of(api_version);

    if (group.len >= size)
        return false;
    memcpy(out, group.text, group.len);
    out[group.len] = '\0';
    return true;
}

bool gvk_same_group_kind(const struct gvk *a, const struct gvk *b)
{
    struct view ga = group_of(a->api_version);
    struct view gb = group_of(b->api_version);

    return ga.len == gb.len && memcmp(ga.text, gb.text, ga.len) == 0 &&
           strcmp(a->kind, b->kind) == 0;
}

bool object_key_equal(const struct object_key *a, const struct object_key *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->ns, b->ns) == 0;
}

int object_key_compare(const struct object_key *a, const struct object_key *b)
{
    int order = strcmp(a->ns, b->ns);

    return order != 0 ? order : strcmp(a->name, b->name);
}

int object_key_print(const struct object_key *k, struct str *out)
{
    if (k->ns[0] == '\0')
        return str_add(out, k->name);
    return str_addf(out, "%s/%s", k->ns, k->name);
}

/* ---- names ---- */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])? over exactly `len` bytes. */
static bool is_label(const char *text, size_t len)
{
    if (len == 0 || text[0] == '-' || text[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_alnum(text[i]) && text[i] != '-')
            return false;
    return true;
}

bool name_is_dns_label(const char *name)
{
    size_t len = strlen(name);

    return len <= NAME_MAX_DNS1123_LABEL && is_label(name, len);
}

/* The parts of a subdomain have no limit of their own: the API server checks
 * only the whole. */
bool name_is_dns_subdomain(const char *name)
{
    if (strlen(name) > NAME_MAX_DNS1123_SUBDOMAIN)
        return false;
    for (;;) {
        size_t len = strcspn(name, ".");

        if (!is_label(name, len))
            return false;
        if (name[len] == '\0')
            return true;
        name += len + 1;
    }
}

bool name_is_path_segment(const char *name)
{
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    return name[strcspn(name, "/%")] == '\0';
}

/* ---- the order of versions ---- */

enum stability {
    STABILITY_NONE,
    STABILITY_ALPHA,
    STABILITY_BETA,
    STABILITY_GA
};

struct version {
    enum stability stability;
    int64_t major;
    int64_t minor; /* of an alpha or beta */
};

/* Without leading zero, as Kubernetes reads versions: v01 is no version. */
static bool read_number(const char **at, int64_t *ret_number)
{
    size_t len = strspn(*at, "0123456789");
    bool ok = (*at)[0] != '0' && text_to_int64(*at, len, ret_number);

    *at += len;
    return ok;
}

/* "v1beta2": anything of another form has no stability. */
static struct version parse_version(const char *name)
{
    struct version v = {0};
    const char *at = name + 1;
    enum stability stability = STABILITY_GA;

    if (name[0] != 'v' || !read_number(&at, &v.major))
        return v;
    if (text_starts(at, "beta")) {
        stability = STABILITY_BETA;
        at += strlen("beta");
    } else if (text_starts(at, "alpha")) {
        stability = STABILITY_ALPHA;
        at += strlen("alpha");
    }
    if (stability != STABILITY_GA && !read_number(&at, &v.minor))
        return v;
    if (*at == '\0')
        v.stability = stability;
    return v;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int version_compare(const char *a, const char *b)
{
    struct version x = parse_version(a), y = parse_version(b);
    int order = compare_numbers(y.stability, x.stability);

    if (order != 0)
        return order;
    if (x.stability == STABILITY_NONE)
        return strcmp(a, b);
    order = compare_numbers(y.major, x.major);
    return order != 0 ? order : compare_numbers(y.minor, x.minor);
}

bool api_version_is_valid(const char *text)
{
    const char *slash = strchr(text, '/');
    const char *version = slash ? slash + 1 : text;
    char group[NAME_MAX_DNS1123_SUBDOMAIN + 1];

    if (version[0] != 'v' || !isdigit((unsigned char)version[1]) ||
        !name_is_dns_label(version))
        return false;
    if (!slash)
        return true;
    return gvk_group(text, group, sizeof group) && name_is_dns_subdomain(group);
}

bool kind_is_valid(const char *text)
{
    if (!isupper((unsigned char)text[0]) || strlen(text) > 63)
        return false;
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c))
            return false;
    return true;
}
