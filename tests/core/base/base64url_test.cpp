#include "core/base/base64url.h"

#include <array>
#include <doctest/doctest.h>
#include <string>
#include <utility>

using namespace postern;

namespace {

using Vector = std::pair<std::string, std::string>;

// RFC 4648 section 10, without the padding.
const std::array<Vector, 7> kVectors = {
    Vector{"", ""},     {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};

}  // namespace

TEST_CASE("the vectors of RFC 4648 encode and decode") {
  for (const auto& [bytes, text] : kVectors) {
    CAPTURE(text);
    CHECK(base64url_encode(bytes) == text);
    CHECK(base64url_decode(text) == bytes);
  }
}

TEST_CASE("the example of RFC 7515 appendix C encodes and decodes") {
  const std::string bytes = "\x03\xec\xff\xe0\xc1";
  CHECK(base64url_encode(bytes) == "A-z_4ME");
  CHECK(base64url_decode("A-z_4ME") == bytes);
}

TEST_CASE("every byte value survives, at every alignment") {
  for (int value = 0; value < 256; ++value) {
    for (std::size_t before = 0; before < 3; ++before) {
      const std::string bytes = std::string(before, '\xff') + static_cast<char>(value);
      CHECK(base64url_decode(base64url_encode(bytes)) == bytes);
    }
  }
}

TEST_CASE("padding, whitespace and the other alphabet are refused") {
  for (const std::string text : {"Zg==", "Zm8=", "Zg=", "=", " Zg", "Zg ", "Zm9v\n", "Zm 9v",
                                 "Zm9v\t", "A+z/4ME", "A+z_", "A/z_", "Zm9.", "Zm\x80v", "Zm~v"}) {
    CAPTURE(text);
    CHECK_FALSE(base64url_decode(text).has_value());
  }
  CHECK_FALSE(base64url_decode(std::string("Zm\0v", 4)).has_value());
}

TEST_CASE("a single leftover character is refused") {
  CHECK_FALSE(base64url_decode("Z").has_value());
  CHECK_FALSE(base64url_decode("Zm9vY").has_value());
  CHECK_FALSE(base64url_decode("A").has_value());
}

TEST_CASE("unused trailing bits must be zero, so that a value has one spelling") {
  CHECK(base64url_decode("Zg") == "f");
  CHECK_FALSE(base64url_decode("Zh").has_value());
  CHECK_FALSE(base64url_decode("Zv").has_value());
  CHECK(base64url_decode("Zm8") == "fo");
  CHECK_FALSE(base64url_decode("Zm9").has_value());
  CHECK_FALSE(base64url_decode("Zm-").has_value());
}
