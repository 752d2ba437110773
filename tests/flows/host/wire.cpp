#include "tests/flows/host/wire.h"

#include <array>

#include "core/base/fields.h"
#include "core/effect/codec.h"

namespace postern::testing {

namespace {

constexpr std::array<std::string_view, 6> kOutcomeKinds = {"json",     "problem", "page",
                                                           "redirect", "forward", "data"};

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string text(FieldReader& in) {
  return std::string(in.text());
}

// Everything nested is read with a reader of its own; one fault in any of them spoils the whole.
struct EffectReader {
  FieldReader in;
  bool ok = true;

  Pairs pairs() {
    FieldReader inner(in.text());
    Pairs pairs;
    while (inner.ok() && !inner.at_end()) {
      auto name = text(inner);
      pairs.emplace_back(std::move(name), text(inner));
    }
    ok = ok && inner.ok();
    return pairs;
  }
  std::vector<SqlValue> sql_values() {
    std::vector<SqlValue> values;
    for (const auto& [tag, value] : pairs()) {
      if (tag == "i") {
        FieldWriter number;
        number.text(value);
        FieldReader reader(number.bytes());
        values.emplace_back(reader.number());
        ok = ok && reader.ok();
      } else if (tag == "t") {
        values.emplace_back(value);
      } else {
        ok = ok && tag == "n" && value.empty();
        values.emplace_back(std::monostate{});
      }
    }
    return values;
  }

  Effect fetch() {
    Fetch e;
    e.method = text(in);
    e.url = text(in);
    e.headers = pairs();
    e.body = text(in);
    e.deadline_ms = in.number();
    e.max_bytes = in.number();
    e.keep_key = text(in);
    e.keep_org = text(in);
    e.keep_context = text(in);
    return e;
  }
  Effect kv_get() {
    KvGet e;
    e.key = text(in);
    e.deadline_ms = in.number();
    return e;
  }
  Effect kv_put() {
    KvPut e;
    e.key = text(in);
    e.value = text(in);
    e.ttl_seconds = in.number();
    e.deadline_ms = in.number();
    return e;
  }
  Effect kv_delete() {
    KvDelete e;
    e.key = text(in);
    e.deadline_ms = in.number();
    return e;
  }
  Effect sql() {
    Sql e;
    e.database = text(in);
    e.deadline_ms = in.number();
    while (in.ok() && !in.at_end()) {
      SqlStatement statement;
      statement.sql = text(in);
      statement.parameters = sql_values();
      e.statements.push_back(std::move(statement));
    }
    return e;
  }
  Effect authority() {
    Authority e;
    e.binding = text(in);
    e.jurisdiction = text(in);
    e.location_hint = text(in);
    e.name = text(in);
    e.operation = text(in);
    e.payload = text(in);
    e.restart = in.flag();
    e.note = text(in);
    return e;
  }
  Effect storage_read() {
    StorageRead e;
    while (in.ok() && !in.at_end()) {
      e.keys.push_back(text(in));
    }
    return e;
  }
  Effect storage_commit() {
    StorageCommit e;
    e.puts = pairs();
    FieldReader deletes(in.text());
    while (deletes.ok() && !deletes.at_end()) {
      e.deletes.push_back(text(deletes));
    }
    const auto alarm = in.text();
    if (!alarm.empty()) {
      FieldWriter number;
      number.text(alarm);
      FieldReader reader(number.bytes());
      e.alarm_at = reader.number();
      ok = ok && reader.ok();
    }
    ok = ok && deletes.ok();
    return e;
  }
  Effect seal() {
    Seal e;
    e.org = text(in);
    e.context = text(in);
    e.plaintext = text(in);
    return e;
  }
  Effect open() {
    Open e;
    e.org = text(in);
    e.context = text(in);
    e.sealed = text(in);
    return e;
  }
  Effect verify_signature() {
    VerifySignature e;
    e.algorithm = text(in);
    e.jwk = text(in);
    e.data = text(in);
    e.signature = text(in);
    return e;
  }
  Effect sign() {
    Sign e;
    e.org = text(in);
    e.context = text(in);
    e.sealed_key = text(in);
    e.algorithm = text(in);
    e.data = text(in);
    return e;
  }
  Effect memory_get() { return MemoryGet{.key = text(in)}; }
  Effect memory_put() {
    MemoryPut e;
    e.key = text(in);
    e.value = text(in);
    e.expires_at = in.number();
    return e;
  }
  Effect delay() { return Delay{.delay_ms = in.number()}; }
  Effect log() {
    constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};
    Log e;
    const auto level = in.text();
    bool known = false;
    for (std::size_t i = 0; i < kLevels.size(); ++i) {
      if (kLevels[i] == level) {
        e.level = static_cast<LogLevel>(i);
        known = true;
      }
    }
    ok = ok && known;
    e.event = text(in);
    e.fields = pairs();
    return e;
  }
};

struct NamedReader {
  std::string_view name;
  Effect (EffectReader::*read)();
};
constexpr NamedReader kReaders[] = {{"fetch", &EffectReader::fetch},
                                    {"kv.get", &EffectReader::kv_get},
                                    {"kv.put", &EffectReader::kv_put},
                                    {"kv.delete", &EffectReader::kv_delete},
                                    {"sql", &EffectReader::sql},
                                    {"authority", &EffectReader::authority},
                                    {"storage.read", &EffectReader::storage_read},
                                    {"storage.commit", &EffectReader::storage_commit},
                                    {"seal", &EffectReader::seal},
                                    {"open", &EffectReader::open},
                                    {"verify_signature", &EffectReader::verify_signature},
                                    {"sign", &EffectReader::sign},
                                    {"memory.get", &EffectReader::memory_get},
                                    {"memory.put", &EffectReader::memory_put},
                                    {"log", &EffectReader::log},
                                    {"delay", &EffectReader::delay}};
static_assert(std::size(kReaders) == std::variant_size_v<Effect>);

}  // namespace

std::optional<std::vector<IssuedEffect>> decode_effects(std::string_view bytes) {
  std::vector<IssuedEffect> effects;
  FieldReader in(bytes);
  while (in.ok() && !in.at_end()) {
    const auto id = static_cast<EffectId>(in.number());
    const auto name = in.text();
    EffectReader reader{.in = FieldReader(in.text())};
    bool found = false;
    for (const auto& [known, read] : kReaders) {
      if (known == name) {
        effects.push_back({.id = id, .effect = (reader.*read)()});
        found = true;
      }
    }
    if (!found || !reader.ok || !reader.in.complete()) {
      return std::nullopt;
    }
  }
  return in.ok() ? std::optional(std::move(effects)) : std::nullopt;
}

std::optional<Outcome> decode_outcome(std::string_view bytes) {
  EffectReader reader{.in = FieldReader(bytes)};
  Outcome outcome;
  const auto kind = reader.in.text();
  bool known = false;
  for (std::size_t i = 0; i < kOutcomeKinds.size(); ++i) {
    if (kOutcomeKinds[i] == kind) {
      outcome.kind = static_cast<OutcomeKind>(i);
      known = true;
    }
  }
  outcome.status = static_cast<int>(reader.in.number());
  outcome.headers = reader.pairs();
  outcome.body = text(reader.in);
  return known && reader.ok && reader.in.complete() ? std::optional(std::move(outcome))
                                                    : std::nullopt;
}

std::string_view name_of(OutcomeKind kind) {
  return kOutcomeKinds[static_cast<std::size_t>(kind)];
}

std::string encode_replies(EpochMs now, const std::vector<Answer>& answers) {
  FieldWriter out;
  out.number(now);
  for (const auto& [id, reply] : answers) {
    out.number(id).text(encode_reply(reply));
  }
  return out.take();
}

bool is_bound(const Authority& call) {
  return call.binding == "CONNECTION" && call.jurisdiction.empty() && call.location_hint.empty();
}

Reply fault_reply(const Effect& effect, HostFault fault) {
  return std::visit(
      [&]<class E>(const E&) -> Reply {
        if constexpr (requires(typename E::Reply reply) { reply.error(); }) {
          return typename E::Reply(std::unexpected(fault));
        } else {
          return typename E::Reply{};
        }
      },
      effect);
}

}  // namespace postern::testing
