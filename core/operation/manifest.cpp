#include "core/operation/manifest.h"

#include "core/base/json_writer.h"
#include "core/base/problem.h"
#include "core/base/version.h"
#include "core/flow/frame/parameters.h"
#include "core/operation/table.h"

namespace postern {

namespace {

constexpr std::string_view kAccessNames[] = {"open", "key", "admin", "browser", "authority"};
constexpr std::string_view kKindNames[] = {"identifier", "name",      "text",  "integer",
                                           "flag",       "timestamp", "names", "words",
                                           "cursor",     "pem",       "json"};
constexpr std::string_view kPlaceNames[] = {"path", "query", "body"};

void write_parameter(JsonWriter& out, const Operation& operation, const Parameter& parameter) {
  out.begin_object()
      .member("name", parameter.name)
      .member("rpc_name", camel_case(parameter.name))
      .member("kind", kKindNames[static_cast<std::size_t>(parameter.kind)])
      .member("place", kPlaceNames[static_cast<std::size_t>(place_of(operation, parameter))]);
  out.key("required").boolean(parameter.required);
  if (!parameter.type.empty()) {
    out.member("type", parameter.type);
  }
  out.member("summary", parameter.summary).end_object();
}

void write_operation(JsonWriter& out, const Operation& operation) {
  out.begin_object()
      .member("name", operation.name)
      .member("rpc", is_over_rpc(operation) ? camel_case(operation.name) : std::string())
      .member("rpc_alias", operation.rpc_alias)
      .member("method", method_of(operation))
      .member("path", path_of(operation))
      .member("alias", operation.alias)
      .member("access", kAccessNames[static_cast<std::size_t>(operation.access)])
      .member("permission", operation.permission)
      .member("entropy_bytes", operation.entropy_bytes)
      .key("coalesced")
      .boolean(operation.coalesced)
      .key("aside")
      .boolean(operation.aside)
      .key("forwards")
      .boolean(operation.forwards)
      .key("streams")
      .boolean(operation.streams)
      .member("rpc_result", operation.rpc_result)
      .member("summary", operation.summary)
      .member("result", operation.result);
  if (const auto& call = operation.call; !call.target.empty()) {
    out.key("call")
        .begin_object()
        .member("api", call.api)
        .member("scope", call.scope)
        .member("target", call.target)
        .member("body", call.body)
        .member("items", call.list.empty() ? std::string_view() : call.items)
        .end_object();
  }
  out.key("parameters").begin_array();
  for (const auto& parameter : operation.parameters) {
    write_parameter(out, operation, parameter);
  }
  out.end_array().end_object();
}

}  // namespace

std::string manifest_json() {
  JsonWriter out;
  out.begin_object().member("version", kVersion).key("environment").begin_array();
  for (const auto& variable : all_variables()) {
    out.begin_object().member("name", variable.name);
    out.key("secret").boolean(variable.secrecy != Secrecy::open);
    out.key("authority_only").boolean(variable.secrecy == Secrecy::authority_secret);
    out.member("summary", variable.summary).end_object();
  }
  out.end_array().key("operations").begin_array();
  for (const auto& operation : all_operations()) {
    write_operation(out, operation);
  }
  out.end_array().key("problems").begin_array();
  for (const auto& info : all_problems()) {
    out.begin_object()
        .member("code", info.code)
        .member("status", info.status)
        .member("title", info.title)
        .member("remedy", info.remedy)
        .end_object();
  }
  out.end_array().key("shapes").begin_array();
  for (const auto& shape : all_shapes()) {
    out.begin_object()
        .member("name", shape.name)
        .member("type", shape.type)
        .member("summary", shape.summary)
        .end_object();
  }
  return out.end_array().end_object().take();
}

}  // namespace postern
