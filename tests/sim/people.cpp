#include "tests/sim/people.h"

#include "core/base/base64url.h"
#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "tests/flows/host/story.h"

namespace postern::sim {

namespace {

// RS256, by its size alone.
constexpr std::size_t kSignatureBytes = 256;
constexpr std::int64_t kGithubIds = 583'231;

testing::Person microsoft_person(int person) {
  testing::Person who;
  who.object.back() = static_cast<char>('0' + person);
  who.object.front() = static_cast<char>('2' + person);
  return who;
}

std::string google_subject(int person) {
  return "11016948447438627633" + to_decimal(person);
}

std::string modulus_of(char key_byte) {
  std::string modulus(kSignatureBytes, key_byte);
  modulus.front() = '\x80';
  modulus.back() = '\x01';
  return modulus;
}

// As testing::id_token signs for Microsoft.
constexpr char kMicrosoftsMark = '\x07';
constexpr char kGooglesMark = '\x09';

}  // namespace

std::string id_token_of(Vendor vendor, const ProviderSettings& settings, const SignedFor& what) {
  const auto issuer = login_origin(vendor, settings);
  switch (vendor) {
    case Vendor::azure:
      return testing::id_token(microsoft_person(what.person), what.nonce, what.now, issuer);
    case Vendor::github:
      return {};
    case Vendor::google:
      break;
  }
  JsonWriter claims;
  claims.begin_object()
      .member("iss", issuer)
      .member("azp", facts_of(vendor).client_id)
      .member("aud", facts_of(vendor).client_id)
      .member("sub", google_subject(what.person))
      .member("email", "ada@example.com")
      .member("nonce", what.nonce)
      .member("iat", what.now / kSecondMs)
      .member("exp", what.now / kSecondMs + 3600);
  return base64url_encode(R"({"alg":"RS256","kid":"key-1","typ":"JWT"})") + "." +
         base64url_encode(claims.end_object().take()) + "." +
         base64url_encode(std::string(kSignatureBytes, kGooglesMark));
}

HttpReply keys_of(Vendor vendor, const ProviderSettings& settings) {
  if (vendor == Vendor::azure) {
    return testing::keys_reply(std::string(login_origin(vendor, settings)) + "/{tenantid}/v2.0");
  }
  return testing::json_reply(
      200, R"({"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"key-1","e":"AQAB","n":")" +
               base64url_encode(modulus_of(facts_of(vendor).key_byte)) + R"("}]})");
}

HttpReply profile_of(Vendor vendor, int person) {
  switch (vendor) {
    case Vendor::azure:
      return testing::profile_reply(microsoft_person(person));
    case Vendor::github:
      return testing::json_reply(200, R"({"login":"ada","id":)" + to_decimal(kGithubIds + person) +
                                          R"(,"name":"Ada Example","email":null})");
    case Vendor::google:
      break;
  }
  return testing::json_reply(200, R"({"sub":")" + google_subject(person) +
                                      R"(","name":"Ada Example","email":"ada@example.com"})");
}

bool holds(const VerifySignature& signature) {
  const bool microsofts = signature.signature.starts_with(kMicrosoftsMark);
  const auto vendor = microsofts ? Vendor::azure : Vendor::google;
  return signature.jwk.contains(base64url_encode(modulus_of(facts_of(vendor).key_byte)));
}

}  // namespace postern::sim
