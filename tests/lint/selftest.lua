--- Every lint finds the faults planted for it, each at its place, and nothing
-- in a text without faults.

local banned = require "banned"
local layers = require "layers"
local shapes = require "shapes"
local size = require "size"
local tree = require "tree"
local words = require "words"

local LAYERS = [[
# layer  may include  external headers
base     -            cjson
kube     base         yaml
core     base kube    -
io       base kube    uv
app      base io      -
]]

local function with_layers(texts)
  texts["src/LAYERS"] = LAYERS
  return texts
end

-- `lines` statements, with `depth` loops around the last.
local function function_of(lines, depth, parameters)
  local out = { ("int f(%s)"):format(parameters or "void"), "{" }
  for _ = 1, lines - 4 do
    out[#out + 1] = "    step();"
  end
  out[#out + 1] = "    " .. ("if (x) "):rep(depth or 0) .. "step();"
  out[#out + 1] = "}"
  return table.concat(out, "\n") .. "\n"
end

local SHAPED = [[
static const struct shape_field shape_x_fields[] = {
    F_TEXT(x, name, MAX_WORD),
    F_LIST(x, items, item_count, 9, &shape_y),
};
SHAPE_OF(shape_x, x);
]]

-- { lint, what is planted, the tree, what has to be found (nil: nothing) }
local CASES = {
  { layers, "clean", with_layers {
    ["src/kube/a.c"] = '#include "kube/a.h"\n#include "base/b.h"\n'
      .. '#include <stdio.h>\n#include "private.h"\n',
    ["src/kube/private.h"] = "", ["include/kube/a.h"] = "",
    ["include/base/b.h"] = "" } },
  { layers, "an arrow up", with_layers {
    ["src/base/a.c"] = '\n#include "kube/a.h"\n', ["include/kube/a.h"] = "" },
    "src/base/a.c:2: base may not include kube" },
  { layers, "an arrow up in a header", with_layers {
    ["include/kube/a.h"] = '#include "core/x.h"\n',
    ["include/core/x.h"] = "" }, "kube may not include core" },
  { layers, "an arrow up in a test", with_layers {
    ["tests/unit/base/a.c"] = '#include "test.h"\n#include "core/x.h"\n',
    ["include/core/x.h"] = "" }, "tests/unit/base/a.c:2: " },
  { layers, "a private header of another layer", with_layers {
    ["src/kube/a.c"] = '#include "base/secret.h"\n',
    ["src/base/secret.h"] = "" }, "is private to base" },
  { layers, "somebody else's library", with_layers {
    ["src/core/a.c"] = "#  include <cJSON.h>\n" },
    "core may not include <cJSON.h>" },
  { layers, "yaml.h outside its wrapper", with_layers {
    ["src/kube/config.c"] = "#include <yaml.h>\n" }, "wrapper only" },
  { layers, "an include in a comment", with_layers {
    ["src/base/a.c"] = '/*\n#include "kube/a.h"\n*/\n' } },
  { layers, "support for tests that use io", with_layers {
    ["tests/unit/app/a.c"] = '#include "support/server.h"\n',
    ["tests/unit/support/server.h"] = "#include <uv.h>\n" } },
  { layers, "support for tests below io", with_layers {
    ["tests/unit/core/a.c"] = '#include "support/server.h"\n',
    ["tests/unit/support/server.h"] = "" }, "core does not use io" },
  { layers, "support that is not there", with_layers {
    ["tests/unit/io/a.c"] = '#include "support/server.h"\n' },
    "is not there" },
  { layers, "an unknown layer", with_layers { ["src/extra/a.c"] = "" },
    "layer not in src/LAYERS" },
  { layers, "another table in CMakeLists.txt", with_layers {
    ["CMakeLists.txt"] = "x\ntidelock_layer(kube USES base core LIBS YAML)\n" },
    "layer kube and core" },

  { banned, "clean", { ["src/core/a.c"] =
    'void f(void)\n{\n    mem_free(p);\n    ops->free(p);\n    s.free(p);\n'
    .. '    snprintf(b, 1, "free(x) printf(y)"); /* malloc(1) */\n}\n' } },
  { banned, "malloc", { ["src/core/a.c"] = "\n\np = malloc(3);\n" },
    "src/core/a.c:3: malloc() is for base/mem only" },
  { banned, "free in a line with a member free", { ["src/core/a.c"] =
    "ops->free(p), free(p);\n" }, "free() is for base/mem" },
  { banned, "printf below cli", { ["src/app/a.c"] = 'printf ("x");\n' },
    "printf() is for cli only" },
  { banned, "strcpy anywhere", { ["src/cli/a.c"] = "strcpy(a, b);\n" },
    "strcpy() is for nobody only" },
  { banned, "a wrapper at work", { ["src/base/mem.c"] = "free(p);\n",
    ["src/cli/a.c"] = 'printf("x");\nexit(1);\n' } },

  { words, "clean", { ["a.md"] = "see https://kubernetes.io/docs\n",
    ["b.c"] = "/* a working rooted homely line */\n" } },
  { words, "a path of a machine", { ["a.md"] = "in /" .. "work/x\n" },
    "a.md:1: path of a machine" },
  { words, "unfinished work", { ["a.lua"] = "-- TO" .. "DO later\n" },
    "unfinished work" },
  { words, "a trailing blank", { ["a.md"] = "x \n" }, "blank at the end" },
  { words, "a tab in C", { ["a.c"] = "\tx;\n" }, "a.c:1: tab" },
  { words, "a tab in a Makefile", { ["Makefile"] = "x:\n\techo\n" } },
  { words, "an unlisted host", { ["a.md"] = "https:" .. "//mirror.corp.test/x\n" },
    "unlisted host: mirror.corp.test" },
  { words, "a host before an escaped quote",
    { ["a.c"] = '"\\"https:' .. '//kubernetes.io\\""\n' } },
  { words, "no newline at the end", { ["a.md"] = "x" }, "no newline" },

  { size, "clean", { ["src/base/a.c"] = function_of(10, 3, "int a, int b") } },
  { size, "a long function", { ["src/base/a.c"] = function_of(81) },
    "src/base/a.c:1: f(): 81 lines, at most 80" },
  { size, "deep nesting without braces",
    { ["src/base/a.c"] = function_of(10, 4) }, "f(): 4 levels, at most 3" },
  { size, "deep nesting with braces", { ["src/base/a.c"] =
    "int f(void)\n{\n for (;;) {\n do {\n switch (x) {\n case 1:\n"
    .. "  if (y) {\n z();\n }\n }\n } while (0);\n }\n}\n" },
    "f(): 4 levels, at most 3" },
  { size, "else if is one level", { ["src/base/a.c"] =
    "int f(void)\n{\n    if (a)\n        b();\n    else if (c)\n        d();\n"
    .. "    else if (e)\n        f();\n    else if (g)\n        h();\n}\n" } },
  { size, "six parameters", { ["src/base/a.c"] =
    "int f(int a, int b, int c,\n      int d, int (*e)(int, int), int g)\n"
    .. "{\n    return 0;\n}\n" }, "f(): 6 parameters, at most 5" },
  { size, "five parameters and the error", { ["src/base/a.c"] =
    "int f(int a, int b, int c, int d, int e, struct err *err)\n"
    .. "{\n    return 0;\n}\n" } },
  { size, "a long file", { ["src/base/a.c"] = ("x;\n"):rep(601) },
    "601 lines, at most 600" },
  { size, "a long header", { ["include/base/a.h"] = ("x;\n"):rep(151) },
    "151 lines, at most 150" },
  { size, "functions that are long on the whole",
    { ["src/base/a.c"] = (function_of(40) .. "\n"):rep(3) }, "median 40" },

  { shapes, "clean", { ["src/script/frame_a.c"] = SHAPED,
    ["include/core/x.h"] = "struct x {\n    const char *name; /* a; b */\n"
      .. "    struct y *items;\n    size_t item_count;\n};\n" } },
  { shapes, "a forgotten member", { ["src/script/frame_a.c"] = SHAPED,
    ["include/core/x.h"] = "\nstruct x {\n    const char *name, *why;\n"
      .. "    struct y *items;\n    size_t item_count;\n};\n" },
    "include/core/x.h:2: struct x: 'why' does not travel" },
  { shapes, "a forgotten array", { ["src/script/frame_a.c"] = SHAPED,
    ["include/core/x.h"] = "struct x {\n    char text[12];\n};\n" },
    "'text' does not travel" },
  { shapes, "a member that stays and is not there",
    { ["src/script/frame_a.c"] = "SHAPE_OF(shape_decl, operator_decl);\n",
      ["include/core/o.h"] = "struct operator_decl {\n    int memory;\n};\n" },
    "struct operator_decl: 'arena' is not a member that stays" },
  { shapes, "a member of the view without a message",
    { ["include/core/view.h"] = "struct view_zone {\n    int colour;\n};\n" },
    "struct view_zone: 'colour' has no message that stands for it" },
  { shapes, "a message that lost what stands for a member",
    { ["src/script/frame_a.c"] = "F_BOOL(frame_zone, utc)",
      ["include/core/view.h"] = "struct view_zone {\n    int why;\n};\n" },
    "'why' should travel as frame_zone.why, which does not" },
}

local selftest = {}

local function passes(case)
  local found = case[1].check(tree.from(case[3]))
  if not case[4] then
    return #found == 0, table.concat(found, "; ")
  end
  for _, line in ipairs(found) do
    if line:find(case[4], 1, true) then
      return true
    end
  end
  return false, "found: " .. table.concat(found, "; ")
end

--- The faults that were not found, and the number of cases.
function selftest.run()
  local missed = {}
  for _, case in ipairs(CASES) do
    local ok, why = passes(case)
    if not ok then
      missed[#missed + 1] = ("planted %s: %s"):format(case[2], why)
    end
  end
  return missed, #CASES
end

return selftest
