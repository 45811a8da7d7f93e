/*
 * specs_text.c -- what Lua's own libraries lack: YAML, canonical JSON, lists
 *                 of folders.
 */
#include <string.h>

#include "io/file.h"
#include "kube/yaml.h"
#include "specs_impl.h"

#define MAX_TEXT (16u << 20)

/* {text =, name =} or {file =} -> {documents = {...}, lines = {...}} */
int specs_answer_yaml(struct specs_question *q, struct err *err)
{
    const char *text = value_text_at(q->given, "text");
    const char *file = value_text_at(q->given, "file");
    const char *name = value_text_at(q->given, "name");
    struct value *items = value_array(q->a), *lines = value_array(q->a);
    struct yaml_docs docs = {0};
    struct str read = {0};
    int rc = items && lines ? 0 : err_nomem(err);

    if (rc == 0 && file)
        rc = file_read(file, MAX_TEXT, &read, err);
    if (file)
        text = str_text(&read);
    if (rc == 0)
        rc = yaml_parse(q->a,
                        file   ? file
                        : name ? name
                               : "yaml",
                        text ? text : "", text ? strlen(text) : 0, &docs, err);
    str_release(&read);
    for (size_t i = 0; rc == 0 && i < docs.count; i++)
        if (value_append(q->a, items, docs.items[i]) < 0 ||
            value_append(q->a, lines, value_integer(q->a, docs.lines[i])) < 0)
            rc = err_nomem(err);
    q->answer = value_object(q->a);
    if (rc == 0 &&
        (!q->answer || value_set(q->a, q->answer, "documents", items) < 0 ||
         value_set(q->a, q->answer, "lines", lines) < 0))
        rc = err_nomem(err);
    return rc;
}

/* {value =, format = "yaml" | "json" | "pretty"} -> {text =} */
int specs_answer_print(struct specs_question *q, struct err *err)
{
    const struct value *v = value_get(q->given, "value");
    const char *format = value_text_at(q->given, "format");
    struct str out = {0};
    int rc;

    if (!v)
        rc = err_set(err, ERR_INVALID, "there is no value to print");
    else if (text_equal(format, "yaml"))
        rc = value_print_yaml(v, 0, &out, err);
    else if (text_equal(format, "pretty"))
        rc = value_print_pretty(v, &out, err);
    else
        rc = value_print(v, &out, err);
    q->answer = value_object(q->a);
    if (rc == 0 && (!q->answer || value_set(q->a, q->answer, "text",
                                            value_stringn(q->a, str_text(&out),
                                                          out.len)) < 0))
        rc = err_nomem(err);
    str_release(&out);
    return rc;
}

/* {folder =, suffix =} -> {names = {...}}; none when there is no folder */
int specs_answer_list(struct specs_question *q, struct err *err)
{
    const char *folder = value_text_at(q->given, "folder");
    struct value *list = value_array(q->a);
    const char **names = NULL;
    int rc = list ? 0 : err_nomem(err);

    if (rc == 0 && folder && file_is_folder(folder))
        rc = file_list(q->a, folder, value_text_at(q->given, "suffix"), &names,
                       err);
    for (; rc == 0 && names && *names; names++)
        if (value_append(q->a, list, value_string(q->a, *names)) < 0)
            rc = err_nomem(err);
    q->answer = value_object(q->a);
    if (rc == 0 &&
        (!q->answer || value_set(q->a, q->answer, "names", list) < 0))
        rc = err_nomem(err);
    return rc;
}

/* {text =}: to standard output, the way the command prints */
int specs_answer_write(struct specs_question *q, struct err *err)
{
    const struct value *text = value_get(q->given, "text");

    (void)err;
    if (value_is(text, VALUE_STRING))
        q->specs->options->print(q->specs->options->print_arg, text->as.string,
                                 text->count);
    return 0;
}
