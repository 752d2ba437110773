# The newest clang (>= 17) on this machine; GCC 12 miscompiles coroutines. Sets POSTERN_CLANG to the
# compiler and POSTERN_LLVM to its version's suffix ("-22" or empty).
set(POSTERN_LLVM "")
foreach(version RANGE 30 17 -1)
  find_program(POSTERN_CLANG_${version} clang++-${version})
  if(POSTERN_CLANG_${version})
    set(POSTERN_CLANG ${POSTERN_CLANG_${version}})
    set(POSTERN_LLVM "-${version}")
    break()
  endif()
endforeach()
if(NOT POSTERN_CLANG)
  find_program(POSTERN_CLANG clang++ REQUIRED)
endif()
