// What became of answers that were kept for a later flow.
#include "core/flow/grant/kept.h"
#include "core/flow/store/payload.h"
#include "tests/sim/ledger.h"

namespace postern::sim {

// An answer that flows die of gives way to the person who is there again, and who is told whether
// that sign-in worked.
void Ledger::note_sign_in(Connection& state, const testing::Object& object, EpochMs may_drop) {
  const auto stored = object.storage.find(std::string(kSignInKey));
  const auto journal =
      stored == object.storage.end() ? std::nullopt : decode_journal(stored->second);
  if (journal && state.tired_of != 0 && state.tired_of != journal->sent_at &&
      state.last_sign_in >= 0) {
    grant(state.last_sign_in).gave_way = true;
    coverage_.count("fate", "gave_way_to_another_sign_in");
  }
  const bool tired = journal && journal->kept_reads >= kMostKeptReads &&
                     object.storage.contains(std::string(kSignInKeptKey));
  state.tired_of = tired ? journal->sent_at : 0;
  if (state.backend_of != 0 && (!journal || journal->sent_at != state.backend_of)) {
    if ((may_drop == kAnySignIn || may_drop == state.backend_of) && state.backend_grant >= 0 &&
        !grant(state.backend_grant).committed) {
      grant(state.backend_grant).gave_way = true;
      coverage_.count("fate", "nobody_could_confirm_it");
    }
    state.backend_grant = -1;
  }
  const auto payload = journal ? decode_connect_payload(journal->connect) : std::nullopt;
  state.backend_of = payload && payload->state.confirm == "backend" ? journal->sent_at : 0;
}

void Ledger::check_sign_ins() {
  for (int connection = 0; connection < static_cast<int>(plan_.owners.size()); ++connection) {
    const auto& state = at(connection);
    if (state.last_sign_in < 0 || state.lost) {
      continue;
    }
    const auto& book = grant(state.last_sign_in);
    // Another account than the one that is connected is refused, and nobody need say so.
    const auto account_of = [&](int index) {
      return provider_.grants[static_cast<std::size_t>(index)].person;
    };
    const bool other =
        state.grant >= 0 && account_of(state.grant) != account_of(state.last_sign_in);
    if (!book.committed && !book.refused && !book.gave_way && !other && !book.is_other &&
        state.status != Status::revoked) {
      violated(1, "a sign-in's tokens arrived and were never stored");
    }
  }
}

std::int64_t Ledger::times_taken_up(const testing::Object& object) {
  std::int64_t times = 0;
  for (const auto key : {kJournalKey, kSignInKey}) {
    const auto stored = object.storage.find(std::string(key));
    const auto journal =
        stored == object.storage.end() ? std::nullopt : decode_journal(stored->second);
    times += journal ? journal->kept_reads : 0;
  }
  return times;
}

void Ledger::lived(const testing::Object& object, std::int64_t before) {
  if (times_taken_up(object) > before) {
    violated(1, "a flow that lived counts as one that died of a kept answer");
  }
}

}  // namespace postern::sim
