/*
 * check_findings.c -- the list of findings: collected, put in order, thinned.
 */
#include "check_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code;
    enum check_level level;
} codes[] = {
#define XX(code, level) {code, CHECK_##level},
    CHECK_MAP(XX)
#undef XX
};
#define CODES (sizeof(codes) / sizeof(codes[0]))

/* These say that something went wrong while it ran; another finding of the
 * same line says what. */
static const char *const general[] = {"script-error", "plan-refused",
                                      "load-error", NULL};

const char *check_code(size_t i, enum check_level *ret_level)
{
    if (i >= CODES)
        return NULL;
    if (ret_level)
        *ret_level = codes[i].level;
    return codes[i].code;
}

static enum check_level level_of(const char *code)
{
    for (size_t i = 0; i < CODES; i++)
        if (strcmp(codes[i].code, code) == 0)
            return codes[i].level;
    return CHECK_ERROR;
}

/* ---- adding ---- */

/* Absent texts stay absent. */
static const char *keep(struct findings *f, const char *text)
{
    const char *copy = text && *text ? arena_strdup(f->arena, text) : NULL;

    f->failed |= text && *text && !copy;
    return copy;
}

static bool make_room(struct findings *f)
{
    size_t cap = f->cap ? f->cap * 2 : 32;
    struct finding *items;

    if (f->count < f->cap)
        return true;
    items = arena_alloc(f->arena, cap * sizeof(*items));
    if (!items)
        return false;
    if (f->count)
        memcpy(items, f->items, f->count * sizeof(*items));
    f->items = items;
    f->cap = cap;
    return true;
}

void findings_add(struct findings *f, const struct finding *what)
{
    struct finding *item;

    if (!what->file || !what->message || !make_room(f)) {
        f->failed = true;
        return;
    }
    item = &f->items[f->count];
    *item = *what;
    item->file = keep(f, what->file);
    item->code = keep(f, what->code);
    item->message = keep(f, what->message);
    item->hint = keep(f, what->hint);
    item->path = keep(f, what->path);
    item->when = keep(f, f->when);
    item->level = level_of(what->code);
    f->count += item->file && item->code && item->message;
}

/* "lib/ports.lua:31: the rest" */
static const char *split_place(struct findings *f, const char *msg,
                               struct finding *ret)
{
    const char *end = strstr(msg, ".lua:");
    const char *at;
    int64_t line;

    if (!end || memchr(msg, ' ', (size_t)(end - msg)))
        return msg;
    end += 4;
    for (at = end + 1; isdigit((unsigned char)*at);)
        at++;
    if (*at != ':' || !text_to_int64(end + 1, (size_t)(at - end - 1), &line))
        return msg;
    ret->file = arena_strndup(f->arena, msg, (size_t)(end - msg));
    ret->line = (unsigned)line;
    return at + 1 + (at[1] == ' ');
}

void findings_add_err(struct findings *f, const char *code, const char *file,
                      const struct err *err)
{
    struct finding what = {.file = file, .code = code, .hint = err->hint};

    what.message = split_place(f, err->msg, &what);
    findings_add(f, &what);
}

/* ---- order ---- */

static int compare(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int c = strcmp(x->file, y->file);

    if (c == 0)
        c = (x->line > y->line) - (x->line < y->line);
    if (c == 0)
        c = (x->column > y->column) - (x->column < y->column);
    if (c == 0)
        c = strcmp(x->code, y->code);
    return c ? c : strcmp(x->message, y->message);
}

static bool is_general(const char *code)
{
    const char *const *at = general;

    while (*at && strcmp(*at, code) != 0)
        at++;
    return *at != NULL;
}

/* The same field, found in the text and in the plan of several examples; the
 * place in the text is the better one. */
static bool says_the_same(const struct finding *x, const struct finding *y)
{
    return strcmp(x->code, y->code) == 0 && x->path && y->path &&
           strcmp(x->path, y->path) == 0 && text_equal(x->message, y->message);
}

static bool is_dropped(const struct findings *f, size_t i)
{
    const struct finding *x = &f->items[i];

    for (size_t k = 0; k < f->count; k++) {
        const struct finding *y = &f->items[k];

        if (k == i || strcmp(x->file, y->file) != 0)
            continue;
        if (strcmp(x->code, "syntax") == 0 && strcmp(y->code, "syntax") == 0 &&
            x->column == 0 && y->column > 0)
            return true; /* two parsers met the same fault */
        if (says_the_same(x, y) &&
            (y->column > x->column || (y->column == x->column && k < i)))
            return true;
        if (x->line != y->line)
            continue;
        if (is_general(x->code) && !is_general(y->code) &&
            y->level == CHECK_ERROR)
            return true;
        if (k < i && compare(x, y) == 0)
            return true;
    }
    return false;
}

void findings_tidy(struct findings *f)
{
    size_t kept = 0;
    bool *dropped;

    if (f->count > 1)
        qsort(f->items, f->count, sizeof(*f->items), compare);
    dropped = arena_calloc(f->arena, f->count + 1, sizeof(*dropped));
    f->failed |= !dropped;
    for (size_t i = 0; dropped && i < f->count; i++)
        dropped[i] = is_dropped(f, i);
    for (size_t i = 0; dropped && i < f->count; i++)
        if (!dropped[i])
            f->items[kept++] = f->items[i];
    if (dropped)
        f->count = kept;
}

/* ---- suppressions ---- */

struct suppression {
    const char *file;
    unsigned line;    /* of the comment */
    unsigned applies; /* the line that it is about */
    const char *code;
    bool used;
};

struct suppressing {
    struct findings *found;
    struct suppression *items;
    size_t count, cap;
};

static const char *skip_blanks(const char *text, const char *end)
{
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    return text;
}

/* "--[blanks]tidelock: ignore" in the line: what follows it, or NULL. */
static const char *find_comment(const char *line, const char *end)
{
    static const char words[] = "tidelock: ignore ";
    const char *at =
        memmem(line, (size_t)(end - line), words, sizeof(words) - 1);
    const char *before = at;

    while (before && before > line && before[-1] == ' ')
        before--;
    if (!before || before - line < 2 || before[-1] != '-' || before[-2] != '-')
        return NULL;
    return at + sizeof(words) - 1;
}

static void add_suppression(struct suppressing *s,
                            const struct suppression *what)
{
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16;
        struct suppression *items =
            arena_alloc(s->found->arena, cap * sizeof(*items));

        if (!items) {
            s->found->failed = true;
            return;
        }
        if (s->count)
            memcpy(items, s->items, s->count * sizeof(*items));
        s->items = items;
        s->cap = cap;
    }
    s->items[s->count++] = *what;
}

/* CODE and a reason. */
static void read_comment(struct suppressing *s, struct suppression *what,
                         const char *text, const char *end)
{
    size_t len = 0;
    const char *reason;

    while (text + len < end &&
           (isalnum((unsigned char)text[len]) || text[len] == '-'))
        len++;
    reason = skip_blanks(text + len, end);
    what->code = arena_strndup(s->found->arena, text, len);
    if (!what->code) {
        s->found->failed = true;
        return;
    }
    if (reason == end)
        findings_add(s->found, &(struct finding){
                                   .file = what->file,
                                   .line = what->line,
                                   .code = "bare-suppression",
                                   .message = "the comment gives no reason",
                                   .hint = "-- tidelock: ignore CODE why it is "
                                           "right here"});
    add_suppression(s, what);
}

/* A comment that stands alone is about the line below. */
static void read_source(struct suppressing *s, const struct script_file *file)
{
    const char *at = file->text, *stop = file->text + file->len;

    for (unsigned n = 1; at < stop; n++) {
        const char *end = memchr(at, '\n', (size_t)(stop - at));
        const char *text;
        bool alone = text_starts(skip_blanks(at, stop), "--");

        end = end ? end : stop;
        text = find_comment(at, end);
        if (text)
            read_comment(s,
                         &(struct suppression){.file = file->name,
                                               .line = n,
                                               .applies = n + alone},
                         text, end);
        at = end + 1;
    }
}

static bool is_suppressed(struct suppressing *s, const struct finding *f)
{
    bool found = false;

    for (size_t i = 0; i < s->count; i++) {
        struct suppression *x = &s->items[i];

        if (x->applies != f->line || strcmp(x->file, f->file) != 0 ||
            strcmp(x->code, f->code) != 0)
            continue;
        x->used = found = true;
    }
    return found;
}

size_t findings_suppress(struct findings *f, const struct script_file *files,
                         size_t count)
{
    struct suppressing s = {.found = f};
    size_t kept = 0, gone;

    for (size_t i = 0; i < count; i++)
        if (text_ends(files[i].name, ".lua"))
            read_source(&s, &files[i]);
    for (size_t i = 0; i < f->count; i++)
        if (!is_suppressed(&s, &f->items[i]))
            f->items[kept++] = f->items[i];
    gone = f->count - kept;
    f->count = kept;
    for (size_t i = 0; i < s.count; i++)
        if (!s.items[i].used)
            findings_add(f, &(struct finding){
                                .file = s.items[i].file,
                                .line = s.items[i].line,
                                .code = "unused-suppression",
                                .message = arena_printf(
                                    f->arena, "there is no %s here to ignore",
                                    s.items[i].code)});
    return gone;
}
