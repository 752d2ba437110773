#include "core/flow/connect/fewer_scopes.h"

#include <utility>
#include <vector>

#include "core/base/base64url.h"
#include "core/base/sha256.h"
#include "core/flow/connect/link.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/database.h"
#include "core/flow/store/links.h"
#include "core/oauth/pkce.h"
#include "core/oauth/scope.h"

namespace postern {

namespace {

FewerScopes fewer_scopes(const Integration& integration, const CallbackFault& fault) {
  const auto* hooks = integration.provider->hooks;
  if (hooks == nullptr || hooks->fewer_scopes == nullptr ||
      fault.kind != CallbackFaultKind::provider_error) {
    return {};
  }
  return hooks->fewer_scopes({.error = fault.error, .number = fault.number}, integration.tenant,
                             integration.scopes);
}

// The browser keeps its cookie for as long as the second request's state can live.
Outcome to_provider(std::string url, std::string_view attempt, std::string_view cookie) {
  auto outcome = redirect_outcome(302, std::move(url));
  outcome.headers.emplace_back("set-cookie", make_attempt_cookie(attempt_cookie_name(attempt),
                                                                 cookie, kStateLifeMs / kSecondMs));
  return outcome;
}

}  // namespace

MintedState state_for_fewer(std::string_view attempt, std::string_view state,
                            std::string_view cookie) {
  const auto digest = sha256("postern-fewer-1:" + std::string(state) + ':' + std::string(cookie));
  return mint_state(attempt, std::string(digest.begin(), digest.end()) +
                                 base64url_decode(cookie).value_or(std::string()));
}

Task<std::optional<Outcome>> sign_in_for_fewer(FlowContext* context, FewerWish wish) {
  auto& row = wish.row;
  auto integration =
      co_await resolve_integration(context, row.id.org, row.id.integration, row.tenant);
  if (!integration || !row.dropped_scopes.empty()) {
    co_return std::nullopt;
  }
  integration->redirect_uri = row.redirect_uri;
  ask_for(&*integration, row.scopes);
  const std::string state(wish.parameters.state.reveal());
  // Of an answer that is not for this sign-in nothing is believed, a refusal neither.
  const auto refused = validate_callback(std::move(wish.parameters),
                                         issued_state_of(row, *integration), wish.path_integration);
  const auto fewer = refused ? FewerScopes() : fewer_scopes(*integration, refused.error());
  if (fewer.scopes.empty()) {
    co_return std::nullopt;
  }
  row.dropped_scopes = join_scopes(missing_scopes(integration->scopes, fewer.scopes));
  row.scopes = join_scopes(fewer.scopes);
  if (!fewer.tenant.empty()) {
    integration =
        co_await resolve_integration_within(context, row.id.org, row.id.integration, fewer.tenant);
    if (!integration) {
      co_return std::nullopt;
    }
    row.tenant = integration->tenant;
    integration->redirect_uri = row.redirect_uri;
  }
  ask_for(&*integration, row.scopes);
  if (api_of_code(*integration) == nullptr) {
    co_return std::nullopt;
  }
  const auto minted = state_for_fewer(row.attempt, state, wish.cookie);
  const auto pkce = make_pkce(context->take_entropy(32));
  auto sealed = co_await perform(Seal{.org = row.id.org,
                                      .context = seal_context(row.id, row.attempt, 0),
                                      .plaintext = std::string(pkce.verifier.reveal())});
  if (!sealed) {
    co_return std::nullopt;
  }
  const auto now = co_await current_time();
  const auto earlier_hash = std::exchange(row.state_hash, minted.state_hash);
  row.code_challenge = pkce.challenge;
  row.sealed_verifier = std::move(*sealed);
  row.created_at = now;
  row.expires_at = now + kStateLifeMs;
  // One transaction: the attempt has one state that lives.
  const auto done = co_await perform(
      in_shared_database({insert_state_for_state(row, earlier_hash, now),
                          consume_state(earlier_hash, row.cookie_hash, row.mode, now),
                          prolong_attempt(row.attempt, row.id.org, row.state_hash, now)}));
  if (!done || done->size() != 3) {
    co_return std::nullopt;
  }
  if (!state_of((*done)[1])) {
    // The same refusal came twice at once, and the other one was first.
    co_return co_await sign_in_for_fewer_again(context, row.attempt, state, std::move(wish.cookie));
  }
  const auto link = link_of((*done)[2]);
  co_return to_provider(sign_in_url(*integration, minted.state.reveal(), pkce.challenge,
                                    link ? link->claims : std::string_view()),
                        row.attempt, wish.cookie);
}

Task<std::optional<Outcome>> sign_in_for_fewer_again(FlowContext* context, std::string attempt,
                                                     std::string state, std::string cookie) {
  const auto bytes = base64url_decode(cookie);
  if (!bytes || bytes->size() != kCookieBytes) {
    co_return std::nullopt;
  }
  const auto minted = state_for_fewer(attempt, state, cookie);
  const auto rows = co_await perform(in_shared_database(
      {select_state(minted.state_hash), select_link_of_browser(attempt, minted.cookie_hash)}));
  if (!rows || rows->size() != 2) {
    co_return std::nullopt;
  }
  const auto row = state_of((*rows)[0]);
  const auto link = link_of((*rows)[1]);
  const auto now = co_await current_time();
  if (!row || !link || row->expires_at <= now) {
    co_return std::nullopt;
  }
  auto integration =
      co_await resolve_integration(context, row->id.org, row->id.integration, row->tenant);
  if (!integration) {
    co_return std::nullopt;
  }
  integration->redirect_uri = row->redirect_uri;
  ask_for(&*integration, row->scopes);
  co_return to_provider(
      sign_in_url(*integration, minted.state.reveal(), row->code_challenge, link->claims), attempt,
      cookie);
}

}  // namespace postern
