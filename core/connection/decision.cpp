#include "core/connection/decision.h"

#include <algorithm>

namespace postern {

TokenVerdict decide_token(const ConnectionRecord* record, const TokenDemand& demand, EpochMs now) {
  if (record == nullptr || record->status == Status::revoked ||
      record->status == Status::not_connected) {
    return {TokenDecision::not_connected, "nothing_stored"};
  }
  const auto* token = record->token_for(demand.resource);
  const bool can_refresh =
      !record->sealed_refresh_token.empty() && record->status == Status::connected;
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
  if (record->status == Status::needs_reauth) {
    return {TokenDecision::needs_person, "needs_reauth"};
  }
  if (record->sealed_refresh_token.empty()) {
    return {TokenDecision::needs_person, "no_refresh_token"};
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
  if (kind == FaultKind::integration) {
    return FaultDecision::integration_down;
  }
  return kind == FaultKind::terminal && asked_version == newest_version
             ? FaultDecision::needs_person
             : FaultDecision::retry_later;
}

std::string evidence_of(std::string_view error, std::string_view reference) {
  std::string text(error);
  if (!reference.empty()) {
    text += ", reference ";
    text += reference;
  }
  return text;
}

std::string_view who_can_fix(std::string_view evidence) {
  return evidence.starts_with("access_denied") ? "administrator" : "user";
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
