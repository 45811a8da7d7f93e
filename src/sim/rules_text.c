/*
 * rules_text.c -- what texts of the API may look like; the words are those of
 *                 k8s.io/apimachinery util/validation.
 */
#include <ctype.h>
#include <string.h>

#include "kube/key.h"
#include "rules_check.h"

static bool is_small(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Small letters, digits and dashes, no dash at an end. */
static bool is_dns_part(const char *text, size_t len)
{
    if (len == 0 || !is_small(text[0]) || !is_small(text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_small(text[i]) && text[i] != '-')
            return false;
    return true;
}

static bool is_dns_parts(const char *text)
{
    for (;;) {
        size_t len = strcspn(text, ".");

        if (!is_dns_part(text, len))
            return false;
        if (!text[len])
            return true;
        text += len + 1;
    }
}

const char *wrong_dns_label(const char *text, unsigned i)
{
    size_t len = strlen(text);

    if (i == 0)
        return len > NAME_MAX_DNS1123_LABEL ? "must be no more than 63 bytes"
                                            : NULL;
    return i > 1 || is_dns_part(text, len)
               ? NULL
               : "a lowercase RFC 1123 label must consist of lower case "
                 "alphanumeric characters or '-', and must start and end with "
                 "an alphanumeric character (e.g. 'my-name',  or '123-abc', "
                 "regex used for validation is "
                 "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

const char *wrong_dns_subdomain(const char *text, unsigned i)
{
    if (i == 0)
        return strlen(text) > NAME_MAX_DNS1123_SUBDOMAIN
                   ? "must be no more than 253 bytes"
                   : NULL;
    return i > 1 || is_dns_parts(text)
               ? NULL
               : "a lowercase RFC 1123 subdomain must consist of lower case "
                 "alphanumeric characters, '-' or '.', and must start and end "
                 "with an alphanumeric character (e.g. 'example.com', regex "
                 "used for validation is "
                 "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*"
                 "[a-z0-9])?)*')";
}

const char *wrong_path_segment(const char *text, unsigned i)
{
    if (i == 0)
        return strcmp(text, ".") == 0 || strcmp(text, "..") == 0
                   ? "may not be '.' or '..'"
                   : NULL;
    if (i == 1)
        return strchr(text, '/') ? "may not contain '/'" : NULL;
    return strchr(text, '%') ? "may not contain '%'" : NULL;
}

bool is_wrong(wrong_name_fn wrong, const char *text)
{
    for (unsigned i = 0; i < WRONG_PARTS; i++)
        if (wrong(text, i))
            return true;
    return false;
}

/* Letters, digits and - _ . inside, letters or digits at both ends. */
static bool is_label_text(const char *text, size_t len)
{
    if (len == 0 || !isalnum((unsigned char)text[0]) ||
        !isalnum((unsigned char)text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
            return false;
    return true;
}

static const char NAME_PART[] =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and "
    "must start and end with an alphanumeric character (e.g. 'MyName',  or "
    "'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

static const char *wrong_prefix(const char *text, size_t len)
{
    char prefix[256];

    if (len == 0)
        return "prefix part must be non-empty";
    if (len >= sizeof prefix)
        return "prefix part must be no more than 253 bytes";
    memcpy(prefix, text, len);
    prefix[len] = '\0';
    return wrong_dns_subdomain(prefix, 1);
}

/* The i-th of what may be wrong with it; they add up. */
const char *wrong_qualified_part(const char *text, unsigned i)
{
    const char *slash = strchr(text, '/');
    const char *name = slash ? slash + 1 : text;

    if (strchr(name, '/'))
        return i ? NULL
                 : "a qualified name must consist of alphanumeric characters, "
                   "'-', '_' or '.', and must start and end with an "
                   "alphanumeric character, with an optional DNS subdomain "
                   "prefix and '/' (e.g. 'example.com/MyName')";
    if (i == 0)
        return slash ? wrong_prefix(text, (size_t)(slash - text)) : NULL;
    if (i == 1 && !*name)
        return "name part must be non-empty";
    if (i == 1)
        return strlen(name) > 63 ? "name part must be no more than 63 bytes"
                                 : NULL;
    return is_label_text(name, strlen(name)) ? NULL : NAME_PART;
}

const char *wrong_qualified_name(const char *text)
{
    const char *wrong = NULL;

    for (unsigned i = 0; i < QUALIFIED_PARTS && !wrong; i++)
        wrong = wrong_qualified_part(text, i);
    return wrong;
}

const char *wrong_label_value(const char *text, unsigned i)
{
    if (i == 0)
        return strlen(text) > 63 ? "must be no more than 63 bytes" : NULL;
    return i > 1 || !*text || is_label_text(text, strlen(text))
               ? NULL
               : "a valid label must be an empty string or consist of "
                 "alphanumeric characters, '-', '_' or '.', and must start "
                 "and end with an alphanumeric character (e.g. 'MyValue',  or "
                 "'my_value',  or '12345', regex used for validation is "
                 "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

static bool is_config_text(const char *text)
{
    const char *at = text;

    while (isalnum((unsigned char)*at) || (*at && strchr("-_.", *at)))
        at++;
    return *text && !*at;
}

const char *wrong_config_key(const char *text, unsigned i)
{
    if (i == 0)
        return strlen(text) > 253 ? "must be no more than 253 bytes" : NULL;
    if (i == 1)
        return is_config_text(text)
                   ? NULL
                   : "a valid config key must consist of alphanumeric "
                     "characters, '-', '_' or '.' (e.g. 'key.name',  or "
                     "'KEY_NAME',  or 'key-name', regex used for validation "
                     "is '[-._a-zA-Z0-9]+')";
    if (strcmp(text, ".") == 0)
        return "must not be '.'";
    return text_starts(text, "..") ? "must not start with '..'" : NULL;
}

/* The i-th of what may be wrong with the name of a port; they add up. */
const char *wrong_port_name(const char *text, unsigned i)
{
    static const char small[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t len = strlen(text);

    switch (i) {
    case 0:
        return len > 15 ? "must be no more than 15 characters" : NULL;
    case 1:
        return text[strspn(text, small)]
                   ? "must contain only alpha-numeric characters (a-z, 0-9), "
                     "and hyphens (-)"
                   : NULL;
    case 2:
        return strpbrk(text, "abcdefghijklmnopqrstuvwxyz")
                   ? NULL
                   : "must contain at least one letter (a-z)";
    case 3:
        return strstr(text, "--") ? "must not contain consecutive hyphens"
                                  : NULL;
    default:
        return len && (text[0] == '-' || text[len - 1] == '-')
                   ? "must not begin or end with a hyphen"
                   : NULL;
    }
}

/* ---- addresses ---- */

static bool is_ipv4(const char *text)
{
    for (int part = 0; part < 4; part++) {
        size_t digits = strspn(text, "0123456789");
        int64_t n;

        if (digits == 0 || digits > 3 || !text_to_int64(text, digits, &n) ||
            n > 255 || (digits > 1 && *text == '0'))
            return false;
        text += digits;
        if (*text != (part < 3 ? '.' : '\0'))
            return false;
        text += part < 3;
    }
    return true;
}

static bool is_ipv6(const char *text)
{
    int groups = 0;
    bool gap = false;

    if (text[0] == ':' && text[1] != ':')
        return false;
    while (*text) {
        size_t digits = strspn(text, "0123456789abcdefABCDEF");

        if (digits > 4)
            return false;
        if (digits == 0) {
            if (text[0] != ':' || gap)
                return false;
            gap = true;
            text += 1 + (groups == 0);
            continue;
        }
        groups++;
        text += digits;
        if (*text == ':' && text[1] != '\0')
            text++;
        else if (*text)
            return false;
    }
    return gap ? groups < 8 : groups == 8;
}

bool rules_is_ip(const char *text)
{
    return strchr(text, ':') ? is_ipv6(text) : is_ipv4(text);
}

bool rules_is_cidr(const char *text)
{
    const char *slash = strchr(text, '/');
    char ip[64];
    int64_t bits;
    size_t len = slash ? (size_t)(slash - text) : 0;

    if (!slash || len >= sizeof ip)
        return false;
    memcpy(ip, text, len);
    ip[len] = '\0';
    return rules_is_ip(ip) &&
           text_to_int64(slash + 1, strlen(slash + 1), &bits) && bits >= 0 &&
           bits <= (strchr(ip, ':') ? 128 : 32);
}
