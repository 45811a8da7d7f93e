/*
 * properties.c -- see properties.h.
 */
#include "properties.h"

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "frame_fill.h"
#include "script/convert.h"
#include "script/module.h"

/* ---- JSON through Lua ---- */

struct conversion {
    const char *json;
    size_t len;
    struct value *result;
};

static int convert_body(lua_State *L)
{
    struct conversion *c = lua_touserdata(L, 1);
    struct err err = {0};

    convert_open(L);
    push_json(L, c->json, c->len, "the text");
    if (value_from_lua(L, -1, "", &c->result, &err) < 0)
        vm_kill_err(L, "the value", &err);
    return 0;
}

int convert_through_lua(const char *json, size_t len, struct str *out,
                        struct err *err)
{
    struct conversion c = {json, len, NULL};
    struct script none = {.limits = {0}};
    struct arena arena = {0};
    struct vm vm;
    int rc = vm_open(&vm, &none, err);

    vm.arena = &arena;
    if (rc == 0)
        rc = vm_call(&vm, convert_body, &c, err);
    vm_close(&vm);
    pool_free_spare(none.spare);
    if (rc == 0)
        rc = value_print(c.result, out, err);
    arena_release(&arena);
    return rc;
}

static const char *compare(int parsed, const struct str *want, int converted,
                           const struct str *got)
{
    if (parsed < 0 && converted == 0)
        return "Lua takes what the parser refuses";
    if (parsed < 0 || converted == -ERR_PLAN || converted == -ERR_BUDGET)
        return NULL;
    if (converted < 0)
        return "Lua refuses what the parser takes";
    if (want->len != got->len ||
        memcmp(str_text(want), str_text(got), want->len) != 0)
        return "it comes back changed";
    return NULL;
}

const char *property_convert(convert_fn *convert, const char *data, size_t len)
{
    struct arena arena = {0};
    struct str want = {0}, got = {0};
    struct value *v = NULL;
    struct err err = {0};
    int parsed = value_parse(&arena, data, len, &v, &err);
    const char *wrong;

    if (parsed == 0)
        parsed = value_print(v, &want, &err);
    wrong = compare(parsed, &want, convert(data, len, &got, &err), &got);
    str_release(&want);
    str_release(&got);
    arena_release(&arena);
    return wrong;
}

/* ---- sources ---- */

const char *property_source(const char *data, size_t len)
{
    struct script_file file = {"operator.lua", data, len};
    struct script s = {.limits = {0}};
    struct err err = {0};
    int rc = module_add(&s, "operator", &file, &err);
    const char *wrong = NULL;

    if (rc < 0 && !strstr(err.msg, "operator.lua"))
        wrong = "the message does not name the file";
    if (rc == 0 && (s.count != 1 || s.modules[0].code.len == 0))
        wrong = "no code came of it";
    for (size_t i = 0; i < s.count; i++) {
        mem_free(s.modules[i].name);
        str_release(&s.modules[i].code);
    }
    mem_free(s.modules);
    pool_free_spare(s.spare);
    return wrong;
}

/* ---- messages between the processes ---- */

static const char *check_answer(struct frame_answer *m)
{
    struct snapshot map = {.api_version = "v1",
                           .kind = "ConfigMap",
                           .key = {"default", "t"},
                           .uid = "u"};
    struct snapshot *items[] = {&map};
    struct view_kind kind = {
        .gvk = {"v1", "ConfigMap"}, .known = true, .items = items, .count = 1};
    struct view view = {.root = &map, .kinds = &kind, .count = 1};
    struct operator_owned owned = {.gvk = {"v1", "ConfigMap"}};
    struct operator_decl decl = {.owns = &owned, .owns_count = 1};
    struct err err = {0};
    int rc = frame_check_answer(m, &view, &decl, &err);

    if (rc == 0 && m->plan.read_count != m->read_count)
        return "a read is lost";
    return rc == 0 || rc == -ERR_PROTOCOL ? NULL : "an answer fails otherwise";
}

static const char *check_message(frame_fn *get, const struct frame *f,
                                 const char *data, size_t len)
{
    struct arena arena = {0};
    struct str again = {0};
    struct err err = {0};
    void *msg = frame_blank(f->type, &arena);
    const char *wrong = NULL;
    int rc = get(f, &arena, msg, &err);

    if (rc < 0 && (rc != -ERR_PROTOCOL || err.code != ERR_PROTOCOL))
        wrong = "it is refused for another reason";
    if (rc == 0 &&
        (frame_put(&again, f->type, msg, &err) < 0 || again.len != len + 4 ||
         memcmp(again.data + 4, data, len) != 0))
        wrong = "it is read as something else";
    if (rc == 0 && !wrong && f->type == FRAME_ANSWER)
        wrong = check_answer(msg);
    str_release(&again);
    arena_release(&arena);
    return wrong;
}

const char *property_frame(frame_fn *get, const char *data, size_t len)
{
    struct frame_stream s = {0};
    struct frame f;
    struct err err = {0};
    char length[4];
    const char *wrong = NULL;
    int rc;

    for (unsigned i = 0; i < sizeof length; i++)
        length[i] = (char)(len >> (8 * i) & 0xFF);
    frame_feed(&s, length, sizeof length, &err);
    if (frame_cut(&s, &f, &err) != 0 && len > 0)
        wrong = "a message without its type";
    frame_feed(&s, data, len, &err);
    rc = frame_cut(&s, &f, &err);
    if (rc == 1)
        wrong = check_message(get, &f, data, len);
    else if (rc != -ERR_PROTOCOL && len > 0)
        wrong = "a whole message is not cut";
    frame_stream_release(&s);
    return wrong;
}
