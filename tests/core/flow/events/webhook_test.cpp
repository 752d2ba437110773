#include "core/flow/events/webhook.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/base/version.h"
#include "tests/core/environment.h"

using namespace postern;

namespace {

using Names = std::vector<std::string>;

// Standard Webhooks' own example, and keys of the shortest and the longest length.
const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string kShortest = "whsec_" + std::string(32, 'A');
const std::string kLongest = "whsec_" + std::string(86, 'A') + "==";
constexpr std::string_view kUrl = "https://hooks.example.com/postern";

struct Read {
  std::vector<Webhook> webhooks;
  Names invalid;
};

Read read(std::string_view variable, std::string_view org = "acme",
          std::string_view insecure = "") {
  const auto context = context_with({{"WEBHOOKS", variable}, {"ALLOW_INSECURE_ORIGINS", insecure}});
  Read result;
  result.webhooks = webhooks_of(context, org, &result.invalid);
  // Who does not ask for what is invalid gets the same.
  CHECK(webhooks_of(context, org).size() == result.webhooks.size());
  return result;
}

std::string entry(std::string_view url, std::string_view secret, std::string_view more = "") {
  return R"({"url":")" + std::string(url) + R"(","secret":")" + std::string(secret) + "\"" +
         std::string(more) + "}";
}

std::string of_acme(const std::string& entries) {
  return R"({"acme":[)" + entries + "]}";
}

// One entry that is not valid beside one that is: it is left out and named, the other stays.
void check_refused(const std::string& wrong) {
  CAPTURE(wrong);
  const auto good = entry("https://good.example.com/", kSecret);
  for (const bool first : {false, true}) {
    const auto found = read(of_acme(first ? wrong + "," + good : good + "," + wrong));
    REQUIRE(found.webhooks.size() == 1);
    CHECK(found.webhooks[0].url == "https://good.example.com/");
    CHECK(found.invalid == Names{first ? "WEBHOOKS.acme[0]" : "WEBHOOKS.acme[1]"});
  }
}

std::string header(const Fetch& request, std::string_view name) {
  std::string all;
  for (const auto& [key, value] : request.headers) {
    all += key == name ? value : "";
  }
  return all;
}

}  // namespace

TEST_CASE("an organization's webhooks are read, and nobody else's") {
  const auto all = R"({"other":[)" + entry("https://other.example.com/", kSecret) +
                   R"(],"acme":[)" + entry(kUrl, kSecret) + "," +
                   entry("https://b.example.com/?a=b", kShortest,
                         R"(,"events":["needs_reauth","disconnected"])") +
                   "]}";
  const auto found = read(all);
  CHECK(found.invalid.empty());
  REQUIRE(found.webhooks.size() == 2);
  CHECK(found.webhooks[0].url == kUrl);
  REQUIRE(found.webhooks[0].keys.size() == 1);
  CHECK(found.webhooks[0].keys[0].size() == 24);
  CHECK(found.webhooks[0].keys[0].starts_with("\x31\xf2\x90\xf6"));
  CHECK(found.webhooks[0].types.empty());
  CHECK(found.webhooks[1].types == std::vector{EventType::needs_reauth, EventType::disconnected});
  const auto other = read(all, "other");
  REQUIRE(other.webhooks.size() == 1);
  CHECK(other.webhooks[0].url == "https://other.example.com/");
  CHECK(read(all, "nobody").webhooks.empty());
  CHECK(read(all, "nobody").invalid.empty());
}

TEST_CASE("a webhook's name tells its origin and nothing else of its URL, which may be a secret") {
  const auto found = read(of_acme(entry("https://a.example.com/the-secret", kSecret) + "," +
                                  entry("https://a.example.com/another", kSecret)));
  REQUIRE(found.webhooks.size() == 2);
  CHECK(found.webhooks[0].name.starts_with("https://a.example.com#"));
  CHECK_FALSE(found.webhooks[0].name.contains("secret"));
  // Two at one origin are told apart, and each has the same name each time.
  CHECK(found.webhooks[0].name != found.webhooks[1].name);
  const auto again = read(of_acme(entry("https://a.example.com/the-secret", kShortest)));
  REQUIRE(again.webhooks.size() == 1);
  CHECK(again.webhooks[0].name == found.webhooks[0].name);
}

TEST_CASE("a webhook without a list of events wants all of them, else those of the list") {
  const Webhook all{.url = {}, .keys = {}, .types = {}};
  const Webhook some{.url = {}, .keys = {}, .types = {EventType::needs_reauth}};
  CHECK(all.wants("refreshed"));
  CHECK(all.wants("needs_reauth"));
  CHECK(some.wants("needs_reauth"));
  CHECK_FALSE(some.wants("refreshed"));
}

TEST_CASE("where there is nothing to read nothing is wrong") {
  for (const char* variable : {"", "{}", R"({"acme":[]})", R"({"other":7})"}) {
    CAPTURE(variable);
    CHECK(read(variable).webhooks.empty());
    CHECK(read(variable).invalid.empty());
  }
}

TEST_CASE("what is no object of lists is named as a whole") {
  for (const std::string& variable :
       {std::string("x"), std::string("[]"), std::string("7"), std::string("null"),
        "\"" + kSecret + "\"", "[" + entry(kUrl, kSecret) + "]",
        of_acme(entry(kUrl, kSecret)) + "x", R"({"acme":[],"acme":[)" + entry(kUrl, kSecret) + "]}",
        // Longer than any document that is read.
        of_acme(entry(kUrl, kSecret)) + std::string(70'000, ' ')}) {
    CHECK(read(variable).webhooks.empty());
    CHECK(read(variable).invalid == Names{"WEBHOOKS"});
  }
}

TEST_CASE("an organization that has no list is named, and has no webhook") {
  for (const std::string& own :
       {std::string("null"), std::string("7"), std::string("true"), "\"" + std::string(kUrl) + "\"",
        entry(kUrl, kSecret), R"({"first":)" + entry(kUrl, kSecret) + "}", std::string("{}")}) {
    CAPTURE(own);
    const auto found = read(R"({"acme":)" + own + "}");
    CHECK(found.webhooks.empty());
    CHECK(found.invalid == Names{"WEBHOOKS.acme"});
  }
}

TEST_CASE("an entry that is no object is left out") {
  for (const char* wrong : {"7", "null", "[]", "true", "{}", R"("https://a.example.com/")",
                            R"([{"url":"https://a.example.com/"}])"}) {
    check_refused(wrong);
  }
}

TEST_CASE("a URL that is missing, not https or not public is left out") {
  check_refused(R"({"secret":")" + kSecret + "\"}");
  check_refused(R"({"url":7,"secret":")" + kSecret + "\"}");
  for (const char* url :
       {"", "hooks.example.com/a", "http://hooks.example.com/", "ftp://hooks.example.com/",
        "https://localhost/", "https://10.0.0.1/", "https://[::1]/", "https://hooks.internal/",
        "https://hooks/", "https://hooks.example.com:8443/", "https://user@hooks.example.com/",
        "https://hooks.example.com/#a", "https://hooks.example.com/../a"}) {
    check_refused(entry(url, kSecret));
  }
}

TEST_CASE("in development a webhook may be at an origin that the operator names") {
  const auto local = of_acme(entry("http://localhost:9999/hook", kSecret));
  CHECK(read(local, "acme", "http://localhost:9999").webhooks.size() == 1);
  CHECK(read(local, "acme", "http://localhost:9998").webhooks.empty());
}

TEST_CASE("a URL that is there already is left out") {
  const auto twice = read(of_acme(entry(kUrl, kSecret) + "," + entry(kUrl, kShortest)));
  REQUIRE(twice.webhooks.size() == 1);
  CHECK(twice.webhooks[0].keys[0].size() == 24);
  CHECK(twice.webhooks[0].keys[0][0] != '\0');
  CHECK(twice.invalid == Names{"WEBHOOKS.acme[1]"});
}

TEST_CASE("a secret is base64 of 24 to 64 bytes behind its prefix") {
  for (const auto& [secret, bytes] : {std::pair{kSecret, 24U},
                                      {kShortest, 24U},
                                      {kLongest, 64U},
                                      // As padded, and as some write it without.
                                      {"whsec_" + std::string(34, 'A') + "==", 25U},
                                      {"whsec_" + std::string(34, 'A'), 25U},
                                      {"whsec_" + std::string(30, '/') + "++/A", 25U}}) {
    CAPTURE(secret);
    const auto found = read(of_acme(entry(kUrl, secret)));
    REQUIRE(found.webhooks.size() == 1);
    CHECK(found.webhooks[0].keys[0].size() == bytes);
  }
}

TEST_CASE("a secret of another form is left out") {
  check_refused(R"({"url":"https://a.example.com/"})");
  check_refused(R"({"url":"https://a.example.com/","secret":[")" + kSecret + "\"]}");
  for (const std::string& secret :
       {std::string(), std::string("whsec_"), kSecret.substr(6), "WHSEC_" + kSecret.substr(6),
        "whpk_" + kSecret.substr(6),
        // One byte too short, one too long.
        "whsec_" + std::string(31, 'A'), "whsec_" + std::string(87, 'A'),
        // No base64: another alphabet, too much padding, something behind it, no whole number of
        // bytes, bits that say nothing.
        "whsec_" + std::string(31, 'A') + "-", "whsec_" + std::string(31, 'A') + "_",
        "whsec_" + std::string(31, 'A') + "!", "whsec_" + std::string(32, 'A') + "====",
        kShortest + "=", kLongest + "=", kLongest + "A", "whsec_" + std::string(34, 'A') + "=",
        "whsec_" + std::string(33, 'A'), "whsec_" + std::string(33, 'A') + "B==",
        // One of several is enough.
        kSecret + " x", kSecret + "  " + kSecret, " " + kSecret, kSecret + " ",
        kSecret + "," + kSecret}) {
    check_refused(entry("https://a.example.com/", secret));
  }
}

TEST_CASE("a list of events has types that are known, and at least one") {
  for (const char* events :
       {"[]", "7", "null", "{}", R"("refreshed")", R"(["refreshed","x"])",
        R"(["connection.refreshed"])", R"([7])", R"([null])", R"({"a":"refreshed"})"}) {
    check_refused(entry("https://a.example.com/", kSecret, R"(,"events":)" + std::string(events)));
  }
}

TEST_CASE("what names an entry that is not valid is none of its text") {
  // Somebody took one member for the other.
  const auto found = read(of_acme(entry(kSecret, kUrl)));
  CHECK(found.webhooks.empty());
  CHECK(found.invalid == Names{"WEBHOOKS.acme[0]"});
}

TEST_CASE("the example of Standard Webhooks is signed as published") {
  const auto webhooks = read(of_acme(entry(kUrl, kSecret))).webhooks;
  REQUIRE(webhooks.size() == 1);
  CHECK(webhook_signature(webhooks[0], "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                          R"({"test": 2432232314})") ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("each of several secrets signs, in their order") {
  const auto webhooks = read(of_acme(entry(kUrl, kLongest + " " + kSecret))).webhooks;
  REQUIRE(webhooks.size() == 1);
  REQUIRE(webhooks[0].keys.size() == 2);
  const auto signatures = webhook_signature(webhooks[0], "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                            "1614265330", R"({"test": 2432232314})");
  // The first one by Node's crypto.
  CHECK(signatures ==
        "v1,woH/1mJtZGSMCmpFTxRYbStS24eLLD/oXIYr4PYyZ7g= "
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("an event is posted with its id, its time and a signature over what is sent") {
  const auto webhooks = read(of_acme(entry(kUrl, kSecret))).webhooks;
  REQUIRE(webhooks.size() == 1);
  const Event event{
      .id = "evt_1", .type = "refreshed", .at = 1'767'323'045'000, .data = R"({"org_id":"acme"})"};
  constexpr EpochMs kSentAt = 1'767'323'099'999;
  const auto request = webhook_request(webhooks[0], event, kSentAt);
  CHECK(request.method == "POST");
  CHECK(request.url == kUrl);
  CHECK(request.body == event_body(event));
  CHECK(request.deadline_ms == 10 * kSecondMs);
  CHECK(request.max_bytes == kBodyUnread);
  CHECK(request.keep_key.empty());
  CHECK(header(request, "content-type") == "application/json");
  CHECK(header(request, "user-agent") == "Postern/" + std::string(kVersion));
  CHECK(header(request, "webhook-id") == "evt_1");
  // Of the sending, not of the event: a receiver refuses what is old.
  CHECK(header(request, "webhook-timestamp") == "1767323099");
  CHECK(header(request, "webhook-signature") ==
        webhook_signature(webhooks[0], "evt_1", "1767323099", request.body));
  CHECK(request.headers.size() == 5);
}
