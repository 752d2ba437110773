#include "tests/flows/host/story.h"

#include "core/base/base64url.h"
#include "core/base/form.h"
#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "core/connection/record.h"
#include "core/effect/codec.h"
#include "core/flow/connect/sign_in.h"

namespace postern::testing {

void furnish(World& world) {
  world.environment = {
      {"AZURE_CLIENT_ID", "postern-client"},
      {"AZURE_REDIRECT_URI", "https://postern.example.com/callback/azure"},
      {"CONNECT_CONFIRM_DEFAULT", "page"},
      {"ADMIN_API_KEY", std::string(kAdminKey)},
      {"ALLOWED_RETURN_URLS", R"({"acme":[")" + std::string(kReturnTo) + R"("]})"}};
  world.secrets = {{"AZURE_CLIENT_SECRET", std::string(kClientSecret)}};
}

HttpReply json_reply(int status, std::string body) {
  return {.status = status,
          .headers = {{"content-type", "application/json; charset=utf-8"}},
          .body = std::move(body)};
}

HttpReply token_reply(const TokenAnswer& answer) {
  JsonWriter out;
  out.begin_object()
      .member("token_type", "Bearer")
      .member("scope", answer.scope)
      .member("expires_in", answer.expires_in)
      .member("access_token", answer.access_token);
  if (!answer.refresh_token.empty()) {
    out.member("refresh_token", answer.refresh_token);
  }
  if (!answer.id_token.empty()) {
    out.member("id_token", answer.id_token);
  }
  return json_reply(200, out.end_object().take());
}

HttpReply error_reply(int status, std::string_view error, std::string_view more) {
  return json_reply(status, R"({"error":")" + std::string(error) +
                                R"(","error_description":"AADSTS: <b>provider's words</b>",)" +
                                R"("correlation_id":"7e5c","trace_id":"91ab")" + std::string(more) +
                                "}");
}

HttpReply keys_reply(std::string_view issuer) {
  std::string modulus(256, '\x5a');
  modulus.front() = '\x80';
  modulus.back() = '\x01';
  return json_reply(200, R"({"keys":[{"kty":"RSA","use":"sig","kid":"key-1","e":"AQAB","n":")" +
                             base64url_encode(modulus) + R"(","issuer":")" + std::string(issuer) +
                             R"("}]})");
}

HttpReply profile_reply(const Person& person) {
  JsonWriter out;
  out.begin_object()
      .member("id", person.object)
      .member("displayName", person.name)
      .member("userPrincipalName", person.username);
  return json_reply(200, out.end_object().take());
}

std::string id_token(const Person& person, std::string_view nonce, EpochMs now,
                     std::string_view issuer_origin) {
  JsonWriter claims;
  claims.begin_object()
      .member("iss", std::string(issuer_origin) + "/" + person.tenant + "/v2.0")
      .member("aud", "postern-client")
      .member("iat", now / kSecondMs)
      .member("nbf", now / kSecondMs)
      .member("exp", now / kSecondMs + 3600)
      .member("sub", "pairwise-" + person.object.substr(0, 8))
      .member("tid", person.tenant)
      .member("oid", person.object)
      .member("name", person.name)
      .member("preferred_username", person.username)
      .member("nonce", nonce)
      .member("ver", "2.0");
  return base64url_encode(R"({"typ":"JWT","alg":"RS256","kid":"key-1"})") + "." +
         base64url_encode(claims.end_object().take()) + "." +
         base64url_encode(std::string(256, '\x07'));
}

std::string query_value(std::string_view url, std::string_view name) {
  const auto fields = form_decode(url.substr(url.find('?') + 1));
  for (const auto& [key, value] : fields ? *fields : FormFields()) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::string navigation_of(const Outcome& outcome) {
  constexpr std::string_view kBefore = "<meta http-equiv=\"refresh\" content=\"0; url=";
  const auto at = outcome.body.find(kBefore);
  if (at == std::string::npos) {
    return {};
  }
  auto url = outcome.body.substr(at + kBefore.size());
  url.resize(url.find('"'));
  for (auto amp = url.find("&amp;"); amp != std::string::npos; amp = url.find("&amp;", amp + 1)) {
    url.erase(amp + 1, 4);
  }
  return url;
}

std::string header_of(const Outcome& outcome, std::string_view name) {
  for (const auto& [key, value] : outcome.headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

Request rpc(std::string operation, std::string body, std::string permissions) {
  return {.operation = std::move(operation),
          .entry = Entry::rpc,
          .body = std::move(body),
          .org = std::string(kOrg),
          .permissions = std::move(permissions)};
}

Request http(std::string operation) {
  return {.operation = std::move(operation)};
}

Story::Story(std::string its_name, std::string_view heading, std::string_view prose)
    : name(std::move(its_name)) {
  furnish(world);
  trace.title(heading, prose);
  secrets_ = {std::string(kClientSecret), std::string(kAdminKey)};
  world.internet = [this](const Fetch& fetch) -> Fetch::Reply {
    if (expected_.empty() || expected_.front().method != fetch.method ||
        expected_.front().url != fetch.url) {
      complaints_ += "unexpected " + fetch.method + " " + fetch.url + "\n";
      return std::unexpected(HostFault::unavailable);
    }
    auto reply = std::move(expected_.front().reply);
    expected_.pop_front();
    return reply;
  };
  world.weather = [this](const Effect& effect) -> std::optional<HostFault> {
    for (auto failure = failures_.begin(); failure != failures_.end(); ++failure) {
      if (failure->effect == name_of(effect)) {
        if (failure->after-- > 0) {
          break;
        }
        const auto fault = failure->fault;
        failures_.erase(failure);
        return fault;
      }
    }
    return std::nullopt;
  };
}

void Story::expect(std::string method, std::string url, Fetch::Reply reply) {
  expected_.push_back(
      {.method = std::move(method), .url = std::move(url), .reply = std::move(reply)});
}

void Story::fail_after(int count, std::string effect, HostFault fault) {
  failures_.push_back({.effect = std::move(effect), .fault = fault, .after = count});
}

Request Story::confirm_at(std::string_view location) {
  return rpc("confirm_connection",
             R"({"attempt":")" + query_value(location, "attempt") + R"(","code":")" +
                 query_value(location, "code") + R"(","userId":"user-1"})",
             "connect");
}

void Story::note_secret(std::string secret) {
  secrets_.push_back(std::move(secret));
}

std::string Story::make_link(Host& by, std::string_view more_json) {
  const auto outcome = by.call(rpc(
      "create_connect_link", R"({"userId":"user-1")" + std::string(more_json) + "}", "connect"));
  const auto at = outcome.body.find("/connect/");
  if (at == std::string::npos) {
    complaints_ += "no link: " + outcome.body + "\n";
    return {};
  }
  auto link = outcome.body.substr(at + 9, 43);
  note_secret(link);
  return link;
}

Story::Begun Story::begin(Host& by, const std::string& link) {
  auto request = http("begin_connect");
  request.path = {{"link", link}};
  request.headers = {{"sec-fetch-site", "same-origin"}};
  const auto outcome = by.call(request);
  Begun begun;
  begun.location = navigation_of(outcome);
  const auto cookie = header_of(outcome, "set-cookie");
  begun.cookie = cookie.substr(0, cookie.find(';'));
  begun.state = query_value(begun.location, "state");
  begun.nonce = query_value(begun.location, "nonce");
  if (begun.state.empty()) {
    complaints_ += "no sign-in: " + outcome.body + "\n";
  } else {
    note_secret(begun.state);
    note_secret(begun.cookie.substr(begun.cookie.find('=') + 1));
  }
  return begun;
}

Request Story::callback_of(const Begun& begun, std::string_view query) const {
  auto request = http("callback");
  request.path = {{"integration", "azure"}};
  request.query = query.empty() ? "code=the-code-of-the-provider&state=" + begun.state
                                : std::string(query) + "&state=" + begun.state;
  request.headers = {{"cookie", "theme=dark; " + begun.cookie}};
  return request;
}

void Story::expect_sign_in(const Begun& begun, const Person& person, TokenAnswer answer) {
  if (answer.id_token.empty()) {
    answer.id_token = id_token(person, begun.nonce, world.now);
  }
  for (const auto& secret : {answer.access_token, answer.refresh_token, answer.id_token,
                             std::string("the-code-of-the-provider")}) {
    note_secret(secret);
  }
  expect("POST", std::string(kTokenUrl), token_reply(answer));
  if (!world.memory.contains("jwks:" + std::string(kKeysUrl))) {
    expect("GET", std::string(kKeysUrl), keys_reply());
  }
  expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply(person));
}

void Story::connect_quietly(const Person& person, TokenAnswer answer) {
  quietly([&](Host& silent) {
    const auto begun = begin(silent, make_link(silent));
    expect_sign_in(begun, person, std::move(answer));
    const auto outcome = silent.call(callback_of(begun));
    if (outcome.status != 200) {
      complaints_ += "not connected: " + outcome.body + "\n";
    }
  });
  world.logs.clear();
}

Request Story::get_token(std::string_view more_json) const {
  return rpc("get_token", R"({"userId":"user-1")" + std::string(more_json) + "}", "tokens:read");
}

std::string Story::object_name() const {
  return connection_key(
      {.org = std::string(kOrg), .integration = "azure", .subject = std::string(kUser)});
}

std::string Story::complaints() {
  std::string all = complaints_;
  for (const auto& expected : expected_) {
    all += "never asked: " + expected.method + " " + expected.url + "\n";
  }
  for (const auto& [effect, fault, after] : failures_) {
    all += "never failed: " + effect + "\n";
  }
  const auto stored = world.stored_bytes();
  auto secrets = world.sealed_plaintexts();
  secrets.insert(secrets.end(), secrets_.begin(), secrets_.end());
  for (const auto& secret : secrets) {
    // That nobody answered is kept as an answer is, and is no secret.
    const auto kept = decode_reply(Effect(Fetch{}).index(), secret);
    const auto* fetched = kept ? std::get_if<Fetch::Reply>(&*kept) : nullptr;
    if (fetched != nullptr && !*fetched) {
      continue;
    }
    if (!secret.empty() && stored.find(secret) != std::string::npos) {
      all += "stored or logged in the clear: " + secret + "\n";
    }
  }
  return all;
}

Story& connected(Stories& stories, std::string name, std::string_view heading,
                 std::string_view prose) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
  story.connect_quietly();
  story.world.forget_memory();
  return story;
}

Story& expired(Stories& stories, std::string name, std::string_view heading, std::string_view prose,
               DurationMs later) {
  auto& story = connected(stories, std::move(name), heading, prose);
  story.world.now += later;
  return story;
}

Request forced_refresh() {
  return rpc("refresh", R"({"userId":"user-1"})", "connections:write");
}

void expect_refresh(Story& story, int number) {
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-" + std::to_string(number),
                            .refresh_token = "refresh-" + std::to_string(number)}));
}

void fail_keys(Story& story, const Story::Begun& begun) {
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.id_token = id_token({}, begun.nonce, story.world.now)}));
  story.expect("GET", std::string(kKeysUrl), std::unexpected(HostFault::timeout));
}

bool before_fetch(const Effect& effect, bool carried_out) {
  return !carried_out && std::holds_alternative<Fetch>(effect);
}

bool after_token_answer(const Effect& effect, bool carried_out) {
  const auto* fetch = std::get_if<Fetch>(&effect);
  return carried_out && fetch != nullptr && fetch->method == "POST";
}

}  // namespace postern::testing
