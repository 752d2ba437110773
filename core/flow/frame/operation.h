// An operation is declared once; the Hono route, the RPC method, the documentation and the checks
// of its parameters all come from the declaration.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/effect/task.h"
#include "core/flow/frame/api_call.h"
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
  name,        // 1 to 64 letters, digits and `_.-:*`
  text,        // up to 8,192 bytes of UTF-8 without control characters
  integer,     // 0 to 1,000,000
  flag,        // true, false, 1, 0
  timestamp,   // RFC 3339
  names,       // list of names; in a query or as a JSON array; handed on separated by spaces
  words,       // the same of words of visible ASCII, up to 8,192 bytes
  cursor,      // up to kMaxCursorBytes of printable ASCII without blanks; empty: the first page
  pem,         // up to 16 KiB of printable ASCII with line breaks (RFC 7468)
  json,        // an object or a list, in a JSON body or over RPC; handed on as it was written
};

// With the rest of a URL it fits into the 16 KiB that the platform takes of one.
inline constexpr std::size_t kMaxCursorBytes = std::size_t{15} * 1024;

enum class ParameterPlace : std::uint8_t { path, query, body };

struct Parameter {
  std::string_view name;  // snake_case; RPC has the same in camelCase
  ParameterKind kind = ParameterKind::text;
  // Over HTTP, where the route does not have it. `path`: the route has to.
  ParameterPlace place = ParameterPlace::query;
  bool required = false;
  std::string_view otherwise;  // stands for it where it is absent
  std::string_view type;       // of `json`: its type in TypeScript, as Operation::result
  std::string_view summary;
};

// What an operation of the authority takes at most, but for those that need none or less.
inline constexpr std::uint16_t kAuthorityEntropy = 512;

struct Operation {
  std::string_view name;       // snake_case
  std::string_view http;       // "GET /v1/connections/:integration"; empty: not over HTTP
  std::string_view alias;      // a second path
  std::string_view rpc_alias;  // the same over RPC, where the runtime's stubs shadow its name
  Access access = Access::key;
  std::string_view permission;
  // The permission may name one API, too: <permission>:<api>. The flow, which knows the API, checks
  // it (refuse_api).
  bool permission_by_api = false;
  std::span<const Parameter> parameters;
  // A segment of the route that no parameter declares: the flow reads and checks it.
  std::string_view read_by_flow;
  std::uint16_t entropy_bytes = 0;
  // Access::authority: callers that wait with the same payload share one run.
  bool coalesced = false;
  // Access::authority: runs beside the queue, one at a time, and holds nobody up.
  bool aside = false;
  // The flow begins by reading the user's connection: over HTTP KV is asked for it together with
  // the caller's key.
  bool reads_connection = false;
  // The host passes the caller's own request on: method, path behind the route, query and body are
  // the API's. What is no segment of the route is a header: `postern-account` for `account`.
  bool forwards = false;
  // The host passes on the body of its caller's request, and the answer: content that enters no
  // flow. What is called says `call`.
  bool streams = false;
  // RPC answers this member of the result instead of the whole.
  std::string_view rpc_result;
  std::string_view summary;
  // The answer's type in TypeScript, of literals, named shapes (shape.h), `[]`, `|` and objects; a
  // member that may be absent has a `?`. Of what a browser asks for: words.
  std::string_view result;
  Task<Outcome> (*flow)(FlowContext*) = nullptr;
  // What resource_flow calls.
  ApiCall call = {};
};

// What a permission allows is a method over RPC, by its name in camelCase.
[[nodiscard]] constexpr bool is_over_rpc(const Operation& operation) {
  return operation.access == Access::key && !operation.forwards;
}
// Both empty: not over HTTP. The path is in Hono's syntax.
[[nodiscard]] constexpr std::string_view method_of(const Operation& operation) {
  return operation.http.substr(0, operation.http.find(' '));
}
[[nodiscard]] constexpr std::string_view path_of(const Operation& operation) {
  const auto space = operation.http.find(' ');
  return space == std::string_view::npos ? std::string_view() : operation.http.substr(space + 1);
}

// Has the path a segment `:name`?
[[nodiscard]] constexpr bool has_segment(std::string_view path, std::string_view name) {
  for (auto at = path.find(':'); at != std::string_view::npos; at = path.find(':', at + 1)) {
    const auto rest = path.substr(at + 1);
    if (rest.substr(0, rest.find('/')) == name) {
      return true;
    }
  }
  return false;
}
[[nodiscard]] constexpr ParameterPlace place_of(const Operation& operation,
                                                const Parameter& parameter) {
  return has_segment(operation.http, parameter.name) ? ParameterPlace::path : parameter.place;
}

}  // namespace postern
