/*
 * zone.c -- see zone.h.
 *
 * DESIGN
 *
 * A TZif file has two blocks: one of 32-bit times for old readers, and behind
 * it one of 64-bit times with a footer. The first is skipped where there is a
 * second. Numbers are big-endian. Everything is checked against the length
 * before it is looked at, so damaged bytes are an error and nothing else.
 *
 *     header  (v1 block)  header  times  types  infos  names  leaps  flags
 *     "\n" rule "\n"
 *
 * INVARIANTS
 *
 *   Z1  times are strictly rising
 *   Z2  every type is an index into infos, every info's name lies in names and
 *       ends there
 */
#include "zone_rule.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define HEADER 44
#define MAX_TIMES 4096
#define MAX_INFOS 256
#define LIMIT ((int64_t)1 << 53)
#define MAX_OFFSET (26 * 3600) /* a local time is this near to its instant */

struct info {
    int32_t offset;
    bool dst;
    char abbreviation[ZONE_ABBREVIATION_SIZE];
};

struct zone {
    char *name;
    unsigned char *bytes;
    size_t len;
    int64_t *times;
    unsigned char *types; /* of the spans that begin at `times` */
    size_t count;
    struct info *infos;
    size_t info_count;
    bool has_rule;
    struct zone_rule rule; /* behind the last of `times` */
};

/* ---- reading ---- */

struct block {
    unsigned version;
    uint32_t utc_flags, standard_flags, leaps, times, infos, chars;
};

static uint32_t read32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static int64_t read64(const unsigned char *p)
{
    return (int64_t)((uint64_t)read32(p) << 32 | read32(p + 4));
}

static size_t block_size(const struct block *b, size_t time_size)
{
    return (size_t)b->times * (time_size + 1) + (size_t)b->infos * 6 +
           b->chars + (size_t)b->leaps * (time_size + 4) + b->standard_flags +
           b->utc_flags;
}

static bool read_header(const unsigned char *p, size_t len, struct block *ret)
{
    if (len < HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    ret->version = p[4] ? (unsigned)(p[4] - '0') : 1;
    ret->utc_flags = read32(p + 20);
    ret->standard_flags = read32(p + 24);
    ret->leaps = read32(p + 28);
    ret->times = read32(p + 32);
    ret->infos = read32(p + 36);
    ret->chars = read32(p + 40);
    return ret->infos > 0 && ret->infos <= MAX_INFOS &&
           ret->times <= MAX_TIMES && ret->chars <= 4096 &&
           ret->leaps <= 4096 && ret->standard_flags <= ret->infos &&
           ret->utc_flags <= ret->infos;
}

static int make_room(struct zone *z, const struct block *b)
{
    z->times = mem_calloc(b->times + 1, sizeof *z->times);
    z->types = mem_calloc(b->times + 1, 1);
    z->infos = mem_calloc(b->infos, sizeof *z->infos);
    return z->times && z->types && z->infos ? 0 : -ERR_NOMEM;
}

static bool read_times(struct zone *z, const struct block *b,
                       const unsigned char *p, size_t size)
{
    const unsigned char *types = p + b->times * size;

    for (uint32_t i = 0; i < b->times; i++) {
        z->times[i] =
            size == 8 ? read64(p + 8 * i) : (int32_t)read32(p + 4 * i);
        z->types[i] = types[i];
        if (types[i] >= b->infos || (i && z->times[i] <= z->times[i - 1]))
            return false;
    }
    z->count = b->times;
    return true;
}

static bool read_infos(struct zone *z, const struct block *b,
                       const unsigned char *p)
{
    const char *chars = (const char *)p + b->infos * 6;

    for (uint32_t i = 0; i < b->infos; i++) {
        struct info *info = &z->infos[i];
        size_t at = p[6 * i + 5];
        size_t len;

        info->offset = (int32_t)read32(p + 6 * i);
        info->dst = p[6 * i + 4] != 0;
        if (at >= b->chars || info->offset <= -MAX_OFFSET ||
            info->offset >= MAX_OFFSET)
            return false;
        len = strnlen(chars + at, b->chars - at);
        if (at + len == b->chars || len >= sizeof info->abbreviation)
            return false;
        memcpy(info->abbreviation, chars + at, len);
    }
    z->info_count = b->infos;
    return true;
}

/* "\nrule\n" to the end; an empty rule says nothing about what is to come. */
static bool read_footer(struct zone *z, const unsigned char *p, size_t left)
{
    if (left < 2 || p[0] != '\n' || p[left - 1] != '\n')
        return false;
    z->has_rule = left > 2;
    return !z->has_rule ||
           zone_rule_parse((const char *)p + 1, left - 2, &z->rule);
}

static int read_block(struct zone *z, const unsigned char *p, size_t len,
                      struct err *err)
{
    struct block b;
    size_t size, time_size = 4;

    if (!read_header(p, len, &b))
        return -ERR_INVALID;
    size = block_size(&b, 4);
    if (b.version >= 2) { /* the same again, with 64 bits */
        if (len < HEADER + size ||
            !read_header(p + HEADER + size, len - HEADER - size, &b))
            return -ERR_INVALID;
        p += HEADER + size;
        len -= HEADER + size;
        time_size = 8;
        size = block_size(&b, 8);
    }
    p += HEADER;
    len -= HEADER;
    if (len < size || b.leaps > 0)
        return -ERR_INVALID;
    if (make_room(z, &b) < 0)
        return err_nomem(err);
    if (!read_times(z, &b, p, time_size) ||
        !read_infos(z, &b, p + b.times * (time_size + 1)))
        return -ERR_INVALID;
    if (time_size == 8 && !read_footer(z, p + size, len - size))
        return -ERR_INVALID;
    return 0;
}

int zone_parse(const char *name, const void *bytes, size_t len,
               struct zone **ret, struct err *err)
{
    struct zone *z;
    int rc;

    if (len > ZONE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "time zone '%s': more than %zu bytes",
                       name, ZONE_MAX_BYTES);
    z = mem_calloc(1, sizeof *z);
    if (!z)
        return err_nomem(err);
    z->name = mem_strdup(name);
    z->bytes = mem_alloc(len + 1);
    if (!z->name || !z->bytes) {
        zone_free(z);
        return err_nomem(err);
    }
    memcpy(z->bytes, bytes, len);
    z->len = len;
    rc = read_block(z, z->bytes, len, err);
    if (rc == -ERR_INVALID)
        err_set(err, ERR_INVALID,
                "time zone '%s': the file is no TZif, or has leap seconds",
                name);
    if (rc < 0) {
        zone_free(z);
        return rc;
    }
    *ret = z;
    return 0;
}

void zone_free(struct zone *z)
{
    if (!z)
        return;
    mem_free(z->name);
    mem_free(z->bytes);
    mem_free(z->times);
    mem_free(z->types);
    mem_free(z->infos);
    mem_free(z);
}

const struct zone *zone_utc(void)
{
    static char name[] = "UTC";
    static struct info info = {0, false, "UTC"};
    static const struct zone utc = {
        .name = name, .infos = &info, .info_count = 1};

    return &utc;
}

const char *zone_name(const struct zone *z)
{
    return z->name;
}

const void *zone_bytes(const struct zone *z, size_t *ret_len)
{
    *ret_len = z->len;
    return z->bytes;
}

/* A part between slashes: no dots at all, so neither "." nor "..". */
static bool part_is_valid(const char *part, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)part[i]) && !strchr("_+-", part[i]))
            return false;
    return len > 0 && isalpha((unsigned char)part[0]);
}

bool zone_name_is_valid(const char *name)
{
    /* not "localtime", "right/...": those are not names of zones */
    if (strlen(name) > ZONE_MAX_NAME || !isupper((unsigned char)*name))
        return false;
    for (;; name++) {
        size_t len = strcspn(name, "/");

        if (!part_is_valid(name, len))
            return false;
        name += len;
        if (!*name)
            return true;
    }
}

/* ---- looking up ---- */

/* How many of the times are not after `at`. */
static size_t times_until(const struct zone *z, int64_t at)
{
    size_t low = 0, high = z->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (z->times[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void zone_span(const struct zone *z, int64_t at, struct zone_span *ret)
{
    const struct info *info;
    size_t n;

    at = at > LIMIT ? LIMIT : at < -LIMIT ? -LIMIT : at;
    n = times_until(z, at);
    if (n == z->count && z->has_rule) {
        zone_rule_span(&z->rule, at, ret);
        if (n && ret->from < z->times[n - 1])
            ret->from = z->times[n - 1];
        return;
    }
    info = &z->infos[n ? z->types[n - 1] : 0];
    *ret = (struct zone_span){
        .from = n ? z->times[n - 1] : INT64_MIN,
        .until = n < z->count ? z->times[n] : INT64_MAX,
        .offset = info->offset,
        .dst = info->dst,
    };
    memcpy(ret->abbreviation, info->abbreviation, sizeof ret->abbreviation);
}

/* Walks over the spans around the local time: it is in each of them in which
 * its clock shows it. Where it is in none, one span ended before it and the
 * next began behind it. */
enum zone_local zone_instant(const struct zone *z, int64_t local, bool last,
                             int64_t *ret)
{
    struct zone_span s, before = {.until = INT64_MIN};
    unsigned found = 0;
    int64_t gap = local;

    local = local > LIMIT ? LIMIT : local < -LIMIT ? -LIMIT : local;
    zone_span(z, local - MAX_OFFSET, &s);
    for (;;) {
        int64_t at = local - s.offset;

        if (at >= s.from && at < s.until) {
            if (found++ == 0 || last)
                *ret = at;
        } else if (before.until == s.from && at < s.from &&
                   local - before.offset >= before.until) {
            gap = local - before.offset;
        }
        before = s;
        if (s.until > local + MAX_OFFSET)
            break;
        zone_span(z, before.until, &s);
    }
    if (found == 0)
        *ret = gap;
    return found == 0 ? ZONE_GAP : found == 1 ? ZONE_UNIQUE : ZONE_OVERLAP;
}
