#include "tests/sim/expected.h"

#include <iterator>
#include <string_view>

namespace postern::sim {

namespace {

// Branches of the flows, by the words that they say and by what the host sees of them. Not here are
// those that no history can take: a terminal fault about an older version than the newest (one flow
// at a time), a journal without a record, a backup that is newer than the storage.
constexpr std::string_view kBranches[] = {
    // decide_token
    "token.nothing_stored", "token.minted_after_arrival", "token.fresh", "token.cannot_refresh",
    "token.needs_reauth", "token.no_refresh_token", "token.refused_by_resource", "token.forced",
    "token.no_token_for_resource", "token.near_expiry",
    // What an earlier exchange left open.
    "settle.kept_answer", "settle.kept_answer_left_alone", "settle.at_once_in_the_same_life",
    "settle.waits_for_another_life", "settle.waits_as_asked", "settle.replays",
    "settle.sign_in_with_its_answer", "settle.sign_in_without_answer",
    // decide_replay
    "log.refresh_replay reason=not_rotated", "log.refresh_replay reason=old_stays_valid",
    "log.refresh_replay reason=within_leeway", "log.refresh_replay reason=leeway_over",
    "log.refresh_replay reason=single_use",
    // What an answer leads to.
    "log.refreshed", "log.refresh_token_kept reason=malformed", "log.refresh_retry reason=network",
    "log.refresh_retry reason=timeout", "log.refresh_retry reason=http_5xx",
    "log.refresh_retry reason=rate_limited", "log.refresh_retry reason=not_json",
    "log.needs_reauth cause=invalid_grant", "log.needs_reauth cause=refresh_outcome_unknown",
    "integration_fault.serves_what_lives", "integration_fault.has_nothing_to_serve",
    "remembers.refused", "remembers.refused-integration", "remembered.refused",
    "remembered.refused-integration", "remembers.heal", "ring.does_not_seal", "ring.does_not_open",
    "ring.unknown_kid",
    // The end of a connection's grant, and of its storage.
    "fate.ended_by_the_person", "fate.ended_by_itself", "fate.ended_after_a_rollback",
    "fate.lost_with_its_answer", "fate.at_risk", "fate.nobody_could_confirm_it",
    "wording.interaction_required", "wording.suberror", "wording.claims", "wording.refused",
    "fate.needs_person", "provider_down.for_one_resource", "storage_lost.at_rest",
    "storage_lost.with_what_was_owed", "log.connection_recovered",
    // Whose a sign-in's tokens are, where no ID token says it.
    "log.connect_refused reason=profile_unavailable", "log.connect_refused reason=profile_refused",
    "log.connect_refused reason=profile_unreadable",
    // What becomes of an ended connection's grant at its provider.
    "provider_revocation.none", "provider_revocation.unsupported", "provider_revocation.pending",
    "provider_revocation.revoked", "provider_revocation.failed", "provider_revocation.shared",
    "log.revoked", "log.revocation_retry", "log.revocation_given_up", "revocation_fate.over",
    "revocation_fate.given_up", "revocation_fate.left_to_others", "end.tombstone",
    // Unasked.
    "refresh_due.keep_alive", "refresh_due.keep_fresh", "schedule.keep_alive",
    "schedule.keep_fresh", "alarm.pending_sign_in_expired",
    // Stores behind, and events.
    "log.outbox_retry kv=failed d1=done", "log.outbox_retry kv=done d1=failed",
    "log.outbox_retry kv=failed d1=failed", "event.connected", "event.refreshed",
    "event.refresh_retry", "event.refresh_failed", "event.recovered", "event.needs_reauth",
    "event.disconnected", "event.grant_expiring", "webhook.taken", "webhook.again",
    "webhook.given_up", "log.webhook_failed reason=503", "log.webhook_failed reason=429",
    "log.webhook_failed reason=timeout", "log.webhook_failed reason=unavailable", "redeliver.200",
    "rollback.200",
    // The table of statuses.
    "transition.not_connected->connected", "transition.not_connected->revoked",
    "transition.connected->connected", "transition.connected->needs_reauth",
    "transition.connected->revoked", "transition.needs_reauth->connected",
    "transition.needs_reauth->revoked", "transition.revoked->connected",
    "transition.revoked->revoked",
    // Crashes and the queue.
    "crash.busy", "crash.idle", "crash.with_a_request_on_its_way", "queue.coalesced",
    "queue.waited", "queue.aside"};

// Met about once in 20,000 histories: every change of a flow moves them about.
constexpr std::string_view kRareBranches[] = {"remembered.replaced", "revocation_fate.renewed"};

std::string world_of(Vendor vendor, Replay replay, Declared declared) {
  return std::string(name_of(vendor)) + ": " + std::string(name_of(replay)) + ", " +
         std::string(name_of(declared));
}

}  // namespace

void count_world(const Plan& plan, Coverage& coverage) {
  for (const auto vendor : kEveryVendor) {
    if (plan.uses(vendor)) {
      const auto& settings = plan.settings.of(vendor);
      coverage.count("provider", world_of(vendor, settings.replay, settings.declared));
      coverage.count("mode", name_of(settings.schedule));
    }
  }
}

std::vector<std::string> never_met(const Coverage& coverage, std::uint64_t histories) {
  if (histories < kEnoughHistories) {
    return {};
  }
  std::vector<std::string> names(std::begin(kBranches), std::end(kBranches));
  if (histories >= kEnoughForRareBranches) {
    names.insert(names.end(), std::begin(kRareBranches), std::end(kRareBranches));
  }
  for (std::size_t i = 0; i < kFaults; ++i) {
    names.push_back("fault." + std::string(name_of(static_cast<Fault>(i))));
  }
  for (std::size_t i = 0; i < kDeeds; ++i) {
    names.push_back("action." + std::string(name_of(static_cast<Deed>(i))));
  }
  for (const auto vendor : kEveryVendor) {
    for (const auto replay : {Replay::not_rotated, Replay::old_stays_valid, Replay::reuse_leeway,
                              Replay::single_use, Replay::family}) {
      for (const auto declared : {Declared::itself, Declared::truth, Declared::nothing}) {
        if (declared != Declared::itself || may_be_itself(vendor, replay)) {
          names.push_back("provider." + world_of(vendor, replay, declared));
        }
      }
    }
  }
  std::erase_if(names, [&](const std::string& name) { return coverage.counts().contains(name); });
  return names;
}

}  // namespace postern::sim
