#include "core/flow/grant/kept.h"

#include "core/effect/codec.h"
#include "core/flow/authority/store.h"
#include "core/flow/frame/log.h"

namespace postern {

namespace {

constexpr DurationMs kKeptPatienceMs = 10 * kMinuteMs;

}  // namespace

Problem patience_problem(EpochMs retry_at, EpochMs now) {
  auto fault = problem(ProblemCode::provider_unavailable);
  fault.retry_after_seconds = retry_at > now ? (retry_at - now + kSecondMs - 1) / kSecondMs : 1;
  return fault;
}

bool must_wait(EpochMs retry_at, EpochMs now) {
  return now < retry_at && retry_at <= now + kLongestPatienceMs;
}

std::string kept_context(const ConnectionId& id, const Journal& journal) {
  return seal_context(id, journal.kind == JournalKind::code ? "kept_code" : "kept_refresh",
                      journal.base_version);
}

Task<Result<std::optional<HttpReply>, Problem>> open_kept(AuthorityState* state, JournalKind kind) {
  auto& exchange = state->exchange(kind);
  if (!exchange.kept || !exchange.journal) {
    co_return std::optional<HttpReply>();
  }
  auto& journal = *exchange.journal;
  const auto now = co_await current_time();
  if (journal.kept_reads >= kMostKeptReads && must_wait(journal.retry_at, now)) {
    co_return std::unexpected(patience_problem(journal.retry_at, now));
  }
  const auto opened = co_await perform(Open{
      .org = state->id.org, .context = kept_context(state->id, journal), .sealed = *exchange.kept});
  // Kept are the very bytes of the answer to a Fetch. What cannot be read may hold the only tokens.
  std::optional<Fetch::Reply> fetched;
  if (!opened || !read_kept(*opened, fetched)) {
    if (opened && kind == JournalKind::code) {
      // No key will ever make it readable: the person who is there again need not wait for it.
      journal.kept_reads = kMostKeptReads;
    }
    if (kind == JournalKind::code || state->context->input.entry == Entry::alarm) {
      (void)co_await log_connection(LogLevel::error, "kept_answer_unreadable", &state->id);
    }
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  if (!*fetched) {
    co_return std::optional<HttpReply>();  // a fault is no answer
  }
  ++journal.kept_reads;
  if (journal.kept_reads >= kMostKeptReads) {
    journal.retry_at = now + kKeptPatienceMs;
  }
  if (!co_await write_journal(state, kind)) {
    // Nobody took it up: it must not count as one that flows die of.
    --journal.kept_reads;
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  co_return std::move(**fetched);
}

Task<std::monostate> kept_was_read(AuthorityState* state, JournalKind kind) {
  auto& exchange = state->exchange(kind);
  if (exchange.journal && exchange.kept && exchange.journal->kept_reads > 0) {
    exchange.journal->kept_reads = 0;
    (void)co_await write_journal(state, kind);
  }
  co_return std::monostate{};
}

}  // namespace postern
