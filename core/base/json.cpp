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
      escaped += "\\u003c";
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

}  // namespace postern
