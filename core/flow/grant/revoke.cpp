#include "core/flow/grant/revoke.h"

#include <algorithm>
#include <vector>

#include "core/base/text.h"
#include "core/connection/decision.h"
#include "core/flow/authority/store.h"
#include "core/flow/frame/log.h"
#include "core/flow/grant/account.h"
#include "core/flow/store/connections.h"
#include "core/flow/store/database.h"
#include "core/oauth/revocation.h"

namespace postern {

namespace {

constexpr DurationMs kDeadlineMs = 10 * kSecondMs;
constexpr DurationMs kGivenUpMs = kDayMs;
constexpr std::int64_t kMostAnswerBytes = std::int64_t{16} * 1024;
// Until the request is at the provider.
constexpr DurationMs kTokenMarginMs = kMinuteMs;
constexpr std::string_view kOutcomeUnknown = "refresh_outcome_unknown";
constexpr std::string_view kInvalidGrant = "invalid_grant";

// May tokens live that are not in the record, whatever is said of those that are? Not where all of
// an account ends at once.
bool may_live_on(const ConnectionRecord& owed) {
  const auto* provider = find_provider(owed.provider);
  if (provider == nullptr || provider->revocation_ends_grant || owed.sealed_refresh_token.empty() ||
      owed.status != Status::needs_reauth) {
    return false;
  }
  return provider->revocation_by_access_token ? owed.cause != kInvalidGrant
                                              : owed.cause == kOutcomeUnknown;
}

// What was sealed, or nothing where it cannot be opened.
Task<std::string> opened(const ConnectionRecord* record, std::string field, std::int64_t version,
                         std::string sealed) {
  if (sealed.empty()) {
    co_return std::string();
  }
  auto token = co_await perform(Open{.org = record->id.org,
                                     .context = seal_context(record->id, field, version),
                                     .sealed = std::move(sealed)});
  co_return std::move(token).value_or(std::string());
}

// Is the account connected for somebody else as well? While nobody can say, it may be.
Task<Result<bool, HostFault>> is_shared(const ConnectionRecord* record) {
  for (auto& asked : in_every_database({select_same_account(*record)})) {
    const auto rows = co_await perform(std::move(asked));
    if (!rows || rows->empty()) {
      co_return std::unexpected(rows ? HostFault::unavailable : rows.error());
    }
    if (!(*rows)[0].rows.empty()) {
      co_return true;
    }
  }
  co_return false;
}

Task<RevocationResult> ask(const AuthorityState* state, const ConnectionRecord* record) {
  const auto integration = integration_of(*state, record->tenant);
  if (!integration || integration->provider->id != record->provider) {
    co_return RevocationResult::try_again;
  }
  const auto& provider = *integration->provider;
  const auto refresh_token = co_await opened(
      record, "refresh_token", record->refresh_sealed_version, record->sealed_refresh_token);
  const auto* stored = record->token_for(default_api(provider).name);
  std::string access_token;
  if (stored != nullptr) {
    access_token = co_await opened(record, "access_token:" + stored->resource,
                                   stored->sealed_version, stored->sealed);
  }
  if (refresh_token.empty() && access_token.empty()) {
    // For want of its key, perhaps for a while.
    co_return RevocationResult::try_again;
  }
  auto endpoint = token_endpoint(*integration, *state->settings);
  endpoint.url = integration->endpoints.revocation;
  const bool refreshes = !refresh_token.empty();
  auto request = provider.hooks != nullptr && provider.hooks->revocation != nullptr
                     ? provider.hooks->revocation(endpoint, access_token, refresh_token)
                     : make_revocation_request(endpoint, refreshes ? refresh_token : access_token,
                                               refreshes ? "refresh_token" : "access_token");
  add_user_agent(provider, request.headers);
  const auto reply = co_await perform(Fetch{.method = std::move(request.method),
                                            .url = std::move(request.url),
                                            .headers = std::move(request.headers),
                                            .body = std::string(request.body.reveal()),
                                            .deadline_ms = kDeadlineMs,
                                            .max_bytes = kMostAnswerBytes,
                                            .keep_key = {},
                                            .keep_org = {},
                                            .keep_context = {}});
  const auto result =
      reply ? result_of_revocation(reply->status, reply->body) : RevocationResult::unknown;
  if (result != RevocationResult::unclear) {
    co_return result;
  }
  if (access_token.empty() || integration->endpoints.profile.empty()) {
    co_return RevocationResult::try_again;
  }
  const bool is_over = co_await is_refused_token(&*integration, std::move(access_token));
  co_return is_over ? RevocationResult::unknown_token : RevocationResult::try_again;
}

// Written down before it is asked. False where storage does not take it.
Task<bool> note_asked(AuthorityState* state, std::vector<Revocation>* all, Revocation* owed) {
  owed->asked_at = co_await current_time();
  state->outbox->revocations = encode_revocations(*all);
  co_return co_await store(
      state, StorageCommit{.puts = {{kOutboxKey, encode_outbox(*state->outbox)}}, .deletes = {}});
}

bool ends_all_of_its_account(const ConnectionRecord& record) {
  const auto* provider = find_provider(record.provider);
  return provider != nullptr && provider->revocation_ends_grant;
}

// Has this connection been made again, with the same account?
bool is_renewed(const AuthorityState& state, const ConnectionRecord& owed) {
  return state.record && state.record->status == Status::connected &&
         state.record->provider == owed.provider && state.record->account.key == owed.account.key;
}

Task<std::string_view> give_up(const AuthorityState* state) {
  (void)co_await log_connection(LogLevel::error, "revocation_given_up", &state->id);
  co_return revocation::kFailed;
}

// How it stands with one of those that are owed. kPending: it stays so.
Task<std::string_view> end_grant(AuthorityState* state, std::vector<Revocation>* all,
                                 Revocation* owed) {
  const auto record = decode_record(owed->record);
  if (!record) {
    (void)co_await log_connection(LogLevel::error, "revocation_unreadable", &state->id);
    co_return revocation::kNone;
  }
  const bool ends_all = ends_all_of_its_account(*record);
  // A sign-in that is under way may be of the same account. And before D1 has the tombstone, others
  // that are ended now take this connection for one that needs the grant, as this one takes them.
  const bool waits = ends_all && (!state->outbox->d1_done || state->pending ||
                                  state->pending_unreadable || state->sign_in.journal);
  const auto begun = co_await current_time();
  if (waits && begun - owed->since >= kGivenUpMs) {
    co_return co_await give_up(state);
  }
  if (begun < owed->retry_at || waits) {
    co_return revocation::kPending;
  }
  if (lacks_token_to_revoke(*record, co_await current_time())) {
    // "Not known" would be the answer for a dead one, whose refresh token lives on.
    co_return co_await give_up(state);
  }
  if (ends_all && is_renewed(*state, *record)) {
    co_return revocation::kShared;
  }
  auto result = RevocationResult::try_again;
  if (!ends_all) {
    result = co_await ask(state, &*record);
  } else if (const auto shared = co_await is_shared(&*record)) {
    if (*shared) {
      co_return revocation::kShared;
    }
    if (!co_await note_asked(state, all, owed)) {
      co_return revocation::kPending;
    }
    result = co_await ask(state, &*record);
  }
  if (result == RevocationResult::unknown_token && may_live_on(*record)) {
    co_return co_await give_up(state);
  }
  if (result == RevocationResult::done || result == RevocationResult::unknown_token) {
    (void)co_await log_connection(LogLevel::info, "revoked", &state->id);
    co_return revocation::kRevoked;
  }
  if (result == RevocationResult::try_again) {
    owed->asked_at = 0;
  }
  const auto now = co_await current_time();
  if (now - owed->since >= kGivenUpMs) {
    co_return co_await give_up(state);
  }
  owed->retry_at = now + patience(owed->since, now, kMinuteMs);
  (void)co_await log_connection(LogLevel::warn, "revocation_retry", &state->id);
  co_return revocation::kPending;
}

}  // namespace

std::optional<Revocation> revocation_owed_for(const ConnectionRecord& record, EpochMs now,
                                              bool in_doubt) {
  const auto* provider = find_provider(record.provider);
  if (provider == nullptr || provider->revocation_endpoint.empty() || record.tokens.empty()) {
    return std::nullopt;
  }
  auto owed = record;
  if (in_doubt) {
    owed.status = Status::needs_reauth;
    owed.cause = kOutcomeUnknown;
  }
  return Revocation{.record = encode_record(owed), .since = now, .retry_at = now};
}

bool lacks_token_to_revoke(const ConnectionRecord& record, EpochMs now) {
  const auto* provider = find_provider(record.provider);
  if (provider == nullptr || !provider->revocation_by_access_token ||
      record.sealed_refresh_token.empty() ||
      (record.status != Status::connected && !may_live_on(record))) {
    return false;
  }
  const auto* token = record.token_for(default_api(*provider).name);
  return token == nullptr || !is_alive(*token, now + kTokenMarginMs);
}

std::vector<Revocation> owed_for_pending(const AuthorityState& state, EpochMs now) {
  const auto record = state.pending ? decode_record(state.pending->record) : std::nullopt;
  auto owed = record ? revocation_owed_for(*record, now) : std::nullopt;
  std::vector<Revocation> all;
  if (owed) {
    all.push_back(std::move(*owed));
  }
  return all;
}

std::string_view nothing_owed(const AuthorityState* state) {
  const auto& record = state->record;
  const auto* provider = record && !record->provider.empty()
                             ? find_provider(record->provider)
                             : (state->settings ? state->settings->provider : nullptr);
  return provider == nullptr || provider->revocation_endpoint.empty() ? revocation::kUnsupported
                                                                      : revocation::kNone;
}

bool owe(AuthorityState* state, std::vector<Revocation> more, EpochMs now, StorageCommit* commit) {
  if (more.empty()) {
    return false;
  }
  if (!state->outbox) {
    state->outbox = Outbox{.kv_done = true, .d1_done = true};
  }
  auto& outbox = *state->outbox;
  const bool full = add_revocations(&outbox, std::move(more));
  outbox.retry_at = next_try(outbox, now);
  commit->puts.emplace_back(kOutboxKey, encode_outbox(outbox));
  return full;
}

bool may_be_revoking(const AuthorityState& state, EpochMs now) {
  if (now < state.recovered && state.record && state.record->status == Status::revoked &&
      ends_all_of_its_account(*state.record)) {
    return true;  // the lost storage may have known of one
  }
  const auto owed =
      decode_revocations(state.outbox ? state.outbox->revocations : std::string_view());
  return owed && std::ranges::any_of(*owed, [&](const Revocation& each) {
           const auto record = decode_record(each.record);
           return record && ends_all_of_its_account(*record) && each.asked_at <= now &&
                  now < each.asked_at + kRequestLifeMs;
         });
}

Task<std::string_view> revoke_owed(AuthorityState* state) {
  if (!state->outbox || state->outbox->revocations.empty()) {
    co_return revocation::kNone;
  }
  if (state->behind) {
    co_return revocation::kPending;
  }
  const auto before = state->outbox->revocations;
  auto owed = decode_revocations(before);
  if (!owed) {
    (void)co_await log_connection(LogLevel::error, "revocation_unreadable", &state->id);
    owed.emplace();
  }
  auto newest = revocation::kNone;
  std::vector<Revocation> left;
  for (auto& each : *owed) {
    newest = co_await end_grant(state, &*owed, &each);
    if (newest == revocation::kPending) {
      left.push_back(each);
    }
  }
  auto& outbox = *state->outbox;
  outbox.revocations = encode_revocations(left);
  const auto now = co_await current_time();
  const bool is_alone = outbox.owes_no_store();
  const bool is_over = is_alone && outbox.retry_at <= now;
  if (state->behind || (outbox.revocations == before && !is_over)) {
    co_return newest;
  }
  StorageCommit commit;
  if (outbox.is_done()) {
    state->outbox.reset();
    commit.deletes.emplace_back(kOutboxKey);
  } else {
    outbox.retry_at = is_alone ? next_try(outbox, now) : outbox.retry_at;
    commit.puts.emplace_back(kOutboxKey, encode_outbox(outbox));
  }
  (void)co_await store(state, std::move(commit));
  co_return newest;
}

}  // namespace postern
