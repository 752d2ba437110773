// What an operator hands over: PEM, and the DER of a private key or of a certificate.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/der.h"
#include "core/oauth/issuer_documents.h"
#include "core/oauth/jwks.h"
#include "core/oauth/pem.h"
#include "core/oauth/rsa_key.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

namespace {

// A key that is read is one that everybody else would take.
void check_key(const Result<RsaPublicKey, RsaKeyFault>& key, std::string_view der) {
  if (!key) {
    check(!advice_of(key.error()).empty());
    return;
  }
  check(der.contains(key->modulus) && der.contains(key->exponent));
  check(is_rsa_modulus(key->modulus) && is_rsa_exponent(key->exponent));
  const auto set = parse_jwks(jwks_json(std::vector{*key}));
  check(set.has_value() && set->keys.size() == 1);
  const auto found = find_key(*set, jwk_thumbprint(*key), "RS256");
  check(found.has_value() && found->jwk == jwk_json(*key));
}

void check_der(std::string_view der) {
  check_key(rsa_key_of_pkcs8(der), der);
  check_key(rsa_key_of_certificate(der), der);
}

// Element after element, whatever their tags are: each ends behind the one before it.
void check_walk(std::string_view bytes) {
  DerReader in(bytes);
  const char* last = bytes.data();
  std::size_t at = 0;
  while (!in.at_end()) {
    const auto content = in.take(static_cast<std::uint8_t>(bytes[at]));
    if (!content) return;
    check(content->data() > last &&
          content->data() + content->size() <= bytes.data() + bytes.size());
    last = content->data();
    at = static_cast<std::size_t>(content->data() + content->size() - bytes.data());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  if (const auto certificate = decode_certificate_pem(text)) {
    check_der(*certificate);
  } else {
    check(!advice_of(certificate.error()).empty());
  }
  if (const auto key = decode_private_key_pem(text)) {
    check(size <= kMaxPemBytes);
    check_der(key->reveal());
  }
  check_der(text);
  check_walk(text);
  return 0;
}
