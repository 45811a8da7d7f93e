/*
 * package_files.c -- operators' files as entries of ConfigMaps.
 *
 * DESIGN
 *
 * A key of a ConfigMap cannot have every character that a path has; so a key
 * is made from the path, and the volume's `items` say the path again. What is
 * not allowed becomes '_', and a number makes a key that is taken another one.
 *
 * `kubectl apply` keeps a copy of each object in an annotation, and those are
 * limited to 256 KiB: far below the 1 MiB of a ConfigMap. Files, which have at
 * most 64 KiB each, are spread so that both limits are kept.
 */
#include "package_impl.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "io/file.h"

#define MAP_BYTES (200u << 10) /* as JSON */
#define KEY_MAX 200
#define OVERLAYS "overlays"

static bool fits_key(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

static bool key_is_taken(const struct package_set *set, const char *key)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->files[i].key, key) == 0)
            return true;
    return false;
}

/* "lib/shapes.lua" is kept as "lib_shapes.lua". */
static const char *make_key(struct arena *a, const struct package_set *set,
                            const char *path)
{
    char *base = arena_strdup(a, path);
    const char *key = base;

    for (char *c = base; c && *c; c++)
        if (!fits_key(*c) || (c == base && *c == '.'))
            *c = '_';
    if (base && strlen(base) > KEY_MAX)
        base[KEY_MAX] = '\0';
    for (unsigned n = 2; key && key_is_taken(set, key); n++)
        key = arena_printf(a, "%s-%u", base, n);
    return key;
}

static bool is_plain(const char *path)
{
    for (; *path; path++)
        if (*path != '/' && !fits_key(*path))
            return false;
    return true;
}

static int check_text(const char *shown, const struct script_file *f,
                      struct err *err)
{
    if (!memchr(f->text, '\0', f->len) && text_is_utf8(f->text, f->len))
        return 0;
    err_set(err, ERR_CONFIG, "'%s' is not UTF-8 text, which a ConfigMap holds",
            shown);
    return err_hint(err, "write other bytes as \\xFF in a string");
}

static int add_file(struct package *p, struct package_set *set,
                    const struct script_file *f, const char *path,
                    struct err *err)
{
    struct arena *a = &p->rt.arena;
    const char *key = make_key(a, set, path);
    const char *kept = key ? arena_printf(a, "files/%s/%s", set->name,
                                          is_plain(path) ? path : key)
                           : NULL;
    int rc = kept ? check_text(path, f, err) : err_nomem(err);

    if (rc == 0)
        set->files[set->count++] =
            (struct package_file){path, key, kept, f->text, f->len};
    return rc;
}

/* ---- which files ---- */

static int add_parameters(struct package *p, struct package_set *set,
                          const char *folder, struct err *err)
{
    static const char name[] = "parameters.yaml";
    const char *path = file_join(&p->rt.arena, folder, name);
    struct str text = {0};
    int rc;

    if (!path)
        return err_nomem(err);
    if (!file_exists(path))
        return 0;
    rc = package_check_place(path, folder, err);
    if (rc == 0)
        rc = file_read(path, MAP_BYTES / 2, &text, err);
    if (rc == 0) {
        struct script_file f = {
            .text = arena_strndup(&p->rt.arena, str_text(&text), text.len),
            .len = text.len};

        rc = f.text ? add_file(p, set, &f, name, err) : err_nomem(err);
    }
    str_release(&text);
    return rc;
}

static bool is_overlay(const struct script_file *f)
{
    return text_starts(f->name, SCRIPT_OVERLAY);
}

static int add_operator(struct package *p, const struct bundle *b,
                        struct err *err)
{
    struct package_set *set = &p->sets[p->set_count++];
    struct arena *a = &p->rt.arena;
    bool folder = file_is_folder(b->path);
    int rc = 0;

    set->name = b->decl->name;
    set->mount = arena_printf(a, "/operators/%s", set->name);
    set->base = arena_printf(a, "%s-scripts", set->name);
    set->files = arena_calloc(a, b->files.count + 1, sizeof(*set->files));
    if (!set->mount || !set->base || !set->files)
        return err_nomem(err);
    for (size_t i = 0; i < b->files.count && rc == 0; i++) {
        const struct script_file *f = &b->files.items[i];

        if (is_overlay(f))
            continue;
        rc = add_file(p, set, f, f->name, err);
    }
    return rc == 0 && folder ? add_parameters(p, set, b->path, err) : rc;
}

/* Every bundle was loaded with all of them. */
static int add_overlays(struct package *p, struct err *err)
{
    const struct bundle_files *files = &p->rt.units[0].bundle.files;
    struct package_set *set = &p->sets[p->set_count];
    struct arena *a = &p->rt.arena;
    int rc = 0;

    set->name = OVERLAYS;
    set->mount = "/" OVERLAYS;
    set->base = arena_printf(a, "%s-" OVERLAYS, p->name);
    set->files = arena_calloc(a, files->count, sizeof(*set->files));
    if (!set->base || !set->files)
        return err_nomem(err);
    for (size_t i = 0; i < files->count && rc == 0; i++) {
        const struct script_file *f = &files->items[i];
        const char *slash = strrchr(f->name, '/');
        const char *key;

        if (!is_overlay(f))
            continue;
        key = make_key(a, set,
                       slash ? slash + 1 : f->name + strlen(SCRIPT_OVERLAY));
        rc = key ? add_file(p, set, f, key, err) : err_nomem(err);
    }
    p->set_count += set->count > 0;
    return rc;
}

/* ---- which ConfigMap ---- */

static int json_bytes(const struct package_file *f, size_t *ret)
{
    struct str text = {0};
    int rc = json_write_string(&text, f->text, f->len);

    *ret = text.len + strlen(f->key) + 8;
    str_release(&text);
    return rc;
}

static int spread(struct package *p, struct package_set *set, struct err *err)
{
    size_t used = 0;

    set->ends = arena_calloc(&p->rt.arena, set->count + 1, sizeof(*set->ends));
    if (!set->ends)
        return err_nomem(err);
    set->map_count = 1;
    for (size_t i = 0; i < set->count; i++) {
        size_t bytes;

        if (json_bytes(&set->files[i], &bytes) < 0)
            return err_nomem(err);
        if (used > 0 && used + bytes > MAP_BYTES) {
            set->map_count++;
            used = 0;
        }
        used += bytes;
        set->ends[set->map_count - 1] = i + 1;
    }
    return 0;
}

const char *package_map_name(struct package *p, const struct package_set *set,
                             size_t i)
{
    if (i == 0)
        return set->base;
    return arena_printf(&p->rt.arena, "%s-%zu", set->base, i + 1);
}

size_t package_map_start(const struct package_set *set, size_t i)
{
    return i == 0 ? 0 : set->ends[i - 1];
}

/* A volume of that name is the overlays'. */
static int check_name(const struct bundle *b, struct err *err)
{
    if (strcmp(b->decl->name, OVERLAYS) != 0)
        return 0;
    return err_set(err, ERR_CONFIG,
                   "an operator named '" OVERLAYS "' cannot "
                   "be in a package");
}

int package_check_place(const char *path, const char *folder, struct err *err)
{
    if (file_is_within(path, folder))
        return 0;
    err_set(err, ERR_CONFIG, "'%s' leads out of the operator's folder", path);
    return err_hint(err, "a package holds only what is in it: put a copy "
                         "there");
}

int package_collect(struct package *p, struct err *err)
{
    struct runtime *rt = &p->rt;
    int rc = 0;

    p->sets = arena_calloc(&rt->arena, rt->unit_count + 1, sizeof(*p->sets));
    if (!p->sets)
        return err_nomem(err);
    for (size_t i = 0; i < rt->unit_count && rc == 0; i++) {
        rc = check_name(&rt->units[i].bundle, err);
        if (rc == 0)
            rc = add_operator(p, &rt->units[i].bundle, err);
    }
    if (rc == 0)
        rc = add_overlays(p, err);
    for (size_t i = 0; i < p->set_count && rc == 0; i++)
        rc = spread(p, &p->sets[i], err);
    return rc;
}
