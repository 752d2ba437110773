// The front half of a callback: who is this, and does this browser hold the attempt? The exchange
// itself happens in the authority, which nobody's closed tab can interrupt.
#include "core/oauth/callback.h"

#include <algorithm>

#include "core/base/form.h"
#include "core/base/sha256.h"
#include "core/flow/connect/admin_consent.h"
#include "core/flow/connect/attempt.h"
#include "core/flow/connect/ending.h"
#include "core/flow/connect/fewer_scopes.h"
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

// A hash that nothing has: the same statements for a browser without the cookie, and they match
// nothing.
constexpr std::string_view kNoCookie = "-";

constexpr std::string_view kPassingErrors[] = {"temporarily_unavailable", "server_error"};

// Nothing is left to finish. The browser whose attempt it was hears what became of it: it may have
// loaded the callback again, or brings the answer to a first request after the one for fewer
// scopes.
Task<Outcome> attempt_over(const FlowContext* context, std::string attempt, std::string cookie) {
  if (cookie.empty()) {
    co_return result_page({.kind = PageKind::attempt_used_or_expired});
  }
  const auto rows = co_await perform(
      in_shared_database({select_link_of_browser(attempt, sha256_base64url(cookie))}));
  const auto link = rows && !rows->empty() ? link_of((*rows)[0]) : std::nullopt;
  const auto over = PageKind::attempt_used_or_expired;
  co_return link ? co_await ended_page(context, *link, std::move(cookie), over)
                 : result_page({.kind = over});
}

// A busy provider has given nothing, so nothing is used up: the same sign-in goes on from here.
Task<Outcome> try_again_page(FlowContext* context, StateRow row, std::string state,
                             std::string error) {
  const auto links =
      co_await perform(in_shared_database({select_link_by_attempt(row.attempt, row.id.org)}));
  const auto link = links && !links->empty() ? link_of((*links)[0]) : std::nullopt;
  auto integration =
      co_await resolve_integration(context, row.id.org, row.id.integration, row.tenant);
  if (!link || !integration) {
    co_return result_page({.kind = PageKind::service_unavailable, .organization = row.id.org});
  }
  integration->redirect_uri = row.redirect_uri;
  ask_for(&*integration, row.scopes);
  co_return result_page(
      {.kind = PageKind::try_again,
       .organization = row.id.org,
       .provider_name = std::string(integration->provider->display_name),
       .detail = std::move(error),
       .try_again_url = sign_in_url(*integration, state, row.code_challenge, link->claims),
       .return_url =
           row.return_to.empty()
               ? std::string()
               : return_url(row, {{"error", std::string(code_of(PageKind::try_again))}})});
}

// Consumes the state for this browser, or says which page explains why not.
Task<Result<StateRow, Outcome>> consume_for_browser(const FlowContext* context, std::string state,
                                                    std::string attempt, std::string cookie) {
  const auto state_hash = sha256_base64url(state);
  const auto cookie_hash = cookie.empty() ? std::string(kNoCookie) : sha256_base64url(cookie);
  const auto now = co_await current_time();
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
  co_return std::unexpected(co_await attempt_over(context, std::move(attempt), std::move(cookie)));
}

// The state, where it is this browser's and lives. Nothing is used up.
Task<std::optional<StateRow>> own_state(std::string state, std::string cookie_hash) {
  const auto rows = co_await perform(in_shared_database({select_state(sha256_base64url(state))}));
  auto row = rows && !rows->empty() ? state_of((*rows)[0]) : std::nullopt;
  const auto now = co_await current_time();
  co_return row && row->mode == "browser" && row->cookie_hash == cookie_hash &&
          row->expires_at > now
      ? std::move(row)
      : std::nullopt;
}

// A refusal after which the same sign-in goes on all the same.
Task<std::optional<Outcome>> refused_for_now(FlowContext* context, CallbackParameters parameters,
                                             std::string cookie, std::string path_integration) {
  std::string state(parameters.state.reveal());
  auto row = co_await own_state(state, sha256_base64url(cookie));
  if (!row) {
    co_return co_await sign_in_for_fewer_again(context, attempt_of_state(state).value_or(""), state,
                                               std::move(cookie));
  }
  if (std::ranges::contains(kPassingErrors, parameters.error)) {
    co_return co_await try_again_page(context, std::move(*row), std::move(state),
                                      std::move(parameters.error));
  }
  co_return co_await sign_in_for_fewer(context,
                                       FewerWish{.row = std::move(*row),
                                                 .parameters = std::move(parameters),
                                                 .path_integration = std::move(path_integration),
                                                 .cookie = std::move(cookie)});
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
  std::string state(parameters->state.reveal());
  auto attempt = attempt_of_state(state);
  if (!attempt) {
    co_return result_page({.kind = PageKind::bad_request, .detail = "malformed_state"});
  }
  const std::string cookie(
      find_cookie(input.header("cookie"), attempt_cookie_name(*attempt)).value_or(""));
  const auto named = context->parameters.text("integration");
  const std::string path_integration(named.empty() ? kDefaultIntegration : named);
  if (!cookie.empty() && parameters->shape == CallbackShape::error) {
    auto goes_on =
        co_await refused_for_now(context, std::move(*parameters), cookie, path_integration);
    if (goes_on) {
      co_return std::move(*goes_on);
    }
  }
  auto row = co_await consume_for_browser(context, std::move(state), std::move(*attempt), cookie);
  if (!row) {
    co_return std::move(row.error());
  }
  auto code =
      row->confirm == kConfirmByBackend ? confirmation_code(row->attempt, cookie) : std::string();
  // It may be another account from now on: what this isolate has in memory is the old one's.
  (void)co_await forget_tokens(context, row->id);
  // The authority judges the answer: only there does a ValidatedCallback reach the token request,
  // and only it can tell of an attempt that failed.
  const ConnectPayload payload{.state = std::move(*row),
                               .query = input.query,
                               .path_integration = path_integration,
                               .code = std::move(code),
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
  std::string tenant(parameters.text("tenant_id"));
  if (!tenant.empty()) {
    // As the attempt was made: "CONTOSO.com" and "contoso.com" are one directory.
    const auto integration =
        co_await resolve_integration_within(context, id.org, id.integration, std::move(tenant));
    if (!integration) {
      co_return problem_outcome(integration.error());
    }
    tenant = integration->tenant;
  }
  const auto now = co_await current_time();
  const auto state_hash = sha256_base64url(state);
  const auto rows = co_await perform(in_shared_database(
      {consume_caller_state(state_hash, id, tenant, now), select_state(state_hash)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  auto row = state_of((*rows)[0]);
  if (!row) {
    const auto left = rows->size() == 2 ? state_of((*rows)[1]) : std::nullopt;
    const bool another_tenant = left && left->mode == "caller" && left->id == id &&
                                left->expires_at > now && left->tenant != tenant;
    co_return another_tenant
        ? problem_outcome(ProblemCode::state_refused,
                          "`tenant_id` is another than the attempt was made with")
        : problem_outcome(ProblemCode::state_refused);
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
  if (!link || link->confirm != kConfirmByBackend) {
    co_return problem_outcome(ProblemCode::attempt_unusable);
  }
  // The heart of it: the session that confirms must be the user that the link was made for.
  const auto subject = parse_subject(link->id.subject);
  const auto user_id = parameters.text("user_id");
  if (subject.is_organization() ? user_id != kOrganizationName : user_id != subject.user_id) {
    co_return problem_outcome(ProblemCode::confirmation_refused);
  }
  auto code_hash = sha256_base64url(parameters.text("code"));
  if (link->outcome == kOutcomeConnected && constant_time_equal(link->cause, code_hash)) {
    // It is confirmed, and perhaps the answer never arrived.
    (void)co_await perform(ask_authority(link->id, "authority.describe", encode(link->id)));
    co_return problem_outcome(ProblemCode::core_trap);
  }
  (void)co_await forget_tokens(context, link->id);
  const ConfirmPayload payload{
      .id = link->id, .attempt = link->attempt, .code_hash = std::move(code_hash)};
  (void)co_await perform(ask_authority(link->id, "authority.confirm", encode(payload)));
  co_return problem_outcome(ProblemCode::core_trap);
}

}  // namespace postern
