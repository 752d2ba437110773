#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/form.h"
#include "core/base/json.h"
#include "core/base/json_writer.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

namespace {

bool is_acceptable(const std::string& text) {
  return is_utf8(text) && !text.contains('\0');
}

void check_document(const Json& root, std::size_t max_depth) {
  struct Node {
    const Json* value;
    std::size_t depth;
  };
  std::vector<Node> open = {{&root, 0}};
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    const Json& value = *node.value;
    check(is_acceptable(value.text));
    if (!value.is_object() && !value.is_array()) {
      check(value.elements.empty());
      continue;
    }
    check(node.depth < max_depth && value.text.empty());
    check(!value.is_object() || value.elements.size() <= kMaxJsonMembers);
    for (const Json& element : value.elements) {
      check(is_acceptable(element.name));
      // Of two members with one name the first would be found.
      check(!value.is_object() || json_member(value, element.name) == &element);
      check(value.is_object() || element.name.empty());
      open.push_back({&element, node.depth + 1});
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const JsonLimits limits{.max_bytes = 4096, .max_depth = 8};
  if (const auto parsed = parse_json(text, limits)) {
    check(text.size() <= limits.max_bytes);
    check_document(*parsed, limits.max_depth);
    const std::string written = dump_json(*parsed);
    check(!written.contains('<'));
    const auto again = parse_json(written);
    check(again.has_value());
    check(dump_json(*again) == written);
    // The library's own document, which we do not use, sees the same values in both.
    const auto theirs = nlohmann::json::parse(text, nullptr, false);
    check(!theirs.is_discarded() && theirs == nlohmann::json::parse(written, nullptr, false));
  }

  // Any bytes at all can be written, and what is written can be read unless it holds a NUL.
  JsonWriter writer;
  const std::string written = writer.begin_array()
                                  .string(text)
                                  .begin_object()
                                  .member(text, text)
                                  .end_object()
                                  .end_array()
                                  .take();
  check(!written.contains('<'));
  const auto read = parse_json(written, {.max_bytes = written.size(), .max_depth = 2});
  check(read.has_value() == !text.contains('\0'));
  if (read && is_utf8(text)) {
    check(read->elements[0].string() == text);
    check(json_string(read->elements[1], text) == text);
  }
  return 0;
}
