// What a flow begins with: everything that the host knows about one request. Nothing else reaches
// a flow but the answers to its effects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.h"
#include "core/effect/effects.h"

namespace postern {

// Which mouth the request came through. `authority` and `alarm` come only from the connection
// object, never from outside.
enum class Entry : std::uint8_t { http, rpc, authority, alarm };

// The Worker's variables and secrets, by name; an absent one is empty.
class Environment {
 public:
  Environment() = default;
  // Fields: name, value, repeated.
  explicit Environment(std::string fields) : fields_(std::move(fields)) {}
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] const std::string& fields() const { return fields_; }

 private:
  std::string fields_;
};

struct FlowInput {
  std::string operation;
  Entry entry = Entry::http;
  EpochMs now = 0;
  // When the caller's request reached the authority, before it queued.
  EpochMs arrived_at = 0;
  std::string entropy;
  Environment environment;
  // Service bindings: the organization and the permissions of `props`.
  std::string binding_org;
  std::string binding_permissions;  // separated by spaces
  Pairs path;                       // parameters of the route, decoded
  std::string query;                // raw, without '?'
  std::string body;
  Pairs headers;  // names in lower case
  // For the authority's operations.
  std::string payload;
  // Names the object's life in memory: what an earlier one sent may still be on its way.
  std::string incarnation;
  // At a restart (see the Authority effect).
  std::optional<std::string> authority_reply;
  std::string note;
  // At a restart after a forwarded request (core/flow/proxy/forward.h).
  std::optional<std::string> forward_reply;

  // Empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// Name and value, repeated. False: they are no such fields.
[[nodiscard]] bool read_pairs(std::string_view bytes, Pairs& pairs);
[[nodiscard]] std::string pair_fields(const Pairs& pairs);

// Fields in the order of docs/abi.md; nullopt when they are not an input.
[[nodiscard]] std::optional<FlowInput> decode_flow_input(std::string_view bytes);
[[nodiscard]] std::string encode_flow_input(const FlowInput& input);

}  // namespace postern
