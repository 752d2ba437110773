// A sign-in that must not be redeemed, and what is said of it.
#include <doctest/doctest.h>
#include <optional>
#include <string>

#include "core/connection/journal.h"
#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

TEST_CASE("the page of a callback says whether what is stored is out of reach or unreadable") {
  for (const bool is_read : {true, false}) {
    CAPTURE(is_read);
    Story story("unreadable", "", "");
    story.connect_quietly();
    auto& world = story.world;
    int requests = 0;
    world.internet = [&](const Fetch&) -> Fetch::Reply {
      ++requests;
      return json_reply(503, "{}");
    };
    Host host(world);
    const auto begun = story.begin(host, story.make_link(host));
    if (is_read) {
      world.objects[story.object_name()].storage[std::string(kRecordKey)] = "of another kind";
    } else {
      story.fail_next("storage.read");
    }
    const auto outcome = host.call(story.callback_of(begun));
    CHECK(outcome.body.contains("stored_data_unreadable") == is_read);
    CHECK(outcome.body.contains("store_unavailable") == !is_read);
    CHECK(requests == 0);
  }
}

TEST_CASE("a code that a caller hands over is not spent where nothing can be sealed") {
  for (const bool seals : {true, false}) {
    CAPTURE(seals);
    Story story("handed-over", "", "");
    auto& world = story.world;
    Host host(world);
    const auto link = host.call(
        rpc("create_connect_link",
            R"({"userId":"user-1","mode":"caller","redirectUri":")" + std::string(kReturnTo) +
                R"(","codeChallenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"})",
            "connect connect:caller"));
    const auto at = link.body.find("https://");
    REQUIRE(at != std::string::npos);
    const auto url = link.body.substr(at, link.body.find('"', at) - at);
    int codes = 0;
    world.internet = [&](const Fetch& request) -> Fetch::Reply {
      if (request.method == "POST") {
        ++codes;
        return token_reply({.id_token = id_token({}, query_value(url, "nonce"), world.now)});
      }
      return request.url == kKeysUrl ? keys_reply() : profile_reply({});
    };
    if (!seals) {
      world.weather = [](const Effect& effect) {
        return std::holds_alternative<Seal>(effect) ? std::optional(HostFault::unavailable)
                                                    : std::nullopt;
      };
    }
    const auto outcome = host.call(
        rpc("connect",
            R"({"userId":"user-1","code":"the-code","state":")" + query_value(url, "state") +
                R"(","codeVerifier":"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})",
            "connect:caller"));
    CHECK(codes == (seals ? 1 : 0));
    CHECK((outcome.status == 200) == seals);
    CHECK(outcome.body.contains(R"("code":"store_unavailable")") == !seals);
    CHECK(outcome.body.contains(R"("reason":"store_unavailable")") == !seals);
    // Nothing is left that would keep the next one waiting.
    CHECK_FALSE(world.objects[story.object_name()].storage.contains(std::string(kSignInKey)));
  }
}
