#include "core/flow/connect/fewer_scopes.h"

#include "core/base/base64url.h"
#include "core/flow/connect/link.h"
#include "core/flow/connect/pages.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/store/database.h"
#include "core/oauth/pkce.h"
#include "core/oauth/scope.h"
#include "core/oauth/state.h"

namespace postern {

std::string fewer_scopes(const Integration& integration, std::string_view error) {
  const auto* hooks = integration.provider->hooks;
  return hooks == nullptr || hooks->fewer_scopes == nullptr
             ? std::string()
             : join_scopes(hooks->fewer_scopes(error, integration.tenant, integration.scopes));
}

Task<Outcome> sign_in_for_fewer(FlowContext* context, FewerWish wish) {
  auto& row = wish.row;
  const auto cookie = base64url_decode(wish.cookie).value_or(std::string());
  const auto minted = mint_state(row.attempt, std::string(context->take_entropy(32)) + cookie);
  const auto pkce = make_pkce(context->take_entropy(32));
  auto sealed = co_await perform(Seal{.org = row.id.org,
                                      .context = seal_context(row.id, row.attempt, 0),
                                      .plaintext = std::string(pkce.verifier.reveal())});
  const auto now = co_await current_time();
  row.state_hash = minted.state_hash;
  row.code_challenge = pkce.challenge;
  row.sealed_verifier = std::move(sealed).value_or(std::string());
  row.scopes = wish.scopes;
  row.created_at = now;
  row.expires_at = now + kStateLifeMs;
  // The cookie that began the attempt ends it.
  const bool same = row.cookie_hash == minted.cookie_hash;
  const bool stored = same && !row.sealed_verifier.empty() &&
                      (co_await perform(in_shared_database({insert_state(row)}))).has_value();
  if (!stored) {
    co_return result_page({.kind = PageKind::service_unavailable, .organization = row.id.org});
  }
  wish.integration.redirect_uri = row.redirect_uri;
  ask_for(&wish.integration, wish.scopes);
  co_return redirect_outcome(
      302, sign_in_url(wish.integration, minted.state.reveal(), pkce.challenge, {}));
}

}  // namespace postern
