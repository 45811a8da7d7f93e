/*
 * scaffold.c -- see app/scaffold.h for the contract.
 *
 * DESIGN
 *
 * The files of src/app/new are part of the program (src/embed.cmake). A word
 * between two @ stands for a name that is made from the operator's; all names
 * are checked before the first file is written.
 */
#include "app/scaffold.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/embed.h"
#include "base/str.h"
#include "io/file.h"
#include "kube/key.h"

#define DEFAULT_GROUP "example.com"
#define NAME_MAX_LEN (63 - (int)sizeof("tidelock-") + 1)
#define KIND_MAX_LEN 63

/* What the words between @ stand for. */
struct names {
    const char *name;     /* "redis-cache" */
    const char *kind;     /* "RedisCache" */
    const char *group;    /* "example.com" */
    const char *singular; /* "rediscache" */
    const char *plural;   /* "rediscaches" */
    const char *var;      /* "cache": a variable of the script */
    const char *file;     /* "redis_cache" */
    const char *dir;
};

/* ---- names ---- */

/* "Redis_Cache" would be "redis-cache". */
static int refuse_name(struct arena *a, const char *name, struct err *err)
{
    char *likely = arena_strdup(a, name);
    size_t len = 0;

    if (!likely)
        return err_nomem(err);
    for (const char *c = name; *c; c++) {
        char lower = (char)tolower((unsigned char)*c);
        bool fits = isalnum((unsigned char)lower) && (unsigned char)*c < 0x80;

        if (fits && (len > 0 || isalpha((unsigned char)lower)))
            likely[len++] = lower;
        else if (len > 0 && likely[len - 1] != '-')
            likely[len++] = '-';
    }
    while (len > 0 && likely[len - 1] == '-')
        len--;
    likely[len] = '\0';
    err_set(err, ERR_USAGE,
            "'%s' is no name for an operator: lower-case letters, digits and "
            "'-', a letter first, at most %d",
            name, NAME_MAX_LEN);
    if (len > 0 && len <= NAME_MAX_LEN)
        err_hint(err, "tidelock new %s", likely);
    return -ERR_USAGE;
}

static bool is_name(const char *name)
{
    return name_is_dns_label(name) && isalpha((unsigned char)name[0]) &&
           strlen(name) <= NAME_MAX_LEN;
}

static bool is_kind(const char *kind)
{
    if (!isupper((unsigned char)kind[0]) || strlen(kind) > KIND_MAX_LEN)
        return false;
    for (const char *c = kind; *c; c++)
        if (!isalnum((unsigned char)*c))
            return false;
    return true;
}

/* "redis-cache" to "RedisCache". */
static char *camel_case(struct arena *a, const char *name)
{
    char *out = arena_strdup(a, name);
    size_t len = 0;
    bool upper = true;

    for (const char *c = name; out && *c; c++) {
        if (*c != '-')
            out[len++] = upper ? (char)toupper((unsigned char)*c) : *c;
        upper = *c == '-';
    }
    if (out)
        out[len] = '\0';
    return out;
}

static char *lower_case(struct arena *a, const char *text)
{
    char *out = arena_strdup(a, text);

    for (char *c = out; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return out;
}

static bool is_vowel(char c)
{
    return memchr("aeiou", c, 5) != NULL;
}

/* As people who write definitions do: proxies, indexes, caches. */
static char *plural_of(struct arena *a, const char *word)
{
    size_t len = strlen(word);

    if (len > 1 && word[len - 1] == 'y' && !is_vowel(word[len - 2]))
        return arena_printf(a, "%.*sies", (int)len - 1, word);
    if (text_ends(word, "s") || text_ends(word, "x") || text_ends(word, "z") ||
        text_ends(word, "ch") || text_ends(word, "sh"))
        return arena_printf(a, "%ses", word);
    return arena_printf(a, "%ss", word);
}

/* The last word of the name, unless that means something in the script. */
static const char *variable_of(const char *name)
{
    static const char *const taken[] = {
        /* Lua's own */
        "and", "break", "do", "else", "elseif", "end", "false", "for",
        "function", "goto", "if", "in", "local", "nil", "not", "or", "repeat",
        "return", "then", "true", "until", "while",
        /* those of the templates */
        "case", "children", "container", "containers", "count", "deployment",
        "desired", "describe", "first", "given", "it", "log", "math", "next",
        "observe", "operator", "pairs", "plan", "ready", "reconcile", "report",
        "rows", "running", "select", "service", "state", "string", "table",
        "testing", "tidelock", "type", "view", "wanted"};
    const char *dash = strrchr(name, '-');
    const char *word = dash ? dash + 1 : name;

    if (!isalpha((unsigned char)word[0]))
        return "object";
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (strcmp(word, taken[i]) == 0)
            return "object";
    return word;
}

static char *file_of(struct arena *a, const char *name)
{
    char *out = arena_strdup(a, name);

    for (char *c = out; c && *c; c++)
        if (*c == '-')
            *c = '_';
    return out;
}

static int check_kind(const struct names *n, struct err *err)
{
    if (is_kind(n->kind))
        return 0;
    err_set(err, ERR_USAGE,
            "'%s' is no kind: letters and digits, a capital letter first, at "
            "most %d",
            n->kind, KIND_MAX_LEN);
    return err_hint(err, "as in --kind RedisCache");
}

static int check_group(const struct names *n, struct err *err)
{
    if (!name_is_dns_subdomain(n->group) || !strchr(n->group, '.')) {
        err_set(err, ERR_USAGE,
                "'%s' is no API group: a domain of yours is expected",
                n->group);
        return err_hint(err, "as in --group example.com");
    }
    if (text_ends(n->group, ".k8s.io") ||
        text_ends(n->group, "kubernetes.io")) {
        err_set(err, ERR_USAGE, "the API group '%s' belongs to Kubernetes",
                n->group);
        return err_hint(err, "take a domain of your own");
    }
    return 0;
}

static int make_names(const struct scaffold_options *o, struct arena *a,
                      struct names *n, struct err *err)
{
    int rc;

    if (!is_name(o->name))
        return refuse_name(a, o->name, err);
    n->name = o->name;
    n->kind = o->kind ? o->kind : camel_case(a, o->name);
    n->group = o->group ? o->group : DEFAULT_GROUP;
    n->dir = o->dir ? o->dir : o->name;
    n->var = variable_of(o->name);
    n->file = file_of(a, o->name);
    n->singular = n->kind ? lower_case(a, n->kind) : NULL;
    n->plural = n->singular ? plural_of(a, n->singular) : NULL;
    if (!n->file || !n->plural)
        return err_nomem(err);
    rc = check_kind(n, err);
    return rc < 0 ? rc : check_group(n, err);
}

/* ---- texts ---- */

static const char *find_name(const struct names *n, const char *word,
                             size_t len)
{
    const struct {
        const char *word;
        const char *name;
    } list[] = {
        {"name", n->name},         {"Kind", n->kind},     {"group", n->group},
        {"singular", n->singular}, {"plural", n->plural}, {"var", n->var},
        {"file", n->file},         {"dir", n->dir},
    };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (strlen(list[i].word) == len &&
            strncmp(list[i].word, word, len) == 0)
            return list[i].name;
    return NULL;
}

static void fill_in(const struct names *n, const char *text, struct str *out)
{
    while (*text) {
        const char *end = *text == '@' ? strchr(text + 1, '@') : NULL;
        const char *name =
            end ? find_name(n, text + 1, (size_t)(end - text - 1)) : NULL;

        if (name) {
            str_add(out, name);
            text = end + 1;
        } else
            str_addc(out, *text++);
    }
}

/* ---- files ---- */

/* Which file of src/app/new becomes which file. */
static const struct {
    const char *path;
    const char *from;       /* reconcile */
    const char *from_table; /* decision table */
    const char *about;
} files[] = {
    {"operator.lua", "operator.lua", "table.lua",
     "the script: change IMAGE and PORT first"},
    {"crd.yaml", "crd.yaml", "crd_table.yaml", "the fields of a @Kind@"},
    {"examples/@name@.yaml", "example.yaml", "example.yaml", "one of them"},
    {"spec/@file@_spec.lua", "spec.lua", "spec_table.lua",
     "what is expected of the script"},
    {"spec/cases.yaml", "cases.yaml", "cases.yaml", "the same, without Lua"},
    {"README.md", "README.md", "README.md", "edit this, run that"},
    {".luarc.json", "luarc.json", "luarc.json", "for editors"},
};
#define FILES (sizeof(files) / sizeof(files[0]))

static const char *text_of(const char *name)
{
    for (size_t i = 0; embed_new_files[i].name; i++)
        if (strcmp(embed_new_files[i].name, name) == 0)
            return embed_text(&embed_new_files[i]);
    return "";
}

/* "DIR/spec/redis_cache_spec.lua"; NULL on out of memory. */
static const char *path_of(const struct names *n, struct arena *a, size_t i)
{
    struct str name = {0};
    const char *path = NULL;

    fill_in(n, files[i].path, &name);
    if (!name.failed)
        path = file_join(a, n->dir, arena_strdup(a, str_text(&name)));
    str_release(&name);
    return path;
}

static int write_file(const struct names *n, struct arena *a, size_t i,
                      bool table, struct err *err)
{
    const char *path = path_of(n, a, i);
    const char *folder = path ? file_folder(a, path) : NULL;
    struct str text = {0};
    int rc = folder ? file_make_folder(folder, err) : err_nomem(err);

    fill_in(n, text_of(table ? files[i].from_table : files[i].from), &text);
    if (rc == 0)
        rc = str_check(&text, "a file", err);
    if (rc == 0)
        rc = file_write(path, str_text(&text), text.len, 0644, err);
    str_release(&text);
    return rc;
}

static int check_folder(const struct names *n, struct arena *a, struct err *err)
{
    const char **names;
    int rc;

    if (!file_exists(n->dir))
        return 0;
    if (file_is_folder(n->dir)) {
        rc = file_list(a, n->dir, NULL, &names, err);
        if (rc < 0 || !*names)
            return rc;
    }
    err_set(err, ERR_EXISTS, "'%s' is there already, nothing was written",
            n->dir);
    return err_hint(err, "--dir names another folder");
}

static int tell(const struct scaffold_options *o, const struct names *n,
                struct err *err)
{
    struct str out = {0};
    int rc;

    str_addf(&out, "%s: an operator for %s (%s/v1)\n\n", n->dir, n->kind,
             n->group);
    for (size_t i = 0; i < FILES; i++) {
        size_t from = out.len;

        str_add(&out, "  ");
        fill_in(n, files[i].path, &out);
        do
            str_addc(&out, ' ');
        while (out.len < from + 36 && !out.failed);
        fill_in(n, files[i].about, &out);
        str_addc(&out, '\n');
    }
    str_addf(&out,
             "\nNext:\n  tidelock test %s\n"
             "  tidelock plan %s --offline -f %s/examples\n",
             n->dir, n->dir, n->dir);
    rc = str_check(&out, "what was made", err);
    if (rc == 0)
        o->print(o->print_arg, out.data, out.len);
    str_release(&out);
    return rc;
}

int scaffold_run(const struct scaffold_options *o, struct err *err)
{
    struct arena a = {0};
    struct names n = {0};
    int rc = make_names(o, &a, &n, err);

    if (rc == 0)
        rc = check_folder(&n, &a, err);
    for (size_t i = 0; i < FILES && rc == 0; i++)
        rc = write_file(&n, &a, i, o->table, err);
    if (rc == 0)
        rc = tell(o, &n, err);
    arena_release(&a);
    return rc;
}
