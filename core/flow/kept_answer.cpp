#include "core/flow/kept_answer.h"

#include "core/effect/codec.h"

namespace postern {

namespace {

constexpr DurationMs kKeptPatienceMs = 10 * kMinuteMs;

// The journal as it is now, with the alarm for its next try.
Task<bool> write_journal(AuthorityState* state) {
  co_return co_await store(
      state, StorageCommit{.puts = {{std::string(kJournalKey), encode_journal(*state->journal)}},
                           .deletes = {},
                           .alarm_at = std::nullopt});
}

}  // namespace

Problem patience_problem(EpochMs retry_at, EpochMs now) {
  auto fault = problem(ProblemCode::provider_unavailable);
  fault.retry_after_seconds = retry_at > now ? (retry_at - now + kSecondMs - 1) / kSecondMs : 1;
  return fault;
}

std::string kept_context(const ConnectionId& id, const Journal& journal) {
  return seal_context(id, journal.kind == JournalKind::code ? "kept_code" : "kept_refresh",
                      journal.base_version);
}

Task<Result<std::optional<HttpReply>, Problem>> open_kept(AuthorityState* state) {
  if (!state->kept || !state->journal) {
    co_return std::optional<HttpReply>();
  }
  auto& journal = *state->journal;
  const auto now = co_await current_time();
  if (journal.kept_reads >= kMostKeptReads && now < journal.retry_at) {
    co_return std::unexpected(patience_problem(journal.retry_at, now));
  }
  const auto opened = co_await perform(Open{.org = state->id.org,
                                            .context = kept_context(state->id, *state->journal),
                                            .sealed = *state->kept});
  if (!opened) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  // Kept are the very bytes of the answer to a Fetch; a fault is no answer.
  auto reply = decode_reply(Effect(Fetch{}).index(), *opened);
  auto* fetched = reply ? std::get_if<Fetch::Reply>(&*reply) : nullptr;
  if (fetched == nullptr || !*fetched) {
    co_return std::optional<HttpReply>();
  }
  ++journal.kept_reads;
  if (journal.kept_reads >= kMostKeptReads) {
    journal.retry_at = now + kKeptPatienceMs;
  }
  if (!co_await write_journal(state)) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  co_return std::move(**fetched);
}

Task<std::monostate> kept_was_read(AuthorityState* state) {
  if (state->journal && state->kept && state->journal->kept_reads > 0) {
    state->journal->kept_reads = 0;
    (void)co_await write_journal(state);
  }
  co_return std::monostate{};
}

}  // namespace postern
