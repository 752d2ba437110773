// How the words of a key's permissions say what it may call through the proxy:
//
//   proxy                                         every API
//   proxy:<api>                                   all of one API
//   proxy:[<integration>.]<api>:<METHODS>:<path>  a rule: what begins with this path
//   proxy:links:pass|replace|remove               URLs in answers that need no token
//
// METHODS is `*`, or names in capitals separated by commas; GET is HEAD too. The path is a
// beginning that ends where a segment does, percent-encoded where that is needed; `*` is any one
// segment. Nothing of this is in the permission `*`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/provider/proxy_rules.h"

namespace postern {

// How all of these but the first begin.
inline constexpr std::string_view kPolicyPrefix = "proxy:";

// Each decoded once; nullopt in a rule: any one.
using PathSegments = std::vector<std::optional<std::string>>;

struct PolicyRule {
  std::string integration;  // empty: any that has the API
  std::string api;
  std::vector<std::string> methods;  // empty: any
  PathSegments path;
};

// Strict. The fault is for people: it says what to do, and repeats nothing of the word.
[[nodiscard]] Result<PolicyRule, std::string_view> parse_policy_rule(std::string_view word);

// What is wrong with a word that begins with kPolicyPrefix; empty: nothing is.
[[nodiscard]] std::string_view fault_in_policy_word(std::string_view word);

// What becomes of URLs in answers that need no token.
enum class LinksPolicy : std::uint8_t {
  usual,    // nothing is said: to send to, they become paths of the proxy; to read from, they stay
  pass,     // they stay
  replace,  // they become paths of the proxy
  remove,   // they are left out
};
inline constexpr std::string_view kLinksPrefix = "proxy:links:";
// Of several words the strictest; of one that is none of these, `remove`.
[[nodiscard]] LinksPolicy links_policy(std::string_view permissions);

// A method that rules can name.
[[nodiscard]] bool is_known_method(std::string_view method);

// "/" has none. nullopt: an empty one, or one that servers read differently ('/', '\\', '%', ';' or
// a control character in it).
[[nodiscard]] PathSegments segments_of_path(std::string_view path);

// Is it, to the least strict reader, a path of requests whose body says what they do, or below one?
[[nodiscard]] bool is_opaque_path(std::string_view path, const ProxyRules& rules);

}  // namespace postern
