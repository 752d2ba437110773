// What an operator writes into the Worker's variables: rules of replaying, modes, durations,
// webhooks with their secrets. What is wrong is refused and named; nothing of it is believed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "core/base/base64url.h"
#include "core/base/fields.h"
#include "core/base/form.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "core/flow/events/webhook.h"
#include "core/flow/integration/resolve.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

namespace {

constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

FlowContext context_with(std::string_view name, std::string_view value) {
  FieldWriter fields;
  fields.text(name).text(value);
  FlowContext context;
  context.input.environment = Environment(fields.take());
  return context;
}

void check_words(std::string_view text) {
  if (const auto rule = parse_replay_rule(text)) {
    const auto name = name_of(rule->kind);
    const bool leeway = rule->kind == ReplayClass::reuse_leeway;
    check(text.starts_with(name) && (text.size() == name.size()) == !leeway);
    check(rule->leeway_seconds >= 0 && rule->leeway_seconds <= 86400);
    check(leeway || rule->leeway_seconds == 0);
    if (leeway) {
      check(parse_decimal(text.substr(name.size() + 1)) == rule->leeway_seconds);
    }
  }
  if (const auto mode = parse_refresh_mode(text)) {
    check(name_of(*mode) == text);
  }
  if (const auto type = parse_event_type(text)) {
    check(name_of(*type) == text);
  }
}

void check_rules(std::string_view text) {
  constexpr DurationMs kLongest = 3650 * kDayMs;
  for (const char* name :
       {"AZURE_REPLAY", "AZURE_REFRESH_MODE", "AZURE_REFRESH_AHEAD_SECONDS",
        "AZURE_REFRESH_IDLE_SECONDS", "AZURE_GRANT_LIFETIME_SECONDS", "AZURE_LOGIN_ORIGIN"}) {
    const auto context = context_with(name, text);
    const auto rules =
        grant_rules({.context = &context, .name = "azure", .provider = find_provider("microsoft")});
    if (!rules) {
      // It names the variable and shows nothing of its value.
      check(rules.error().code == ProblemCode::integration_not_configured);
      check(rules.error().detail == std::string(name) + " is missing or not valid");
      continue;
    }
    const auto& policy = rules->policy;
    for (const auto duration : {policy.ahead_ms, policy.idle_ms, policy.lifetime_ms}) {
      check(duration >= 0 && duration <= kLongest);
    }
  }
}

// What is sent is one request with clean headers, signed by each key.
void check_request(const Webhook& webhook) {
  const Event event{.id = "evt_1", .type = "refreshed", .at = 1'767'323'045'000, .data = "{}"};
  const auto request = webhook_request(webhook, event, event.at);
  check(request.url == webhook.url && request.method == "POST");
  check(parse_json(request.body).has_value());
  for (const auto& [name, value] : request.headers) {
    check(value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  " ,.+/=_-") == std::string::npos);
    if (name == "webhook-signature") {
      const auto signatures = split(value, ' ');
      check(signatures.size() == webhook.keys.size());
      for (const auto signature : signatures) {
        check(signature.starts_with("v1,") && signature.size() == 3 + 44);
      }
    }
  }
}

// As RFC 4648 section 4 has it.
std::string base64(std::string_view bytes) {
  auto text = base64url_encode(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  return text + std::string((4 - text.size() % 4) % 4, '=');
}

// How many webhooks there are.
std::size_t check_webhooks(const std::string& variable) {
  std::vector<std::string> invalid;
  const auto context = context_with("WEBHOOKS", variable);
  const auto webhooks = webhooks_of(context, "acme", &invalid);
  check(webhooks_of(context, "acme").size() == webhooks.size());
  std::set<std::string> urls;
  for (const auto& webhook : webhooks) {
    check(urls.insert(webhook.url).second);
    const auto url = parse_url(webhook.url);
    check(url.has_value() && url->scheme == "https" && url->port == 443);
    check(webhook.name.starts_with(url->origin() + "#"));
    check(webhook.name.size() == url->origin().size() + 1 + 12);
    check(!webhook.keys.empty());
    for (const auto& key : webhook.keys) {
      check(key.size() >= 24 && key.size() <= 64);
    }
    check_request(webhook);
  }
  // Whatever is left out is named, by where it stands.
  for (const auto& what : invalid) {
    check(what.starts_with("WEBHOOKS"));
    check(what.find_first_not_of("WEBHOOKS.acme[0123456789]") == std::string::npos);
  }
  const auto all = parse_json(variable);
  const auto* own = all ? json_member(*all, "acme") : nullptr;
  const auto entries = own != nullptr && own->is_array() ? own->elements.size() : 0;
  const bool is_wrong =
      !variable.empty() && (!all || !all->is_object() || (own != nullptr && !own->is_array()));
  check(webhooks.size() + invalid.size() == entries + (is_wrong ? 1 : 0));
  return webhooks.size();
}

std::string of_acme(const Json& url, const Json& secret) {
  return R"({"acme":[{"url":)" + dump_json(url) + R"(,"secret":)" + dump_json(secret) + "}]}";
}

Json text_of(std::string_view text) {
  Json json;
  json.kind = JsonKind::string;
  json.text = text;
  return json;
}

// As a key, and as one entry's URL or secret; bytes that no JSON can have are left to the whole.
void check_entry(std::string_view text) {
  const auto good_url = text_of("https://hooks.example.com/");
  const bool is_key = text.size() >= 24 && text.size() <= 64;
  check(check_webhooks(of_acme(good_url, text_of("whsec_" + base64(text)))) == (is_key ? 1 : 0));
  if (!is_utf8(text)) {
    return;
  }
  check_webhooks(of_acme(text_of(text), text_of(kSecret)));
  if (check_webhooks(of_acme(good_url, text_of(text))) == 1) {
    // A secret has one spelling, but for its padding.
    for (const auto secret : split(text, ' ')) {
      check(secret.starts_with("whsec_"));
      check(secret.find_first_of("-_", 6) == std::string_view::npos);
    }
  }
  check(
      check_webhooks(of_acme(good_url, text_of(std::string(kSecret) + " " + std::string(text)))) ==
      check_webhooks(of_acme(good_url, text_of(text))));
}

}  // namespace

// Input: a variable's value; or the entries of a list, a URL, a secret, a list of events.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_words(text);
  check_words("reuse_leeway:" + std::string(text));
  check_rules(text);
  check_webhooks(std::string(text));
  check_webhooks(R"({"acme":)" + std::string(text) + "}");
  check_webhooks(R"({"acme":[)" + std::string(text) + "]}");
  check_webhooks(R"({"acme":[{"url":"https://a.example.com/","secret":")" + std::string(kSecret) +
                 R"(","events":)" + std::string(text) + "}]}");
  check_entry(text);
  return 0;
}
