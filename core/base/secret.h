// A string that must not be seen: it zeroes itself, cannot be copied by accident and has no way to
// be printed. In WebAssembly the host wipes the whole linear memory after each flow besides.
#pragma once

#include <string>
#include <string_view>

namespace postern {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value);
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  // Read it where it is needed and nowhere else: grep for `reveal` is the audit.
  [[nodiscard]] std::string_view reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  [[nodiscard]] Secret clone() const { return Secret(value_); }

 private:
  std::string value_;
};

// Overwrites the bytes in a way that the optimizer may not remove; leaves the string empty.
void wipe(std::string& value);

// Compares without a branch on content. Unequal lengths answer at once: lengths are not secret
// here.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace postern
