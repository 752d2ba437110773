// The two steps of a connect link in the browser: GET shows, POST consumes.
#include "core/base/base64url.h"
#include "core/base/sha256.h"
#include "core/base/url.h"
#include "core/flow/connect/link.h"
#include "core/flow/connect/operations.h"
#include "core/flow/connect/pages.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/store/database.h"
#include "core/flow/store/links.h"
#include "core/flow/store/states.h"
#include "core/oauth/pkce.h"
#include "core/oauth/state.h"

namespace postern {

namespace {

constexpr std::size_t kLinkCharacters = 43;

struct LoadedLink {
  LinkRow row;
  Integration integration;
};

// The link of the path, or the page that says why not. Looks, and changes nothing.
Task<Result<LoadedLink, Outcome>> load_link(FlowContext* context) {
  const auto link = context->parameters.text("link");
  if (link.size() != kLinkCharacters || !base64url_decode(link)) {
    co_return std::unexpected(result_page({.kind = PageKind::link_unknown}));
  }
  const auto rows =
      co_await perform(in_shared_database({select_link_by_hash(sha256_base64url(link))}));
  if (!rows || rows->empty()) {
    co_return std::unexpected(result_page({.kind = PageKind::service_unavailable}));
  }
  auto row = link_of((*rows)[0]);
  if (!row) {
    co_return std::unexpected(result_page({.kind = PageKind::link_unknown}));
  }
  const auto now = co_await current_time();
  if (row->consumed_at != 0) {
    co_return std::unexpected(
        result_page({.kind = PageKind::link_used, .organization = row->id.org}));
  }
  if (row->expires_at <= now) {
    co_return std::unexpected(
        result_page({.kind = PageKind::link_expired, .organization = row->id.org}));
  }
  auto integration =
      co_await resolve_integration(context, row->id.org, row->id.integration, row->tenant);
  if (!integration) {
    co_return std::unexpected(integration_fault_page(integration.error(), row->id.org));
  }
  ask_for(&*integration, row->scopes);
  co_return LoadedLink{.row = std::move(*row), .integration = std::move(*integration)};
}

std::string origin_of_url(const FlowContext& context, std::string_view url) {
  const auto insecure = insecure_origins(context);
  const auto parsed = parse_url(url, {.allowed_origins = insecure});
  return parsed ? parsed->origin() : std::string();
}

std::vector<AskedScope> asked_of(const Integration& integration) {
  std::vector<AskedScope> asked;
  asked.reserve(integration.scopes.size());
  for (const auto& scope : integration.scopes) {
    asked.push_back({.scope = scope, .words = words_of(*integration.provider, scope)});
  }
  return asked;
}

// A form may only be posted from our own page: another site could press the button for the person.
bool posted_from_here(const FlowInput& input, std::string_view public_origin) {
  if (const auto site = input.header("sec-fetch-site"); !site.empty()) {
    return site == "same-origin";
  }
  return input.header("origin") == public_origin;
}

}  // namespace

Task<Outcome> show_consent_flow(FlowContext* context) {
  auto loaded = co_await load_link(context);
  if (!loaded) {
    co_return std::move(loaded.error());
  }
  const auto& [row, integration] = *loaded;
  const auto now = co_await current_time();
  const auto subject = parse_subject(row.id.subject);
  ConsentPage page{
      .organization = row.id.org,
      .provider_name = std::string(integration.provider->display_name),
      .user_id = std::string(subject.user_id),
      .account = std::string(subject.account == kDefaultAccount ? "" : subject.account),
      .scopes = asked_of(integration),
      // Relative: the page may be mounted below a path.
      .form_action = std::string(context->parameters.text("link")),
      .expires_in_minutes = (row.expires_at - now + kMinuteMs - 1) / kMinuteMs,
      .return_host = {}};
  // Chrome holds the whole chain of redirects after the post to form-action.
  std::string origins = origin_of_url(*context, integration.endpoints.authorization);
  for (const auto origin : integration.provider->sign_in_origins) {
    origins += " " + std::string(origin);
  }
  if (!row.return_to.empty()) {
    page.return_host = origin_of_url(*context, row.return_to);
    origins += " " + page.return_host;
  }
  co_return page_outcome(200, render_consent_page(page), origins);
}

Task<Outcome> begin_connect_flow(FlowContext* context) {
  auto loaded = co_await load_link(context);
  if (!loaded) {
    co_return std::move(loaded.error());
  }
  const auto& [row, integration] = *loaded;
  if (!posted_from_here(context->input, integration.public_origin)) {
    co_return result_page(
        {.kind = PageKind::bad_request, .organization = row.id.org, .detail = "cross_site_post"});
  }
  const auto minted = mint_state(row.attempt, context->take_entropy(64));
  const auto pkce = make_pkce(context->take_entropy(32));
  const auto sealed = co_await perform(Seal{.org = row.id.org,
                                            .context = seal_context(row.id, row.attempt, 0),
                                            .plaintext = std::string(pkce.verifier.reveal())});
  if (!sealed) {
    co_return result_page({.kind = PageKind::service_unavailable, .organization = row.id.org});
  }
  const auto now = co_await current_time();
  const StateRow state{.state_hash = minted.state_hash,
                       .cookie_hash = minted.cookie_hash,
                       .mode = "browser",
                       .attempt = row.attempt,
                       .id = row.id,
                       .tenant = row.tenant,
                       .redirect_uri = integration.redirect_uri,
                       .code_challenge = pkce.challenge,
                       .sealed_verifier = *sealed,
                       .return_to = row.return_to,
                       .confirm = row.confirm,
                       .allow_other_account = row.allow_other_account,
                       .scopes = row.scopes,
                       .created_at = now,
                       .expires_at = now + kStateLifeMs};
  // One transaction: of two presses of the button one gets a state, the other the "used" page.
  const auto done =
      co_await perform(in_shared_database({insert_state_for_link(state, row.hash, now),
                                           consume_link(row.hash, now), sweep_states(now)}));
  if (!done || done->size() != 3) {
    co_return result_page({.kind = PageKind::service_unavailable, .organization = row.id.org});
  }
  if (!link_of((*done)[1])) {
    co_return result_page({.kind = PageKind::link_used, .organization = row.id.org});
  }
  auto outcome = redirect_outcome(
      302, sign_in_url(integration, minted.state.reveal(), pkce.challenge, row.claims));
  outcome.headers.emplace_back(
      "set-cookie",
      make_attempt_cookie(minted.cookie_name, minted.cookie.reveal(), kStateLifeMs / kSecondMs));
  co_return outcome;
}

}  // namespace postern
