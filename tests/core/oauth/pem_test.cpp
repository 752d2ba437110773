#include "core/oauth/pem.h"

#include <doctest/doctest.h>
#include <string>

#include "tests/core/fault_of.h"
#include "tests/core/oauth/key_files.h"

using namespace postern;

namespace {

PemFault certificate_fault(std::string_view text) {
  return fault_of(decode_certificate_pem(text));
}
PemFault key_fault(std::string_view text) {
  const auto key = decode_private_key_pem(text);
  CHECK_FALSE(key.has_value());
  return key ? PemFault{} : key.error();
}
std::string certificate(std::string_view body) {
  return "-----BEGIN CERTIFICATE-----\n" + std::string(body) + "\n-----END CERTIFICATE-----\n";
}

}  // namespace

TEST_CASE("a block is decoded, whatever stands around it") {
  CHECK(decode_certificate_pem(certificate("aGVsbG8=")) == "hello");
  CHECK(decode_certificate_pem(certificate("+/+/")) == "\xfb\xff\xbf");
  // As `openssl pkcs12` writes it, with the line ends of Windows.
  CHECK(decode_certificate_pem("Bag Attributes\r\n    friendlyName: x\r\n"
                               "-----BEGIN CERTIFICATE-----\r\naGVs\r\nbG8=\r\n"
                               "-----END CERTIFICATE-----\r\nmore\r\n") == "hello");
  // A form's text area may have made blanks of the line ends.
  CHECK(decode_certificate_pem("-----BEGIN CERTIFICATE----- aGVs bG8= -----END CERTIFICATE-----") ==
        "hello");
  CHECK(private_key_der("rsa-2048.pem").size() > 1000);
}

TEST_CASE("there is one block, of the kind that is asked for") {
  CHECK(certificate_fault("") == PemFault::no_block);
  CHECK(certificate_fault("MIIB") == PemFault::no_block);
  const auto crt = key_file("rsa-2048.crt");
  const auto key = key_file("rsa-2048.pem");
  CHECK(certificate_fault(crt + crt) == PemFault::several_blocks);
  CHECK(certificate_fault(crt + key) == PemFault::several_blocks);
  CHECK(key_fault(key + crt) == PemFault::several_blocks);
  CHECK(certificate_fault(key) == PemFault::other_block);
  CHECK(key_fault(crt) == PemFault::other_block);
  CHECK(key_fault(key_file("rsa-2048-pkcs1.pem")) == PemFault::pkcs1_key);
  CHECK(key_fault(key_file("rsa-2048-encrypted.pem")) == PemFault::encrypted_key);
}

TEST_CASE("at most 16 KiB are looked at") {
  const auto crt = key_file("rsa-2048.crt");
  CHECK(decode_certificate_pem(std::string(kMaxPemBytes - crt.size(), ' ') + crt).has_value());
  CHECK(certificate_fault(std::string(kMaxPemBytes - crt.size() + 1, ' ') + crt) ==
        PemFault::too_large);
}

TEST_CASE("a damaged block is refused") {
  for (const std::string_view body : {"", "aGVsbG8", "aGVsbG8==", "aGVs=bG8=", "aGVsbG8=\naGVsbG8=",
                                      "aGVs-_8=", "aGVs\\nbG8=", "aGVsbG9=", "aGVsbG8=\n=24sQ"}) {
    CAPTURE(std::string(body));
    CHECK(certificate_fault(certificate(body)) == PemFault::damaged);
  }
  CHECK(certificate_fault("-----BEGIN CERTIFICATE") == PemFault::damaged);
  CHECK(certificate_fault("-----BEGIN CERTIFICATE-----\naGVs\n") == PemFault::damaged);
  CHECK(certificate_fault("-----BEGIN CERTIFICATE-----\naGVs\n-----END PRIVATE KEY-----") ==
        PemFault::damaged);
  CHECK(certificate_fault("-----BEGIN CERTIFICATE-----\naGVs\n-----END CERTIFICATE") ==
        PemFault::damaged);
}

TEST_CASE("what is wrong is told with what to do") {
  for (const auto fault :
       {PemFault::too_large, PemFault::no_block, PemFault::several_blocks, PemFault::encrypted_key,
        PemFault::pkcs1_key, PemFault::other_block, PemFault::damaged}) {
    CHECK(advice_of(fault).contains(": "));
  }
}
