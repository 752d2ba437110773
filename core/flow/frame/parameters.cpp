#include "core/flow/frame/parameters.h"

#include <algorithm>

#include "core/base/form.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/oauth/pem.h"
#include "core/provider/catalogue.h"

namespace postern {

namespace {

constexpr std::size_t kMaxIdentifierBytes = 255;
constexpr std::size_t kMaxTextBytes = 8192;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::int64_t kMaxInteger = 1'000'000;

using Fault = std::unexpected<Problem>;

Fault refuse(std::string_view name, std::string_view why) {
  // The name comes from the declaration or is cut: an answer does not repeat what it was sent.
  return std::unexpected(
      problem(ProblemCode::invalid_request,
              "`" + std::string(name.substr(0, kMaxNameBytes)) + "` " + std::string(why)));
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameBytes || !is_alphanumeric(text[0])) {
    return false;
  }
  for (const char c : text) {
    if (!is_alphanumeric(c) && c != '_' && c != '.' && c != '-' && c != ':' && c != '*') {
      return false;
    }
  }
  return true;
}

bool is_name_list(std::string_view text) {
  for (const auto piece : split(text, ' ')) {
    if (piece != "*" && !is_name(piece)) {
      return false;
    }
  }
  return text.size() <= kMaxTextBytes;
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7e; });
}

bool is_word_list(std::string_view text) {
  return text.size() <= kMaxTextBytes && std::ranges::all_of(split(text, ' '), [](auto word) {
           return !word.empty() && is_visible(word);
         });
}

bool is_cursor(std::string_view text) {
  return text.size() <= kMaxCursorBytes && is_visible(text);
}

bool is_pem_text(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= 0x20 && c <= 0x7e) || c == '\n' || c == '\r' || c == '\t'; });
}

bool is_list(ParameterKind kind) {
  return kind == ParameterKind::names || kind == ParameterKind::words;
}

// What is wrong with the value; empty when nothing is.
std::string_view fault_in(ParameterKind kind, std::string_view value) {
  switch (kind) {
    case ParameterKind::identifier:
      return !value.empty() && value.size() <= kMaxIdentifierBytes && is_clean_text(value)
                 ? std::string_view()
                 : "must be 1 to 255 bytes of text without control characters";
    case ParameterKind::name:
      return is_name(value) ? std::string_view() : "must be a name of letters, digits, `_.-`";
    case ParameterKind::text:
      return value.size() <= kMaxTextBytes && is_clean_text(value)
                 ? std::string_view()
                 : "must be at most 8192 bytes of text without control characters";
    case ParameterKind::integer: {
      const auto number = parse_decimal(value);
      return number && *number >= 0 && *number <= kMaxInteger
                 ? std::string_view()
                 : "must be an integer from 0 to 1000000";
    }
    case ParameterKind::flag:
      return value == "1" || value == "0" || value == "true" || value == "false"
                 ? std::string_view()
                 : "must be true or false";
    case ParameterKind::timestamp:
      return parse_iso8601(value) ? std::string_view() : "must be an RFC 3339 date and time";
    case ParameterKind::names:
      return is_name_list(value) ? std::string_view() : "must be a list of names";
    case ParameterKind::words:
      return is_word_list(value) ? std::string_view()
                                 : "must be a list of words of visible ASCII, at most 8192 bytes";
    case ParameterKind::pem:
      return value.size() <= kMaxPemBytes && is_pem_text(value)
                 ? std::string_view()
                 : "must be PEM: at most 16384 bytes of printable ASCII in lines";
    case ParameterKind::json:
      // It was read as such.
      return {};
    case ParameterKind::cursor:
      return is_cursor(value) ? std::string_view() : "must be a cursor as it was answered";
  }
  return "is of an unknown kind";
}

constexpr std::string_view kIntegration = "integration";
constexpr std::string_view kResource = "resource";

bool is_api(std::string_view name) {
  return std::ranges::any_of(providers(), [name](const Provider* provider) {
    return find_api(*provider, name) != nullptr;
  });
}

const Parameter* find(const Operation& operation, std::string_view name, bool camel) {
  for (const auto& parameter : operation.parameters) {
    if (camel ? camel_case(parameter.name) == name : parameter.name == name) {
      return &parameter;
    }
  }
  return nullptr;
}

struct Reader {
  const Operation& operation;
  Parameters parameters;

  Result<std::monostate, Problem> accept(const Parameter& parameter, std::string_view value) {
    if (parameters.has(parameter.name)) {
      return refuse(parameter.name, "must not be repeated");
    }
    if (const auto fault = fault_in(parameter.kind, value); !fault.empty()) {
      return refuse(parameter.name, fault);
    }
    if (const auto at = value.rfind('.'); operation.forwards && parameter.name == kIntegration &&
                                          at != std::string_view::npos &&
                                          is_api(value.substr(at + 1))) {
      if (!parameters.has(kResource)) {
        parameters.set(kResource, value.substr(at + 1));
      }
      value = value.substr(0, at);
    }
    parameters.set(parameter.name, value);
    return {};
  }

  Result<std::monostate, Problem> read_query(std::string_view query) {
    const auto fields = form_decode(query);
    if (!fields) {
      return std::unexpected(problem(ProblemCode::invalid_request, "The query is not well formed"));
    }
    for (const auto& [name, value] : *fields) {
      const auto* parameter = find(operation, name, false);
      if (parameter == nullptr || place_of(operation, *parameter) != ParameterPlace::query) {
        return refuse(name, "is not a parameter of this operation");
      }
      if (auto done = accept(*parameter, value); !done) {
        return done;
      }
    }
    return {};
  }

  static std::optional<std::string> text_of(const Parameter& parameter, const Json& value) {
    if (parameter.kind == ParameterKind::json) {
      return value.is_object() || value.is_array() ? std::optional(dump_json(value)) : std::nullopt;
    }
    switch (value.kind) {
      case JsonKind::string:
        return value.text;
      case JsonKind::number:
        if (parameter.kind != ParameterKind::integer || !parse_decimal(value.text)) {
          return std::nullopt;
        }
        return value.text;
      case JsonKind::yes:
      case JsonKind::no:
        if (parameter.kind != ParameterKind::flag) {
          return std::nullopt;
        }
        return value.kind == JsonKind::yes ? "true" : "false";
      case JsonKind::array:
        break;
      case JsonKind::object:
      case JsonKind::null:
        return std::nullopt;
    }
    if (!is_list(parameter.kind)) {
      return std::nullopt;
    }
    std::string list;
    for (const auto& item : value.elements) {
      if (!item.is_string()) {
        return std::nullopt;
      }
      list += (list.empty() ? "" : " ") + item.text;
    }
    return list;
  }

  Result<std::monostate, Problem> read_headers(const Pairs& headers) {
    constexpr std::string_view prefix = "postern-";
    for (const auto& [name, value] : headers) {
      if (!name.starts_with(prefix)) {
        continue;
      }
      auto own = name.substr(prefix.size());
      std::ranges::replace(own, '-', '_');
      const auto* parameter = find(operation, own, false);
      if (parameter == nullptr || place_of(operation, *parameter) == ParameterPlace::path) {
        return refuse("Postern-" + own, "is not a header of this operation");
      }
      // The path has named the API.
      if (parameters.has(parameter->name) && parameter->name == kResource) {
        continue;
      }
      if (auto done = accept(*parameter, value); !done) {
        return done;
      }
    }
    return {};
  }

  Result<std::monostate, Problem> read_object(std::string_view text, bool camel) {
    const auto document = parse_json(text);
    if (!document || !document->is_object()) {
      return std::unexpected(
          problem(ProblemCode::invalid_request, "The body is not a JSON object"));
    }
    for (const auto& value : document->elements) {
      const auto& name = value.name;
      const auto* parameter = find(operation, name, camel);
      if (parameter == nullptr) {
        return refuse(name, "is not a parameter of this operation");
      }
      if (!camel && place_of(operation, *parameter) != ParameterPlace::body) {
        return refuse(name, "is not read from the body: put it into the query or the path");
      }
      if (value.is_null()) {
        continue;
      }
      auto as_text = text_of(*parameter, value);
      if (!as_text) {
        return refuse(name, "is of another type");
      }
      if (auto done = accept(*parameter, *as_text); !done) {
        return done;
      }
    }
    return {};
  }
};

bool takes_body(const Operation& operation) {
  for (const auto& parameter : operation.parameters) {
    if (place_of(operation, parameter) == ParameterPlace::body) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string camel_case(std::string_view snake_case) {
  std::string out;
  bool upper = false;
  for (const char c : snake_case) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    upper = false;
  }
  return out;
}

Result<Parameters, Problem> read_parameters(const Operation& operation, const FlowInput& input) {
  Reader reader{.operation = operation, .parameters = {}};
  if (operation.access == Access::browser || operation.access == Access::authority) {
    // Browser flows read their raw query and form themselves; the authority's read their payload.
    for (const auto& [name, value] : input.path) {
      reader.parameters.set(name, value);
    }
    return std::move(reader.parameters);
  }
  Result<std::monostate, Problem> done;
  if (input.entry == Entry::rpc) {
    done = reader.read_object(input.body.empty() ? "{}" : std::string_view(input.body), true);
  } else {
    for (const auto& [name, value] : input.path) {
      const auto* parameter = find(operation, name, false);
      if (parameter == nullptr) {
        return refuse(name, "is not a parameter of this operation");
      }
      if (done = reader.accept(*parameter, value); !done) {
        return std::unexpected(done.error());
      }
    }
    done = operation.forwards ? reader.read_headers(input.headers) : reader.read_query(input.query);
    // What an operation without a body is sent as JSON would be overlooked in silence.
    if (done && (takes_body(operation) || input.body.starts_with('{'))) {
      done = reader.read_object(input.body.empty() ? "{}" : std::string_view(input.body), false);
    }
  }
  if (!done) {
    return std::unexpected(done.error());
  }
  for (const auto& parameter : operation.parameters) {
    if (reader.parameters.has(parameter.name)) {
      continue;
    }
    if (parameter.required) {
      const bool camel = input.entry == Entry::rpc;
      return refuse(camel ? camel_case(parameter.name) : std::string(parameter.name),
                    "is required");
    }
    if (!parameter.otherwise.empty()) {
      reader.parameters.set(parameter.name, parameter.otherwise);
    }
  }
  return std::move(reader.parameters);
}

}  // namespace postern
