// Postern's configuration in a history, and its people.
#pragma once

#include <string>
#include <string_view>

#include "tests/flows/story.h"
#include "tests/sim/plan.h"

namespace postern::sim {

inline constexpr std::string_view kOtherOrigin = "https://login.example.com";
inline constexpr std::string_view kReturnUrl = "https://app.example.com/connected";

[[nodiscard]] inline std::string_view login_origin(const Settings& settings) {
  return settings.is_entra ? std::string_view("https://login.microsoftonline.com") : kOtherOrigin;
}
// Accounts 0, 1, …: people of one directory.
[[nodiscard]] inline testing::Person person_of(int account) {
  testing::Person person;
  person.object.back() = static_cast<char>('0' + account);
  person.object.front() = static_cast<char>('2' + account);
  return person;
}
// Sets world.environment and world.secrets.
inline void configure(testing::World& world, const Settings& settings) {
  testing::furnish(world);
  const std::string url(kReturnUrl);
  world.environment["ALLOWED_RETURN_URLS"] =
      R"({"acme":[")" + url + R"("],"globex":[")" + url + R"("]})";
  if (!settings.is_entra) {
    world.environment["AZURE_LOGIN_ORIGIN"] = kOtherOrigin;
    world.environment["ALLOW_INSECURE_ORIGINS"] = kOtherOrigin;
  }
}

}  // namespace postern::sim
