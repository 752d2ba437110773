#include "core/connection/application.h"

#include <doctest/doctest.h>

#include "core/base/json.h"
#include "core/connection/decision.h"
#include "core/connection/description.h"
#include "core/connection/schedule.h"

using namespace postern;

namespace {

constexpr EpochMs kNow = 1'767'323'045'000;
constexpr std::string_view kTenant = "11111111-1111-4111-8111-111111111111";

ConnectionRecord record(Status status = Status::connected) {
  ConnectionRecord record;
  record.id = {.org = "acme",
               .integration = "azure",
               .subject =
                   "\x1f"
                   "default"};
  record.provider = "microsoft";
  record.status = status;
  record.version = 3;
  record.account.key = application_key({.tenant = kTenant, .client_id = "a|client"});
  record.granted_at = record.created_at = record.updated_at = kNow;
  record.tokens = {{.resource = "graph",
                    .sealed = "sealed",
                    .sealed_version = 3,
                    .minted_at = kNow,
                    .expires_at = kNow + kHourMs,
                    .scope = "User.Read.All"}};
  return record;
}

std::string shown(const ConnectionRecord& record, std::string_view member) {
  const auto json = parse_json(connection_json(record, {.mode = RefreshMode::on_demand}));
  const auto* found = json ? json_member(*json, member) : nullptr;
  return found == nullptr ? "absent" : dump_json(*found);
}

}  // namespace

TEST_CASE("an application is told by its account, through every store") {
  const auto stored = decode_record(encode_record(record()));
  REQUIRE(stored.has_value());
  CHECK(is_application(*stored));
  CHECK(application_of(*stored)->tenant == kTenant);
  CHECK(application_of(*stored)->client_id == "a|client");
  auto person = record();
  for (const auto* key : {"", "11111111-1111-4111-8111-111111111111|oid", "https://app|x", "app"}) {
    person.account.key = key;
    CHECK_FALSE(is_application(person));
    CHECK_FALSE(application_of(person).has_value());
  }
  person.account.key = "app|x";
  CHECK(application_of(person)->tenant == "x");
}

TEST_CASE("its token is asked for again whenever one is wanted, while it is connected") {
  const TokenDemand demand{.resource = "graph", .arrived_at = kNow + kHourMs};
  const auto decide = [&](const ConnectionRecord& of) {
    return decide_token(&of, demand, kNow + kHourMs).decision;
  };
  CHECK(decide(record()) == TokenDecision::refresh);
  CHECK(decide(record(Status::needs_reauth)) == TokenDecision::refresh);
  CHECK(decide(record(Status::revoked)) == TokenDecision::not_connected);
  auto person = record();
  person.account.key = "tid|oid";
  CHECK(decide(person) == TokenDecision::needs_person);
}

TEST_CASE("it has no grant that dies of idleness, nor one that ends") {
  const RefreshPolicy policy{
      .mode = RefreshMode::keep_alive, .idle_ms = 90 * kDayMs, .lifetime_ms = 180 * kDayMs};
  CHECK(next_refresh(record(), policy, {}).at == 0);
  CHECK(expires_for_good_at(record(), policy) == 0);
  const RefreshPolicy fresh{.mode = RefreshMode::keep_fresh, .ahead_ms = 10 * kMinuteMs};
  CHECK(next_refresh(record(), fresh, {}).at > kNow);
  CHECK(next_refresh(record(Status::needs_reauth), fresh, {}).at == 0);
}

TEST_CASE("it is shown with what it may do, and with who can mend it: nobody signs in") {
  auto refused = record(Status::needs_reauth);
  refused.cause = "invalid_grant";
  refused.evidence = "invalid_grant, code 65001";
  CHECK(shown(refused, "acts_as") == R"("application")");
  CHECK(shown(refused, "can_refresh") == "true");
  CHECK(shown(refused, "fix") == R"("administrator")");
  CHECK(shown(refused, "scopes") == R"({"asked":[],"granted":["User.Read.All"],"missing":[]})");
  auto person = refused;
  person.account.key = "tid|oid";
  CHECK(shown(person, "acts_as") == "absent");
  CHECK(shown(person, "fix") == R"("user")");
}
