include(${CMAKE_CURRENT_LIST_DIR}/newest-clang.cmake)
set(CMAKE_CXX_COMPILER ${POSTERN_CLANG})
# The same standard library as the wasm build has.
set(CMAKE_CXX_FLAGS_INIT "-stdlib=libc++")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-stdlib=libc++ -fuse-ld=lld")
