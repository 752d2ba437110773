#include "core/flow/proxy/policy_rule.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/base/form.h"
#include "core/base/text.h"
#include "core/flow/proxy/target.h"
#include "core/provider/catalogue.h"

namespace postern {

namespace {

constexpr std::size_t kMaxWordBytes = 1024;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::string_view kAny = "*";
// A batch of OData, and GraphQL, wherever they stand.
constexpr auto kOpaqueNames = std::to_array<std::string_view>({"$batch", "graphql"});
constexpr auto kMethods =
    std::to_array<std::string_view>({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"});

using Fault = std::unexpected<std::string_view>;

bool is_name(std::string_view text) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !text.empty() && text.size() <= kMaxNameBytes &&
         text.find_first_not_of(letters) == std::string_view::npos;
}

const Provider* provider_of_api(std::string_view api) {
  for (const Provider* provider : providers()) {
    if (find_api(*provider, api) != nullptr) {
      return provider;
    }
  }
  return nullptr;
}

constexpr std::string_view kUnknownApi =
    "names an API that no provider has: write proxy:<api> or "
    "proxy:[<integration>.]<api>:<METHODS>:<path>";

Result<std::vector<std::string>, std::string_view> parse_methods(std::string_view text) {
  std::vector<std::string> methods;
  if (text == kAny) {
    return methods;
  }
  for (const auto method : split(text, ',')) {
    if (!is_known_method(method)) {
      return Fault(
          "names a method that there is not: write `*`, or of GET, HEAD, POST, PUT, PATCH, DELETE "
          "and OPTIONS some, separated by commas");
    }
    methods.emplace_back(method);
  }
  return methods;
}

Result<PathSegments, std::string_view> parse_path(std::string_view path, const ProxyRules& rules) {
  if (path.contains('?')) {
    return Fault("has a query in its path: a rule judges the path alone");
  }
  if (const auto fault = check_target(path); fault != TargetFault::none) {
    switch (fault) {
      case TargetFault::none:
      case TargetFault::not_absolute:
        return Fault("has a path that does not begin with one `/`");
      case TargetFault::bad_character:
        return Fault("has a character in its path that must be percent-encoded");
      case TargetFault::bad_escape:
        return Fault("has a `%` in its path without two hexadecimal digits");
      case TargetFault::bad_text:
        return Fault("has an encoded control character in its path, or what is no UTF-8");
      case TargetFault::dot_segment:
        return Fault("has a segment `.` or `..` in its path, in some spelling: resolve it");
    }
  }
  auto segments = segments_of_path(path);
  const auto raw = split(path.substr(1), '/');
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!segments[i]) {
      return raw[i].empty()
                 ? Fault(
                       "has an empty segment in its path: write one `/` between two segments, "
                       "and none at the end")
                 : Fault(
                       "has a segment in its path that holds `/`, `\\`, `%` or `;` once it is "
                       "decoded: end the path before it, or write `*` for the segment");
    }
    if (raw[i] == kAny) {
      segments[i].reset();
    }
  }
  if (is_opaque_path(path, rules)) {
    return Fault(
        "has a path whose requests say in their body what they do, which no rule can judge: give "
        "the whole API, or leave it out");
  }
  return segments;
}

// nullopt: it says none of these.
std::optional<LinksPolicy> links_policy_of(std::string_view word) {
  const auto what = word.substr(kLinksPrefix.size());
  return what == "pass"      ? std::optional(LinksPolicy::pass)
         : what == "replace" ? std::optional(LinksPolicy::replace)
         : what == "remove"  ? std::optional(LinksPolicy::remove)
                             : std::nullopt;
}

}  // namespace

bool is_known_method(std::string_view method) {
  return std::ranges::contains(kMethods, method);
}

PathSegments segments_of_path(std::string_view path) {
  PathSegments segments;
  if (path.empty() || path == "/") {
    return segments;
  }
  for (const auto segment : split(path.substr(1), '/')) {
    auto decoded = percent_decode(segment);
    const bool plain =
        decoded && !decoded->empty() && std::ranges::none_of(*decoded, [](char c) {
          const auto byte = static_cast<unsigned char>(c);
          return byte < 0x20 || byte == 0x7f || c == '/' || c == '\\' || c == '%' || c == ';';
        });
    segments.push_back(plain ? std::move(decoded) : std::nullopt);
  }
  return segments;
}

bool is_opaque_path(std::string_view path, const ProxyRules& rules) {
  std::vector<std::string> names;
  for (const auto& segment : lax_segments(path)) {
    // Some servers drop dots at a name's end.
    auto name = to_lower_ascii(segment);
    name.resize(name.find_last_not_of(" .") + 1);
    if (!name.empty()) {
      names.push_back(std::move(name));
    }
  }
  if (std::ranges::any_of(kOpaqueNames, [&](std::string_view opaque) {
        return std::ranges::contains(names, opaque);
      })) {
    return true;
  }
  return std::ranges::any_of(rules.opaque_paths, [&](std::string_view opaque) {
    const auto wanted = split(opaque.substr(1), '/');
    return names.size() >= wanted.size() &&
           std::ranges::equal(wanted, std::span(names).first(wanted.size()),
                              [](std::string_view want, std::string_view name) {
                                return want == kAny || equal_ignoring_case(want, name);
                              });
  });
}

Result<PolicyRule, std::string_view> parse_policy_rule(std::string_view word) {
  if (word.size() > kMaxWordBytes) {
    return Fault("is longer than 1024 bytes");
  }
  if (!word.starts_with(kPolicyPrefix)) {
    return Fault("is no rule of the proxy: write proxy:[<integration>.]<api>:<METHODS>:<path>");
  }
  auto rest = word.substr(kPolicyPrefix.size());
  const auto take = [&] {
    const auto end = rest.find(':');
    const auto piece = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return piece;
  };
  const auto place = take();
  const auto dot = place.rfind('.');
  PolicyRule rule;
  rule.api = dot == std::string_view::npos ? place : place.substr(dot + 1);
  rule.integration = place.substr(0, dot == std::string_view::npos ? 0 : dot);
  const auto* provider = provider_of_api(rule.api);
  if (provider == nullptr) {
    return Fault(kUnknownApi);
  }
  if (dot != std::string_view::npos && !is_name(rule.integration)) {
    return Fault("has no integration before the `.`: write its name, or the API alone");
  }
  const auto wanted = take();
  if (rest.empty()) {
    return Fault("is not whole: write proxy:[<integration>.]<api>:<METHODS>:<path>");
  }
  auto methods = parse_methods(wanted);
  if (!methods) {
    return Fault(methods.error());
  }
  auto path = parse_path(rest, provider->proxy);
  if (!path) {
    return Fault(path.error());
  }
  rule.methods = std::move(*methods);
  rule.path = std::move(*path);
  if (provider->proxy.named_operations) {
    if (!rule.methods.empty()) {
      return Fault("names methods, which say nothing at this API: write `*` for them");
    }
    if (rule.path.empty() || !rule.path.back()) {
      return Fault("names no operation of this API: write the whole path, which ends with it");
    }
  }
  return rule;
}

LinksPolicy links_policy(std::string_view permissions) {
  auto policy = LinksPolicy::usual;
  for (const auto word : split(permissions, ' ')) {
    if (word.starts_with(kLinksPrefix)) {
      policy = std::max(policy, links_policy_of(word).value_or(LinksPolicy::remove));
    }
  }
  return policy;
}

std::string_view fault_in_policy_word(std::string_view word) {
  if (word.starts_with(kLinksPrefix)) {
    return links_policy_of(word) ? std::string_view()
                                 : "must end with `pass`, `replace` or `remove`";
  }
  const auto rest = word.substr(std::min(kPolicyPrefix.size(), word.size()));
  if (!rest.contains(':') && word.starts_with(kPolicyPrefix)) {
    if (provider_of_api(rest) != nullptr) {
      return {};
    }
    const auto dot = rest.rfind('.');
    return dot != std::string_view::npos && provider_of_api(rest.substr(dot + 1)) != nullptr
               ? "names an integration without methods and a path: write "
                 "proxy:<integration>.<api>:*:/ for all of its API"
               : kUnknownApi;
  }
  const auto rule = parse_policy_rule(word);
  return rule ? std::string_view() : rule.error();
}

}  // namespace postern
