#include "core/provider/error_words.h"

#include "core/provider/catalogue.h"

namespace postern {

namespace {

// RFC 6749 5.2, OIDC Core 3.1.2.6, RFC 8707 2.
constexpr ErrorWords kStandard[] = {
    {"access_denied", "administrator", ""},
    {"unauthorized_client", "administrator", "The application may not ask for this"},
    {"invalid_resource", "administrator", "There is no such API for this account"},
    {"invalid_target", "administrator", "There is no such API for this account"},
    {"invalid_scope", "operator", "A scope that is asked for does not exist"},
    {"invalid_request", "operator", ""},
    {"unsupported_grant_type", "operator", ""},
    {"invalid_client", "operator", "Client id and secret do not fit"},
    {"consent_required", "user", "Consent to this access is missing"},
    {"interaction_required", "user", "The provider wants to see the person"},
};

const ErrorWords* find_words(std::span<const ErrorWords> table, std::string_view code) {
  for (const auto& known : table) {
    if (!code.empty() && known.code == code) return &known;
  }
  return nullptr;
}

const ErrorWords* find_words(std::string_view provider, const ProviderWords& words) {
  const auto* known = find_provider(provider);
  const auto own = known == nullptr ? std::span<const ErrorWords>() : known->error_words;
  for (const auto code :
       {first_code(words), std::string_view(words.suberror), std::string_view(words.error)}) {
    for (const auto& table : {own, std::span<const ErrorWords>(kStandard)}) {
      if (const auto* found = find_words(table, code)) return found;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view who_can_fix(std::string_view provider, const ProviderWords& words) {
  const auto* found = find_words(provider, words);
  return found == nullptr ? "user" : found->fix;
}

std::string_view meaning_of(std::string_view provider, const ProviderWords& words) {
  const auto* found = find_words(provider, words);
  return found == nullptr ? std::string_view() : found->words;
}

}  // namespace postern
