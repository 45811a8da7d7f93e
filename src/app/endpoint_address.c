/*
 * endpoint_address.c -- what `--listen` may be.
 */
#include <stdio.h>
#include <string.h>

#include "endpoint_impl.h"

static int refuse(const char *address, struct err *err)
{
    err_set(err, ERR_USAGE, "--listen '%s' is no address", address);
    return err_hint(err, "8080 (on loopback), 127.0.0.1:8080, [::1]:8080, or "
                         ":8080 on all addresses");
}

/* What stands before the last colon, without brackets; nothing is everything.
 */
static int read_host(const char *address, size_t len,
                     char host[ENDPOINT_HOST_MAX], struct err *err)
{
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    } else if (memchr(address, ':', len)) {
        return refuse(address, err);
    }
    if (len >= ENDPOINT_HOST_MAX)
        return refuse(address, err);
    snprintf(host, ENDPOINT_HOST_MAX, "%.*s", (int)len, address);
    if (len == 0)
        snprintf(host, ENDPOINT_HOST_MAX, "0.0.0.0");
    else if (strcmp(host, "localhost") == 0)
        snprintf(host, ENDPOINT_HOST_MAX, "127.0.0.1");
    return 0;
}

int endpoint_parse(const char *address, char host[ENDPOINT_HOST_MAX],
                   uint16_t *ret_port, struct err *err)
{
    const char *colon = strrchr(address, ':');
    const char *digits = colon ? colon + 1 : address;
    int64_t n;

    if (!text_to_int64(digits, strlen(digits), &n) || n < 0 || n > UINT16_MAX)
        return refuse(address, err);
    *ret_port = (uint16_t)n;
    if (!colon) {
        snprintf(host, ENDPOINT_HOST_MAX, "127.0.0.1");
        return 0;
    }
    return read_host(address, (size_t)(colon - address), host, err);
}

bool endpoint_is_loopback(const char *host)
{
    return text_starts(host, "127.") || strcmp(host, "::1") == 0;
}
