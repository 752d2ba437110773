// What a caller may ask of a list, and how its API is asked.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/problem.h"
#include "core/flow/frame/context.h"

namespace postern {

// `subject,from/emailAddress`: names of members with their paths, at most 100, without blanks;
// nullopt where the text is no such list.
[[nodiscard]] std::optional<std::vector<std::string_view>> members_of(std::string_view select);

struct Ordering {
  std::string_view member;
  bool descending = false;
};
// `receivedDateTime desc,subject`; nullopt where the text is no such list.
[[nodiscard]] std::optional<std::vector<Ordering>> orderings_of(std::string_view orderby);

// What is wrong with `select`, `orderby`, `top`, `if_match` or `wait`; nullopt where nothing is.
[[nodiscard]] std::optional<Problem> fault_of_query(const Parameters& parameters);

// `name=value&…`, values percent-encoded; those that are empty are left out.
[[nodiscard]] std::string query_of(
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

}  // namespace postern
