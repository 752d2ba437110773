#include "core/oauth/id_token.h"

#include <array>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <string>

using namespace postern;

namespace {

constexpr EpochMs kNow = 1'700'000'000'000;
constexpr std::string_view kTid = "b9419818-09af-49c2-b0c3-653adc1f376e";
constexpr std::string_view kOid = "a1dbdde8-e4f9-4571-ad93-3059e3750d23";
constexpr std::string_view kConsumers = "9188040d-6c67-4c5b-b112-36a304b66dad";

std::string issuer_of(std::string_view tenant) {
  return "https://login.example.com/" + std::string(tenant) + "/v2.0";
}

using Value = nlohmann::json;

// A token whose claims a test may still change.
struct Draft {
  std::string alg = "RS256";
  std::string typ = "JWT";
  Value claims = Value::object();

  [[nodiscard]] Jwt signed_token() const {
    auto read = parse_json(claims.dump());
    CHECK(read.has_value());
    return {.alg = alg,
            .kid = "k",
            .typ = typ,
            .claims = read ? std::move(*read) : Json{},
            .signing_input = {},
            .signature = {}};
  }
};

// What Entra sends, one claim replaced by each test.
Draft entra_token(const char* name = nullptr, Value value = nullptr) {
  Draft token;
  token.claims["iss"] = issuer_of(kTid);
  token.claims["aud"] = "client";
  token.claims["sub"] = "pairwise";
  token.claims["tid"] = std::string(kTid);
  token.claims["oid"] = std::string(kOid);
  token.claims["iat"] = kNow / 1000 - 10;
  token.claims["nbf"] = kNow / 1000 - 10;
  token.claims["exp"] = kNow / 1000 + 3600;
  token.claims["nonce"] = "n-0S6_WzA2Mj";
  token.claims["name"] = "Ada";
  token.claims["email"] = "ada@example.com";
  token.claims["preferred_username"] = "ada@example.com";
  if (name != nullptr) token.claims[name] = std::move(value);
  return token;
}

Draft without(const char* name) {
  Draft token = entra_token();
  token.claims.erase(name);
  return token;
}

IdTokenExpectations expectations() {
  IdTokenExpectations expected;
  expected.issuer = "https://login.example.com/{tenantid}/v2.0";
  expected.client_id = "client";
  expected.nonce = "n-0S6_WzA2Mj";
  expected.now = kNow;
  expected.tenant = TenantRule{};
  return expected;
}

std::string verdict(const Draft& token, const IdTokenExpectations& expected = expectations()) {
  const auto identity = validate_id_token_claims(token.signed_token(), expected);
  return identity ? "good" : std::string(name_of(identity.error()));
}

}  // namespace

TEST_CASE("a good Entra token names the person") {
  const auto identity = validate_id_token_claims(entra_token().signed_token(), expectations());
  REQUIRE(identity.has_value());
  CHECK(identity->issuer == issuer_of(kTid));
  CHECK(identity->subject == "pairwise");
  CHECK(identity->tenant == kTid);
  CHECK(identity->object == kOid);
  CHECK(identity->name == "Ada");
  CHECK(identity->email == "ada@example.com");
  CHECK(identity->username == "ada@example.com");
}

TEST_CASE("an Entra account is tid and oid, whatever its e-mail, name or sub says") {
  const auto one = validate_id_token_claims(entra_token().signed_token(), expectations());
  const auto mail = validate_id_token_claims(entra_token("email", "eve@example.com").signed_token(),
                                             expectations());
  const auto sub =
      validate_id_token_claims(entra_token("sub", "other-client").signed_token(), expectations());
  const auto oid = validate_id_token_claims(
      entra_token("oid", "00000000-e4f9-4571-ad93-3059e3750d23").signed_token(), expectations());
  CHECK(one->account_key() == std::string(kTid) + "|" + std::string(kOid));
  CHECK(mail->account_key() == one->account_key());
  CHECK(sub->account_key() == one->account_key());
  CHECK(oid->account_key() != one->account_key());
}

TEST_CASE("GUIDs of one account compare equal in either case") {
  const auto upper = validate_id_token_claims(
      entra_token("oid", "A1DBDDE8-E4F9-4571-AD93-3059E3750D23").signed_token(), expectations());
  CHECK(upper->object == kOid);
}

TEST_CASE("elsewhere the account is iss and sub, and a tid means nothing") {
  IdTokenExpectations expected = expectations();
  expected.tenant.reset();
  expected.issuer = issuer_of(kTid);
  const auto identity = validate_id_token_claims(entra_token().signed_token(), expected);
  REQUIRE(identity.has_value());
  CHECK(identity->account_key() == issuer_of(kTid) + "|pairwise");
  CHECK(identity->tenant.empty());
  Draft other = entra_token("tid", "not a guid");
  CHECK(verdict(other, expected) == "good");
}

TEST_CASE("alg none, symmetric and unknown algorithms are refused") {
  for (const char* alg : {"none", "None", "", "HS256", "HS512", "RS1", "ES512", "rs256", "EdDSA"}) {
    Draft token = entra_token();
    token.alg = alg;
    CHECK(verdict(token) == "forbidden_algorithm");
  }
  for (const char* alg : {"RS256", "PS256", "ES256"}) {
    Draft token = entra_token();
    token.alg = alg;
    CHECK(verdict(token) == "good");
  }
}

TEST_CASE("an integration can be pinned to one algorithm") {
  constexpr std::array<std::string_view, 1> only = {"PS256"};
  IdTokenExpectations expected = expectations();
  expected.algorithms = only;
  CHECK(verdict(entra_token(), expected) == "forbidden_algorithm");
}

TEST_CASE("another kind of JWT is refused by its typ") {
  Draft token = entra_token();
  token.typ = "at+jwt";
  CHECK(verdict(token) == "wrong_type");
  token.typ = "logout+jwt";
  CHECK(verdict(token) == "wrong_type");
  token.typ = "";
  CHECK(verdict(token) == "good");
  token.typ = "jwt";
  CHECK(verdict(token) == "good");
}

TEST_CASE("required claims are required, with their type") {
  for (const char* name : {"iss", "sub", "exp", "iat", "tid", "oid"}) {
    CAPTURE(name);
    CHECK(verdict(without(name)) == "missing_claim");
    CHECK(verdict(entra_token(name, Value::array())) == "missing_claim");
    CHECK(verdict(entra_token(name, "")) == "missing_claim");
  }
  CHECK(verdict(without("aud")) == "wrong_audience");
  CHECK(verdict(without("nonce")) == "wrong_nonce");
  CHECK(verdict(entra_token("sub", std::string(256, 's'))) == "missing_claim");
  CHECK(verdict(entra_token("sub", "a\nb")) == "missing_claim");
  CHECK(verdict(without("nbf")) == "good");
  CHECK(verdict(without("email")) == "good");
}

TEST_CASE("a wrong issuer is refused") {
  for (const char* issuer : {"https://evil.example", "https://login.example.com/common/v2.0",
                             "https://login.example.com/{tenantid}/v2.0",
                             "https://login.example.com/b9419818-09af-49c2-b0c3-653adc1f376e/v2.0/",
                             "https://login.example.com/b9419818-09af-49c2-b0c3-653adc1f376e"}) {
    CHECK(verdict(entra_token("iss", issuer)) == "wrong_issuer");
  }
}

TEST_CASE("an Entra issuer must name the token's own tenant") {
  CHECK(verdict(entra_token("iss", issuer_of(kConsumers))) == "wrong_issuer");
  CHECK(verdict(entra_token("tid", std::string(kConsumers))) == "wrong_issuer");
  CHECK(verdict(entra_token("tid", "")) == "missing_claim");
}

TEST_CASE("an integration of one tenant takes no other's people") {
  IdTokenExpectations expected = expectations();
  expected.tenant = TenantRule{.required = std::string(kTid), .refused = {}};
  CHECK(verdict(entra_token(), expected) == "good");
  Draft other = entra_token("tid", std::string(kConsumers));
  other.claims["iss"] = issuer_of(kConsumers);
  CHECK(verdict(other, expected) == "wrong_tenant");
}

TEST_CASE("an integration for organizations takes no personal accounts") {
  IdTokenExpectations expected = expectations();
  expected.tenant = TenantRule{.required = {}, .refused = std::string(kConsumers)};
  CHECK(verdict(entra_token(), expected) == "good");
  Draft personal = entra_token("tid", std::string(kConsumers));
  personal.claims["iss"] = issuer_of(kConsumers);
  CHECK(verdict(personal, expected) == "wrong_tenant");
}

TEST_CASE("a token for somebody else, or for others too, is refused") {
  CHECK(verdict(entra_token("aud", "other")) == "wrong_audience");
  CHECK(verdict(entra_token("aud", "")) == "wrong_audience");
  CHECK(verdict(entra_token("aud", Value::array())) == "wrong_audience");
  CHECK(verdict(entra_token("aud", Value::array({"client"}))) == "good");
  CHECK(verdict(entra_token("aud", Value::array({"client", "other"}))) == "wrong_audience");
  CHECK(verdict(entra_token("aud", Value::array({"other", "client"}))) == "wrong_audience");
  CHECK(verdict(entra_token("aud", Value::array({"client", 7}))) == "wrong_audience");
  Draft two = entra_token("aud", Value::array({"client", "other"}));
  two.claims["azp"] = "client";
  CHECK(verdict(two) == "wrong_audience");
  IdTokenExpectations nobody = expectations();
  nobody.client_id.clear();
  CHECK(verdict(entra_token("aud", ""), nobody) == "wrong_audience");
}

TEST_CASE("azp is us where it is there, and is there where aud has several entries") {
  CHECK(verdict(entra_token("azp", "client")) == "good");
  CHECK(verdict(entra_token("azp", "other")) == "wrong_authorized_party");
  CHECK(verdict(entra_token("azp", 7)) == "wrong_authorized_party");
  CHECK(verdict(entra_token("aud", Value::array({"client", "client"}))) ==
        "wrong_authorized_party");
}

TEST_CASE("an expired token is refused, give or take the skew") {
  CHECK(verdict(entra_token("exp", kNow / 1000 - 119)) == "good");
  CHECK(verdict(entra_token("exp", kNow / 1000 - 120)) == "expired");
  CHECK(verdict(entra_token("exp", 0)) == "expired");
  CHECK(verdict(entra_token("exp", -1)) == "missing_claim");
  CHECK(verdict(entra_token("exp", 9'223'372'036'854'775'807)) == "missing_claim");
  CHECK(verdict(entra_token("exp", 1e90)) == "missing_claim");
  CHECK(verdict(entra_token("exp", "1700003600")) == "missing_claim");
  CHECK(verdict(entra_token("exp", static_cast<double>(kNow) / 1000 + 10.5)) == "good");
}

TEST_CASE("a token from the future is refused, give or take the skew") {
  CHECK(verdict(entra_token("iat", kNow / 1000 + 120)) == "good");
  CHECK(verdict(entra_token("iat", kNow / 1000 + 121)) == "issued_in_future");
  CHECK(verdict(entra_token("nbf", kNow / 1000 + 120)) == "good");
  CHECK(verdict(entra_token("nbf", kNow / 1000 + 121)) == "not_yet_valid");
  CHECK(verdict(entra_token("nbf", "soon")) == "missing_claim");
}

TEST_CASE("a nonce is the one that was sent") {
  CHECK(verdict(entra_token("nonce", "n-0S6_WzA2Mk")) == "wrong_nonce");
  CHECK(verdict(entra_token("nonce", "n-0S6_WzA2M")) == "wrong_nonce");
  CHECK(verdict(entra_token("nonce", 7)) == "wrong_nonce");
  IdTokenExpectations expected = expectations();
  expected.nonce = "";
  CHECK(verdict(without("nonce"), expected) == "wrong_nonce");
  CHECK(verdict(entra_token("nonce", ""), expected) == "wrong_nonce");
}

TEST_CASE("only a refresh may leave the nonce out of consideration (OIDC Core 12.2)") {
  IdTokenExpectations expected = expectations();
  expected.nonce.reset();
  CHECK(verdict(without("nonce"), expected) == "good");
}

TEST_CASE("what is shown of a person is clean text or nothing") {
  CHECK(validate_id_token_claims(entra_token("name", "a\nb").signed_token(), expectations())
            ->name.empty());
  CHECK(validate_id_token_claims(entra_token("name", std::string(257, 'a')).signed_token(),
                                 expectations())
            ->name.empty());
  CHECK(validate_id_token_claims(entra_token("name", 7).signed_token(), expectations())
            ->name.empty());
  CHECK(validate_id_token_claims(entra_token("name", "\xc3\x84").signed_token(), expectations())
            ->name == "\xc3\x84");
}
