#include "core/base/json.h"

#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/text.h"

namespace postern {
namespace {

// Builds the document from the parser's events. The parser keeps no call stack of its own, and
// neither does this: `open_` is the path from the root to the container that is being filled. Its
// pointers hold, for a container gets no new element while one of its elements is open.
class DocumentBuilder final : public Json::json_sax_t {
 public:
  explicit DocumentBuilder(std::size_t max_depth) : max_depth_(max_depth) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return add(static_cast<double>(value));
    }
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string&) override {
    return std::isfinite(value) && add(value);
  }
  bool string(std::string& value) override {
    return !value.contains('\0') && add(std::move(value));
  }
  bool binary(Json::binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Json::value_t::object); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::value_t::array); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    if (name.contains('\0')) return false;
    auto [member, is_new] = open_.back()->get_ptr<Json::object_t*>()->try_emplace(std::move(name));
    if (!is_new) return refuse(JsonFault::duplicate_key);
    member_ = &member->second;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

  [[nodiscard]] JsonFault fault() const { return fault_; }
  [[nodiscard]] Json take() { return std::move(root_); }

 private:
  bool refuse(JsonFault fault) {
    fault_ = fault;
    return false;
  }

  Json& place(Json value) {
    Json* slot = &root_;
    if (!open_.empty()) {
      auto* elements = open_.back()->get_ptr<Json::array_t*>();
      slot = elements != nullptr ? &elements->emplace_back() : member_;
    }
    *slot = std::move(value);
    return *slot;
  }

  bool add(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json::value_t type) {
    if (open_.size() == max_depth_) return refuse(JsonFault::too_deep);
    open_.push_back(&place(Json(type)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::size_t max_depth_;
  JsonFault fault_ = JsonFault::not_json;
  Json root_;
  std::vector<Json*> open_;
  Json* member_ = nullptr;
};

void append_escaped(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = utf8_sequence(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";  // U+FFFD
      text.remove_prefix(1);
      continue;
    }
    // `<` because the text may land in HTML, where `</script` ends a data block.
    if (first < 0x20 || first == '"' || first == '\\' || first == '<') {
      append_escaped(out, first);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  out.push_back('"');
}

}  // namespace

Result<Json, JsonFault> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.max_bytes) return fail(JsonFault::too_large);
  // The parser takes a NUL byte for the end and would not see what follows it.
  if (text.contains('\0')) return fail(JsonFault::not_json);
  DocumentBuilder builder(limits.max_depth);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) return fail(builder.fault());
  return builder.take();
}

std::string dump_json(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!text.contains('<')) return text;
  std::string escaped;
  escaped.reserve(text.size() + 16);
  for (const char c : text) {
    if (c == '<') {
      append_escaped(escaped, '<');
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

const Json* json_member(const Json& object, std::string_view name) {
  const auto* members = object.get_ptr<const Json::object_t*>();
  if (members == nullptr) return nullptr;
  const auto found = members->find(name);
  return found == members->end() ? nullptr : &found->second;
}

std::optional<std::string_view> json_string(const Json& object, std::string_view name) {
  const Json* member = json_member(object, name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  return *member->get_ptr<const std::string*>();
}

std::optional<std::int64_t> json_integer(const Json& object, std::string_view name) {
  const Json* member = json_member(object, name);
  if (member == nullptr) return std::nullopt;
  // A document that was built here, not parsed, may hold the unsigned kind.
  if (const auto* natural = member->get_ptr<const std::uint64_t*>()) {
    if (*natural > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return std::nullopt;
    }
    return static_cast<std::int64_t>(*natural);
  }
  if (const auto* integer = member->get_ptr<const std::int64_t*>()) return *integer;
  return std::nullopt;
}

std::optional<bool> json_boolean(const Json& object, std::string_view name) {
  const Json* member = json_member(object, name);
  if (member == nullptr || !member->is_boolean()) return std::nullopt;
  return *member->get_ptr<const bool*>();
}

void JsonWriter::separate() {
  if (needs_comma_) text_.push_back(',');
  needs_comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  text_.push_back('{');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  text_.push_back('}');
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  text_.push_back('[');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  text_.push_back(']');
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_quoted(text_, name);
  text_.push_back(':');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  separate();
  append_quoted(text_, value);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  return raw(to_decimal(value));
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::null() {
  return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

JsonWriter& JsonWriter::member(std::string_view name, std::string_view value) {
  return key(name).string(value);
}

JsonWriter& JsonWriter::member(std::string_view name, std::int64_t value) {
  return key(name).integer(value);
}

std::string JsonWriter::take() {
  needs_comma_ = false;
  return std::exchange(text_, {});
}

}  // namespace postern
