#include "core/base/json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/json_repair.h"
#include "core/base/json_writer.h"
#include "core/base/text.h"

namespace postern {
namespace {

constexpr std::size_t kMostDigits = 200;
constexpr std::int64_t kLargestExponent = 99;
// JavaScript writes 5e-324 at the least.
constexpr std::int64_t kSmallestExponent = -330;

// Within what a double holds, by a margin; a digit more or less is of no use to anybody.
bool is_moderate(std::string_view number) {
  const std::string_view digits = number.substr(0, number.find_first_of("eE"));
  return digits.find('.') == std::string_view::npos ? digits.size() <= kMostDigits
                                                    : digits.find('.') <= kMostDigits;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The exponent that `text` begins with, as the number's writer has it.
bool is_moderate_exponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  while (text.starts_with('0')) text.remove_prefix(1);
  std::int64_t value = 0;
  for (std::size_t at = 0; at < text.size() && is_digit(text[at]); ++at) {
    value = value * 10 + (text[at] - '0');
    if (negative ? -value < kSmallestExponent : value > kLargestExponent) return false;
  }
  return true;
}

// Looks at every exponent before the parser does: the parser has each number computed, which takes
// the longer the further its exponent is from nought, and a document has room for thousands.
bool has_moderate_exponents(std::string_view text) {
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string && c == '\\') {
      ++at;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == 'e' || c == 'E') && at > 0 && is_digit(text[at - 1]) &&
               !is_moderate_exponent(text.substr(at + 1))) {
      return false;
    }
  }
  return true;
}

// Builds the document from the parser's events. The parser keeps no call stack of its own, and
// neither does this: `open_` is the path from the root to the container that is being filled. Its
// pointers hold, for a container gets no new element while one of its elements is open.
class DocumentBuilder final : public nlohmann::json::json_sax_t {
 public:
  DocumentBuilder(std::size_t max_depth, bool is_content)
      : max_depth_(max_depth), is_content_(is_content) {}

  bool null() override { return place(JsonKind::null); }
  bool boolean(bool value) override { return place(value ? JsonKind::yes : JsonKind::no); }
  bool number_integer(std::int64_t value) override { return add(to_decimal(value)); }
  bool number_unsigned(std::uint64_t value) override {
    // In two parts: the largest is beyond a signed integer.
    std::string digits =
        value < 10 ? std::string() : to_decimal(static_cast<std::int64_t>(value / 10));
    digits.push_back(static_cast<char>('0' + value % 10));
    return add(std::move(digits));
  }
  bool number_float(double, const std::string& written) override {
    return is_moderate(written) && add(written);
  }
  bool string(std::string& value) override {
    return takes(value) && place(JsonKind::string, std::move(value));
  }
  bool binary(nlohmann::json::binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(JsonKind::object); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(JsonKind::array); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    if (!takes(name)) return false;
    if (!is_content_) {
      if (json_member(*open_.back(), name) != nullptr) return refuse(JsonFault::duplicate_key);
      if (open_.back()->elements.size() == kMaxJsonMembers) {
        return refuse(JsonFault::too_many_members);
      }
    }
    name_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

  [[nodiscard]] JsonFault fault() const { return fault_; }
  [[nodiscard]] Json take() { return std::move(root_); }

 private:
  bool refuse(JsonFault fault) {
    fault_ = fault;
    return false;
  }

  [[nodiscard]] bool takes(std::string_view text) const {
    return is_content_ || !text.contains('\0');
  }

  bool add(std::string number) { return place(JsonKind::number, std::move(number)); }

  bool place(JsonKind kind, std::string text = {}) {
    last_ = open_.empty() ? &root_ : &open_.back()->elements.emplace_back();
    last_->kind = kind;
    last_->name = std::move(name_);
    last_->text = std::move(text);
    name_.clear();
    return true;
  }

  bool open(JsonKind kind) {
    if (open_.size() == max_depth_) return refuse(JsonFault::too_deep);
    place(kind);
    open_.push_back(last_);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::size_t max_depth_;
  bool is_content_;
  JsonFault fault_ = JsonFault::not_json;
  Json root_;
  std::vector<Json*> open_;
  Json* last_ = nullptr;
  std::string name_;
};

// As deep as the document, which its reader limited.
void write(JsonWriter& out, const Json& value) {
  switch (value.kind) {
    case JsonKind::null:
      out.null();
      break;
    case JsonKind::yes:
    case JsonKind::no:
      out.boolean(value.kind == JsonKind::yes);
      break;
    case JsonKind::number:
      out.raw(value.text);
      break;
    case JsonKind::string:
      out.string(value.text);
      break;
    case JsonKind::array:
      out.begin_array();
      for (const Json& element : value.elements) write(out, element);
      out.end_array();
      break;
    case JsonKind::object:
      out.begin_object();
      for (const Json& member : value.elements) write(out.key(member.name), member);
      out.end_object();
      break;
  }
}

Result<Json, JsonFault> parse(std::string_view text, JsonLimits limits, bool is_content) {
  if (text.size() > limits.max_bytes) return fail(JsonFault::too_large);
  // The parser takes a NUL byte for the end and would not see what follows it.
  if (text.contains('\0') || !has_moderate_exponents(text)) return fail(JsonFault::not_json);
  DocumentBuilder builder(limits.max_depth, is_content);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return fail(builder.fault());
  }
  return builder.take();
}

}  // namespace

Result<Json, JsonFault> parse_json(std::string_view text, JsonLimits limits) {
  return parse(text, limits, false);
}

Result<Json, JsonFault> parse_content(std::string_view text, JsonLimits limits) {
  // Before anything is written: what is repaired may be longer.
  if (text.size() > limits.max_bytes) return fail(JsonFault::too_large);
  const auto repaired = repaired_json(text);
  return parse(repaired ? std::string_view(*repaired) : text, limits, true);
}

Result<Json, JsonFault> parse_reply(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.max_bytes) return fail(JsonFault::too_large);
  const auto repaired = repaired_json(text);
  return parse(repaired ? std::string_view(*repaired) : text, limits, false);
}

std::string dump_json(const Json& value) {
  JsonWriter out;
  write(out, value);
  return out.take();
}

const Json* json_member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  for (const Json& member : object.elements) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

std::optional<std::string_view> json_string(const Json& object, std::string_view name) {
  const Json* member = json_member(object, name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  return member->text;
}

std::string_view json_text(const Json& object, std::string_view name) {
  const Json* member = json_member(object, name);
  return member != nullptr ? member->string() : std::string_view();
}

std::optional<std::int64_t> json_integer(const Json& object, std::string_view name) {
  const Json* member = json_member(object, name);
  if (member == nullptr || member->kind != JsonKind::number) return std::nullopt;
  return parse_decimal(member->text);
}

std::optional<bool> json_boolean(const Json& object, std::string_view name) {
  const Json* member = json_member(object, name);
  if (member == nullptr) return std::nullopt;
  if (member->kind != JsonKind::yes && member->kind != JsonKind::no) return std::nullopt;
  return member->kind == JsonKind::yes;
}

bool json_lists(const Json& object, std::string_view name, std::string_view wanted) {
  const Json* list = json_member(object, name);
  if (list == nullptr || !list->is_array()) return false;
  for (const Json& entry : list->elements) {
    if (entry.is_string() && entry.text == wanted) return true;
  }
  return false;
}

}  // namespace postern
