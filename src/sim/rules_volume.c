/*
 * rules_volume.c -- validation of the volumes of pods (k8s.io/kubernetes
 *                   pkg/apis/core/validation).
 *
 * A volume has one source. The server looks for sources in an order of its
 * own: the first is judged, every other is one too many.
 */
#include <string.h>

#include "kube/quantity.h"
#include "rules_pods.h"

/* ---- paths ---- */

static bool has_backstep(const char *path)
{
    for (;;) {
        size_t len = strcspn(path, "/");

        if (len == 2 && path[0] == '.' && path[1] == '.')
            return true;
        if (!path[len])
            return false;
        path += len + 1;
    }
}

void rules_check_backsteps(struct check *k, const struct place *at,
                           const char *path)
{
    if (has_backstep(path))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must not contain '..'", path);
}

void rules_check_descending(struct check *k, const struct place *at,
                            const char *path)
{
    if (*path == '/')
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a relative path", path);
    rules_check_backsteps(k, at, path);
}

/* A path below the volume that is none of its own files. */
static void check_local(struct check *k, const struct place *at,
                        const char *path)
{
    rules_check_descending(k, at, path);
    if (text_starts(path, "..") && !text_starts(path, "../"))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must not start with '..'", path);
}

static const char *check_path(struct check *k, const struct place *at,
                              const struct value *object)
{
    const char *path = value_text_at(object, "path");

    path = path ? path : "";
    if (!*path)
        check_required(k, at, "path", "");
    check_local(k, PLACE(at, "path"), path);
    return path;
}

static void check_mode(struct check *k, const struct place *at,
                       const struct value *object, const char *field)
{
    int64_t mode = value_int_at(object, field, 0);

    if (mode < 0 || mode > 0777)
        check_add(k, CAUSE_INVALID, PLACE(at, field),
                  "Invalid value: %lld: must be a number between 0 and 0777 "
                  "(octal), both inclusive",
                  (long long)mode);
}

static void check_name_there(struct check *k, const struct place *at,
                             const struct value *source, const char *field)
{
    if (rules_is_absent(value_get(source, field)))
        check_required(k, at, field, "");
}

/* ---- files ---- */

/* The paths that the sources of one volume have put into it so far. */
struct files {
    struct value *seen;
};

static void note_path(struct check *k, const struct place *at,
                      struct files *files, const char *path)
{
    if (!files || !*path)
        return;
    for (uint32_t i = 0; i < files->seen->count; i++) {
        if (text_equal(value_text(files->seen->as.items[i]), path)) {
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: \"%s\": conflicting duplicate paths",
                      path);
            return;
        }
    }
    if (value_append(k->c->a, files->seen, value_string(k->c->a, path)) < 0)
        failure_nomem(k->f);
}

/* `volume`: where paths are in conflict; NULL with `files` NULL. */
static void check_keys(struct check *k, const struct place *at,
                       const struct value *source, const struct place *volume,
                       struct files *files)
{
    const struct place *items = PLACE(at, "items");
    const struct value *item;

    for (size_t i = 0; (item = rules_item(value_get(source, "items"), i));
         i++) {
        const struct place *one = PLACE_AT(items, i);
        const char *path;

        check_name_there(k, one, item, "key");
        path = check_path(k, one, item);
        check_mode(k, one, item, "mode");
        note_path(k, volume, files, path);
    }
}

static void check_file(struct check *k, const struct place *at,
                       const struct value *file)
{
    static const char *const fields[] = {
        "metadata.annotations", "metadata.labels", "metadata.name",
        "metadata.namespace",   "metadata.uid",    NULL};
    const struct value *field = value_get(file, "fieldRef");
    const struct value *resource = value_get(file, "resourceFieldRef");

    if (field)
        rules_check_field_ref(k, PLACE(at, "fieldRef"), field, fields);
    if (field && resource)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"resource\": fieldRef and resourceFieldRef "
                  "can not be specified simultaneously");
    if (!field && resource)
        rules_check_resource_ref(k, PLACE(at, "resourceFieldRef"), resource,
                                 true);
    if (!field && !resource)
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: one of fieldRef and resourceFieldRef is "
                  "required");
    check_mode(k, at, file, "mode");
}

static void check_downward(struct check *k, const struct place *at,
                           const struct value *source,
                           const struct place *volume, struct files *files)
{
    const struct value *file;

    for (size_t i = 0; (file = rules_item(value_get(source, "items"), i));
         i++) {
        const char *path = check_path(k, at, file);

        check_file(k, at, file);
        note_path(k, volume, files, path);
    }
}

/* ---- sources ---- */

static void check_host_path(struct check *k, const struct place *at,
                            const struct value *source)
{
    static const char *const types[] = {
        "BlockDevice", "CharDevice",   "Directory", "DirectoryOrCreate",
        "File",        "FileOrCreate", "Socket",    NULL};
    const char *path = value_text_at(source, "path");

    if (!path || !*path) {
        check_required(k, at, "path", "");
        return;
    }
    rules_check_backsteps(k, PLACE(at, "path"), path);
    if (!rules_is_absent(value_get(source, "type")))
        check_enum(k, at, source, "type", types);
}

static void check_empty_dir(struct check *k, const struct place *at,
                            const struct value *source)
{
    struct quantity limit;

    if (rules_quantity(value_get(source, "sizeLimit"), &limit) &&
        limit.mantissa < 0)
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "sizeLimit"),
                  "Forbidden: SizeLimit field must be a valid resource "
                  "quantity");
}

static void check_git(struct check *k, const struct place *at,
                      const struct value *source)
{
    const char *directory = value_text_at(source, "directory");

    check_name_there(k, at, source, "repository");
    rules_check_descending(k, PLACE(at, "directory"),
                           directory ? directory : "");
}

static void check_secret(struct check *k, const struct place *at,
                         const struct value *source)
{
    check_name_there(k, at, source, "secretName");
    check_mode(k, at, source, "defaultMode");
    check_keys(k, at, source, NULL, NULL);
}

static void check_config_map(struct check *k, const struct place *at,
                             const struct value *source)
{
    check_name_there(k, at, source, "name");
    check_mode(k, at, source, "defaultMode");
    check_keys(k, at, source, NULL, NULL);
}

static void check_claim(struct check *k, const struct place *at,
                        const struct value *source)
{
    check_name_there(k, at, source, "claimName");
}

static void check_nfs(struct check *k, const struct place *at,
                      const struct value *source)
{
    const char *path = value_text_at(source, "path");

    check_name_there(k, at, source, "server");
    check_name_there(k, at, source, "path");
    if (!path || *path != '/')
        check_add(k, CAUSE_INVALID, PLACE(at, "path"),
                  "Invalid value: \"%s\": must be an absolute path",
                  path ? path : "");
}

static void check_csi(struct check *k, const struct place *at,
                      const struct value *source)
{
    const struct value *secret = value_get(source, "nodePublishSecretRef");

    rules_check_driver(k, PLACE(at, "driver"), value_text_at(source, "driver"));
    if (secret && rules_is_absent(value_get(secret, "name")))
        check_required(k, PLACE(at, "nodePublishSecretRef"), "name", "");
    else if (secret)
        check_text_by(k, PLACE(at, "name"), value_text_at(secret, "name"),
                      wrong_dns_subdomain);
}

static void check_downward_volume(struct check *k, const struct place *at,
                                  const struct value *source)
{
    check_mode(k, at, source, "defaultMode");
    check_downward(k, at, source, NULL, NULL);
}

/* Labels and annotations, nothing else. */
static void check_template_meta(struct check *k, const struct place *at,
                                const struct value *meta)
{
    check_annotations(k, PLACE(at, "annotations"),
                      value_get(meta, "annotations"));
    check_labels(k, PLACE(at, "labels"), value_get(meta, "labels"));
    for (uint32_t i = 0; meta && i < meta->count; i++) {
        const struct value_member *m = &meta->as.members[i];

        if (strcmp(m->key, "annotations") != 0 &&
            strcmp(m->key, "labels") != 0 && !rules_is_zero(m->value))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, m->key),
                      "Forbidden: cannot be set");
    }
}

static void check_ephemeral(struct check *k, const struct place *at,
                            const struct value *source)
{
    const struct value *template = value_get(source, "volumeClaimTemplate");

    if (!template) {
        check_required(k, at, "volumeClaimTemplate", "");
        return;
    }
    check_template_meta(k, PLACE(PLACE(at, "volumeClaimTemplate"), "metadata"),
                        value_get(template, "metadata"));
    rules_check_claim_spec(k, PLACE(PLACE(at, "volumeClaimTemplate"), "spec"),
                           value_get(template, "spec"));
}

/* Templates may be written without an image. */
static void check_image(struct check *k, const struct place *at,
                        const struct value *source)
{
    static const char *const pulls[] = {"Always", "IfNotPresent", "Never",
                                        NULL};

    if (rules_is(k->c->kind, "", "Pod"))
        check_name_there(k, at, source, "reference");
    check_enum(k, at, source, "pullPolicy", pulls);
}

/* ---- projected ---- */

/* Its path is told of the volume, as the server does. */
static void check_token(struct check *k, const struct place *at,
                        const struct value *token, const struct place *volume)
{
    int64_t seconds = value_int_at(token, "expirationSeconds", 3600);
    const char *wrong = seconds < 600 ? "less than 10 minutes"
                        : seconds > INT64_C(1) << 32
                            ? "larger than 2^32 seconds"
                            : NULL;

    if (wrong)
        check_add(k, CAUSE_INVALID, PLACE(at, "expirationSeconds"),
                  "Invalid value: %lld: may not specify a duration %s",
                  (long long)seconds, wrong);
    if (rules_is_absent(value_get(token, "path")))
        check_required(k, volume, "path", "");
    else
        check_local(k, PLACE(volume, "path"), value_text_at(token, "path"));
}

static void check_projection(struct check *k, const struct place *at,
                             const struct value *source,
                             const struct place *volume, struct files *files)
{
    const struct value *secret = value_get(source, "secret");
    const struct value *map = value_get(source, "configMap");
    const struct value *downward = value_get(source, "downwardAPI");
    const struct value *token = value_get(source, "serviceAccountToken");

    if (secret) {
        check_name_there(k, PLACE(at, "secret"), secret, "name");
        check_keys(k, PLACE(at, "secret"), secret, volume, files);
    }
    if (map) {
        check_name_there(k, PLACE(at, "configMap"), map, "name");
        check_keys(k, PLACE(at, "configMap"), map, volume, files);
    }
    if (downward)
        check_downward(k, PLACE(at, "downwardAPI"), downward, volume, files);
    if (token)
        check_token(k, PLACE(at, "serviceAccountToken"), token, volume);
    if (source->count > 1)
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: may not specify more than 1 volume type per "
                  "source");
}

static void check_projected(struct check *k, const struct place *at,
                            const struct value *source)
{
    struct files files = {value_array(k->c->a)};
    const struct place *sources = PLACE(at, "sources");
    const struct value *one;

    if (!files.seen) {
        failure_nomem(k->f);
        return;
    }
    check_mode(k, at, source, "defaultMode");
    for (size_t i = 0; (one = rules_item(value_get(source, "sources"), i)); i++)
        check_projection(k, PLACE_AT(sources, i), one, at, &files);
}

/* ---- volumes ---- */

#define ISCSI_NAME_MAX 64

/* In the server's order. `second`: what the server calls it when it is one too
 * many, NULL: by its name. What NULL checks is in rules_disk.c. */
static const struct {
    const char *name;
    rules_source_fn check;
    const char *second;
} SOURCES[] = {
    {"emptyDir", check_empty_dir, NULL},
    {"hostPath", check_host_path, NULL},
    {"gitRepo", check_git, NULL},
    {"gcePersistentDisk", NULL, NULL},
    {"awsElasticBlockStore", NULL, NULL},
    {"secret", check_secret, NULL},
    {"nfs", check_nfs, NULL},
    {"iscsi", NULL, NULL},
    {"glusterfs", NULL, NULL},
    {"flocker", NULL, NULL},
    {"persistentVolumeClaim", check_claim, NULL},
    {"rbd", NULL, NULL},
    {"cinder", NULL, NULL},
    {"cephfs", NULL, "cephFS"},
    {"quobyte", NULL, NULL},
    {"downwardAPI", check_downward_volume, "downwarAPI"},
    {"fc", NULL, NULL},
    {"flexVolume", NULL, NULL},
    {"configMap", check_config_map, NULL},
    {"azureFile", NULL, NULL},
    {"vsphereVolume", NULL, NULL},
    {"photonPersistentDisk", NULL, NULL},
    {"portworxVolume", NULL, NULL},
    {"azureDisk", NULL, NULL},
    {"storageos", NULL, NULL},
    {"projected", check_projected, NULL},
    {"scaleIO", NULL, NULL},
    {"csi", check_csi, NULL},
    {"ephemeral", check_ephemeral, NULL},
    {"image", check_image, NULL},
};

static void check_source(struct check *k, const struct place *at,
                         const struct value *volume)
{
    bool seen = false;

    for (size_t i = 0; i < sizeof SOURCES / sizeof SOURCES[0]; i++) {
        const char *name = SOURCES[i].name;
        const struct value *source = value_get(volume, name);

        if (!source)
            continue;
        if (seen)
            check_add(k, CAUSE_FORBIDDEN,
                      PLACE(at, SOURCES[i].second ? SOURCES[i].second : name),
                      "Forbidden: may not specify more than 1 volume type");
        else if (SOURCES[i].check)
            SOURCES[i].check(k, PLACE(at, name), source);
        else
            rules_check_disk(k, at, name, source);
        seen = true;
    }
    if (!seen)
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: must specify a volume type");
}

/* "pod-volume", of the claim that is made for an ephemeral volume. */
static const char *claim_name(struct check *k, const struct value *meta,
                              const struct value *volume)
{
    const char *pod = value_text_at(meta, "name");
    const char *name = value_text_at(volume, "name");
    const char *whole;

    if (!pod || !*pod || !value_get(volume, "ephemeral"))
        return NULL;
    whole = arena_printf(k->c->a, "%s-%s", pod, name ? name : "");
    if (!whole)
        failure_nomem(k->f);
    return whole;
}

static void check_name(struct check *k, const struct place *at,
                       const struct value *volume, const struct value *meta)
{
    const char *name = value_text_at(volume, "name");
    const char *claim = claim_name(k, meta, volume);
    const char *portal = value_text_at(volume, "iscsi.targetPortal");

    name = name ? name : "";
    if (value_path(volume, "iscsi.initiatorName") &&
        strlen(name) + 1 + strlen(portal ? portal : "") > ISCSI_NAME_MAX)
        check_add(k, CAUSE_INVALID, PLACE(at, "name"),
                  "Invalid value: \"%s\": Total length of <volume "
                  "name>:<iscsi.targetPortal> must be under 64 characters if "
                  "iscsi.initiatorName is specified.",
                  name);
    for (unsigned i = 0; *name && claim && i < WRONG_PARTS; i++)
        if (wrong_dns_subdomain(claim, i))
            check_add(k, CAUSE_INVALID, PLACE(at, "name"),
                      "Invalid value: \"%s\": PVC name \"%s\": %s", name, claim,
                      wrong_dns_subdomain(claim, i));
    if (!*name)
        check_required(k, at, "name", "");
    else
        check_text_by(k, PLACE(at, "name"), name, wrong_dns_label);
}

/* A claim that is made for another volume of the pod cannot be used as well. */
static void check_own_claim(struct check *k, const struct place *at,
                            const struct value *volumes, size_t i,
                            const struct value *meta)
{
    const char *claim = value_text_at(rules_item(volumes, i),
                                      "persistentVolumeClaim.claimName");
    const struct value *other;

    for (size_t n = 0; claim && (other = rules_item(volumes, n)); n++)
        if (text_equal(claim_name(k, meta, other), claim)) {
            check_add(k, CAUSE_INVALID,
                      PLACE(PLACE(at, "persistentVolumeClaim"), "claimName"),
                      "Invalid value: \"%s\": must not reference a PVC that "
                      "gets created for an ephemeral volume",
                      claim);
            return;
        }
}

const struct value *rules_check_volumes(struct check *k, const struct place *at,
                                        const struct value *volumes,
                                        const struct value *meta)
{
    struct value *good = value_array(k->c->a);
    struct value *volume;

    for (size_t i = 0; good && (volume = rules_item(volumes, i)); i++) {
        const struct place *one = PLACE_AT(at, i);
        const char *name = value_text_at(volume, "name");
        size_t before = k->f->cause_count;

        check_source(k, one, volume);
        check_name(k, one, volume, meta);
        if (name && check_seen(good, SIZE_MAX, "name", name))
            check_add(k, CAUSE_DUPLICATE, PLACE(one, "name"),
                      "Duplicate value: \"%s\"", name);
        if (k->f->cause_count == before &&
            value_append(k->c->a, good, volume) < 0)
            good = NULL;
        check_own_claim(k, one, volumes, i, meta);
    }
    if (!good)
        failure_nomem(k->f);
    return good;
}
