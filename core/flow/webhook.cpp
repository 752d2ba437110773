#include "core/flow/webhook.h"

#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/hmac.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "core/base/version.h"
#include "core/flow/integration.h"

namespace postern {

namespace {

constexpr DurationMs kDeadlineMs = 10 * kSecondMs;
constexpr std::int64_t kMaxReplyBytes = std::int64_t{64} * 1024;
constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kShortestKey = 24;
constexpr std::size_t kLongestKey = 64;

// The alphabet of RFC 4648 section 4, with padding.
std::optional<std::string> base64_decode(std::string_view text) {
  std::string url(text.substr(0, text.find('=')));
  std::ranges::replace(url, '+', '-');
  std::ranges::replace(url, '/', '_');
  return base64url_decode(url);
}

std::string base64_encode(std::string_view bytes) {
  auto text = base64url_encode(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
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
    if (!type) {
      return false;
    }
    types->push_back(*type);
  }
  return list->is_array() && !types->empty();
}

}  // namespace

bool Webhook::wants(EventType type) const {
  return types.empty() || std::ranges::find(types, type) != types.end();
}

std::vector<Webhook> webhooks_of(const FlowContext& context, std::string_view org,
                                 std::vector<std::string>* invalid) {
  std::vector<Webhook> webhooks;
  const auto text = context.env("WEBHOOKS");
  if (text.empty()) {
    return webhooks;
  }
  const auto reject = [&](std::string_view what) {
    if (invalid != nullptr) {
      invalid->emplace_back(what);
    }
  };
  const auto all = parse_json(text);
  if (!all || !all->is_object()) {
    reject("WEBHOOKS");
    return webhooks;
  }
  const Json* own = json_member(*all, org);
  const auto insecure = insecure_origins(context);
  for (const Json& entry : own != nullptr ? own->elements : std::vector<Json>()) {
    const auto url = json_text(entry, "url");
    Webhook webhook{.url = std::string(url), .keys = {}, .types = {}};
    const bool known = std::ranges::any_of(
        webhooks, [&](const Webhook& other) { return other.url == webhook.url; });
    if (known || !parse_url(url, {.allowed_origins = insecure}) ||
        !read_keys(json_text(entry, "secret"), &webhook.keys) ||
        !read_types(json_member(entry, "events"), &webhook.types)) {
      reject(url);
      continue;
    }
    webhooks.push_back(std::move(webhook));
  }
  return webhooks;
}

Fetch webhook_request(const Webhook& webhook, const Event& event, EpochMs now) {
  Fetch request{.method = "POST",
                .url = webhook.url,
                .headers = {},
                .body = event_body(event),
                .deadline_ms = kDeadlineMs,
                .max_bytes = kMaxReplyBytes,
                .keep_key = {},
                .keep_org = {},
                .keep_context = {}};
  const auto seconds = to_decimal(now / kSecondMs);
  const auto signed_text = event.id + "." + seconds + "." + request.body;
  std::string signatures;
  for (const auto& key : webhook.keys) {
    const auto digest = hmac_sha256(key, signed_text);
    signatures += (signatures.empty() ? "v1," : " v1,") +
                  base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
  }
  request.headers = {{"content-type", "application/json"},
                     {"user-agent", "Postern/" + std::string(kVersion)},
                     {"webhook-id", event.id},
                     {"webhook-timestamp", seconds},
                     {"webhook-signature", signatures}};
  return request;
}

}  // namespace postern
