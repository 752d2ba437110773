// What is in a caller's hands of an operation that goes on.
#include "core/flow/resource/handle.h"

#include <doctest/doctest.h>

#include "core/base/fields.h"

using namespace postern;

TEST_CASE("a handle comes back as it went") {
  for (const auto asking : {Asking::status, Asking::location, Asking::resource}) {
    const auto handle =
        decode_handle(encode_handle({.asking = asking, .path = "/a?b", .result = "/c"}));
    REQUIRE(handle.has_value());
    CHECK(handle->asking == asking);
    CHECK(handle->path == "/a?b");
    CHECK(handle->result == "/c");
  }
}

TEST_CASE("a handle of a later release is read as far as it is known") {
  const auto later = FieldWriter().number(2).text("/a").text("").number(2).text("new").take();
  const auto handle = decode_handle(later);
  REQUIRE(handle.has_value());
  CHECK(handle->path == "/a");
}

TEST_CASE("what is no handle, or of an operation that has ended, is none") {
  CHECK(!decode_handle("").has_value());
  CHECK(!decode_handle("x").has_value());
  for (const int asking : {-1, 0, 4}) {
    CHECK(!decode_handle(FieldWriter().number(asking).text("/a").text("").take()).has_value());
  }
  CHECK(!decode_handle(FieldWriter().number(1).text("/a").take()).has_value());
}
