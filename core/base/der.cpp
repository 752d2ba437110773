#include "core/base/der.h"

#include <cstddef>

namespace postern {
namespace {

// Two bytes of length are 64 KiB: no key and no certificate here is larger.
constexpr std::size_t kMaxLengthBytes = 2;

}  // namespace

std::optional<std::string_view> DerReader::take(std::uint8_t tag) {
  const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(rest_[at]); };
  if (rest_.size() < 2 || byte(0) != tag) return std::nullopt;
  std::size_t header = 2;
  std::size_t length = byte(1);
  if (length >= 0x80) {
    const std::size_t count = length - 0x80;
    if (count == 0 || count > kMaxLengthBytes || rest_.size() < header + count) return std::nullopt;
    length = 0;
    for (; header < 2 + count; ++header) length = (length << 8) | byte(header);
    // The shortest form only (X.690 10.1).
    if (length < (count == 1 ? 0x80U : 0x100U)) return std::nullopt;
  }
  if (rest_.size() - header < length) return std::nullopt;
  const std::string_view content = rest_.substr(header, length);
  rest_.remove_prefix(header + length);
  return content;
}

std::optional<std::string_view> DerReader::take_natural() {
  const std::string_view before = rest_;
  auto content = take(der::kInteger);
  const auto refused = [&] {
    rest_ = before;
    return std::nullopt;
  };
  if (!content || content->empty()) return refused();
  const auto first = static_cast<unsigned char>((*content)[0]);
  if (first >= 0x80) return refused();
  if (first != 0) return content;
  content->remove_prefix(1);
  // A zero in front is there for the sign alone (X.690 8.3.2).
  if (!content->empty() && static_cast<unsigned char>((*content)[0]) < 0x80) return refused();
  return content;
}

}  // namespace postern
