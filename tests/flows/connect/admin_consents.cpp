// An administrator consents for a directory, or not; and answers that are none.
#include "core/base/form.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kDirectory = "72f988bf-86f1-41af-91ab-2d7cd011db47";
constexpr std::string_view kOther = "b9419818-09af-49c2-b0c3-653adc1f376e";

std::string state_for(Host& by, std::string_view tenant = {}) {
  const auto json =
      tenant.empty() ? std::string("{}") : R"({"tenantId":")" + std::string(tenant) + R"("})";
  const auto outcome = by.call(rpc("admin_consent_url", json, "connect"));
  const auto url = outcome.body.find("https:");
  return query_value(outcome.body.substr(url, outcome.body.find('"', url) - url), "state");
}

// No cookie: it is another person's browser.
Request answer(std::string_view state, FormFields fields) {
  auto request = http("callback");
  request.path = {{"integration", "azure"}};
  fields.emplace_back("state", std::string(state));
  request.query = form_encode(fields);
  return request;
}

Request consent(std::string_view state, std::string_view tenant = kDirectory) {
  return answer(state, {{"admin_consent", "True"}, {"tenant", std::string(tenant)}});
}

void given(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "admin-consent", "An administrator consents for a directory",
      "The state is sealed and stored nowhere. What the browser says is kept as claimed: nothing "
      "proves it."));
  const auto state = state_for(story.host);
  story.section("The answer, with what was granted");
  story.world.now += 3 * kDayMs;
  story.host.call(answer(state, {{"admin_consent", "True"},
                                 {"tenant", std::string(kDirectory)},
                                 {"scope", "https://graph.microsoft.com/Mail.Read openid"}}));
  story.section("The same page once more", "The same claim, and no second event.");
  story.host.call(consent(state));
  story.section("The same state for another directory", "Of one request there is one claim.");
  story.host.call(consent(state, kOther));
  story.section("What callers see of it");
  story.host.call(rpc("list_admin_consents", "{}", "connections:read"));
  story.host.call(rpc("get_admin_consent", R"({"tenantId":"72F988BF-86F1-41AF-91AB-2D7CD011DB47"})",
                      "connections:read"));
  story.host.call(rpc("get_admin_consent", R"({"tenantId":"b9419818-09af-49c2-b0c3-653adc1f376e"})",
                      "connections:read"));
  story.host.call(rpc("list_events", R"({"type":"admin_consent_claimed"})", "events:read"));
  story.section("The registered app is another by now", "Consent was to the other one.");
  story.world.environment["AZURE_CLIENT_ID"] = "another-client";
  story.host.call(rpc("list_admin_consents", "{}", "connections:read"));
  story.host.call(consent(state));
}

void refused(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "admin-consent-refused", "An answer that gives no consent",
      "Nothing is stored, and what the provider writes for people is not repeated."));
  std::string state;
  std::string of_directory;
  story.quietly([&](Host& silent) {
    state = state_for(silent);
    of_directory = state_for(silent, kDirectory);
  });
  story.host.call(answer(state, {{"error", "access_denied"},
                                 {"error_description", "AADSTS65004: <script>"},
                                 {"admin_consent", "True"}}));
  story.section("Without admin_consent, as for a request that Entra cannot read");
  story.host.call(answer(state, {{"error", "invalid_request"}}));
  story.section("Another directory than the one that was asked");
  story.host.call(consent(of_directory, kOther));
  story.section("The directory of all personal accounts has no administrator");
  story.host.call(consent(state, "9188040d-6c67-4c5b-b112-36a304b66dad"));
  story.section("No directory, or an answer that contradicts itself");
  story.host.call(consent(state, "contoso.com"));
  story.host.call(answer(state, {{"admin_consent", "False"}, {"tenant", std::string(kDirectory)}}));
  story.host.call(answer(state, {{"code", "x"}, {"admin_consent", "True"}}));
  story.section("The database is down", "The administrator may load the page again.");
  story.fail_next("sql");
  story.host.call(consent(state));
}

void not_ours(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "admin-consent-forged", "A state that was not made for this",
      "The seal is looked at, and no store. Whoever made one up is told no more than whoever comes "
      "too late."));
  std::string state;
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    state = state_for(silent);
    begun = story.begin(silent, story.make_link(silent));
  });
  const auto sealed = state.substr(state.rfind('~') + 1);
  for (const auto& made_up :
       {std::string("adm~acme~guessed"), "adm~other~" + sealed, std::string("adm~acme"),
        std::string("adm~~"),
        // The verifier of a sign-in, which is sealed for the same organization.
        std::string("adm~acme~sealed#2")}) {
    story.host.call(consent(made_up));
  }
  story.section("At another integration's callback");
  auto elsewhere = consent(state);
  elsewhere.path = {{"integration", "github"}};
  story.host.call(elsewhere);
  story.section("A sign-in's state is none", "It is looked up as one, for this browser.");
  story.host.call(consent(begun.state));
  story.section("And this one begins no sign-in", "A code beside it goes nowhere.");
  auto code = answer(state, {{"code", "the-code-of-the-provider"}});
  code.headers = {{"cookie", begun.cookie}};
  story.host.call(code);
  story.section("A week later");
  story.world.now += 7 * kDayMs;
  story.host.call(consent(state));
}

void asked(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "admin-consent-url", "What an administrator is asked with",
      "A caller's own redirect has the caller's own state; Postern's has Postern's."));
  story.host.call(rpc("admin_consent_url",
                      R"({"redirectUri":"https://app.example.com/connected?from=postern",)"
                      R"("state":"mine"})",
                      "connect"));
  story.host.call(rpc("admin_consent_url", R"({"state":"mine"})", "connect"));
  story.host.call(rpc("admin_consent_url", R"({"tenantId":"consumers"})", "connect"));
  story.section("A tenant beyond the integration's own");
  story.world.environment["AZURE_TENANT_ID"] = "contoso.com";
  story.host.call(rpc("admin_consent_url", R"({"tenantId":"fabrikam.com"})", "connect"));
  story.host.call(
      rpc("create_connect_link", R"({"userId":"user-1","tenantId":"common"})", "connect"));
  story.host.call(rpc("logout_url", R"({"tenantId":"organizations"})", "connect"));
}

}  // namespace

void tell_admin_consents(Stories& stories) {
  asked(stories);
  given(stories);
  refused(stories);
  not_ours(stories);
}

}  // namespace postern::testing
