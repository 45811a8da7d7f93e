/* See folder.h. */
#include "folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "test.h"

#define PATHS 8
#define PATH_BYTES 256

void folder_init(struct folder *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/tidelock-app-XXXXXX");
    check(mkdtemp(f->path));
}

void folder_release(struct folder *f)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r '%s'", f->path);
    check_int(system(command), 0);
}

const char *folder_path(const struct folder *f, const char *name)
{
    static char paths[PATHS][PATH_BYTES];
    static unsigned next;
    char *path = paths[next++ % PATHS];

    snprintf(path, PATH_BYTES, "%s/%s", f->path, name);
    return path;
}

/* Every folder on the way; an old one is fine. */
static void make_folders(const struct folder *f, const char *name)
{
    char part[PATH_BYTES];

    for (const char *slash = strchr(name, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%s/%.*s", f->path, (int)(slash - name),
                 name);
        mkdir(part, 0700);
    }
}

const char *folder_write(const struct folder *f, const char *name,
                         const char *text)
{
    const char *path = folder_path(f, name);
    FILE *file;

    make_folders(f, name);
    file = fopen(path, "w");
    if (!check(file))
        return path;
    fputs(text, file);
    fclose(file);
    return path;
}
