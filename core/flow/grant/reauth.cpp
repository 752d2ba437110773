#include "core/flow/grant/reauth.h"

#include "core/base/fields.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/connection/token_name.h"
#include "core/flow/connect/link.h"
#include "core/flow/grant/rate_limit.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/links.h"
#include "core/oauth/scope.h"
#include "core/provider/error_words.h"

namespace postern {

namespace {

constexpr DurationMs kLinkMemoryMs = 30 * kSecondMs;
// New links of one connection in that time: claims may be other ones each time that an API answers.
constexpr std::int64_t kMostLinks = 4;

// What is shown to callers is what was meant to be.
bool is_link(std::string_view fields) {
  FieldReader in(fields);
  for (int i = 0; i < 3; ++i) {
    (void)in.text();
  }
  return in.complete();
}

// Under which keys the attempt's link is remembered.
std::string key_of_attempt(std::string_view attempt) {
  return "reauth-key:" + std::string(attempt);
}

// The scope of an API that the connection was not asked for, and is now; empty: of none.
std::string scope_besides(const Integration& integration, const ConnectionRecord& record,
                          std::string_view resource) {
  const auto* api = find_api(*integration.provider, api_of_token(resource));
  if (api == nullptr) {
    return {};
  }
  auto asked = integration;
  ask_for(&asked, record.asked_scopes);
  ask_on_demand(&asked, *api, record.account.tenant_id);
  const auto scope = on_demand_scope(integration.in_its_cloud(*api));
  return has_scope(asked.scopes, scope) ? scope : std::string();
}

// With nothing besides: empty where the integration's own are meant.
std::string scopes_of_renewal(const Integration& integration, const ConnectionRecord& record,
                              const std::string& besides) {
  auto scopes = still_allowed(integration, record.asked_scopes + ' ' + record.dropped_scopes);
  if (besides.empty()) {
    return scopes;
  }
  return (scopes.empty() ? join_scopes(integration.scopes) : scopes) + ' ' + besides;
}

// Adds the link to the fault. Who asks again at once gets the same one: a loop of callers is no
// reason to fill D1.
Task<std::monostate> add_link(FlowContext* context, const AuthorityState* state,
                              const Integration* integration, std::string besides, Problem* fault) {
  const auto& record = *state->record;
  const auto key = "reauth:" + connection_key(record.id) + ":" + to_decimal(record.version) + ":" +
                   sha256_base64url(record.cause + '\n' + record.claims +
                                    (besides.empty() ? "" : '\n' + besides));
  auto fields = co_await perform(MemoryGet{.key = key});
  const auto last_key = "reauth-last:" + connection_key(record.id);
  if (!fields || !is_link(*fields)) {
    const auto until = co_await wait_of({.key = "reauth-links:" + connection_key(record.id),
                                         .most = kMostLinks,
                                         .within_ms = kLinkMemoryMs});
    if (until != 0) {
      fields = co_await perform(MemoryGet{.key = last_key});
    }
  }
  if (!fields || !is_link(*fields)) {
    const auto link =
        co_await make_link(context,
                           {.id = record.id,
                            .tenant = tenant_of_link(*state->settings, record.tenant),
                            .return_to = {},
                            .confirm = std::string(kConfirmRenew),
                            .allow_other_account = false,
                            .claims = record.claims,
                            .scopes = scopes_of_renewal(*integration, record, besides)},
                           integration->public_url);
    if (!link) {
      co_return std::monostate{};
    }
    FieldWriter out;
    out.text(link->url).text(link->attempt).text(format_iso8601(link->expires_at));
    fields = out.take();
    const auto now = co_await current_time();
    (void)co_await perform(
        MemoryPut{.key = key, .value = *fields, .expires_at = now + kLinkMemoryMs});
    (void)co_await perform(
        MemoryPut{.key = last_key, .value = *fields, .expires_at = now + kLinkMemoryMs});
    (void)co_await perform(MemoryPut{.key = key_of_attempt(link->attempt),
                                     .value = key + '\n' + last_key,
                                     .expires_at = now + kLinkMemoryMs});
  }
  FieldReader in(*fields);
  for (const std::string_view name : {"connect_url", "connect_state", "connect_expires_at"}) {
    fault->members.emplace_back(name, in.text());
  }
  co_return std::monostate{};
}

}  // namespace

Task<std::monostate> forget_reauth_link(std::string attempt) {
  auto key = co_await perform(MemoryGet{.key = key_of_attempt(attempt)});
  if (key) {
    for (const auto one : split(*key, '\n')) {
      (void)co_await perform(MemoryPut{.key = std::string(one), .value = {}, .expires_at = 0});
    }
  }
  co_return std::monostate{};
}

Task<Problem> needs_reauth_problem(FlowContext* context, const AuthorityState* state,
                                   std::string resource) {
  auto fault = problem(ProblemCode::needs_reauth);
  const auto& record = *state->record;
  if (!record.cause.empty()) {
    fault.members.emplace_back("cause", record.cause);
    const auto said = words_of_evidence(record.evidence);
    fault.members.emplace_back("evidence", record.evidence);
    fault.members.emplace_back("fix", who_can_fix(record.provider, said));
    if (const auto meaning = meaning_of(record.provider, said); !meaning.empty()) {
      fault.members.emplace_back("meaning", meaning);
    }
    add_members(said, fault.members);
  }
  if (context->input.entry == Entry::alarm) {
    co_return fault;  // nobody is there to open a link
  }
  const auto integration = integration_of(*state, record.tenant);
  if (integration) {
    auto besides = scope_besides(*integration, record, resource);
    (void)co_await add_link(context, state, &*integration, std::move(besides), &fault);
  }
  co_return fault;
}

Task<Problem> lacking_scope_problem(FlowContext* context, const AuthorityState* state,
                                    std::string scope) {
  const auto integration = integration_of(*state, state->record->tenant);
  if (!integration || !may_ask_for(*integration, scope)) {
    auto fault = problem(ProblemCode::provider_forbidden,
                         "The connection lacks the scope " + scope +
                             ", and no link may ask for it: the operator has to allow it");
    fault.members.emplace_back("lacking_scope", scope);
    fault.members.emplace_back("fix", "operator");
    co_return fault;
  }
  auto fault = problem(ProblemCode::needs_reauth, "The connection lacks the scope " + scope);
  fault.members.emplace_back("lacking_scope", scope);
  fault.members.emplace_back("fix", "user");
  (void)co_await add_link(context, state, &*integration, std::move(scope), &fault);
  co_return fault;
}

}  // namespace postern
