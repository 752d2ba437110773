// What a scenario is written with: a world in which "acme" has Postern, a person with a browser and
// a Microsoft account, and the provider's answers.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/flows/host/host.h"
#include "tests/flows/host/trace.h"

namespace postern::testing {

inline constexpr std::string_view kOrg = "acme";
inline constexpr std::string_view kUser = "user-1";
inline constexpr std::string_view kClientSecret = "the-client-secret";
inline constexpr std::string_view kAdminKey = "the-administrators-key";
inline constexpr std::string_view kReturnTo = "https://app.example.com/connected?from=postern";
// Of a connect link: the caller's backend confirms.
inline constexpr std::string_view kConfirmedByBackend =
    R"(,"returnTo":"https://app.example.com/connected?from=postern","confirm":"backend")";
inline constexpr std::string_view kTokenUrl =
    "https://login.microsoftonline.com/common/oauth2/v2.0/token";
inline constexpr std::string_view kKeysUrl =
    "https://login.microsoftonline.com/common/discovery/v2.0/keys";

// World with acme's settings in its environment.
void furnish(World& world);

// --- what Microsoft says ---
struct Person {
  std::string tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
  std::string object = "11111111-2222-4333-8444-555555555555";
  std::string name = "Ada Example";
  std::string username = "ada@example.com";
};
struct TokenAnswer {
  std::string access_token = "access-1";
  std::string refresh_token = "refresh-1";  // empty: none
  std::string id_token;                     // empty: none
  int expires_in = 3600;
  std::string scope = "openid profile email User.Read Mail.Read Calendars.Read";
};
[[nodiscard]] HttpReply json_reply(int status, std::string body);
[[nodiscard]] HttpReply token_reply(const TokenAnswer& answer);
[[nodiscard]] HttpReply error_reply(int status, std::string_view error, std::string_view more = {});
// `issuer`: whose tokens the key signs.
[[nodiscard]] HttpReply keys_reply(
    std::string_view issuer = "https://login.microsoftonline.com/{tenantid}/v2.0");
[[nodiscard]] HttpReply profile_reply(const Person& person);
// An ID token of shape and size of RS256. Its signature is none: the host says whether it holds.
[[nodiscard]] std::string id_token(
    const Person& person, std::string_view nonce, EpochMs now,
    std::string_view issuer_origin = "https://login.microsoftonline.com");

// --- what callers send ---
[[nodiscard]] Request rpc(std::string operation, std::string body, std::string permissions = "*");
[[nodiscard]] Request http(std::string operation);
[[nodiscard]] std::string query_value(std::string_view url, std::string_view name);
// Where a page goes on to by itself.
[[nodiscard]] std::string navigation_of(const Outcome& outcome);
[[nodiscard]] std::string header_of(const Outcome& outcome, std::string_view name);

class Story {
 public:
  // `name`: of the trace's file.
  Story(std::string name, std::string_view heading, std::string_view prose);

  const std::string name;
  World world;
  Trace trace;
  Host host{world, &trace};

  void section(std::string_view heading, std::string_view prose = {}) {
    trace.section(heading, prose);
  }
  // The next request to this method and URL is answered so; in this order.
  void expect(std::string method, std::string url, Fetch::Reply reply);
  // The next effect of this name fails.
  void fail_next(std::string effect, HostFault fault = HostFault::unavailable) {
    fail_after(0, std::move(effect), fault);
  }
  // The same after so many of them that do not.
  void fail_after(int count, std::string effect, HostFault fault = HostFault::unavailable);
  // Does what follows without writing it down; the transcript keeps it.
  template <class Work>
  void quietly(Work work) {
    Host silent(world);
    work(silent);
  }

  // --- the ways of a person, as steps of other stories ---
  struct Begun {
    std::string location;  // at the provider
    std::string cookie;    // "name=value"
    std::string state;
    std::string nonce;
  };
  // A connect link; answers its secret part.
  std::string make_link(Host& by, std::string_view more_json = {});
  Begun begin(Host& by, const std::string& link);
  Request callback_of(const Begun& begun, std::string_view query = {}) const;
  // All that the provider is asked during a successful callback.
  void expect_sign_in(const Begun& begun, const Person& person = {}, TokenAnswer answer = {});
  // From nothing to connected, unwritten.
  void connect_quietly(const Person& person = {}, TokenAnswer answer = {});
  [[nodiscard]] Request get_token(std::string_view more_json = {}) const;
  // By the user's own session, with what the callback sent to `location`.
  [[nodiscard]] static Request confirm_at(std::string_view location);
  [[nodiscard]] std::string object_name() const;

  // What is wrong with the story after its end; empty when nothing is: expectations that nobody
  // met, requests that nobody expected, a secret in a store or a log.
  [[nodiscard]] std::string complaints();
  void note_secret(std::string secret);

 private:
  struct Expected {
    std::string method;
    std::string url;
    Fetch::Reply reply;
  };
  struct Failure {
    std::string effect;
    HostFault fault;
    int after = 0;
  };
  std::deque<Expected> expected_;
  std::vector<Failure> failures_;
  std::vector<std::string> secrets_;
  std::string complaints_;
};

using Stories = std::vector<std::unique_ptr<Story>>;

// --- how stories begin, and what happens in several of them ---
// One of a person who is connected, as another isolate sees it.
Story& connected(Stories& stories, std::string name, std::string_view heading,
                 std::string_view prose);
// The same, with the token at its end or near it.
Story& expired(Stories& stories, std::string name, std::string_view heading, std::string_view prose,
               DurationMs later = 61 * kMinuteMs);
[[nodiscard]] Request forced_refresh();
// The provider answers a refresh with access-<number> and refresh-<number>.
void expect_refresh(Story& story, int number);
// A sign-in's tokens come, and the provider's keys do not.
void fail_keys(Story& story, const Story::Begun& begun);
// Host::crash: dies before anything is asked of the internet.
[[nodiscard]] bool before_fetch(const Effect& effect, bool carried_out);
// Host::crash: dies with the token endpoint's answer in its hands.
[[nodiscard]] bool after_token_answer(const Effect& effect, bool carried_out);

// Every story, told.
void tell_access(Stories& stories);
void tell_connecting(Stories& stories);
void tell_failures(Stories& stories);
void tell_people(Stories& stories);
void tell_sign_ins(Stories& stories);
void tell_sign_ins_by_profile(Stories& stories);
void tell_admin_consents(Stories& stories);
void tell_tokens(Stories& stories);
void tell_refreshes(Stories& stories);
void tell_unknown_outcomes(Stories& stories);
void tell_patience(Stories& stories);
void tell_google(Stories& stories);
void tell_applications(Stories& stories);
void tell_certificates(Stories& stories);
void tell_schedule(Stories& stories);
void tell_stores(Stories& stories);
void tell_connections(Stories& stories);
void tell_revocations(Stories& stories);
void tell_accounts(Stories& stories);
void tell_resources(Stories& stories);
void tell_lists(Stories& stories);
void tell_calls(Stories& stories);
void tell_vaults(Stories& stories);
void tell_renewals(Stories& stories);
void tell_fewer_scopes(Stories& stories);
void tell_events(Stories& stories);

}  // namespace postern::testing
