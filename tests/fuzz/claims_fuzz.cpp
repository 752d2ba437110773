#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/base64url.h"
#include "core/base/json.h"
#include "core/oauth/challenge.h"
#include "core/oauth/id_token.h"
#include "core/oauth/issuer.h"
#include "core/oauth/jwks.h"
#include "core/oauth/jwt.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

namespace {

constexpr EpochMs kNow = 1'700'000'000'000;
constexpr std::string_view kIssuer = "https://login.example.com/{tenantid}/v2.0";
constexpr std::string_view kRefused = "9188040d-6c67-4c5b-b112-36a304b66dad";

IdTokenExpectations expectations() {
  IdTokenExpectations expected;
  expected.issuer = kIssuer;
  expected.client_id = "client";
  expected.nonce = "n";
  expected.now = kNow;
  expected.tenant = TenantRule{.required = {}, .refused = std::string(kRefused)};
  return expected;
}

// Whoever gets through fulfils each rule, checked here in another way than the validator's.
void check_identity(const Identity& identity, const Jwt& token) {
  const Json& claims = token.claims;
  check(token.alg == "RS256" || token.alg == "PS256" || token.alg == "ES256");
  check(json_string(claims, "nonce") == "n");
  const Json* audience = json_member(claims, "aud");
  check(audience != nullptr &&
        (json_string(claims, "aud") == "client" || dump_json(*audience) == R"(["client"])" ||
         json_string(claims, "azp") == "client"));
  check(is_guid(identity.tenant) && is_guid(identity.object) && identity.tenant != kRefused);
  check(identity.issuer.contains(*json_string(claims, "tid")));
  check(identity.account_key() == identity.tenant + "|" + identity.object);
  const Json* expires = json_member(claims, "exp");
  check(expires != nullptr && expires->kind == JsonKind::number);
}

void check_token(std::string_view text) {
  const auto token = decode_jwt(text);
  const auto claims = decode_jwt_claims(text);
  if (!token) return;
  check(claims.has_value() && dump_json(*claims) == dump_json(token->claims));
  check(!token->alg.empty() && token->claims.is_object());
  check(text.starts_with(token->signing_input));
  check(token->signing_input + '.' + base64url_encode(token->signature) == text);
  if (const auto identity = validate_id_token_claims(*token, expectations())) {
    check_identity(*identity, *token);
  }
}

void check_key_set(std::string_view text) {
  const auto set = parse_jwks(text);
  if (!set) return;
  check(set->keys.size() <= kMaxJwksKeys);
  for (const Jwk& key : set->keys) {
    const auto jwk = parse_json(key.json, {.max_bytes = kMaxJwksBytes});
    check(jwk.has_value() && jwk->elements.size() == (key.rsa ? 3U : 4U));
    check(json_member(*jwk, "k") == nullptr && json_member(*jwk, "d") == nullptr);
    for (const char* alg : {"RS256", "PS256", "ES256"}) {
      const auto found = find_key(*set, key.kid, alg);
      check(!found || found->alg == alg);
    }
    check(!find_key(*set, key.kid, "HS256") && !find_key(*set, key.kid, "none"));
  }
}

void check_challenge(const std::string& header) {
  const auto claims = claims_of_challenge(header);
  if (!claims) return;
  check(claims->size() <= 4096);
  check(std::ranges::all_of(*claims, [](char c) { return c >= 0x20 && c <= 0x7e; }));
  const auto parsed = parse_json(*claims);
  check(parsed.has_value() && parsed->is_object());
}

}  // namespace

// As a token, as the claims of an otherwise good token, as its header, as a key set, and as a
// header that asks for other claims.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::string good_header = base64url_encode(R"({"alg":"RS256"})");
  check_token(text);
  check_token(good_header + '.' + base64url_encode(text) + ".c2ln");
  check_token(base64url_encode(text) + ".e30.c2ln");
  // The members of an otherwise good set of claims.
  check_token(good_header + '.' +
              base64url_encode(
                  R"({"iss":"https://login.example.com/b9419818-09af-49c2-b0c3-653adc1f376e/v2.0",)"
                  R"("tid":"b9419818-09af-49c2-b0c3-653adc1f376e","sub":"s","iat":1700000000,)"
                  R"("oid":"a1dbdde8-e4f9-4571-ad93-3059e3750d23","exp":1700003600,)" +
                  std::string(text) + '}') +
              ".c2ln");
  check_key_set(text);
  check_challenge(std::string(text));
  check_challenge("Bearer error=\"insufficient_claims\", claims=\"" + std::string(text));
  check_challenge("Bearer error=\"insufficient_claims\", claims=\"" + base64url_encode(text) +
                  "==\"");
  return 0;
}
