#include "core/flow/resource/template.h"

#include <algorithm>

#include "core/base/form.h"
#include "core/base/json_writer.h"
#include "core/base/text.h"

namespace postern {

namespace {

const Parameter* find(const Operation& operation, std::string_view name) {
  for (const auto& parameter : operation.parameters) {
    if (parameter.name == name) {
      return &parameter;
    }
  }
  return nullptr;
}

bool is_dots(std::string_view part) {
  std::size_t dots = 0;
  while (!part.empty()) {
    const auto bytes = part.starts_with('.')                           ? 1
                       : equal_ignoring_case(part.substr(0, 3), "%2e") ? 3
                                                                       : 0;
    if (bytes == 0) {
      return false;
    }
    part.remove_prefix(bytes);
    dots += 1;
  }
  return dots == 1 || dots == 2;
}

// However it is encoded, a segment of dots names another place (WHATWG URL, "double-dot segment").
// Slashes in it are sent encoded, and a server may decode them before it looks for dots.
bool is_place(std::string_view segment) {
  if (segment.empty()) {
    return false;
  }
  while (!segment.empty()) {
    const auto end = std::min(segment.find_first_of("/\\"), segment.size());
    if (is_dots(segment.substr(0, end))) {
      return false;
    }
    segment.remove_prefix(std::min(end + 1, segment.size()));
  }
  return true;
}

std::string value_of(const Operation& operation, const Parameters& parameters,
                     std::string_view name) {
  const auto* parameter = find(operation, name);
  if (parameter != nullptr && parameter->kind == ParameterKind::flag) {
    return parameters.flag(name) ? "true" : "false";
  }
  return std::string(parameters.text(name));
}

// Graph takes `$search` between double quotes (learn.microsoft.com/graph/search-query-parameter);
// who has written them means several clauses.
std::string quoted(std::string_view text) {
  if (text.starts_with('"')) {
    return std::string(text);
  }
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' || c == '\\' ? "\\" : "";
    out += c;
  }
  return out + '"';
}

// `{name}` and its kinds, and what is literal. Sets `fault` to the parameter that fits no path.
class Expansion {
 public:
  Expansion(const Operation& operation, const Parameters& parameters)
      : operation_(operation), parameters_(parameters) {}

  void add(std::string_view text) {
    while (!text.empty()) {
      const char c = text.front();
      if (c == '{') {
        const auto end = text.find('}');
        add_value(text.substr(1, end - 1));
        text.remove_prefix(end + 1);
      } else if (c == '[') {
        const auto end = text.find(']');
        add_alternative(text.substr(1, end - 1));
        text.remove_prefix(end + 1);
      } else {
        const auto end = text.find_first_of("{[");
        out_ += text.substr(0, end);
        text.remove_prefix(std::min(end, text.size()));
      }
    }
  }

  [[nodiscard]] std::string_view fault() const { return fault_; }
  std::string take() { return std::move(out_); }

 private:
  void add_alternative(std::string_view alternatives) {
    for (const auto alternative : split(alternatives, '|')) {
      if (has_all(alternative)) {
        add(alternative);
        return;
      }
    }
  }

  [[nodiscard]] bool has_all(std::string_view text) const {
    for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
      auto name = text.substr(at + 1, text.find('}', at) - at - 1);
      name.remove_prefix(name.starts_with('+') || name.starts_with('\'') ? 1 : 0);
      if (!parameters_.has(name)) {
        return false;
      }
    }
    return true;
  }

  void add_value(std::string_view name) {
    const char kind = name.empty() ? '\0' : name.front();
    if (kind == '?') {
      for (const auto field : split(name.substr(1), ',')) {
        add_field(field);
      }
      return;
    }
    if (kind == '+') {
      add_segments(name.substr(1));
      return;
    }
    if (kind == '\'') {
      add_quoted(name.substr(1));
      return;
    }
    const auto value = value_of(operation_, parameters_, name);
    // In a query a dot is a dot.
    if (!out_.contains('?') && !is_place(value)) {
      fault_ = name;
    }
    out_ += percent_encode(value);
  }

  void add_segments(std::string_view name) {
    auto value = parameters_.text(name);
    value.remove_prefix(value.starts_with('/') ? 1 : 0);
    bool is_first = true;
    for (const auto segment : split(value, '/')) {
      if (!is_place(segment)) {
        fault_ = name;
      }
      out_ += is_first ? "" : "/";
      out_ += percent_encode(segment);
      is_first = false;
    }
  }

  // OData ABNF, SQUOTE-in-string: a quote is written twice.
  void add_quoted(std::string_view name) {
    for (const char c : parameters_.text(name)) {
      out_ += c == '\'' ? std::string("%27%27") : percent_encode(std::string_view(&c, 1));
    }
  }

  void add_field(std::string_view field) {
    const auto equals = field.find('=');
    const auto name = field.substr(0, equals);
    auto parameter = equals == std::string_view::npos ? name.substr(name.starts_with('$') ? 1 : 0)
                                                      : field.substr(equals + 1);
    const auto tilde = parameter.find('~');
    const auto otherwise =
        tilde == std::string_view::npos ? std::string_view() : parameter.substr(tilde + 1);
    parameter = parameter.substr(0, tilde);
    auto value = parameters_.has(parameter) ? value_of(operation_, parameters_, parameter)
                                            : std::string(otherwise);
    if (value.empty()) {
      return;
    }
    if (name == "$select") {
      // Callers may write blanks between names.
      std::erase(value, ' ');
    } else if (name == "$search") {
      value = quoted(value);
    }
    out_ += out_.contains('?') ? '&' : '?';
    out_ += name;
    out_ += '=';
    out_ += percent_encode(value);
  }

  const Operation& operation_;
  const Parameters& parameters_;
  std::string out_;
  std::string_view fault_;
};

void write_value(JsonWriter& out, const Parameter& parameter, std::string_view value) {
  switch (parameter.kind) {
    case ParameterKind::integer:
      out.integer(parse_decimal(value).value_or(0));
      return;
    case ParameterKind::flag:
      out.boolean(value == "1" || value == "true");
      return;
    case ParameterKind::json:
      out.raw(value);
      return;
    case ParameterKind::names:
    case ParameterKind::words:
      out.begin_array();
      for (const auto word : split(value, ' ')) {
        out.string(word);
      }
      out.end_array();
      return;
    case ParameterKind::pem:
    case ParameterKind::identifier:
    case ParameterKind::name:
    case ParameterKind::text:
    case ParameterKind::timestamp:
    case ParameterKind::cursor:
      break;
  }
  out.string(value);
}

}  // namespace

std::vector<std::string_view> path_references(std::string_view target) {
  std::vector<std::string_view> names;
  // Alternatives hold whole paths, some with a query; what is in one is said in the query alone.
  bool in_query = false;
  for (std::size_t at = 0; at < target.size(); ++at) {
    const char c = target[at];
    if (c == '?') {
      in_query = true;
    } else if (c == '|' || c == ']') {
      in_query = false;
    } else if (c == '{' && !in_query && target[at + 1] != '?') {
      auto name = target.substr(at + 1, target.find('}', at) - at - 1);
      name.remove_prefix(name.starts_with('+') || name.starts_with('\'') ? 1 : 0);
      names.push_back(name);
    }
  }
  return names;
}

Result<std::string, Problem> expand_target(const Operation& operation,
                                           const Parameters& parameters) {
  const auto target = operation.call.target;
  Expansion expansion(operation, parameters);
  expansion.add(target.substr(target.find(' ') + 1));
  if (!expansion.fault().empty()) {
    return std::unexpected(
        problem(ProblemCode::invalid_request, "`" + std::string(expansion.fault()) +
                                                  "` names nothing: it is, or has in it, an "
                                                  "empty segment or one of dots"));
  }
  return expansion.take();
}

std::string expand_body(const Operation& operation, const Parameters& parameters) {
  auto body = operation.call.body;
  if (body.empty()) {
    return {};
  }
  if (body.starts_with('{')) {
    return std::string(parameters.text(body.substr(1, body.size() - 2)));
  }
  JsonWriter out;
  out.begin_object();
  std::string_view open;  // the object within the object
  for (const auto field : split(body, ',')) {
    const auto equals = field.find('=');
    auto member = field.substr(0, equals);
    const auto source = equals == std::string_view::npos ? member : field.substr(equals + 1);
    const bool is_literal = source.starts_with('\'');
    const auto* parameter = is_literal ? nullptr : find(operation, source);
    if (!is_literal && (parameter == nullptr || !parameters.has(source))) {
      continue;
    }
    const auto dot = member.find('.');
    const auto object = dot == std::string_view::npos ? std::string_view() : member.substr(0, dot);
    if (open != object) {
      if (!open.empty()) {
        out.end_object();
      }
      if (!object.empty()) {
        out.key(object).begin_object();
      }
      open = object;
    }
    out.key(object.empty() ? member : member.substr(dot + 1));
    if (is_literal) {
      out.string(source.substr(1, source.size() - 2));
    } else {
      write_value(out, *parameter, parameters.text(source));
    }
  }
  if (!open.empty()) {
    out.end_object();
  }
  return out.end_object().take();
}

}  // namespace postern
