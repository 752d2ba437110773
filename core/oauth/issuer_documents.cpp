#include "core/oauth/issuer_documents.h"

#include "core/base/base64url.h"
#include "core/base/json_writer.h"

namespace postern {

std::string discovery_json(std::string_view issuer, std::string_view jwks_uri) {
  JsonWriter writer;
  writer.begin_object().member("issuer", issuer).member("jwks_uri", jwks_uri);
  writer.key("response_types_supported").begin_array().string("id_token").end_array();
  writer.key("subject_types_supported").begin_array().string("public").end_array();
  writer.key("id_token_signing_alg_values_supported").begin_array().string("RS256").end_array();
  return writer.end_object().take();
}

std::string jwks_json(std::span<const RsaPublicKey> keys) {
  JsonWriter writer;
  writer.begin_object().key("keys").begin_array();
  for (const auto& key : keys) {
    writer.begin_object()
        .member("kty", "RSA")
        .member("use", "sig")
        .member("alg", "RS256")
        .member("kid", jwk_thumbprint(key))
        .member("n", base64url_encode(key.modulus))
        .member("e", base64url_encode(key.exponent))
        .end_object();
  }
  return writer.end_array().end_object().take();
}

}  // namespace postern
