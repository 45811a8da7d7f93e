/*
 * The configuration as a file: what its keys become, and where it is wrong.
 */
#include "app/config_file.h"

#include <string.h>

#include "folder.h"
#include "test.h"

#define HEAD "apiVersion: tidelock.dev/v1alpha1\nkind: Configuration\n"

struct read {
    struct folder folder;
    struct arena a;
    struct config_file file;
    struct err err;
    int rc;
};

static void read_init(struct read *r, const char *text)
{
    *r = (struct read){0};
    folder_init(&r->folder);
    r->rc = config_read(&r->a, folder_write(&r->folder, "config.yaml", text),
                        &r->file, &r->err);
}

static void read_release(struct read *r)
{
    arena_release(&r->a);
    folder_release(&r->folder);
}

static const struct config_entry *entry(const struct read *r, const char *key)
{
    static const struct config_entry none = {.key = "none"};

    for (size_t i = 0; i < r->file.count; i++)
        if (strcmp(r->file.items[i].key, key) == 0)
            return &r->file.items[i];
    return &none;
}

#define ALL                                                                    \
    HEAD "operators: [ one, two ]\n"                                           \
         "workers: 3\n"                                                        \
         "\"leaderElect\": true\n"                                            \
         "qps: 2.5\n"                                                          \
         "labels: {}\n"                                                        \
         "set:\n"                                                              \
         "  image: nginx:1.27\n"                                               \
         "  replicas: 2\n"

static void check_values(const struct read *r)
{
    check_int(r->file.count, 6);
    check_int(entry(r, "operators")->count, 2);
    check_str(entry(r, "operators")->values[1], "two");
    check_int(entry(r, "operators")->line, 3);
    check_str(entry(r, "workers")->values[0], "3");
    check_str(entry(r, "leaderElect")->values[0], "true");
    check_int(entry(r, "leaderElect")->line, 5);
    check_str(entry(r, "qps")->values[0], "2.5");
    check_int(entry(r, "labels")->count, 0);
    check_str(entry(r, "set")->values[0], "image=nginx:1.27");
    check_str(entry(r, "set")->values[1], "replicas=2");
    check_int(entry(r, "set")->line, 8);
}

TEST(a_configuration_has_its_keys_as_flags_would_give_them)
{
    struct read r;

    read_init(&r, ALL);
    if (check_ok(r.rc, &r.err))
        check_values(&r);
    read_release(&r);
}

TEST_ALLOC(a_configuration_survives_out_of_memory)
{
    struct read r;
    int rc;

    read_init(&r, ALL);
    rc = r.rc;
    if (rc == 0)
        check_values(&r);
    read_release(&r);
    return rc;
}

TEST(a_configuration_that_is_wrong_says_where)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "1:1: this is no configuration"},
        {"kind: Configuration\n", "1:1: this is no configuration"},
        {"apiVersion: tidelock.dev/v2\nkind: Configuration\n",
         "1:1: this is no configuration"},
        {"[ 1 ]\n", "1:1: this is no configuration"},
        {HEAD "workers: [ [ 1 ] ]\n", "3:1: 'workers' is a text"},
        {HEAD "workers: null\n", "3:1: 'workers' is a text"},
        {HEAD "qps: 1\nset: { a: { b: c } }\n", "4:1: 'set' is a text"},
        {HEAD "---\n" HEAD, "a second document"},
        {HEAD "workers: [ 1\n", "config.yaml:"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct read r;

        read_init(&r, rows[i].text);
        check(r.rc < 0);
        check_has(r.err.msg, rows[i].message);
        check_has(r.err.msg, r.folder.path);
        read_release(&r);
    }
}
