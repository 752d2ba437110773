# Some of libc++'s headers are read from the build folder, changed in a few lines while CMake
# configures: the module is bought by its compressed size (docs/decisions/0002-wasm-size.md).
#
#   ~vector() is empty. Nothing is freed, and what is left of it, writing into a vector that is no
#   more, the compiler may not leave out where the vector lies in a coroutine's frame.
#   Moving a string or a vector, making a view of a string and comparing two views are one function
#   each. The compiler thinks them small enough for each of two thousand places; there they are a
#   fifth of the code.
set(POSTERN_LIBRARY_HEADERS ${CMAKE_BINARY_DIR}/library-headers)

set(postern_target --target=${CMAKE_CXX_COMPILER_TARGET} -Wno-deprecated)
if(CMAKE_SYSROOT)
  list(APPEND postern_target --sysroot=${CMAKE_SYSROOT})
endif()
execute_process(
  COMMAND ${CMAKE_CXX_COMPILER} ${postern_target} -x c++ -M -include vector -include string
    -include string_view /dev/null
  OUTPUT_VARIABLE postern_included COMMAND_ERROR_IS_FATAL ANY)

# A header's name, then each piece of its text with what takes its place.
function(postern_change_header name)
  if(NOT postern_included MATCHES " ([^ \n]*/c[+][+]/v1)/${name}[ \n]")
    # Another version of the library: the module works all the same, and is larger.
    message(WARNING "libc++'s <${name}> was not found")
    return()
  endif()
  set(header ${CMAKE_MATCH_1}/${name})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
  file(READ ${header} text)
  math(EXPR last "${ARGC} - 1")
  foreach(i RANGE 1 ${last} 2)
    math(EXPR next "${i} + 1")
    string(FIND "${text}" "${ARGV${i}}" found)
    if(found EQUAL -1)
      message(WARNING "libc++'s <${name}> has no `${ARGV${i}}`")
    endif()
    string(REPLACE "${ARGV${i}}" "${ARGV${next}}" text "${text}")
  endforeach()
  file(CONFIGURE OUTPUT ${POSTERN_LIBRARY_HEADERS}/${name} CONTENT "${text}" @ONLY)
endfunction()

set(once "__attribute__((__noinline__))")
set(hidden "_LIBCPP_HIDE_FROM_ABI _LIBCPP_CONSTEXPR_SINCE_CXX20")
postern_change_header(__vector/vector.h
  "~vector() { __destroy_vector (*this)(); }"
  "~vector() {}"
  "_LIBCPP_HIDE_FROM_ABI vector(vector&& __x)\n"
  "_LIBCPP_HIDE_FROM_ABI ${once} vector(vector&& __x)\n")
postern_change_header(string
  "${hidden} basic_string(basic_string&& __str)\n"
  "${hidden} ${once} basic_string(basic_string&& __str)\n"
  "${hidden} basic_string&\n  operator=(basic_string&& __str)"
  "${hidden} ${once} basic_string&\n  operator=(basic_string&& __str)"
  "${hidden} operator __self_view() const"
  "${hidden} ${once} operator __self_view() const")
postern_change_header(string_view
  "_LIBCPP_HIDE_FROM_ABI bool\noperator==(basic_string_view<_CharT, _Traits> __lhs,"
  "_LIBCPP_HIDE_FROM_ABI ${once} bool\noperator==(basic_string_view<_CharT, _Traits> __lhs,")
