#include "core/flow/frame/input.h"

#include "core/base/fields.h"

namespace postern {

namespace {

constexpr std::string_view kEntryNames[] = {"http", "rpc", "authority", "alarm"};

std::optional<Entry> entry_of(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kEntryNames); ++i) {
    if (kEntryNames[i] == name) {
      return static_cast<Entry>(i);
    }
  }
  return std::nullopt;
}

}  // namespace

bool read_pairs(std::string_view bytes, Pairs& pairs) {
  FieldReader in(bytes);
  while (in.ok() && !in.at_end()) {
    const auto name = in.text();
    pairs.emplace_back(name, in.text());
  }
  return in.ok();
}

std::string pair_fields(const Pairs& pairs) {
  FieldWriter out;
  for (const auto& [name, value] : pairs) {
    out.text(name).text(value);
  }
  return out.take();
}

std::string_view Environment::get(std::string_view name) const {
  FieldReader in(fields_);
  while (in.ok() && !in.at_end()) {
    const auto key = in.text();
    const auto value = in.text();
    if (in.ok() && key == name) {
      return value;
    }
  }
  return {};
}

std::string_view FlowInput::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::optional<FlowInput> decode_flow_input(std::string_view bytes) {
  FieldReader in(bytes);
  FlowInput input;
  input.operation = in.text();
  const auto entry = entry_of(in.text());
  input.now = in.number();
  input.arrived_at = in.number();
  input.entropy = in.text();
  input.environment = Environment(std::string(in.text()));
  input.binding_org = in.text();
  input.binding_permissions = in.text();
  const bool path_ok = read_pairs(in.text(), input.path);
  input.query = in.text();
  input.body = in.text();
  const bool headers_ok = read_pairs(in.text(), input.headers);
  input.payload = in.text();
  input.incarnation = in.text();
  const bool restarted = in.flag();
  const auto reply = in.text();
  input.note = in.text();
  const bool came_back = in.flag();
  const auto forwarded = in.text();
  if (!in.complete() || !entry || !path_ok || !headers_ok) {
    return std::nullopt;
  }
  input.entry = *entry;
  if (restarted) {
    input.authority_reply = std::string(reply);
  }
  if (came_back) {
    input.forward_reply = std::string(forwarded);
  }
  return input;
}

std::string encode_flow_input(const FlowInput& input) {
  FieldWriter out;
  out.text(input.operation)
      .text(kEntryNames[static_cast<std::size_t>(input.entry)])
      .number(input.now)
      .number(input.arrived_at)
      .text(input.entropy)
      .text(input.environment.fields())
      .text(input.binding_org)
      .text(input.binding_permissions)
      .text(pair_fields(input.path))
      .text(input.query)
      .text(input.body)
      .text(pair_fields(input.headers))
      .text(input.payload)
      .text(input.incarnation)
      .flag(input.authority_reply.has_value())
      .text(input.authority_reply ? std::string_view(*input.authority_reply) : std::string_view())
      .text(input.note)
      .flag(input.forward_reply.has_value())
      .text(input.forward_reply ? std::string_view(*input.forward_reply) : std::string_view());
  return out.take();
}

}  // namespace postern
