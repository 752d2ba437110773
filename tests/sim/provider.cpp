#include "tests/sim/provider.h"

#include "core/base/form.h"
#include "core/base/text.h"
#include "core/connection/decision.h"
#include "tests/flows/host/story.h"
#include "tests/sim/dice.h"
#include "tests/sim/people.h"

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

// Longer than any history.
constexpr DurationMs kForEverMs = 3650 * kDayMs;

bool withholds(const ProviderSettings& settings, std::uint64_t key) {
  return settings.lasting_tokens || (settings.withholds_refresh_tokens && Dice(key).percent(40));
}

enum class Why : std::uint8_t { client, code, refresh_token };

constexpr std::string_view kClaims =
    R"(,"claims":"{\"access_token\":{\"acrs\":{\"value\":\"c1\"}}}")";

HttpReply not_for_this_api(Wording wording) {
  switch (wording) {
    case Wording::interaction_required:
      return testing::error_reply(400, "interaction_required");
    case Wording::suberror:
      return testing::error_reply(400, "invalid_grant", R"(,"suberror":"basic_action")");
    case Wording::claims:
      return testing::error_reply(400, "invalid_grant", kClaims);
    case Wording::refused:
      break;
  }
  return testing::error_reply(400, "invalid_resource");
}

HttpReply refusal(Vendor vendor, Why why) {
  if (vendor == Vendor::github) {
    // With 200 (docs.github.com: "Troubleshooting OAuth app access token request errors").
    return testing::error_reply(200, why == Why::client ? "incorrect_client_credentials"
                                     : why == Why::code ? "bad_verification_code"
                                                        : "bad_refresh_token");
  }
  return why == Why::client ? testing::error_reply(401, "invalid_client")
                            : testing::error_reply(400, "invalid_grant");
}

// The other directory knows every second person.
bool is_guest(int person) {
  return person % 2 == 0;
}

std::string numbered(std::string_view what, std::uint64_t number) {
  return std::string(what) + "-" + to_decimal(static_cast<std::int64_t>(number));
}

}  // namespace

std::string_view name_of(Wording wording) {
  constexpr std::string_view kNames[] = {"interaction_required", "suberror", "claims", "refused"};
  return kNames[static_cast<std::size_t>(wording)];
}

std::optional<Wording> wording_of(const HttpReply& reply) {
  constexpr std::string_view kSigns[] = {"interaction_required", "basic_action", "acrs",
                                         "invalid_resource"};
  for (std::size_t i = 0; i < std::size(kSigns); ++i) {
    if (reply.body.contains(kSigns[i])) {
      return static_cast<Wording>(i);
    }
  }
  return std::nullopt;
}

std::string Provider::authorize(int connection, int person, std::string nonce) {
  auto code = numbered("code", ++serial_);
  codes_[code] = {.connection = connection, .person = person, .nonce = std::move(nonce)};
  return code;
}

int Provider::connection_of_code(std::string_view code) const {
  const auto found = codes_.find(code);
  return found == codes_.end() ? -1 : found->second.connection;
}

Provider::Answer Provider::issue(int grant, Use use, EpochMs now, const RefreshPlace* shown,
                                 const std::string& id_token) {
  auto& owner = grants[static_cast<std::size_t>(grant)];
  const auto& settings = settings_of(grant);
  if (settings.refresh_ends_access_tokens) {
    for (auto& [text, token] : access_) {
      token.ended =
          token.ended || (token.grant == grant && token.arm == use.arm && token.guest == use.guest);
    }
  }
  testing::TokenAnswer answer{
      .access_token = numbered("access", ++serial_),
      .refresh_token = {},
      .id_token = id_token,
      .expires_in = settings.lasting_tokens ? 0 : static_cast<int>(settings.lifetime_seconds)};
  if (owner.vendor == Vendor::github) {
    answer.scope = "read:user,repo";
  }
  const auto lifetime = settings.lifetime_seconds == 0 ? 3600 : settings.lifetime_seconds;
  access_[answer.access_token] = {
      .grant = grant,
      .arm = use.arm,
      .guest = use.guest,
      .expires_at = now + (settings.lasting_tokens ? kForEverMs : lifetime * kSecondMs)};
  auto place = shown != nullptr ? *shown : RefreshPlace{.grant = grant, .index = 0};
  const bool omitted =
      shown != nullptr && Dice(mix(plan_.seed, serial_, 77)).percent(settings.omits_refresh_token);
  if (shown != nullptr && settings.replay == Replay::not_rotated) {
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
    if (shown == nullptr && withholds(settings, mix(plan_.seed, serial_, 78))) {
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

Provider::Answer Provider::token(const Request& request) {
  const auto vendor = request.vendor;
  const auto fields = form_decode(request.body).value_or(FormFields());
  const auto refused = [&](Why why) { return Answer{.reply = refusal(vendor, why), .issued = {}}; };
  if (request.secret_is_wrong || field(fields, "client_secret") != facts_of(vendor).client_secret) {
    return refused(Why::client);
  }
  const bool arm = field(fields, "scope").find("management.azure.com") != std::string::npos;
  if (field(fields, "grant_type") == "authorization_code") {
    const auto found = codes_.find(field(fields, "code"));
    if (found == codes_.end() || found->second.used ||
        plan_.vendor(found->second.connection) != vendor) {
      return refused(Why::code);
    }
    auto& code = found->second;
    code.used = true;
    grants.push_back({.vendor = vendor,
                      .connection = code.connection,
                      .person = code.person,
                      .born_at = request.now});
    const auto id_token =
        id_token_of(vendor, plan_.settings.of(vendor),
                    {.person = code.person, .nonce = code.nonce, .now = request.now});
    return issue(static_cast<int>(grants.size()) - 1, {}, request.now, nullptr, id_token);
  }
  const auto place = find_refresh(field(fields, "refresh_token"));
  if (!place || grant(place->grant).vendor != vendor) {
    return refused(Why::refresh_token);
  }
  if (!takes(*place, request.now)) {
    refuse_spent(*place);
    return refused(Why::refresh_token);
  }
  if (request.guest && !is_guest(grant(place->grant).person)) {
    // As if the grant were over: AADSTS50020, invalid_grant without a suberror.
    return refused(Why::refresh_token);
  }
  const auto consent = vendor == Vendor::azure ? request.consent : Consent::given;
  if (consent == Consent::missing || (arm && consent == Consent::missing_for_arm)) {
    return {.reply = not_for_this_api(request.wording), .issued = {}};
  }
  return issue(place->grant, {.arm = arm, .guest = request.guest}, request.now, &*place, {});
}

void Provider::refuse_spent(const RefreshPlace& place) {
  auto& grant = grants[static_cast<std::size_t>(place.grant)];
  if (grant.alive && settings_of(place.grant).replay == Replay::family && is_spent(place)) {
    grant.alive = false;
    grant.ended_by_reuse = true;
  }
}

const AccessToken* Provider::find_access(std::string_view text) const {
  const auto found = access_.find(text);
  return found == access_.end() ? nullptr : &found->second;
}

const AccessToken* Provider::access(Vendor vendor, std::string_view text, bool arm,
                                    EpochMs now) const {
  const auto* token = find_access(text);
  const bool good = token != nullptr && !token->ended && token->arm == arm && !token->guest &&
                    token->expires_at > now && grant(token->grant).vendor == vendor &&
                    grant(token->grant).alive && !is_over(token->grant, now);
  return good ? token : nullptr;
}

std::optional<RefreshPlace> Provider::find_refresh(std::string_view text) const {
  const auto found = refresh_.find(text);
  return found == refresh_.end() ? std::nullopt : std::optional(found->second);
}

bool Provider::is_spent(const RefreshPlace& place) const {
  return grant(place.grant).refresh_tokens[static_cast<std::size_t>(place.index)].spent_at != 0;
}

bool Provider::is_over(int grant_index, EpochMs now) const {
  const auto seconds = settings_of(grant_index).grant_seconds;
  return seconds != 0 && now >= grant(grant_index).born_at + seconds * kSecondMs;
}

bool Provider::is_idle(int grant_index, const RefreshToken& token, EpochMs now) const {
  const auto seconds = settings_of(grant_index).idle_seconds;
  return seconds != 0 && now >= token.used_at + seconds * kSecondMs;
}

bool Provider::ended_by_itself(int grant_index, EpochMs now) const {
  return is_over(grant_index, now) ||
         is_idle(grant_index, grant(grant_index).refresh_tokens.back(), now);
}

bool Provider::takes(const RefreshPlace& place, EpochMs now) const {
  const auto& of = grant(place.grant);
  const auto& token = of.refresh_tokens[static_cast<std::size_t>(place.index)];
  const auto& settings = settings_of(place.grant);
  const auto spent_at = token.spent_at;
  if (!of.alive || of.withheld || is_over(place.grant, now) || is_idle(place.grant, token, now)) {
    return false;
  }
  if (spent_at == 0) {
    return true;
  }
  switch (settings.replay) {
    case Replay::not_rotated:
    case Replay::old_stays_valid:
      return true;
    case Replay::reuse_leeway:
      return now - spent_at < settings.leeway;
    case Replay::single_use:
    case Replay::family:
      break;
  }
  return false;
}

bool Provider::minds_overtaking(int grant_index) const {
  const auto& settings = settings_of(grant_index);
  return settings.replay == Replay::single_use || settings.replay == Replay::family ||
         (settings.replay == Replay::reuse_leeway && settings.leeway < kRequestLifeMs);
}

void Provider::end_access(std::string_view text) {
  const auto found = access_.find(text);
  if (found != access_.end()) {
    found->second.ended = true;
  }
}

}  // namespace postern::sim
