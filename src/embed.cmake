# Files that become part of the binaries: the Lua library, the table of
# built-in kinds, and the version. Included by CMakeLists.txt it declares the
# build steps; run with `cmake -P` it is the step itself:
#
#   cmake -DMODE=files -DOUT=x.c -DARRAY=embed_lua_files -DROOT=lua -DIN=a;b
#   cmake -DMODE=raw   -DOUT=x.c -DARRAY=embed_new_files -DROOT=dir -DIN=a;b
#   cmake -DMODE=one   -DOUT=x.c -DVARIABLE=embed_schema -DIN=file
#   cmake -DMODE=version -DOUT=x.c -DVERSION=0.1.0 -DSOURCE=dir
#
# The declarations are in include/base/embed.h and include/base/version.h.

# The bytes of a file, packed (zstd), as C initialisers, sixteen a line; and how
# many they are unpacked.
function(embed_bytes file ret_text ret_len)
  set(text "")
  set(len 0)
  if(file)
    file(SIZE "${file}" len)
    file(ARCHIVE_CREATE OUTPUT "${OUT}.zst" PATHS "${file}"
      FORMAT raw COMPRESSION Zstd COMPRESSION_LEVEL 9)
    file(READ "${OUT}.zst" hex HEX)
    file(REMOVE "${OUT}.zst")
    string(REGEX REPLACE "(................................)" "\\1\n" hex
      "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," text "${hex}")
  endif()
  set(${ret_text} "${text}" PARENT_SCOPE)
  set(${ret_len} ${len} PARENT_SCOPE)
endfunction()

# The bytes and the room for their text; `suffix` tells several apart.
function(embed_data file suffix ret_data ret_fields)
  embed_bytes("${file}" bytes len)
  set(${ret_data} "static const unsigned char packed${suffix}[] = {
${bytes}
};
static char text${suffix}[${len} + 1];
" PARENT_SCOPE)
  set(${ret_fields}
    "packed${suffix}, sizeof packed${suffix}, text${suffix}, ${len}"
    PARENT_SCOPE)
endfunction()

# Leave the file alone when nothing changed, so that nothing is rebuilt.
function(embed_write file text)
  set(old "")
  if(EXISTS "${file}")
    file(READ "${file}" old)
  endif()
  if(NOT old STREQUAL text)
    file(WRITE "${file}" "${text}")
  endif()
endfunction()

function(embed_files)
  set(data "")
  set(table "")
  set(n 0)
  foreach(file IN LISTS IN)
    file(RELATIVE_PATH name "${ROOT}" "${file}")
    if(MODE STREQUAL "files") # modules have names, other files paths
      string(REGEX REPLACE "\\.lua$" "" name "${name}")
      string(REPLACE "/" "." name "${name}")
      string(REGEX REPLACE "\\.init$" "" name "${name}")
    endif()
    embed_data("${file}" _${n} one fields)
    string(APPEND data "${one}")
    string(APPEND table "    {\"${name}\", ${fields}},\n")
    math(EXPR n "${n} + 1")
  endforeach()
  file(WRITE "${OUT}" "#include \"base/embed.h\"\n\n${data}\n"
    "const struct embed_file ${ARRAY}[] = {\n${table}    {0},\n};\n")
endfunction()

function(embed_one)
  embed_data("${IN}" "" data fields)
  file(WRITE "${OUT}" "#include \"base/embed.h\"\n\n${data}\n"
    "const struct embed_file ${VARIABLE} = {\n"
    "    \"${VARIABLE}\", ${fields}};\n")
endfunction()

# A clean clone, a work tree and a tarball: only the last has no commit.
function(embed_version)
  set(commit "")
  set(date "")
  if(EXISTS "${SOURCE}/.git") # not that of a repository around a tarball
    execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=12 HEAD
      OUTPUT_VARIABLE commit ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND git -C "${SOURCE}" show -s --format=%cs HEAD
      OUTPUT_VARIABLE date ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  if(NOT commit MATCHES "^[0-9a-f]+$")
    set(commit "unknown")
  endif()
  embed_write("${OUT}" "#include \"base/version.h\"

const char version_text[] = \"${VERSION}\";
const char version_commit[] = \"${commit}\";
const char version_date[] = \"${date}\";
")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  if(MODE STREQUAL "files" OR MODE STREQUAL "raw")
    embed_files()
  elseif(MODE STREQUAL "one")
    embed_one()
  elseif(MODE STREQUAL "version")
    embed_version()
  endif()
  return()
endif()

set(embed_script "${CMAKE_CURRENT_LIST_FILE}")
set(embed_dir "${CMAKE_BINARY_DIR}/generated")
set(TIDELOCK_LUA_C "${embed_dir}/embed_lua.c")
set(TIDELOCK_LINT_C "${embed_dir}/embed_lint.c")
set(TIDELOCK_TESTING_C "${embed_dir}/embed_testing.c")
set(TIDELOCK_NEW_C "${embed_dir}/embed_new.c")
set(TIDELOCK_PACKAGE_C "${embed_dir}/embed_package.c")
set(TIDELOCK_TYPES_C "${embed_dir}/embed_types.c")
set(TIDELOCK_EXPLAIN_C "${embed_dir}/embed_explain.c")
set(TIDELOCK_SCHEMA_C "${embed_dir}/embed_schema.c")
set(TIDELOCK_PROTOBUF_C "${embed_dir}/embed_protobuf.c")
set(TIDELOCK_VERSION_C "${embed_dir}/version.c")

file(GLOB embed_lua CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/lua/tidelock/*.lua")
file(GLOB embed_lint CONFIGURE_DEPENDS
  "${CMAKE_SOURCE_DIR}/src/script/lint/*.lua")
# What specs use and operators must not: see src/script/spec.c.
file(GLOB embed_testing CONFIGURE_DEPENDS
  "${CMAKE_SOURCE_DIR}/lua/tidelock/testing/*.lua")
set(embed_testing_main "${CMAKE_SOURCE_DIR}/lua/tidelock/testing.lua")
list(REMOVE_ITEM embed_lua "${embed_testing_main}")
list(APPEND embed_testing "${embed_testing_main}")
file(GLOB embed_new CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/app/new/*")
file(GLOB embed_package CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/app/package/*")
file(GLOB embed_types CONFIGURE_DEPENDS
  "${CMAKE_SOURCE_DIR}/lua/types/classes.lua"
  "${CMAKE_SOURCE_DIR}/lua/types/tidelock/*.lua")
file(GLOB embed_explain CONFIGURE_DEPENDS
  "${CMAKE_SOURCE_DIR}/src/app/explain/*.md")
file(GLOB embed_schema CONFIGURE_DEPENDS
  "${CMAKE_SOURCE_DIR}/src/kube/schema.data")

add_custom_command(OUTPUT "${TIDELOCK_LUA_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=files "-DOUT=${TIDELOCK_LUA_C}"
    -DARRAY=embed_lua_files "-DROOT=${CMAKE_SOURCE_DIR}/lua"
    "-DIN=${embed_lua}" -P "${embed_script}"
  DEPENDS ${embed_lua} "${embed_script}" COMMENT "Embedding lua/tidelock"
  VERBATIM)
add_custom_command(OUTPUT "${TIDELOCK_LINT_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=files "-DOUT=${TIDELOCK_LINT_C}"
    -DARRAY=embed_lint_files "-DROOT=${CMAKE_SOURCE_DIR}/src/script/lint"
    "-DIN=${embed_lint}" -P "${embed_script}"
  DEPENDS ${embed_lint} "${embed_script}" COMMENT "Embedding src/script/lint"
  VERBATIM)
add_custom_command(OUTPUT "${TIDELOCK_TESTING_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=files "-DOUT=${TIDELOCK_TESTING_C}"
    -DARRAY=embed_testing_files "-DROOT=${CMAKE_SOURCE_DIR}/lua"
    "-DIN=${embed_testing}" -P "${embed_script}"
  DEPENDS ${embed_testing} "${embed_script}"
  COMMENT "Embedding lua/tidelock/testing" VERBATIM)
add_custom_command(OUTPUT "${TIDELOCK_NEW_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=raw "-DOUT=${TIDELOCK_NEW_C}"
    -DARRAY=embed_new_files "-DROOT=${CMAKE_SOURCE_DIR}/src/app/new"
    "-DIN=${embed_new}" -P "${embed_script}"
  DEPENDS ${embed_new} "${embed_script}" COMMENT "Embedding src/app/new"
  VERBATIM)
add_custom_command(OUTPUT "${TIDELOCK_PACKAGE_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=raw "-DOUT=${TIDELOCK_PACKAGE_C}"
    -DARRAY=embed_package_files "-DROOT=${CMAKE_SOURCE_DIR}/src/app/package"
    "-DIN=${embed_package}" -P "${embed_script}"
  DEPENDS ${embed_package} "${embed_script}" COMMENT "Embedding src/app/package"
  VERBATIM)
add_custom_command(OUTPUT "${TIDELOCK_TYPES_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=raw "-DOUT=${TIDELOCK_TYPES_C}"
    -DARRAY=embed_types_files "-DROOT=${CMAKE_SOURCE_DIR}/lua/types"
    "-DIN=${embed_types}" -P "${embed_script}"
  DEPENDS ${embed_types} "${embed_script}" COMMENT "Embedding lua/types"
  VERBATIM)
add_custom_command(OUTPUT "${TIDELOCK_EXPLAIN_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=files "-DOUT=${TIDELOCK_EXPLAIN_C}"
    -DARRAY=embed_explain_files "-DROOT=${CMAKE_SOURCE_DIR}/src/app/explain"
    "-DIN=${embed_explain}" -P "${embed_script}"
  DEPENDS ${embed_explain} "${embed_script}" COMMENT "Embedding explanations"
  VERBATIM)
add_custom_command(OUTPUT "${TIDELOCK_SCHEMA_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=one "-DOUT=${TIDELOCK_SCHEMA_C}"
    -DVARIABLE=embed_schema "-DIN=${embed_schema}" -P "${embed_script}"
  DEPENDS ${embed_schema} "${embed_script}" COMMENT "Embedding schema.data"
  VERBATIM)
add_custom_command(OUTPUT "${TIDELOCK_PROTOBUF_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=one "-DOUT=${TIDELOCK_PROTOBUF_C}"
    -DVARIABLE=embed_protobuf "-DIN=${CMAKE_SOURCE_DIR}/src/sim/protobuf.data"
    -P "${embed_script}"
  DEPENDS "${CMAKE_SOURCE_DIR}/src/sim/protobuf.data" "${embed_script}"
  COMMENT "Embedding protobuf.data" VERBATIM)
# Asked at every build: the commit changes without any file changing.
add_custom_target(tidelock_version
  BYPRODUCTS "${TIDELOCK_VERSION_C}"
  COMMAND ${CMAKE_COMMAND} -DMODE=version "-DOUT=${TIDELOCK_VERSION_C}"
    -DVERSION=${PROJECT_VERSION} "-DSOURCE=${CMAKE_SOURCE_DIR}"
    -P "${embed_script}"
  VERBATIM)
