#include "core/oauth/pkce.h"

#include <doctest/doctest.h>
#include <string>

using namespace postern;

TEST_CASE("the pair of RFC 7636 appendix B comes out of its random bytes") {
  const unsigned char bytes[] = {116, 24,  223, 180, 151, 153, 224, 37,  79,  250, 96,
                                 125, 216, 173, 187, 186, 22,  212, 37,  77,  105, 214,
                                 191, 240, 91,  88,  5,   88,  83,  132, 141, 121};
  const PkcePair pair = make_pkce({reinterpret_cast<const char*>(bytes), sizeof bytes});
  CHECK(pair.verifier.reveal() == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  CHECK(pair.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST_CASE("a made verifier and its challenge have the forms that are checked for") {
  const PkcePair pair = make_pkce(std::string(32, '\xff'));
  CHECK(is_code_verifier(pair.verifier.reveal()));
  CHECK(is_s256_challenge(pair.challenge));
  CHECK(pair.challenge == s256_challenge(pair.verifier.reveal()));
}

TEST_CASE("a code verifier has 43 to 128 unreserved characters") {
  CHECK_FALSE(is_code_verifier(""));
  CHECK_FALSE(is_code_verifier(std::string(42, 'a')));
  CHECK(is_code_verifier(std::string(43, 'a')));
  CHECK(is_code_verifier(std::string(128, '~')));
  CHECK_FALSE(is_code_verifier(std::string(129, 'a')));
  for (const char foreign : {'+', '/', '=', ' ', '%', '\0', '\n', '\x80'}) {
    CHECK_FALSE(is_code_verifier(std::string(43, 'a') + foreign));
  }
  CHECK(is_code_verifier(std::string(40, 'a') + "-._~"));
}

TEST_CASE("an S256 challenge is 43 characters of canonical base64url") {
  CHECK(is_s256_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
  CHECK_FALSE(is_s256_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"));  // spare bits
  CHECK_FALSE(is_s256_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c"));
  CHECK_FALSE(is_s256_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"));
  CHECK_FALSE(is_s256_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="));
}
