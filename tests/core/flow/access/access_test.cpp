#include "core/flow/access/access.h"

#include <doctest/doctest.h>
#include <string>

#include "core/flow/store/api_keys.h"
#include "tests/flows/host/story.h"

using namespace postern;

namespace {
const std::string kSecret(32, '\x2a');
}

TEST_CASE("a key that was made is parsed, and names its organization") {
  for (const std::string org : {"acme", "a", "Acme-2", "with--hyphens-"}) {
    const auto key = make_api_key(org, kSecret);
    const auto parsed = parse_api_key(key);
    REQUIRE(parsed.has_value());
    CHECK(parsed->org == org);
    CHECK(parsed->hash.size() == 43);
  }
}

TEST_CASE("the hash covers the whole key, the organization too") {
  const auto a = parse_api_key(make_api_key("acme", kSecret));
  const auto b = parse_api_key(make_api_key("acmf", kSecret));
  REQUIRE(a.has_value());
  REQUIRE(b.has_value());
  CHECK(a->hash != b->hash);
}

TEST_CASE("what is not a key is refused without a look-up") {
  const auto key = make_api_key("acme", kSecret);
  const auto secret = key.substr(8);
  for (const auto& text :
       {std::string(), std::string("pk_"), "PK_" + key.substr(3), key.substr(1), key + "x",
        key.substr(0, key.size() - 1), "pk__" + secret, "pk_acme." + secret, "pk_ac_me_" + secret,
        "pk_-acme_" + secret, "pk_GLOBAL_" + secret, "pk_" + std::string(64, 'o') + "_" + secret,
        "pk_acme_" + secret.substr(0, 42) + "!", "pk_\xc3\xa9_" + secret, " " + key}) {
    CAPTURE(text);
    CHECK_FALSE(parse_api_key(text).has_value());
  }
}

TEST_CASE("organizations are 1 to 63 letters, digits and hyphens, and not GLOBAL") {
  CHECK(is_org_id("a"));
  CHECK(is_org_id("A-1"));
  CHECK(is_org_id("global"));
  CHECK(is_org_id(std::string(63, 'z')));
  for (const auto& text :
       {std::string(), std::string("-a"), std::string("GLOBAL"), std::string(64, 'z'),
        std::string("a_b"), std::string("a.b"), std::string("a b"), std::string("a\0b", 3)}) {
    CHECK_FALSE(is_org_id(text));
  }
}

TEST_CASE("the bearer of a header is found whatever the scheme's case") {
  CHECK(bearer_of("Bearer abc") == "abc");
  CHECK(bearer_of("bEARER   abc ") == "abc");
  CHECK(bearer_of("Basic abc") == "");
  CHECK(bearer_of("Bearer") == "");
  CHECK(bearer_of("Bearer ") == "");
  CHECK(bearer_of("Bearerabc") == "");
  CHECK(bearer_of("") == "");
}

TEST_CASE("a caller may do what it was given, `*` is all of it, and a prefix is not") {
  const auto refused = [](std::string permissions, std::string_view wanted, bool admin_only,
                          bool administrator) {
    return refuse_caller({.org = "acme",
                          .permissions = std::move(permissions),
                          .administrator = administrator},
                         {.access = admin_only ? Access::admin : Access::key, .permission = wanted})
        .has_value();
  };
  CHECK_FALSE(refused("connect", "connect", false, false));
  CHECK_FALSE(refused("tokens:read connect", "connect", false, false));
  CHECK_FALSE(refused("*", "connect:caller", false, false));
  CHECK(refused("connect", "connect:caller", false, false));
  CHECK(refused("connect:caller", "connect", false, false));
  CHECK(refused("", "connect", false, false));
  CHECK(refused("connectx", "connect", false, false));
  // Nobody is the administrator by permission, and the administrator is of no organization.
  CHECK(refused("*", "", true, false));
  CHECK_FALSE(refused("", "", true, true));
  CHECK(refused("*", "connect", false, true));
}

TEST_CASE("`*` is what 0.1.0 had, and what came later is named") {
  const Caller all{.org = "acme", .permissions = "*"};
  for (const char* permission :
       {"connect", "connect:caller", "graph:read", "arm:read", "tokens:read", "connections:read",
        "connections:write", "events:read", "events:write"}) {
    CHECK(all.may(permission));
  }
  for (const char* permission : {"connections:organization", "secrets:read", "", "*"}) {
    CAPTURE(permission);
    CHECK(all.may(permission) == (std::string_view(permission) == "*"));
  }
}

TEST_CASE("permissions are those of the list") {
  constexpr std::string_view all[] = {"connect", "tokens:read"};
  FlowContext context;
  context.permissions = all;
  CHECK(is_permission(context, "connect"));
  CHECK(is_permission(context, "tokens:read"));
  CHECK(is_permission(context, "*"));
  CHECK_FALSE(is_permission(context, ""));
  CHECK_FALSE(is_permission(context, "admin"));
  CHECK_FALSE(is_permission(context, "connect:*"));
  CHECK_FALSE(is_permission(context, "tokens"));
}

TEST_CASE("calls through the proxy are permitted by words of their own, read strictly") {
  constexpr std::string_view all[] = {"connect", "proxy"};
  FlowContext context;
  context.permissions = all;
  context.permissions_by_api = std::span(all).last(1);
  for (const char* word :
       {"proxy", "proxy:graph", "proxy:azure.arm:GET,HEAD:/subscriptions/*/x%20y",
        "proxy:links:remove"}) {
    CAPTURE(word);
    CHECK(is_permission(context, word));
    CHECK(fault_in_permissions(context, word).empty());
  }
  for (const char* word : {"proxy:", "proxy:nothing", "proxy:graph:get:/x", "proxy:graph:GET:/x/",
                           "proxy:links:no", "proxyx"}) {
    CAPTURE(word);
    CHECK_FALSE(is_permission(context, word));
    CHECK_FALSE(fault_in_permissions(context, word).empty());
  }
  const auto fault = [&](std::string_view list) { return fault_in_permissions(context, list); };
  CHECK(fault("connect proxy:graph:GET:/a proxy:links:pass").empty());
  CHECK(fault("connect proxy:graph:GET:/a?b") ==
        "`permissions`: number 2 has a query in its path: a rule judges the path alone");
  CHECK(fault("proxy:links:pass connect proxy:links:pass") ==
        "`permissions` has several of proxy:links:pass, replace and remove: leave one");
  CHECK(fault("connect admin") == "`permissions` names one that does not exist");
  CHECK(fault("connect  proxy") == "`permissions` names one that does not exist");
}

TEST_CASE("a key is made with rules, and with none that is no rule") {
  testing::World world;
  testing::furnish(world);
  testing::Host host(world);
  const auto made = [&](const std::string& permissions) {
    auto request = testing::http("create_api_key");
    request.headers.push_back({"authorization", "Bearer " + std::string(testing::kAdminKey)});
    request.body = R"({"org_id":"acme","name":"x","permissions":)" + permissions + "}";
    return host.call(request);
  };
  const auto good = made(R"(["connect","proxy:graph:GET,HEAD:/v1.0/me/a%20b"])");
  CHECK(good.status == 201);
  CHECK(good.body.contains(R"("permissions":["connect","proxy:graph:GET,HEAD:/v1.0/me/a%20b"])"));
  CHECK(made(R"("connect proxy:slack:*:/api/chat.postMessage")").status == 201);
  const auto bad = made(R"(["connect","proxy:graph:GET:/v1.0/../me"])");
  CHECK(bad.status == 400);
  CHECK(bad.body.contains("number 2 has a segment `.` or `..` in its path"));
  CHECK(made(R"(["proxy:graph:GET:/\u00e4"])").status == 400);
}

TEST_CASE("a key that is stored for another organization than it names opens nothing") {
  const auto key = make_api_key("acme", kSecret);
  for (const std::string org : {"acme", "other", ""}) {
    CAPTURE(org);
    testing::World world;
    testing::furnish(world);
    REQUIRE(world.d1
                .batch({insert_api_key({.id = "key_1",
                                        .hash = parse_api_key(key)->hash,
                                        .org = org,
                                        .name = "moved",
                                        .permissions = "*",
                                        .created_at = world.now,
                                        .expires_at = 0,
                                        .revoked_at = 0})})
                .has_value());
    testing::Host host(world);
    auto request = testing::http("list_connections");
    request.headers.push_back({"authorization", "Bearer " + key});
    CHECK(host.call(request).status == (org == "acme" ? 200 : 401));
  }
}
