// The provider's answer through the browser (RFC 6749 4.1.2), and the one door to a token request:
//
//   query --parse_callback--> CallbackParameters --validate_callback--> ValidatedCallback --> token
//   request
//                                        ^
//                    the row that the atomic DELETE … RETURNING gave (IssuedState)
//
// Nothing else makes a ValidatedCallback, and no authorization_code request can be made without
// one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/secret.h"

namespace postern {

enum class CallbackFaultKind : std::uint8_t {
  malformed,          // repeated parameter, bad encoding, too long, code and error at once
  missing_state,      // nothing says which attempt it belongs to
  missing_code,       // a state but neither code nor error
  wrong_state,        // not the state that the consumed row was issued for
  wrong_integration,  // arrived at another integration's callback path (RFC 9700 4.4.2.2)
  wrong_issuer,       // `iss` is absent where it was promised, or another (RFC 9207)
  wrong_verifier,     // handed-over verifier does not match the challenge (RFC 7636 4.6)
  denied,             // the person said no
  provider_error,     // any other `error`
  not_a_sign_in,      // an admin-consent answer where a code was expected
};

struct CallbackFault {
  CallbackFaultKind kind = CallbackFaultKind::malformed;
  // Provider's code and text for `denied` and `provider_error`. The code is printable ASCII, at
  // most 64 bytes; the text valid UTF-8 without control characters, at most 1,024 bytes. Foreign
  // text: to be escaped where it is shown.
  std::string error;
  std::string description;
  // The provider's own code that the text begins with ("AADSTS65004: …"); empty where there is
  // none.
  std::string provider_code;
  // The digits of such a code, wherever the answer has it: there, within the text, or in the
  // `error_uri` ("…/error?code=650052"). Empty: none.
  std::string number;
};

enum class CallbackShape : std::uint8_t {
  code,
  error,
  // Entra's admin-consent endpoint came back: `admin_consent=True&tenant=…&state=…`, no code.
  admin_consent,
};

struct CallbackParameters {
  CallbackShape shape = CallbackShape::code;
  Secret state;             // never empty, at most 256 bytes
  Secret code;              // shape code: 1..8,192 bytes of 0x20..0x7e (RFC 6749 A.11)
  std::string error;        // as in CallbackFault
  std::string description;  // as in CallbackFault
  std::string error_uri;    // printable ASCII, at most 512 bytes
  std::string issuer;       // RFC 9207 `iss`, or empty
  std::string tenant;       // shape admin_consent: the consenting tenant's GUID, lower case
};

// Takes the raw query without '?', at most 16 KiB. Repeated code, state, error, iss or
// admin_consent are refused (RFC 6749 3.1); parameters nobody knows are ignored (RFC 6749 4.1.2).
[[nodiscard]] Result<CallbackParameters, CallbackFault> parse_callback(std::string_view query);

// What the store knew of the attempt, and no longer has: it was consumed to get here.
struct IssuedState {
  std::string attempt;
  std::string state_hash;      // sha256_base64url(state)
  std::string integration;     // name of the integration that sent the browser away
  std::string redirect_uri;    // as in the authorization request, to be repeated (RFC 6749 4.1.3)
  std::string code_challenge;  // S256, as in the authorization request
  // Exact `iss`, may hold "{tenantid}"; empty: the provider's issuer is not known, `iss` is ignored
  // and the callback path alone tells providers apart.
  std::string expected_issuer;
  // Metadata said authorization_response_iss_parameter_supported: an absent `iss` is refused.
  bool issuer_required = false;
  // Provider's own codes that say that the person declined; others with the same `error` are a
  // policy's or an administrator's.
  std::span<const std::string_view> decline_codes;
};

class ValidatedCallback {
 public:
  [[nodiscard]] const Secret& code() const { return code_; }
  [[nodiscard]] const std::string& redirect_uri() const { return redirect_uri_; }
  [[nodiscard]] const std::string& integration() const { return integration_; }
  [[nodiscard]] const std::string& attempt() const { return attempt_; }
  [[nodiscard]] const std::string& code_challenge() const { return code_challenge_; }

 private:
  ValidatedCallback(Secret code, const IssuedState& issued);
  friend Result<ValidatedCallback, CallbackFault> validate_callback(
      CallbackParameters parameters, const IssuedState& issued,
      std::string_view callback_path_integration);
  friend Result<ValidatedCallback, CallbackFault> validate_handed_over_code(
      Secret code, std::string_view state, std::string_view code_verifier,
      const IssuedState& issued);

  Secret code_;
  std::string redirect_uri_;
  std::string integration_;
  std::string attempt_;
  std::string code_challenge_;
};

// `callback_path_integration`: the integration whose callback path was called, `/callback` resolved
// to its default by the caller; empty matches nothing. Order of checks: state, integration, issuer,
// then what the answer says, so that an error from the wrong place is not believed either.
[[nodiscard]] Result<ValidatedCallback, CallbackFault> validate_callback(
    CallbackParameters parameters, const IssuedState& issued,
    std::string_view callback_path_integration);

// For callers that ran the browser part themselves: the state must be the issued one, the verifier
// must match the challenge that the link was made with; redirect_uri comes from the row, never from
// the caller.
[[nodiscard]] Result<ValidatedCallback, CallbackFault> validate_handed_over_code(
    Secret code, std::string_view state, std::string_view code_verifier, const IssuedState& issued);

[[nodiscard]] std::string_view name_of(CallbackFaultKind kind);

}  // namespace postern
