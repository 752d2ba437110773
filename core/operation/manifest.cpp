#include "core/operation/manifest.h"

#include <cstdint>

#include "core/base/json_writer.h"
#include "core/base/problem.h"
#include "core/base/version.h"
#include "core/flow/frame/parameters.h"
#include "core/operation/table.h"

namespace postern {

namespace {

constexpr std::string_view kAccessNames[] = {"open", "key", "admin", "browser", "authority"};
constexpr std::string_view kKindNames[] = {"identifier", "name",      "text", "integer",
                                           "flag",       "timestamp", "names"};
constexpr std::string_view kPlaceNames[] = {"path", "query", "body"};

enum class Secrecy : std::uint8_t {
  open,
  secret,            // nobody but the operator's, though a front compares what it gets with it
  authority_secret,  // given to the authority's flows only
};
struct Variable {
  std::string_view name;
  Secrecy secrecy;
  std::string_view summary;
};
using enum Secrecy;
constexpr Variable kEnvironment[] = {
    {"AZURE_CLIENT_ID", open, "Application (client) id of the app registration"},
    {"AZURE_TENANT_ID", open,
     "common (default), organizations, consumers, a directory's id or domain"},
    {"AZURE_REDIRECT_URI", open,
     "Where Postern's /callback/azure is reached, exactly as registered"},
    {"AZURE_LOGIN_ORIGIN", open, "Another origin than https://login.microsoftonline.com"},
    {"GRAPH_ORIGIN", open, "Another origin than https://graph.microsoft.com"},
    {"ARM_ORIGIN", open, "Another origin than https://management.azure.com"},
    {"ALLOW_INSECURE_ORIGINS", open,
     "Comma-separated origins that may be http or private: development only"},
    {"ALLOWED_RETURN_URLS", open,
     "JSON: organization to the exact URLs that people may be sent to"},
    {"AZURE_REPLAY", open,
     "What the server does with a refresh token that is used again: not_rotated, old_stays_valid, "
     "reuse_leeway:<seconds> or single_use. Absent: what is known of Entra; of another origin "
     "single_use"},
    {"AZURE_REFRESH_MODE", open,
     "on_demand, keep_alive (default: also before the refresh token dies of idleness) or "
     "keep_fresh (tokens always have some life left)"},
    {"AZURE_REFRESH_AHEAD_SECONDS", open,
     "keep_fresh: how much life a token always has; 14400 when absent, at most three quarters of "
     "its lifetime"},
    {"AZURE_REFRESH_IDLE_SECONDS", open,
     "After how long an unused refresh token dies; Entra's 90 days when absent, 0: never"},
    {"AZURE_GRANT_LIFETIME_SECONDS", open,
     "After how long a grant ends whatever is done; never when absent or 0"},
    {"TOKEN_VERSIONS_KEPT", open,
     "How many earlier versions of a connection are kept, sealed, for rollback: 0 to 10, 3 when "
     "absent"},
    {"WEBHOOKS", authority_secret,
     "JSON: organization to its webhooks, [{\"url\", \"secret\": \"whsec_…\", \"events\": "
     "[…]}]; all events when absent, several secrets separated by spaces"},
    {"ADMIN_API_KEY", secret, "The administrator's key"},
    {"AZURE_CLIENT_SECRET", authority_secret, "Client secret of the app registration"},
};

void write_parameter(JsonWriter& out, const Parameter& parameter) {
  out.begin_object()
      .member("name", parameter.name)
      .member("rpc_name", camel_case(parameter.name))
      .member("kind", kKindNames[static_cast<std::size_t>(parameter.kind)])
      .member("place", kPlaceNames[static_cast<std::size_t>(parameter.place)]);
  out.key("required").boolean(parameter.required);
  out.member("summary", parameter.summary).end_object();
}

void write_operation(JsonWriter& out, const Operation& operation) {
  out.begin_object()
      .member("name", operation.name)
      .member("rpc", operation.rpc)
      .member("rpc_alias", operation.rpc_alias)
      .member("method", operation.method)
      .member("path", operation.path)
      .member("alias", operation.alias)
      .member("access", kAccessNames[static_cast<std::size_t>(operation.access)])
      .member("permission", operation.permission)
      .member("entropy_bytes", operation.entropy_bytes)
      .key("coalesced")
      .boolean(operation.coalesced)
      .key("aside")
      .boolean(operation.aside)
      .member("rpc_result", operation.rpc_result)
      .member("summary", operation.summary)
      .member("result", operation.result);
  out.key("parameters").begin_array();
  for (const auto& parameter : operation.parameters) {
    write_parameter(out, parameter);
  }
  out.end_array().end_object();
}

}  // namespace

std::string manifest_json() {
  JsonWriter out;
  out.begin_object().member("version", kVersion).key("environment").begin_array();
  for (const auto& variable : kEnvironment) {
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
  return out.end_array().end_object().take();
}

}  // namespace postern
