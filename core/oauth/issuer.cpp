#include "core/oauth/issuer.h"

namespace postern {

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
      continue;
    }
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!hex) return false;
  }
  return true;
}

bool has_tenant_placeholder(std::string_view issuer) {
  return issuer.find(kTenantPlaceholder) != std::string_view::npos;
}

bool issuer_matches(std::string_view expected, std::string_view issuer, std::string_view tenant) {
  if (expected.empty()) return false;
  const std::size_t at = expected.find(kTenantPlaceholder);
  if (at == std::string_view::npos) return expected == issuer;
  const std::string_view before = expected.substr(0, at);
  const std::string_view after = expected.substr(at + kTenantPlaceholder.size());
  if (issuer.size() < before.size() + after.size() || !issuer.starts_with(before) ||
      !issuer.ends_with(after)) {
    return false;
  }
  const std::string_view named =
      issuer.substr(before.size(), issuer.size() - before.size() - after.size());
  return tenant.empty() ? is_guid(named) : named == tenant;
}

}  // namespace postern
