#include "core/flow/connect/fewer_scopes.h"

#include "core/flow/connect/link.h"
#include "core/flow/connect/pages.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/store/database.h"
#include "core/oauth/pkce.h"
#include "core/oauth/scope.h"
#include "core/oauth/state.h"

namespace postern {

std::string fewer_scopes(const Integration& integration, const CallbackFault& fault) {
  const auto* hooks = integration.provider->hooks;
  if (fault.kind != CallbackFaultKind::provider_error || hooks == nullptr ||
      hooks->fewer_scopes == nullptr) {
    return {};
  }
  return join_scopes(hooks->fewer_scopes(fault.error, integration.tenant, integration.scopes));
}

Task<Outcome> sign_in_for_fewer(FlowContext* context, StateRow row, Integration integration,
                                std::string scopes) {
  const auto minted = mint_state(row.attempt, context->take_entropy(64));
  const auto pkce = make_pkce(context->take_entropy(32));
  auto sealed = co_await perform(Seal{.org = row.id.org,
                                      .context = seal_context(row.id, row.attempt, 0),
                                      .plaintext = std::string(pkce.verifier.reveal())});
  const auto now = co_await current_time();
  row.state_hash = minted.state_hash;
  row.cookie_hash = minted.cookie_hash;
  row.code_challenge = pkce.challenge;
  row.sealed_verifier = std::move(sealed).value_or(std::string());
  row.scopes = scopes;
  row.created_at = now;
  row.expires_at = now + kStateLifeMs;
  const bool stored = !row.sealed_verifier.empty() &&
                      (co_await perform(in_shared_database({insert_state(row)}))).has_value();
  if (!stored) {
    co_return result_page({.kind = PageKind::service_unavailable, .organization = row.id.org});
  }
  ask_for(&integration, scopes);
  auto outcome =
      redirect_outcome(302, sign_in_url(integration, minted.state.reveal(), pkce.challenge, {}));
  outcome.headers.emplace_back(
      "set-cookie",
      make_attempt_cookie(minted.cookie_name, minted.cookie.reveal(), kStateLifeMs / kSecondMs));
  co_return outcome;
}

}  // namespace postern
