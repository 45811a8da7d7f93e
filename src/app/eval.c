/*
 * eval.c -- see include/app/eval.h for the contract.
 *
 * Documents are read and checked here; the script gets canonical JSON, so YAML
 * and JSON input are the same to it. Its output is JSON, one document a line:
 * for jq, and for a comparison in a shell script.
 */
#include "app/eval.h"

#include <string.h>

#include "app/runtime.h"
#include "base/clock.h"
#include "io/file.h"
#include "kube/yaml.h"
#include "script/eval.h"

#define MAX_DOCUMENT_BYTES (16u << 20)
#define MAX_SOURCE_BYTES (1u << 20) /* larger is refused by the sandbox */
#define DEFAULT_GLOBAL "obj"

/* ---- input ---- */

/* A text that lives in `a`. */
static int read_text(struct arena *a, const char *path, size_t max,
                     struct eval_input *ret, struct err *err)
{
    struct str text;
    int rc;

    str_init(&text, max);
    rc = file_read(path, max, &text, err);
    if (rc == 0) {
        ret->len = text.len;
        ret->json = arena_strndup(a, str_text(&text), text.len);
        if (!ret->json)
            rc = err_nomem(err);
    }
    str_release(&text);
    return rc;
}

/* The one document of a file as canonical JSON. */
static int read_document(struct arena *a, const char *path,
                         struct eval_input *ret, struct err *err)
{
    struct eval_input text = {0};
    struct yaml_docs docs = {0};
    struct str json = {0};
    int rc = read_text(a, path, MAX_DOCUMENT_BYTES, &text, err);

    if (rc == 0)
        rc = yaml_parse(a, path, text.json, text.len, &docs, err);
    if (rc == 0 && docs.count != 1) {
        rc = err_set(err, ERR_INVALID, "%s has %zu documents, one is expected",
                     path, docs.count);
        if (docs.count > 1)
            err_hint(err, "a list is one document: [first, second]");
    }
    if (rc == 0)
        rc = value_print(docs.items[0], &json, err);
    if (rc == 0) {
        ret->len = json.len;
        ret->json = arena_strndup(a, str_text(&json), json.len);
        if (!ret->json)
            rc = err_nomem(err);
    }
    str_release(&json);
    return rc;
}

static int check(const struct eval_options *o, struct err *err)
{
    int from_stdin = strcmp(o->file, "-") == 0;

    from_stdin += o->object && strcmp(o->object, "-") == 0;
    for (size_t i = 0; i < o->arg_count; i++)
        from_stdin += strcmp(o->args[i], "-") == 0;
    if (from_stdin > 1)
        return err_set(err, ERR_USAGE, "only one of the files can be '-'");
    if (o->arg_count > 0 && !o->function)
        return err_set(err, ERR_USAGE, "--arg needs --call FUNCTION");
    if (o->global && !o->object) {
        err_set(err, ERR_USAGE, "--global names the object of -f");
        return err_hint(err, "add -f OBJECT");
    }
    if (strcmp(o->file, "-") != 0 && !text_ends(o->file, ".lua"))
        return err_set(err, ERR_USAGE, "'%s' is no .lua file", o->file);
    return 0;
}

static int read_args(struct arena *a, const struct eval_options *o,
                     struct eval_call *call, struct err *err)
{
    struct eval_input *args =
        arena_calloc(a, o->arg_count + 1, sizeof(*call->args));
    int rc = 0;

    if (!args)
        return err_nomem(err);
    for (size_t i = 0; i < o->arg_count && rc == 0; i++)
        rc = read_document(a, o->args[i], &args[i], err);
    call->args = args;
    call->arg_count = o->arg_count;
    if (o->arg_count > 0 || !o->object || !o->function)
        return rc;
    args[0] = call->object;
    call->arg_count = 1;
    return rc;
}

static int read_call(struct arena *a, const struct eval_options *o,
                     struct eval_call *call, struct err *err)
{
    struct eval_input text = {0};
    int rc = read_text(a, o->file, MAX_SOURCE_BYTES, &text, err);

    if (rc == 0 && o->object)
        rc = read_document(a, o->object, &call->object, err);
    if (rc == 0)
        rc = read_args(a, o, call, err);
    call->file.name = strcmp(o->file, "-") == 0 ? "stdin.lua" : o->file;
    call->file.text = text.json;
    call->file.len = text.len;
    call->global = o->global ? o->global : DEFAULT_GLOBAL;
    call->function = o->function;
    call->now = clock_unix(clock_real());
    return rc;
}

/* ---- output ---- */

static void tell_logs(const struct eval_options *o,
                      const struct eval_answer *answer)
{
    for (size_t i = 0; i < answer->log_count; i++)
        o->tell(answer->logs[i].warn ? "warn: " : "log: ",
                answer->logs[i].text);
}

/* Nothing is printed before all of it can be. */
static int print_values(const struct eval_options *o,
                        const struct eval_answer *answer, struct err *err)
{
    struct str out = {0};
    int rc = 0;

    for (size_t i = 0; i < answer->count && rc == 0; i++) {
        rc = value_print(answer->values[i], &out, err);
        str_addc(&out, '\n');
    }
    if (rc == 0)
        rc = str_check(&out, "the answer", err);
    if (rc == 0)
        o->print(o->print_arg, str_text(&out), out.len);
    str_release(&out);
    return rc;
}

/* A script that looks for its object, and was given none. */
static int advise(const struct eval_options *o, struct err *err)
{
    if (!o->object && strstr(err->msg, "(global '" DEFAULT_GLOBAL "')"))
        err_hint(err, "-f FILE gives the script its object");
    return -(int)err->code;
}

static int evaluate(struct arena *a, const struct eval_options *o,
                    struct eval_answer *answer, struct err *err)
{
    struct eval_call call = {0};
    int rc = check(o, err);

    if (rc == 0)
        rc = read_call(a, o, &call, err);
    if (rc == 0) {
        rc = script_eval(&call, NULL, a, answer, err);
        tell_logs(o, answer);
    }
    if (rc < 0)
        return advise(o, err);
    return print_values(o, answer, err);
}

int eval_run(const struct eval_options *o,
             int (*fail)(const struct err *err, int code))
{
    struct arena a = {0};
    struct eval_answer answer = {.stack = ""};
    struct err err = {0};
    int code = EXIT_OK;

    if (evaluate(&a, o, &answer, &err) < 0) {
        code = err.code == ERR_USAGE ? EXIT_BAD_USAGE : EXIT_ERROR;
        fail(&err, code);
        if (*answer.stack)
            o->tell("  stack: ", answer.stack);
    }
    arena_release(&a);
    return code;
}
