// Events: written with the change, logged, sent to webhooks, given up, sent again.
#include "core/connection/event.h"
#include "core/connection/journal.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kHook = "https://hooks.example.com/postern";
constexpr std::string_view kOtherHook = "https://other.example.com/in";
// base64 of 24 bytes each.
constexpr std::string_view kSecrets =
    "whsec_bmV3LXdlYmhvb2stc2VjcmV0LTAwMDAx whsec_b2xkLXdlYmhvb2stc2VjcmV0LTAwMDAx";
constexpr std::string_view kOtherSecret = "whsec_YW5vdGhlci13ZWJob29rLXNlY3JldC0wMQ==";

Request list_events(std::string body = "{}") {
  return rpc("list_events", std::move(body), "events:read");
}
HttpReply taken() {
  return {.status = 204, .headers = {}, .body = {}};
}

Story& story_of(Stories& stories, std::string name, std::string_view heading,
                std::string_view prose) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
  story.note_secret(std::string(kSecrets.substr(6, 20)));
  return story;
}

void subscribe(Story& story) {
  story.world.secrets["WEBHOOKS"] = R"({"acme":[{"url":")" + std::string(kHook) +
                                    R"(","secret":")" + std::string(kSecrets) + R"("},{"url":")" +
                                    std::string(kOtherHook) + R"(","secret":")" +
                                    std::string(kOtherSecret) + R"(","events":["disconnected"]}]})";
}

void webhooks(Stories& stories) {
  auto& story =
      story_of(stories, "webhook-delivery", "An organization has two webhooks",
               "An event is a row of the transaction that it tells of. The alarm rings at "
               "once and sends it,\n"
               "beside the queue: no caller waits for a receiver. One webhook wants only "
               "disconnections.");
  story.connect_quietly();
  subscribe(story);
  story.world.now += kMinuteMs;
  expect_refresh(story, 2);
  story.host.call(forced_refresh());
  story.section("The alarm",
                "Two secrets: both sign, while receivers change from one to the other.");
  story.expect("POST", std::string(kHook), taken());
  story.host.ring(story.object_name());
  story.section("The receiver is down, and more happens",
                "Each webhook gets a connection's events in their order: the second waits for the "
                "first.");
  story.quietly([&](Host& silent) {
    story.world.now += kMinuteMs;
    expect_refresh(story, 3);
    silent.call(forced_refresh());
  });
  story.expect("POST", std::string(kHook), {HttpReply{.status = 500, .headers = {}, .body = {}}});
  story.host.ring(story.object_name());
  story.quietly([&](Host& silent) {
    silent.call(rpc("disconnect", R"({"userId":"user-1"})", "connections:write"));
  });
  story.section("A second later", "The other webhook is not held up by the first.");
  story.world.now += kSecondMs;
  story.expect("POST", std::string(kOtherHook), taken());
  story.host.ring(story.object_name());
  story.section("When it is time to try again");
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.expect("POST", std::string(kHook), taken());
  story.expect("POST", std::string(kHook), taken());
  story.host.ring(story.object_name());
}

void dead_letter(Stories& stories) {
  auto& story = story_of(stories, "webhook-dead-letter", "A webhook never takes an event",
                         "After ten tries in three days and a half the event is put with the dead "
                         "letters, and the next\n"
                         "one gets its turn. What is there can be sent again.");
  subscribe(story);
  story.connect_quietly();
  const auto object = story.object_name();
  story.quietly([&](Host& silent) {
    for (int tries = 1; tries < kMostDeliveryAttempts; ++tries) {
      story.world.now = std::max(story.world.now, story.world.objects[object].alarm_at);
      story.expect("POST", std::string(kHook), std::unexpected(HostFault::timeout));
      silent.ring(object);
    }
  });
  story.world.now = story.world.objects[object].alarm_at;
  story.expect("POST", std::string(kHook), {HttpReply{.status = 410, .headers = {}, .body = {}}});
  story.host.ring(object);
  story.section("The dead letters");
  story.host.call(rpc("list_dead_letters", "{}", "events:read"));
  story.section("Sent again");
  std::string id;
  story.quietly([&](Host& silent) {
    const auto body = silent.call(list_events()).body;
    id = body.substr(body.find("evt_"), 20);
  });
  story.host.call(rpc("redeliver_event", R"({"eventId":")" + id + "\"}", "events:write"));
  story.expect("POST", std::string(kHook), taken());
  story.quietly([&](Host& silent) { silent.ring(object); });
  story.host.call(rpc("list_dead_letters", "{}", "events:read"));
  story.section("What nobody knows, and another organization's");
  story.host.call(rpc("redeliver_event", R"({"eventId":"evt_0000000000000000"})", "events:write"));
}

void log_of_events(Stories& stories) {
  auto& story =
      story_of(stories, "events-are-read", "A service reads what happened since it last did",
               "The log is in D1, one batch with the backup. A reader keeps the cursor "
               "that it got, and so\n"
               "misses nothing. Sending again needs a webhook.");
  story.connect_quietly();
  story.quietly([&](Host& silent) {
    story.world.now += kMinuteMs;
    expect_refresh(story, 2);
    silent.call(forced_refresh());
  });
  story.host.call(list_events());
  story.section("From the cursor on");
  story.host.call(list_events(R"({"cursor":"2"})"));
  story.section("One type only, and what is none");
  story.host.call(list_events(R"({"type":"refreshed","limit":1})"));
  story.host.call(list_events(R"({"type":"married"})"));
  story.host.call(list_events(R"({"cursor":"yesterday"})"));
  story.host.call(list_events(R"({"limit":101})"));
  story.section("Without a webhook nothing can be sent again");
  std::string id;
  story.quietly([&](Host& silent) {
    const auto body = silent.call(list_events()).body;
    id = body.substr(body.find("evt_"), 20);
  });
  story.host.call(rpc("redeliver_event", R"({"eventId":")" + id + "\"}", "events:write"));
}

void log_is_down(Stories& stories) {
  auto& story = story_of(stories, "events-while-d1-is-down", "D1 is down while things happen",
                         "What the log has not got stays with the authority, in its order, and is "
                         "delivered with the\n"
                         "backup when D1 is back.");
  story.connect_quietly();
  for (int number = 2; number < 4; ++number) {
    story.world.now += kMinuteMs;
    story.fail_next("sql");
    expect_refresh(story, number);
    story.quietly([&](Host& silent) { silent.call(forced_refresh()); });
  }
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
  story.section("The log");
  story.host.call(list_events());
  story.section("What waits cannot be read", "The log says so; the backup is brought up to date.");
  Outbox outbox{.kv_done = true, .events = encode_event({.id = "evt_1", .type = "refreshed"})};
  outbox.events.pop_back();
  story.world.objects[story.object_name()].storage[std::string(kOutboxKey)] = encode_outbox(outbox);
  story.world.now += kMinuteMs;
  story.host.ring(story.object_name());
}

void trouble(Stories& stories) {
  auto& story = story_of(stories, "integration-is-marked", "The client secret has expired",
                         "The integration is marked, its connections are not: they serve while "
                         "their tokens live, and\n"
                         "when the secret is right again the next refresh is told as a recovery.");
  story.connect_quietly();
  story.world.now += kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               error_reply(401, "invalid_client", R"("trace_id":"91ab")"));
  story.host.call(forced_refresh());
  story.section("The integration");
  const auto get_integration = rpc("get_integration", "{}", "connections:read");
  story.host.call(get_integration);
  story.section("The secret is right again");
  story.world.now += kMinuteMs;
  expect_refresh(story, 2);
  story.host.call(forced_refresh());
  story.host.call(get_integration);
  story.section("What was told");
  story.host.call(list_events());
}

}  // namespace

void tell_events(Stories& stories) {
  webhooks(stories);
  dead_letter(stories);
  log_of_events(stories);
  log_is_down(stories);
  trouble(stories);
}

}  // namespace postern::testing
