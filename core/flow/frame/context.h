// What a running flow can see: its input, its parameters, its caller, and the random bytes that it
// may still use. One context for one flow; it outlives every frame of it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/effect/effects.h"
#include "core/flow/frame/input.h"
#include "core/provider/proxy_rules.h"

namespace postern {

// Validated by the declaration of the operation: a name that is not declared cannot be here, and a
// value that is here has the declared form.
class Parameters {
 public:
  void set(std::string_view name, std::string_view value);
  // The same for one that may be there already.
  void replace(std::string_view name, std::string_view value);
  [[nodiscard]] bool has(std::string_view name) const;
  // Empty, or 0, when absent.
  [[nodiscard]] std::string_view text(std::string_view name) const;
  [[nodiscard]] std::int64_t integer(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;

 private:
  Pairs values_;
};

// Who asks, once authenticated.
struct Caller {
  std::string org;
  // Separated by spaces; "*" stands for what 0.1.0 had, for ever. What is newer is always named.
  std::string permissions;
  bool administrator = false;

  [[nodiscard]] bool may(std::string_view permission) const;
  // Is it held for one API at least?
  [[nodiscard]] bool may_for_some_api(std::string_view permission) const;
  [[nodiscard]] bool may_for_api(std::string_view permission, std::string_view api) const;
};

struct Operation;

struct FlowContext {
  FlowInput input;
  // What was asked for.
  const Operation* operation = nullptr;
  Parameters parameters;
  Caller caller;
  std::size_t entropy_used = 0;
  // Everything that a key can be allowed, but for "*": what the declarations of all operations ask,
  // and of it what may name an API.
  std::span<const std::string_view> permissions;
  std::span<const std::string_view> permissions_by_api;
  // The flow begins by reading the user's connection. Set by the declaration of the operation.
  bool reads_connection = false;
  // That connection's record, asked of KV together with the caller's key. Whose it is, the key only
  // claims: nobody looks before the key has been found to be of that organization.
  std::string ahead_key;
  std::optional<KvGet::Reply> ahead;
  // How the clients of an operation that forwards read refusals; set once the provider is known.
  RefusalShape refusals = RefusalShape::object;

  // The next `count` random bytes. Each byte is given out once; asking for more than the
  // declaration of the operation grants is a defect and traps.
  [[nodiscard]] std::string_view take_entropy(std::size_t count);
  [[nodiscard]] std::string_view env(std::string_view name) const {
    return input.environment.get(name);
  }
};

}  // namespace postern
