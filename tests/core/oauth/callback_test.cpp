#include "core/oauth/callback.h"

#include <doctest/doctest.h>
#include <string>
#include <type_traits>

#include "core/base/sha256.h"
#include "core/oauth/pkce.h"
#include "tests/core/fault_of.h"

using namespace postern;

namespace {

constexpr std::string_view kState = "att_MDEyMzQ1Njc4OWFiY2RlZg.U1NTU1NTU1NTU1NTU1NTU1NTU1M";
constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

IssuedState issued() {
  return {.attempt = "att_MDEyMzQ1Njc4OWFiY2RlZg",
          .state_hash = sha256_base64url(kState),
          .integration = "azure",
          .redirect_uri = "https://postern.example.com/callback",
          .code_challenge = s256_challenge(kVerifier),
          .expected_issuer = "https://login.example.com/{tenantid}/v2.0"};
}

std::string with_state(std::string_view rest) {
  return std::string(rest) + "&state=" + std::string(kState);
}

CallbackFaultKind parse_fault(std::string_view query) {
  return fault_of(parse_callback(query)).kind;
}

Result<ValidatedCallback, CallbackFault> validate(std::string_view query,
                                                  const IssuedState& row = issued(),
                                                  std::string_view path = "azure") {
  auto parsed = parse_callback(query);
  REQUIRE(parsed.has_value());
  return validate_callback(std::move(*parsed), row, path);
}

// A token request cannot be had without going through one of the two validators.
static_assert(!std::is_default_constructible_v<ValidatedCallback>);
static_assert(!std::is_constructible_v<ValidatedCallback, Secret, const IssuedState&>);
static_assert(!std::is_copy_constructible_v<ValidatedCallback>);
static_assert(!std::is_aggregate_v<ValidatedCallback>);

}  // namespace

TEST_CASE("the response of RFC 6749 4.1.2 is read") {
  const auto parsed = parse_callback("code=SplxlOBeZQQYbYS6WxSbIA&state=xyz");
  REQUIRE(parsed.has_value());
  CHECK(parsed->shape == CallbackShape::code);
  CHECK(parsed->code.reveal() == "SplxlOBeZQQYbYS6WxSbIA");
  CHECK(parsed->state.reveal() == "xyz");
}

TEST_CASE("a good callback carries the code and what the store knew, nothing from the query") {
  const auto callback = validate(with_state("code=abc&redirect_uri=https://evil.example"));
  REQUIRE(callback.has_value());
  CHECK(callback->code().reveal() == "abc");
  CHECK(callback->redirect_uri() == "https://postern.example.com/callback");
  CHECK(callback->integration() == "azure");
  CHECK(callback->attempt() == "att_MDEyMzQ1Njc4OWFiY2RlZg");
  CHECK(callback->code_challenge() == s256_challenge(kVerifier));
}

TEST_CASE("repeated parameters are refused") {
  for (const char* name : {"code", "state", "error", "iss", "admin_consent"}) {
    const std::string twice = std::string(name) + "=a&" + name + "=a&";
    CHECK(parse_fault(twice + "x=1&code=a&state=b") == CallbackFaultKind::malformed);
    CHECK(parse_fault(twice + "state=b") == CallbackFaultKind::malformed);
  }
  CHECK(parse_callback("code=a&state=b&foo=1&foo=2").has_value());
}

TEST_CASE("code and error at once are refused") {
  CHECK(parse_fault("code=a&error=access_denied&state=b") == CallbackFaultKind::malformed);
  CHECK(parse_fault("code=a&admin_consent=True&state=b") == CallbackFaultKind::malformed);
}

TEST_CASE("a callback without state is refused, whatever else it says") {
  CHECK(parse_fault("") == CallbackFaultKind::missing_state);
  CHECK(parse_fault("code=a") == CallbackFaultKind::missing_state);
  CHECK(parse_fault("error=access_denied") == CallbackFaultKind::missing_state);
  CHECK(parse_fault("code=a&state=") == CallbackFaultKind::missing_state);
  CHECK(parse_fault("admin_consent=True&tenant=b9419818-09af-49c2-b0c3-653adc1f376e") ==
        CallbackFaultKind::missing_state);
}

TEST_CASE("a callback without code or error is refused") {
  CHECK(parse_fault("state=b") == CallbackFaultKind::missing_code);
  CHECK(parse_fault("state=b&code=") == CallbackFaultKind::missing_code);
  CHECK(parse_fault("state=b&admin_consent=False") == CallbackFaultKind::missing_code);
}

TEST_CASE("bad encoding and foreign bytes in a code are refused") {
  for (const char* query : {"code=%zz&state=b", "code=%00&state=b", "code=%ff&state=b",
                            "code=a%0d%0ab&state=b", "code=%c3%a4&state=b", "code=a%7f&state=b"}) {
    CHECK(parse_fault(query) == CallbackFaultKind::malformed);
  }
  CHECK(parse_callback("code=a%20~&state=b")->code.reveal() == "a ~");
}

TEST_CASE("a description that cannot be decoded does not hide the refusal") {
  // AzureAD/microsoft-authentication-library-for-android#253, and Entra's way to write the colon.
  for (const char* description : {"AADB2C90091:+El+usuario+ha+cancelado+la+introducci%u00f3n",
                                  "AADB2C90091%3a+refus%e9", "%e9", "%", "%%%u00e9%", "\xe9"}) {
    CAPTURE(description);
    const auto parsed = parse_callback(
        with_state("error=access_denied&error_description=" + std::string(description)));
    REQUIRE(parsed.has_value());
    CHECK(parsed->error == "access_denied");
  }
  CHECK(parse_callback(with_state("error=e&error_description=AADSTS50105%3a+ni%u00f1o"))
            ->description == "AADSTS50105: ni");
  // What nobody reads spoils nothing either; what decides stays strict.
  CHECK(parse_callback("code=a&state=b&session_state=%zz").has_value());
  CHECK(parse_fault("error=%zz&state=b") == CallbackFaultKind::malformed);
  CHECK(parse_fault("code=a&state=%zz") == CallbackFaultKind::malformed);
}

TEST_CASE("everything in a callback has a largest size") {
  CHECK(parse_callback("state=b&code=" + std::string(8192, 'a')).has_value());
  CHECK(parse_fault("state=b&code=" + std::string(8193, 'a')) == CallbackFaultKind::malformed);
  CHECK(parse_fault("code=b&state=" + std::string(257, 'a')) == CallbackFaultKind::malformed);
  CHECK(parse_fault("code=b&state=b&iss=" + std::string(513, 'a')) == CallbackFaultKind::malformed);
  CHECK(parse_fault("state=b&code=b&x=" + std::string(16384, 'a')) == CallbackFaultKind::malformed);
}

TEST_CASE("another state than the one that was issued leads nowhere") {
  const auto callback = validate("code=abc&state=att_other.state");
  CHECK(fault_of(callback).kind == CallbackFaultKind::wrong_state);
  IssuedState row = issued();
  row.state_hash.clear();
  CHECK(fault_of(validate(with_state("code=abc"), row)).kind == CallbackFaultKind::wrong_state);
}

TEST_CASE("a code that arrives at another integration's callback path is refused (mix-up)") {
  for (const char* path : {"github", "", "Azure", "azure2"}) {
    CHECK(fault_of(validate(with_state("code=abc"), issued(), path)).kind ==
          CallbackFaultKind::wrong_integration);
  }
  IssuedState nameless = issued();
  nameless.integration.clear();
  CHECK(fault_of(validate(with_state("code=abc"), nameless, "")).kind ==
        CallbackFaultKind::wrong_integration);
}

TEST_CASE("an error from another integration's path is not believed either") {
  CHECK(fault_of(validate(with_state("error=access_denied"), issued(), "github")).kind ==
        CallbackFaultKind::wrong_integration);
  CHECK(fault_of(validate(with_state("error=access_denied&iss=https://evil.example"))).kind ==
        CallbackFaultKind::wrong_issuer);
}

TEST_CASE("iss must be the integration's issuer (RFC 9207)") {
  CHECK(fault_of(validate(with_state("code=a&iss=https://evil.example"))).kind ==
        CallbackFaultKind::wrong_issuer);
  CHECK(fault_of(validate(with_state("code=a&iss=https://login.example.com/common/v2.0"))).kind ==
        CallbackFaultKind::wrong_issuer);
  CHECK(validate(with_state("code=a&iss=https://login.example.com/"
                            "b9419818-09af-49c2-b0c3-653adc1f376e/v2.0"))
            .has_value());
}

TEST_CASE("iss may be absent only where the server never promised it") {
  IssuedState row = issued();
  CHECK(validate(with_state("code=a"), row).has_value());
  row.issuer_required = true;
  CHECK(fault_of(validate(with_state("code=a"), row)).kind == CallbackFaultKind::wrong_issuer);
}

TEST_CASE("iss of a provider whose issuer nobody knows is ignored") {
  IssuedState row = issued();
  row.expected_issuer.clear();
  CHECK(validate(with_state("code=a&iss=https://any.example"), row).has_value());
}

TEST_CASE("a person's no is told apart from everything else") {
  for (const char* error :
       {"access_denied", "user_cancelled_login", "user_cancelled_authorize", "permission_denied"}) {
    CHECK(fault_of(validate(with_state(std::string("error=") + error))).kind ==
          CallbackFaultKind::denied);
  }
  for (const char* error : {"server_error", "temporarily_unavailable", "invalid_scope", "x",
                            "consent_required", "interaction_required", "login_required"}) {
    const auto callback = validate(with_state(std::string("error=") + error));
    CHECK(fault_of(callback).kind == CallbackFaultKind::provider_error);
    CHECK(fault_of(callback).error == error);
  }
}

TEST_CASE("access_denied with a code of an administrator's block is no person's no") {
  constexpr std::string_view kDeclines[] = {"AADSTS65004"};
  IssuedState row = issued();
  const auto said = [&](std::string_view description) {
    return fault_of(validate(
        with_state("error=access_denied&error_description=" + std::string(description)), row));
  };
  // A provider that has no codes of its own says no more than the error.
  CHECK(said("AADSTS50105:+not+assigned").kind == CallbackFaultKind::denied);
  row.decline_codes = kDeclines;
  CHECK(said("AADSTS65004:+User+declined").kind == CallbackFaultKind::denied);
  CHECK(said("AADSTS65004:+User+declined").provider_code == "AADSTS65004");
  CHECK(said("AADSTS50105:+not+assigned").kind == CallbackFaultKind::provider_error);
  CHECK(said("AADSTS50105:+not+assigned").provider_code == "AADSTS50105");
  for (const char* none : {"", "the+user+said+no", "AADSTS50105", "AADSTS:+x", "50105:+x",
                           "aadsts50105:+x", "AADSTS50105x:+x", "AADSTS501050000000000000000:+x"}) {
    CAPTURE(none);
    CHECK(said(none).provider_code.empty());
    CHECK(said(none).kind == CallbackFaultKind::denied);
  }
}

TEST_CASE("the number of the provider's code is found wherever the answer has it") {
  const auto number = [](std::string_view query) {
    return fault_of(validate(with_state(query))).number;
  };
  CHECK(number("error=invalid_client&error_description=AADSTS650052:+The+app") == "650052");
  CHECK(number("error=x&error_description=In+12345+days:+AADSTS650051:+The+app") == "650051");
  CHECK(number("error=x&error_uri=https://login.microsoftonline.com/error?code%3D650052") ==
        "650052");
  CHECK(number("error=x&error_uri=https://a.example/?lang%3Den%26code%3D7000215") == "7000215");
  for (const auto* none :
       {"error=x", "error=x&error_description=At+04:05+of+20260102,+ab12345", "error=x&error_uri=?",
        "error=x&error_uri=https://a.example/?code%3Dx"}) {
    CHECK(number(none).empty());
  }
}

TEST_CASE("an error description is cut, has no control characters, and is left to be escaped") {
  const auto callback = validate(
      with_state("error=%0d%0aSet-Cookie:x&error_description=a%0d%0ab%7f%c2%85%3Cscript%3E%c3%a4"));
  CHECK(fault_of(callback).error == "??Set-Cookie:x");
  CHECK(fault_of(callback).description == "a  b   <script>\xc3\xa4");
  const auto longer =
      validate(with_state("error=" + std::string(100, 'e') + "&error_description=x" + [] {
        std::string umlauts;
        for (int i = 0; i < 600; ++i) umlauts += "%c3%a4";
        return umlauts;
      }()));
  CHECK(fault_of(longer).error.size() == 64);
  CHECK(fault_of(longer).description.size() == 1023);
}

TEST_CASE("an admin-consent answer is its own shape, with state, and never a sign-in") {
  const auto parsed = parse_callback(
      with_state("admin_consent=True&tenant=B9419818-09af-49c2-b0c3-653adc1f376e&scope=x"));
  REQUIRE(parsed.has_value());
  CHECK(parsed->shape == CallbackShape::admin_consent);
  CHECK(parsed->tenant == "b9419818-09af-49c2-b0c3-653adc1f376e");
  CHECK(fault_of(
            validate(with_state("admin_consent=True&tenant=b9419818-09af-49c2-b0c3-653adc1f376e")))
            .kind == CallbackFaultKind::not_a_sign_in);
  CHECK(parse_fault(with_state("admin_consent=True&tenant=evil")) == CallbackFaultKind::malformed);
  CHECK(
      fault_of(validate(with_state("error=permission_denied&admin_consent=True&tenant=x"))).kind ==
      CallbackFaultKind::denied);
}

TEST_CASE("parameters cannot be emptied of their code on the way to the validator") {
  CallbackParameters forged;
  forged.state = Secret(std::string(kState));
  CHECK(fault_of(validate_callback(std::move(forged), issued(), "azure")).kind ==
        CallbackFaultKind::missing_code);
}

TEST_CASE("a handed-over code needs the issued state and the verifier of the issued challenge") {
  const auto callback =
      validate_handed_over_code(Secret(std::string("abc")), kState, kVerifier, issued());
  REQUIRE(callback.has_value());
  CHECK(callback->code().reveal() == "abc");
  CHECK(callback->redirect_uri() == "https://postern.example.com/callback");

  const auto fault = [](std::string code, std::string_view state, std::string_view verifier,
                        const IssuedState& row) {
    return fault_of(validate_handed_over_code(Secret(std::move(code)), state, verifier, row)).kind;
  };
  CHECK(fault("abc", "att_x.y", kVerifier, issued()) == CallbackFaultKind::wrong_state);
  CHECK(fault("abc", kState, std::string(43, 'a'), issued()) == CallbackFaultKind::wrong_verifier);
  CHECK(fault("abc", kState, "", issued()) == CallbackFaultKind::wrong_verifier);
  CHECK(fault("", kState, kVerifier, issued()) == CallbackFaultKind::missing_code);
  CHECK(fault("a\nb", kState, kVerifier, issued()) == CallbackFaultKind::malformed);
  IssuedState row = issued();
  row.code_challenge.clear();
  CHECK(fault("abc", kState, kVerifier, row) == CallbackFaultKind::wrong_verifier);
}

TEST_CASE("a short verifier is refused even when its hash fits") {
  IssuedState row = issued();
  row.code_challenge = s256_challenge("short");
  CHECK(
      fault_of(validate_handed_over_code(Secret(std::string("abc")), kState, "short", row)).kind ==
      CallbackFaultKind::wrong_verifier);
}
