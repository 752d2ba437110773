#include "core/oauth/pem.h"

#include <optional>
#include <utility>

#include "core/base/base64url.h"

namespace postern {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

// base64 with padding and white space (RFC 7468 section 3), rewritten for the strict decoder.
std::optional<std::string> decode_base64(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());  // no growth, so no copies of a key are left behind
  std::size_t padding = 0;
  bool clean = true;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    clean = clean && padding == 0 && c != '-' && c != '_';
    plain.push_back(c == '+' ? '-' : c == '/' ? '_' : c);
  }
  clean = clean && !plain.empty() && padding <= 2 && (plain.size() + padding) % 4 == 0;
  auto bytes = clean ? base64url_decode(plain) : std::nullopt;
  wipe(plain);
  return bytes;
}

PemFault fault_of_label(std::string_view label) {
  if (label == "ENCRYPTED PRIVATE KEY") return PemFault::encrypted_key;
  if (label == "RSA PRIVATE KEY") return PemFault::pkcs1_key;
  return PemFault::other_block;
}

Result<std::string, PemFault> decode_block(std::string_view text, std::string_view wanted) {
  if (text.size() > kMaxPemBytes) return fail(PemFault::too_large);
  const std::size_t begin = text.find(kBegin);
  if (begin == std::string_view::npos) return fail(PemFault::no_block);
  text.remove_prefix(begin + kBegin.size());
  if (text.contains(kBegin)) return fail(PemFault::several_blocks);
  const std::size_t label_end = text.find(kDashes);
  if (label_end == std::string_view::npos) return fail(PemFault::damaged);
  const std::string_view label = text.substr(0, label_end);
  if (label != wanted) return fail(fault_of_label(label));
  text.remove_prefix(label_end + kDashes.size());
  const std::size_t end = text.find(kEnd);
  if (end == std::string_view::npos) return fail(PemFault::damaged);
  const std::string_view tail = text.substr(end + kEnd.size());
  if (!tail.starts_with(wanted) || !tail.substr(wanted.size()).starts_with(kDashes)) {
    return fail(PemFault::damaged);
  }
  auto bytes = decode_base64(text.substr(0, end));
  if (!bytes) return fail(PemFault::damaged);
  return std::move(*bytes);
}

}  // namespace

Result<std::string, PemFault> decode_certificate_pem(std::string_view text) {
  return decode_block(text, "CERTIFICATE");
}

Result<Secret, PemFault> decode_private_key_pem(std::string_view text) {
  auto bytes = decode_block(text, "PRIVATE KEY");
  if (!bytes) return fail(bytes.error());
  return Secret(std::move(*bytes));
}

std::string_view advice_of(PemFault fault) {
  switch (fault) {
    case PemFault::too_large:
      return "larger than 16 KiB: send one certificate, or one key, alone";
    case PemFault::no_block:
      return "no line -----BEGIN ...-----: send it as PEM (openssl x509 -inform DER -in cert.cer, "
             "openssl pkcs12 -in cert.pfx -nodes)";
    case PemFault::several_blocks:
      return "several blocks: send one alone, of a chain its first certificate, and key and "
             "certificate apart";
    case PemFault::encrypted_key:
      return "the key is encrypted: take its passphrase away (openssl pkey -in key.pem)";
    case PemFault::pkcs1_key:
      return "the key is in PKCS#1: send it as PKCS#8 (openssl pkcs8 -topk8 -nocrypt -in key.pem)";
    case PemFault::other_block:
      return "another kind of block: a certificate begins with -----BEGIN CERTIFICATE-----, a key "
             "with -----BEGIN PRIVATE KEY-----";
    case PemFault::damaged:
      return "damaged: send the whole block, from its BEGIN line to its END line, with its line "
             "breaks";
  }
  return "";
}

}  // namespace postern
