#include "core/flow/grant/account.h"

#include <algorithm>

#include "core/base/json.h"
#include "core/base/text.h"

namespace postern {

namespace {

constexpr std::size_t kMostIdBytes = 255;
constexpr std::size_t kMostNameBytes = 256;

struct Profile {
  std::string id;
  std::string name;
  std::string username;
};

std::string display_text(const Json& document, std::string_view name) {
  const auto text = json_text(document, name);
  return text.size() <= kMostNameBytes && is_clean_text(text) ? std::string(text) : std::string();
}

// Text, or a whole number as it was written; empty where it is neither.
std::string id_text(const Json& document, std::string_view name) {
  const auto* member = json_member(document, name);
  if (member == nullptr) {
    return {};
  }
  const bool number = member->kind == JsonKind::number;
  const std::string id(number ? std::string_view(member->text) : json_text(document, name));
  const bool usable = std::ranges::all_of(
      id, [number](char c) { return number ? c >= '0' && c <= '9' : c >= 0x21 && c <= 0x7e; });
  return usable && id.size() <= kMostIdBytes ? id : std::string();
}

// Too many requests, which some say with 403 and how many remain.
bool is_rate_limited(const HttpReply& reply) {
  return std::ranges::any_of(reply.headers, [](const auto& header) {
    return header.first == "retry-after" ||
           (header.first == "x-ratelimit-remaining" && header.second == "0");
  });
}

IdentityFault fault_of_reply(const Fetch::Reply& reply) {
  const bool refused = reply && (reply->status == 401 || reply->status == 404 ||
                                 (reply->status == 403 && !is_rate_limited(*reply)));
  return {.reason = refused ? "profile_refused" : "profile_unavailable", .transient = !refused};
}

Task<Fetch::Reply> ask_profile(const Integration* integration, std::string access_token) {
  Pairs headers = {{"authorization", "Bearer " + std::move(access_token)},
                   {"accept", "application/json"}};
  add_user_agent(*integration->provider, headers);
  co_return co_await perform(Fetch{.method = "GET",
                                   .url = integration->endpoints.profile,
                                   .headers = std::move(headers),
                                   .body = {},
                                   .deadline_ms = 5 * kSecondMs,
                                   .max_bytes = std::int64_t{64} * 1024,
                                   .keep_key = {},
                                   .keep_org = {},
                                   .keep_context = {}});
}

Task<Result<Profile, IdentityFault>> read_profile(const Integration* integration,
                                                  std::string access_token) {
  const auto reply = co_await ask_profile(integration, std::move(access_token));
  if (!reply || reply->status != 200) {
    co_return std::unexpected(fault_of_reply(reply));
  }
  const auto document = parse_content(reply->body);
  const auto& members = integration->provider->profile;
  Profile profile;
  if (document && document->is_object()) {
    profile = {.id = id_text(*document, members.id),
               .name = display_text(*document, members.name),
               .username = display_text(*document, members.username)};
  }
  if (profile.id.empty()) {
    co_return std::unexpected(IdentityFault{.reason = "profile_unreadable", .transient = false});
  }
  co_return std::move(profile);
}

}  // namespace

Task<Result<Account, IdentityFault>> account_by_id_token(const Integration* integration,
                                                         std::string id_token, std::string nonce,
                                                         EpochMs at) {
  auto identity = co_await verify_identity(integration, std::move(id_token), std::move(nonce), at);
  if (!identity) {
    co_return std::unexpected(std::move(identity.error()));
  }
  co_return Account{
      .key = identity->account_key(),
      .tenant_id = identity->tenant,
      .provider_user_id = identity->object.empty() ? identity->subject : identity->object,
      .name = identity->name,
      .username = identity->username.empty() ? identity->email : identity->username};
}

Task<Result<Account, IdentityFault>> account_by_profile(const Integration* integration,
                                                        std::string access_token) {
  auto profile = co_await read_profile(integration, std::move(access_token));
  if (!profile) {
    co_return std::unexpected(std::move(profile.error()));
  }
  // '|' occurs in no origin.
  co_return Account{.key = integration->login_origin + '|' + profile->id,
                    .tenant_id = {},
                    .provider_user_id = profile->id,
                    .name = profile->name,
                    .username = profile->username};
}

Task<bool> is_refused_token(const Integration* integration, std::string access_token) {
  const auto reply = co_await ask_profile(integration, std::move(access_token));
  co_return reply && reply->status == 401;
}

Task<Account> with_profile(const Integration* integration, std::string access_token,
                           Account account) {
  const auto profile = co_await read_profile(integration, std::move(access_token));
  if (profile && profile->id == account.provider_user_id) {
    account.name = profile->name.empty() ? account.name : profile->name;
    account.username = profile->username.empty() ? account.username : profile->username;
  }
  co_return std::move(account);
}

}  // namespace postern
