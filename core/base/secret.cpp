#include "core/base/secret.h"

#include <cstddef>
#include <cstring>

namespace postern {

// A std::string keeps short values inside itself, so moving one may leave the bytes behind. A swap
// does not, and what came the other way is wiped.
Secret::Secret(std::string value) {
  value_.swap(value);
  wipe(value);
}

Secret::Secret(Secret&& other) noexcept {
  value_.swap(other.value_);
  wipe(other.value_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    value_.swap(other.value_);
    wipe(other.value_);
  }
  return *this;
}

Secret::~Secret() {
  wipe(value_);
}

void wipe(std::string& value) {
  // The bytes between size and capacity may hold the rest of a longer value.
  value.resize(value.capacity());
  std::memset(value.data(), 0, value.size());
  // Tells the optimizer that somebody reads the zeros.
  asm volatile("" : : "r"(value.data()) : "memory");
  value.clear();
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    // Without it the loop may be turned into one that leaves early.
    asm volatile("" : "+r"(difference));
  }
  return difference == 0;
}

}  // namespace postern
