#include "core/base/fields.h"

#include "core/base/text.h"

namespace postern {

namespace {
constexpr std::size_t kLengthBytes = 4;
// What JavaScript counts exactly. Far below the type's own end, so that no sum of a few numbers
// that somebody else wrote overflows.
constexpr std::int64_t kLargestNumber = (std::int64_t{1} << 53) - 1;
}  // namespace

FieldWriter& FieldWriter::text(std::string_view bytes) {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  const char prefix[kLengthBytes] = {
      static_cast<char>(length & 0xff), static_cast<char>((length >> 8) & 0xff),
      static_cast<char>((length >> 16) & 0xff), static_cast<char>((length >> 24) & 0xff)};
  bytes_.append(prefix, kLengthBytes);
  bytes_.append(bytes);
  return *this;
}

FieldWriter& FieldWriter::number(std::int64_t value) {
  return text(to_decimal(value));
}

std::string_view FieldReader::text() {
  if (!ok_ || rest_.size() < kLengthBytes) {
    ok_ = false;
    return {};
  }
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length |= static_cast<std::uint32_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
  }
  if (length > rest_.size() - kLengthBytes) {
    ok_ = false;
    return {};
  }
  const auto bytes = rest_.substr(kLengthBytes, length);
  rest_.remove_prefix(kLengthBytes + length);
  return bytes;
}

std::int64_t FieldReader::number() {
  const auto value = parse_decimal(text());
  if (!value || *value > kLargestNumber || *value < -kLargestNumber) {
    ok_ = false;
    return 0;
  }
  return *value;
}

bool FieldReader::flag() {
  const auto value = text();
  if (value != "0" && value != "1") {
    ok_ = false;
  }
  return value == "1";
}

std::int64_t FieldReader::version() {
  if (!ok_ || rest_.empty()) {
    return 1;
  }
  has_version_ = true;
  const auto version = number();
  ok_ = ok_ && version > 1;
  return version;
}

bool FieldReader::complete_or_later() {
  if (!has_version_) {
    (void)version();
  }
  while (ok_ && !rest_.empty()) {
    (void)text();
  }
  return ok_;
}

std::optional<std::string_view> FieldReader::element() {
  if (!ok_ || rest_.empty()) {
    return std::nullopt;
  }
  const auto first = text();
  return first.empty() ? std::nullopt : std::optional(first);
}

}  // namespace postern
