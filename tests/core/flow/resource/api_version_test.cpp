// Which version of a provider is called where nobody says.
#include "core/flow/resource/api_version.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

using namespace postern;

namespace {

std::string type(std::string_view id) {
  const auto found = type_of_resource(id);
  return found ? found->subscription + " " + found->provider + " " + found->type : "none";
}

std::string newest(std::string_view versions, std::string_view wanted = "sites") {
  const auto provider =
      parse_content(R"({"resourceTypes":[{"resourceType":"Sites","apiVersions":[)" +
                    std::string(versions) + "]}]}");
  REQUIRE(provider.has_value());
  return newest_version(*provider, wanted).value_or("none");
}

}  // namespace

TEST_CASE("a resource's type is what follows the last provider in its id") {
  const std::string group = "/subscriptions/s-1/resourceGroups/g";
  CHECK(type(group + "/providers/Microsoft.Web/sites/shop") == "s-1 Microsoft.Web sites");
  CHECK(type(group + "/providers/Microsoft.Web/sites/shop/slots/blue") ==
        "s-1 Microsoft.Web sites/slots");
  CHECK(type(group + "/PROVIDERS/Microsoft.Web/sites/shop") == "s-1 Microsoft.Web sites");
  CHECK(type(group + "/providers/Microsoft.Web/sites/shop/providers/Microsoft.Insights/x/y") ==
        "s-1 Microsoft.Insights x");
  CHECK(type("/providers/Microsoft.Management/managementGroups/m") ==
        " Microsoft.Management managementGroups");
  for (const std::string_view odd :
       {"", "/", "/subscriptions/s-1", "/subscriptions/s-1/resourceGroups/g", "/providers",
        "/providers/Microsoft.Web", "/providers/Microsoft.Web/sites",
        "/providers/Microsoft.Web/sites/a/slots"}) {
    CHECK(type(odd) == "none");
  }
}

TEST_CASE("the newest version is one that is no preview, where there is one") {
  CHECK(newest(R"("2022-09-01","2023-12-01","2015-08-01-preview")") == "2023-12-01");
  CHECK(newest(R"("2024-01-01-preview","2023-12-01")") == "2023-12-01");
  CHECK(newest(R"("2024-01-01-preview","2024-04-01-preview")") == "2024-04-01-preview");
  CHECK(newest(R"("2024-01-01")", "plans") == "none");
  CHECK(newest("") == "none");
}
