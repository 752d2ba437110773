# The native host: for the traces here, for fuzzers, for a simulator.
find_library(POSTERN_SQLITE NAMES sqlite3 libsqlite3.so.0 REQUIRED)
postern_system_headers(sqlite3.h sqlite3.h)
add_library(postern_host STATIC
  ${CMAKE_CURRENT_LIST_DIR}/database.cpp
  ${CMAKE_CURRENT_LIST_DIR}/github.cpp
  ${CMAKE_CURRENT_LIST_DIR}/host.cpp
  ${CMAKE_CURRENT_LIST_DIR}/sealing.cpp
  ${CMAKE_CURRENT_LIST_DIR}/show.cpp
  ${CMAKE_CURRENT_LIST_DIR}/story.cpp
  ${CMAKE_CURRENT_LIST_DIR}/trace.cpp
  ${CMAKE_CURRENT_LIST_DIR}/wire.cpp)
target_precompile_headers(postern_host REUSE_FROM postern_core)
target_link_libraries(postern_host PUBLIC postern_core PRIVATE ${POSTERN_SQLITE})
target_compile_definitions(postern_host PUBLIC POSTERN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
