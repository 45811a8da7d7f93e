/*
 * fingerprint.c -- see fingerprint.h.
 */
#include "script/fingerprint.h"

#include <string.h>

#include "base/hash.h"
#include "script/module.h"
#include "script/table.h"

#define DIGITS 12

/* ---- the source as it counts ---- */

struct scan {
    const char *at, *end;
    struct str *out;
    bool blank; /* something was left out since the last byte */
};

static bool starts(const struct scan *s, const char *text)
{
    size_t len = strlen(text);

    return (size_t)(s->end - s->at) >= len && memcmp(s->at, text, len) == 0;
}

/* The length of a long bracket's opening "[==[" at `at`, 0 when it is none. */
static size_t long_bracket(const struct scan *s, const char *at)
{
    const char *c = at;

    if (c >= s->end || *c != '[')
        return 0;
    for (c++; c < s->end && *c == '=';)
        c++;
    return c < s->end && *c == '[' ? (size_t)(c - at) + 1 : 0;
}

/* Behind the closing that belongs to an opening of that length. */
static const char *long_end(const struct scan *s, const char *at, size_t len)
{
    for (; at < s->end; at++) {
        const char *c = at + 1;

        if (*at != ']')
            continue;
        while (c < s->end && *c == '=')
            c++;
        if (c < s->end && *c == ']' && (size_t)(c - at) + 1 == len)
            return c + 1;
    }
    return s->end;
}

/* Behind the quote that ends the text at `at`. */
static const char *quoted_end(const struct scan *s, const char *at)
{
    char quote = *at++;

    while (at < s->end && *at != quote)
        at += *at == '\\' && at + 1 < s->end ? 2 : 1;
    return at < s->end ? at + 1 : s->end;
}

static const char *comment_end(const struct scan *s)
{
    size_t len = long_bracket(s, s->at + 2);
    const char *line;

    if (len)
        return long_end(s, s->at + 2 + len, len);
    line = memchr(s->at, '\n', (size_t)(s->end - s->at));
    return line ? line : s->end;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What stands at s->at, up to there, counts. */
static void keep(struct scan *s, const char *to)
{
    if (s->blank && s->out->len)
        str_addc(s->out, ' ');
    s->blank = false;
    str_addn(s->out, s->at, (size_t)(to - s->at));
    s->at = to;
}

int fingerprint_normalise(const char *text, size_t len, struct str *out)
{
    struct scan s = {text, text + len, out, false};

    while (s.at < s.end) {
        size_t bracket = long_bracket(&s, s.at);

        if (starts(&s, "--")) {
            s.at = comment_end(&s);
            s.blank = true;
        } else if (is_blank(*s.at)) {
            s.at++;
            s.blank = true;
        } else if (bracket) {
            keep(&s, long_end(&s, s.at + bracket, bracket));
        } else if (*s.at == '"' || *s.at == '\'') {
            keep(&s, quoted_end(&s, s.at));
        } else {
            keep(&s, s.at + 1);
        }
    }
    return out->failed ? -(int)out->failed : 0;
}

/* ---- functions and rows ---- */

static const struct script_file *find_file(const struct script *s,
                                           const char *name)
{
    for (size_t i = 0; i < s->file_count; i++) {
        const char *own = s->files[i].name;

        if (text_starts(own, SCRIPT_OVERLAY))
            own += sizeof SCRIPT_OVERLAY - 1;
        if (strcmp(own, name) == 0)
            return &s->files[i];
    }
    return NULL;
}

/* The lines from `first` to `last` of the text, counted from 1. */
static const char *lines_of(const struct script_file *f,
                            const struct operator_code *code, size_t *ret_len)
{
    const char *at = f->text, *end = f->text + f->len, *begin = end;

    for (int n = 1; at < end && n <= code->last; n++) {
        const char *line = memchr(at, '\n', (size_t)(end - at));

        if (n == code->first)
            begin = at;
        at = line ? line + 1 : end;
    }
    *ret_len = at > begin ? (size_t)(at - begin) : 0;
    return begin;
}

static void add_code(lua_State *L, struct str *out)
{
    struct operator_code code = code_at_top(L);
    const struct script_file *f =
        code.file ? find_file(vm_of(L)->script, code.file) : NULL;
    struct str lines = {0};
    const char *text;
    size_t len;

    if (!f)
        return;
    text = lines_of(f, &code, &len);
    if (fingerprint_normalise(text, len, &lines) < 0)
        out->failed = lines.failed;
    str_addf(out, "\n%s", str_text(&lines));
    str_release(&lines);
}

/* Of vm->text. */
static const char *digest(lua_State *L)
{
    struct vm *vm = vm_of(L);
    char hex[HASH_HEX_SIZE];

    if (vm->text.failed)
        vm_kill_nomem(L);
    hash_sha256_hex(str_text(&vm->text), vm->text.len, hex);
    return vm_text(L, hex, DIGITS);
}

const char *fingerprint_function(lua_State *L)
{
    struct vm *vm = vm_of(L);

    if (!vm->declaring)
        return "";
    str_clear(&vm->text);
    add_code(L, &vm->text);
    return digest(L);
}

const char *fingerprint_row(lua_State *L)
{
    static const char *const functions[] = {"when", "why", "plan"};
    struct vm *vm = vm_of(L);
    const char *id = raw_text(L, -1, "id"), *why = raw_text(L, -1, "why");

    if (!vm->declaring)
        return "";
    lua_getfield(L, -1, "hold");
    str_clear(&vm->text);
    str_addf(&vm->text, "%s\n%d\n%s", id ? id : "", lua_toboolean(L, -1),
             why ? why : "");
    lua_pop(L, 1);
    for (size_t i = 0; i < 3; i++) {
        lua_getfield(L, -1, functions[i]);
        add_code(L, &vm->text);
        lua_pop(L, 1);
    }
    return digest(L);
}
