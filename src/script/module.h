/*
 * module.h -- a loaded script from the inside: its modules as bytecode.
 */
#ifndef TIDELOCK_SCRIPT_MODULE_H
#define TIDELOCK_SCRIPT_MODULE_H

#include "base/str.h"
#include "script/vm.h"

#define SOURCE_MAX_FILE (64u << 10) /* note 07 B5.3 */
#define SOURCE_MAX_ALL (1u << 20)

struct module {
    char *name;      /* "operator", "lib.ports", "tidelock.conditions" */
    struct str code; /* bytecode of our own compiler; the only one we load */
};

struct script {
    struct operator_decl decl;
    size_t overlay_count; /* their modules are "overlay:1" and so on */
    const struct script_file *files; /* only while it is loaded */
    size_t file_count;
    struct script_limits limits;
    struct module *modules;
    size_t count, cap;
    struct pool_block *spare; /* see pool.h */
    struct cover *cover;      /* cover.h; NULL: nobody counts lines */
    bool sealed;              /* see script_expect_sealed() */
};

/* A script that has the embedded library and nothing else. */
int script_new(const struct script_limits *limits, struct script **ret,
               struct err *err);

/* Borrowed; NULL when there is none. */
const struct module *module_find(const struct script *s, const char *name);

/* Compile one source text within a vm's budget and add it. `file` is the name
 * for messages, "lib/ports.lua". */
int module_add(struct script *s, const char *name,
               const struct script_file *file, struct err *err);

/* The chunk of `m` as a function on the stack. */
void RAISES module_push(lua_State *L, const struct module *m);

/* require(name): runs a module once for each state. */
int RAISES l_require(lua_State *L);

#endif
