#include "core/connection/decision.h"

#include <algorithm>

#include "core/connection/application.h"

namespace postern {

TokenVerdict decide_token(const ConnectionRecord* record, const TokenDemand& demand, EpochMs now) {
  if (record == nullptr || record->status == Status::revoked ||
      record->status == Status::not_connected) {
    return {TokenDecision::not_connected, "nothing_stored"};
  }
  const auto* token = record->token_for(demand.resource);
  const bool can_refresh = may_refresh(*record);
  const bool refused = demand.refused_version != 0 && token != nullptr &&
                       token->sealed_version <= demand.refused_version;
  if (token != nullptr && !refused) {
    // An unknown lifetime is served until the resource server refuses it.
    const bool known = token->expires_at != 0;
    const DurationMs left = token->expires_at - now;
    if (token->minted_at >= demand.arrived_at && (!known || left > 0)) {
      return {TokenDecision::serve, "minted_after_arrival"};
    }
    const DurationMs lifetime = token->expires_at - token->minted_at;
    // Asking for more life than a token ever has would refresh for ever.
    const DurationMs wanted =
        std::max(kRefreshWindowMs, std::min(demand.min_ttl_ms, lifetime - lifetime / 4));
    if (!demand.forced && (!known || left > wanted)) {
      return {TokenDecision::serve, "fresh"};
    }
    // Whoever demands a refresh is told that there can be none.
    if (!can_refresh && !demand.forced && (!known || left > 0)) {
      return {TokenDecision::serve, "cannot_refresh"};
    }
  }
  if (!can_refresh) {
    return {TokenDecision::needs_person,
            record->sealed_refresh_token.empty() ? "no_refresh_token" : "needs_reauth"};
  }
  if (refused) {
    return {TokenDecision::refresh, "refused_by_resource"};
  }
  if (demand.forced) {
    return {TokenDecision::refresh, "forced"};
  }
  return {TokenDecision::refresh, token == nullptr ? "no_token_for_resource" : "near_expiry"};
}

bool is_alive(const StoredAccessToken& token, EpochMs now) {
  return token.expires_at == 0 || token.expires_at > now;
}

ReplayVerdict decide_replay(const ReplayRule& rule, const OpenJournal& journal, EpochMs now) {
  switch (rule.kind) {
    case ReplayClass::not_rotated:
      return {ReplayDecision::replay_is_safe, "not_rotated"};
    case ReplayClass::old_stays_valid:
      return {ReplayDecision::replay_is_safe, "old_stays_valid"};
    case ReplayClass::reuse_leeway:
      return now - journal.sent_at < rule.leeway_seconds * kSecondMs
                 ? ReplayVerdict{ReplayDecision::replay_is_safe, "within_leeway"}
                 : ReplayVerdict{ReplayDecision::replay_may_be_refused, "leeway_over"};
    case ReplayClass::single_use:
      break;
  }
  return {ReplayDecision::replay_may_be_refused, "single_use"};
}

bool works_again(const ReplayRule& rule) {
  return rule.kind == ReplayClass::not_rotated || rule.kind == ReplayClass::old_stays_valid;
}

bool may_overtake(const ReplayRule& rule) {
  return works_again(rule) || (rule.kind == ReplayClass::reuse_leeway &&
                               rule.leeway_seconds * kSecondMs >= kRequestLifeMs);
}

bool was_used(const ConnectionRecord& earlier, const ConnectionRecord& newest) {
  return earlier.granted_at == newest.granted_at &&
         earlier.refresh_minted_at < newest.refresh_minted_at;
}

bool may_have_been_spent(const ReplayRule& rule, const OpenJournal& journal, EpochMs now) {
  if (journal.attempts < 2 && !journal.recovered) {
    return false;
  }
  const OpenJournal shown{.sent_at = journal.recovered ? 0 : journal.sent_at};
  return decide_replay(rule, shown, now).decision == ReplayDecision::replay_may_be_refused;
}

FaultDecision decide_fault(FaultKind kind, std::int64_t asked_version,
                           std::int64_t newest_version) {
  const bool is_newest = asked_version == newest_version;
  switch (kind) {
    case FaultKind::integration:
      return FaultDecision::integration_down;
    case FaultKind::refused:
      return FaultDecision::resource_refused;
    case FaultKind::person:
      return is_newest ? FaultDecision::needs_person : FaultDecision::retry_later;
    case FaultKind::terminal:
      return is_newest ? FaultDecision::grant_is_dead : FaultDecision::retry_later;
    case FaultKind::transient:
      break;
  }
  return FaultDecision::retry_later;
}

bool may_refresh(const ConnectionRecord& record) {
  if (is_application(record)) {
    // Somebody may have mended it, and a token that is asked for again does no harm.
    return record.status == Status::connected || record.status == Status::needs_reauth;
  }
  return !record.sealed_refresh_token.empty() &&
         (record.status == Status::connected ||
          (record.status == Status::needs_reauth && record.cause == kNeedsPerson));
}

void set_connected(ConnectionRecord* record) {
  record->status = Status::connected;
  record->cause.clear();
  record->evidence.clear();
  record->claims.clear();
}

std::string cause_of(const ProviderWords& words) {
  if (words.suberror == "consent_required") return words.suberror;
  return words.error == "invalid_grant" ? "interaction_required" : words.error;
}

AccountDecision decide_account(const ConnectionRecord* record, std::string_view account_key,
                               bool allow_other) {
  if (record == nullptr || record->account.key.empty()) {
    return AccountDecision::first;
  }
  if (record->account.key == account_key) {
    return AccountDecision::same;
  }
  // After a disconnect the person is free to choose anew.
  if (record->status == Status::revoked) {
    return AccountDecision::first;
  }
  return allow_other ? AccountDecision::other_allowed : AccountDecision::other_refused;
}

}  // namespace postern
