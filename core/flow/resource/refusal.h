// What a provider's API says when it refuses: its own words, checked, never its text.
#pragma once

#include <string>
#include <string_view>

#include "core/base/pairs.h"
#include "core/base/problem.h"
#include "core/base/time.h"
#include "core/effect/effects.h"
#include "core/provider/catalogue.h"

namespace postern {

// Each of a checked alphabet and at most 128 bytes, or empty.
struct ApiWords {
  std::string code;        // error.code
  std::string inner_code;  // of the innermost innerError that has one; empty where it is the same
  std::string reference;   // the provider's id of this request
  std::string client_request_id;
  std::string correlation_id;
  std::string timestamp;  // by the provider's clock
};

// Empty where there is none.
[[nodiscard]] std::string_view header_of(const Pairs& headers, std::string_view name);

[[nodiscard]] ApiWords words_in(const HttpReply& reply);

// The catalogue's words for the code, the inner one first; nullptr where it has none.
[[nodiscard]] const ApiError* known_error(const Provider& provider, const ApiWords& words);

// The problem for a status other than 200, with the provider's words as members.
[[nodiscard]] Problem refusal_of(const Provider& provider, const HttpReply& reply,
                                 const ApiWords& words, EpochMs now);

// provider_code, provider_inner_code, reference, client_request_id, correlation_id,
// timestamp: those that there are. For a problem's members and a line of the log.
void append_words(Pairs& out, const ApiWords& words);

[[nodiscard]] Problem problem_of_host(HostFault fault);

}  // namespace postern
