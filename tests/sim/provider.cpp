#include "tests/sim/provider.h"

#include "core/base/form.h"
#include "core/base/text.h"
#include "core/connection/decision.h"
#include "tests/flows/host/story.h"
#include "tests/sim/dice.h"
#include "tests/sim/settings.h"

namespace postern::sim {

namespace {

std::string field(const FormFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::string numbered(std::string_view what, std::uint64_t number) {
  return std::string(what) + "-" + to_decimal(static_cast<std::int64_t>(number));
}

}  // namespace

std::string Provider::authorize(int connection, int account, std::string nonce) {
  auto code = numbered("code", ++serial_);
  codes_[code] = {.connection = connection, .account = account, .nonce = std::move(nonce)};
  return code;
}

Provider::Answer Provider::issue(int grant, bool arm, EpochMs now, const RefreshPlace* shown,
                                 const std::string& id_token) {
  auto& owner = grants[static_cast<std::size_t>(grant)];
  if (settings_.refresh_ends_access_tokens) {
    for (auto& [text, token] : access_) {
      token.ended = token.ended || (token.grant == grant && token.arm == arm);
    }
  }
  testing::TokenAnswer answer{.access_token = numbered("access", ++serial_),
                              .refresh_token = {},
                              .id_token = id_token,
                              .expires_in = static_cast<int>(settings_.lifetime_seconds)};
  const auto lifetime = settings_.lifetime_seconds == 0 ? 3600 : settings_.lifetime_seconds;
  access_[answer.access_token] = {
      .grant = grant, .arm = arm, .expires_at = now + lifetime * kSecondMs};
  auto place = shown != nullptr ? *shown : RefreshPlace{.grant = grant, .index = 0};
  const bool omitted =
      shown != nullptr && Dice(mix(seed_, serial_, 77)).percent(settings_.omits_refresh_token);
  if (shown != nullptr && settings_.replay == Replay::not_rotated) {
    answer.refresh_token =
        omitted ? "" : owner.refresh_tokens[static_cast<std::size_t>(place.index)].text;
  } else if (!omitted) {
    answer.refresh_token = numbered("refresh", ++serial_);
    if (shown != nullptr) {
      auto& old = owner.refresh_tokens[static_cast<std::size_t>(shown->index)];
      old.spent_at = old.spent_at == 0 ? now : old.spent_at;
      old.used_at = now;
    }
    place = {.grant = grant, .index = static_cast<int>(owner.refresh_tokens.size())};
    owner.refresh_tokens.push_back({.text = answer.refresh_token});
    refresh_[answer.refresh_token] = place;
    if (shown == nullptr && settings_.withholds_refresh_tokens &&
        Dice(mix(seed_, serial_, 78)).percent(40)) {
      owner.withheld = true;
      answer.refresh_token.clear();
    }
  }
  owner.refresh_tokens[static_cast<std::size_t>(place.index)].used_at = now;
  if (omitted) {
    // To leave it out is to say that the old one stays (RFC 6749 6).
    owner.refresh_tokens[static_cast<std::size_t>(place.index)].spent_at = 0;
  }
  // "expires_in":0 is as good as none: the core takes no lifetime below a second.
  return {.reply = testing::token_reply(answer), .issued = place};
}

Provider::Answer Provider::token(std::string_view body, EpochMs now, bool secret_is_wrong,
                                 Consent consent) {
  const auto refused = [](int status, std::string_view error) {
    return Answer{.reply = testing::error_reply(status, error), .issued = {}};
  };
  const auto fields = form_decode(body).value_or(FormFields());
  if (secret_is_wrong) {
    return refused(401, "invalid_client");
  }
  const bool arm = field(fields, "scope").find("management.azure.com") != std::string::npos;
  if (field(fields, "grant_type") == "authorization_code") {
    const auto found = codes_.find(field(fields, "code"));
    if (found == codes_.end() || found->second.used) {
      return refused(400, "invalid_grant");
    }
    auto& code = found->second;
    code.used = true;
    grants.push_back({.connection = code.connection, .account = code.account, .born_at = now});
    const auto id_token =
        testing::id_token(person_of(code.account), code.nonce, now, login_origin(settings_));
    return issue(static_cast<int>(grants.size()) - 1, false, now, nullptr, id_token);
  }
  const auto place = find_refresh(field(fields, "refresh_token"));
  if (!place) {
    return refused(400, "invalid_grant");
  }
  auto& grant = grants[static_cast<std::size_t>(place->grant)];
  if (!takes(*place, now)) {
    if (grant.alive && settings_.replay == Replay::family && is_spent(*place)) {
      grant.alive = false;
      grant.ended_by_reuse = true;
    }
    return refused(400, "invalid_grant");
  }
  if (consent == Consent::missing || (arm && consent == Consent::missing_for_arm)) {
    return refused(400, "interaction_required");
  }
  return issue(place->grant, arm, now, &*place, {});
}

const AccessToken* Provider::find_access(std::string_view text) const {
  const auto found = access_.find(text);
  return found == access_.end() ? nullptr : &found->second;
}

const AccessToken* Provider::access(std::string_view text, bool arm, EpochMs now) const {
  const auto* token = find_access(text);
  const bool good =
      token != nullptr && !token->ended && token->arm == arm && token->expires_at > now &&
      grants[static_cast<std::size_t>(token->grant)].alive && !is_over(token->grant, now);
  return good ? token : nullptr;
}

std::optional<RefreshPlace> Provider::find_refresh(std::string_view text) const {
  const auto found = refresh_.find(text);
  return found == refresh_.end() ? std::nullopt : std::optional(found->second);
}

bool Provider::is_spent(const RefreshPlace& place) const {
  const auto& grant = grants[static_cast<std::size_t>(place.grant)];
  return grant.refresh_tokens[static_cast<std::size_t>(place.index)].spent_at != 0;
}

bool Provider::is_over(int grant, EpochMs now) const {
  return settings_.grant_seconds != 0 && now >= grants[static_cast<std::size_t>(grant)].born_at +
                                                    settings_.grant_seconds * kSecondMs;
}

bool Provider::is_idle(const RefreshToken& token, EpochMs now) const {
  return settings_.idle_seconds != 0 && now >= token.used_at + settings_.idle_seconds * kSecondMs;
}

bool Provider::ended_by_itself(int grant, EpochMs now) const {
  const auto& it = grants[static_cast<std::size_t>(grant)];
  return is_over(grant, now) || is_idle(it.refresh_tokens.back(), now);
}

bool Provider::takes(const RefreshPlace& place, EpochMs now) const {
  const auto& grant = grants[static_cast<std::size_t>(place.grant)];
  const auto& token = grant.refresh_tokens[static_cast<std::size_t>(place.index)];
  const auto spent_at = token.spent_at;
  if (!grant.alive || grant.withheld || is_over(place.grant, now) || is_idle(token, now)) {
    return false;
  }
  if (spent_at == 0) {
    return true;
  }
  switch (settings_.replay) {
    case Replay::not_rotated:
    case Replay::old_stays_valid:
      return true;
    case Replay::reuse_leeway:
      return now - spent_at < settings_.leeway;
    case Replay::single_use:
    case Replay::family:
      break;
  }
  return false;
}

bool Provider::minds_overtaking() const {
  return settings_.replay == Replay::single_use || settings_.replay == Replay::family ||
         (settings_.replay == Replay::reuse_leeway && settings_.leeway < kRequestLifeMs);
}

void Provider::end_access(std::string_view text) {
  const auto found = access_.find(text);
  if (found != access_.end()) {
    found->second.ended = true;
  }
}

}  // namespace postern::sim
