#include "core/flow/store/integration_faults.h"

#include <doctest/doctest.h>
#include <string>

#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::kNow;
using postern::testing::run;

TEST_CASE("an integration's fault keeps its beginning until a refresh works") {
  Database d1;
  const auto fault = [&](std::string_view org, std::string_view integration) {
    return integration_fault_of(run(d1, select_integration_fault(org, integration)));
  };
  CHECK_FALSE(fault("acme", "azure").has_value());
  (void)run(d1, upsert_integration_fault("acme", "azure",
                                         {.reason = "invalid_client",
                                          .error = "invalid_client",
                                          .reference = "AADSTS7000222",
                                          .since = kNow,
                                          .last_seen = kNow}));
  (void)run(d1, upsert_integration_fault("acme", "azure",
                                         {.reason = "unauthorized_client",
                                          .error = "e",
                                          .reference = "r",
                                          .since = kNow + 5,
                                          .last_seen = kNow + 5}));
  const auto found = fault("acme", "azure");
  REQUIRE(found.has_value());
  CHECK(found->reason == "unauthorized_client");
  CHECK(found->error == "e");
  CHECK(found->reference == "r");
  CHECK(found->since == kNow);
  CHECK(found->last_seen == kNow + 5);
  CHECK_FALSE(fault("other", "azure").has_value());
  CHECK_FALSE(fault("acme", "github").has_value());
  CHECK(run(d1, delete_integration_fault("other", "azure", kNow + 9)).changes == 0);
  CHECK(run(d1, delete_integration_fault("acme", "github", kNow + 9)).changes == 0);
  // Seen again after the refresh that worked.
  CHECK(run(d1, delete_integration_fault("acme", "azure", kNow + 4)).changes == 0);
  CHECK(run(d1, delete_integration_fault("acme", "azure", kNow + 5)).changes == 1);
  CHECK_FALSE(fault("acme", "azure").has_value());
}

TEST_CASE("rows of another shape are nobody's fault") {
  CHECK_FALSE(integration_fault_of({}).has_value());
  CHECK_FALSE(integration_fault_of({.rows = {{}, {}}, .changes = 0}).has_value());
}
