/*
 * serve_path.c -- which resource a path names (RequestInfo of the API server).
 */
#include <string.h>

#include "base/text.h"
#include "serve_impl.h"

#define MAX_SEGMENTS 10

struct segments {
    const char *items[MAX_SEGMENTS];
    size_t count;
};

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* NULL: no memory, or no good escape. */
static const char *unescape(struct arena *a, const char *text, size_t len)
{
    char *out = arena_alloc(a, len + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < len; i++) {
        int high, low;

        if (text[i] != '%') {
            out[n++] = text[i];
            continue;
        }
        high = i + 2 < len ? digit(text[i + 1]) : -1;
        low = high >= 0 ? digit(text[i + 2]) : -1;
        if (low < 0 || (high == 0 && low == 0))
            return NULL;
        out[n++] = (char)(high * 16 + low);
        i += 2;
    }
    if (out)
        out[n] = '\0';
    return out;
}

static bool cut(struct arena *a, const char *path, struct segments *ret)
{
    ret->count = 0;
    while (*path) {
        size_t len = strcspn(path + 1, "/");

        if (*path != '/' || ret->count == MAX_SEGMENTS)
            return false;
        ret->items[ret->count] = unescape(a, path + 1, len);
        if (!ret->items[ret->count])
            return false;
        path += 1 + len;
        if (len || *path)
            ret->count++; /* a slash at the end names nothing */
    }
    return true;
}

/* Behind group and version: namespaces/NS/PLURAL/NAME/SUB or without the
 * first two. */
static bool place_of(const char *const *s, size_t n, struct place *ret)
{
    bool scoped = n > 2 && strcmp(s[0], "namespaces") == 0 &&
                  strcmp(s[2], "status") != 0 && strcmp(s[2], "finalize") != 0;

    if (scoped) {
        ret->key.ns = s[1];
        s += 2;
        n -= 2;
    }
    if (n == 0 || n > 3)
        return false;
    ret->plural = s[0];
    ret->key.name = n > 1 ? s[1] : NULL;
    ret->subresource = n > 2 ? s[2] : "";
    for (size_t i = 0; i < n; i++)
        if (!*s[i])
            return false;
    return !scoped || *ret->key.ns;
}

bool path_parse(struct ask *k, struct place *ret)
{
    struct segments s;
    size_t skip = 2;

    *ret = (struct place){.group = "", .key = {.ns = ""}, .subresource = ""};
    if (!cut(k->a, k->q->path, &s) || s.count < 3)
        return false;
    if (strcmp(s.items[0], "apis") == 0) {
        ret->group = s.items[1];
        ret->version = s.items[2];
        skip = 3;
    } else if (strcmp(s.items[0], "api") == 0) {
        ret->version = s.items[1];
    } else {
        return false;
    }
    if (s.count > skip + 1 && strcmp(s.items[skip], "watch") == 0) {
        ret->watch = true;
        skip++;
    }
    return s.count > skip && place_of(s.items + skip, s.count - skip, ret);
}
