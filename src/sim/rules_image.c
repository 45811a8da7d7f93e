/*
 * rules_image.c -- names of images: [domain/]path[:tag][@digest], as
 *                  distribution's reference package takes them.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "rules_impl.h"

#define TAG_MAX 128
#define NAME_MAX_SIZE 255
#define IDENTIFIER_SIZE 64

static const char SMALL[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char HEX[] = "0123456789abcdef";

/* ---- parts; each gives the length of what it takes, 0: it is none ---- */

/* Between two words: '.', '_', "__" or dashes. */
static size_t take_separator(const char *text)
{
    if (*text == '-')
        return strspn(text, "-");
    if (text[0] == '_' && text[1] == '_')
        return 2;
    return *text == '.' || *text == '_';
}

static size_t take_component(const char *text)
{
    size_t len = strspn(text, SMALL), gap, word;

    while (len) {
        gap = take_separator(text + len);
        word = gap ? strspn(text + len + gap, SMALL) : 0;
        if (!word)
            return len;
        len += gap + word;
    }
    return 0;
}

static size_t take_path(const char *text)
{
    size_t len = take_component(text), next;

    while (len && text[len] == '/') {
        next = take_component(text + len + 1);
        if (!next)
            return 0;
        len += 1 + next;
    }
    return len;
}

static size_t take_tag(const char *text)
{
    size_t len = 0;

    while (isalnum((unsigned char)text[len]) || text[len] == '_' ||
           (len && (text[len] == '.' || text[len] == '-')))
        len++;
    return len <= TAG_MAX ? len : 0;
}

static bool is_digest(const char *text)
{
    static const struct {
        const char *algorithm;
        size_t size;
    } known[] = {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (text_starts(text, known[i].algorithm)) {
            const char *hex = text + strlen(known[i].algorithm);

            return strspn(hex, HEX) == known[i].size && !hex[known[i].size];
        }
    return false;
}

/* ---- domains ---- */

static size_t take_label(const char *text)
{
    size_t len = 0;

    while (isalnum((unsigned char)text[len]) || (len && text[len] == '-'))
        len++;
    return len && text[len - 1] == '-' ? 0 : len;
}

static bool is_domain(const char *text, size_t size)
{
    size_t len = 0, label;

    if (*text == '[') {
        len = 1 + strspn(text + 1, ":0123456789abcdefABCDEF");
        if (len == 1 || text[len++] != ']')
            return false;
    } else {
        do {
            label = take_label(text + len);
            len += label;
        } while (label && text[len] == '.' && len++ < size);
        if (!label)
            return false;
    }
    if (text[len] == ':') {
        size_t digits = strspn(text + len + 1, "0123456789");

        if (!digits)
            return false;
        len += 1 + digits;
    }
    return len == size;
}

/* The length of the domain before the first slash; 0: there is none, it is a
 * part of the path. */
static size_t domain_size(const char *image)
{
    size_t len = strcspn(image, "/");

    if (!image[len])
        return 0;
    for (size_t i = 0; i < len; i++)
        if (strchr(".:", image[i]) || isupper((unsigned char)image[i]))
            return len;
    return len == strlen("localhost") && text_starts(image, "localhost") ? len
                                                                         : 0;
}

/* ---- images ---- */

bool rules_image_is_latest(const char *image)
{
    size_t domain = domain_size(image), len;
    const char *path = image + (domain ? domain + 1 : 0);
    const char *tag = NULL;

    if ((domain && !is_domain(image, domain)) ||
        (strlen(image) == IDENTIFIER_SIZE &&
         strspn(image, HEX) == IDENTIFIER_SIZE))
        return false;
    len = take_path(path);
    if (!len || domain + len > NAME_MAX_SIZE)
        return false;
    path += len;
    if (*path == ':') {
        tag = path + 1;
        path = tag + take_tag(tag);
        if (path == tag)
            return false;
    }
    if (*path)
        return *path == '@' && is_digest(path + 1) && tag &&
               text_starts(tag, "latest@");
    return !tag || strcmp(tag, "latest") == 0;
}
