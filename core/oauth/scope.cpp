#include "core/oauth/scope.h"

#include <algorithm>

namespace postern {

bool is_scope_token(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
}

std::vector<std::string> split_scopes(std::string_view text, bool commas) {
  std::vector<std::string> scopes;
  const std::string_view separators = commas ? " ," : " ";
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    const std::string_view piece = text.substr(at, end - at);
    if (!piece.empty() && !has_scope(scopes, piece)) scopes.emplace_back(piece);
    at = end + 1;
  }
  return scopes;
}

std::string join_scopes(std::span<const std::string> scopes, std::string_view separator) {
  std::string text;
  for (const std::string& scope : scopes) {
    if (!text.empty()) text += separator;
    text += scope;
  }
  return text;
}

bool has_scope(std::span<const std::string> scopes, std::string_view scope) {
  return std::ranges::find(scopes, scope) != scopes.end();
}

std::vector<std::string> missing_scopes(std::span<const std::string> wanted,
                                        std::span<const std::string> granted) {
  std::vector<std::string> missing;
  for (const std::string& scope : wanted) {
    if (!has_scope(granted, scope)) missing.push_back(scope);
  }
  return missing;
}

}  // namespace postern
