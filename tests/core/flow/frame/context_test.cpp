#include "core/flow/frame/context.h"

#include <doctest/doctest.h>

using namespace postern;

TEST_CASE("a parameter is text, a number or a flag as it is asked for") {
  Parameters parameters;
  parameters.set("text", "x");
  parameters.set("number", "12");
  parameters.set("yes", "true");
  parameters.set("one", "1");
  parameters.set("no", "false");
  parameters.set("empty", "");
  CHECK(parameters.has("text"));
  CHECK(parameters.has("empty"));
  CHECK_FALSE(parameters.has("absent"));
  CHECK(parameters.text("absent") == "");
  CHECK(parameters.integer("number") == 12);
  CHECK(parameters.integer("absent") == 0);
  CHECK(parameters.flag("yes"));
  CHECK(parameters.flag("one"));
  CHECK_FALSE(parameters.flag("no"));
  CHECK_FALSE(parameters.flag("absent"));
}

TEST_CASE("random bytes are given out once each") {
  FlowContext context;
  context.input.entropy = "abcdef";
  CHECK(context.take_entropy(2) == "ab");
  CHECK(context.take_entropy(0) == "");
  CHECK(context.take_entropy(4) == "cdef");
  CHECK(context.entropy_used == 6);
}
