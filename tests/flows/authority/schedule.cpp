// What is done unasked.
#include "core/connection/journal.h"
#include "core/flow/authority/store.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

void keep_alive(Stories& stories) {
  auto& story =
      connected(stories, "refresh-keeps-alive", "Nobody asks for six weeks",
                "Entra's refresh token dies of 90 days of idleness. The alarm was set at the last "
                "commit, some\n"
                "time before half of them; until then it costs nothing.");
  const auto object = story.object_name();
  story.world.now = story.world.objects[object].alarm_at;
  expect_refresh(story, 2);
  story.host.ring(object);
  story.section(
      "The provider is down when it is time",
      "Tried again and again, after a day every six hours only: the grant must not die of "
      "it.");
  story.world.now = story.world.objects[object].alarm_at;
  story.quietly([&](Host& silent) {
    for (int tries = 0; tries <= kMostUnaskedTries; ++tries) {
      story.world.now = story.world.objects[object].alarm_at;
      story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
      silent.ring(object);
    }
  });
  story.world.now = story.world.objects[object].alarm_at;
  expect_refresh(story, 3);
  story.host.ring(object);
}

void keep_fresh(Stories& stories) {
  auto& story =
      connected(stories, "refresh-keeps-fresh", "A token is always to live half an hour",
                "The alarm refreshes before less than that is left, so that callers find a "
                "fresh one.");
  story.world.environment["AZURE_REFRESH_MODE"] = "keep_fresh";
  story.world.environment["AZURE_REFRESH_AHEAD_SECONDS"] = "1800";
  story.quietly([&](Host& silent) {
    story.world.now += kMinuteMs;
    expect_refresh(story, 2);
    silent.call(forced_refresh());
  });
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  expect_refresh(story, 3);
  story.host.ring(story.object_name());
  story.section("The registration is refused when it is time",
                "Nothing else can be done by itself but to try again, not at once.");
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.expect("POST", std::string(kTokenUrl), error_reply(401, "invalid_client"));
  story.host.ring(story.object_name());
}

void after_tombstone(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "schedule-after-early-end", "A first sign-in was ended before it was confirmed",
      "The tombstone knows no provider. The sign-in that follows has the same schedule as any\n"
      "other: its last commit arms the alarm for what will be due."));
  story.world.environment["AZURE_REFRESH_MODE"] = "keep_fresh";
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
    story.expect_sign_in(begun);
    silent.call(story.callback_of(begun));
    silent.call(rpc("disconnect", R"({"userId":"user-1"})", "connections:write"));
    begun = story.begin(silent, story.make_link(silent));
  });
  story.expect_sign_in(begun, {}, {.access_token = "access-2", .refresh_token = "refresh-2"});
  story.host.call(story.callback_of(begun));
}

void grant_expires(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "grant-expires-for-good", "A grant ends after a year, whatever is done",
      "The connection says when, and an event says so two weeks ahead, once."));
  story.world.environment["AZURE_GRANT_LIFETIME_SECONDS"] = "31536000";
  story.world.environment["AZURE_REFRESH_MODE"] = "on_demand";
  story.connect_quietly();
  story.host.call(rpc("get_connection", R"({"userId":"user-1"})", "connections:read"));
  story.section("Two weeks ahead");
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
}

void one_resource_refused(Stories& stories) {
  auto& story = connected(stories, "refresh-due-beside-a-refusal",
                          "One resource is refused, and the grant must not die of it",
                          "Tokens for two resources, consent for one is withdrawn. The other keeps "
                          "the grant alive.");
  story.world.environment["AZURE_REFRESH_MODE"] = "keep_fresh";
  story.world.environment["AZURE_REFRESH_AHEAD_SECONDS"] = "1800";
  story.quietly([&](Host& silent) {
    expect_refresh(story, 2);
    silent.call(story.get_token(R"(,"resource":"arm")"));
    story.world.now += kMinuteMs;
    expect_refresh(story, 3);
    silent.call(forced_refresh());
  });
  story.world.now += 40 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl), error_reply(400, "consent_required"));
  expect_refresh(story, 4);
  story.host.ring(story.object_name());
}

void not_configured(Stories& stories) {
  auto& story =
      connected(stories, "schedule-not-configured", "A variable is not valid",
                "The integration says which. Meanwhile nothing is done unasked; the alarm looks "
                "again.");
  for (const auto& [name, value] : {std::pair{"AZURE_REFRESH_MODE", "hourly"},
                                    {"AZURE_REPLAY", "reuse_leeway"},
                                    {"AZURE_REFRESH_AHEAD_SECONDS", "4h"},
                                    {"AZURE_REFRESH_IDLE_SECONDS", "-1"},
                                    {"AZURE_GRANT_LIFETIME_SECONDS", "999999999999"}}) {
    story.world.environment[name] = value;
    story.host.call(rpc("get_integration", "{}", "connections:read"));
    story.world.environment.erase(name);
  }
  story.world.environment["AZURE_REFRESH_MODE"] = "hourly";
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
}

}  // namespace

void tell_schedule(Stories& stories) {
  keep_alive(stories);
  keep_fresh(stories);
  after_tombstone(stories);
  grant_expires(stories);
  one_resource_refused(stories);
  not_configured(stories);
}

}  // namespace postern::testing
