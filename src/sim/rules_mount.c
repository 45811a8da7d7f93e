/*
 * rules_mount.c -- validation of where containers see volumes
 *                  (k8s.io/kubernetes pkg/apis/core/validation).
 *
 * What is wrong with a subpath, a propagation or a recursive mount is told of
 * the list of mounts, as the server does.
 */
#include <string.h>

#include "base/text.h"
#include "rules_pods.h"

static const char *text_of(const struct value *object, const char *field)
{
    const char *text = value_text_at(object, field);

    return text ? text : "";
}

static void check_propagation(struct check *k, const struct place *at,
                              const struct value *mount,
                              const struct value *container)
{
    static const char *const known[] = {"Bidirectional", "HostToContainer",
                                        "None", NULL};
    const struct value *mode = value_get(mount, "mountPropagation");

    if (!mode)
        return;
    check_one_of(k, at, value_text(mode), known);
    if (strcmp(value_text(mode), "Bidirectional") == 0 &&
        !value_bool_at(container, "securityContext.privileged", false))
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: Bidirectional mount propagation is available "
                  "only to privileged containers");
}

static void check_recursive(struct check *k, const struct place *at,
                            const struct value *mount)
{
    static const char *const known[] = {"Disabled", "Enabled", "IfPossible",
                                        NULL};
    const char *mode = value_text_at(mount, "recursiveReadOnly");
    const char *propagation = value_text_at(mount, "mountPropagation");

    if (!mode || strcmp(mode, "Disabled") == 0)
        return;
    if (strcmp(mode, "Enabled") != 0 && strcmp(mode, "IfPossible") != 0) {
        check_one_of(k, at, mode, known);
        return;
    }
    if (!value_bool_at(mount, "readOnly", false))
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: may only be specified when readOnly is true");
    if (propagation && strcmp(propagation, "None") != 0)
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: may only be specified when mountPropagation is "
                  "None or not specified");
}

static void check_subpaths(struct check *k, const struct place *at,
                           const struct place *one, const struct value *mount)
{
    const char *path = text_of(mount, "subPath");
    const char *pattern = text_of(mount, "subPathExpr");

    if (*path)
        rules_check_descending(k, PLACE(at, "subPath"), path);
    if (*path && *pattern)
        check_add(k, CAUSE_INVALID, PLACE(one, "subPathExpr"),
                  "Invalid value: \"%s\": subPathExpr and subPath are "
                  "mutually exclusive",
                  pattern);
    if (*pattern)
        rules_check_descending(k, PLACE(at, "subPathExpr"), pattern);
}

/* Of two with one name the later is known to the other list. */
static bool is_known_path(const struct value *list, const char *field,
                          const char *path)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++) {
        const char *name = text_of(item, "name");
        size_t next = i + 1;

        while (rules_item(list, next) &&
               strcmp(text_of(rules_item(list, next), "name"), name) != 0)
            next++;
        if (!rules_item(list, next) && strcmp(text_of(item, field), path) == 0)
            return true;
    }
    return false;
}

static void check_mount(struct check *k, const struct place *at, size_t i,
                        const struct value *container,
                        const struct value *volumes)
{
    const struct value *mounts = value_get(container, "volumeMounts");
    const struct value *devices = value_get(container, "volumeDevices");
    const struct value *mount = rules_item(mounts, i);
    const struct place *one = PLACE_AT(at, i);
    const char *name = text_of(mount, "name");
    const char *path = text_of(mount, "mountPath");

    if (!*name)
        check_required(k, one, "name", "");
    if (!check_seen(volumes, SIZE_MAX, "name", name))
        check_add(k, CAUSE_NOT_FOUND, PLACE(one, "name"), "Not found: \"%s\"",
                  name);
    if (!*path)
        check_required(k, one, "mountPath", "");
    if (check_seen(mounts, i, "mountPath", path))
        check_add(k, CAUSE_INVALID, PLACE(one, "mountPath"),
                  "Invalid value: \"%s\": must be unique", path);
    if (check_seen(devices, SIZE_MAX, "name", name))
        check_add(k, CAUSE_INVALID, PLACE(one, "name"),
                  "Invalid value: \"%s\": must not already exist in "
                  "volumeDevices",
                  name);
    if (is_known_path(devices, "devicePath", path))
        check_add(k, CAUSE_INVALID, PLACE(one, "mountPath"),
                  "Invalid value: \"%s\": must not already exist as a path in "
                  "volumeDevices",
                  path);
    check_subpaths(k, at, one, mount);
    check_propagation(k, PLACE(at, "mountPropagation"), mount, container);
    check_recursive(k, PLACE(at, "recursiveReadOnly"), mount);
}

/* ---- devices ---- */

static void check_device_name(struct check *k, const struct place *at,
                              const char *name, const struct value *volumes)
{
    const struct value *volume;
    size_t i = 0;

    while ((volume = rules_item(volumes, i)) &&
           strcmp(text_of(volume, "name"), name) != 0)
        i++;
    if (!volume)
        check_add(k, CAUSE_NOT_FOUND, at, "Not found: \"%s\"", name);
    else if (!value_get(volume, "persistentVolumeClaim") &&
             !value_get(volume, "ephemeral"))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": can only use volume source type of "
                  "PersistentVolumeClaim or Ephemeral for block mode",
                  name);
}

static bool has_backsteps(const char *path)
{
    for (;; path += strcspn(path, "/") + 1) {
        if (strcspn(path, "/") == 2 && path[0] == '.' && path[1] == '.')
            return true;
        if (!path[strcspn(path, "/")])
            return false;
    }
}

static void check_device(struct check *k, const struct place *at, size_t i,
                         const struct value *container,
                         const struct value *volumes)
{
    const struct value *mounts = value_get(container, "volumeMounts");
    const struct value *devices = value_get(container, "volumeDevices");
    const struct value *device = rules_item(devices, i);
    const char *name = text_of(device, "name");
    const char *path = text_of(device, "devicePath");

    if (!*name)
        check_required(k, at, "name", "");
    else if (check_seen(devices, i, "name", name))
        check_add(k, CAUSE_INVALID, PLACE(at, "name"),
                  "Invalid value: \"%s\": must be unique", name);
    check_device_name(k, PLACE(at, "name"), name, volumes);
    if (!*path)
        check_required(k, at, "devicePath", "");
    if (check_seen(devices, i, "devicePath", path) && !has_backsteps(path))
        check_add(k, CAUSE_INVALID, PLACE(at, "devicePath"),
                  "Invalid value: \"%s\": must be unique", path);
    if (has_backsteps(path))
        check_add(k, CAUSE_INVALID, PLACE(at, "devicePath"),
                  "Invalid value: \"%s\": can not contain backsteps ('..')",
                  path);
    if (check_seen(mounts, SIZE_MAX, "name", name))
        check_add(k, CAUSE_INVALID, PLACE(at, "name"),
                  "Invalid value: \"%s\": must not already exist in "
                  "volumeMounts",
                  name);
    if (is_known_path(mounts, "mountPath", path))
        check_add(k, CAUSE_INVALID, PLACE(at, "devicePath"),
                  "Invalid value: \"%s\": must not already exist as a path in "
                  "volumeMounts",
                  path);
}

void rules_check_mounts(struct check *k, const struct place *at,
                        const struct value *container,
                        const struct value *volumes)
{
    const struct place *mounts = PLACE(at, "volumeMounts");
    const struct place *devices = PLACE(at, "volumeDevices");

    for (size_t i = 0; rules_item(value_get(container, "volumeMounts"), i); i++)
        check_mount(k, mounts, i, container, volumes);
    for (size_t i = 0; rules_item(value_get(container, "volumeDevices"), i);
         i++)
        check_device(k, PLACE_AT(devices, i), i, container, volumes);
}
