#include "core/operation/manifest.h"

#include <doctest/doctest.h>
#include <fstream>
#include <set>
#include <sstream>

#include "core/base/json.h"
#include "core/base/version.h"
#include "core/flow/access/access.h"
#include "core/flow/frame/parameters.h"
#include "core/operation/table.h"

using namespace postern;

namespace {

Json manifest() {
  const auto json =
      parse_json(manifest_json(), {.max_bytes = std::size_t{1024} * 1024, .max_depth = 16});
  REQUIRE(json.has_value());
  return json ? *json : Json{};
}

std::string text(const Json& object, std::string_view name) {
  return std::string(json_string(object, name).value_or("(absent)"));
}

}  // namespace

TEST_CASE("the manifest names every operation, problem and variable") {
  const auto json = manifest();
  CHECK(text(json, "version") == kVersion);
  const auto* operations = json_member(json, "operations");
  const auto* problems = json_member(json, "problems");
  const auto* environment = json_member(json, "environment");
  REQUIRE((operations != nullptr && problems != nullptr && environment != nullptr));
  CHECK(operations->elements.size() == all_operations().size());
  CHECK(problems->elements.size() == all_problems().size());
  CHECK(environment->elements.size() == all_variables().size());
  std::string secret;
  std::string authority_only;
  for (const auto& variable : environment->elements) {
    CHECK_FALSE(text(variable, "summary").empty());
    secret += json_boolean(variable, "secret") == true ? text(variable, "name") + " " : "";
    authority_only +=
        json_boolean(variable, "authority_only") == true ? text(variable, "name") + " " : "";
  }
  // A front compares the administrator's key with the one that it is sent.
  CHECK(secret == "WEBHOOKS ADMIN_API_KEY AZURE_CLIENT_SECRET ");
  CHECK(authority_only == "WEBHOOKS AZURE_CLIENT_SECRET ");
}

TEST_CASE("every operation is complete") {
  std::set<std::string_view> names;
  std::set<std::string> routes;
  for (const auto& operation : all_operations()) {
    const std::string name(operation.name);
    CAPTURE(name);
    CHECK(names.insert(operation.name).second);
    CHECK((operation.flow != nullptr));
    CHECK(find_operation(operation.name) == &operation);
    if (operation.access == Access::authority) {
      CHECK(operation.name.starts_with("authority."));
      CHECK(operation.http.empty());
      continue;
    }
    CHECK((!operation.http.empty() || is_over_rpc(operation)));
    CHECK_FALSE(operation.summary.empty());
    CHECK_FALSE(operation.result.empty());
    CHECK_FALSE(operation.coalesced);
    // A key's operation wants a permission that keys can have; the others have none.
    CHECK((operation.access == Access::key) == !operation.permission.empty());
    CHECK((operation.permission.empty() || is_permission(operation.permission)));
    for (const auto path : {path_of(operation), operation.alias}) {
      if (!path.empty()) {
        CHECK(path.starts_with("/"));
        CHECK(routes.insert(std::string(method_of(operation)) + " " + std::string(path)).second);
      }
    }
  }
  CHECK(find_operation("no_such_operation") == nullptr);
  CHECK(find_operation("") == nullptr);
}

TEST_CASE("every parameter has a name of its own, a summary and its place in the path") {
  for (const auto& operation : all_operations()) {
    const std::string name(operation.name);
    CAPTURE(name);
    std::set<std::string_view> names;
    std::set<std::string> rpc_names;
    for (const auto& parameter : operation.parameters) {
      CHECK(names.insert(parameter.name).second);
      CHECK(rpc_names.insert(camel_case(parameter.name)).second);
      CHECK_FALSE(parameter.summary.empty());
      if (parameter.place == ParameterPlace::path) {
        CHECK(has_segment(operation.http, parameter.name));
      }
      if (parameter.place == ParameterPlace::body) {
        CHECK(method_of(operation) != "GET");
      }
    }
    if (operation.access == Access::key || operation.access == Access::admin) {
      const auto path = path_of(operation);
      for (std::size_t at = path.find(':'); at != std::string_view::npos;
           at = path.find(':', at + 1)) {
        const auto end = std::min(path.find('/', at), path.size());
        CHECK(names.contains(path.substr(at + 1, end - at - 1)));
      }
    }
  }
}

TEST_CASE("the version is package.json's") {
  std::stringstream text_of_package;
  text_of_package << std::ifstream(POSTERN_SOURCE_DIR "/package.json").rdbuf();
  const auto package = parse_json(text_of_package.str());
  REQUIRE(package.has_value());
  CHECK(text(*package, "version") == kVersion);
}
