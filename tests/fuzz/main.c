/*
 * main.c -- in place of libFuzzer, for compilers without it and for one input
 *           under a debugger: runs the target once for every file named, and
 *           for every file in a folder named.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "entry.h"

static int run_file(const char *path)
{
    struct str bytes = {0};
    char piece[4096];
    FILE *f = fopen(path, "rb");
    uint8_t *exact;
    size_t n;

    if (!f) {
        fprintf(stderr, "cannot read '%s'\n", path);
        return 1;
    }
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        str_addn(&bytes, piece, n);
    fclose(f);

    exact = mem_alloc(bytes.len);
    if (exact && !bytes.failed) {
        memcpy(exact, str_text(&bytes), bytes.len);
        fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(exact, bytes.len);
    }
    mem_free(exact);
    str_release(&bytes);
    return 0;
}

static int run(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    int failures = 0;

    if (!dir)
        return run_file(path);
    while ((entry = readdir(dir))) {
        struct str file = {0};

        if (entry->d_name[0] == '.')
            continue;
        str_addf(&file, "%s/%s", path, entry->d_name);
        failures += run_file(str_text(&file));
        str_release(&file);
    }
    closedir(dir);
    return failures;
}

int main(int argc, char **argv)
{
    int failures = 0;

    for (int i = 1; i < argc; i++)
        failures += run(argv[i]);
    return failures ? 1 : 0;
}
