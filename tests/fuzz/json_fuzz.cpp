#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/form.h"
#include "core/base/json.h"
#include "core/base/json_repair.h"
#include "core/base/json_writer.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

namespace {

// `content`: as parse_content gives it.
void check_document(const Json& root, std::size_t max_depth, bool content) {
  const auto is_acceptable = [content](const std::string& text) {
    return is_utf8(text) && (content || !text.contains('\0'));
  };
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
    check(content || !value.is_object() || value.elements.size() <= kMaxJsonMembers);
    for (const Json& element : value.elements) {
      check(is_acceptable(element.name));
      // Of two members with one name the first would be found.
      check(content || !value.is_object() || json_member(value, element.name) == &element);
      check(value.is_object() || element.name.empty());
      open.push_back({&element, node.depth + 1});
    }
  }
}

// What is strict JSON is the same as content; content is the same when it is read again, and what
// is written of it is JSON to anybody.
void check_content(std::string_view text, const JsonLimits& limits) {
  const auto content = parse_content(text, limits);
  if (const auto strict = parse_json(text, limits)) {
    check(content.has_value() && dump_json(*content) == dump_json(*strict));
    check(!repaired_json(text) || text.starts_with("\xEF\xBB\xBF"));
  }
  if (const auto repaired = repaired_json(text)) check(!repaired_json(*repaired));
  if (!content) return;
  check_document(*content, limits.max_depth, true);
  const std::string written = dump_json(*content);
  check(!written.contains('<') && is_utf8(written) && !written.contains('\0'));
  check(!nlohmann::json::parse(written, nullptr, false).is_discarded());
  const auto again = parse_content(written);
  check(again.has_value() && dump_json(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const JsonLimits limits{.max_bytes = 4096, .max_depth = 8};
  check_content(text, limits);
  // Most inputs are no document as they are: let them be a string of one.
  check_content("{\"a\":\"" + std::string(text) + "\"}", limits);
  if (const auto parsed = parse_json(text, limits)) {
    check(text.size() <= limits.max_bytes);
    check_document(*parsed, limits.max_depth, false);
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
