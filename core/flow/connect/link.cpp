#include "core/flow/connect/link.h"

#include "core/base/base64url.h"
#include "core/base/json_writer.h"
#include "core/base/sha256.h"
#include "core/flow/connect/operations.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/store/database.h"
#include "core/flow/store/dead_letters.h"
#include "core/flow/store/events.h"
#include "core/flow/store/links.h"
#include "core/flow/store/states.h"
#include "core/oauth/authorization_request.h"
#include "core/oauth/pkce.h"
#include "core/oauth/scope.h"
#include "core/oauth/state.h"

namespace postern {

namespace {

std::string link_json(const NewLink& link) {
  JsonWriter out;
  out.begin_object()
      .member("auth_url", link.url)
      .member("state", link.attempt)
      .member("expires_at", format_iso8601(link.expires_at));
  return out.end_object().take();
}

// For callers that run the browser part themselves: the state is minted now, for their challenge
// and their redirect, and no cookie is involved.
Task<Outcome> create_caller_attempt(FlowContext* context, Integration integration, LinkWish wish) {
  const auto& parameters = context->parameters;
  const std::string redirect_uri(parameters.text("redirect_uri"));
  const std::string challenge(parameters.text("code_challenge"));
  if (!context->caller.may("connect:caller")) {
    co_return problem_outcome(ProblemCode::permission_denied,
                              "This needs the permission connect:caller");
  }
  if (!is_s256_challenge(challenge)) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "`code_challenge` must be an S256 challenge (43 characters)");
  }
  if (!is_allowed_return_url(*context, wish.id.org, redirect_uri)) {
    co_return problem_outcome(ProblemCode::redirect_uri_not_allowed);
  }
  const auto now = co_await current_time();
  const auto attempt = make_attempt_id(context->take_entropy(16));
  const auto minted = mint_state(attempt, context->take_entropy(64));
  const StateRow row{.state_hash = minted.state_hash,
                     .cookie_hash = {},
                     .mode = "caller",
                     .attempt = attempt,
                     .id = wish.id,
                     .tenant = wish.tenant,
                     .redirect_uri = redirect_uri,
                     .code_challenge = challenge,
                     .sealed_verifier = {},
                     .return_to = {},
                     .confirm = "page",
                     .allow_other_account = wish.allow_other_account,
                     .scopes = wish.scopes,
                     .created_at = now,
                     .expires_at = now + kStateLifeMs};
  const auto stored = co_await perform(in_shared_database({insert_state(row), sweep_states(now)}));
  if (!stored) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  integration.redirect_uri = redirect_uri;
  const NewLink link{.url = sign_in_url(integration, minted.state.reveal(), challenge, wish.claims),
                     .attempt = std::string(minted.state.reveal()),
                     .expires_at = row.expires_at};
  co_return json_outcome(link_json(link));
}

// Its own scopes, or what is left of them in the directory that the link names.
std::string nothing_to_ask_for(const Integration& integration) {
  return "The link would ask for `" + join_scopes(integration.scopes) +
         "` alone, and for none of " + api_names(*integration.provider);
}

constexpr std::string_view kConfirmDefault = "CONNECT_CONFIRM_DEFAULT";

// Whether the caller's backend confirms: as the caller says, else as the operator set it, else
// where there is a place of the caller's at which his session's user can be compared. What nobody
// confirms anybody can send to somebody else, so that has to be said.
Result<std::string, Problem> confirm_of(const FlowContext& context, std::string_view return_to) {
  const auto is_rule = [](std::string_view text) { return text == "page" || text == "backend"; };
  auto confirm = context.parameters.text("confirm");
  if (!confirm.empty() && !is_rule(confirm)) {
    return std::unexpected(
        problem(ProblemCode::invalid_request, "`confirm` must be page or backend"));
  }
  if (confirm.empty()) {
    confirm = context.env(kConfirmDefault);
    if (!confirm.empty() && !is_rule(confirm)) {
      return std::unexpected(not_configured(kConfirmDefault));
    }
  }
  if (confirm.empty() && return_to.empty()) {
    return std::unexpected(problem(
        ProblemCode::invalid_request,
        "`confirm` is missing: send the person on with `return_to`, where your backend confirms, "
        "or say `page`, and whoever opens the link decides alone (CONNECT_CONFIRM_DEFAULT sets "
        "what holds without it)"));
  }
  if (confirm.empty()) {
    return "backend";
  }
  if (confirm == "backend" && return_to.empty()) {
    return std::unexpected(problem(ProblemCode::invalid_request,
                                   "`confirm` backend needs `return_to`, where the code arrives"));
  }
  return std::string(confirm);
}

}  // namespace

Task<Result<NewLink, Problem>> make_link(FlowContext* context, LinkWish wish,
                                         std::string public_url) {
  const auto now = co_await current_time();
  const auto link = base64url_encode(context->take_entropy(32));
  const LinkRow row{.hash = sha256_base64url(link),
                    .attempt = make_attempt_id(context->take_entropy(16)),
                    .id = wish.id,
                    .tenant = wish.tenant,
                    .return_to = wish.return_to,
                    .confirm = wish.confirm,
                    .allow_other_account = wish.allow_other_account,
                    .scopes = wish.scopes,
                    .claims = wish.claims,
                    .created_at = now,
                    .expires_at = now + kLinkLifeMs,
                    .consumed_at = 0};
  // Two requests, because the log may be in another database than the links. Nobody needs a sweep
  // that failed: the next link sweeps again.
  const auto [stored, swept] = co_await all_of(
      effect_task(in_shared_database({insert_link(row), sweep_links(now)})),
      effect_task(in_database_of(row.id.org, {sweep_events(now), sweep_dead_letters(now)})));
  if (!stored) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  co_return NewLink{
      .url = public_url + "/connect/" + link, .attempt = row.attempt, .expires_at = row.expires_at};
}

Task<Outcome> create_connect_link_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto settings = co_await find_integration(context, context->caller.org,
                                                  std::string(parameters.text("integration")));
  if (!settings) {
    co_return problem_outcome(settings.error());
  }
  auto integration = make_integration_within(*settings, parameters.text("tenant_id"));
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  // Whoever signs in would be connected by rules that nobody can read.
  if (const auto rules = grant_rules(*settings); !rules) {
    co_return problem_outcome(rules.error());
  }
  if (parameters.text("user_id") == kOrganizationName && !names_organization(parameters)) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "`user_id` must not be `-`, which is the organization itself");
  }
  LinkWish wish{.id = connection_of_caller(*context),
                .tenant = integration->tenant,
                .return_to = std::string(parameters.text("return_to")),
                .confirm = {},
                .allow_other_account = parameters.flag("allow_other_account"),
                .claims = {}};
  auto scopes = scopes_of_link(*integration, parameters.text("scopes"));
  if (!scopes) {
    co_return problem_outcome(scopes.error());
  }
  ask_for(&*integration, *scopes);
  if (api_of_code(*integration) == nullptr) {
    co_return problem_outcome(ProblemCode::invalid_request, nothing_to_ask_for(*integration));
  }
  wish.scopes = std::move(*scopes);
  const auto mode = parameters.text("mode");
  if (mode == "caller") {
    co_return co_await create_caller_attempt(context, std::move(*integration), std::move(wish));
  }
  if (mode != "browser") {
    co_return problem_outcome(ProblemCode::invalid_request, "`mode` must be browser or caller");
  }
  if (returns_to_another(*integration)) {
    co_return problem_outcome(not_configured(settings->variable(setting::kRedirectUri)));
  }
  if (!wish.return_to.empty() && !is_allowed_return_url(*context, wish.id.org, wish.return_to)) {
    co_return problem_outcome(ProblemCode::return_to_not_allowed);
  }
  auto confirm = confirm_of(*context, wish.return_to);
  if (!confirm) {
    co_return problem_outcome(confirm.error());
  }
  wish.confirm = std::move(*confirm);
  auto link = co_await make_link(context, std::move(wish), integration->public_url);
  if (!link) {
    co_return problem_outcome(link.error());
  }
  co_return json_outcome(link_json(*link));
}

}  // namespace postern
