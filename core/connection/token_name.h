// Under whose name an access token is stored: its API's, and the directory where that is another
// one than the connection's ("arm@<directory>", a guest's).
#pragma once

#include <string>
#include <string_view>

namespace postern {

[[nodiscard]] inline std::string token_name_in(std::string_view api, std::string_view tenant) {
  return std::string(api) + '@' + std::string(tenant);
}
[[nodiscard]] inline std::string_view api_of_token(std::string_view name) {
  return name.substr(0, name.find('@'));
}
// Empty: the connection's own.
[[nodiscard]] inline std::string_view tenant_of_token(std::string_view name) {
  const auto at = name.find('@');
  return at == std::string_view::npos ? std::string_view() : name.substr(at + 1);
}
[[nodiscard]] inline bool is_of_guest(std::string_view name) {
  return name.contains('@');
}

// How many of these a connection holds at most; the oldest gives way.
inline constexpr std::ptrdiff_t kMostGuestTokens = 8;

}  // namespace postern
