// A walker of DER (X.690 section 10), for keys and certificates: definite lengths in their one
// spelling, tags below 31, no recursion. What it gives are views into what it was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern {

namespace der {
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kObjectId = 0x06;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kContext0 = 0xa0;  // [0], constructed
}  // namespace der

class DerReader {
 public:
  explicit DerReader(std::string_view bytes) : rest_(bytes) {}

  // The content of the next element; nullopt, and nothing is read, where its tag is another one or
  // its length is not that of DER.
  [[nodiscard]] std::optional<std::string_view> take(std::uint8_t tag);
  // The bytes of the next INTEGER without leading zeros, most significant first; empty for 0.
  // nullopt where there is none, and for a negative one.
  [[nodiscard]] std::optional<std::string_view> take_natural();

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace postern
