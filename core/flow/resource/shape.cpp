#include "core/flow/resource/shape.h"

#include <algorithm>
#include <compare>
#include <string>
#include <utility>

#include "core/base/text.h"

namespace postern {

namespace {

using Names = std::vector<std::string_view>;

void keep_in_object(Json& object, const Names& members) {
  if (!object.is_object()) {
    return;
  }
  std::erase_if(object.elements, [&members](Json& member) {
    Names below;
    for (const auto wanted : members) {
      const auto slash = wanted.find('/');
      if (wanted.substr(0, slash) != member.name) {
        continue;
      }
      if (slash == std::string_view::npos) {
        return false;
      }
      below.push_back(wanted.substr(slash + 1));
    }
    if (below.empty()) {
      return true;
    }
    keep_in_object(member, below);
    return false;
  });
}

const Json* value_at(const Json& item, std::string_view path) {
  const Json* value = &item;
  for (const auto name : split(path, '/')) {
    value = json_member(*value, name);
    if (value == nullptr) {
      return nullptr;
    }
  }
  return value;
}

// What stands for a value in a comparison, made once for each item.
struct Key {
  bool is_number = false;
  std::int64_t number = 0;
  std::string text;

  auto operator<=>(const Key&) const = default;
};

Key key_of(const Json& item, const Ordering& ordering) {
  const Json* value = value_at(item, ordering.member);
  if (value == nullptr) {
    return {};
  }
  const auto number = value->kind == JsonKind::number ? parse_decimal(value->text) : std::nullopt;
  return number ? Key{.is_number = true, .number = *number, .text = {}}
                : Key{.is_number = false, .number = 0, .text = to_lower_ascii(value->text)};
}

}  // namespace

void keep_members(Json& items, const Names& members) {
  for (Json& item : items.elements) {
    keep_in_object(item, members);
  }
}

void sort_items(Json& items, const std::vector<Ordering>& orderings) {
  struct Row {
    std::vector<Key> keys;
    std::size_t at;
  };
  std::vector<Row> rows;
  rows.reserve(items.elements.size());
  for (const Json& item : items.elements) {
    Row row{.keys = {}, .at = rows.size()};
    row.keys.reserve(orderings.size());
    for (const auto& ordering : orderings) {
      row.keys.push_back(key_of(item, ordering));
    }
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, [&orderings](const Row& a, const Row& b) {
    for (std::size_t i = 0; i < orderings.size(); ++i) {
      const auto order = a.keys[i] <=> b.keys[i];
      if (order != 0) {
        return orderings[i].descending ? order > 0 : order < 0;
      }
    }
    return a.at < b.at;
  });
  std::vector<Json> sorted;
  sorted.reserve(rows.size());
  for (const Row& row : rows) {
    sorted.push_back(std::move(items.elements[row.at]));
  }
  items.elements = std::move(sorted);
}

}  // namespace postern
