#include "core/oauth/authorization_request.h"

#include <doctest/doctest.h>
#include <string_view>

using namespace postern;

namespace {
AuthorizationRequest example() {
  AuthorizationRequest request;
  request.authorization_endpoint = "https://server.example.com/authorize";
  request.client_id = "s6BhdRkqt3";
  request.redirect_uri = "https://client.example.com/cb";
  request.state = "xyz";
  request.code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  return request;
}

FormFields fields_of(const std::string& url) {
  return form_decode(std::string_view(url).substr(url.find('?') + 1)).value();
}
}  // namespace

TEST_CASE("the example of RFC 6749 4.1.1 comes out with a challenge besides") {
  CHECK(make_authorization_url(example()) ==
        "https://server.example.com/authorize?response_type=code&client_id=s6BhdRkqt3"
        "&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb&state=xyz"
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
}

TEST_CASE("the challenge is always S256") {
  AuthorizationRequest request = example();
  request.extra = {{"code_challenge_method", "plain"}, {"code_challenge", "weak"}};
  const FormFields fields = fields_of(make_authorization_url(request));
  CHECK(form_single(fields, "code_challenge_method") == "S256");
  CHECK(form_single(fields, "code_challenge") == request.code_challenge);
}

TEST_CASE("provider data cannot replace or double a parameter of ours") {
  AuthorizationRequest request = example();
  request.extra = {{"state", "theirs"},
                   {"redirect_uri", "https://evil.example"},
                   {"client_id", "x"},
                   {"response_type", "token"},
                   {"scope", "all"},
                   {"response_mode", "fragment"},
                   {"nonce", "n"},
                   {"request", "jwt"},
                   {"request_uri", "https://evil.example"}};
  const FormFields fields = fields_of(make_authorization_url(request));
  CHECK(form_single(fields, "state") == "xyz");
  CHECK(form_single(fields, "redirect_uri") == "https://client.example.com/cb");
  CHECK(form_single(fields, "client_id") == "s6BhdRkqt3");
  CHECK(form_single(fields, "response_type") == "code");
  for (const char* name : {"scope", "response_mode", "nonce", "request", "request_uri"}) {
    CHECK(form_count(fields, name) == 0);
  }
}

TEST_CASE("prompt, login_hint and a claims challenge reach the provider unchanged") {
  AuthorizationRequest request = example();
  request.extra = {{"prompt", "select_account"},
                   {"login_hint", "a+b@c.example"},
                   {"claims", R"({"access_token":{"nbf":{"essential":true}}})"},
                   {"domain_hint", ""}};
  const FormFields fields = fields_of(make_authorization_url(request));
  CHECK(form_single(fields, "prompt") == "select_account");
  CHECK(form_single(fields, "login_hint") == "a+b@c.example");
  CHECK(form_single(fields, "claims") == R"({"access_token":{"nbf":{"essential":true}}})");
  CHECK(form_count(fields, "domain_hint") == 0);
}

TEST_CASE("scopes use the provider's separator and a nonce is sent where there is one") {
  AuthorizationRequest request = example();
  request.scopes = {"a", "b"};
  request.nonce = "n-0S6_WzA2Mj";
  CHECK(form_single(fields_of(make_authorization_url(request)), "scope") == "a b");
  CHECK(form_single(fields_of(make_authorization_url(request)), "nonce") == "n-0S6_WzA2Mj");
  request.scope_separator = ",";
  CHECK(form_single(fields_of(make_authorization_url(request)), "scope") == "a,b");
}

TEST_CASE("a query that the endpoint has already is kept") {
  AuthorizationRequest request = example();
  for (const char* endpoint : {"https://h.example/a?tenant=t", "https://h.example/a?tenant=t&"}) {
    request.authorization_endpoint = endpoint;
    const std::string url = make_authorization_url(request);
    CHECK(url.starts_with("https://h.example/a?tenant=t&response_type=code&"));
  }
  request.authorization_endpoint = "https://h.example/a?";
  CHECK(make_authorization_url(request).starts_with("https://h.example/a?response_type=code&"));
}

TEST_CASE("no value can break out of its parameter") {
  AuthorizationRequest request = example();
  request.client_id = "a&state=b#c d\r\n";
  const std::string url = make_authorization_url(request);
  CHECK(url.contains("client_id=a%26state%3Db%23c+d%0D%0A&"));
  CHECK_FALSE(url.contains('#'));
}
