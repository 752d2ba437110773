// Webhooks after Standard Webhooks (standardwebhooks.com): whom an organization's events are sent
// to, and the signed request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/connection/event.h"
#include "core/effect/effects.h"
#include "core/flow/frame/context.h"

namespace postern {

struct Webhook {
  std::string url;
  // Its origin and a hash of the whole: what may be stored and shown, as a URL may be a secret.
  std::string name;
  std::vector<std::string> keys;  // the newest first; each of them signs
  std::vector<EventType> types;   // empty: all

  // An event with this word for its type.
  [[nodiscard]] bool wants(std::string_view type) const;
};

// An organization's webhooks, from the variable WEBHOOKS: {"org": [{"url", "secret", "events"}]}.
// `secret` is "whsec_" and base64 of 24 to 64 bytes; several are separated by spaces. What is not
// valid is left out, and its place in the variable is in `invalid` where that is asked for: never
// its text, because a secret may stand anywhere in it by mistake.
[[nodiscard]] std::vector<Webhook> webhooks_of(const FlowContext& context, std::string_view org,
                                               std::vector<std::string>* invalid = nullptr);

// "v1,<base64>" over "<id>.<seconds>.<body>" with each key, separated by spaces.
[[nodiscard]] std::string webhook_signature(const Webhook& webhook, std::string_view id,
                                            std::string_view seconds, std::string_view body);

// POST of the event, signed.
[[nodiscard]] Fetch webhook_request(const Webhook& webhook, const Event& event, EpochMs now);

}  // namespace postern
