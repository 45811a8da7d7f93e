/*
 * package_text.c -- the files of src/app/package with their words filled in.
 *
 * DESIGN
 *
 * One template serves the three forms: what is chosen when a chart is
 * installed is an expression there, and a text elsewhere. Every text of
 * somebody else is written as JSON, with the opening braces of an expression
 * taken apart for Helm.
 */
#include "package_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/embed.h"
#include "base/json.h"
#include "base/value.h"
#include "base/version.h"

#define RELEASE_NS "{{ .Release.Namespace }}"

static bool is_chart(const struct package *p)
{
    return p->options->form == PACKAGE_HELM;
}

/* ---- texts of others ---- */

/* Nothing in it is an expression. */
static void add_inert(const struct package *p, struct str *out,
                      const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (is_chart(p) && text[i] == '{' && i + 1 < len &&
            text[i + 1] == '{') {
            str_add(out, "{{ \"{{\" }}");
            i++;
        } else {
            str_addc(out, text[i]);
        }
    }
}

void package_add_text(const struct package *p, struct str *out,
                      const char *text, size_t len)
{
    struct str json = {0};

    if (json_write_string(&json, text, len) < 0)
        out->failed = ERR_NOMEM;
    add_inert(p, out, str_text(&json), json.len);
    str_release(&json);
}

/* ---- words ---- */

static const char *template_of(const char *name)
{
    for (size_t i = 0; embed_package_files[i].name; i++)
        if (strcmp(embed_package_files[i].name, name) == 0)
            return embed_text(&embed_package_files[i]);
    return "";
}

static const char *find_word(const struct package_var *vars, const char *word,
                             size_t len)
{
    for (; vars && vars->word; vars++)
        if (strlen(vars->word) == len && strncmp(vars->word, word, len) == 0)
            return vars->text;
    return NULL;
}

static void fill_text(const struct package_var *common,
                      const struct package_var *more, const char *text,
                      struct str *out)
{
    while (*text) {
        const char *end = *text == '@' ? strchr(text + 1, '@') : NULL;
        size_t len = end ? (size_t)(end - text - 1) : 0;
        const char *found = end ? find_word(more, text + 1, len) : NULL;

        if (!found && end)
            found = find_word(common, text + 1, len);
        if (found) {
            str_add(out, found);
            text = end + 1;
        } else {
            str_addc(out, *text++);
        }
    }
}

static int fill(struct package *p, const char *text,
                const struct package_var *more, struct str *out,
                struct err *err)
{
    const struct package_var common[] = {
        {"name", p->name},
        {"namespace", is_chart(p) ? RELEASE_NS : p->ns},
        {NULL, NULL},
    };

    fill_text(common, more, text, out);
    return str_check(out, "the package", err);
}

int package_fill(struct package *p, const char *name,
                 const struct package_var *more, struct str *out,
                 struct err *err)
{
    return fill(p, template_of(name), more, out, err);
}

/* ---- roles ---- */

static const char *names_of_operators(struct package *p)
{
    const char *names = "operator";

    for (size_t i = 0; names && i < p->rt.unit_count; i++)
        names = arena_printf(&p->rt.arena, "%s%s%s", names, i ? ", " : " ",
                             p->rt.units[i].bundle.decl->name);
    return names;
}

/* The namespace of the package is "@namespace@" in the rights. */
int package_add_roles(struct package *p, struct str *out, struct err *err)
{
    const char *who =
        arena_printf(&p->rt.arena, "%s needs", names_of_operators(p));
    struct str roles = {0}, inert = {0};
    int rc = who ? rbac_print_yaml(&p->rights, p->name, who, &roles, err)
                 : err_nomem(err);

    add_inert(p, &inert, str_text(&roles), roles.len);
    if (rc == 0)
        rc = str_check(&inert, "the roles", err);
    if (rc == 0)
        rc = fill(p, str_text(&inert), NULL, out, err);
    str_release(&roles);
    str_release(&inert);
    for (size_t i = 0; i < p->rights.role_count && rc == 0; i++) {
        const char *ns = p->rights.roles[i].ns;
        const struct package_var vars[] = {
            {"role_namespace", strcmp(ns, "@namespace@") == 0
                                   ? (is_chart(p) ? RELEASE_NS : p->ns)
                                   : ns},
            {NULL, NULL},
        };

        str_add(out, "---\n");
        rc = package_fill(p,
                          *ns ? "rolebinding.yaml" : "clusterrolebinding.yaml",
                          vars, out, err);
    }
    return rc;
}

/* ---- scripts ---- */

static int add_entry(struct package *p, const struct package_file *f,
                     struct str *out, struct err *err)
{
    struct arena *a = &p->rt.arena;
    struct value *entry = value_object(a);

    if (is_chart(p)) {
        str_addf(out, "  %s: {{ .Files.Get \"%s\" | toJson }}\n", f->key,
                 f->kept);
        return 0;
    }
    if (!entry ||
        value_set(a, entry, f->key, value_stringn(a, f->text, f->len)) < 0)
        return err_nomem(err);
    return value_print_yaml(entry, 2, out, err);
}

int package_add_map(struct package *p, const struct package_set *set, size_t i,
                    struct str *out, struct err *err)
{
    struct str data = {0};
    const char *name = package_map_name(p, set, i);
    int rc = name ? 0 : err_nomem(err);

    for (size_t k = package_map_start(set, i); k < set->ends[i] && rc == 0; k++)
        rc = add_entry(p, &set->files[k], &data, err);
    while (data.len > 0 && data.data[data.len - 1] == '\n')
        data.data[--data.len] = '\0';
    if (rc == 0)
        rc = str_check(&data, "the scripts", err);
    if (rc == 0) {
        /* Scripts may hold words between @: only the frame has ours. */
        const char *frame = template_of("configmap.yaml");
        const char *end = strstr(frame, "@data@");
        const struct package_var vars[] = {{"configmap", name}, {NULL, NULL}};
        char *head = arena_strndup(&p->rt.arena, frame, (size_t)(end - frame));

        rc = head ? fill(p, head, vars, out, err) : err_nomem(err);
        str_addn(out, data.data, data.len);
        str_addc(out, '\n');
    }
    str_release(&data);
    return rc == 0 ? str_check(out, "the scripts", err) : rc;
}

/* ---- the Deployment ---- */

/* "$(X)" in an argument would be a variable of the container. */
static void add_argument(const struct package *p, struct str *out,
                         const char *flag, const char *text)
{
    struct str value = {0};

    str_add(&value, flag);
    for (; *text; text++) {
        if (text[0] == '$' && text[1] == '(')
            str_addc(&value, '$');
        str_addc(&value, *text);
    }
    if (value.failed)
        out->failed = value.failed;
    str_add(out, "        - ");
    package_add_text(p, out, str_text(&value), value.len);
    str_addc(out, '\n');
    str_release(&value);
}

static void add_arguments(struct package *p, struct str *out)
{
    const struct bundle_options *b = &p->options->bundle;
    const struct package_set *last = &p->sets[p->set_count - 1];

    str_add(out, "        - run\n");
    for (size_t i = 0; i < p->rt.unit_count; i++)
        str_addf(out, "        - %s\n", p->sets[i].mount);
    if (p->options->namespaced)
        str_add(out, "        - --namespace=$(POD_NAMESPACE)\n");
    str_addf(out,
             "        - --leader-elect=true\n"
             "        - --lease-name=%s\n"
             "        - --listen=:8443\n"
             "        - --log-format=json\n",
             p->name);
    for (size_t i = 0; p->set_count > p->rt.unit_count && i < last->count; i++)
        str_addf(out, "        - --overlay=%s/%s\n", last->mount,
                 last->files[i].path);
    for (size_t i = 0; i < b->set_count; i++)
        add_argument(p, out, "--set=", b->sets[i]);
}

static void add_volume(struct package *p, const struct package_set *set,
                       struct str *out)
{
    str_addf(out, "      - name: %s\n        projected:\n          sources:\n",
             set->name);
    for (size_t i = 0; i < set->map_count; i++) {
        const char *name = package_map_name(p, set, i);

        str_addf(out,
                 "          - configMap:\n              name: %s\n"
                 "              items:\n",
                 name ? name : "");
        if (!name)
            out->failed = ERR_NOMEM;
        for (size_t k = package_map_start(set, i); k < set->ends[i]; k++) {
            str_addf(out, "              - key: %s\n                path: ",
                     set->files[k].key);
            package_add_text(p, out, set->files[k].path,
                             strlen(set->files[k].path));
            str_addc(out, '\n');
        }
    }
}

static void add_mounts(const struct package *p, struct str *out)
{
    for (size_t i = 0; i < p->set_count; i++)
        str_addf(out,
                 "        - name: %s\n          mountPath: %s\n"
                 "          readOnly: true\n",
                 p->sets[i].name, p->sets[i].mount);
}

/* Lines of resources.yaml, so many columns to the right. */
static void add_resources(struct str *out, unsigned indent)
{
    const char *text = template_of("resources.yaml");

    while (*text) {
        size_t len = strcspn(text, "\n");

        str_addf(out, "%*s%.*s\n", (int)indent, "", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static const char *trimmed(struct str *s)
{
    while (s->len > 0 && s->data[s->len - 1] == '\n')
        s->data[--s->len] = '\0';
    return str_text(s);
}

int package_add_deployment(struct package *p, struct str *out, struct err *err)
{
    const bool chart = is_chart(p);
    struct str args = {0}, mounts = {0}, volumes = {0}, image = {0};
    struct str resources = {0};
    char replicas[16];
    int rc;

    add_arguments(p, &args);
    add_mounts(p, &mounts);
    for (size_t i = 0; i < p->set_count; i++)
        add_volume(p, &p->sets[i], &volumes);
    json_write_string(&image, p->image, strlen(p->image));
    add_resources(&resources, 10);
    snprintf(replicas, sizeof(replicas), "%u", p->options->replicas);
    rc = str_check(&args, "the Deployment", err);
    if (rc == 0)
        rc = str_check(&volumes, "the Deployment", err);
    if (rc == 0) {
        const struct package_var vars[] = {
            {"image", chart ? "{{ .Values.image | quote }}" : str_text(&image)},
            {"replicas", chart ? "{{ .Values.replicas }}" : replicas},
            {"resources",
             chart ? "          {{- toYaml .Values.resources | nindent 10 }}"
                   : trimmed(&resources)},
            {"args", trimmed(&args)},
            {"mounts", trimmed(&mounts)},
            {"volumes", trimmed(&volumes)},
            {NULL, NULL},
        };

        rc = package_fill(p, "deployment.yaml", vars, out, err);
    }
    str_release(&args);
    str_release(&mounts);
    str_release(&volumes);
    str_release(&image);
    str_release(&resources);
    return rc;
}

/* ---- what only one form has ---- */

static void add_generator(struct package *p, const struct package_set *set,
                          size_t i, struct str *out)
{
    const char *name = package_map_name(p, set, i);

    if (!name)
        out->failed = ERR_NOMEM;
    str_addf(out,
             "- name: %s\n  namespace: %s\n  options:\n"
             "    disableNameSuffixHash: true\n    labels:\n"
             "      app.kubernetes.io/name: tidelock\n"
             "      app.kubernetes.io/instance: %s\n"
             "      tidelock.dev/scripts: %s\n  files:\n",
             name ? name : "", p->ns, p->name, p->name);
    for (size_t k = package_map_start(set, i); k < set->ends[i]; k++)
        str_addf(out, "  - %s=%s\n", set->files[k].key, set->files[k].kept);
}

int package_add_kustomization(struct package *p, struct str *out,
                              struct err *err)
{
    struct str files = {0}, generators = {0};
    int rc;

    for (size_t i = 0; i < p->out_count; i++)
        if (!strchr(p->outs[i].path, '/'))
            str_addf(&files, "- %s\n", p->outs[i].path);
    for (size_t i = 0; i < p->set_count; i++)
        for (size_t k = 0; k < p->sets[i].map_count; k++)
            add_generator(p, &p->sets[i], k, &generators);
    rc = str_check(&generators, "the package", err);
    if (rc == 0)
        rc = str_check(&files, "the package", err);
    if (rc == 0) {
        const struct package_var vars[] = {
            {"files", trimmed(&files)},
            {"generators", trimmed(&generators)},
            {NULL, NULL},
        };

        rc = package_fill(p, "kustomization.yaml", vars, out, err);
    }
    str_release(&files);
    str_release(&generators);
    return rc;
}

int package_add_values(struct package *p, struct str *out, struct err *err)
{
    struct str image = {0}, resources = {0};
    char replicas[16];
    int rc;

    json_write_string(&image, p->image, strlen(p->image));
    add_resources(&resources, 2);
    snprintf(replicas, sizeof(replicas), "%u", p->options->replicas);
    rc = str_check(&image, "the package", err);
    if (rc == 0) {
        const struct package_var vars[] = {
            {"image", str_text(&image)},
            {"replicas", replicas},
            {"resources", trimmed(&resources)},
            {"monitor", p->options->monitor ? "true" : "false"},
            {NULL, NULL},
        };

        rc = package_fill(p, "values.yaml", vars, out, err);
    }
    str_release(&image);
    str_release(&resources);
    return rc;
}
