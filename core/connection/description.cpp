#include "core/connection/description.h"

#include <algorithm>
#include <iterator>

#include "core/base/json_writer.h"
#include "core/connection/application.h"
#include "core/connection/token_name.h"
#include "core/oauth/scope.h"
#include "core/provider/error_words.h"
#include "core/provider/granted_scopes.h"

namespace postern {

namespace {

std::vector<std::string> asked_scopes(const ConnectionRecord& record, const RefreshPolicy& policy) {
  // It has what its directory's administrator gave it, whatever people are asked for.
  if (is_application(record)) {
    return {};
  }
  if (!record.asked_scopes.empty()) {
    return split_scopes(record.asked_scopes, false);
  }
  auto scopes = split_scopes(policy.scopes, false);
  const auto* provider = find_provider(record.provider);
  const auto* hooks = provider == nullptr ? nullptr : provider->hooks;
  return hooks != nullptr && hooks->scopes_in != nullptr ? hooks->scopes_in(record.tenant, scopes)
                                                         : scopes;
}

// As it is in the connection's cloud.
const Api* api_of(const Provider* provider, const RefreshPolicy& policy, std::string_view token) {
  const auto* api = provider == nullptr ? nullptr : find_api(*provider, api_of_token(token));
  if (api == nullptr || policy.apis.empty()) {
    return api;
  }
  return &policy.apis[static_cast<std::size_t>(api - provider->apis.data())];
}

void write_list(std::string_view name, const std::vector<std::string>& list, JsonWriter& out) {
  out.key(name).begin_array();
  for (const auto& text : list) {
    out.string(text);
  }
  out.end_array();
}

// `granted`: as the tokens of the connection's own directory say.
void write_scopes(const ConnectionRecord& record, const RefreshPolicy& policy, JsonWriter& out) {
  std::vector<std::string> granted;
  for (const auto& token : record.tokens) {
    if (is_of_guest(token.resource)) {
      continue;
    }
    for (auto& scope : split_scopes(token.scope, false)) {
      if (!has_scope(granted, scope)) {
        granted.push_back(std::move(scope));
      }
    }
  }
  out.key("scopes").begin_object();
  auto asked = asked_scopes(record, policy);
  std::ranges::move(split_scopes(record.dropped_scopes, false), std::back_inserter(asked));
  write_list("asked", asked, out);
  write_list("granted", granted, out);
  write_list("missing", missing_scopes(record, policy), out);
  out.end_object();
}

}  // namespace

std::vector<std::string> missing_scopes(const ConnectionRecord& record,
                                        const RefreshPolicy& policy) {
  auto missing = split_scopes(record.dropped_scopes, false);
  const auto* provider = find_provider(record.provider);
  const auto asked = asked_scopes(record, policy);
  for (const auto& token : record.tokens) {
    const auto* api = api_of(provider, policy, token.resource);
    // What another directory has not consented to is not missing here.
    if (api != nullptr && !is_of_guest(token.resource)) {
      std::ranges::move(missing_scopes(*provider, *api, asked, token.scope),
                        std::back_inserter(missing));
    }
  }
  return missing;
}

std::string_view fix_for(const ConnectionRecord& record, const ProviderWords& said) {
  const auto fix = who_can_fix(record.provider, said);
  return is_application(record) && fix == "user" ? "administrator" : fix;
}

std::string connection_json(const ConnectionRecord& record, const RefreshPolicy& policy) {
  const auto subject = parse_subject(record.id.subject);
  JsonWriter out;
  out.begin_object()
      .member("integration", record.id.integration)
      .member("provider", record.provider)
      .member("user_id", subject.is_organization() ? kOrganizationName : subject.user_id)
      .member("subject", subject.is_organization() ? "organization" : "user")
      .member("status", name_of(record.status));
  if (is_application(record)) {
    out.member("acts_as", "application");
  }
  out.member("version", record.version);
  out.key("account")
      .begin_object()
      .member("label", subject.account)
      .member("tenant_id", record.account.tenant_id)
      .member("provider_user_id", record.account.provider_user_id)
      .member("name", record.account.name)
      .member("username", record.account.username)
      .end_object();
  out.key("resources").begin_array();
  for (const auto& token : record.tokens) {
    out.begin_object().member("resource", token.resource).member("scope", token.scope);
    if (token.expires_at != 0) {
      out.member("expires_at", format_iso8601(token.expires_at));
    }
    out.end_object();
  }
  out.end_array();
  write_scopes(record, policy, out);
  out.key("can_refresh").boolean(!record.sealed_refresh_token.empty() || is_application(record));
  if (!record.cause.empty()) {
    out.member("cause", record.cause)
        .member("evidence", record.evidence)
        .member("fix", fix_for(record, words_of_evidence(record.evidence)));
  }
  if (const auto due = next_refresh(record, policy); due.at != 0) {
    out.member("refreshes_at", format_iso8601(due.at));
  }
  if (const auto end = expires_for_good_at(record, policy); end != 0) {
    out.member("expires_for_good_at", format_iso8601(end));
  }
  out.member("created_at", format_iso8601(record.created_at))
      .member("updated_at", format_iso8601(record.updated_at));
  return out.end_object().take();
}

}  // namespace postern
