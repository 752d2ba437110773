#include "core/flow/store/credentials.h"

#include <doctest/doctest.h>
#include <string>

#include "core/effect/effects.h"
#include "core/flow/integration/credential.h"
#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::kNow;
using postern::testing::run;

namespace {

std::optional<StoredCredential> found(Database& d1, std::string_view org,
                                      std::string_view integration = "azure") {
  return credential_of(run(d1, select_credential(org, integration)));
}

void put(Database& d1, std::string_view org, std::string_view name) {
  (void)run(d1, upsert_credential(org, "azure",
                                  {.kind = std::string(kCertificate),
                                   .name = std::string(name),
                                   .sealed_key = "sealed-" + std::string(name),
                                   .added_at = kNow}));
}

}  // namespace

TEST_CASE("an integration of an organization has one credential, the newest") {
  Database d1;
  CHECK_FALSE(found(d1, "acme").has_value());
  put(d1, "acme", "one");
  put(d1, "acme", "two");
  put(d1, "other", "three");
  REQUIRE(found(d1, "acme").has_value());
  CHECK(found(d1, "acme")->kind == "certificate");
  CHECK(found(d1, "acme")->name == "two");
  CHECK(found(d1, "acme")->sealed_key == "sealed-two");
  CHECK(found(d1, "acme")->added_at == kNow);
  CHECK_FALSE(found(d1, "acme", "google").has_value());
  CHECK(run(d1, delete_credential("acme", "azure")).changes == 1);
  CHECK(run(d1, delete_credential("acme", "azure")).changes == 0);
  CHECK_FALSE(found(d1, "acme").has_value());
  CHECK(found(d1, "other")->name == "three");
}

TEST_CASE("a key is sealed as a key, for one certificate of one integration of one organization") {
  const auto context = certificate_context("acme", "azure", "thumb");
  CHECK(is_key_context(context));
  CHECK(context != certificate_context("other", "azure", "thumb"));
  CHECK(context != certificate_context("acme", "google", "thumb"));
  CHECK(context != certificate_context("acme", "azure", "another"));
}
