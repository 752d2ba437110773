// Tokens of other directories, in which the person is a guest.
#include <algorithm>
#include <doctest/doctest.h>
#include <string>

#include "core/connection/token_name.h"
#include "tests/core/flow/grant/two_resources.h"

using namespace postern;
using namespace postern::testing;

namespace {

std::string directory(int n) {
  return "22222222-2222-4222-8222-22222222222" + std::to_string(n);
}

}  // namespace

TEST_CASE("of more than eight other directories the oldest token gives way, and none of home") {
  TwoResources two("on_demand");
  const auto ask = [&](int n) {
    two.world.now += kMinuteMs;
    const auto name = R"(,"resource":"arm","tenant":")" + directory(n) + '"';
    return two.host.call(two.story.get_token(name)).status;
  };
  for (int n = 0; n < 8; ++n) CHECK(ask(n) == 200);
  // Used again, and not minted again.
  const auto minted = two.number;
  CHECK(ask(0) == 200);
  CHECK(two.number == minted);
  CHECK(ask(8) == 200);
  CHECK(ask(9) == 200);
  const auto record = two.record();
  const auto of_guests = std::ranges::count_if(
      record.tokens, [](const StoredAccessToken& token) { return is_of_guest(token.resource); });
  CHECK(of_guests == kMostGuestTokens);
  for (const int gone : {0, 1}) {
    CHECK(record.token_for(token_name_in("arm", directory(gone))) == nullptr);
  }
  for (const int kept : {2, 7, 8, 9}) {
    CHECK(record.token_for(token_name_in("arm", directory(kept))) != nullptr);
  }
  CHECK(record.token_for("arm") != nullptr);
  CHECK(record.token_for("graph") != nullptr);
}
