// What a provider says of a refusal, in its own words: for people who look into it, and for its
// support desk. Entra: "Azure AD error response" (error_codes, suberror, trace_id, correlation_id,
// timestamp); others have the error code alone. Never its description, which may name anything.
#pragma once

#include <string>
#include <string_view>

#include "core/base/pairs.h"

namespace postern {

// Each is empty where it did not come. All are short ASCII of an alphabet of their own, so that
// they fit into a log line, a header and markup as they are.
struct ProviderWords {
  std::string error;        // RFC 6749 5.2 `error`
  std::string suberror;     // why, where one code has many reasons
  std::string codes;        // numbers, separated by commas: "50076"
  std::string correlation;  // or request id: what a support desk asks for first
  std::string trace;
  std::string timestamp;  // as the provider wrote it

  friend bool operator==(const ProviderWords&, const ProviderWords&) = default;
};

// "invalid_grant, suberror bad_token, code 70043, reference <id>, trace <id>, at <time>": what is
// stored and shown as `evidence`.
[[nodiscard]] std::string evidence_of(const ProviderWords& words);
// Reads it again; what is not of that form becomes the error.
[[nodiscard]] ProviderWords words_of_evidence(std::string_view evidence);

// The first of `codes`.
[[nodiscard]] std::string_view first_code(const ProviderWords& words);

// As members of a problem: provider_error, suberror, error_codes, correlation_id, trace_id,
// timestamp. What is empty is left out.
void add_members(const ProviderWords& words, Pairs& members);

}  // namespace postern
