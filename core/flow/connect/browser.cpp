// The two steps of a connect link in the browser: GET shows, POST consumes. The browser that opened
// a link is known by the attempt's cookie, and its state follows from link and cookie: a second
// press of the button, or Back from the provider and a press, leads to the same sign-in
// (docs/decisions/0011-one-sign-in-a-link.md).
#include "core/base/base64url.h"
#include "core/base/sha256.h"
#include "core/base/url.h"
#include "core/flow/connect/attempt.h"
#include "core/flow/connect/fewer_scopes.h"
#include "core/flow/connect/link.h"
#include "core/flow/connect/operations.h"
#include "core/flow/connect/pages.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/integration/origins.h"
#include "core/flow/store/database.h"
#include "core/flow/store/links.h"
#include "core/flow/store/states.h"
#include "core/oauth/pkce.h"
#include "core/oauth/state.h"

namespace postern {

namespace {

constexpr std::size_t kLinkCharacters = 43;

// The link of the path with what the browser has of it.
struct OpenedLink {
  LinkRow row;
  Integration integration;
  // 32 bytes; empty: the browser has none.
  std::string cookie;
  // The sign-in of this browser; `begun` where it has begun and not finished.
  MintedState state;
  std::optional<StateRow> begun;
};

std::string cookie_of(const FlowInput& input, std::string_view attempt) {
  const auto cookie = find_cookie(input.header("cookie"), attempt_cookie_name(attempt));
  auto bytes = cookie ? base64url_decode(*cookie) : std::nullopt;
  return bytes && bytes->size() == kCookieBytes ? std::move(*bytes) : std::string();
}

// Whoever knows link and cookie knows the state, and nobody else.
MintedState state_of_browser(std::string_view link, const OpenedLink& opened) {
  const auto digest =
      sha256("postern-state-1:" + std::string(link) + ':' + base64url_encode(opened.cookie));
  return mint_state(opened.row.attempt, std::string(digest.begin(), digest.end()) + opened.cookie);
}

// Of a page with a form Chrome lets no redirect lead away from us.
Outcome answer_to_form(Outcome outcome) {
  for (const auto& [name, value] : outcome.headers) {
    if (name == "location") {
      return return_page(value);
    }
  }
  return outcome;
}

Outcome link_page(PageKind kind, const LinkRow& row) {
  return result_page({.kind = kind, .organization = row.id.org});
}

Task<std::optional<StateRow>> live_state(std::string state_hash) {
  const auto rows = co_await perform(in_shared_database({select_state(state_hash)}));
  auto row = rows && !rows->empty() ? state_of((*rows)[0]) : std::nullopt;
  const auto now = co_await current_time();
  co_return row && row->expires_at > now ? std::move(row) : std::nullopt;
}

// Or the page that says why not. Looks, and changes nothing.
Task<Result<OpenedLink, Outcome>> open_link(FlowContext* context) {
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
  auto cookie = cookie_of(context->input, row->attempt);
  OpenedLink opened{.row = std::move(*row),
                    .integration = {},
                    .cookie = std::move(cookie),
                    .state = {},
                    .begun = {}};
  const auto now = co_await current_time();
  const bool used = opened.row.consumed_at != 0;
  if (used && !opened.cookie.empty()) {
    opened.state = state_of_browser(link, opened);
    opened.begun = co_await live_state(opened.state.state_hash);
    if (!opened.begun) {
      opened.state = state_for_fewer(opened.row.attempt, opened.state.state.reveal(),
                                     base64url_encode(opened.cookie));
      opened.begun = co_await live_state(opened.state.state_hash);
    }
  }
  if (used && !opened.begun) {
    auto shown = base64url_encode(opened.cookie);
    const bool own = sha256_base64url(shown) == opened.row.cookie_hash;
    co_return std::unexpected(
        own ? co_await ended_page(context, opened.row, std::move(shown), PageKind::link_used)
            : link_page(PageKind::link_used, opened.row));
  }
  if (!used && opened.row.expires_at <= now) {
    co_return std::unexpected(link_page(PageKind::link_expired, opened.row));
  }
  auto integration =
      co_await resolve_integration(context, opened.row.id.org, opened.row.id.integration,
                                   opened.begun ? opened.begun->tenant : opened.row.tenant);
  if (!integration) {
    co_return std::unexpected(integration_fault_page(integration.error(), opened.row.id.org));
  }
  ask_for(&*integration, opened.begun ? opened.begun->scopes : opened.row.scopes);
  opened.integration = std::move(*integration);
  if (opened.begun) {
    opened.integration.redirect_uri = opened.begun->redirect_uri;
  }
  co_return std::move(opened);
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

void set_cookie(Outcome& outcome, const LinkRow& row, std::string_view cookie, DurationMs life) {
  outcome.headers.emplace_back(
      "set-cookie", make_attempt_cookie(attempt_cookie_name(row.attempt), base64url_encode(cookie),
                                        life / kSecondMs));
}

// The challenge of the sign-in that begins now; empty: of two presses the other one was first.
Task<Result<std::string, Outcome>> consume(FlowContext* context, const OpenedLink* opened,
                                           const MintedState* minted) {
  const auto& row = opened->row;
  const auto pkce = make_pkce(context->take_entropy(32));
  const auto sealed = co_await perform(Seal{.org = row.id.org,
                                            .context = seal_context(row.id, row.attempt, 0),
                                            .plaintext = std::string(pkce.verifier.reveal())});
  if (!sealed) {
    co_return std::unexpected(link_page(PageKind::service_unavailable, row));
  }
  const auto now = co_await current_time();
  const StateRow state{.state_hash = minted->state_hash,
                       .cookie_hash = minted->cookie_hash,
                       .mode = "browser",
                       .attempt = row.attempt,
                       .id = row.id,
                       .tenant = row.tenant,
                       .redirect_uri = opened->integration.redirect_uri,
                       .code_challenge = pkce.challenge,
                       .sealed_verifier = *sealed,
                       .return_to = row.return_to,
                       .confirm = row.confirm,
                       .allow_other_account = row.allow_other_account,
                       .scopes = row.scopes,
                       .created_at = now,
                       .expires_at = now + kStateLifeMs};
  // One transaction: of two presses of the button one consumes the link.
  const auto done = co_await perform(
      in_shared_database({insert_state_for_link(state, row.hash, now),
                          consume_link(row.hash, state.cookie_hash, now), sweep_states(now)}));
  if (!done || done->size() != 3) {
    co_return std::unexpected(link_page(PageKind::service_unavailable, row));
  }
  co_return link_of((*done)[1]) ? pkce.challenge : std::string();
}

}  // namespace

Task<Outcome> show_consent_flow(FlowContext* context) {
  auto opened = co_await open_link(context);
  if (!opened) {
    co_return std::move(opened.error());
  }
  const auto& [row, integration, cookie, state, begun] = *opened;
  const auto now = co_await current_time();
  const auto left = (begun ? begun->expires_at : row.expires_at) - now;
  const auto subject = parse_subject(row.id.subject);
  const auto insecure = insecure_origins(*context);
  const auto return_to = parse_url(row.return_to, {.allowed_origins = insecure});
  const ConsentPage page{
      .organization = row.id.org,
      .provider_name = std::string(integration.provider->display_name),
      .user_id = std::string(subject.user_id),
      .account = std::string(subject.account == kDefaultAccount ? "" : subject.account),
      .scopes = asked_of(integration),
      // Relative: the page may be mounted below a path.
      .form_action = std::string(context->parameters.text("link")),
      .expires_in_minutes = (left + kMinuteMs - 1) / kMinuteMs,
      .return_host = return_to ? return_to->origin() : std::string()};
  auto outcome = page_outcome(200, render_consent_page(page), PageForm::to_self);
  if (cookie.empty()) {
    set_cookie(outcome, row, context->take_entropy(kCookieBytes), left + kStateLifeMs);
  }
  co_return outcome;
}

Task<Outcome> begin_connect_flow(FlowContext* context) {
  auto opened = co_await open_link(context);
  if (!opened) {
    co_return answer_to_form(std::move(opened.error()));
  }
  const auto& row = opened->row;
  if (!posted_from_here(context->input, opened->integration.public_origin)) {
    co_return link_page(PageKind::cross_site_post, row);
  }
  if (opened->cookie.empty()) {
    opened->cookie = context->take_entropy(kCookieBytes);
  }
  if (!opened->begun) {
    opened->state = state_of_browser(context->parameters.text("link"), *opened);
    auto challenge = co_await consume(context, &*opened, &opened->state);
    if (!challenge) {
      co_return std::move(challenge.error());
    }
    if (challenge->empty()) {
      opened->begun = co_await live_state(opened->state.state_hash);
      if (!opened->begun) {
        co_return link_page(PageKind::link_used, row);
      }
    } else {
      opened->begun.emplace();
      opened->begun->code_challenge = std::move(*challenge);
    }
  }
  auto outcome = navigation_page(opened->integration.provider->display_name,
                                 sign_in_url(opened->integration, opened->state.state.reveal(),
                                             opened->begun->code_challenge, row.claims));
  set_cookie(outcome, row, opened->cookie, kStateLifeMs);
  co_return outcome;
}

}  // namespace postern
