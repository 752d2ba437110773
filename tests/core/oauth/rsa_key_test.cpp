#include "core/oauth/rsa_key.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/base64url.h"
#include "tests/core/fault_of.h"
#include "tests/core/oauth/key_files.h"

using namespace postern;

namespace {

// RFC 7515 A.2.1.
constexpr std::string_view kModulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d"
    "4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexM"
    "dbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvU"
    "K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

RsaPublicKey key_of(std::string_view modulus) {
  return {.modulus = base64url_decode(modulus).value(),
          .exponent = base64url_decode("AQAB").value()};
}

RsaKeyFault private_fault(const std::string& file) {
  return fault_of(rsa_key_of_pkcs8(private_key_der(file)));
}

}  // namespace

TEST_CASE("a private key and its certificate hold the same public key, that of RFC 7515 A.2.1") {
  const auto of_key = rsa_key_of_pkcs8(private_key_der("rsa-2048.pem"));
  REQUIRE(of_key.has_value());
  CHECK(*of_key == key_of(kModulus));
  CHECK(rsa_key_of_certificate(certificate_der("rsa-2048.crt")) == of_key);
  CHECK(jwk_json(*of_key) == R"({"kty":"RSA","n":")" + std::string(kModulus) + R"(","e":"AQAB"})");
}

TEST_CASE("another key's certificate is told from it") {
  const auto other = rsa_key_of_certificate(certificate_der("rsa-2048-other.crt"));
  REQUIRE(other.has_value());
  CHECK(other != rsa_key_of_pkcs8(private_key_der("rsa-2048.pem")));
}

TEST_CASE("the thumbprint of RFC 7638 3.1") {
  CHECK(jwk_thumbprint(key_of(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc"
            "_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQ"
            "R0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF"
            "TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
            "kEgU8awapJzKnqDKgw")) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST_CASE("the thumbprint of RFC 8705 appendix A") {
  CHECK(thumbprint_sha256(certificate_der("rfc8705-a.crt")) ==
        "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
}

TEST_CASE("keys that nobody should sign with are told apart") {
  CHECK(private_fault("ec-p256.pem") == RsaKeyFault::not_rsa);
  CHECK(private_fault("rsa-pss-2048.pem") == RsaKeyFault::not_rsa);
  CHECK(private_fault("rsa-1024.pem") == RsaKeyFault::unfit_size);
  CHECK(fault_of(rsa_key_of_certificate(certificate_der("rfc8705-a.crt"))) == RsaKeyFault::not_rsa);
  CHECK(fault_of(rsa_key_of_certificate(certificate_der("rsa-pss-2048.crt"))) ==
        RsaKeyFault::not_rsa);
  for (const auto fault : {RsaKeyFault::not_readable, RsaKeyFault::not_rsa, RsaKeyFault::unfit_size,
                           RsaKeyFault::unfit_key}) {
    CHECK(advice_of(fault).contains(": "));
  }
}

TEST_CASE("an even modulus and a tiny exponent are refused") {
  auto der = private_key_der("rsa-2048.pem");
  const auto modulus = base64url_decode(kModulus).value();
  const auto last = der.find(modulus) + modulus.size() - 1;
  der[last] = static_cast<char>(der[last] ^ 1);
  CHECK(fault_of(rsa_key_of_pkcs8(der)) == RsaKeyFault::unfit_key);
  der[last] = static_cast<char>(der[last] ^ 1);
  const auto exponent = der.find(std::string("\x02\x03\x01\x00\x01", 5));
  REQUIRE(exponent != std::string::npos);
  der[exponent + 4] = 2;  // 65538
  CHECK(fault_of(rsa_key_of_pkcs8(der)) == RsaKeyFault::unfit_key);
}

TEST_CASE("every cut of a key or a certificate is refused, and so is a byte too many") {
  const auto key = private_key_der("rsa-2048.pem");
  const auto certificate = certificate_der("rsa-2048.crt");
  for (std::size_t length = 0; length < key.size(); ++length) {
    CHECK_FALSE(rsa_key_of_pkcs8(std::string_view(key).substr(0, length)).has_value());
  }
  for (std::size_t length = 0; length < certificate.size(); ++length) {
    const auto cut = std::string_view(certificate).substr(0, length);
    CHECK_FALSE(rsa_key_of_certificate(cut).has_value());
  }
  CHECK(fault_of(rsa_key_of_pkcs8(key + "x")) == RsaKeyFault::not_readable);
  CHECK(fault_of(rsa_key_of_certificate(certificate + "x")) == RsaKeyFault::not_readable);
  CHECK(fault_of(rsa_key_of_pkcs8(certificate)) == RsaKeyFault::not_readable);
  CHECK(fault_of(rsa_key_of_certificate(key)) == RsaKeyFault::not_readable);
}
