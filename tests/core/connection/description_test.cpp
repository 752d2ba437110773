#include "core/connection/description.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/json.h"

using namespace postern;

namespace {

constexpr EpochMs kNow = 1'767'323'045'000;

ConnectionRecord record() {
  ConnectionRecord record;
  record.id = {.org = "acme", .integration = "azure", .subject = "user-1"};
  record.provider = "microsoft";
  record.version = 7;
  record.status = Status::connected;
  record.account = {.key = "key-of-the-account",
                    .tenant_id = "t",
                    .provider_user_id = "o",
                    .name = "Ada",
                    .username = "ada@example.com"};
  record.sealed_refresh_token = "sealed-refresh";
  record.refresh_minted_at = kNow;
  record.tokens = {{.resource = "graph",
                    .sealed = "sealed-graph",
                    .sealed_version = 7,
                    .minted_at = kNow,
                    .expires_at = kNow + kHourMs,
                    .scope = "User.Read"},
                   {.resource = "arm", .sealed = "sealed-arm", .minted_at = kNow}};
  record.created_at = record.granted_at = kNow;
  record.updated_at = kNow + kSecondMs;
  return record;
}

const RefreshPolicy kOnDemand{.mode = RefreshMode::on_demand};

}  // namespace

TEST_CASE("a connection is shown with its account and its resources") {
  CHECK(connection_json(record(), kOnDemand) ==
        R"({"integration":"azure","provider":"microsoft","user_id":"user-1","subject":"user",)"
        R"("status":"connected","version":7,)"
        R"("account":{"label":"default","tenant_id":"t","provider_user_id":"o","name":"Ada",)"
        R"("username":"ada@example.com"},)"
        R"("resources":[{"resource":"graph","scope":"User.Read",)"
        R"("expires_at":"2026-01-02T04:04:05.000Z"},{"resource":"arm","scope":""}],)"
        R"("scopes":{"asked":[],"granted":["User.Read"],"missing":[]},)"
        R"("can_refresh":true,)"
        R"("created_at":"2026-01-02T03:04:05.000Z","updated_at":"2026-01-02T03:04:06.000Z"})");
}

TEST_CASE("what was asked for is the sign-in's own, or else the integration's") {
  const auto scopes_of = [](const ConnectionRecord& shown, const RefreshPolicy& policy) {
    const auto json = parse_json(connection_json(shown, policy));
    return json ? dump_json(*json_member(*json, "scopes")) : std::string();
  };
  auto shown = record();
  const RefreshPolicy policy{.mode = RefreshMode::on_demand,
                             .scopes = "openid User.Read Mail.Read"};
  CHECK(scopes_of(shown, policy) ==
        R"({"asked":["openid","User.Read","Mail.Read"],"granted":["User.Read"],)"
        R"("missing":["Mail.Read"]})");
  CHECK(missing_scopes(shown, policy) == std::vector<std::string>{"Mail.Read"});
  shown.asked_scopes = "openid User.Read";
  CHECK(missing_scopes(shown, policy).empty());
  shown.dropped_scopes = "https://management.azure.com/user_impersonation";
  CHECK(
      scopes_of(shown, policy) ==
      R"({"asked":["openid","User.Read","https://management.azure.com/user_impersonation"],)"
      R"("granted":["User.Read"],"missing":["https://management.azure.com/user_impersonation"]})");
  shown.dropped_scopes.clear();
  // Of a provider that this release does not know nothing is said to be missing.
  shown.provider = "of next year";
  shown.asked_scopes = "more";
  CHECK(missing_scopes(shown, policy).empty());
}

TEST_CASE("no token is in it, sealed or not, nor what accounts are compared by") {
  auto all = record();
  all.cause = "invalid_grant";
  all.claims = "the-claims";
  const auto json = connection_json(all, {.mode = RefreshMode::keep_fresh, .lifetime_ms = kDayMs});
  for (const char* hidden : {"sealed", "key-of-the-account", "the-claims"}) {
    CHECK_FALSE(json.contains(hidden));
  }
}

TEST_CASE("where a person is needed it says why and who") {
  auto dead = record();
  dead.status = Status::needs_reauth;
  dead.cause = "invalid_grant";
  dead.evidence = "invalid_grant, reference \"r\"";
  const auto json = parse_json(connection_json(dead, kOnDemand));
  REQUIRE(json.has_value());
  CHECK(json_string(*json, "cause") == "invalid_grant");
  CHECK(json_string(*json, "evidence") == "invalid_grant, reference \"r\"");
  CHECK(json_string(*json, "fix") == "user");
  dead.evidence = "access_denied";
  CHECK(json_string(*parse_json(connection_json(dead, kOnDemand)), "fix") == "administrator");
}

TEST_CASE("when it is refreshed unasked and when it ends is shown where it is known") {
  const RefreshPolicy policy{
      .mode = RefreshMode::keep_fresh, .ahead_ms = 10 * kMinuteMs, .lifetime_ms = 365 * kDayMs};
  const auto json = parse_json(connection_json(record(), policy));
  REQUIRE(json.has_value());
  CHECK(json_string(*json, "refreshes_at") == format_iso8601(next_refresh(record(), policy).at));
  CHECK(json_string(*json, "expires_for_good_at") == "2027-01-02T03:04:05.000Z");
  auto without = record();
  without.sealed_refresh_token.clear();
  const auto none = parse_json(connection_json(without, policy));
  REQUIRE(none.has_value());
  CHECK(json_boolean(*none, "can_refresh") == false);
  CHECK(json_member(*none, "refreshes_at") == nullptr);
  CHECK(json_member(*none, "expires_for_good_at") == nullptr);
}
