// May a key make this call through the proxy? Allowed is what a word of its permissions names
// (policy_rule.h). What servers could read differently from the rule is refused: "/v1.0/me" lets
// nobody in by another case, an escape, a batch, or a query that names another method.
#pragma once

#include <string>
#include <string_view>

#include "core/flow/proxy/policy_rule.h"
#include "core/provider/proxy_rules.h"

namespace postern {

struct PolicyQuestion {
  std::string_view permissions;  // of the caller, separated by blanks
  std::string_view integration;
  std::string_view api;
  const ProxyRules& rules;  // of the API's provider
  std::string_view method;
  std::string_view target;  // path and query, as they will be sent
};
struct PolicyDecision {
  bool allowed = false;
  std::string needs;  // for people: why not, and what it takes
};
// Words that are no rules grant nothing.
[[nodiscard]] PolicyDecision decide_policy(const PolicyQuestion& question);

// The same for a URL that an answer of the API named and Postern sealed: its path is no path of the
// API. Whoever may use this method at some path of the API may, unless his key has such URLs
// removed from answers.
[[nodiscard]] PolicyDecision decide_policy_of_sealed(const PolicyQuestion& question);

}  // namespace postern
