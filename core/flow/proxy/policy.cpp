#include "core/flow/proxy/policy.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/base/text.h"
#include "core/flow/proxy/target.h"

namespace postern {

namespace {

// Members of a query by which servers let a request say that it is another one:
// Rack::MethodOverride, Symfony, Spring's hidden method filter, Google's APIs (which also take
// whole headers there), Salesforce. What separates words is '_' here.
constexpr auto kOverrides = std::to_array<std::string_view>(
    {"_method", "x_http_method_override", "x_http_method", "x_method_override", "$httpmethod",
     "_httpmethod", "http_method_override", "$httpheaders"});

// What keeps rules from judging a request at all.
enum class Doubt : std::uint8_t { none, dot_segment, opaque, other_method };

std::string_view words_of(Doubt doubt) {
  switch (doubt) {
    case Doubt::none:
      return {};
    case Doubt::dot_segment:
      return "Rules of paths cannot judge a path with a segment `.` or `..`, in some spelling: "
             "resolve it before it is sent";
    case Doubt::opaque:
      return "What this request does is said by its body, which rules of paths cannot judge: send "
             "its parts one by one";
    case Doubt::other_method:
      return "Rules of methods cannot judge a query that names another method: send the request "
             "by the method that is meant";
  }
  return {};
}

bool names_override(std::string_view query) {
  for (const auto field : split(query, '&')) {
    for (const auto piece : split(field, ';')) {
      // PHP and its kind read " _method", "_method[]" and "x.http.method" so too.
      auto decoded = to_lower_ascii(decoded_fully(piece.substr(0, piece.find('='))));
      std::ranges::replace(decoded, '+', ' ');
      const auto end = decoded.find_first_of(std::string_view("[\0", 2));
      std::string name(trim(std::string_view(decoded).substr(0, end)));
      std::ranges::replace_if(name, [](char c) { return c == '-' || c == '.' || c == ' '; }, '_');
      if (std::ranges::contains(kOverrides, std::string_view(name))) {
        return true;
      }
    }
  }
  return false;
}

Doubt doubt_of(const PolicyQuestion& question) {
  const auto path = path_of_target(question.target);
  if (has_dot_segment(path)) {
    return Doubt::dot_segment;
  }
  if (is_opaque_path(path, question.rules)) {
    return Doubt::opaque;
  }
  return names_override(query_of_target(question.target)) ? Doubt::other_method : Doubt::none;
}

bool takes_method(const PolicyRule& rule, std::string_view method) {
  const auto has = [&](std::string_view name) { return std::ranges::contains(rule.methods, name); };
  return rule.methods.empty() || has(method) || (method == "HEAD" && has("GET"));
}

// No id: those have digits, or are far longer.
bool is_word(std::string_view segment) {
  constexpr std::size_t longest = 40;
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '$' || c == '.';
  };
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  // "v1.0"
  const bool is_version = (segment.starts_with('v') || segment.starts_with('V')) &&
                          std::ranges::all_of(segment.substr(1), is_digit);
  return segment.size() <= longest && (is_version || std::ranges::all_of(segment, is_letter));
}

struct Request {
  const PolicyQuestion& question;
  PathSegments segments;  // nullopt: not to be judged

  [[nodiscard]] bool is_covered_by(const PolicyRule& rule) const {
    const auto length = rule.path.size();
    const bool long_enough =
        question.rules.named_operations ? segments.size() == length : segments.size() >= length;
    return long_enough && std::ranges::equal(rule.path, std::span(segments).first(length),
                                             [&](const auto& wanted, const auto& segment) {
                                               return segment && (!wanted || is(*segment, *wanted));
                                             });
  }
  // Would it be judged by this rule, but for a segment that servers read differently?
  [[nodiscard]] bool is_doubtful_to(const PolicyRule& rule) const {
    const auto covered = std::span(segments).first(std::min(segments.size(), rule.path.size()));
    return !std::ranges::all_of(covered, [](const auto& segment) { return segment.has_value(); });
  }

 private:
  [[nodiscard]] bool is(std::string_view segment, std::string_view wanted) const {
    return question.rules.folding == CaseFolding::words && is_word(wanted)
               ? equal_ignoring_case(segment, wanted)
               : segment == wanted;
  }
};

std::string whole_grant(std::string_view api) {
  return std::string(kPolicyPrefix) + std::string(api);
}

std::string needs(const PolicyQuestion& question, std::string_view why) {
  if (!why.empty()) {
    return std::string(why) + ", or use a key with the permission " + whole_grant(question.api);
  }
  const auto whole = whole_grant(question.api);
  const auto methods = question.rules.named_operations    ? "*"
                       : is_known_method(question.method) ? question.method
                                                          : std::string_view("<METHODS>");
  return "This needs the permission " + whole + ", or a rule of it for this path: " + whole + ':' +
         std::string(methods) + ":<path>";
}

// What a caller's permissions say of one API.
struct Grants {
  bool whole = false;
  bool has_rules = false;
  std::vector<PolicyRule> fitting;  // rules that take the method
};

Grants grants_of(const PolicyQuestion& question) {
  const auto whole = whole_grant(question.api);
  Grants grants;
  for (const auto word : split(question.permissions, ' ')) {
    if (word == "proxy" || word == whole) {
      return {.whole = true};
    }
    if (!word.starts_with(kPolicyPrefix)) {
      continue;
    }
    auto rule = parse_policy_rule(word);
    if (!rule || rule->api != question.api ||
        (!rule->integration.empty() && rule->integration != question.integration)) {
      continue;
    }
    grants.has_rules = true;
    if (takes_method(*rule, question.method)) {
      grants.fitting.push_back(std::move(*rule));
    }
  }
  return grants;
}

}  // namespace

PolicyDecision decide_policy_of_sealed(const PolicyQuestion& question) {
  if (links_policy(question.permissions) == LinksPolicy::remove) {
    return {.needs = "This needs a key without the permission proxy:links:remove"};
  }
  const auto grants = grants_of(question);
  if (grants.whole || !grants.fitting.empty()) {
    return {.allowed = true, .needs = {}};
  }
  return {.needs = needs(question, {})};
}

PolicyDecision decide_policy(const PolicyQuestion& question) {
  const auto [whole, has_rules, fitting] = grants_of(question);
  if (whole) {
    return {.allowed = true, .needs = {}};
  }
  if (!has_rules) {
    return {.needs = needs(question, {})};
  }
  if (const auto doubt = doubt_of(question); doubt != Doubt::none) {
    return {.needs = needs(question, words_of(doubt))};
  }
  const Request request{.question = question,
                        .segments = segments_of_path(path_of_target(question.target))};
  const auto covers = [&](const PolicyRule& rule) { return request.is_covered_by(rule); };
  if (std::ranges::any_of(fitting, covers)) {
    return {.allowed = true, .needs = {}};
  }
  if (std::ranges::any_of(fitting,
                          [&](const PolicyRule& rule) { return request.is_doubtful_to(rule); })) {
    return {.needs = needs(question,
                           "Rules of paths cannot judge an empty segment, nor one that holds `/`, "
                           "`\\`, `%` or `;` once it is decoded: send the path without")};
  }
  return {.needs = needs(question, {})};
}

}  // namespace postern
