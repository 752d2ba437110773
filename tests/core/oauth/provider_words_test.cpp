#include "core/oauth/provider_words.h"

#include <doctest/doctest.h>

using namespace postern;

namespace {
const ProviderWords kAll{.error = "invalid_grant",
                         .suberror = "basic_action",
                         .codes = "50076,50079",
                         .correlation = "2222",
                         .trace = "1111",
                         .timestamp = "2026-11-30 10:00:00Z"};
}  // namespace

TEST_CASE("evidence is what the provider said, and reads back") {
  CHECK(evidence_of(kAll) ==
        "invalid_grant, suberror basic_action, code 50076,50079, reference 2222, trace 1111, "
        "at 2026-11-30 10:00:00Z");
  CHECK(words_of_evidence(evidence_of(kAll)) == kAll);
  CHECK(evidence_of({}).empty());
  CHECK(words_of_evidence("") == ProviderWords{});
  CHECK(first_code(kAll) == "50076");
  CHECK(first_code({}).empty());
}

TEST_CASE("evidence of an earlier release is read") {
  const auto words = words_of_evidence("invalid_grant, reference AADSTS70008");
  CHECK(words.error == "invalid_grant");
  CHECK(words.correlation == "AADSTS70008");
}

TEST_CASE("members have the names that the provider's documentation has") {
  Pairs members;
  add_members(kAll, members);
  const Pairs wanted = {{"provider_error", "invalid_grant"},
                        {"suberror", "basic_action"},
                        {"error_codes", "50076,50079"},
                        {"correlation_id", "2222"},
                        {"trace_id", "1111"},
                        {"timestamp", "2026-11-30 10:00:00Z"}};
  CHECK(members == wanted);
  members.clear();
  add_members({.error = "x"}, members);
  CHECK(members.size() == 1);
}
