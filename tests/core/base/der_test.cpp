#include "core/base/der.h"

#include <doctest/doctest.h>
#include <string>

using namespace postern;

namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

bool takes(const std::string& der, std::uint8_t tag) {
  return DerReader(der).take(tag).has_value();
}

std::optional<std::string> natural(const std::string& der) {
  const auto found = DerReader(der).take_natural();
  return found ? std::optional(std::string(*found)) : std::nullopt;
}

}  // namespace

TEST_CASE("elements are taken one after the other, by their tags") {
  const std::string der = bytes({0x02, 1, 5, 0x04, 2, 'a', 'b'});
  DerReader in(der);
  CHECK_FALSE(in.take(der::kOctetString).has_value());
  CHECK(in.take(der::kInteger) == bytes({5}));
  CHECK(in.take(der::kOctetString) == "ab");
  CHECK(in.at_end());
  CHECK_FALSE(in.take(der::kOctetString).has_value());
}

TEST_CASE("a length has one spelling") {
  CHECK(takes(bytes({0x04, 0}), 0x04));
  CHECK(takes(bytes({0x04, 0x81, 0x80}) + std::string(0x80, 'x'), 0x04));
  CHECK(takes(bytes({0x04, 0x82, 0x01, 0x00}) + std::string(0x100, 'x'), 0x04));
  CHECK_FALSE(takes(bytes({0x04, 0x81, 0x7f}) + std::string(0x7f, 'x'), 0x04));
  CHECK_FALSE(takes(bytes({0x04, 0x82, 0x00, 0xff}) + std::string(0xff, 'x'), 0x04));
  CHECK_FALSE(takes(bytes({0x04, 0x83, 0x01, 0x00, 0x00}) + std::string(0x10000, 'x'), 0x04));
  CHECK_FALSE(takes(bytes({0x04, 0x80, 'x', 0, 0}), 0x04));  // indefinite: BER
}

TEST_CASE("what ends before its length is not there") {
  CHECK_FALSE(takes("", 0x04));
  CHECK_FALSE(takes(bytes({0x04}), 0x04));
  CHECK_FALSE(takes(bytes({0x04, 3, 'a', 'b'}), 0x04));
  CHECK_FALSE(takes(bytes({0x04, 0x82, 1}), 0x04));
}

TEST_CASE("natural numbers come without the zero of their sign") {
  CHECK(natural(bytes({0x02, 1, 0x7f})) == bytes({0x7f}));
  CHECK(natural(bytes({0x02, 2, 0, 0x80})) == bytes({0x80}));
  CHECK(natural(bytes({0x02, 1, 0})) == std::string());
}

TEST_CASE("negative, empty and padded integers are refused, and nothing is read") {
  for (const auto& der : {bytes({0x02, 1, 0x80}), bytes({0x02, 0}), bytes({0x02, 2, 0, 0x7f}),
                          bytes({0x02, 2, 0, 0}), bytes({0x04, 1, 1})}) {
    DerReader in(der);
    CHECK_FALSE(in.take_natural().has_value());
    CHECK(in.take(static_cast<std::uint8_t>(der[0])).has_value());
  }
}
