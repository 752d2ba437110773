// Lists of a provider's API: page by page, all at once, and what goes wrong between the pages.
#include "core/base/form.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

const std::string kGraph = "https://graph.microsoft.com";
const std::string kArm = "https://management.azure.com";
const std::string kEvents = kGraph + "/v1.0/me/calendar/events?$orderby=start%2FdateTime&$top=50";
const std::string kEnvelope =
    "&$select=id%2CcreatedDateTime%2ClastModifiedDateTime%2CreceivedDateTime%2CsentDateTime%2C"
    "subject%2CbodyPreview%2Csender%2Cfrom%2CtoRecipients%2CccRecipients%2CbccRecipients%2CreplyTo"
    "%2CconversationId%2CinternetMessageId%2CparentFolderId%2ChasAttachments%2Cimportance%2CisRead"
    "%2CisDraft%2CisReadReceiptRequested%2CisDeliveryReceiptRequested%2CinferenceClassification%2C"
    "categories%2Cflag%2CwebLink";

Request mail(std::string_view more = {}) {
  return rpc("get_mail", R"({"userId":"user-1")" + std::string(more) + "}", "graph:read");
}
Request events(std::string_view more = {}) {
  return rpc("get_calendar_events", R"({"userId":"user-1")" + std::string(more) + "}",
             "graph:read");
}
Request arm(std::string operation, std::string_view more = {}) {
  return rpc(std::move(operation), R"({"userId":"user-1")" + std::string(more) + "}", "arm:read");
}

HttpReply page(std::string_view items, std::string_view next = {}) {
  std::string body = R"({"value":[)" + std::string(items) + "]";
  if (!next.empty()) {
    body += R"(,"@odata.nextLink":")" + std::string(next) + "\"";
  }
  return json_reply(200, body + "}");
}

// With a token for ARM in the isolate's memory, so that the list alone is asked for.
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

std::string cursor_of(const Outcome& outcome) {
  const auto from = outcome.body.find("\"next_cursor\":\"");
  return from == std::string::npos
             ? "none"
             : outcome.body.substr(from + 15, outcome.body.find('"', from + 15) - from - 15);
}

std::string cursor(const Outcome& outcome) {
  return R"(,"cursor":")" + cursor_of(outcome) + "\"";
}

void page_by_page(Stories& stories) {
  auto& story = connected(
      stories, "list-page-by-page", "Mail, page by page",
      "Bodies are left out unless they are asked for. The cursor is sealed: what is in it the\n"
      "provider wrote, and nobody else.");
  story.expect(
      "GET",
      kGraph + "/v1.0/me/messages?$top=2&$skip=0&$orderby=receivedDateTime%20desc" + kEnvelope,
      page(R"({"id":"a"},{"id":"b"})",
           kGraph + "/v1.0/me/messages?%24top=2&%24skip=2&$filter=x eq 'y'"));
  const auto first = story.host.call(mail(R"(,"top":2,"cursor":"")"));
  story.section("The next one, by its link, which is written so that it can be sent");
  story.expect("GET", kGraph + "/v1.0/me/messages?%24top=2&%24skip=2&$filter=x%20eq%20'y'",
               page(R"({"id":"c"})"));
  story.host.call(mail(cursor(first)));
  story.section("A cursor of another list, or one that nobody gave out",
                "No token leaves: it is not even looked for.");
  story.host.call(events(cursor(first)));
  story.host.call(mail(R"(,"cursor":"aHR0cHM6Ly9ldmlsLmV4YW1wbGUv")"));
}

void stops_midway(Stories& stories) {
  auto& story =
      connected(stories, "list-stops-midway", "A page fails after others were read",
                "The answer says how many were read and has the cursor of the one that failed.");
  story.expect("GET", kEvents, page(R"({"id":"a"})", kGraph + "/page?2"));
  story.expect("GET", kGraph + "/page?2",
               HttpReply{.status = 503,
                         .headers = {{"retry-after", "7"}, {"request-id", "5b0d-77"}},
                         .body = "<html>"});
  const auto stopped = story.host.call(events());
  story.section("From there on");
  story.expect("GET", kGraph + "/page?2", page(R"({"id":"b"})", kGraph + "/page?3"));
  const auto second = story.host.call(events(cursor(stopped)));
  story.section("Page by page nothing is lost: the cursor is as good as before");
  story.expect("GET", kGraph + "/page?3", std::unexpected(HostFault::timeout));
  story.host.call(events(cursor(second)));
  story.expect("GET", kGraph + "/page?3", page(R"({"id":"c"})"));
  story.quietly([&](Host& silent) { silent.call(events(cursor(second))); });
}

void odd_links(Stories& stories) {
  auto& story = connected(
      stories, "list-odd-links", "Links to the next page as they come",
      "The origin is compared; the rest is written so that it can be sent, and followed.");
  story.expect("GET", kEvents,
               page(R"({"id":"a"})",
                    "https://Graph.Microsoft.com:443//v1.0/x?t={\\\"a\\\":|50%}é#RT:1#TRC:2"));
  story.expect("GET", kGraph + "//v1.0/x?t=%7B%22a%22:%7C50%25%7D%C3%A9%23RT:1%23TRC:2",
               page(R"({"id":"b"})"));
  story.host.call(events());
  story.section("A loop");
  story.expect("GET", kEvents, page(R"({"id":"a"})", kGraph + "/page?2"));
  story.expect("GET", kGraph + "/page?2", page(R"({"id":"b"})", kEvents));
  story.host.call(events());
  story.section("A loop, page by page: what was read is answered, and the next call says it");
  story.expect("GET", kEvents, page(R"({"id":"a"})", kEvents));
  const auto first = story.host.call(events(R"(,"cursor":"")"));
  story.host.call(events(cursor(first)));
  story.section("Another origin: the token does not go there");
  story.expect("GET", kEvents, page(R"({"id":"a"})", "https://graph.microsoft.com@evil.example/"));
  story.host.call(events());
}

void empty_pages(Stories& stories) {
  auto& story = connected(
      stories, "list-empty-pages", "Empty pages, and pages that are larger than asked for",
      "Of the first kind as many are read as it takes; of the second the rest is the\n"
      "beginning of the next.");
  with_arm_token(story);
  const std::string list = kArm + "/subscriptions?api-version=2020-01-01";
  story.expect("GET", list, page("", kArm + "/page?2"));
  story.expect("GET", kArm + "/page?2",
               page(R"({"subscriptionId":"a","displayName":"A"},{"subscriptionId":"b"})"));
  const auto first =
      story.host.call(arm("list_subscriptions", R"(,"top":1,"cursor":"","select":"displayName")"));
  story.section("The rest");
  story.expect("GET", kArm + "/page?2",
               page(R"({"subscriptionId":"a","displayName":"A"},{"subscriptionId":"b"})"));
  story.host.call(arm("list_subscriptions", R"(,"top":1)" + cursor(first)));
  story.section("Ordered here, as the Resource Manager orders nothing");
  story.expect("GET", list, page(R"({"n":"b","i":1},{"n":"A","i":2})", kArm + "/page?2"));
  story.expect("GET", kArm + "/page?2", page(R"({"n":"C","i":3},{"i":4})"));
  story.host.call(arm("list_subscriptions", R"(,"orderby":"n desc","select":"i")"));
  story.section("What is asked in a form that nobody could read");
  for (const std::string_view odd :
       {R"(,"select":"a&$expand=x")", R"(,"select":"a,,b")", R"(,"orderby":"a down")",
        R"(,"top":0)", R"(,"orderby":"a","top":5)"}) {
    story.host.call(arm("list_subscriptions", odd));
  }
}

void broken_answers(Stories& stories) {
  auto& story = connected(stories, "list-broken-answers", "An answer that is no JSON",
                          "Now and then one is cut off: it is asked for once more.");
  const std::string me = kGraph + "/v1.0/me";
  const auto get_user = rpc("get_user", R"({"userId":"user-1"})", "graph:read");
  const Pairs headers = {{"request-id", "0f3c"},
                         {"client-request-id", "77aa"},
                         {"date", "Tue, 11 May 2021 17:13:01 GMT"}};
  story.expect("GET", me, {{.status = 200, .headers = headers, .body = R"({"id":"a","na)"}});
  story.expect("GET", me, profile_reply({}));
  story.host.call(get_user);
  story.section("And if it stays so");
  story.expect("GET", me, {{.status = 200, .headers = headers, .body = "<!DOCTYPE html>"}});
  story.expect("GET", me, {{.status = 200, .headers = headers, .body = ""}});
  story.host.call(get_user);
  story.section("What third parties wrote does not break it");
  story.expect("GET", kEvents,
               {{.status = 200,
                 .headers = {},
                 .body = "\xEF\xBB\xBF{\"value\":[{\"subject\":\"caf\xE9 \\ud83d \\u0000\t\","
                         "\"a\":1,\"a\":2}]}"}});
  story.host.call(events());
}

void refusals(Stories& stories) {
  auto& story = connected(
      stories, "api-refusals", "An API refuses, in its own words",
      "Its codes, ids and times are passed on where they are of their alphabet; its text never.\n"
      "For the codes that are known there are words, and who can change it.");
  story.expect(
      "GET", kEvents,
      {{.status = 404,
        .headers = {{"request-id", "8f66"}, {"client-request-id", "1c2d"}},
        .body =
            R"({"error":{"code":"MailboxNotEnabledForRESTAPI","message":"<b>provider's words</b>",
                "innerError":{"date":"2026-01-02T03:04:05","request-id":"other"}}})"}});
  story.host.call(events());
  story.section("The innermost code is the one that says something");
  story.expect("GET", kEvents,
               {{.status = 403,
                 .headers = {},
                 .body = R"({"error":{"code":"Forbidden","innerError":{"code":"accessDenied",
                   "request-id":"8f67","innererror":{"code":"Authorization_RequestDenied"}}}})"}});
  story.host.call(events());
  story.section("What is no code, id or time of theirs is left out");
  story.expect("GET", kEvents,
               {{.status = 400,
                 .headers = {{"request-id", "<script>"}},
                 .body = R"({"error":{"code":"Bearer access-1 leaked","message":"x"}})"}});
  story.host.call(events());
  story.section("Another directory's subscription: a 401 that no newer token would help");
  with_arm_token(story);
  const std::string groups = kArm + "/subscriptions/s-1/resourcegroups?api-version=2021-04-01";
  story.expect(
      "GET", groups,
      {{.status = 401,
        .headers = {{"x-ms-correlation-request-id", "c0ff-ee"}},
        .body = R"({"error":{"code":"InvalidAuthenticationTokenTenant","message":"x"}})"}});
  story.host.call(arm("list_resource_groups", R"(,"subscriptionId":"s-1")"));
  story.section("No role in Azure");
  story.expect("GET", groups,
               {{.status = 403,
                 .headers = {},
                 .body = R"({"error":{"code":"AuthorizationFailed","message":"x"}})"}});
  story.host.call(arm("list_resource_groups", R"(,"subscriptionId":"s-1")"));
}

}  // namespace

void tell_lists(Stories& stories) {
  page_by_page(stories);
  stops_midway(stories);
  odd_links(stories);
  empty_pages(stories);
  broken_answers(stories);
  refusals(stories);
}

}  // namespace postern::testing
