#include "core/flow/grant/revoke.h"

#include "core/base/text.h"
#include "core/connection/decision.h"
#include "core/flow/authority/store.h"
#include "core/flow/frame/log.h"
#include "core/flow/store/connections.h"
#include "core/flow/store/database.h"
#include "core/oauth/revocation.h"

namespace postern {

namespace {

constexpr DurationMs kDeadlineMs = 10 * kSecondMs;
constexpr DurationMs kGivenUpMs = kDayMs;

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
  const auto rows =
      co_await perform(in_database_of(record->id.org, {select_same_account(*record)}));
  if (!rows || rows->empty()) {
    co_return std::unexpected(rows ? HostFault::unavailable : rows.error());
  }
  co_return !(*rows)[0].rows.empty();
}

Task<RevocationResult> ask(const AuthorityState* state, const ConnectionRecord* record) {
  const auto integration = integration_of(*state, record->tenant);
  if (!integration || integration->provider->id != record->provider) {
    co_return RevocationResult::try_again;
  }
  const auto& provider = *integration->provider;
  if (lacks_token_to_revoke(*record, co_await current_time())) {
    // "Not known" would be the answer for a dead one, whose refresh token lives on.
    co_return RevocationResult::try_again;
  }
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
                                            .max_bytes = kBodyUnread,
                                            .keep_key = {},
                                            .keep_org = {},
                                            .keep_context = {}});
  co_return reply ? result_of_revocation(reply->status) : RevocationResult::try_again;
}

// Nothing is owed to the provider any more.
Task<std::monostate> settle_revocation(AuthorityState* state) {
  state->outbox->revocation.clear();
  StorageCommit commit;
  if (state->outbox->is_done()) {
    state->outbox.reset();
    commit.deletes.emplace_back(kOutboxKey);
  } else {
    commit.puts.emplace_back(kOutboxKey, encode_outbox(*state->outbox));
  }
  (void)co_await store(state, std::move(commit));
  co_return std::monostate{};
}

}  // namespace

std::string revocation_owed_for(const ConnectionRecord& record, EpochMs now) {
  const auto* provider = find_provider(record.provider);
  if (provider == nullptr || provider->revocation_endpoint.empty() || record.tokens.empty()) {
    return {};
  }
  return encode_revocation({.record = encode_record(record), .since = now, .retry_at = now});
}

bool lacks_token_to_revoke(const ConnectionRecord& record, EpochMs now) {
  const auto* provider = find_provider(record.provider);
  if (provider == nullptr || !provider->revocation_by_access_token ||
      record.status != Status::connected || record.sealed_refresh_token.empty()) {
    return false;
  }
  const auto* token = record.token_for(default_api(*provider).name);
  return token == nullptr || !is_alive(*token, now);
}

std::string_view nothing_owed(const AuthorityState* state) {
  const auto& record = state->record;
  const auto* provider = record && !record->provider.empty()
                             ? find_provider(record->provider)
                             : (state->settings ? state->settings->provider : nullptr);
  return provider == nullptr || provider->revocation_endpoint.empty() ? revocation::kUnsupported
                                                                      : revocation::kNone;
}

Task<std::string_view> revoke_owed(AuthorityState* state) {
  if (!state->outbox || state->outbox->revocation.empty() || state->behind) {
    co_return revocation::kNone;
  }
  auto owed = decode_revocation(state->outbox->revocation);
  const auto record = owed ? decode_record(owed->record) : std::nullopt;
  if (!record) {
    (void)co_await log_connection(LogLevel::error, "revocation_unreadable", &state->id);
    (void)co_await settle_revocation(state);
    co_return revocation::kNone;
  }
  const auto* provider = find_provider(record->provider);
  const bool ends_all = provider != nullptr && provider->revocation_ends_grant;
  // A sign-in that is under way may be of the same account.
  const bool is_signing_in = state->pending || state->pending_unreadable || state->sign_in.journal;
  if (co_await current_time() < owed->retry_at || (ends_all && is_signing_in)) {
    co_return revocation::kPending;
  }
  auto result = RevocationResult::try_again;
  if (ends_all) {
    const auto shared = co_await is_shared(&*record);
    if (shared && *shared) {
      (void)co_await settle_revocation(state);
      co_return revocation::kShared;
    }
    if (shared) {
      result = co_await ask(state, &*record);
    }
  } else {
    result = co_await ask(state, &*record);
  }
  if (result == RevocationResult::done) {
    (void)co_await log_connection(LogLevel::info, "revoked", &state->id);
    (void)co_await settle_revocation(state);
    co_return revocation::kRevoked;
  }
  const auto now = co_await current_time();
  if (now - owed->since >= kGivenUpMs) {
    (void)co_await log_connection(LogLevel::error, "revocation_given_up", &state->id);
    (void)co_await settle_revocation(state);
    co_return revocation::kNone;
  }
  owed->retry_at = now + patience(owed->since, now, kMinuteMs);
  state->outbox->revocation = encode_revocation(*owed);
  state->outbox->retry_at = next_try(*state->outbox, now);
  (void)co_await log_connection(LogLevel::warn, "revocation_retry", &state->id);
  (void)co_await store(
      state, StorageCommit{.puts = {{kOutboxKey, encode_outbox(*state->outbox)}}, .deletes = {}});
  co_return revocation::kPending;
}

}  // namespace postern
