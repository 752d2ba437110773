#include "core/flow/store/admin_consents.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/connection/event.h"
#include "core/flow/store/events.h"
#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::kNow;
using postern::testing::run;

namespace {

constexpr std::string_view kOne = "11111111-1111-4111-8111-111111111111";
constexpr std::string_view kTwo = "22222222-2222-4222-8222-222222222222";

std::size_t claim(Database& d1, std::string_view tenant, std::string_view attempt, EpochMs at,
                  std::string_view org = "acme", std::string_view status = kClaimed,
                  std::string_view client = "client") {
  return run(d1, claim_admin_consent(org, "azure",
                                     {.tenant_id = std::string(tenant),
                                      .client_id = std::string(client),
                                      .status = std::string(status),
                                      .scopes = "openid",
                                      .attempt = std::string(attempt),
                                      .claimed_at = 0,
                                      .last_claimed_at = at},
                                     "evt_" + std::string(attempt)))
      .rows.size();
}

std::optional<AdminConsent> found(Database& d1, std::string_view tenant,
                                  std::string_view org = "acme",
                                  std::string_view client = "client") {
  const auto rows = run(d1, select_admin_consent(org, "azure", client, tenant)).rows;
  return rows.empty() ? std::nullopt : admin_consent_in_row(rows[0]);
}

}  // namespace

TEST_CASE("a directory's claim keeps its beginning and its first attempt") {
  Database d1;
  CHECK(claim(d1, kOne, "adm_1", kNow) == 1);
  CHECK(claim(d1, kOne, "adm_2", kNow + 5) == 1);
  const auto consent = found(d1, kOne);
  REQUIRE(consent.has_value());
  CHECK(consent->status == "claimed");
  CHECK(consent->scopes == "openid");
  CHECK(consent->attempt == "adm_1");
  CHECK(consent->claimed_at == kNow);
  CHECK(consent->last_claimed_at == kNow + 5);
}

TEST_CASE("one attempt claims one directory, however often it answers") {
  Database d1;
  CHECK(claim(d1, kOne, "adm_1", kNow) == 1);
  CHECK(claim(d1, kTwo, "adm_1", kNow) == 0);
  CHECK_FALSE(found(d1, kTwo).has_value());
  CHECK(claim(d1, kTwo, "adm_2", kNow) == 1);
  // Another organization's attempts are none of its business.
  CHECK(claim(d1, kTwo, "adm_1", kNow, "other") == 1);
}

TEST_CASE("an attempt that answered for a directory which had a row already is of that directory") {
  Database d1;
  CHECK(claim(d1, kOne, "adm_1", kNow) == 1);
  (void)run(d1, insert_event({.org = "acme", .integration = "azure", .subject = {}},
                             make_admin_consent_event("evt_adm_2", kNow,
                                                      {{"tenant_id", std::string(kOne)}})));
  CHECK(claim(d1, kTwo, "adm_2", kNow) == 0);
  CHECK(claim(d1, kOne, "adm_2", kNow) == 1);
}

TEST_CASE("what is verified stays so, for its registered app") {
  Database d1;
  CHECK(claim(d1, kOne, "adm_1", kNow, "acme", kVerified) == 1);
  CHECK(claim(d1, kOne, "adm_2", kNow) == 1);
  CHECK(found(d1, kOne)->status == kVerified);
  CHECK(claim(d1, kOne, "adm_3", kNow, "acme", kClaimed, "another-client") == 1);
  CHECK(found(d1, kOne, "acme", "another-client")->status == kClaimed);
}

TEST_CASE("claims are an organization's, an integration's and a registered app's own") {
  Database d1;
  (void)claim(d1, kOne, "adm_1", kNow);
  (void)claim(d1, kTwo, "adm_2", kNow);
  CHECK_FALSE(found(d1, kOne, "other").has_value());
  CHECK_FALSE(found(d1, kOne, "acme", "another-client").has_value());
  const auto all = [&](std::string_view after, std::int64_t limit) {
    return run(d1, select_admin_consents("acme", "azure", "client", after, limit)).rows;
  };
  REQUIRE(all("", 10).size() == 2);
  CHECK(admin_consent_in_row(all("", 1)[0])->tenant_id == kOne);
  CHECK(admin_consent_in_row(all(kOne, 10)[0])->tenant_id == kTwo);
  CHECK(all(kTwo, 10).empty());
  CHECK(run(d1, select_admin_consents("acme", "github", "client", "", 10)).rows.empty());
}

TEST_CASE("rows of another shape are nobody's consent") {
  CHECK_FALSE(admin_consent_in_row({}).has_value());
}

TEST_CASE("what an application's token proves is of its own organization, app and directory") {
  Database d1;
  for (const auto* org : {"acme", "other"}) {
    CHECK(claim(d1, kOne, "adm_1", kNow, org) == 1);
  }
  CHECK(claim(d1, kTwo, "adm_2", kNow) == 1);
  CHECK(run(d1, verify_admin_consent("acme", "azure", "another-client", kOne)).changes == 0);
  CHECK(run(d1, verify_admin_consent("acme", "azure", "client", kOne)).changes == 1);
  CHECK(found(d1, kOne)->status == "verified");
  CHECK(found(d1, kTwo)->status == "claimed");
  CHECK(found(d1, kOne, "other")->status == "claimed");
  // Nothing is written a second time.
  CHECK(run(d1, verify_admin_consent("acme", "azure", "client", kOne)).changes == 0);
  // The same claim once more changes nothing of it.
  CHECK(claim(d1, kOne, "adm_3", kNow + 9) == 1);
  CHECK(found(d1, kOne)->status == "verified");
}
