// ID token validation (OIDC Core 3.1.3.7) but for the signature, and who the person is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/oauth/jwt.h"

namespace postern {

// Asymmetric only. With HS256 the "key" would be the client secret, or, taken from a JWKS, a public
// key that the forger has as well (RFC 8725 2.1).
inline constexpr std::array<std::string_view, 3> kIdTokenAlgorithms = {"RS256", "PS256", "ES256"};

// Which directories may sign in, where a provider has directories. GUIDs in lower case.
struct TenantRule {
  std::string required;  // empty: any
  std::string refused;   // empty: none
};

struct IdTokenExpectations {
  std::string issuer;     // exact, or with "{tenantid}", which must then be the token's own tid
  std::string client_id;  // the only audience that is trusted (rule 3)
  // The nonce that was sent. nullopt only for an ID token from a refresh (OIDC Core 12.2); an empty
  // string matches nothing.
  std::optional<std::string> nonce;
  EpochMs now = 0;
  DurationMs skew_ms = 2 * kMinuteMs;  // for exp, nbf and iat
  std::span<const std::string_view> algorithms = kIdTokenAlgorithms;
  // Set where the provider has directories: `tid` and `oid` are then required GUIDs and name the
  // account.
  std::optional<TenantRule> tenant;
};

enum class IdTokenFault : std::uint8_t {
  forbidden_algorithm,
  wrong_type,  // `typ` says it is another kind of JWT (RFC 8725 3.11)
  missing_claim,
  wrong_issuer,
  wrong_audience,
  wrong_authorized_party,
  expired,
  not_yet_valid,
  issued_in_future,
  wrong_nonce,
  wrong_tenant,
};

struct Identity {
  std::string issuer;
  std::string subject;
  std::string tenant;  // Entra's tid, lower case; empty elsewhere
  std::string object;  // Entra's oid, lower case; empty elsewhere
  // For people to read. Never compared: whoever owns a mailbox today is not who connected.
  std::string name;
  std::string email;
  std::string username;

  // `tid|oid` for Entra (`sub` differs for each client), `iss|sub` elsewhere.
  [[nodiscard]] std::string account_key() const;
};

[[nodiscard]] Result<Identity, IdTokenFault> validate_id_token_claims(
    const Jwt& token, const IdTokenExpectations& expected);

[[nodiscard]] std::string_view name_of(IdTokenFault fault);

}  // namespace postern
