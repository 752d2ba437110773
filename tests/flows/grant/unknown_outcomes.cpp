// A refresh of which nobody knows what became, and answers that were kept.
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

void unknown_outcome(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "refresh-unknown-outcome", "The object dies while the provider's answer is on its way",
      "An open journal without a kept answer: nobody knows what the provider did. The request may\n"
      "be on its way still, so for as long as one can be, no other leaves. Then the alarm shows\n"
      "the same refresh token again: Microsoft lets an old one live."));
  story.connect_quietly();
  story.world.now += 56 * kMinuteMs;
  story.host.crash = [](const Effect& effect, bool carried_out) {
    return !carried_out && std::holds_alternative<Fetch>(effect);
  };
  story.host.call(forced_refresh());
  story.host.crash = {};
  story.section("Three seconds later", "The token that lives is served, and no request leaves.");
  story.world.now += 3 * kSecondMs;
  story.host.call(story.get_token());
  story.section("Whoever demands a new one is asked for patience");
  story.host.call(forced_refresh());
  story.section("The alarm rings");
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.ring(story.object_name());
}

void trap(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "refresh-trap", "A flow traps in the middle of a refresh, and its object lives on",
      "Nothing that this object sent is on its way any more. The next caller need not wait."));
  story.connect_quietly();
  story.world.forget_memory();
  story.world.now += 61 * kMinuteMs;
  story.quietly([&](Host& silent) {
    silent.object_survives = true;
    silent.crash = [](const Effect& effect, bool carried_out) {
      return !carried_out && std::holds_alternative<Fetch>(effect);
    };
    silent.call(story.get_token());
  });
  story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
  story.host.call(story.get_token());
  story.section("That try timed out, and so says the journal",
                "Now the delay counts, in this object as in any other.");
  story.host.call(story.get_token());
}

void unknown_outcome_refused(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "refresh-unknown-outcome-refused", "The replay after an unknown outcome is refused",
      "Entra would have taken the old refresh token: a refusal means what it says."));
  const auto refused_replay = [&] {
    story.connect_quietly();
    story.world.forget_memory();
    story.world.now += 61 * kMinuteMs;
    story.quietly([&](Host& silent) {
      silent.crash = [](const Effect& effect, bool carried_out) {
        return !carried_out && std::holds_alternative<Fetch>(effect);
      };
      silent.call(story.get_token());
    });
    story.world.now += 30 * kSecondMs;
  };
  refused_replay();
  story.expect("POST", std::string(kTokenUrl), error_reply(400, "invalid_grant"));
  story.host.call(story.get_token());
  story.section("Where a refresh token is good for one use",
                "As is assumed of every server but Entra's own. The grant may have been lost with\n"
                "the answer, and what happened is told as it is.");
  story.quietly([&](Host& silent) {
    silent.call(rpc("disconnect", R"({"userId":"user-1"})", "connections:write"));
  });
  refused_replay();
  constexpr std::string_view kOther = "https://login.example.com";
  story.world.environment["AZURE_LOGIN_ORIGIN"] = kOther;
  story.world.environment["ALLOW_INSECURE_ORIGINS"] = kOther;
  story.expect("POST", std::string(kOther) + "/common/oauth2/v2.0/token",
               error_reply(400, "invalid_grant"));
  story.host.call(story.get_token());
}

void kept_answer(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "refresh-kept-answer", "The object dies with the provider's answer in its hands",
      "The answer was sealed and stored before the flow saw it. The next caller's flow finds it,\n"
      "and no second request leaves."));
  story.connect_quietly();
  story.world.forget_memory();
  story.world.now += 61 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.crash = [](const Effect& effect, bool carried_out) {
    return carried_out && std::holds_alternative<Fetch>(effect);
  };
  story.host.call(story.get_token());
  story.host.crash = {};
  story.section("The next caller");
  story.host.call(story.get_token());
}

void poison(Stories& stories) {
  auto& story = connected(
      stories, "refresh-poisoned-answer", "Flows die of an answer that was kept",
      "A defect of ours, most likely. The answer may hold the only tokens, so it is not thrown\n"
      "away; but after the third death it is left alone for ten minutes, and the token that lives\n"
      "is served meanwhile.");
  story.world.now += 56 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.quietly([&](Host& silent) {
    silent.crash = after_token_answer;
    silent.call(story.get_token());
    silent.crash = [](const Effect& effect, bool) { return std::holds_alternative<Seal>(effect); };
    silent.call(story.get_token());
    silent.call(story.get_token());
  });
  story.section("The third death");
  story.host.crash = [](const Effect& effect, bool) {
    return std::holds_alternative<Seal>(effect);
  };
  story.host.call(story.get_token());
  story.section("The next caller");
  story.host.call(story.get_token());
  story.section("Eleven minutes later, with a version that does not die",
                "The new tokens are there.");
  story.host.crash = {};
  story.world.now += 11 * kMinuteMs;
  story.host.call(story.get_token());
}

void kept_without_old_token(Stories& stories) {
  auto& story = connected(
      stories, "refresh-kept-answer-alone", "The old refresh token cannot be opened any more",
      "Its key has left the ring. The kept answer brings a new one, and nothing else is needed.");
  story.world.now += 56 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.quietly([&](Host& silent) {
    silent.crash = after_token_answer;
    silent.call(story.get_token());
  });
  story.world.weather = [](const Effect& effect) -> std::optional<HostFault> {
    const auto* open = std::get_if<Open>(&effect);
    return open != nullptr && open->context.contains("refresh_token")
               ? std::optional(HostFault::refused)
               : std::nullopt;
  };
  story.world.now += 40 * kMinuteMs;
  story.host.ring(story.object_name());
}

}  // namespace

void tell_unknown_outcomes(Stories& stories) {
  unknown_outcome(stories);
  trap(stories);
  unknown_outcome_refused(stories);
  kept_answer(stories);
  kept_without_old_token(stories);
  poison(stories);
}

}  // namespace postern::testing
