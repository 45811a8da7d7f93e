/* Files and folders: read whole, bounded, and named when they cannot be. */
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

struct place {
    char folder[64];
    char path[128];
};

static void setup(struct place *p, const char *text, size_t len)
{
    FILE *file;

    strcpy(p->folder, "/tmp/tidelock-file-XXXXXX");
    check(mkdtemp(p->folder));
    snprintf(p->path, sizeof p->path, "%s/data", p->folder);
    file = fopen(p->path, "w");
    if (!check(file))
        return;
    check_int(fwrite(text, 1, len, file), len);
    fclose(file);
}

static void teardown(struct place *p)
{
    unlink(p->path);
    check_int(rmdir(p->folder), 0);
}

TEST(file_is_read_whole_with_all_its_bytes)
{
    struct place p;
    struct str out = {0};
    struct err err = {0};

    setup(&p, "a\0b\n", 4);
    check_ok(file_read(p.path, 0, &out, &err), &err);
    check_int(out.len, 4);
    check(memcmp(str_text(&out), "a\0b\n", 5) == 0);
    check_ok(file_read(p.path, 4, &out, &err), &err); /* appends */
    check_int(out.len, 8);
    str_release(&out);
    teardown(&p);
}

TEST(file_larger_than_its_limit_is_refused)
{
    struct place p;
    struct str out = {0};
    struct err err = {0};

    setup(&p, "12345", 5);
    check_int(file_read(p.path, 4, &out, &err), -ERR_LIMIT);
    check_has(err.msg, "is larger than 4 bytes");
    str_release(&out);
    teardown(&p);
}

TEST(file_that_cannot_be_read_is_named)
{
    struct place p;
    struct str out = {0};
    struct err err = {0};

    setup(&p, "", 0);
    check_int(file_read("/no/such/file", 0, &out, &err), -ERR_IO);
    check_str(err.msg, "cannot read '/no/such/file': No such file or "
                       "directory");
    check_int(file_read(p.folder, 0, &out, &err), -ERR_IO);
    check_has(err.msg, "Is a directory");
    teardown(&p);
}

TEST(file_knows_files_from_folders)
{
    struct place p;

    setup(&p, "", 0);
    check(file_exists(p.path));
    check(file_exists(p.folder));
    check(!file_exists("/no/such/file"));
    check(!file_exists(NULL));
    check(file_is_folder(p.folder));
    check(!file_is_folder(p.path));
    check(!file_is_folder(NULL));
    check(file_mtime_ns(p.path) > 0);
    check_int(file_mtime_ns("/no/such/file"), 0);
    teardown(&p);
}

TEST(file_within_a_folder_is_known_behind_links)
{
    struct place p;
    char link[128], beside[128];

    setup(&p, "", 0);
    snprintf(link, sizeof link, "%s/link", p.folder);
    snprintf(beside, sizeof beside, "%s/../%s/data", p.folder,
             strrchr(p.folder, '/') + 1);
    check(file_is_within(p.path, p.folder));
    check(file_is_within(beside, p.folder));
    check(file_is_within(p.path, "/"));
    check(!file_is_within(p.folder, p.folder));
    check(!file_is_within(p.folder, p.path));
    check(!file_is_within("/no/such", "/"));
    check_int(symlink(p.path, link), 0);
    check(file_is_within(link, p.folder));
    unlink(link);
    check_int(symlink("/etc/passwd", link), 0);
    check(!file_is_within(link, p.folder));
    unlink(link);
    teardown(&p);
}

TEST(file_lists_a_folder_sorted_and_without_hidden_names)
{
    static const char *const names[] = {"b.yaml", "a.yaml", "c.txt", ".x.yaml"};
    struct arena a = {0};
    struct err err = {0};
    const char **list;
    struct place p;
    char path[128];

    setup(&p, "", 0);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", p.folder, names[i]);
        fclose(fopen(path, "w"));
    }
    if (check_ok(file_list(&a, p.folder, ".yaml", &list, &err), &err)) {
        check_str(list[0], "a.yaml");
        check_str(list[1], "b.yaml");
        check(list[2] == NULL);
    }
    if (check_ok(file_list(&a, p.folder, NULL, &list, &err), &err)) {
        check_str(list[3], "data");
        check(list[4] == NULL);
    }
    check_ok(file_list(&a, p.folder, ".json", &list, &err), &err);
    check(list[0] == NULL);
    check_int(file_list(&a, "/no/such", NULL, &list, &err), -ERR_IO);
    check_has(err.msg, "'/no/such'");
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", p.folder, names[i]);
        unlink(path);
    }
    arena_release(&a);
    teardown(&p);
}

TEST(file_paths_are_joined_and_cut)
{
    struct arena a = {0};

    check_str(file_join(&a, "/x", "y"), "/x/y");
    check_str(file_join(&a, "/x/", "y"), "/x/y");
    check_str(file_join(&a, "/x", "/y"), "/y");
    check_str(file_folder(&a, "/x/y"), "/x");
    check_str(file_folder(&a, "/x"), "/");
    check_str(file_folder(&a, "x"), ".");
    arena_release(&a);
}

TEST_ALLOC(file_survives_out_of_memory)
{
    struct arena a = {0};
    struct err err = {0};
    struct str out = {0};
    const char **list;
    struct place p;
    int rc;

    setup(&p, "text", 4);
    rc = file_read(p.path, 0, &out, &err);
    if (rc == 0)
        rc = file_list(&a, p.folder, NULL, &list, &err);
    if (rc == 0) {
        check_str(str_text(&out), "text");
        check_str(list[0], "data");
    }
    str_release(&out);
    arena_release(&a);
    teardown(&p);
    return rc;
}

TEST(file_write_replaces_the_file_and_leaves_nothing_beside_it)
{
    struct place p;
    struct str out = {0};
    struct err err = {0};
    struct stat st;

    setup(&p, "old and longer", 14);
    check_ok(file_write(p.path, "new", 3, 0600, &err), &err);
    check_ok(file_read(p.path, 0, &out, &err), &err);
    check_str(str_text(&out), "new");
    check_int(stat(p.path, &st), 0);
    check_int(st.st_mode & 0777, 0600);
    str_release(&out);
    teardown(&p); /* the folder is empty but for the file */
}

TEST(file_write_says_why_it_cannot_and_keeps_what_was_there)
{
    struct place p;
    struct str out = {0};
    struct err err = {0};
    char inner[160];

    setup(&p, "kept", 4);
    snprintf(inner, sizeof inner, "%s/below/x", p.path);
    check_int(file_write(inner, "y", 1, 0600, &err), -ERR_IO);
    check_has(err.msg, "cannot write '");
    check_has(err.msg, "Not a directory");
    err_clear(&err);
    check_int(file_write(p.folder, "y", 1, 0600, &err), -ERR_IO);
    check_ok(file_read(p.path, 0, &out, &err), &err);
    check_str(str_text(&out), "kept");
    str_release(&out);
    snprintf(inner, sizeof inner, "%s.%d", p.folder, (int)getpid());
    check(!file_exists(inner));
    teardown(&p);
}

TEST(file_make_folder_makes_all_of_the_path)
{
    struct place p;
    struct err err = {0};
    char inner[160];

    setup(&p, "x", 1);
    snprintf(inner, sizeof inner, "%s/a/b", p.folder);
    check_ok(file_make_folder(inner, &err), &err);
    check(file_is_folder(inner));
    check_ok(file_make_folder(inner, &err), &err); /* again is fine */
    check_int(rmdir(inner), 0);
    snprintf(inner, sizeof inner, "%s/a", p.folder);
    check_int(rmdir(inner), 0);
    check_int(file_make_folder(p.path, &err), -ERR_IO); /* a file */
    teardown(&p);
}
