// Calls that the table describes: what changes something, what the API wants to be left alone with,
// and what goes on for longer than a call.
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

const std::string kEvents = "https://graph.microsoft.com/v1.0/me/calendar/events";
const std::string kArm = "https://management.azure.com";
const std::string kGroup = kArm + "/subscriptions/s-1/resourcegroups/g-1?api-version=2021-04-01";
const std::string kSite = kArm +
                          "/subscriptions/s-1/resourceGroups/g-1/providers/Microsoft.Web/sites/"
                          "shop?api-version=2023-01-01";

Request create_event(std::string_view more = {}) {
  return rpc("create_calendar_event",
             R"({"userId":"user-1","event":{"subject":"Lunch","x":1.0})" + std::string(more) + "}",
             "calendar:write");
}
Request arm(std::string operation, std::string_view more, std::string permission = "arm:write") {
  return rpc(std::move(operation), R"({"userId":"user-1")" + std::string(more) + "}",
             std::move(permission));
}

HttpReply reply(int status, Pairs headers = {}, std::string_view body = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::string(body)};
}

std::string operation_of(const Outcome& outcome) {
  constexpr std::string_view member = "\"operation\":\"";
  const auto from = outcome.body.find(member);
  return from == std::string::npos
             ? "none"
             : outcome.body.substr(
                   from + member.size(),
                   outcome.body.find('"', from + member.size()) - from - member.size());
}

void with_arm_token(Story& story) {
  story.quietly([&](Host& silent) {
    story.expect("POST", std::string(kTokenUrl),
                 token_reply({.access_token = "access-arm",
                              .refresh_token = "refresh-2",
                              .scope = "https://management.azure.com/user_impersonation"}));
    silent.call(story.get_token(R"(,"resource":"arm")"));
  });
  story.world.logs.clear();
}

void writes(Stories& stories) {
  auto& story = connected(
      stories, "call-that-writes", "A call that changes something",
      "It is sent again only after an answer that says that nothing was done: once after a\n"
      "401, with another token.");
  story.world.now += kMinuteMs;
  story.expect("POST", kEvents, json_reply(401, "{}"));
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.expect("POST", kEvents, reply(201, {}, R"({"id":"e-1","subject":"Lunch"})"));
  story.host.call(create_event());
  story.section("No answer: nobody knows whether it was done");
  story.expect("POST", kEvents, std::unexpected(HostFault::timeout));
  story.host.call(create_event());
  story.section("Nor after a gateway's own answer");
  story.expect("POST", kEvents, json_reply(502, R"({"error":{"code":"UnknownError"}})"));
  story.host.call(create_event());
  story.section("It was done, and the answer is no JSON");
  story.expect("POST", kEvents, reply(201, {}, "<html>"));
  story.host.call(create_event());
  story.section("It was done, and the answer is too large");
  story.expect("POST", kEvents, std::unexpected(HostFault::too_large));
  story.host.call(create_event());
  story.section(
      "Claims beside another status than 401: nobody asks for another token, nor sends anew");
  story.expect(
      "POST", kEvents,
      reply(500,
            {{"www-authenticate", R"(Bearer error="insufficient_claims", claims="eyJhIjp7fX0=")"}},
            "{}"));
  story.host.call(create_event());
  story.section("An answer without content");
  story.expect("DELETE", "https://graph.microsoft.com/v1.0/me/events/e-1", reply(204));
  story.host.call(
      rpc("delete_calendar_event", R"({"userId":"user-1","eventId":"e-1"})", "calendar:write"));
  story.section("Changed meanwhile");
  story.expect("PATCH", "https://graph.microsoft.com/v1.0/me/events/e-1",
               json_reply(412, R"({"error":{"code":"ErrorIrresolvableConflict"}})"));
  story.host.call(rpc("update_calendar_event",
                      R"({"userId":"user-1","eventId":"e-1","event":{},"ifMatch":"W/\"1\""})",
                      "calendar:write"));
}

void throttled(Stories& stories) {
  auto& story =
      connected(stories, "call-that-is-throttled", "An API wants to be left alone",
                "The caller says for how long the call may wait. What was throttled was not\n"
                "done, so that a call that changes something is sent again, too.");
  story.expect("POST", kEvents, reply(429, {{"retry-after", "5"}}, "{}"));
  story.expect("POST", kEvents, reply(429, {{"retry-after", "4"}}, "{}"));
  story.expect("POST", kEvents, reply(201, {}, R"({"id":"e-1"})"));
  story.host.call(create_event(R"(,"wait":10)"));
  story.section("Longer than the caller waits");
  story.expect("POST", kEvents, reply(429, {{"retry-after", "11"}}, "{}"));
  story.host.call(create_event(R"(,"wait":10)"));
  story.section("So many wait already that no more may");
  story.world.refuses_pauses = true;
  story.expect("POST", kEvents, reply(429, {{"retry-after", "5"}}, "{}"));
  story.host.call(create_event(R"(,"wait":10)"));
  story.world.refuses_pauses = false;
  story.section(
      "A server that is overloaded: what only reads waits, what changes something does not");
  const std::string me = "https://graph.microsoft.com/v1.0/me";
  story.expect("GET", me, reply(503, {}, "{}"));
  story.expect("GET", me, reply(503, {}, "{}"));
  story.expect("GET", me, profile_reply({}));
  story.host.call(rpc("get_user", R"({"userId":"user-1","wait":10})", "graph:read"));
  story.expect("POST", kEvents, reply(503, {{"retry-after", "1"}}, "{}"));
  story.host.call(create_event(R"(,"wait":10)"));
}

void long_running(Stories& stories) {
  auto& story = connected(stories, "call-that-goes-on", "Azure accepts it, and goes on doing it",
                          "The caller who does not wait gets what to ask with again.");
  with_arm_token(story);
  const std::string poll = kArm + "/subscriptions/s-1/operationresults/o-1?api-version=2021-04-01";
  const std::string group = R"(,"subscriptionId":"s-1","resourceGroup":"g-1")";
  story.expect("DELETE", kGroup, reply(202, {{"location", poll}, {"retry-after", "15"}}));
  const auto begun = story.host.call(arm("delete_resource_group", group));
  const auto ask = R"(,"operation":")" + operation_of(begun) + "\"";
  story.section("Asked again: not yet, and then done");
  story.expect("GET", poll, reply(202, {{"location", poll}, {"retry-after", "5"}}));
  story.expect("GET", poll, reply(204));
  story.host.call(arm("get_operation", ask + R"(,"wait":20)", "arm:write"));
  story.section("A handle that is none of this connection's");
  story.host.call(arm("get_operation", R"(,"operation":"sealed#1")", "arm:write"));

  story.section("Waiting to the end: what was made is what is answered",
                "The header says where to ask, the answer there in `status` how far it is.");
  const std::string status =
      kArm + "/subscriptions/s-1/operationStatuses/o-2?api-version=2021-04-01";
  const std::string made =
      R"(,"resourceId":"/subscriptions/s-1/resourceGroups/g-1/providers/Microsoft.Web/sites/shop",)"
      R"("apiVersion":"2023-01-01","definition":{"location":"westeurope"},"wait":30)";
  story.expect("PUT", kSite,
               reply(201, {{"azure-asyncoperation", status}},
                     R"({"id":"x","properties":{"provisioningState":"Accepted"}})"));
  story.expect("GET", status, json_reply(200, R"({"status":"InProgress"})"));
  story.expect("GET", status, json_reply(200, R"({"status":"Succeeded"})"));
  story.expect("GET", kSite,
               json_reply(200, R"({"id":"x","properties":{"provisioningState":"Succeeded"}})"));
  story.host.call(arm("create_or_update_resource", made));
  story.section("It fails");
  story.expect("PUT", kSite, reply(201, {{"azure-asyncoperation", status}}, R"({"id":"x"})"));
  story.expect("GET", status,
               json_reply(200, R"({"status":"Failed","error":{"code":"QuotaExceeded"}})"));
  story.host.call(arm("create_or_update_resource", made));
  story.section("Nothing but the resource itself says how far it is");
  story.expect("PUT", kSite,
               json_reply(200, R"({"id":"x","properties":{"provisioningState":"Creating"}})"));
  story.expect("GET", kSite,
               json_reply(200, R"({"id":"x","properties":{"provisioningState":"Succeeded"}})"));
  story.host.call(arm("create_or_update_resource", made));
  story.section(
      "The token dies while the call waits: nothing is sent twice, the caller asks again");
  story.expect("PUT", kSite, reply(201, {{"azure-asyncoperation", status}}, R"({"id":"x"})"));
  story.expect("GET", status, json_reply(401, "{}"));
  story.host.call(arm("create_or_update_resource", made));
  story.section(
      "Asking is refused, throttled or answered with what is none: it goes on all the same");
  for (const auto& answer : {json_reply(403, "{}"), json_reply(404, "{}"), json_reply(200, "[]")}) {
    story.expect("PUT", kSite, reply(201, {{"azure-asyncoperation", status}}, R"({"id":"x"})"));
    story.expect("GET", status, answer);
    if (answer.status == 200) {
      story.expect("GET", status, answer);
    }
    story.host.call(arm("create_or_update_resource", made));
  }
  story.section("It was done, and what came of it cannot be read");
  story.expect("PUT", kSite, reply(201, {{"azure-asyncoperation", status}}, R"({"id":"x"})"));
  story.expect("GET", status, json_reply(200, R"({"status":"Succeeded"})"));
  story.expect("GET", kSite, json_reply(403, "{}"));
  story.host.call(arm("create_or_update_resource", made));
  story.section("So many wait already that no more may");
  story.world.refuses_pauses = true;
  story.expect("PUT", kSite, reply(201, {{"azure-asyncoperation", status}}, R"({"id":"x"})"));
  story.host.call(arm("create_or_update_resource", made));
  story.world.refuses_pauses = false;
  story.section("Where to ask is at another origin: the token stays here");
  story.expect("PUT", kSite,
               reply(202, {{"azure-asyncoperation", "https://evil.example/operation"}}));
  story.host.call(arm("create_or_update_resource", made));
}

void located(Stories& stories) {
  auto& story = connected(
      stories, "call-that-goes-on-at-a-location", "Azure says with a status when it ended",
      "202 until then; afterwards what a call that did not go on would have answered.");
  with_arm_token(story);
  const std::string poll = kArm + "/subscriptions/s-1/operationresults/o-1?api-version=2021-04-01";
  const std::string group = R"(,"subscriptionId":"s-1","resourceGroup":"g-1","wait":30)";
  const auto answered_with = [&](std::string_view what,
                                 const Result<HttpReply, HostFault>& answer) {
    story.section(what);
    story.expect("DELETE", kGroup, reply(202, {{"location", poll}}));
    story.expect("GET", poll, answer);
    story.host.call(arm("delete_resource_group", group));
  };
  answered_with("It was done", reply(200));
  answered_with("It failed: a document says so", json_reply(200, R"({"status":"Failed"})"));
  answered_with("…what it was about says so",
                json_reply(200, R"({"properties":{"provisioningState":"Canceled"}})"));
  answered_with("…its status says so", json_reply(409, R"({"error":{"code":"ScopeLocked"}})"));
  answered_with("No answer: it goes on", std::unexpected(HostFault::timeout));
  story.section("It is being made still, whatever the status");
  story.expect("DELETE", kGroup, reply(202, {{"location", poll}}));
  story.expect("GET", poll, json_reply(200, R"({"properties":{"provisioningState":"Deleting"}})"));
  story.expect("GET", poll, reply(204));
  story.host.call(arm("delete_resource_group", group));
  story.section("It says nowhere how far it is");
  story.expect("DELETE", kGroup, reply(202));
  story.host.call(arm("delete_resource_group", group));
}

void lacks_a_scope(Stories& stories) {
  auto& story =
      connected(stories, "call-that-lacks-a-scope", "A call that wants another scope",
                "The API refuses it; the scope is known, and the connection's token lacks it. The\n"
                "link asks for it besides what the connection has.");
  const auto denied = json_reply(403, R"({"error":{"code":"ErrorAccessDenied"}})");
  story.section("No link may ask for it: the operator has to allow it");
  story.expect("POST", kEvents, denied);
  story.host.call(create_event());
  story.section("The operator allows it");
  story.world.environment["AZURE_ALLOWED_SCOPES"] = "Calendars.ReadWrite";
  story.expect("POST", kEvents, denied);
  story.host.call(create_event());
  story.section("Whoever calls at once gets the same link");
  story.expect("POST", kEvents, denied);
  story.host.call(create_event());
  story.section("The scope is there, as far as its list says: what the API says is told");
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", denied);
  story.host.call(rpc("get_user", R"({"userId":"user-1"})", "graph:read"));
}

}  // namespace

void tell_calls(Stories& stories) {
  located(stories);
  lacks_a_scope(stories);
  writes(stories);
  throttled(stories);
  long_running(stories);
}

}  // namespace postern::testing
