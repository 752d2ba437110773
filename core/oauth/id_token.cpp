#include "core/oauth/id_token.h"

#include <algorithm>
#include <vector>

#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/oauth/issuer.h"

namespace postern {
namespace {

constexpr std::size_t kMaxSubjectBytes = 255;  // OIDC Core 2, `sub`
constexpr std::size_t kMaxDisplayBytes = 256;
constexpr std::int64_t kMaxNumericDate = 253402300799;  // the end of the year 9999

// RFC 7519 2: seconds, possibly with a fraction.
std::optional<EpochMs> numeric_date(const Json& claims, std::string_view name) {
  const Json* member = json_member(claims, name);
  if (member == nullptr || member->kind != JsonKind::number) return std::nullopt;
  const std::string_view number = member->text;
  if (number.find_first_of("eE") != std::string_view::npos) return std::nullopt;
  const auto seconds = parse_decimal(number.substr(0, number.find('.')));
  if (!seconds || *seconds < 0 || *seconds > kMaxNumericDate) return std::nullopt;
  return *seconds * kSecondMs;
}

// Rule 3: we are an audience, and there is none beside us that we would have to trust.
bool is_only_audience(const Json& claims, std::string_view client_id) {
  if (client_id.empty()) return false;
  if (const auto single = json_string(claims, "aud")) return *single == client_id;
  const Json* several = json_member(claims, "aud");
  if (several == nullptr || !several->is_array() || several->elements.empty()) {
    return false;
  }
  return std::ranges::all_of(several->elements,
                             [&](const Json& audience) { return audience.string() == client_id; });
}

// Rules 4 and 5, in OIDC Core's older and stricter reading: several audiences need an azp, and an
// azp that is there is us.
bool is_authorized_party(const Json& claims, std::string_view client_id) {
  if (json_member(claims, "azp") != nullptr) return json_string(claims, "azp") == client_id;
  const Json* audience = json_member(claims, "aud");
  return audience == nullptr || !audience->is_array() || audience->elements.size() <= 1;
}

std::optional<IdTokenFault> check_times(const Json& claims, EpochMs now, DurationMs skew) {
  const auto expires = numeric_date(claims, "exp");
  const auto issued = numeric_date(claims, "iat");
  if (!expires || !issued) return IdTokenFault::missing_claim;
  if (*expires + skew <= now) return IdTokenFault::expired;
  if (*issued > now + skew) return IdTokenFault::issued_in_future;
  if (json_member(claims, "nbf") != nullptr) {
    const auto not_before = numeric_date(claims, "nbf");
    if (!not_before) return IdTokenFault::missing_claim;
    if (*not_before > now + skew) return IdTokenFault::not_yet_valid;
  }
  return std::nullopt;
}

std::string display_text(const Json& claims, std::string_view name) {
  const std::string_view text = json_text(claims, name);
  if (text.size() > kMaxDisplayBytes || !is_clean_text(text)) return {};
  return std::string(text);
}

bool is_subject(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSubjectBytes &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace

std::string Identity::account_key() const {
  // '|' occurs in neither a GUID nor an issuer, which is a URL.
  return tenant.empty() ? issuer + '|' + subject : tenant + '|' + object;
}

Result<Identity, IdTokenFault> validate_id_token_claims(const Jwt& token,
                                                        const IdTokenExpectations& expected) {
  const Json& claims = token.claims;
  if (std::ranges::find(expected.algorithms, token.alg) == expected.algorithms.end()) {
    return fail(IdTokenFault::forbidden_algorithm);
  }
  if (!token.typ.empty() && !equal_ignoring_case(token.typ, "JWT")) {
    return fail(IdTokenFault::wrong_type);
  }

  Identity identity;
  identity.issuer = json_text(claims, "iss");
  identity.subject = json_text(claims, "sub");
  if (identity.issuer.empty() || !is_subject(identity.subject)) {
    return fail(IdTokenFault::missing_claim);
  }

  const std::string_view tenant = json_text(claims, "tid");
  if (expected.tenant || has_tenant_placeholder(expected.issuer)) {
    if (!is_guid(tenant)) return fail(IdTokenFault::missing_claim);
  }
  // With the placeholder this ties the issuer to the token's own tenant: a token of another
  // directory cannot borrow this one's `tid`.
  if (!issuer_matches(expected.issuer, identity.issuer, tenant)) {
    return fail(IdTokenFault::wrong_issuer);
  }
  if (expected.tenant) {
    const std::string_view object = json_text(claims, "oid");
    if (!is_guid(object)) return fail(IdTokenFault::missing_claim);
    identity.tenant = to_lower_ascii(tenant);
    identity.object = to_lower_ascii(object);
    const TenantRule& rule = *expected.tenant;
    if (!rule.required.empty() && identity.tenant != rule.required) {
      return fail(IdTokenFault::wrong_tenant);
    }
    if (!rule.refused.empty() && identity.tenant == rule.refused) {
      return fail(IdTokenFault::wrong_tenant);
    }
  }

  if (!is_only_audience(claims, expected.client_id)) return fail(IdTokenFault::wrong_audience);
  if (!is_authorized_party(claims, expected.client_id)) {
    return fail(IdTokenFault::wrong_authorized_party);
  }
  if (const auto fault = check_times(claims, expected.now, expected.skew_ms)) return fail(*fault);
  if (expected.nonce) {
    const std::string_view nonce = json_text(claims, "nonce");
    if (expected.nonce->empty() || !constant_time_equal(nonce, *expected.nonce)) {
      return fail(IdTokenFault::wrong_nonce);
    }
  }

  identity.name = display_text(claims, "name");
  identity.email = display_text(claims, "email");
  identity.username = display_text(claims, "preferred_username");
  return identity;
}

std::string_view name_of(IdTokenFault fault) {
  switch (fault) {
    case IdTokenFault::forbidden_algorithm:
      return "forbidden_algorithm";
    case IdTokenFault::wrong_type:
      return "wrong_type";
    case IdTokenFault::missing_claim:
      return "missing_claim";
    case IdTokenFault::wrong_issuer:
      return "wrong_issuer";
    case IdTokenFault::wrong_audience:
      return "wrong_audience";
    case IdTokenFault::wrong_authorized_party:
      return "wrong_authorized_party";
    case IdTokenFault::expired:
      return "expired";
    case IdTokenFault::not_yet_valid:
      return "not_yet_valid";
    case IdTokenFault::issued_in_future:
      return "issued_in_future";
    case IdTokenFault::wrong_nonce:
      return "wrong_nonce";
    case IdTokenFault::wrong_tenant:
      return "wrong_tenant";
  }
  return "";
}

}  // namespace postern
