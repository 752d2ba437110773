#include "core/base/secret.h"

#include <array>
#include <cstddef>
#include <doctest/doctest.h>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

using namespace postern;

namespace {

const std::string kShort = "hunter2";  // kept inside the string object
const std::string kLong =
    "a secret that is too long for the string object itself, so it is elsewhere";

// Looks at memory that the string no longer calls its own, which AddressSanitizer would report.
__attribute__((no_sanitize("address"))) bool all_zero(const volatile char* bytes,
                                                      std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

__attribute__((no_sanitize("address"))) bool holds(const volatile char* bytes, std::size_t count,
                                                   const std::string& wanted) {
  for (std::size_t at = 0; at + wanted.size() <= count; ++at) {
    std::size_t same = 0;
    while (same < wanted.size() && bytes[at + same] == wanted[same]) ++same;
    if (same == wanted.size()) return true;
  }
  return false;
}

// Memory for one Secret that outlives it.
struct Place {
  alignas(Secret) std::array<char, sizeof(Secret)> bytes{};
  Secret* make(const std::string& value) {
    return ::new (static_cast<void*>(bytes.data())) Secret(value);
  }
  [[nodiscard]] bool holds_secret(const std::string& value) const {
    return holds(bytes.data(), bytes.size(), value);
  }
};

template <class Value>
concept Printable = requires(std::string& out, const Value& value) {
  out += value;
} || std::is_convertible_v<Value, std::string> || std::is_convertible_v<Value, std::string_view>;

}  // namespace

TEST_CASE("a secret is neither copied nor converted to text by accident") {
  CHECK_FALSE(std::is_copy_constructible_v<Secret>);
  CHECK_FALSE(std::is_copy_assignable_v<Secret>);
  CHECK_FALSE(std::is_convertible_v<std::string, Secret>);
  CHECK_FALSE(Printable<Secret>);
  CHECK(Printable<std::string>);
}

TEST_CASE("a secret reveals what it was given, also after a move and in a clone") {
  Secret first(kLong);
  Secret second(std::move(first));
  CHECK(second.reveal() == kLong);
  Secret third;
  CHECK(third.empty());
  third = std::move(second);
  CHECK(third.reveal() == kLong);
  CHECK(third.clone().reveal() == kLong);
  CHECK(third.reveal() == kLong);
}

TEST_CASE("a moved-from secret is empty") {
  for (const std::string& value : {kShort, kLong}) {
    Secret first(value);
    const Secret second(std::move(first));
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move)
    CHECK(second.reveal() == value);
  }
}

TEST_CASE("a secret survives being assigned to itself") {
  Secret secret(kShort);
  Secret& same = secret;
  secret = std::move(same);
  CHECK(secret.reveal() == kShort);
}

TEST_CASE("nothing of a short secret is left where it was destroyed") {
  Place place;
  Secret* secret = place.make(kShort);
  CHECK(place.holds_secret(kShort));
  std::destroy_at(secret);
  CHECK_FALSE(place.holds_secret(kShort));
}

TEST_CASE("nothing of a short secret is left where it was moved from") {
  Place place;
  Secret* secret = place.make(kShort);
  const Secret elsewhere(std::move(*secret));
  CHECK_FALSE(place.holds_secret(kShort));
  CHECK(elsewhere.reveal() == kShort);
  std::destroy_at(secret);
}

TEST_CASE("the old value is wiped when a new one is assigned") {
  Place place;
  Secret* secret = place.make(kShort);
  Place other;
  Secret* next = other.make("x");
  *secret = std::move(*next);
  CHECK_FALSE(place.holds_secret(kShort));
  CHECK_FALSE(other.holds_secret(kShort));
  CHECK(secret->reveal() == "x");
  std::destroy_at(next);
  std::destroy_at(secret);
}

TEST_CASE("wipe zeroes every byte of the capacity, beyond the size too") {
  std::string value = kLong;
  value.resize(3);
  const char* bytes = value.data();
  const std::size_t capacity = value.capacity();
  CHECK(holds(bytes, capacity, kLong.substr(4)));
  wipe(value);
  CHECK(value.empty());
  CHECK(all_zero(bytes, capacity));
}

TEST_CASE("wipe of an empty string is harmless") {
  std::string value;
  wipe(value);
  CHECK(value.empty());
}

TEST_CASE("constant-time comparison finds a difference in any place") {
  CHECK(constant_time_equal("", ""));
  CHECK(constant_time_equal(kLong, std::string(kLong)));
  CHECK_FALSE(constant_time_equal("a", ""));
  CHECK_FALSE(constant_time_equal("abc", "abcd"));
  for (std::size_t i = 0; i < kLong.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = kLong;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      CHECK_FALSE(constant_time_equal(kLong, other));
    }
  }
}

TEST_CASE("constant-time comparison does not let two differences cancel out") {
  CHECK_FALSE(constant_time_equal("ab", "ba"));
  CHECK_FALSE(constant_time_equal(std::string("\x01\x01", 2), std::string("\x02\x02", 2)));
  CHECK_FALSE(constant_time_equal(std::string("\0a", 2), std::string("\0b", 2)));
}
