// An operation is declared once; the Hono route, the RPC method, the documentation and the checks
// of its parameters all come from the declaration.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"

namespace postern {

enum class Access : std::uint8_t {
  open,       // anybody
  key,        // an API key or a service binding with `permission`
  admin,      // the administrator's key
  browser,    // a person's browser; the flow itself checks what it carries
  authority,  // only from inside, in the connection object
};

enum class ParameterKind : std::uint8_t {
  identifier,  // opaque to Postern: 1 to 255 bytes of UTF-8 without control characters
  name,        // [A-Za-z0-9][A-Za-z0-9_.-]{0,63}
  text,        // up to 8,192 bytes of UTF-8 without control characters
  integer,     // 0 to 1,000,000
  flag,        // true, false, 1, 0
  timestamp,   // RFC 3339
  names,       // list of names; in a query or as a JSON array; handed on separated by spaces
};

enum class ParameterPlace : std::uint8_t { path, query, body };

struct Parameter {
  std::string_view name;  // snake_case; RPC has the same in camelCase
  ParameterKind kind = ParameterKind::text;
  ParameterPlace place = ParameterPlace::query;
  bool required = false;
  std::string_view summary;
};

// What an operation of the authority takes at most, but for those that need none or less.
inline constexpr std::uint16_t kAuthorityEntropy = 512;

struct Operation {
  std::string_view name;       // snake_case
  std::string_view rpc;        // camelCase, empty: not over RPC
  std::string_view rpc_alias;  // the same over RPC, where the runtime's stubs shadow `rpc`
  std::string_view method;     // empty: not over HTTP
  std::string_view path;       // Hono's syntax: /v1/connections/:integration/token
  std::string_view alias;      // a second path
  Access access = Access::key;
  std::string_view permission;
  std::span<const Parameter> parameters;
  std::uint16_t entropy_bytes = 0;
  // Access::authority: callers that wait with the same payload share one run.
  bool coalesced = false;
  // Access::authority: runs beside the queue, one at a time, and holds nobody up.
  bool aside = false;
  // The flow begins by reading the user's connection: over HTTP KV is asked for it together with
  // the caller's key.
  bool reads_connection = false;
  // RPC answers this member of the result instead of the whole.
  std::string_view rpc_result;
  std::string_view summary;
  std::string_view result;  // what comes back, for the docs
  Task<Outcome> (*flow)(FlowContext*) = nullptr;
};

}  // namespace postern
