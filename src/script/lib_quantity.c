/*
 * lib_quantity.c -- quantities for scripts, by kube/quantity.
 *
 * A quantity is a text, a number, or an object of lua/tidelock/quantity.lua,
 * which has its text in the field "text". Results are texts of the suffix
 * family of the first operand; where that is zero, of the other one, as the
 * API server does it.
 */
#include "kube/quantity.h"

#include "script/api.h"
#include "script/library.h"

#define COST 20 /* of one operation, in instructions */

struct operand {
    struct quantity q;
    enum quantity_form form;
};

/* The text is good while the value stays where it is. */
static const char *operand_text(lua_State *L, int arg)
{
    if (lua_istable(L, arg))
        return raw_text(L, arg, "text");
    return lua_isnumber(L, arg) || lua_isstring(L, arg) ? lua_tostring(L, arg)
                                                        : NULL;
}

static bool read_operand(lua_State *L, int arg, struct operand *ret)
{
    const char *text;

    vm_charge(L, COST);
    text = operand_text(L, arg);
    if (!text || !quantity_parse(text, &ret->q))
        return false;
    ret->form = quantity_form(text);
    return true;
}

static struct operand check_operand(lua_State *L, int arg)
{
    struct operand o = {0};
    const char *text;

    if (read_operand(L, arg, &o))
        return o;
    text = operand_text(L, arg);
    vm_raise(L, "quantities look like 500m, 1.5, 2Gi, 1e3",
             text ? "quantity: '%.60s' is none" : "quantity: a %s is none",
             text ? text : type_word(L, arg));
    return o;
}

static int push_result(lua_State *L, bool fits, const struct quantity *q,
                       enum quantity_form form)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    int rc;

    if (!fits)
        return vm_raise(L, NULL, "quantity: the result has too many digits");
    str_clear(&vm->text);
    rc = quantity_print(q, form, &vm->text);
    return push_text_result(L, rc, "quantity", &err);
}

static enum quantity_form form_of_both(const struct operand *a,
                                       const struct operand *b)
{
    return a->q.mantissa ? a->form : b->form;
}

static int l_add(lua_State *L)
{
    struct operand a = check_operand(L, 1), b = check_operand(L, 2);
    struct quantity sum = {0};
    bool fits = quantity_add(&a.q, &b.q, &sum);

    return push_result(L, fits, &sum, form_of_both(&a, &b));
}

static int l_subtract(lua_State *L)
{
    struct operand a = check_operand(L, 1), b = check_operand(L, 2);
    struct quantity negative = quantity_negate(&b.q), rest = {0};
    bool fits = quantity_add(&a.q, &negative, &rest);

    return push_result(L, fits, &rest, form_of_both(&a, &b));
}

static int l_multiply(lua_State *L)
{
    struct operand a = check_operand(L, 1), b = check_operand(L, 2);
    struct quantity product = {0};
    bool fits = quantity_multiply(&a.q, &b.q, &product);

    return push_result(L, fits, &product, a.form);
}

static int l_compare(lua_State *L)
{
    struct operand a = check_operand(L, 1), b = check_operand(L, 2);

    lua_pushinteger(L, quantity_compare(&a.q, &b.q));
    return 1;
}

/* integer(quantity, exp10): how many times 10^exp10, rounded up */
static int l_integer(lua_State *L)
{
    struct operand a = check_operand(L, 1);
    int exp10 = (int)luaL_checkinteger(L, 2);
    int64_t n;

    luaL_argcheck(L, exp10 >= -9 && exp10 <= 0, 2, "not from -9 to 0");
    if (!quantity_integer(&a.q, exp10, &n))
        return vm_raise(L, NULL, "quantity: more than 64 bits hold");
    lua_pushinteger(L, n);
    return 1;
}

/* canonical(quantity): the text, or nil when it is none */
static int l_canonical(lua_State *L)
{
    struct operand a = {0};

    luaL_checkany(L, 1);
    if (!read_operand(L, 1, &a)) {
        lua_pushnil(L);
        return 1;
    }
    return push_result(L, true, &a.q, a.form);
}

const luaL_Reg library_quantity[] = {
    {"add", l_add},
    {"canonical", l_canonical},
    {"compare", l_compare},
    {"integer", l_integer},
    {"multiply", l_multiply},
    {"subtract", l_subtract},
    {NULL, NULL},
};
