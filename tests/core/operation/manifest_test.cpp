#include "core/operation/manifest.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <sstream>

#include "core/base/json.h"
#include "core/base/version.h"
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
  for (const auto& variable : environment->elements) {
    CHECK_FALSE(text(variable, "summary").empty());
    const auto name = text(variable, "name");
    const bool of_client = name.ends_with("_CLIENT_SECRET");
    const bool is_secret = json_boolean(variable, "secret") == true;
    CHECK((!of_client || is_secret));
    CHECK((json_boolean(variable, "authority_only") == true) == (of_client || name == "WEBHOOKS"));
    secret += is_secret && !of_client ? name + " " : "";
  }
  // A front compares the administrator's key with the one that it is sent.
  CHECK(secret == "WEBHOOKS ADMIN_API_KEY ");
}

// The rest the compiler has checked (core/operation/checks.h).
TEST_CASE("every operation is found by its name, and wants a permission that keys can have") {
  for (const auto& operation : all_operations()) {
    const std::string name(operation.name);
    CAPTURE(name);
    CHECK(find_operation(operation.name) == &operation);
    CHECK(std::ranges::count(all_permissions(), operation.permission) ==
          (operation.permission.empty() ? 0 : 1));
  }
  CHECK(find_operation("no_such_operation") == nullptr);
  CHECK(find_operation("") == nullptr);
}

// Keys are given these. A new one is written here too, so that a misspelt one is not taken for new.
TEST_CASE("the permissions that keys can have") {
  std::string all;
  for (const auto permission : all_permissions()) {
    all += std::string(permission) + " ";
  }
  CHECK(all ==
        "connect connect:caller connect:app mail:write calendar:read calendar:write graph:read "
        "mail:read "
        "photo:read files:read files:write "
        "users:read "
        "groups:read contacts:read teams:read teams:write sites:read graph:batch arm:read "
        "arm:write resources:read roles:read vault:read vault:secrets vault:write "
        "tokens:read proxy connections:read connections:write events:read events:write "
        "integrations:write integrations:read ");
}

TEST_CASE("what stands for a parameter that is absent has its form") {
  int defaults = 0;
  for (const auto& operation : all_operations()) {
    for (const auto& parameter : operation.parameters) {
      if (parameter.otherwise.empty()) {
        continue;
      }
      ++defaults;
      CAPTURE(std::string(operation.name) + "." + std::string(parameter.name));
      const Operation alone{.name = "test", .parameters = std::span(&parameter, 1)};
      FlowInput input;
      input.path = {{parameter.name, parameter.otherwise}};
      CHECK(read_parameters(alone, input).has_value());
    }
  }
  CHECK(defaults > 0);
}

TEST_CASE("the version is package.json's") {
  std::stringstream text_of_package;
  text_of_package << std::ifstream(POSTERN_SOURCE_DIR "/package.json").rdbuf();
  const auto package = parse_json(text_of_package.str());
  REQUIRE(package.has_value());
  CHECK(text(*package, "version") == kVersion);
}
