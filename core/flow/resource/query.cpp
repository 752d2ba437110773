#include "core/flow/resource/query.h"

#include <algorithm>

#include "core/base/form.h"
#include "core/base/text.h"

namespace postern {

namespace {

constexpr std::size_t kMostMembers = 100;
// Of the minute that a flow in front has.
constexpr std::int64_t kMostWaitSeconds = 30;
constexpr std::size_t kMostMemberBytes = 256;

// A member, or the path to one: `from/emailAddress`, `@odata.type`, `tags/cost-center`.
bool is_member_path(std::string_view text) {
  return !text.empty() && text.size() <= kMostMemberBytes && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("_-.@/").contains(c);
  });
}

std::optional<Ordering> ordering_of(std::string_view text) {
  const auto blank = text.find(' ');
  Ordering ordering{.member = text.substr(0, blank)};
  if (blank != std::string_view::npos) {
    const auto direction = trim(text.substr(blank));
    ordering.descending = direction == "desc";
    if (!ordering.descending && direction != "asc") {
      return std::nullopt;
    }
  }
  return is_member_path(ordering.member) ? std::optional(ordering) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string_view>> members_of(std::string_view select) {
  auto members = split(select, ',');
  for (auto& member : members) {
    member = trim(member);
    if (!is_member_path(member)) {
      return std::nullopt;
    }
  }
  return members.size() <= kMostMembers ? std::optional(std::move(members)) : std::nullopt;
}

std::optional<std::vector<Ordering>> orderings_of(std::string_view orderby) {
  std::vector<Ordering> orderings;
  for (const auto piece : split(orderby, ',')) {
    const auto ordering = ordering_of(trim(piece));
    if (!ordering || orderings.size() == kMostMembers) {
      return std::nullopt;
    }
    orderings.push_back(*ordering);
  }
  return orderings;
}

std::optional<Problem> fault_of_query(const Parameters& parameters) {
  if (parameters.has("select") && !members_of(parameters.text("select"))) {
    return problem(ProblemCode::invalid_request,
                   "`select` must be names of members, separated by commas");
  }
  if (parameters.has("orderby") && !orderings_of(parameters.text("orderby"))) {
    return problem(
        ProblemCode::invalid_request,
        "`orderby` must be names of members, each with asc or desc behind it or without, "
        "separated by commas");
  }
  if (parameters.has("top") && parameters.integer("top") == 0) {
    return problem(ProblemCode::invalid_request, "`top` must be at least 1");
  }
  // A header's value (RFC 9110 8.8.3); the host would send none with another character in it.
  if (!std::ranges::all_of(parameters.text("if_match"),
                           [](char c) { return c >= 0x20 && c <= 0x7e; })) {
    return problem(ProblemCode::invalid_request, "`if_match` must be an ETag, in ASCII");
  }
  if (parameters.integer("wait") > kMostWaitSeconds) {
    return problem(ProblemCode::invalid_request, "`wait` must be 0 to 30");
  }
  return std::nullopt;
}

std::string query_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string query;
  for (const auto& [name, value] : fields) {
    if (value.empty()) {
      continue;
    }
    query += query.empty() ? "" : "&";
    query += name;
    query += '=';
    query += percent_encode(value);
  }
  return query;
}

}  // namespace postern
