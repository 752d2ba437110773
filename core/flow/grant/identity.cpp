#include "core/flow/grant/identity.h"

#include "core/oauth/issuer.h"
#include "core/oauth/jwks.h"
#include "core/oauth/jwt.h"

namespace postern {

namespace {

constexpr DurationMs kKeysMemoryMs = 30 * kSecondMs;

std::string keys_memory_key(std::string_view url) {
  return "jwks:" + std::string(url);
}

Task<Result<std::string, IdentityFault>> fetch_keys(std::string url) {
  const auto reply = co_await perform(Fetch{.method = "GET",
                                            .url = url,
                                            .headers = {{"accept", "application/json"}},
                                            .body = {},
                                            .deadline_ms = 10 * kSecondMs,
                                            .max_bytes = kMaxJwksBytes,
                                            .keep_key = {},
                                            .keep_org = {},
                                            .keep_context = {}});
  if (!reply || reply->status != 200) {
    co_return std::unexpected(IdentityFault{.reason = "keys_unavailable", .transient = true});
  }
  if (!parse_jwks(reply->body)) {
    // Not remembered: the next sign-in asks again.
    co_return std::unexpected(IdentityFault{.reason = "keys_unreadable", .transient = true});
  }
  const auto now = co_await current_time();
  (void)co_await perform(MemoryPut{
      .key = keys_memory_key(url), .value = reply->body, .expires_at = now + kKeysMemoryMs});
  co_return reply->body;
}

Result<VerificationKey, IdentityFault> key_in(std::string_view keys, const Jwt& token) {
  const auto set = parse_jwks(keys);
  if (!set) {
    return std::unexpected(IdentityFault{.reason = "keys_unreadable", .transient = true});
  }
  const auto key = find_key(*set, token.kid, token.alg);
  if (!key) {
    return std::unexpected(IdentityFault{.reason = key.error() == JwksFault::forbidden_algorithm
                                                       ? "forbidden_algorithm"
                                                       : "unknown_key",
                                         .transient = false});
  }
  return *key;
}

Task<Result<VerificationKey, IdentityFault>> find_key_at(std::string url, const Jwt* token) {
  const auto remembered = co_await perform(MemoryGet{.key = keys_memory_key(url)});
  if (remembered) {
    auto key = key_in(*remembered, *token);
    // Keys rotate: an unknown one is looked for once more, at the source, and not again for 30 s.
    const auto limiter = "jwks-again:" + url;
    if (key || key.error().reason != "unknown_key" ||
        (co_await perform(MemoryGet{.key = limiter})).has_value()) {
      co_return key;
    }
    const auto now = co_await current_time();
    (void)co_await perform(
        MemoryPut{.key = limiter, .value = "1", .expires_at = now + kKeysMemoryMs});
  }
  const auto keys = co_await fetch_keys(url);
  if (!keys) {
    co_return std::unexpected(keys.error());
  }
  co_return key_in(*keys, *token);
}

// Where the application's own keys are, of the directory that the token says it is of; empty: it
// can have none. A key from there vouches for that directory alone: the issuer is compared with it.
std::string app_keys_of(const Endpoints& endpoints, const Jwt& token) {
  std::string url = endpoints.app_jwks;
  const auto tenant = json_text(token.claims, "tid");
  const auto at = url.find(kTenantPlaceholder);
  if (at == std::string::npos || !is_guid(tenant)) {
    return {};
  }
  return url.replace(at, kTenantPlaceholder.size(), tenant);
}

Task<Result<VerificationKey, IdentityFault>> find_verification_key(const Integration* integration,
                                                                   const Jwt* token) {
  auto key = co_await find_key_at(integration->endpoints.jwks, token);
  if (key || key.error().reason != "unknown_key") {
    co_return key;
  }
  auto own = app_keys_of(integration->endpoints, *token);
  if (own.empty()) {
    co_return key;
  }
  co_return co_await find_key_at(std::move(own), token);
}

}  // namespace

Task<Result<Identity, IdentityFault>> verify_identity(const Integration* integration,
                                                      std::string id_token, std::string nonce,
                                                      EpochMs at) {
  const auto token = decode_jwt(id_token);
  if (!token) {
    co_return std::unexpected(
        IdentityFault{.reason = std::string(name_of(token.error())), .transient = false});
  }
  const auto key = co_await find_verification_key(integration, &*token);
  if (!key) {
    co_return std::unexpected(key.error());
  }
  const auto verified = co_await perform(VerifySignature{.algorithm = key->alg,
                                                         .jwk = key->jwk,
                                                         .data = token->signing_input,
                                                         .signature = token->signature});
  if (!verified || !*verified) {
    co_return std::unexpected(IdentityFault{.reason = "bad_signature", .transient = false});
  }
  IdTokenExpectations expected{.issuer = integration->endpoints.issuer,
                               .client_id = integration->client_id,
                               .nonce = std::move(nonce),
                               .now = at,
                               .tenant = integration->tenant_rule};
  auto identity = validate_id_token_claims(*token, expected);
  if (!identity) {
    co_return std::unexpected(
        IdentityFault{.reason = std::string(name_of(identity.error())), .transient = false});
  }
  // Entra publishes the keys of all its directories together and says with each whose tokens it may
  // sign: a key for personal accounts does not vouch for a directory's.
  if (!key->issuer.empty() && !issuer_matches(key->issuer, identity->issuer, identity->tenant)) {
    co_return std::unexpected(IdentityFault{.reason = "key_of_another_issuer", .transient = false});
  }
  co_return std::move(*identity);
}

}  // namespace postern
