# WebAssembly with Emscripten, the second toolchain: docs/toolchains.md. scripts/emscripten.mjs brings
# it and names its folder, the one that holds em++, in POSTERN_EMSCRIPTEN.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES POSTERN_EMSCRIPTEN)
set(postern_platform "${POSTERN_EMSCRIPTEN}/cmake/Modules/Platform/Emscripten.cmake")
if(NOT EXISTS "${postern_platform}")
  message(FATAL_ERROR "There is no Emscripten in \"${POSTERN_EMSCRIPTEN}\" (POSTERN_EMSCRIPTEN). "
    "`npm run build -- --toolchain emscripten` brings one and names it.")
endif()
# nlohmann_json is the system's, linked into the build folder; Emscripten has none.
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE NEVER)
include("${postern_platform}")
# It is made for clang 21, and says of every newer one that it was not.
set(CMAKE_CXX_FLAGS_INIT "-Wno-version-check")
