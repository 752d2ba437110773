// What only hosts written in C++ need of effects and their bytes.
#include <array>
#include <utility>

#include "core/base/fields.h"
#include "core/effect/codec.h"
#include "core/effect/wire_values.h"

namespace postern {

namespace {

template <class E>
std::optional<Reply> decode_as(std::string_view bytes) {
  std::optional<typename E::Reply> reply;
  return read_reply(bytes, reply) ? std::optional<Reply>(std::move(*reply)) : std::nullopt;
}
using DecodeReply = std::optional<Reply> (*)(std::string_view);
template <std::size_t... Kinds>
constexpr std::array<DecodeReply, sizeof...(Kinds)> decoders(std::index_sequence<Kinds...>) {
  return {decode_as<std::variant_alternative_t<Kinds, Effect>>...};
}
constexpr auto kDecoders = decoders(std::make_index_sequence<std::variant_size_v<Effect>>());

struct ReplyWriter {
  FieldWriter& out;

  template <class Value>
  void operator()(const Result<Value, HostFault>& reply) const {
    if (!reply) {
      out.text(name_of(reply.error()));
      return;
    }
    out.text("");
    body(*reply);
  }
  void operator()(const std::optional<std::string>& value) const { body(value); }
  void operator()(std::monostate) const {}

  void body(const HttpReply& reply) const {
    out.number(reply.status);
    write(out, reply.headers);
    out.text(reply.body);
  }
  void body(std::monostate) const {}
  void body(const std::optional<std::string>& value) const {
    out.flag(value.has_value()).text(value ? std::string_view(*value) : std::string_view());
  }
  void body(const std::vector<std::optional<std::string>>& values) const {
    for (const auto& value : values) {
      body(value);
    }
  }
  void body(const std::string& value) const { out.text(value); }
  void body(bool value) const { out.flag(value); }
  void body(const std::vector<SqlOutcome>& outcomes) const {
    for (const auto& outcome : outcomes) {
      FieldWriter values;
      for (const auto& row : outcome.rows) {
        for (const auto& value : row) {
          write(values, value);
        }
      }
      const auto columns = outcome.rows.empty() ? 0 : outcome.rows[0].size();
      out.number(outcome.changes).number(static_cast<std::int64_t>(columns)).text(values.bytes());
    }
  }
};

}  // namespace

std::string_view name_of(const Effect& effect) {
  return std::visit([](const auto& e) { return e.kName; }, effect);
}

bool is_key_context(std::string_view context) {
  return context.starts_with(FieldWriter().text(kKeyContext).bytes());
}

std::string encode_effects(const std::vector<IssuedEffect>& effects) {
  FieldWriter out;
  for (const auto& issued : effects) {
    out.number(issued.id).text(name_of(issued.effect));
    out.text(std::visit([](const auto& effect) { return encode_fields(effect); }, issued.effect));
  }
  return out.take();
}

std::string encode_reply(const Reply& reply) {
  FieldWriter out;
  std::visit(ReplyWriter{out}, reply);
  return out.take();
}

std::optional<Reply> decode_reply(std::size_t effect_kind, std::string_view bytes) {
  return kDecoders[effect_kind](bytes);
}

}  // namespace postern
