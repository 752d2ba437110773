#include "core/base/hmac.h"

#include <algorithm>
#include <string>

namespace postern {

namespace {

constexpr std::size_t kBlockBytes = 64;

std::string_view bytes_of(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string padded(std::string_view key, char pad) {
  std::string block(key);
  block.resize(kBlockBytes, '\0');
  for (char& byte : block) {
    byte = static_cast<char>(byte ^ pad);
  }
  return block;
}

}  // namespace

Sha256Digest hmac_sha256(std::string_view key, std::string_view message) {
  Sha256Digest hashed;
  if (key.size() > kBlockBytes) {
    hashed = sha256(key);
    key = bytes_of(hashed);
  }
  const auto inner = sha256(padded(key, 0x36) + std::string(message));
  return sha256(padded(key, 0x5c) + std::string(bytes_of(inner)));
}

}  // namespace postern
