// APIs with a name of each call's in their host.
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/base/url.h"
#include "core/provider/catalogue.h"

using namespace postern;

namespace {

const Provider& microsoft() {
  return *find_provider("microsoft");
}

std::string origin(std::string_view cloud, std::string_view name, std::string_view label) {
  const auto found = find_cloud(microsoft(), cloud);
  for (const Api& api : found->apis) {
    if (api.name == name) {
      const auto open = origin_of(api, {});
      return open ? origin_with_label(*open, api, label).value_or("refused") : "unfilled";
    }
  }
  return "none";
}

}  // namespace

TEST_CASE("a call's label is the first one of its API's host, in each cloud") {
  CHECK(origin("", "vault", "shop-1") == "https://shop-1.vault.azure.net");
  CHECK(origin("usgov", "vault", "shop") == "https://shop.vault.usgovcloudapi.net");
  CHECK(origin("usgov_dod", "vault", "shop") == "https://shop.vault.usgovcloudapi.net");
  CHECK(origin("china", "vault", "shop") == "https://shop.vault.azure.cn");
  CHECK(origin("", "storage", "shop1") == "https://shop1.blob.core.windows.net");
  CHECK(origin("usgov", "storage", "shop1") == "https://shop1.blob.core.usgovcloudapi.net");
  CHECK(origin("china", "storage", "shop1") == "https://shop1.blob.core.chinacloudapi.cn");
}

TEST_CASE("nothing that a caller writes is another host") {
  using namespace std::string_view_literals;
  for (const auto text :
       {""sv,        "a.b"sv,       "evil.example"sv, "evil.example/"sv, "evil.example#"sv,
        "evil?"sv,   "evil\\"sv,    "user@evil"sv,    "evil:443"sv,      "-a"sv,
        "a-"sv,      "-"sv,         "Shop"sv,         "sh op"sv,         "shop\n"sv,
        "shop%2e"sv, "sh\0p"sv,     "sch\xc3\xb6n"sv, "a_b"sv,           "*"sv,
        "{vault}"sv, "{account}"sv, ".."sv,           "a/../b"sv,        "[::1]"sv}) {
    CAPTURE(std::string(text));
    CHECK(origin("", "vault", text) == "refused");
    CHECK(origin("", "storage", text) == "refused");
  }
  CHECK(origin("", "vault", std::string(63, 'a')).starts_with("https://aaa"));
  CHECK(origin("", "vault", std::string(64, 'a')) == "refused");
  CHECK(origin("", "vault", "a") == "https://a.vault.azure.net");
  // Names of storage accounts are 3 to 24 of a-z and 0-9.
  for (const auto text : {"ab", "shop-1", "aaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    CHECK(origin("", "storage", text) == "refused");
  }
  CHECK(origin("", "storage", "abc") == "https://abc.blob.core.windows.net");
}

TEST_CASE("an operator's own origin is used whole, and still takes a label alone") {
  const Api& api = *find_api(microsoft(), "vault");
  CHECK(origin_with_label("http://localhost:4005", api, "shop") == "http://localhost:4005");
  CHECK_FALSE(origin_with_label("http://localhost:4005", api, "a.b").has_value());
}

// The catalogue's data could be wrong too.
TEST_CASE("a label fills nothing but the beginning of a host") {
  const auto refused = [](std::string_view origin) {
    return !origin_with_label(origin, {.label = {.parameter = "x"}}, "label").has_value();
  };
  CHECK_FALSE(refused("https://{x}.example.com"));
  CHECK(refused("https://example.com/{x}"));
  CHECK(refused("https://a.{x}.example.com"));
  CHECK(refused("https://{x}"));
  CHECK(refused("https://{x}:443"));
  CHECK(refused("https://{x}example.com"));
  CHECK(refused("https://{x}.example.com/path"));
  CHECK(refused("http://{x}.example.com"));
  CHECK(refused("https://user@{x}.example.com"));
}

TEST_CASE("what is asked for on demand is the API's own permission, by the cloud's identifier") {
  const Cloud here = *find_cloud(microsoft(), "");
  const Cloud china = *find_cloud(microsoft(), "china");
  CHECK(on_demand_scope(here.apis[0]).empty());
  CHECK(on_demand_scope(here.apis[1]).empty());
  CHECK(on_demand_scope(here.apis[2]) == "https://vault.azure.net/user_impersonation");
  CHECK(on_demand_scope(here.apis[3]) == "https://storage.azure.com/user_impersonation");
  CHECK(on_demand_scope(china.apis[2]) == "https://vault.azure.cn/user_impersonation");
  CHECK(on_demand_scope(china.apis[3]) == "https://storage.azure.com/user_impersonation");
  for (const Api& api : china.apis) {
    const auto scope = on_demand_scope(api);
    CHECK(scope.empty() == words_of(microsoft(), scope).empty());
  }
  CHECK(find_api("vault") == &here.apis[2]);
  CHECK(find_api("drive") == nullptr);
}
