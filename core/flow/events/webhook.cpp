#include "core/flow/events/webhook.h"

#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/hmac.h"
#include "core/base/json.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "core/base/version.h"
#include "core/flow/integration/origins.h"
#include "core/flow/integration/resolve.h"

namespace postern {

namespace {

constexpr DurationMs kDeadlineMs = 10 * kSecondMs;
constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kNameHash = 12;
constexpr std::size_t kShortestKey = 24;
constexpr std::size_t kLongestKey = 64;

// RFC 4648 section 4, with padding.
std::string base64_encode(std::string_view bytes) {
  auto text = base64url_encode(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

// The same, and nothing but what it gives; the padding may be missing.
std::optional<std::string> base64_decode(std::string_view text) {
  std::string url(text.substr(0, text.find('=')));
  std::ranges::replace(url, '+', '-');
  std::ranges::replace(url, '/', '_');
  auto bytes = base64url_decode(url);
  if (bytes && text.find_first_of("=-_") != std::string_view::npos &&
      base64_encode(*bytes) != text) {
    bytes.reset();
  }
  return bytes;
}

bool read_keys(std::string_view secrets, std::vector<std::string>* keys) {
  for (const auto secret : split(secrets, ' ')) {
    if (!secret.starts_with(kSecretPrefix)) {
      return false;
    }
    auto key = base64_decode(secret.substr(kSecretPrefix.size()));
    if (!key || key->size() < kShortestKey || key->size() > kLongestKey) {
      return false;
    }
    keys->push_back(std::move(*key));
  }
  return true;
}

bool read_types(const Json* list, std::vector<EventType>* types) {
  if (list == nullptr) {
    return true;
  }
  for (const Json& each : list->elements) {
    const auto type = parse_event_type(each.string());
    if (!type || !is_of_connection(*type)) {
      return false;
    }
    types->push_back(*type);
  }
  return list->is_array() && !types->empty();
}

}  // namespace

bool Webhook::wants(std::string_view type) const {
  return types.empty() ||
         std::ranges::any_of(types, [&](EventType each) { return name_of(each) == type; });
}

std::vector<Webhook> webhooks_of(const FlowContext& context, std::string_view org,
                                 std::vector<std::string>* invalid) {
  std::vector<Webhook> webhooks;
  const auto text = context.env("WEBHOOKS");
  if (text.empty()) {
    return webhooks;
  }
  const auto reject = [&](std::string what) {
    if (invalid != nullptr) {
      invalid->push_back(std::move(what));
    }
  };
  const auto all = parse_json(text);
  if (!all || !all->is_object()) {
    reject("WEBHOOKS");
    return webhooks;
  }
  const Json* own = json_member(*all, org);
  if (own == nullptr) {
    return webhooks;
  }
  const auto place = "WEBHOOKS." + std::string(org);
  if (!own->is_array()) {
    reject(place);
    return webhooks;
  }
  const auto insecure = insecure_origins(context);
  for (const Json& entry : own->elements) {
    const auto url = json_text(entry, "url");
    const auto parsed = parse_url(url, {.allowed_origins = insecure});
    Webhook webhook{.url = std::string(url), .name = {}, .keys = {}, .types = {}};
    const bool known = std::ranges::any_of(
        webhooks, [&](const Webhook& other) { return other.url == webhook.url; });
    if (known || !parsed || !read_keys(json_text(entry, "secret"), &webhook.keys) ||
        !read_types(json_member(entry, "events"), &webhook.types)) {
      reject(place + "[" + to_decimal(&entry - own->elements.data()) + "]");
      continue;
    }
    webhook.name = parsed->origin() + "#" + sha256_base64url(url).substr(0, kNameHash);
    webhooks.push_back(std::move(webhook));
  }
  return webhooks;
}

std::string webhook_signature(const Webhook& webhook, std::string_view id, std::string_view seconds,
                              std::string_view body) {
  std::string signed_text(id);
  signed_text.append(".").append(seconds).append(".").append(body);
  std::string signatures;
  for (const auto& key : webhook.keys) {
    const auto digest = hmac_sha256(key, signed_text);
    signatures += (signatures.empty() ? "v1," : " v1,") +
                  base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
  }
  return signatures;
}

Fetch webhook_request(const Webhook& webhook, const Event& event, EpochMs now) {
  Fetch request{.method = "POST",
                .url = webhook.url,
                .headers = {},
                .body = event_body(event),
                .deadline_ms = kDeadlineMs,
                .max_bytes = kBodyUnread,
                .keep_key = {},
                .keep_org = {},
                .keep_context = {}};
  const auto seconds = to_decimal(now / kSecondMs);
  request.headers = {
      {"content-type", "application/json"},
      {"user-agent", "Postern/" + std::string(kVersion)},
      {"webhook-id", event.id},
      {"webhook-timestamp", seconds},
      {"webhook-signature", webhook_signature(webhook, event.id, seconds, request.body)}};
  return request;
}

}  // namespace postern
