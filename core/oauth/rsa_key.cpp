#include "core/oauth/rsa_key.h"

#include <bit>
#include <optional>

#include "core/base/base64url.h"
#include "core/base/der.h"
#include "core/base/json_writer.h"
#include "core/base/sha256.h"

namespace postern {
namespace {

constexpr std::string_view kRsaEncryption("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9);  // RFC 8017 C

std::string_view without_leading_zeros(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of('\0');
  return first == std::string_view::npos ? std::string_view() : bytes.substr(first);
}

std::size_t bit_length(std::string_view bytes) {
  if (bytes.empty()) return 0;
  return (bytes.size() - 1) * 8 +
         static_cast<std::size_t>(std::bit_width(static_cast<unsigned char>(bytes[0])));
}

bool is_odd(std::string_view bytes) {
  return !bytes.empty() && (bytes.back() & 1) != 0;
}

bool is_fit_size(std::string_view modulus) {
  const std::size_t bits = bit_length(modulus);
  return bits >= kMinRsaBits && bits <= kMaxRsaBits;
}

// SEQUENCE { OBJECT IDENTIFIER, parameters }: nullopt where it is no such thing.
std::optional<bool> is_rsa_algorithm(std::string_view algorithm) {
  const auto id = DerReader(algorithm).take(der::kObjectId);
  return id ? std::optional(*id == kRsaEncryption) : std::nullopt;
}

// The first two members of RSAPublicKey, and with a version before them of RSAPrivateKey.
Result<RsaPublicKey, RsaKeyFault> read_key(DerReader& members) {
  const auto modulus = members.take_natural();
  const auto exponent = modulus ? members.take_natural() : std::nullopt;
  if (!exponent) return fail(RsaKeyFault::not_readable);
  if (!is_fit_size(*modulus)) return fail(RsaKeyFault::unfit_size);
  if (!is_rsa_modulus(*modulus) || !is_rsa_exponent(*exponent)) {
    return fail(RsaKeyFault::unfit_key);
  }
  return RsaPublicKey{.modulus = std::string(*modulus), .exponent = std::string(*exponent)};
}

// SubjectPublicKeyInfo of a certificate; nullopt where the certificate ends before it.
std::optional<std::string_view> public_key_info(std::string_view certificate) {
  DerReader whole(certificate);
  const auto signed_part = whole.take(der::kSequence);
  if (!signed_part || !whole.at_end()) return std::nullopt;
  const auto to_be_signed = DerReader(*signed_part).take(der::kSequence);
  if (!to_be_signed) return std::nullopt;
  DerReader in(*to_be_signed);
  static_cast<void>(in.take(der::kContext0));     // the version, which the first one does not write
  const bool passed = in.take(der::kInteger) &&   // serial number
                      in.take(der::kSequence) &&  // signature's algorithm
                      in.take(der::kSequence) &&  // issuer
                      in.take(der::kSequence) &&  // validity
                      in.take(der::kSequence);    // subject
  return passed ? in.take(der::kSequence) : std::nullopt;
}

}  // namespace

bool is_rsa_modulus(std::string_view bytes) {
  const std::string_view modulus = without_leading_zeros(bytes);
  return is_fit_size(modulus) && is_odd(modulus);
}

bool is_rsa_exponent(std::string_view bytes) {
  const std::string_view exponent = without_leading_zeros(bytes);
  return exponent.size() <= 8 && bit_length(exponent) >= 2 && is_odd(exponent);
}

Result<RsaPublicKey, RsaKeyFault> rsa_key_of_certificate(std::string_view der) {
  const auto info = public_key_info(der);
  if (!info) return fail(RsaKeyFault::not_readable);
  DerReader in(*info);
  const auto algorithm = in.take(der::kSequence);
  const auto is_rsa = algorithm ? is_rsa_algorithm(*algorithm) : std::nullopt;
  if (!is_rsa) return fail(RsaKeyFault::not_readable);
  if (!*is_rsa) return fail(RsaKeyFault::not_rsa);
  const auto bits = in.take(der::kBitString);
  // The first byte counts the bits that are not used: none.
  if (!bits || !bits->starts_with('\0')) return fail(RsaKeyFault::not_readable);
  const auto key = DerReader(bits->substr(1)).take(der::kSequence);
  if (!key) return fail(RsaKeyFault::not_readable);
  DerReader members(*key);
  return read_key(members);
}

Result<RsaPublicKey, RsaKeyFault> rsa_key_of_pkcs8(std::string_view der) {
  DerReader whole(der);
  const auto info = whole.take(der::kSequence);
  if (!info || !whole.at_end()) return fail(RsaKeyFault::not_readable);
  DerReader in(*info);
  const auto version = in.take_natural();
  const auto algorithm = version ? in.take(der::kSequence) : std::nullopt;
  const auto is_rsa = algorithm ? is_rsa_algorithm(*algorithm) : std::nullopt;
  if (!is_rsa) return fail(RsaKeyFault::not_readable);
  if (!*is_rsa) return fail(RsaKeyFault::not_rsa);
  const auto inner = in.take(der::kOctetString);
  const auto key = inner ? DerReader(*inner).take(der::kSequence) : std::nullopt;
  if (!key) return fail(RsaKeyFault::not_readable);
  DerReader members(*key);
  const auto form = members.take_natural();
  if (!form || !form->empty()) return fail(RsaKeyFault::not_readable);  // 0: two primes
  auto read = read_key(members);
  if (!read) return read;
  for (int member = 0; member < 6; ++member) {  // d, p, q, dP, dQ, qInv
    if (!members.take_natural()) return fail(RsaKeyFault::not_readable);
  }
  if (!members.at_end()) return fail(RsaKeyFault::not_readable);
  return read;
}

std::string_view advice_of(RsaKeyFault fault) {
  switch (fault) {
    case RsaKeyFault::not_readable:
      return "the block holds something else than its first line says: export it anew";
    case RsaKeyFault::not_rsa:
      return "no RSA key: make one (openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072)";
    case RsaKeyFault::unfit_size:
      return "the RSA key is not of 2,048 to 8,192 bits: make one of 3,072";
    case RsaKeyFault::unfit_key:
      return "no RSA key that anybody should use: make another one";
  }
  return "";
}

std::string thumbprint_sha256(std::string_view certificate_der) {
  return sha256_base64url(certificate_der);
}

std::string jwk_thumbprint(const RsaPublicKey& key) {
  // The members that RSA needs, in the order of their names.
  return sha256_base64url(JsonWriter()
                              .begin_object()
                              .member("e", base64url_encode(key.exponent))
                              .member("kty", "RSA")
                              .member("n", base64url_encode(key.modulus))
                              .end_object()
                              .take());
}

std::string jwk_json(const RsaPublicKey& key) {
  return JsonWriter()
      .begin_object()
      .member("kty", "RSA")
      .member("n", base64url_encode(key.modulus))
      .member("e", base64url_encode(key.exponent))
      .end_object()
      .take();
}

}  // namespace postern
