#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/json.h"
#include "core/oauth/scope.h"
#include "core/oauth/token_response.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

namespace {

constexpr EpochMs kNow = 1'700'000'000'000;

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

void check_lifetime(const std::optional<std::int64_t>& seconds) {
  check(!seconds || (*seconds >= 1 && *seconds <= 31'536'000));
}

void check_fault(const TokenFault& fault, int status) {
  const auto& said = fault.said;
  for (const auto* word : {&said.error, &said.suberror, &said.codes, &said.correlation, &said.trace,
                           &said.timestamp}) {
    check(word->size() <= 64 && is_printable(*word));
  }
  check(fault.reason != nullptr && *fault.reason != '\0');
  check(fault.claims.empty() || parse_json(fault.claims).has_value());
  check(!fault.retry_after || (*fault.retry_after >= 0 && *fault.retry_after <= kDayMs));
  // The grant is given up only on an error code, and never when the server says that it failed.
  if (fault.kind == FaultKind::terminal) {
    check(!fault.said.error.empty() && status != 408 && status != 429 && status < 500);
  }
}

void check_response(const TokenResponse& response, int status) {
  check(status >= 200 && status <= 299);
  const std::string_view token = response.access_token.reveal();
  check(!token.empty() && token.size() <= 16384);
  check(is_printable(token) && !token.contains(' '));
  if (response.refresh_token) {
    check(!response.refresh_token->empty() && is_printable(response.refresh_token->reveal()));
  }
  if (response.id_token) check(is_printable(response.id_token->reveal()));
  check_lifetime(response.expires_in_seconds);
  check_lifetime(response.refresh_token_expires_in_seconds);
  check(is_printable(response.token_type));
  for (const std::string& scope : split_scopes(response.scope)) check(is_scope_token(scope));
}

}  // namespace

// Input: a byte for the status, a byte for content type and quirks, then the body; the body serves
// as Retry-After as well.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::array statuses = {200, 201, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503, 0};
  constexpr std::array<std::string_view, 4> types = {
      "application/json", "application/x-www-form-urlencoded; charset=utf-8", "text/html", ""};
  constexpr std::array<std::string_view, 1> terminal = {"bad_refresh_token"};
  TokenReply reply;
  reply.status = statuses[data[0] % statuses.size()];
  reply.content_type = types[data[1] & 3];
  reply.body = fuzz::text_of(data + 2, size - 2);
  reply.retry_after = reply.body.substr(0, 32);
  TokenQuirks quirks;
  quirks.form_encoded = (data[1] & 4) != 0;
  quirks.any_token_type = (data[1] & 8) != 0;
  quirks.comma_scopes = (data[1] & 16) != 0;
  quirks.errors.terminal = terminal;

  const auto result = process_token_response(reply, quirks, kNow);
  if (result) {
    check_response(*result, reply.status);
    // What is a token in a success is never one in a refusal.
    reply.status = 400;
    check(!process_token_response(reply, quirks, kNow));
  } else {
    check_fault(result.error(), reply.status);
  }
  return 0;
}
