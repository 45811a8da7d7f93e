# Compiler and linker flags, as one interface library `tidelock_flags` that
# every target links privately. Hardening flags are asked for one by one: an
# older compiler loses the flag, not the build.

include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)

add_library(tidelock_flags INTERFACE)
target_compile_definitions(tidelock_flags INTERFACE _GNU_SOURCE)
target_link_libraries(tidelock_flags INTERFACE m)
target_compile_options(tidelock_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wvla -Wwrite-strings
  $<$<BOOL:${TIDELOCK_WERROR}>:-Werror>
  # No path of the machine that built it ends up in a binary.
  "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")

function(tidelock_try_compile_flag flag)
  string(MAKE_C_IDENTIFIER "TIDELOCK_HAS${flag}" has)
  set(CMAKE_REQUIRED_FLAGS "-Werror")
  check_c_compiler_flag("${flag}" ${has})
  if(${has})
    target_compile_options(tidelock_flags INTERFACE "${flag}")
  endif()
endfunction()

function(tidelock_try_link_flag flag)
  string(MAKE_C_IDENTIFIER "TIDELOCK_LINKS${flag}" has)
  check_linker_flag(C "${flag}" ${has})
  if(${has})
    target_link_options(tidelock_flags INTERFACE "${flag}")
  endif()
endfunction()

foreach(flag -fstack-protector-strong -fstack-clash-protection
             -ftrivial-auto-var-init=zero -fcf-protection)
  tidelock_try_compile_flag(${flag})
endforeach()
foreach(flag -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed
             -Wl,-z,pack-relative-relocs)
  tidelock_try_link_flag(${flag})
endforeach()

if(TIDELOCK_SANITIZE)
  set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all
               -fno-omit-frame-pointer)
  target_compile_options(tidelock_flags INTERFACE ${sanitize})
  target_link_options(tidelock_flags INTERFACE ${sanitize})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # Nothing here unwinds a stack; debuggers read the tables of -g.
  target_compile_options(tidelock_flags INTERFACE
    -fno-asynchronous-unwind-tables -fno-unwind-tables)
  # What nobody calls stays out of the programs.
  target_compile_options(tidelock_flags INTERFACE
    -ffunction-sections -fdata-sections)
  tidelock_try_link_flag(-Wl,--gc-sections)
  # Level 3 where the C library knows it, else 2; both need optimisation.
  set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
  check_c_source_compiles("#include <stdio.h>
    int main(void) { return 0; }" TIDELOCK_HAS_FORTIFY_3)
  unset(CMAKE_REQUIRED_FLAGS)
  target_compile_options(tidelock_flags INTERFACE -U_FORTIFY_SOURCE
    -D_FORTIFY_SOURCE=$<IF:$<BOOL:${TIDELOCK_HAS_FORTIFY_3}>,3,2>)
endif()
