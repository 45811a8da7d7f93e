/*
 * cover.c -- see cover.h; script_cover() and script_covered() of script.h.
 *
 * A count for each line of each file. Counts that find no memory are lost: a
 * report that lacks a line is better than a spec that fails for it.
 */
#include "script/cover.h"

#include <string.h>

#include "base/mem.h"
#include "script/module.h"

struct covered_file {
    char *name;
    uint32_t *runs;
    size_t count, cap;
};

struct cover {
    struct covered_file *files;
    size_t count, cap;
    size_t last; /* the file of the line before: mostly it is that again */
};

int script_cover(struct script *s, struct err *err)
{
    if (!s->cover)
        s->cover = mem_calloc(1, sizeof *s->cover);
    return s->cover ? 0 : err_nomem(err);
}

void cover_free(struct cover *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        mem_free(c->files[i].name);
        mem_free(c->files[i].runs);
    }
    mem_free(c->files);
    mem_free(c);
}

static struct covered_file *add_file(struct cover *c, const char *name)
{
    void *items = c->files;
    char *copy = mem_strdup(name);

    if (!copy ||
        mem_grow(&items, &c->cap, c->count + 1, sizeof *c->files) < 0) {
        mem_free(copy);
        return NULL;
    }
    c->files = items;
    c->files[c->count] = (struct covered_file){.name = copy};
    return &c->files[c->count++];
}

static struct covered_file *find_file(struct cover *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->files[i].name, name) == 0)
            return &c->files[i];
    return add_file(c, name);
}

static void count_line(struct covered_file *f, size_t line)
{
    void *items = f->runs;
    size_t cap = f->cap;

    if (line > f->count) {
        if (mem_grow(&items, &f->cap, line, sizeof *f->runs) < 0)
            return;
        f->runs = items;
        memset(f->runs + cap, 0, (f->cap - cap) * sizeof *f->runs);
        f->count = line;
    }
    f->runs[line - 1]++;
}

void cover_line(lua_State *L, lua_Debug *ar)
{
    struct cover *c = vm_of(L)->script->cover;
    struct covered_file *f;

    if (!lua_getinfo(L, "S", ar) || ar->source[0] != '@' ||
        strncmp(ar->source, "@tidelock/", 10) == 0 || ar->currentline < 1)
        return;
    if (c->last < c->count &&
        strcmp(c->files[c->last].name, ar->source + 1) == 0)
        f = &c->files[c->last];
    else
        f = find_file(c, ar->source + 1);
    if (!f)
        return;
    c->last = (size_t)(f - c->files);
    count_line(f, (size_t)ar->currentline);
}

bool script_covered(const struct script *s, size_t i,
                    struct script_covered *ret)
{
    if (!s->cover || i >= s->cover->count)
        return false;
    *ret = (struct script_covered){
        .file = s->cover->files[i].name,
        .runs = s->cover->files[i].runs,
        .count = s->cover->files[i].count,
    };
    return true;
}
