#include "core/base/hmac.h"

#include <doctest/doctest.h>
#include <string>

using namespace postern;

namespace {

std::string hex(std::string_view key, std::string_view message) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : hmac_sha256(key, message)) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

}  // namespace

TEST_CASE("the test cases of RFC 4231 come out as published") {
  CHECK(hex(std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  std::string counting;
  for (char byte = 1; byte <= 25; ++byte) {
    counting.push_back(byte);
  }
  CHECK(hex(counting, std::string(50, '\xcd')) ==
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  CHECK(hex(std::string(20, '\x0c'), "Test With Truncation")
            .starts_with("a3b6167473100ee06e0c796c2955552b"));
}

TEST_CASE("a key longer than a block is hashed first, as in RFC 4231") {
  CHECK(hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hex(std::string(131, '\xaa'),
            "This is a test using a larger than block-size key and a larger than block-size data. "
            "The key needs to be hashed before being used by the HMAC algorithm.") ==
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST_CASE("keys around the length of a block come out as another implementation has them") {
  // By Node's crypto.
  CHECK(hex(std::string(63, 'a'), "m") ==
        "ad3806466bae96aeb1e2d141e377ef1247b4aa44d3abf714ffff2e26a844766f");
  CHECK(hex(std::string(64, 'a'), "m") ==
        "cd11329ff173063b748ca80406312ca140e95e65d03ba7fa546fdaab1aac03f1");
  CHECK(hex(std::string(65, 'a'), "m") ==
        "5d5f27064dc43c62a01463f9866c581d865b2ddcbb928b616b43a5f0e71f5de5");
  CHECK(hex(std::string(64, 'a'), "") ==
        "b389ef8fc24e40e35b42b70221b466916836a241257699d090bc736b8ad21b98");
  CHECK(hex("", "m") == "a64092104c76d9ef65599c33c177609ecd49857456eb28133c4daea25bea960a");
  CHECK(hex("", "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
