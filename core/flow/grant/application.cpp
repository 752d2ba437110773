#include "core/flow/grant/application.h"

#include "core/base/text.h"
#include "core/connection/description.h"
#include "core/flow/authority/store.h"
#include "core/flow/connect/attempt.h"
#include "core/flow/frame/log.h"
#include "core/flow/grant/kept.h"
#include "core/flow/grant/operations.h"
#include "core/flow/grant/rate_limit.h"
#include "core/flow/grant/redeem.h"
#include "core/flow/grant/refresh.h"
#include "core/flow/grant/refusal.h"
#include "core/flow/grant/revoke.h"
#include "core/flow/grant/settle.h"
#include "core/flow/integration/credential.h"
#include "core/flow/store/payload.h"
#include "core/oauth/issuer.h"
#include "core/oauth/jwt.h"

namespace postern {

namespace {

constexpr DurationMs kRequestDeadlineMs = 20 * kSecondMs;
// Somebody who connects looks at what came of it: nobody asks more often than that.
constexpr std::int64_t kMostConnects = 6;
constexpr DurationMs kConnectsWithinMs = 30 * kSecondMs;

// The record that a first token would make: what refusals are told of.
ConnectionRecord record_of(const AuthorityState& state, const Integration& integration,
                           std::string tenant, EpochMs now) {
  ConnectionRecord record;
  record.id = state.id;
  record.provider = integration.provider->id;
  record.version = state.version() + 1;
  record.status = Status::connected;
  record.account.key = application_key({.tenant = tenant, .client_id = integration.client_id});
  record.account.tenant_id = is_guid(tenant) ? tenant : std::string();
  record.tenant = std::move(tenant);
  record.cloud = integration.cloud;
  record.created_at =
      state.record && state.record->status != Status::revoked ? state.record->created_at : now;
  record.updated_at = now;
  record.granted_at = now;
  return record;
}

// Why nothing may be connected here; nullopt: it may.
std::optional<Problem> refusal_to_connect(const AuthorityState& state,
                                          const Integration& integration) {
  if (!state.record || state.record->status == Status::revoked) {
    return std::nullopt;
  }
  if (state.record->cloud != integration.cloud) {
    return of_another_cloud(*state.record);
  }
  if (!is_application(*state.record)) {
    return problem(ProblemCode::other_account,
                   "A person is connected here: name another `account`, or disconnect first");
  }
  return std::nullopt;
}

Task<Problem> tell_fault(FlowContext* context, const AuthorityState* state, std::string resource,
                         TokenFault fault) {
  const auto now = co_await current_time();
  if (fault.kind == FaultKind::transient) {
    auto told = patience_problem(now + fault.retry_after.value_or(kSecondMs), now);
    told.members.emplace_back("reason", fault.reason);
    co_return told;
  }
  const bool ours = fault.kind == FaultKind::integration;
  if (ours) {
    (void)co_await mark_integration(state, &fault);
  } else {
    (void)co_await log_connection(LogLevel::warn, "application_refused", &state->id, "evidence",
                                  evidence_of(fault.said));
  }
  co_return co_await tell_refusal(
      context, state, std::move(resource),
      refusal_of(ours ? RefusalKind::integration : RefusalKind::refused, fault));
}

Problem not_its_own() {
  return problem(ProblemCode::resource_refused,
                 "The token that came is not this application's in this directory: nothing was "
                 "stored");
}

}  // namespace

Task<Result<TokenRequest, Problem>> application_request(const AuthorityState* state,
                                                        const Integration* integration,
                                                        const Api* api, std::string directory,
                                                        std::string claims) {
  if (!may_act_in(*state->context, *state->settings, state->id.org, directory)) {
    co_return std::unexpected(problem(ProblemCode::directory_not_allowed));
  }
  auto scope = application_scope(*integration->provider, integration->in_its_cloud(*api));
  if (scope.empty()) {
    co_return std::unexpected(problem(ProblemCode::resource_not_granted));
  }
  auto endpoint = token_endpoint(*integration, *state->settings);
  const auto proven =
      co_await prove_application(state->context, state->id.org, integration->name, &endpoint);
  if (!proven) {
    co_return std::unexpected(proven.error());
  }
  co_return make_client_credentials_request(
      endpoint, {.scope = std::move(scope), .claims = claims_parameter(*integration, claims)});
}

ApplicationToken read_application_token(const Provider& provider, std::string_view access_token) {
  const auto* hooks = provider.hooks;
  if (hooks == nullptr || hooks->application_token == nullptr) {
    return {};
  }
  const auto claims = decode_jwt_claims(access_token);
  return claims ? hooks->application_token(*claims) : ApplicationToken{};
}

bool is_token_of(const ApplicationToken& token, const Application& application) {
  const bool elsewhere =
      !token.tenant.empty() && is_guid(application.tenant) && token.tenant != application.tenant;
  const bool anothers = !token.client_id.empty() && token.client_id != application.client_id;
  return !token.is_persons && !elsewhere && !anothers;
}

bool take_as_application(const ConnectionRecord& record, TokenResponse* response) {
  const auto token =
      read_application_token(*find_provider(record.provider), response->access_token.reveal());
  response->refresh_token.reset();
  response->scope = token.roles;
  return is_token_of(token, *application_of(record));
}

Task<Outcome> authority_connect_app_flow(FlowContext* context) {
  const auto payload = decode_app_payload(context->input.payload);
  if (!payload) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  auto state = co_await load_authority(context, payload->id);
  if (!state) {
    co_return problem_outcome(state.error());
  }
  (void)co_await settle(context, &*state, {});
  auto integration = integration_of(*state, payload->tenant);
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  if (auto refused = refusal_to_connect(*state, *integration)) {
    co_return problem_outcome(*refused);
  }
  const auto now = co_await current_time();
  const auto until = co_await wait_of({.key = "connect-app:" + connection_key(state->id),
                                       .most = kMostConnects,
                                       .within_ms = kConnectsWithinMs});
  if (until != 0) {
    co_return problem_outcome(patience_problem(until, now));
  }
  const auto& provider = *integration->provider;
  const auto& api = default_api(provider);
  auto request = co_await application_request(&*state, &*integration, &api, payload->tenant, {});
  if (!request) {
    co_return problem_outcome(request.error());
  }
  auto next = record_of(*state, *integration, payload->tenant, now);
  // Nothing is kept of it: what is lost on the way is asked for again.
  const auto reply = co_await perform(Fetch{.method = "POST",
                                            .url = std::move(request->url),
                                            .headers = std::move(request->headers),
                                            .body = std::string(request->body.reveal()),
                                            .deadline_ms = kRequestDeadlineMs,
                                            .max_bytes = kMaxTokenReplyBytes,
                                            .keep_key = {},
                                            .keep_org = {},
                                            .keep_context = {}});
  const auto came_at = co_await current_time();
  auto response =
      reply ? process_token_response(token_reply_of(*reply), provider.quirks, came_at)
            : Result<TokenResponse, TokenFault>(std::unexpected(no_reply_fault("network")));
  if (!response) {
    const AuthorityState shown{.id = state->id, .settings = state->settings, .record = next};
    co_return problem_outcome(
        co_await tell_fault(context, &shown, std::string(api.name), std::move(response.error())));
  }
  const auto token = read_application_token(provider, response->access_token.reveal());
  if (!take_as_application(next, &*response)) {
    (void)co_await log_connection(LogLevel::error, "application_token_refused", &state->id);
    co_return problem_outcome(not_its_own());
  }
  // Whose domain it is the token knows.
  const std::string tenant = token.tenant.empty() ? payload->tenant : token.tenant;
  next.account = {.key = application_key({.tenant = tenant, .client_id = integration->client_id}),
                  .tenant_id = is_guid(tenant) ? tenant : std::string(),
                  .provider_user_id = token.object.empty() ? integration->client_id : token.object,
                  .name = token.name,
                  .username = {}};
  const bool is_there = state->record && state->record->status != Status::revoked;
  if (is_there && application_of(*state->record)->tenant != tenant) {
    co_return problem_outcome(
        ProblemCode::other_account,
        "Another directory is connected here: name another `account`, or disconnect first");
  }
  auto sealed = co_await seal_tokens({.next = std::move(next),
                                      .resource = std::string(token_name(provider, api)),
                                      .asked_at = now,
                                      .came_at = came_at},
                                     &*response, {});
  if (!sealed) {
    co_return problem_outcome(sealed.error());
  }
  auto earlier = state->pending;
  Told told{.type = EventType::connected, .details = {{"acts_as", "application"}}};
  const auto committed = co_await commit_record(
      &*state, std::move(*sealed), {std::move(told)},
      {.sign_in = true, .pending = true, .revocations = owed_for_pending(*state, came_at)});
  if (!committed) {
    co_return problem_outcome(committed.error());
  }
  (void)co_await log_connection(LogLevel::info, "connected", &state->id);
  (void)co_await end_pending(&state->id, std::move(earlier), "replaced");
  co_return json_outcome(connection_json(*state->record, state->rules.policy));
}

}  // namespace postern
