/*
 * package_write.c -- the files of a package, in the order in which they are
 *                    applied, to a folder or as one stream.
 *
 * A folder says what was written into it, as `sha256sum --check` reads it: so
 * a later call knows which files are its own, and that nobody changed them.
 */
#include "package_impl.h"

#include <string.h>

#include "base/hash.h"
#include "base/version.h"
#include "io/file.h"
#include "io/folder.h"

#define MARKER ".tidelock-bundle"
#define MAX_FILES 1000
#define MAX_BYTES ((size_t)16 << 20)

/* ---- collecting ---- */

static int keep_bytes(struct package *p, const char *path, const char *text,
                      size_t len, struct err *err)
{
    void *items = p->outs;
    struct package_out *out =
        rbac_push(&p->rt.arena, &items, &p->out_count, sizeof(*out));

    p->outs = items;
    if (!out || !path)
        return err_nomem(err);
    out->path = path;
    out->text = arena_strndup(&p->rt.arena, text, len);
    out->len = len;
    return out->text ? 0 : err_nomem(err);
}

static int keep(struct package *p, const char *path, struct str *text, int rc,
                struct err *err)
{
    if (rc == 0)
        rc = str_check(text, "the package", err);
    if (rc == 0)
        rc = keep_bytes(p, path, str_text(text), text->len, err);
    str_release(text);
    return rc;
}

static const char *place(struct package *p, const char *name)
{
    return p->options->form == PACKAGE_HELM
               ? arena_printf(&p->rt.arena, "templates/%s", name)
               : name;
}

static int keep_template(struct package *p, const char *path,
                         const char *template, const struct package_var *vars,
                         struct err *err)
{
    struct str text = {0};
    int rc = package_fill(p, template, vars, &text, err);

    return keep(p, path, &text, rc, err);
}

/* ---- definitions ---- */

/* As its author wrote it; without a mark at its beginning, which the stream
 * has between any two. */
static int keep_crd(struct package *p, const struct bundle *b, struct err *err)
{
    struct arena *a = &p->rt.arena;
    const char *from = file_join(a, b->path, "crd.yaml"), *text, *path;
    struct str whole = {0};
    size_t len;
    int rc;

    if (!from)
        return err_nomem(err);
    if (!file_is_folder(b->path) || !file_exists(from))
        return 0;
    rc = package_check_place(from, b->path, err);
    if (rc == 0)
        rc = file_read(from, MAX_BYTES, &whole, err);
    text = str_text(&whole);
    len = whole.len;
    if (text_starts(text, "---\n")) {
        text += 4;
        len -= 4;
    }
    path = arena_printf(
        a, p->options->form == PACKAGE_HELM ? "crds/%s.yaml" : "10-crd-%s.yaml",
        b->decl->name);
    if (rc == 0)
        rc = keep_bytes(p, path, text, len, err);
    str_release(&whole);
    return rc;
}

static int keep_crds(struct package *p, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < p->rt.unit_count && rc == 0; i++)
        if (!p->options->skip_crds)
            rc = keep_crd(p, &p->rt.units[i].bundle, err);
    return rc;
}

/* ---- scripts ---- */

static int keep_map(struct package *p, const struct package_set *set, size_t i,
                    struct err *err)
{
    struct str text = {0};
    const char *name = package_map_name(p, set, i);
    const char *path =
        name ? arena_printf(&p->rt.arena, "40-%s.yaml", name) : NULL;
    int rc = path ? package_add_map(p, set, i, &text, err) : err_nomem(err);

    return keep(p, path ? place(p, path) : NULL, &text, rc, err);
}

static int keep_scripts(struct package *p, struct err *err)
{
    const bool files = p->options->form != PACKAGE_MANIFESTS;
    int rc = 0;

    for (size_t i = 0; i < p->set_count && rc == 0; i++) {
        const struct package_set *set = &p->sets[i];

        for (size_t k = 0; k < set->count && files && rc == 0; k++)
            rc = keep_bytes(p, set->files[k].kept, set->files[k].text,
                            set->files[k].len, err);
        for (size_t k = 0; k < set->map_count && rc == 0; k++)
            if (p->options->form != PACKAGE_KUSTOMIZE)
                rc = keep_map(p, set, k, err);
    }
    return rc;
}

/* ---- the others ---- */

static int keep_roles(struct package *p, struct err *err)
{
    struct str text = {0};
    int rc = package_add_roles(p, &text, err);

    return keep(p, place(p, "30-roles.yaml"), &text, rc, err);
}

/* A tenant can neither look who somebody is nor let him: then only the probes
 * are open. */
static int keep_reader(struct package *p, struct err *err)
{
    if (p->options->namespaced)
        return 0;
    return keep_template(p, place(p, "31-reader.yaml"), "reader.yaml", NULL,
                         err);
}

static int keep_deployment(struct package *p, struct err *err)
{
    struct str text = {0};
    int rc = package_add_deployment(p, &text, err);

    return keep(p, place(p, "50-deployment.yaml"), &text, rc, err);
}

/* In a chart it is there when it is wanted: values.yaml. */
static int keep_monitor(struct package *p, struct err *err)
{
    const bool chart = p->options->form == PACKAGE_HELM;
    struct str text = {0};
    int rc;

    if (!chart && !p->options->monitor)
        return 0;
    if (chart)
        str_add(&text, "{{- if .Values.monitor }}\n");
    rc = package_fill(p, "servicemonitor.yaml", NULL, &text, err);
    if (chart)
        str_add(&text, "{{- end }}\n");
    return keep(p, place(p, "63-servicemonitor.yaml"), &text, rc, err);
}

static int keep_admission(struct package *p, struct err *err)
{
    struct str groups = {0};
    int rc;

    if (p->options->editor_count == 0)
        return 0;
    for (size_t i = 0; i < p->options->editor_count; i++) {
        str_add(&groups, i ? ", " : "");
        package_add_text(p, &groups, p->options->editors[i],
                         strlen(p->options->editors[i]));
    }
    rc = str_check(&groups, "the editors", err);
    if (rc == 0) {
        const struct package_var vars[] = {{"editors", str_text(&groups)},
                                           {NULL, NULL}};

        rc = keep_template(p, place(p, "70-admission.yaml"), "admission.yaml",
                           vars, err);
    }
    str_release(&groups);
    return rc;
}

static int keep_frame(struct package *p, struct err *err)
{
    static const struct {
        const char *path, *template;
    } rest[] = {
        {"60-poddisruptionbudget.yaml", "poddisruptionbudget.yaml"},
        {"61-networkpolicy.yaml", "networkpolicy.yaml"},
        {"62-service.yaml", "service.yaml"},
    };
    int rc = keep_deployment(p, err);

    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]) && rc == 0; i++)
        rc = keep_template(p, place(p, rest[i].path), rest[i].template, NULL,
                           err);
    if (rc == 0)
        rc = keep_monitor(p, err);
    return rc == 0 ? keep_admission(p, err) : rc;
}

/* ---- what a form has of its own ---- */

static int keep_chart(struct package *p, struct err *err)
{
    struct str names = {0}, values = {0};
    int rc;

    for (size_t i = 0; i < p->rt.unit_count; i++)
        str_addf(&names, "%s%s", i ? " and " : "",
                 p->rt.units[i].bundle.decl->name);
    rc = str_check(&names, "the package", err);
    if (rc == 0) {
        const struct package_var vars[] = {{"version", version_text},
                                           {"operators", str_text(&names)},
                                           {NULL, NULL}};

        rc = keep_template(p, "Chart.yaml", "Chart.yaml", vars, err);
    }
    str_release(&names);
    if (rc == 0)
        rc = keep_template(p, "templates/NOTES.txt", "NOTES.txt", NULL, err);
    if (rc < 0)
        return rc;
    rc = package_add_values(p, &values, err);
    return keep(p, "values.yaml", &values, rc, err);
}

static int keep_kustomization(struct package *p, struct err *err)
{
    struct str text = {0};
    int rc = package_add_kustomization(p, &text, err);

    return keep(p, "kustomization.yaml", &text, rc, err);
}

/* A chart is installed into a namespace, and a tenant has one. */
static int keep_all(struct package *p, struct err *err)
{
    const enum package_form form = p->options->form;
    int rc = 0;

    if (form != PACKAGE_HELM && !p->options->namespaced)
        rc = keep_template(p, "00-namespace.yaml", "namespace.yaml", NULL, err);
    if (rc == 0)
        rc = keep_crds(p, err);
    if (rc == 0)
        rc = keep_template(p, place(p, "20-serviceaccount.yaml"),
                           "serviceaccount.yaml", NULL, err);
    if (rc == 0)
        rc = keep_roles(p, err);
    if (rc == 0)
        rc = keep_reader(p, err);
    if (rc == 0)
        rc = keep_scripts(p, err);
    if (rc == 0)
        rc = keep_frame(p, err);
    if (rc == 0 && form == PACKAGE_HELM)
        rc = keep_chart(p, err);
    if (rc == 0 && form == PACKAGE_KUSTOMIZE)
        rc = keep_kustomization(p, err);
    return rc;
}

/* ---- a folder ---- */

static void add_line(struct str *marker, const char *path, const char *text,
                     size_t len)
{
    char hex[HASH_HEX_SIZE];

    hash_sha256_hex(text, len, hex);
    str_addf(marker, "%s  %s\n", hex, path);
}

static int refuse(const char *dir, const char *path, const char *what,
                  struct err *err)
{
    err_set(err, ERR_EXISTS, "'%s/%s' %s; nothing was written", dir, path,
            what);
    return err_hint(err, "move it away, or choose another folder");
}

/* Is it a line of the marker, and still what that says? */
static int check_file(struct package *p, const char *marker, const char *path,
                      struct err *err)
{
    const char *dir = p->options->dir;
    const char *full = file_join(&p->rt.arena, dir, path);
    const char *end = arena_printf(&p->rt.arena, "  %s\n", path);
    struct str text = {0}, line = {0};
    int rc;

    if (!full || !end)
        return err_nomem(err);
    if (!strstr(marker, end))
        return refuse(dir, path, "is not a file of an earlier bundle", err);
    rc = file_read(full, MAX_BYTES, &text, err);
    add_line(&line, path, str_text(&text), text.len);
    if (rc == 0 && !strstr(marker, str_text(&line)))
        rc = refuse(dir, path, "was changed since it was written", err);
    str_release(&text);
    str_release(&line);
    return rc;
}

static int check_folder(struct package *p, struct err *err)
{
    const char *dir = p->options->dir;
    const char *path = file_join(&p->rt.arena, dir, MARKER);
    struct str marker = {0};
    const char **paths;
    int rc;

    if (!path)
        return err_nomem(err);
    if (!file_exists(dir))
        return 0;
    if (!file_is_folder(dir))
        return err_set(err, ERR_EXISTS, "'%s' is there, and is no folder", dir);
    rc = folder_files(&p->rt.arena, dir, MAX_FILES, &paths, err);
    if (rc == 0 && file_exists(path))
        rc = file_read(path, MAX_BYTES, &marker, err);
    for (; rc == 0 && *paths; paths++)
        if (strcmp(*paths, MARKER) != 0)
            rc = check_file(p, str_text(&marker), *paths, err);
    str_release(&marker);
    return rc;
}

static int write_file(struct package *p, const char *made,
                      const struct package_out *out, struct err *err)
{
    struct arena *a = &p->rt.arena;
    const char *path = arena_printf(a, "%s/%s", made, out->path);
    const char *folder = path ? file_folder(a, path) : NULL;
    int rc = folder ? file_make_folder(folder, err) : err_nomem(err);

    return rc == 0 ? file_write(path, out->text, out->len, 0644, err) : rc;
}

static int write_folder(struct package *p, struct err *err)
{
    const char *made = NULL;
    struct str marker = {0};
    int rc = check_folder(p, err);

    for (size_t i = 0; i < p->out_count; i++)
        add_line(&marker, p->outs[i].path, p->outs[i].text, p->outs[i].len);
    if (rc == 0)
        rc = keep(p, MARKER, &marker, 0, err);
    str_release(&marker);
    if (rc == 0)
        rc = folder_make_beside(&p->rt.arena, p->options->dir, &made, err);
    for (size_t i = 0; i < p->out_count && rc == 0; i++)
        rc = write_file(p, made, &p->outs[i], err);
    if (rc == 0)
        rc = folder_replace(made, p->options->dir, err);
    if (rc < 0 && made)
        folder_remove(made);
    return rc;
}

/* ---- one stream ---- */

static void print_stream(struct package *p)
{
    const struct package_options *o = p->options;

    for (size_t i = 0; i < p->out_count; i++) {
        const struct package_out *out = &p->outs[i];

        if (i > 0)
            o->print(o->print_arg, "---\n", 4);
        o->print(o->print_arg, out->text, out->len);
        if (out->len > 0 && out->text[out->len - 1] != '\n')
            o->print(o->print_arg, "\n", 1);
    }
}

int package_write(struct package *p, struct err *err)
{
    int rc = keep_all(p, err);

    if (rc < 0)
        return rc;
    if (strcmp(p->options->dir, "-") != 0)
        return write_folder(p, err);
    print_stream(p);
    return 0;
}
