#include "core/provider/error_words.h"

#include <doctest/doctest.h>
#include <set>

#include "core/provider/catalogue.h"

using namespace postern;

TEST_CASE("the number says more than the suberror, and that more than the error") {
  ProviderWords said{.error = "invalid_client"};
  CHECK(who_can_fix("microsoft", said) == "operator");
  CHECK(meaning_of("microsoft", said) == "Client id and secret do not fit");
  said.codes = "7000222";
  CHECK(meaning_of("microsoft", said).contains("expired"));
  said = {.error = "invalid_grant", .suberror = "message_only", .codes = "53003"};
  CHECK(who_can_fix("microsoft", said) == "administrator");
  said.codes = "999999999";
  CHECK(who_can_fix("microsoft", said) == "user");
  CHECK(meaning_of("microsoft", said).empty());
  said.suberror = "consent_required";
  CHECK(meaning_of("microsoft", said) == "Consent to this access is missing");
}

TEST_CASE("numbers are the provider's own") {
  const ProviderWords said{.error = "access_denied", .codes = "53003"};
  CHECK(who_can_fix("github", said) == "administrator");
  CHECK(meaning_of("github", said).empty());
  CHECK(who_can_fix("a later provider", {}) == "user");
}

TEST_CASE("everybody who can fix something is somebody, and no code comes twice") {
  for (const auto* provider : providers()) {
    std::set<std::string_view> codes;
    for (const auto& [code, fix, words] : provider->error_words) {
      CAPTURE(code);
      CHECK(codes.insert(code).second);
      CHECK((fix == "user" || fix == "administrator" || fix == "operator"));
      CHECK_FALSE(words.ends_with('.'));
    }
  }
}
