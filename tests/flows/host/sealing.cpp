// The key ring: what is sealed lies in a vault, and keys in it sign by a name for a signature.
#include "core/base/fields.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "tests/flows/host/host.h"

namespace postern::testing {

std::string World::seal(std::string_view org, std::string_view context,
                        std::string_view plaintext) {
  vault_.push_back({.org = std::string(org),
                    .context = std::string(context),
                    .plaintext = std::string(plaintext)});
  return std::string(kSealedPrefix) + std::to_string(vault_.size());
}

std::optional<std::string> World::open(std::string_view org, std::string_view context,
                                       std::string_view sealed) const {
  if (!sealed.starts_with(kSealedPrefix)) {
    return std::nullopt;
  }
  const auto number = parse_decimal(sealed.substr(kSealedPrefix.size()));
  if (!number || *number < 1 || static_cast<std::size_t>(*number) > vault_.size()) {
    return std::nullopt;
  }
  const auto& entry = vault_[static_cast<std::size_t>(*number) - 1];
  if (entry.org != org || entry.context != context) {
    return std::nullopt;
  }
  return entry.plaintext;
}

Sign::Reply World::fake_signature(const Sign& effect) const {
  const auto key = open(effect.org, effect.context, effect.sealed_key);
  const bool known = effect.algorithm == "RS256" || effect.algorithm == "PS256";
  if (!key || !known || !is_key_context(effect.context)) {
    return std::unexpected(HostFault::refused);
  }
  FieldWriter signed_text;
  signed_text.text(*key).text(effect.algorithm).text(effect.data);
  return "fake signature " + sha256_base64url(signed_text.bytes());
}

std::vector<std::string> World::sealed_plaintexts() const {
  std::vector<std::string> plaintexts;
  for (const auto& entry : vault_) {
    plaintexts.push_back(entry.plaintext);
  }
  return plaintexts;
}

}  // namespace postern::testing
