// Several connections of one subject, and those of the organization itself.
#include "core/connection/journal.h"
#include "core/connection/subject.h"
#include "core/flow/store/dead_letters.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kOwn =
    "connect tokens:read connections:read connections:write "
    "connections:organization";

std::string link_in(const Outcome& made) {
  return made.body.substr(made.body.find("/connect/") + 9, 43);
}

Request page_of(const std::string& link) {
  auto request = http("show_consent");
  request.path = {{"link", link}};
  return request;
}

// By a link that the host `by` makes for what the JSON names.
void connect(Story& story, Host& by, const std::string& json, int number) {
  const auto begun =
      story.begin(by, link_in(by.call(rpc("create_connect_link", json, std::string(kOwn)))));
  const auto text = std::to_string(number);
  story.expect_sign_in(begun, {},
                       {.access_token = "access-" + text, .refresh_token = "refresh-" + text});
  by.call(story.callback_of(begun));
}

void another_account(Stories& stories) {
  auto& story = connected(stories, "another-account",
                          "A user connects a second account at the same integration",
                          "It has a name of the caller's choice, and everything of its own: key, "
                          "object, row.\nThe first one, `default`, stays as it is.");
  story.quietly(
      [&](Host& silent) { connect(story, silent, R"({"userId":"user-1","account":"work"})", 2); });
  story.host.call(rpc("list_connections", R"({"userId":"user-1"})", "connections:read"));
  story.section("Each has its own token");
  story.host.call(story.get_token(R"(,"account":"work")"));
  story.host.call(story.get_token());
  story.section("One is ended, the other stays");
  story.host.call(
      rpc("disconnect", R"({"userId":"user-1","account":"work"})", "connections:write"));
  story.host.call(story.get_token(R"(,"account":"default")"));
}

void organizations_own(Stories& stories) {
  auto& story =
      connected(stories, "organizations-own", "An account is connected for the organization itself",
                "`-` names it. That takes a permission of its own, which `*` does not hold.");
  const std::string own = R"({"userId":"-"})";
  for (const auto* operation : {"create_connect_link", "get_token", "get_connection"}) {
    story.host.call(rpc(operation, own, "*"));
  }
  story.section("The page says for whom it is");
  std::string link;
  story.quietly([&](Host& silent) {
    link = link_in(silent.call(
        rpc("create_connect_link", R"({"userId":"-","account":"robot"})", std::string(kOwn))));
  });
  story.host.call(page_of(link));
  story.section("Connected, and read");
  story.quietly([&](Host& silent) { connect(story, silent, own, 2); });
  story.host.call(rpc("get_token", own, std::string(kOwn)));
  story.section("It is listed for those who may name it");
  story.host.call(rpc("list_connections", "{}", "*"));
  story.host.call(rpc("list_connections", own, std::string(kOwn)));
}

void organizations_events(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "organizations-events", "What happens to the organization's own connection is told to few",
      "Events, dead letters, and sending one again: each takes `connections:organization` besides."
      "\nFor all others it is as if there were none."));
  std::string id;
  std::string data;
  story.quietly([&](Host& silent) {
    connect(story, silent, R"({"userId":"-"})", 1);
    const auto told =
        silent.call(rpc("list_events", "{}", "events:read connections:organization")).body;
    id = told.substr(told.find("evt_"), 20);
    const auto at = told.find("\"data\":") + 7;
    data = told.substr(at, told.find('}', at) + 1 - at);
  });
  constexpr std::string_view kHook = "https://hooks.example.com/postern";
  const ConnectionId own{
      .org = std::string(kOrg), .integration = "azure", .subject = subject_text({.user_id = {}})};
  (void)story.world.d1.batch({insert_dead_letter(
      {.id = own,
       .event = {.id = id, .type = "connected", .at = story.world.now, .data = data},
       .webhook = std::string(kHook),
       .attempts = 10,
       .reason = "410",
       .failed_at = story.world.now})});
  story.world.secrets["WEBHOOKS"] = R"({"acme":[{"url":")" + std::string(kHook) +
                                    R"(","secret":"whsec_bmV3LXdlYmhvb2stc2VjcmV0LTAwMDAx"}]})";
  const auto ask = [&](const std::string& more) {
    story.host.call(rpc("list_events", "{}", "events:read" + more));
    story.host.call(rpc("list_dead_letters", "{}", "events:read" + more));
    story.host.call(rpc("redeliver_event", R"({"eventId":")" + id + "\"}", "events:write" + more));
  };
  story.section("Without the permission");
  ask(" connections:read connections:write");
  story.section("With it");
  ask(" connections:organization");
}

void user_called_dash(Stories& stories) {
  auto& story = connected(
      stories, "user-called-dash", "A user is called `-`",
      "Before the organization had connections one could be. What was stored keeps its key, and is "
      "reached by\n`subject`: `user`. New ones are refused.");
  // As 0.1.0 stored it.
  auto& world = story.world;
  auto record = decode_record(world.objects[story.object_name()].storage[std::string(kRecordKey)])
                    .value_or(ConnectionRecord());
  record.id.subject = "-";
  record.tokens[0].sealed =
      world.seal(kOrg, seal_context(record.id, "access_token:graph", 1), "access-of-dash");
  world.objects[connection_key(record.id)].storage[std::string(kRecordKey)] = encode_record(record);
  world.kv[connection_key(record.id)] = encode_record(record);
  story.host.call(rpc("create_connect_link", R"({"userId":"-","subject":"user"})", "connect"));
  story.host.call(rpc("get_token", R"({"userId":"-","subject":"user"})", "tokens:read"));
}

}  // namespace

void tell_accounts(Stories& stories) {
  another_account(stories);
  organizations_own(stories);
  organizations_events(stories);
  user_called_dash(stories);
}

}  // namespace postern::testing
