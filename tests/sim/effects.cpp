// Carries out effects as worker-shim/src/interpreter.ts does, in a world where things go wrong.
#include <algorithm>

#include "core/base/text.h"
#include "core/connection/journal.h"
#include "tests/flows/host/wire.h"
#include "tests/sim/people.h"
#include "tests/sim/seal.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {
// No isolate remembers anything for longer (worker-shim/src/memory.ts).
constexpr DurationMs kLongestMemoryMs = 30 * kSecondMs;
// How long a write that timed out may still be on its way.
constexpr DurationMs kLatestLandingMs = 60 * kSecondMs;
}  // namespace

bool Simulation::strikes(Fault fault, const Spot& spot) {
  if (!chance_.strikes(fault, spot)) {
    return false;
  }
  coverage_.count("fault", name_of(fault));
  tell("fault", name_of(fault));
  return true;
}

Memory& Simulation::memory_of(const Run& run) {
  return run.node != nullptr ? run.node->memory : fronts_[static_cast<std::size_t>(run.front)];
}

std::uint64_t Simulation::isolate_of(const Run& run) const {
  return run.node == nullptr
             ? static_cast<std::uint64_t>(run.front)
             : mix(static_cast<std::uint64_t>(run.connection), run.node->incarnation);
}

void Simulation::may_die_within(DurationMs delay, const std::shared_ptr<Run>& run) {
  if (run->node != nullptr && strikes(Fault::crash_waiting, run->spot(2))) {
    in(chance_.between(0, std::max<DurationMs>(delay, 1), run->spot(), 3),
       [this, run, node = run->node] {
         if (run->alive) {
           crash(*node);
         }
       });
  }
}

void Simulation::answer_in(DurationMs delay, const std::shared_ptr<Run>& run,
                           const IssuedEffect& issued, Reply reply) {
  may_die_within(delay, run);
  in(delay, [this, run, issued, reply = std::move(reply)] { deliver(run, issued, reply); });
}

std::optional<Reply> Simulation::carry_out(const std::shared_ptr<Run>& run,
                                           const IssuedEffect& issued) {
  const auto& effect = issued.effect;
  if (const auto* commit_effect = std::get_if<StorageCommit>(&effect)) {
    return commit(run, mutated(mutation_, *commit_effect));
  }
  if (const auto* read = std::get_if<StorageRead>(&effect)) {
    return read_storage(run, *read);
  }
  if (const auto* line = std::get_if<Log>(&effect)) {
    log(*run, *line);
    return Reply(std::monostate{});
  }
  if (std::holds_alternative<MemoryGet>(effect) || std::holds_alternative<MemoryPut>(effect)) {
    return memory(run, effect);
  }
  if (std::holds_alternative<Seal>(effect) || std::holds_alternative<Open>(effect)) {
    return seal_or_open(run, effect);
  }
  if (const auto* signature = std::get_if<VerifySignature>(&effect)) {
    return Reply(VerifySignature::Reply(holds(*signature)));
  }
  if (std::holds_alternative<Sign>(effect)) {
    return world_.carry_out(effect, nullptr);
  }
  if (std::holds_alternative<KvGet>(effect)) {
    kv_get(run, issued);
  } else if (std::holds_alternative<Sql>(effect)) {
    sql(run, issued);
  } else if (std::holds_alternative<Fetch>(effect)) {
    fetch(run, issued);
  } else {
    kv_write(run, issued);
  }
  return std::nullopt;
}

void Simulation::log(const Run& run, const Log& effect) {
  std::string name = effect.event;
  for (const auto& [field, value] : effect.fields) {
    if (field == "reason" || field == "cause" || field == "kv" || field == "d1" ||
        field == "mode") {
      name += " " + field + "=" + value;
    }
  }
  if (name == "connect_refused reason=other_account") {
    ledger_.account_refused(run.connection);
  }
  if (name == "revocation_given_up") {
    revocations_.given_up(run.connection, owed_revocations(*run.node).size(), now());
  }
  coverage_.count("log", name);
  if (effect.event == "integration_fault" && run.node != nullptr) {
    ledger_.integration_marked(run.connection);
    const auto stored = run.node->object->storage.find(std::string(kRecordKey));
    const auto record =
        stored == run.node->object->storage.end() ? std::nullopt : decode_record(stored->second);
    const bool lives = record && std::ranges::any_of(record->tokens, [&](const auto& token) {
                         return token.expires_at == 0 || token.expires_at > now();
                       });
    coverage_.count("integration_fault", lives ? "serves_what_lives" : "has_nothing_to_serve");
  }
}

std::optional<Reply> Simulation::memory(const std::shared_ptr<Run>& run, const Effect& effect) {
  auto& memory = memory_of(*run);
  const auto key_of = [this](std::string key) {
    const auto end = key.rfind(':');
    if (mutation_ == Mutation::memory_ignores_account && key.starts_with("token:")) {
      return account_forgotten(key);
    }
    return mutation_ == Mutation::memory_ignores_resource && key.starts_with("token:")
               ? key.substr(0, end)
               : key;
  };
  const auto kind_of = [](std::string_view key) { return key.substr(0, key.find(':')); };
  if (const auto* get = std::get_if<MemoryGet>(&effect)) {
    const auto found = memory.find(key_of(get->key));
    if (found == memory.end() || found->second.second <= now()) {
      return Reply(MemoryGet::Reply(std::nullopt));
    }
    coverage_.count("remembered", kind_of(get->key));
    return Reply(MemoryGet::Reply(found->second.first));
  }
  const auto& put = std::get<MemoryPut>(effect);
  if (!put.value.empty()) {
    coverage_.count("remembers", kind_of(put.key));
  }
  if (put.value.empty()) {
    memory.erase(key_of(put.key));
  } else {
    const auto end = mutation_ == Mutation::memory_for_ever
                         ? now() + kDayMs
                         : std::min(put.expires_at, now() + kLongestMemoryMs);
    memory[key_of(put.key)] = {put.value, end};
  }
  return Reply(std::monostate{});
}

Reply Simulation::seal_or_open(const std::shared_ptr<Run>& run, const Effect& effect) {
  const auto generation = ring_generation(isolate_of(*run));
  if (is_down(Down::ring)) {
    coverage_.count("ring",
                    std::holds_alternative<Seal>(effect) ? "does_not_seal" : "does_not_open");
    return testing::fault_reply(effect, HostFault::refused);
  }
  if (const auto* seal = std::get_if<Seal>(&effect)) {
    return Seal::Reply(
        with_kid(world_.seal(seal->org, seal->context, seal->plaintext), generation));
  }
  const auto& open = std::get<Open>(effect);
  if (kid_of(open.sealed) > generation) {
    coverage_.count("ring", "unknown_kid");
    return Open::Reply(std::unexpected(HostFault::refused));
  }
  auto opened = world_.open(open.org, open.context, without_kid(open.sealed));
  if (!opened) {
    ledger_.violated(1, "something is sealed for another place than where it is opened");
    return Open::Reply(std::unexpected(HostFault::refused));
  }
  return Open::Reply(std::move(*opened));
}

Reply Simulation::read_storage(const std::shared_ptr<Run>& run, const StorageRead& effect) {
  if (strikes(Fault::storage_fails, run->spot(4))) {
    return StorageRead::Reply(std::unexpected(HostFault::unavailable));
  }
  auto reply = world_.carry_out(effect, run->node->object);
  auto* values = std::get_if<StorageRead::Reply>(&reply);
  if (values == nullptr || !*values || effect.keys[0] != kRecordKey || !(**values)[0]) {
    return reply;
  }
  auto& record = (**values)[0];
  if (mutation_ == Mutation::kv_is_the_truth) {
    record = kv_.get(run->front, connection_key(id_of(plan_.owner(run->connection))), mono_)
                 .value_or(*record);
  } else if (mutation_ == Mutation::stale_reread && effect.keys.size() == 1) {
    auto other = decode_record(*record).value_or(ConnectionRecord{});
    --other.version;
    record = encode_record(other);
  } else if (mutation_ == Mutation::believed_at_once && effect.keys.size() == 1 &&
             run->asked_version != 0) {
    auto other = decode_record(*record).value_or(ConnectionRecord{});
    other.version = run->asked_version;
    record = encode_record(other);
  } else if (mutation_ == Mutation::waits_for_ever) {
    record = without_hope(*record);
  }
  return reply;
}

Reply Simulation::commit(const std::shared_ptr<Run>& run, StorageCommit effect) {
  if (run->node == nullptr || strikes(Fault::storage_fails, run->spot(4))) {
    run->a_commit_failed = true;
    return StorageCommit::Reply(std::unexpected(HostFault::unavailable));
  }
  auto& node = *run->node;
  std::optional<ConnectionRecord> ended;  // the record whose connection this ends
  bool connects = false;
  for (auto& [key, value] : effect.puts) {
    if (const auto journal = key == kJournalKey ? decode_journal(value) : std::nullopt) {
      run->asked_version = journal->base_version;
      if (run->operation == "authority.alarm" && !node.object->storage.contains(key)) {
        coverage_.count("refresh_due", name_of(ledger_.policy(run->connection).mode));
      }
    }
    auto record = key == kRecordKey ? decode_record(value) : std::nullopt;
    const auto before = node.object->storage.find(key);
    const auto old = record && before != node.object->storage.end() ? decode_record(before->second)
                                                                    : std::nullopt;
    connects = connects || (record && record->status == Status::connected);
    if (record && record->status == Status::revoked && old && old->status != Status::revoked) {
      ended = old;
    }
    const auto place = record ? ledger_.refresh_in(*record) : std::nullopt;
    const auto old_place = old ? ledger_.refresh_in(*old) : std::nullopt;
    const bool same_grant = place && old_place && place->grant == old_place->grant;
    if (same_grant && mutation_ == Mutation::refresh_token_dropped &&
        place->index == old_place->index) {
      record->sealed_refresh_token.clear();
      value = encode_record(*record);
    } else if (same_grant && mutation_ == Mutation::old_refresh_token_kept) {
      record->sealed_refresh_token = old->sealed_refresh_token;
      record->refresh_sealed_version = old->refresh_sealed_version;
      value = encode_record(*record);
    }
  }
  const bool in_doubt = node.object->storage.contains(std::string(kJournalKey)) ||
                        node.object->storage.contains(std::string(kRecoveredKey));
  const auto carried_out = [this, run, &node, ended, connects,
                            in_doubt](const StorageCommit& what) {
    const auto owed_before = owed_revocations(node);
    auto reply = world_.carry_out(what, node.object);
    const auto owed_after = owed_revocations(node);
    for (const auto& owed : owed_after) {
      if (!std::ranges::contains(owed_before, owed)) {
        revocations_.owed(node.connection, owed, now());
      }
    }
    for (const auto& owed : owed_before) {
      if (!std::ranges::contains(owed_after, owed)) {
        revocations_.owed_no_more(node.connection, owed);
      }
    }
    if (ended) {
      revocations_.ended(node.connection, *ended, in_doubt, now());
    }
    if (mutation_ == Mutation::not_armed_for_due && !owes(node)) {
      node.object->alarm_at = 0;
    }
    if (run->operation == "authority.alarm" &&
        std::ranges::find(what.deletes, kPendingKey) != what.deletes.end()) {
      coverage_.count("alarm", "pending_sign_in_expired");
    }
    if (node.ringing && what.alarm_at == 0) {
      node.alarm_deleted = true;
    }
    events_book_.committed(node.connection, what);
    ledger_.committed(node.connection, *node.object, run->operation, mono_, now(),
                      run->keys_failed ? Ledger::kAnySignIn : run->began_with_sign_in);
    if (connects) {
      revocations_.connected(node.connection);
    }
    watch_alarm(node);
    return reply;
  };
  if (mutation_ == Mutation::respond_before_commit) {
    in(500, [carried_out, effect, &node, incarnation = node.incarnation] {
      if (node.incarnation == incarnation) {
        (void)carried_out(effect);
      }
    });
    return StorageCommit::Reply(std::monostate{});
  }
  return carried_out(effect);
}

void Simulation::kv_get(const std::shared_ptr<Run>& run, const IssuedEffect& issued) {
  const auto& effect = std::get<KvGet>(issued.effect);
  const auto spot = run->spot(5);
  if (is_down(Down::kv) || strikes(Fault::kv_read_fails, spot)) {
    answer_in(chance_.between(1, 200, spot, 1), run, issued,
              KvGet::Reply(std::unexpected(HostFault::unavailable)));
    return;
  }
  if (strikes(Fault::kv_read_times_out, spot)) {
    answer_in(effect.deadline_ms, run, issued, KvGet::Reply(std::unexpected(HostFault::timeout)));
    return;
  }
  answer_in(chance_.between(0, 60, spot, 1), run, issued,
            KvGet::Reply(kv_.get(run->front, effect.key, mono_)));
}

void Simulation::kv_write(const std::shared_ptr<Run>& run, const IssuedEffect& issued) {
  const auto* put = std::get_if<KvPut>(&issued.effect);
  const auto* erase = std::get_if<KvDelete>(&issued.effect);
  const auto deadline = put != nullptr ? put->deadline_ms : erase->deadline_ms;
  auto land = [this, key = put != nullptr ? put->key : erase->key,
               value = put != nullptr ? std::optional(put->value) : std::nullopt] {
    if (value && mutation_ == Mutation::no_tombstone) {
      const auto record = decode_record(*value);
      if (record && record->status == Status::revoked) {
        kv_.erase(key);
        return;
      }
    }
    if (value) {
      kv_.put(key, *value);
    } else {
      kv_.erase(key);
    }
  };
  const auto spot = run->spot(6);
  const auto takes = chance_.between(1, 300, spot, 1);
  const auto answer = [&](DurationMs delay, std::optional<HostFault> fault) {
    answer_in(delay, run, issued,
              fault ? testing::fault_reply(issued.effect, *fault)
                    : Reply(KvPut::Reply(std::monostate{})));
  };
  if (is_down(Down::kv) || strikes(Fault::kv_write_fails, spot)) {
    answer(takes, HostFault::unavailable);
  } else if (strikes(Fault::kv_write_fails_done, spot)) {
    in(takes / 2, land);
    answer(takes, HostFault::unavailable);
  } else if (strikes(Fault::kv_write_late, spot)) {
    late_writes_.push_back(std::make_shared<std::function<void()>>(land));
    in(deadline + chance_.between(0, kLatestLandingMs, spot, 2),
       [this, write = late_writes_.back()] { land_late(*write); });
    answer(deadline, HostFault::timeout);
  } else if (strikes(Fault::kv_write_never, spot)) {
    answer(deadline, HostFault::timeout);
  } else {
    // It is on its way, whether or not the object lives to see it arrive.
    in(takes / 2, land);
    answer(takes, std::nullopt);
  }
}

void Simulation::land_late(std::function<void()>& write) {
  if (write) {
    tell("kv", "a write that had timed out lands");
    write();
    write = nullptr;
  }
}

void Simulation::sql(const std::shared_ptr<Run>& run, const IssuedEffect& issued) {
  const auto effect = mutated(mutation_, std::get<Sql>(issued.effect));
  const auto spot = run->spot(7);
  const auto takes = chance_.between(1, 120, spot, 1);
  const auto failed = [](HostFault fault) { return Sql::Reply(std::unexpected(fault)); };
  events_book_.asked(run->connection, effect);
  const auto do_it = [this, effect] {
    if (world_.d1.batch(effect)) {
      events_book_.carried_out(effect);
    }
  };
  if (is_down(Down::d1) || strikes(Fault::d1_fails, spot)) {
    answer_in(takes, run, issued, failed(HostFault::unavailable));
  } else if (strikes(Fault::d1_fails_done, spot)) {
    in(takes / 2, do_it);
    answer_in(takes, run, issued, failed(HostFault::unavailable));
  } else if (strikes(Fault::d1_times_out, spot)) {
    answer_in(effect.deadline_ms, run, issued, failed(HostFault::timeout));
  } else if (strikes(Fault::d1_times_out_done, spot)) {
    in(chance_.between(1, effect.deadline_ms + 10 * kSecondMs, spot, 2), do_it);
    answer_in(effect.deadline_ms, run, issued, failed(HostFault::timeout));
  } else {
    auto box = std::make_shared<Reply>(failed(HostFault::unavailable));
    in(takes / 2, [this, run, effect, box] {
      if (auto outcomes = world_.d1.batch(effect)) {
        events_book_.carried_out(effect);
        note_others(run->connection, effect, *outcomes);
        *box = Sql::Reply(std::move(*outcomes));
      } else {
        ledger_.violated(5, "D1 refuses a statement: " + world_.d1.fault());
      }
    });
    may_die_within(takes, run);
    in(takes, [this, run, issued, box] { deliver(run, issued, *box); });
  }
}

}  // namespace postern::sim
