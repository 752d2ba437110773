#include "core/flow/connect/admin_consent.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/form.h"
#include "core/base/text.h"
#include "core/connection/event.h"
#include "core/flow/connect/pages.h"
#include "core/flow/integration/admin_consent.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/admin_consents.h"
#include "core/flow/store/database.h"
#include "core/flow/store/events.h"
#include "core/oauth/fault.h"
#include "core/oauth/issuer.h"
#include "core/oauth/scope.h"

namespace postern {

namespace {

constexpr std::size_t kMostQueryBytes = 16UZ * 1024;
constexpr std::size_t kMostErrorBytes = 64;
constexpr std::size_t kMostScopes = 100;
constexpr std::size_t kMostScopesBytes = 4096;

// What the answer says, once it is known to be one to a request of ours.
struct Answer {
  std::string error;   // printable, bounded; empty: consent was given
  std::string tenant;  // a directory's id, lower case; empty: none
  std::string scopes;
  std::string issuer;
};

// nullopt: no answer that an administrator's browser brings. The tenant of a refusal is not looked
// at: it may be absent, or of a personal account.
std::optional<Answer> answer_in(const FormFields& fields) {
  for (const std::string_view name : {"error", "admin_consent", "tenant", "iss", "code"}) {
    if (form_count(fields, name) > 1) {
      return std::nullopt;
    }
  }
  Answer answer{
      .error = printable_ascii(form_single(fields, "error").value_or(""), kMostErrorBytes),
      .tenant = {},
      .scopes = {},
      .issuer = std::string(form_single(fields, "iss").value_or(""))};
  if (!form_single(fields, "code").value_or("").empty()) {
    return std::nullopt;
  }
  if (!answer.error.empty()) {
    return answer;
  }
  const auto tenant = form_single(fields, "tenant").value_or("");
  if (!equal_ignoring_case(form_single(fields, "admin_consent").value_or(""), "true") ||
      !is_guid(tenant)) {
    return std::nullopt;
  }
  answer.tenant = to_lower_ascii(tenant);
  std::vector<std::string> scopes;
  for (auto& scope : split_scopes(form_single(fields, "scope").value_or(""), false)) {
    if (is_scope_token(scope) && scopes.size() < kMostScopes) {
      scopes.push_back(std::move(scope));
    }
  }
  answer.scopes = join_scopes(scopes);
  if (answer.scopes.size() > kMostScopesBytes) {
    answer.scopes.clear();
  }
  return answer;
}

// Is it a directory that has administrators, and that the integration lets in?
bool may_consent(const ProviderHooks& hooks, const TenantRule& rule, const std::string& tenant) {
  return rule.refused != tenant && hooks.admin_consent_url({.login_origin = {},
                                                            .tenant = tenant,
                                                            .client_id = {},
                                                            .redirect_uri = {},
                                                            .state = {},
                                                            .scopes = {}});
}

// The person's no, or the directory's (v2-admin-consent: "Error response"; access_denied is what is
// seen). Anything else is the request's fault, or a passing one.
bool is_denial(std::string_view error) {
  return error == "access_denied" || error == "consent_required";
}

// The log of events has it as nobody's: it is of no connection.
ConnectionId whose_event(const AdminConsentAsk& ask) {
  return {
      .org = ask.org, .integration = ask.integration, .subject = std::string(kOrganizationName)};
}

// The same answer, brought twice, is the same event.
Event claim_event(const AdminConsentAsk& ask, const Answer& answer, std::string_view provider,
                  EpochMs now) {
  return make_admin_consent_event("evt_" + ask.attempt.substr(ask.attempt.find('_') + 1), now,
                                  {{"org_id", ask.org},
                                   {"integration", ask.integration},
                                   {"provider", std::string(provider)},
                                   {"tenant_id", answer.tenant},
                                   {"status", std::string(kClaimed)},
                                   {"scopes", answer.scopes}});
}

}  // namespace

bool answers_admin_consent(std::string_view query) {
  if (query.size() > kMostQueryBytes) {
    return false;
  }
  const auto fields = form_decode(query);
  return fields && is_admin_consent_state(form_single(*fields, "state").value_or(""));
}

Task<Outcome> admin_consent_callback(FlowContext* context) {
  const auto fields = form_decode(context->input.query);
  if (!fields) {
    co_return result_page({.kind = PageKind::bad_request});
  }
  const auto opened =
      co_await open_admin_consent(std::string(form_single(*fields, "state").value_or("")));
  if (!opened) {
    co_return result_page({.kind = PageKind::service_unavailable});
  }
  const auto& ask = *opened;
  const auto now = co_await current_time();
  const auto named = context->parameters.text("integration");
  // Whoever made it up is told no more than whoever comes too late.
  if (!ask || ask->expires_at <= now ||
      (named.empty() ? kDefaultIntegration : named) != ask->integration) {
    co_return result_page({.kind = PageKind::admin_consent_over});
  }
  const auto integration = co_await resolve_integration(context, ask->org, ask->integration, {});
  if (!integration) {
    co_return integration_fault_page(integration.error(), ask->org);
  }
  ResultPage page{.kind = PageKind::admin_consent_failed,
                  .organization = ask->org,
                  .provider_name = std::string(integration->provider->display_name)};
  const auto* hooks = integration->provider->hooks;
  if (hooks == nullptr || hooks->admin_consent_url == nullptr || hooks->tenant == nullptr ||
      integration->client_id != ask->client_id) {
    // The registration is another by now.
    page.kind = PageKind::admin_consent_over;
    co_return result_page(page);
  }
  const auto answer = answer_in(*fields);
  const bool foreign = answer && !answer->issuer.empty() &&
                       !issuer_matches(integration->endpoints.issuer, answer->issuer, "");
  if (!answer || foreign) {
    page.detail = foreign ? "wrong_issuer" : "malformed";
    co_return result_page(page);
  }
  if (!answer->error.empty()) {
    page.kind =
        is_denial(answer->error) ? PageKind::admin_consent_denied : PageKind::admin_consent_failed;
    page.detail = answer->error;
    co_return result_page(page);
  }
  page.account = {.address = answer->tenant};
  page.detail = "wrong_tenant";
  const auto asked = hooks->tenant(ask->tenant);
  if (!asked || !may_consent(*hooks, asked->rule, answer->tenant)) {
    co_return result_page(page);
  }
  if (!asked->rule.required.empty() && asked->rule.required != answer->tenant) {
    page.kind = PageKind::admin_consent_elsewhere;
    co_return result_page(page);
  }
  const AdminConsent consent{.tenant_id = answer->tenant,
                             .client_id = ask->client_id,
                             .status = std::string(kClaimed),
                             .scopes = answer->scopes,
                             .attempt = ask->attempt,
                             .claimed_at = now,
                             .last_claimed_at = now};
  // One transaction: the event holds the request to the directory that it was answered for first,
  // for longer than a request lives.
  const auto event = claim_event(*ask, *answer, integration->provider->id, now);
  const auto stored = co_await perform(in_database_of(
      ask->org, {insert_event(whose_event(*ask), event),
                 claim_admin_consent(ask->org, ask->integration, consent, event.id)}));
  if (!stored || stored->size() != 2) {
    page.kind = PageKind::service_unavailable;
    page.detail.clear();
    co_return result_page(page);
  }
  if ((*stored)[1].rows.empty()) {
    // The request is the one of another directory by now.
    page.kind = PageKind::admin_consent_elsewhere;
    co_return result_page(page);
  }
  page.kind = PageKind::admin_consented;
  page.detail.clear();
  co_return result_page(page);
}

}  // namespace postern
