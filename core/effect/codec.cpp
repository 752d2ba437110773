#include "core/effect/codec.h"

#include <utility>

#include "core/base/fields.h"
#include "core/effect/wire_values.h"

namespace postern {

namespace {

constexpr std::string_view kFaultNames[] = {"timeout", "unavailable", "too_large", "refused"};
constexpr std::string_view kLevelNames[] = {"debug", "info", "warn", "error"};

SqlValue read_sql_value(FieldReader& in, bool& ok) {
  const auto tag = in.text();
  if (tag == "i") {
    return in.number();
  }
  const auto text = in.text();
  if (tag == "t") {
    return std::string(text);
  }
  ok = ok && tag == "n";
  return {};
}

struct EffectWriter {
  FieldWriter& out;

  void operator()(const Fetch& e) const {
    out.text(e.method).text(e.url);
    write(out, e.headers);
    out.text(e.body).number(e.deadline_ms).number(e.max_bytes);
    out.text(e.keep_key).text(e.keep_org).text(e.keep_context);
  }
  void operator()(const KvGet& e) const { out.text(e.key).number(e.deadline_ms); }
  void operator()(const KvPut& e) const {
    out.text(e.key).text(e.value).number(e.ttl_seconds).number(e.deadline_ms);
  }
  void operator()(const KvDelete& e) const { out.text(e.key).number(e.deadline_ms); }
  void operator()(const Sql& e) const {
    out.text(e.database).number(e.deadline_ms);
    for (const auto& statement : e.statements) {
      FieldWriter parameters;
      for (const auto& value : statement.parameters) {
        write(parameters, value);
      }
      out.text(statement.sql).text(parameters.bytes());
    }
  }
  void operator()(const Authority& e) const {
    out.text(e.binding).text(e.jurisdiction).text(e.location_hint);
    out.text(e.name).text(e.operation).text(e.payload).flag(e.restart).text(e.note);
  }
  void operator()(const StorageRead& e) const {
    for (const auto& key : e.keys) {
      out.text(key);
    }
  }
  void operator()(const StorageCommit& e) const {
    write(out, e.puts);
    FieldWriter deletes;
    for (const auto& key : e.deletes) {
      deletes.text(key);
    }
    out.text(deletes.bytes());
    if (e.alarm_at) {
      out.number(*e.alarm_at);
    } else {
      out.text("");
    }
  }
  void operator()(const Seal& e) const { out.text(e.org).text(e.context).text(e.plaintext); }
  void operator()(const Open& e) const { out.text(e.org).text(e.context).text(e.sealed); }
  void operator()(const VerifySignature& e) const {
    out.text(e.algorithm).text(e.jwk).text(e.data).text(e.signature);
  }
  void operator()(const Sign& e) const {
    out.text(e.org).text(e.context).text(e.sealed_key).text(e.algorithm).text(e.data);
  }
  void operator()(const MemoryGet& e) const { out.text(e.key); }
  void operator()(const MemoryPut& e) const { out.text(e.key).text(e.value).number(e.expires_at); }
  void operator()(const Delay& e) const { out.number(e.delay_ms); }
  void operator()(const Log& e) const {
    out.text(kLevelNames[std::to_underlying(e.level)]).text(e.event);
    write(out, e.fields);
  }
};

std::optional<HostFault> fault_of(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kFaultNames); ++i) {
    if (kFaultNames[i] == name) {
      return static_cast<HostFault>(i);
    }
  }
  return std::nullopt;
}

template <class E>
std::string fields_of(const E& effect) {
  FieldWriter out;
  EffectWriter{out}(effect);
  return out.take();
}

// Reads what follows an absent fault.
template <class Value>
struct ReplyBody;

template <>
struct ReplyBody<HttpReply> {
  static HttpReply read(FieldReader& in, bool& ok) {
    HttpReply reply;
    reply.status = static_cast<int>(in.number());
    FieldReader headers(in.text());
    while (headers.ok() && !headers.at_end()) {
      const auto name = headers.text();
      reply.headers.emplace_back(name, headers.text());
    }
    ok = ok && headers.ok();
    reply.body = in.text();
    return reply;
  }
};
template <>
struct ReplyBody<std::monostate> {
  static std::monostate read(FieldReader&, bool&) { return {}; }
};
template <>
struct ReplyBody<std::optional<std::string>> {
  static std::optional<std::string> read(FieldReader& in, bool&) {
    const bool present = in.flag();
    const auto text = in.text();
    return present ? std::optional<std::string>(text) : std::nullopt;
  }
};
template <>
struct ReplyBody<std::vector<std::optional<std::string>>> {
  static std::vector<std::optional<std::string>> read(FieldReader& in, bool& ok) {
    std::vector<std::optional<std::string>> values;
    while (in.ok() && !in.at_end()) {
      values.push_back(ReplyBody<std::optional<std::string>>::read(in, ok));
    }
    return values;
  }
};
template <>
struct ReplyBody<std::string> {
  static std::string read(FieldReader& in, bool&) { return std::string(in.text()); }
};
template <>
struct ReplyBody<bool> {
  static bool read(FieldReader& in, bool&) { return in.flag(); }
};
template <>
struct ReplyBody<std::vector<SqlOutcome>> {
  // changes, column count, then rows as one nested sequence of values; per statement.
  static std::vector<SqlOutcome> read(FieldReader& in, bool& ok) {
    std::vector<SqlOutcome> outcomes;
    while (in.ok() && ok && !in.at_end()) {
      SqlOutcome outcome;
      outcome.changes = in.number();
      const auto columns = in.number();
      FieldReader values(in.text());
      while (in.ok() && ok && columns > 0 && values.ok() && !values.at_end()) {
        SqlRow row;
        for (std::int64_t i = 0; i < columns && values.ok(); ++i) {
          row.push_back(read_sql_value(values, ok));
        }
        outcome.rows.push_back(std::move(row));
      }
      ok = ok && values.ok();
      outcomes.push_back(std::move(outcome));
    }
    return outcomes;
  }
};

template <class Value>
bool read(FieldReader& in, std::optional<Result<Value, HostFault>>& reply) {
  bool ok = true;
  const auto fault_name = in.text();
  if (fault_name.empty()) {
    reply.emplace(ReplyBody<Value>::read(in, ok));
  } else if (const auto fault = fault_of(fault_name)) {
    reply.emplace(std::unexpected(*fault));
  } else {
    ok = false;
  }
  return ok;
}
template <class Value>
bool read(std::string_view bytes, std::optional<Result<Value, HostFault>>& reply) {
  FieldReader in(bytes);
  return read(in, reply) && in.complete();
}
template <class Value>
bool read(std::string_view bytes, std::optional<Value>& reply) {
  FieldReader in(bytes);
  bool ok = true;
  reply.emplace(ReplyBody<Value>::read(in, ok));
  return ok && in.complete();
}

}  // namespace

std::string_view name_of(HostFault fault) {
  return kFaultNames[std::to_underlying(fault)];
}

std::string encode_fields(const Fetch& effect) {
  return fields_of(effect);
}
std::string encode_fields(const KvGet& effect) {
  return fields_of(effect);
}
std::string encode_fields(const KvPut& effect) {
  return fields_of(effect);
}
std::string encode_fields(const KvDelete& effect) {
  return fields_of(effect);
}
std::string encode_fields(const Sql& effect) {
  return fields_of(effect);
}
std::string encode_fields(const Authority& effect) {
  return fields_of(effect);
}
std::string encode_fields(const StorageRead& effect) {
  return fields_of(effect);
}
std::string encode_fields(const StorageCommit& effect) {
  return fields_of(effect);
}
std::string encode_fields(const Seal& effect) {
  return fields_of(effect);
}
std::string encode_fields(const Open& effect) {
  return fields_of(effect);
}
std::string encode_fields(const VerifySignature& effect) {
  return fields_of(effect);
}
std::string encode_fields(const Sign& effect) {
  return fields_of(effect);
}
std::string encode_fields(const MemoryGet& effect) {
  return fields_of(effect);
}
std::string encode_fields(const MemoryPut& effect) {
  return fields_of(effect);
}
std::string encode_fields(const Log& effect) {
  return fields_of(effect);
}
std::string encode_fields(const Delay& effect) {
  return fields_of(effect);
}

bool read_reply(std::string_view bytes, std::optional<Fetch::Reply>& reply) {
  return read(bytes, reply);
}
bool read_reply(std::string_view bytes, std::optional<KvGet::Reply>& reply) {
  return read(bytes, reply);
}
bool read_reply(std::string_view bytes, std::optional<KvPut::Reply>& reply) {
  return read(bytes, reply);
}
bool read_reply(std::string_view bytes, std::optional<Sql::Reply>& reply) {
  return read(bytes, reply);
}
bool read_reply(std::string_view bytes, std::optional<StorageRead::Reply>& reply) {
  return read(bytes, reply);
}
bool read_reply(std::string_view bytes, std::optional<Seal::Reply>& reply) {
  return read(bytes, reply);
}
bool read_reply(std::string_view bytes, std::optional<VerifySignature::Reply>& reply) {
  return read(bytes, reply);
}
bool read_reply(std::string_view bytes, std::optional<MemoryGet::Reply>& reply) {
  return read(bytes, reply);
}
bool read_reply(std::string_view bytes, std::optional<std::monostate>& reply) {
  return read(bytes, reply);
}

bool read_kept(std::string_view bytes, std::optional<Fetch::Reply>& reply) {
  FieldReader in(bytes);
  return read(in, reply) && in.complete_or_later();
}

bool deliver_replies(Loop& loop, std::string_view bytes) {
  FieldReader in(bytes);
  loop.set_now(in.number());
  while (in.ok() && !in.at_end()) {
    const auto id = static_cast<EffectId>(in.number());
    const auto answer = in.text();
    if (!in.ok() || !loop.deliver(id, answer)) {
      return false;
    }
  }
  return in.ok();
}

}  // namespace postern
