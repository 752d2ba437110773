// The front half of a callback: who is this, and does this browser hold the attempt? The exchange
// itself happens in the authority, which nobody's closed tab can interrupt.
#include "core/oauth/callback.h"

#include "core/base/form.h"
#include "core/base/sha256.h"
#include "core/flow/connect/admin_consent.h"
#include "core/flow/connect/operations.h"
#include "core/flow/connect/pages.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/database.h"
#include "core/flow/store/links.h"
#include "core/flow/store/payload.h"
#include "core/flow/store/place.h"
#include "core/flow/store/states.h"
#include "core/flow/token/token.h"
#include "core/oauth/pkce.h"
#include "core/oauth/state.h"

namespace postern {

namespace {

Outcome attempt_gone() {
  return result_page({.kind = PageKind::attempt_used_or_expired});
}

// Consumes the state for this browser, or says which page explains why not.
Task<Result<StateRow, Outcome>> consume_for_browser(std::string state, std::string cookie_header) {
  const auto attempt = attempt_of_state(state);
  if (!attempt) {
    co_return std::unexpected(
        result_page({.kind = PageKind::bad_request, .detail = "malformed_state"}));
  }
  const auto state_hash = sha256_base64url(state);
  const auto cookie = find_cookie(cookie_header, attempt_cookie_name(*attempt));
  const auto now = co_await current_time();
  // A hash that nothing has, where there is no cookie: the same statement, and it matches nothing.
  const auto cookie_hash = cookie ? sha256_base64url(*cookie) : std::string("-");
  const auto rows = co_await perform(in_shared_database(
      {consume_state(state_hash, cookie_hash, "browser", now), select_state(state_hash)}));
  if (!rows || rows->size() != 2) {
    co_return std::unexpected(result_page({.kind = PageKind::service_unavailable}));
  }
  if (auto consumed = state_of((*rows)[0])) {
    co_return std::move(*consumed);
  }
  const auto remaining = state_of((*rows)[1]);
  if (remaining && remaining->mode == "browser" && remaining->expires_at > now) {
    // Somebody else's browser. Nothing was burnt: the right one can still finish.
    co_return std::unexpected(result_page({.kind = PageKind::wrong_browser}));
  }
  co_return std::unexpected(attempt_gone());
}

Outcome denied_page(const StateRow& row, const CallbackFault& fault, std::string_view provider) {
  const auto kind =
      fault.kind == CallbackFaultKind::denied ? PageKind::denied : PageKind::provider_refused;
  return result_page(
      {.kind = kind,
       .organization = row.id.org,
       .provider_name = std::string(provider),
       .detail = fault.error.empty() ? std::string(name_of(fault.kind)) : fault.error});
}

Outcome with_cookie_removed(Outcome outcome, std::string_view attempt) {
  outcome.headers.emplace_back("set-cookie", make_expired_cookie(attempt_cookie_name(attempt)));
  return outcome;
}

}  // namespace

Task<Outcome> callback_flow(FlowContext* context) {
  const auto& input = context->input;
  if (answers_admin_consent(input.query)) {
    co_return co_await admin_consent_callback(context);
  }
  auto parameters = parse_callback(input.query);
  if (!parameters) {
    co_return result_page(
        {.kind = PageKind::bad_request, .detail = std::string(name_of(parameters.error().kind))});
  }
  auto row = co_await consume_for_browser(std::string(parameters->state.reveal()),
                                          std::string(input.header("cookie")));
  if (!row) {
    co_return std::move(row.error());
  }
  auto integration =
      co_await resolve_integration(context, row->id.org, row->id.integration, row->tenant);
  if (!integration) {
    co_return with_cookie_removed(integration_fault_page(integration.error(), row->id.org),
                                  row->attempt);
  }
  const auto named = context->parameters.text("integration");
  const auto path_integration = named.empty() ? kDefaultIntegration : named;
  const auto validated = validate_callback(std::move(*parameters),
                                           issued_state_of(*row, *integration), path_integration);
  if (!validated) {
    co_return with_cookie_removed(
        denied_page(*row, validated.error(), integration->provider->display_name), row->attempt);
  }
  // It may be another account from now on: what this isolate has in memory is the old one's.
  (void)co_await forget_tokens(context, row->id);
  // The authority validates the same bytes again: only there does a ValidatedCallback reach the
  // token request.
  const ConnectPayload payload{.state = std::move(*row),
                               .query = input.query,
                               .path_integration = std::string(path_integration),
                               .code = {},
                               .code_verifier = {},
                               .state_text = {}};
  (void)co_await perform(ask_authority(payload.state.id, "authority.connect", encode(payload)));
  co_return problem_outcome(ProblemCode::core_trap);
}

Task<Outcome> connect_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto id = connection_of_caller(*context);
  const std::string state(parameters.text("state"));
  const std::string verifier(parameters.text("code_verifier"));
  if (!attempt_of_state(state) || !is_code_verifier(verifier)) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "`state` or `code_verifier` is not of the right form");
  }
  const auto now = co_await current_time();
  const auto rows = co_await perform(
      in_shared_database({consume_caller_state(sha256_base64url(state), id, now)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  auto row = state_of((*rows)[0]);
  if (!row) {
    co_return problem_outcome(ProblemCode::state_refused);
  }
  if (const auto tenant = parameters.text("tenant_id"); !tenant.empty() && tenant != row->tenant) {
    co_return problem_outcome(ProblemCode::state_refused,
                              "`tenantId` is another than the attempt was made with");
  }
  (void)co_await forget_tokens(context, id);
  const ConnectPayload payload{.state = std::move(*row),
                               .query = {},
                               .path_integration = {},
                               .code = std::string(parameters.text("code")),
                               .code_verifier = verifier,
                               .state_text = state};
  (void)co_await perform(ask_authority(id, "authority.connect", encode(payload)));
  co_return problem_outcome(ProblemCode::core_trap);
}

Task<Outcome> confirm_connection_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto attempt = parameters.text("attempt");
  if (!is_attempt_id(attempt)) {
    co_return problem_outcome(ProblemCode::attempt_unusable);
  }
  const auto rows =
      co_await perform(in_shared_database({select_link_by_attempt(attempt, context->caller.org)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  const auto link = link_of((*rows)[0]);
  if (!link || link->confirm != "backend") {
    co_return problem_outcome(ProblemCode::attempt_unusable);
  }
  // The heart of it: the session that confirms must be the user that the link was made for.
  const auto subject = parse_subject(link->id.subject);
  const auto user_id = parameters.text("user_id");
  if (subject.is_organization() ? user_id != kOrganizationName : user_id != subject.user_id) {
    co_return problem_outcome(ProblemCode::confirmation_refused);
  }
  (void)co_await forget_tokens(context, link->id);
  const ConfirmPayload payload{.id = link->id,
                               .attempt = link->attempt,
                               .code_hash = sha256_base64url(parameters.text("code"))};
  (void)co_await perform(ask_authority(link->id, "authority.confirm", encode(payload)));
  co_return problem_outcome(ProblemCode::core_trap);
}

}  // namespace postern
