// Which way a flow of the authority will take, seen from what it will find: the same pure functions
// on the same bytes.
#include "core/base/text.h"
#include "core/connection/decision.h"
#include "core/flow/grant/kept.h"
#include "core/flow/store/payload.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

void Simulation::count_decision(const Node& node, const Job& job) {
  const auto& storage = node.object->storage;
  const auto stored = [&](std::string_view key) {
    const auto found = storage.find(std::string(key));
    return found == storage.end() ? std::string() : found->second;
  };
  const bool is_token = job.operation == "authority.token" || job.operation == "authority.refresh";
  if (!is_token && job.operation != "authority.alarm") {
    return;
  }
  const auto journal = decode_journal(stored(kJournalKey));
  if (const auto sign_in = decode_journal(stored(kSignInKey))) {
    coverage_.count("settle", storage.contains(std::string(kSignInKeptKey))
                                  ? "sign_in_with_its_answer"
                                  : "sign_in_without_answer");
  }
  if (journal) {
    const bool is_ours = journal->incarnation ==
                         "incarnation " + to_decimal(static_cast<std::int64_t>(node.incarnation));
    const bool waits = journal->retry_at > now();
    const bool tired = journal->kept_reads >= kMostKeptReads;
    coverage_.count("settle", storage.contains(std::string(kKeptKey)) && tired && waits
                                  ? "kept_answer_left_alone"
                              : storage.contains(std::string(kKeptKey)) ? "kept_answer"
                              : is_ours && waits                        ? "at_once_in_the_same_life"
                              : waits && journal->incarnation.empty()   ? "waits_as_asked"
                              : waits                                   ? "waits_for_another_life"
                                                                        : "replays");
    return;
  }
  const auto demand = decode_token_payload(job.payload);
  if (!is_token || !demand || storage.contains(std::string(kSignInKey))) {
    return;
  }
  const auto record = decode_record(stored(kRecordKey));
  const auto verdict = decide_token(record ? &*record : nullptr,
                                    {.resource = demand->resource,
                                     .min_ttl_ms = demand->min_ttl_ms,
                                     .forced = demand->forced,
                                     .refused_version = demand->refused_version,
                                     .arrived_at = job.arrived_at},
                                    now());
  coverage_.count("token", verdict.reason);
}

}  // namespace postern::sim
