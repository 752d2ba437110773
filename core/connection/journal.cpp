#include "core/connection/journal.h"

#include <algorithm>
#include <iterator>

#include "core/base/fields.h"
#include "core/base/text.h"

namespace postern {

namespace {
constexpr DurationMs kFirstDelayMs = 2 * kSecondMs;
constexpr DurationMs kLongestDelayMs = 10 * kMinuteMs;
constexpr std::int64_t kDoublings = 9;
// Since a grant may be owed to its provider. Without one the bytes are those of version 1.
constexpr std::int64_t kOutboxVersion = 2;
// Of a journal.
constexpr std::int64_t kClaimsVersion = 2;
}  // namespace

std::string encode_journal(const Journal& journal) {
  FieldWriter out;
  out.text(journal.kind == JournalKind::refresh ? "refresh" : "code")
      .text(journal.id.org)
      .text(journal.id.integration)
      .text(journal.id.subject)
      .number(journal.sent_at)
      .number(journal.base_version)
      .number(journal.attempts)
      .number(journal.retry_at)
      .text(journal.resource)
      .text(journal.connect)
      .number(journal.kept_reads)
      .text(journal.incarnation)
      .number(journal.asked_at);
  if (!journal.claims_hash.empty()) {
    out.number(kClaimsVersion).text(journal.claims_hash);
  }
  return out.take();
}

std::optional<Journal> decode_journal(std::string_view bytes) {
  FieldReader in(bytes);
  Journal journal;
  const auto kind = in.text();
  journal.kind = kind == "code" ? JournalKind::code : JournalKind::refresh;
  journal.id.org = in.text();
  journal.id.integration = in.text();
  journal.id.subject = in.text();
  journal.sent_at = in.number();
  journal.base_version = in.number();
  journal.attempts = in.number();
  journal.retry_at = in.number();
  journal.resource = in.text();
  journal.connect = in.text();
  journal.kept_reads = in.number();
  // Versions before did not write it, and a journal may be open while one takes over from them.
  journal.incarnation = in.at_end() ? std::string_view() : in.text();
  journal.asked_at = in.at_end() ? journal.sent_at : in.number();
  if (in.version() >= kClaimsVersion) {
    journal.claims_hash = in.text();
  }
  return in.complete_or_later() && (kind == "code" || kind == "refresh")
             ? std::optional(std::move(journal))
             : std::nullopt;
}

std::string encode_pending(const Pending& pending) {
  FieldWriter out;
  out.text(pending.attempt).text(pending.code_hash).number(pending.expires_at).text(pending.record);
  return out.take();
}

std::optional<Pending> decode_pending(std::string_view bytes) {
  FieldReader in(bytes);
  Pending pending;
  pending.attempt = in.text();
  pending.code_hash = in.text();
  pending.expires_at = in.number();
  pending.record = in.text();
  return in.complete_or_later() ? std::optional(std::move(pending)) : std::nullopt;
}

std::string encode_outbox(const Outbox& outbox) {
  FieldWriter out;
  out.number(outbox.attempts)
      .flag(outbox.kv_done)
      .flag(outbox.d1_done)
      .number(outbox.kv_again_at)
      .number(outbox.retry_at)
      .text(outbox.events)
      .number(outbox.worked_at);
  if (!outbox.revocations.empty()) {
    out.number(kOutboxVersion).text(outbox.revocations);
  }
  return out.take();
}

std::optional<Outbox> decode_outbox(std::string_view bytes) {
  FieldReader in(bytes);
  Outbox outbox;
  outbox.attempts = in.number();
  outbox.kv_done = in.flag();
  outbox.d1_done = in.flag();
  outbox.kv_again_at = in.number();
  if (!in.at_end()) {
    outbox.retry_at = in.number();
    outbox.events = in.text();
    outbox.worked_at = in.number();
  }
  if (in.version() > 1) {
    outbox.revocations = in.text();
  }
  return in.complete_or_later() ? std::optional(outbox) : std::nullopt;
}

std::string encode_revocations(const std::vector<Revocation>& revocations) {
  FieldWriter out;
  for (const auto& owed : revocations) {
    out.text(owed.record).number(owed.since).number(owed.retry_at).number(owed.asked_at);
  }
  return out.take();
}

std::optional<std::vector<Revocation>> decode_revocations(std::string_view bytes) {
  std::vector<Revocation> revocations;
  FieldReader in(bytes);
  while (const auto record = in.element()) {
    Revocation owed;
    owed.record = *record;
    owed.since = in.number();
    owed.retry_at = in.number();
    owed.asked_at = in.number();
    revocations.push_back(std::move(owed));
  }
  return in.complete_or_later() ? std::optional(std::move(revocations)) : std::nullopt;
}

bool add_revocations(Outbox* outbox, std::vector<Revocation> more) {
  if (more.empty()) {
    return false;
  }
  auto owed = decode_revocations(outbox->revocations).value_or(std::vector<Revocation>());
  std::ranges::move(more, std::back_inserter(owed));
  const bool full = std::ssize(owed) > kMostRevocations;
  if (full) {
    owed.erase(owed.begin(), owed.end() - kMostRevocations);
  }
  outbox->revocations = encode_revocations(owed);
  return full;
}

std::string encode_trouble(const Trouble& trouble) {
  FieldWriter out;
  out.text(trouble.reason).number(trouble.since).flag(trouble.integration);
  return out.take();
}

std::optional<Trouble> decode_trouble(std::string_view bytes) {
  FieldReader in(bytes);
  Trouble trouble;
  trouble.reason = in.text();
  trouble.since = in.number();
  trouble.integration = in.flag();
  return in.complete_or_later() ? std::optional(std::move(trouble)) : std::nullopt;
}

std::string version_key(std::int64_t version) {
  return "version:" + to_decimal(version);
}

std::string encode_pauses(const std::vector<Pause>& pauses) {
  FieldWriter out;
  for (const auto& pause : pauses) {
    out.text(pause.resource)
        .number(pause.granted_at)
        .number(pause.since)
        .number(pause.until)
        .number(pause.refused_at);
  }
  return out.take();
}

std::vector<Pause> decode_pauses(std::string_view bytes) {
  std::vector<Pause> pauses;
  FieldReader in(bytes);
  while (const auto resource = in.element()) {
    Pause pause;
    pause.resource = *resource;
    pause.granted_at = in.number();
    pause.since = in.number();
    pause.until = in.number();
    pause.refused_at = in.number();
    pauses.push_back(std::move(pause));
  }
  return in.complete_or_later() ? std::move(pauses) : std::vector<Pause>();
}

bool is_in_force(const Pause& pause, const ConnectionRecord& record, EpochMs now) {
  const auto* token = record.token_for(pause.resource);
  return pause.granted_at == record.granted_at && pause.since <= now && pause.refused_at <= now &&
         pause.until <= now + kLongestPauseMs &&
         (token == nullptr || token->minted_at <= pause.since);
}

const Pause* pause_of(const std::vector<Pause>& pauses, const ConnectionRecord& record,
                      std::string_view resource, EpochMs now) {
  const auto found = std::ranges::find(pauses, resource, &Pause::resource);
  return found != pauses.end() && is_in_force(*found, record, now) ? &*found : nullptr;
}

EpochMs paused_until(const std::vector<Pause>& pauses, const ConnectionRecord& record,
                     std::string_view resource, EpochMs now) {
  const auto* pause = pause_of(pauses, record, resource, now);
  return pause == nullptr ? 0 : pause->until;
}

DurationMs retry_delay(std::int64_t attempts, std::uint32_t random) {
  const auto doublings = std::clamp<std::int64_t>(attempts - 1, 0, kDoublings);
  const auto ceiling = std::min(kFirstDelayMs << doublings, kLongestDelayMs);
  return kSecondMs + static_cast<DurationMs>(random % static_cast<std::uint32_t>(ceiling));
}

}  // namespace postern
