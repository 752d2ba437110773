#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "core/base/form.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/oauth/callback.h"
#include "core/oauth/pkce.h"
#include "core/oauth/state.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

namespace {

constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

IssuedState issued_for(std::string_view state) {
  return {.attempt = "att_x",
          .state_hash = sha256_base64url(state),
          .integration = "azure",
          .redirect_uri = "https://postern.example.com/callback",
          .code_challenge = s256_challenge(kVerifier),
          .expected_issuer = "https://login.example.com/{tenantid}/v2.0"};
}

void check_fault(const CallbackFault& fault) {
  check(fault.error.size() <= 64 && fault.description.size() <= 1024);
  check(is_clean_text(fault.error) && is_clean_text(fault.description));
}

void check_callback(std::string_view query) {
  auto parsed = parse_callback(query);
  if (!parsed) {
    check_fault(parsed.error());
    return;
  }
  check(!parsed->state.empty() && parsed->state.reveal().size() <= 256);
  check(parsed->code.empty() == (parsed->shape != CallbackShape::code));
  // Of what cannot be decoded nothing is believed: one state stands there, and it is this one.
  int states = 0;
  for (const auto piece : split(query, '&')) {
    const auto fields = form_decode(piece);
    if (fields && form_count(*fields, "state") > 0) {
      ++states;
      check(form_single(*fields, "state") == parsed->state.reveal());
    }
  }
  check(states == 1);

  const bool code = parsed->shape == CallbackShape::code;
  const std::string state(parsed->state.reveal());
  const std::string sent(parsed->code.reveal());
  const std::string issuer = parsed->issuer;
  auto validated = validate_callback(std::move(*parsed), issued_for(state), "azure");
  if (validated) {
    // Nothing but a code gets through, and nothing of the query but the code.
    check(code && validated->code().reveal() == sent);
    check(issuer.empty() || issuer.starts_with("https://login.example.com/"));
    check(validated->redirect_uri() == "https://postern.example.com/callback");
  } else {
    check_fault(validated.error());
  }

  // The same callback for any other state leads nowhere.
  auto again = parse_callback(query);
  check(again.has_value());
  const auto other = validate_callback(std::move(*again), issued_for(state + "x"), "azure");
  check(!other && other.error().kind == CallbackFaultKind::wrong_state);
}

void check_cookie(std::string_view header) {
  const auto found = find_cookie(header, "__Host-postern-x");
  if (!found) return;
  check(!found->empty() && found->find_first_of("; ,\"\\\r\n") == std::string_view::npos);
  const std::string twice = std::string(header) + "; __Host-postern-x=y";
  check(!find_cookie(twice, "__Host-postern-x"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_callback(text);
  check_callback("state=s&" + std::string(text));
  check_callback("state=s&code=c&" + std::string(text));
  check_cookie(text);
  check_cookie("__Host-postern-x=v;" + std::string(text));
  if (const auto attempt = attempt_of_state(text)) {
    check(is_attempt_id(*attempt) && text.starts_with(*attempt));
  }
  const auto handed =
      validate_handed_over_code(Secret(std::string(text)), "s", kVerifier, issued_for("s"));
  if (handed) check(handed->code().reveal() == text);
  check(!validate_handed_over_code(Secret(std::string("c")), "s", text, issued_for("s")) ||
        text == kVerifier);
  return 0;
}
