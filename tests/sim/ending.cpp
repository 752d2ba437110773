// The end of a history: faults stop, and what was promised for then is held against what is.
#include <algorithm>

#include "core/base/text.h"
#include "core/flow/authority/store.h"
#include "core/flow/store/connections.h"
#include "tests/sim/seal.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {

constexpr DurationMs kStalenessMs = 125 * kSecondMs;
// More than any alarm waits that is about a token: a Retry-After's longest, a kept answer's
// patience.
constexpr DurationMs kQuietMs = 3 * kHourMs;
constexpr std::uint64_t kAlarmsUntilServing = 2;
// More than anything is owed for once the stores work: ten minutes between two tries, a sign-in
// that waits for its confirmation, a patience that began when the clock was turned.
constexpr DurationMs kLongestDebtMs = 45 * kMinuteMs;
// More than a provider that is asked too often wants to be left alone for.
constexpr DurationMs kPatienceMs = 20 * kMinuteMs;
// A webhook's longest wait between two tries, and a tenth.
constexpr DurationMs kLongestDeliveryMs = 27 * kHourMs;
// Between two tries to revoke a grant, and a tenth.
constexpr DurationMs kLongestRevocationMs = 7 * kHourMs;

}  // namespace

std::optional<ConnectionRecord> record_of(const Node& node) {
  const auto& storage = node.object->storage;
  const auto stored = storage.find(std::string(kRecordKey));
  return stored == storage.end() ? std::nullopt : decode_record(stored->second);
}

std::vector<std::string> owed_revocations(const Node& node) {
  const auto& storage = node.object->storage;
  const auto stored = storage.find(std::string(kOutboxKey));
  const auto outbox = stored == storage.end() ? std::nullopt : decode_outbox(stored->second);
  std::vector<std::string> records;
  for (const auto& owed :
       outbox ? decode_revocations(outbox->revocations).value_or(std::vector<Revocation>())
              : std::vector<Revocation>()) {
    records.push_back(owed.record);
  }
  return records;
}

bool owes_revocation(const Node& node) {
  return !owed_revocations(node).empty();
}

bool owes(const Node& node) {
  const auto& storage = node.object->storage;
  const auto stored = storage.find(std::string(kOutboxKey));
  auto outbox = stored == storage.end() ? std::nullopt : decode_outbox(stored->second);
  if (outbox) {
    outbox->revocations.clear();  // has a patience of its own
  }
  const auto journal = storage.find(std::string(kJournalKey));
  const auto open = journal == storage.end() ? std::nullopt : decode_journal(journal->second);
  return (open && open->attempts <= kMostUnaskedTries) || (outbox && !outbox->is_done()) ||
         storage.contains(std::string(kSignInKey)) || storage.contains(std::string(kPendingKey));
}

bool sends(const Node& node) {
  const auto& storage = node.object->storage;
  const auto stored = storage.find(std::string(kDeliveryKey));
  const auto events = storage.find(std::string(kEventsKey));
  const auto delivery = stored == storage.end() ? std::nullopt : decode_delivery(stored->second);
  const auto count = events == storage.end() ? 0 : parse_decimal(events->second).value_or(0);
  return delivery_due_at(delivery.value_or(Delivery()), count, 1) != 0;
}

// What is under way comes to its end, alarms ring, KV becomes consistent.
void Simulation::settle() {
  tell("world", "faults stop");
  chance_.calm_down();
  // An alarm that rings already had its chance among the faults.
  std::array<std::uint64_t, kConnections> rings{};
  for (const auto& node : nodes_) {
    rings[static_cast<std::size_t>(node.connection)] = node.rings;
  }
  const auto is_settled = [&] {
    return std::ranges::all_of(nodes_, [&](const Node& node) {
      const auto rung = node.rings - rings[static_cast<std::size_t>(node.connection)];
      return node.running.empty() && node.queue.empty() &&
             (node.object->alarm_at == 0 || rung >= kAlarmsUntilServing);
    });
  };
  const auto least = mono_ + 2 * kMinuteMs;
  const auto most = mono_ + kQuietMs;
  while (step(most)) {
    if (mono_ > least && is_settled()) {
      break;
    }
  }
  pass(kStalenessMs);
}

bool Simulation::wait_for(DurationMs most, const std::function<bool(const Node&)>& is_done) {
  const auto end = mono_ + most;
  while (!std::ranges::all_of(nodes_, is_done)) {
    if (!step(end)) {
      return ledger_.violation().has_value();
    }
  }
  return true;
}

bool Simulation::can_be_used(const Action& action) {
  // Asked again once where the answer asks for patience, or KV showed the token from before.
  for (std::uint64_t attempt = 9; attempt < 11; ++attempt) {
    auto status = std::make_shared<int>(0);
    use_resource(action, attempt, [status](int answered) { *status = answered; });
    while (*status == 0 && step(mono_ + kQuietMs)) {
    }
    if (*status != 503 && *status != 401) {
      return *status == 200;
    }
    pass(kPatienceMs);
  }
  return false;
}

void Simulation::pass(DurationMs duration) {
  const auto later = mono_ + duration;
  while (step(later)) {
  }
  mono_ = std::max(mono_, later);
  world_.now = now();
}

std::string Simulation::check_serves(int connection, bool arm) {
  // Asked again once where the answer asks for patience, as a caller does.
  for (std::uint64_t attempt = 0; attempt < 2; ++attempt) {
    auto answer = std::make_shared<std::optional<Outcome>>();
    const Action action{.id = mix(0x656e64ULL, static_cast<std::uint64_t>(connection), attempt),
                        .deed = Deed::get_token,
                        .connection = connection,
                        .front = static_cast<int>(plan_.seed % kFronts),
                        .arm = arm};
    get_token(action, 1, [answer](const Outcome& outcome) { *answer = outcome; });
    while (!answer->has_value() && step(mono_ + kQuietMs)) {
    }
    if (!answer->has_value()) {
      return "no answer";
    }
    if ((*answer)->status == 200) {
      const auto& body = (*answer)->body;
      const auto begin = body.find("\"access_token\":\"") + 16;
      const auto token = body.substr(begin, body.find('"', begin) - begin);
      if (provider_.access(plan_.vendor(connection), token, arm, now()) != nullptr) {
        return "valid";
      }
      // Nobody said that it is dead. Whoever uses it gets another one for it.
      return can_be_used(action) ? "valid" : "served a dead token";
    }
    if ((*answer)->body.find("needs_reauth") != std::string::npos) {
      return "needs_reauth";
    }
    pass(kPatienceMs);
  }
  return "refused";
}

bool Simulation::has_live_token(const ConnectionRecord& record) const {
  return std::ranges::any_of(record.tokens, [&](const StoredAccessToken& token) {
    const auto context =
        seal_context(record.id, "access_token:" + token.resource, token.sealed_version);
    const auto text = world_.open(record.id.org, context, without_kid(token.sealed));
    const auto found = connection_of_.find(connection_key(record.id));
    return text && found != connection_of_.end() && token.resource != "arm" &&
           provider_.access(plan_.vendor(found->second), *text, false, now()) != nullptr &&
           (token.expires_at == 0 || token.expires_at - now() > kHourMs);
  });
}

void Simulation::check_connection(Node& node) {
  const auto connection = node.connection;
  const auto record = record_of(node);
  if (!record || record->status == Status::revoked || ledger_.was_lost(connection)) {
    return;
  }
  const auto place = ledger_.refresh_in(*record);
  const bool reachable = place && provider_.takes(*place, now());
  const auto answer = check_serves(connection, false);
  // It may have come to its end meanwhile.
  const bool ended = place && provider_.ended_by_itself(place->grant, now());
  if (place && provider_.grant(place->grant).withheld) {
    if (record->status == Status::connected && answer != "valid" && has_live_token(*record)) {
      ledger_.violated(5, "a token that lives is not served: " + answer);
    }
    coverage_.count("end", "without a refresh token, " + answer);
    return;
  }
  if (record->status == Status::connected && reachable && !ended && answer != "valid") {
    ledger_.violated(5, "a live connection does not serve: " + answer);
  }
  if (record->status == Status::needs_reauth && reachable && record->cause != "needs_person") {
    ledger_.violated(4, "called dead while its grant is alive and reachable");
  }
  if (record->status == Status::needs_reauth && reachable && !ended && answer != "valid") {
    ledger_.violated(5, "what waited for a person is not served, though none is wanted: " + answer);
  }
  if (record->status == Status::connected && !reachable && answer != "needs_reauth" &&
      answer != "valid") {
    // It was served until a resource refused it; from then on the truth is to be told.
    const auto told = record_of(node);
    if (!told || told->status != Status::needs_reauth) {
      ledger_.violated(5, "a dead connection is not called dead: " + answer);
    }
  }
  coverage_.count("end", std::string(name_of(record->status)) + ", " + answer);
}

void Simulation::check_stores() {
  for (const auto& node : nodes_) {
    const auto stored = node.object->storage.find(std::string(kRecordKey));
    if (stored == node.object->storage.end() || ledger_.was_lost(node.connection)) {
      continue;
    }
    const auto id = id_of(plan_.owner(node.connection));
    const auto kv = kv_.newest(connection_key(id));
    const auto rows = world_.d1.batch({select_connection(id)});
    const auto d1 = rows ? connection_of((*rows)[0]) : std::nullopt;
    if (kv != stored->second) {
      ledger_.violated(5, "KV and the authority do not agree");
    }
    if (!d1 || encode_record(*d1) != stored->second) {
      ledger_.violated(5, "D1 and the authority do not agree");
    }
  }
}

// Whatever is sealed of an ended connection was a token.
void Simulation::check_tombstones() {
  for (const auto& node : nodes_) {
    const auto record = record_of(node);
    if (!record || record->status != Status::revoked || ledger_.was_lost(node.connection)) {
      continue;
    }
    for (const auto& [key, value] : node.object->storage) {
      if (value.contains(testing::kSealedPrefix)) {
        ledger_.violated(8, "storage has tokens of an ended connection: " + key);
      }
    }
    const auto key = connection_key(record->id);
    const auto rows = world_.d1.batch({select_connection(record->id)});
    const auto d1 = rows ? connection_of((*rows)[0]) : std::nullopt;
    if (kv_.newest(key).value_or("").contains(testing::kSealedPrefix) ||
        (d1 && encode_record(*d1).contains(testing::kSealedPrefix))) {
      ledger_.violated(8, "KV or D1 has tokens of an ended connection");
    }
    coverage_.count("end", "tombstone");
  }
}

void Simulation::check_end() {
  for (auto& node : nodes_) {
    check_connection(node);
  }
  if (!wait_for(kLongestDebtMs, [](const Node& node) { return !owes(node); })) {
    ledger_.violated(5, "something is owed long after faults stopped");
  }
  ledger_.check_sign_ins();
  const auto consistent = mono_ + kStalenessMs;
  while (step(consistent)) {
  }
  if (!wait_for(kLongestDeliveryMs, [](const Node& node) { return !sends(node) && !owes(node); })) {
    ledger_.violated(7, "webhooks are owed events long after faults stopped");
  }
  if (!wait_for(kLongestRevocationMs, [](const Node& node) { return !owes_revocation(node); })) {
    ledger_.violated(8, "a revocation is owed long after faults stopped");
  }
  check_stores();
  check_tombstones();
  revocations_.check_end(now());
  std::vector<std::string> log;
  const auto rows =
      world_.d1.batch({{.sql = "SELECT id FROM events ORDER BY seq", .parameters = {}}});
  for (const auto& row : rows ? (*rows)[0].rows : std::vector<SqlRow>()) {
    const auto* id = row[0].text();
    log.push_back(id != nullptr ? *id : std::string());
  }
  if (!ledger_.violation()) {
    events_book_.check_end(log, plan_.settings.has_webhooks);
    check_schedule();
  }
}

}  // namespace postern::sim
