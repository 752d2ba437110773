#include "core/oauth/state.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/sha256.h"

using namespace postern;

namespace {
std::string attempt() {
  return make_attempt_id("0123456789abcdef");
}
MintedState minted() {
  return mint_state(attempt(), std::string(32, 'S') + std::string(32, 'C'));
}
}  // namespace

TEST_CASE("an attempt id is att_ and 22 characters of base64url") {
  CHECK(attempt() == "att_MDEyMzQ1Njc4OWFiY2RlZg");
  CHECK(is_attempt_id(attempt()));
  CHECK_FALSE(is_attempt_id("att_MDEyMzQ1Njc4OWFiY2RlZ"));
  CHECK_FALSE(is_attempt_id("att_MDEyMzQ1Njc4OWFiY2RlZh"));  // spare bits
  CHECK_FALSE(is_attempt_id("atx_MDEyMzQ1Njc4OWFiY2RlZg"));
  CHECK_FALSE(is_attempt_id("att_MDEyMzQ1Njc4OWFiY2Rl/g"));
}

TEST_CASE("a state holds 256 random bits that the cookie does not share") {
  const MintedState state = minted();
  CHECK(state.state.reveal() == attempt() + ".U1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1M");
  CHECK(state.cookie.reveal() == "Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M");
}

TEST_CASE("stores see only hashes of the state and of the cookie") {
  const MintedState state = minted();
  CHECK(state.state_hash == sha256_base64url(state.state.reveal()));
  CHECK(state.cookie_hash == sha256_base64url(state.cookie.reveal()));
  CHECK(state.state_hash != state.cookie_hash);
}

TEST_CASE("each attempt has a cookie of its own, so two tabs do not overwrite each other") {
  const MintedState one = minted();
  const MintedState other = mint_state(make_attempt_id("fedcba9876543210"), std::string(64, 'x'));
  CHECK(one.cookie_name == "__Host-postern-MDEyMzQ1Njc4OWFiY2RlZg");
  CHECK(one.cookie_name != other.cookie_name);
  CHECK(attempt_cookie_name(*attempt_of_state(one.state.reveal())) == one.cookie_name);
}

TEST_CASE("the attempt is read back from a state and from nothing else") {
  const std::string state(minted().state.reveal());
  CHECK(attempt_of_state(state) == attempt());
  CHECK_FALSE(attempt_of_state(""));
  CHECK_FALSE(attempt_of_state(attempt()));
  CHECK_FALSE(attempt_of_state(state + "A"));
  CHECK_FALSE(attempt_of_state(state.substr(0, state.size() - 1)));
  CHECK_FALSE(attempt_of_state(' ' + state.substr(1)));
  std::string changed = state;
  changed[26] = '_';
  CHECK_FALSE(attempt_of_state(changed));
  changed = state;
  changed.back() = ';';
  CHECK_FALSE(attempt_of_state(changed));
  changed = state;
  changed[8] = '/';
  CHECK_FALSE(attempt_of_state(changed));
}

TEST_CASE("the cookie is secure, out of scripts' reach and sent on the provider's redirect") {
  CHECK(make_attempt_cookie("__Host-postern-a", "v", 600) ==
        "__Host-postern-a=v; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax");
}

TEST_CASE("a cookie is found by its exact name") {
  const std::string header = "a=1; __Host-postern-x=v-_1;b=2;  c=3 ; Xa=9";
  CHECK(find_cookie(header, "__Host-postern-x") == "v-_1");
  CHECK(find_cookie(header, "a") == "1");
  CHECK(find_cookie(header, "b") == "2");
  CHECK(find_cookie(header, "c") == "3");
  CHECK_FALSE(find_cookie(header, "__host-postern-x"));
  CHECK_FALSE(find_cookie(header, "x"));
  CHECK_FALSE(find_cookie(header, "__Host-postern-"));
  CHECK_FALSE(find_cookie("", "a"));
  CHECK_FALSE(find_cookie("a", "a"));
}

TEST_CASE("a cookie that occurs twice is nobody's") {
  CHECK_FALSE(find_cookie("a=1; b=2; a=1", "a"));
  CHECK_FALSE(find_cookie("a=1; a=2", "a"));
  CHECK_FALSE(find_cookie("a=1; a=2; a=3", "a"));
}

TEST_CASE("a cookie value is cookie-octets, at least one") {
  CHECK_FALSE(find_cookie("a=", "a"));
  CHECK_FALSE(find_cookie("a=\"v\"", "a"));
  CHECK_FALSE(find_cookie("a=v w", "a"));
  CHECK_FALSE(find_cookie("a=v,w", "a"));
  CHECK_FALSE(find_cookie("a=\xc3\xa4", "a"));
  CHECK(find_cookie("a=v=w", "a") == "v=w");
}
