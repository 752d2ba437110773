// Names with values, in order, duplicates allowed: headers, form fields, parameters, log fields.
//
// A vector whose constructor and emplace_back take views and live in one place: built by
// std::vector's own, every list at every call site copies its strings twice (once into the
// initializer list), and every type of argument is another copy of emplace_back.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

class Pairs : public std::vector<std::pair<std::string, std::string>> {
 public:
  Pairs() = default;
  Pairs(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);
  Pairs(std::vector<std::pair<std::string, std::string>> pairs) : vector(std::move(pairs)) {}
  void emplace_back(std::string_view name, std::string_view value);
};

}  // namespace postern
