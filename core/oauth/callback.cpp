#include "core/oauth/callback.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "core/base/form.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/oauth/fault.h"
#include "core/oauth/issuer.h"
#include "core/oauth/pkce.h"

namespace postern {
namespace {

constexpr std::size_t kMaxQueryBytes = 16UZ * 1024;
constexpr std::size_t kMaxStateBytes = 256;
constexpr std::size_t kMaxCodeBytes = 8UZ * 1024;
constexpr std::size_t kMaxIssuerBytes = 512;
constexpr std::size_t kMaxErrorBytes = 64;
constexpr std::size_t kMaxDescriptionBytes = 1024;
constexpr std::size_t kMaxErrorUriBytes = 512;
constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kMaxFields = 64;
constexpr std::string_view kDescription = "error_description";
// What a callback may say once.
constexpr std::array<std::string_view, 5> kOnce = {"code", "state", "error", "iss",
                                                   "admin_consent"};

// RFC 6749 4.1.2.1, LinkedIn's spellings of it, and Entra's for an administrator who cancels. What
// else a provider may say (consent_required, login_required) is no answer of a person.
constexpr std::array<std::string_view, 4> kDenials = {
    "access_denied", "permission_denied", "user_cancelled_login", "user_cancelled_authorize"};

std::unexpected<CallbackFault> refuse(CallbackFaultKind kind) {
  return fail(CallbackFault{
      .kind = kind, .error = {}, .description = {}, .provider_code = {}, .number = {}});
}

bool is_code(std::string_view text) {  // RFC 6749 A.11: 1*VSCHAR
  return !text.empty() && text.size() <= kMaxCodeBytes &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// Text for people: newlines and other controls become spaces, cut between characters.
std::string readable(std::string_view text) {
  std::string clean(text.substr(0, kMaxDescriptionBytes));
  if (text.size() > clean.size()) {
    while (!clean.empty() && !is_utf8(clean)) clean.pop_back();
  }
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    if (byte < 0x20 || byte == 0x7f) clean[i] = ' ';
    // C1 controls, U+0080..U+009F, are C2 80..9F.
    const bool c1 =
        byte == 0xc2 && i + 1 < clean.size() && static_cast<unsigned char>(clean[i + 1]) < 0xa0;
    if (c1) clean.replace(i, 2, "  ");
  }
  return clean;
}

// Capital letters, digits, a colon: Entra answers access_denied for an administrator's block too,
// and only this code tells (azure-activedirectory-library-for-js#463: AADSTS50105).
std::string provider_code(std::string_view description) {
  const auto code = description.substr(0, description.find(':'));
  const auto letters = code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  const bool is_code = code.size() < description.size() && code.size() <= 24 && letters != 0 &&
                       letters != std::string_view::npos &&
                       code.find_first_not_of("0123456789", letters) == std::string_view::npos;
  return std::string(is_code ? code : std::string_view());
}

// The digits from there on, where they are as many as a code has.
std::string digits_at(std::string_view text, std::size_t start) {
  const auto digits = text.substr(start, text.find_first_not_of(kDigits, start) - start);
  return std::string(digits.size() >= 4 && digits.size() <= 16 ? digits : std::string_view());
}

// Of a description its first code; of an `error_uri` its `code`
// (login.microsoftonline.com/error?code=650052).
std::string number_of(std::string_view code, std::string_view description,
                      std::string_view error_uri) {
  if (const auto digits = code.find_first_of(kDigits); digits != std::string_view::npos) {
    return std::string(code.substr(digits));
  }
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  for (auto at = description.find_first_of(kDigits); at != std::string_view::npos;
       at = description.find_first_of(kDigits, description.find_first_not_of(kDigits, at))) {
    auto number = digits_at(description, at);
    if (at >= 3 && !number.empty() &&
        std::ranges::all_of(description.substr(at - 3, 3), is_capital)) {
      return number;
    }
  }
  for (const std::string_view name : {"?code=", "&code="}) {
    if (const auto at = error_uri.find(name); at != std::string_view::npos) {
      return digits_at(error_uri, at + name.size());
    }
  }
  return {};
}

// A description that cannot be decoded, up to there: "%u00f3" and Latin-1 were seen in translated
// ones (AzureAD/microsoft-authentication-library-for-android#253).
std::string cut_description(std::string_view piece) {
  piece = piece.substr(0, 4 * kMaxDescriptionBytes);
  for (;;) {
    const auto fields = form_decode(piece, 1);
    if (fields && fields->size() == 1) return fields->front().second;
    const auto escape = piece.rfind('%');
    if (escape == std::string_view::npos) return {};
    piece = piece.substr(0, escape);
  }
}

// Strict in what decides; what is for people, or for nobody, spoils nothing.
std::optional<FormFields> read_fields(std::string_view query) {
  FormFields fields;
  for (const auto piece : split(query, '&')) {
    const auto name = piece.substr(0, piece.find('='));
    auto field = form_decode(piece, 1);
    if (!field && (std::ranges::contains(kOnce, name) || name == "tenant")) return std::nullopt;
    if (!field && name == kDescription) {
      fields.emplace_back(kDescription, cut_description(piece));
    }
    if (field) std::ranges::move(*field, std::back_inserter(fields));
    if (fields.size() > kMaxFields) return std::nullopt;
  }
  return fields;
}

}  // namespace

ValidatedCallback::ValidatedCallback(Secret code, const IssuedState& issued)
    : code_(std::move(code)),
      redirect_uri_(issued.redirect_uri),
      integration_(issued.integration),
      attempt_(issued.attempt),
      code_challenge_(issued.code_challenge) {}

Result<CallbackParameters, CallbackFault> parse_callback(std::string_view query) {
  if (query.size() > kMaxQueryBytes) return refuse(CallbackFaultKind::malformed);
  auto fields = read_fields(query);
  if (!fields) return refuse(CallbackFaultKind::malformed);
  for (const std::string_view name : kOnce) {
    if (form_count(*fields, name) > 1) return refuse(CallbackFaultKind::malformed);
  }

  const std::string_view state = form_single(*fields, "state").value_or("");
  const std::string_view code = form_single(*fields, "code").value_or("");
  const std::string_view error = form_single(*fields, "error").value_or("");
  const std::string_view issuer = form_single(*fields, "iss").value_or("");
  const std::string_view consent = form_single(*fields, "admin_consent").value_or("");
  if (state.size() > kMaxStateBytes || issuer.size() > kMaxIssuerBytes) {
    return refuse(CallbackFaultKind::malformed);
  }
  if (!code.empty() && (!error.empty() || !consent.empty() || !is_code(code))) {
    return refuse(CallbackFaultKind::malformed);
  }
  if (state.empty()) return refuse(CallbackFaultKind::missing_state);

  CallbackParameters parameters;
  parameters.state = Secret(std::string(state));
  parameters.issuer = issuer;
  if (!error.empty()) {
    parameters.shape = CallbackShape::error;
    parameters.error = printable_ascii(error, kMaxErrorBytes);
    parameters.description = readable(form_single(*fields, kDescription).value_or(""));
    parameters.error_uri =
        printable_ascii(form_single(*fields, "error_uri").value_or(""), kMaxErrorUriBytes);
  } else if (!code.empty()) {
    parameters.shape = CallbackShape::code;
    parameters.code = Secret(std::string(code));
  } else if (equal_ignoring_case(consent, "true")) {
    parameters.shape = CallbackShape::admin_consent;
    const std::string_view tenant = form_single(*fields, "tenant").value_or("");
    if (!is_guid(tenant)) return refuse(CallbackFaultKind::malformed);
    parameters.tenant = to_lower_ascii(tenant);
  } else {
    return refuse(CallbackFaultKind::missing_code);
  }
  for (auto& field : *fields) wipe(field.second);
  return parameters;
}

Result<ValidatedCallback, CallbackFault> validate_callback(
    CallbackParameters parameters, const IssuedState& issued,
    std::string_view callback_path_integration) {
  if (!constant_time_equal(sha256_base64url(parameters.state.reveal()), issued.state_hash)) {
    return refuse(CallbackFaultKind::wrong_state);
  }
  if (callback_path_integration.empty() || callback_path_integration != issued.integration) {
    return refuse(CallbackFaultKind::wrong_integration);
  }
  const bool issuer_known = !issued.expected_issuer.empty();
  if (parameters.issuer.empty()) {
    if (issued.issuer_required) return refuse(CallbackFaultKind::wrong_issuer);
  } else if (issuer_known && !issuer_matches(issued.expected_issuer, parameters.issuer, "")) {
    return refuse(CallbackFaultKind::wrong_issuer);
  }
  switch (parameters.shape) {
    case CallbackShape::error: {
      auto code = provider_code(parameters.description);
      auto number = number_of(code, parameters.description, parameters.error_uri);
      const bool denied = std::ranges::contains(kDenials, parameters.error) &&
                          (code.empty() || issued.decline_codes.empty() ||
                           std::ranges::contains(issued.decline_codes, code));
      return fail(CallbackFault{
          .kind = denied ? CallbackFaultKind::denied : CallbackFaultKind::provider_error,
          .error = std::move(parameters.error),
          .description = std::move(parameters.description),
          .provider_code = std::move(code),
          .number = std::move(number)});
    }
    case CallbackShape::admin_consent:
      return refuse(CallbackFaultKind::not_a_sign_in);
    case CallbackShape::code:
      break;
  }
  if (!is_code(parameters.code.reveal())) return refuse(CallbackFaultKind::missing_code);
  return ValidatedCallback(std::move(parameters.code), issued);
}

Result<ValidatedCallback, CallbackFault> validate_handed_over_code(Secret code,
                                                                   std::string_view state,
                                                                   std::string_view code_verifier,
                                                                   const IssuedState& issued) {
  if (!constant_time_equal(sha256_base64url(state), issued.state_hash)) {
    return refuse(CallbackFaultKind::wrong_state);
  }
  if (!is_code_verifier(code_verifier) ||
      !constant_time_equal(s256_challenge(code_verifier), issued.code_challenge)) {
    return refuse(CallbackFaultKind::wrong_verifier);
  }
  if (code.empty()) return refuse(CallbackFaultKind::missing_code);
  if (!is_code(code.reveal())) return refuse(CallbackFaultKind::malformed);
  return ValidatedCallback(std::move(code), issued);
}

std::string_view name_of(CallbackFaultKind kind) {
  switch (kind) {
    case CallbackFaultKind::malformed:
      return "malformed";
    case CallbackFaultKind::missing_state:
      return "missing_state";
    case CallbackFaultKind::missing_code:
      return "missing_code";
    case CallbackFaultKind::wrong_state:
      return "wrong_state";
    case CallbackFaultKind::wrong_integration:
      return "wrong_integration";
    case CallbackFaultKind::wrong_issuer:
      return "wrong_issuer";
    case CallbackFaultKind::wrong_verifier:
      return "wrong_verifier";
    case CallbackFaultKind::denied:
      return "denied";
    case CallbackFaultKind::provider_error:
      return "provider_error";
    case CallbackFaultKind::not_a_sign_in:
      return "not_a_sign_in";
  }
  return "";
}

}  // namespace postern
