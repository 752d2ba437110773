// The pages that a person sees in a browser. Every value is escaped here, so callers hand over
// plain text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct AskedScope {
  std::string scope;
  std::string_view words;  // what it means; empty: it is shown as it is
};

// Shown by GET on a connect link, before anything is consumed: the link may be an attacker's.
struct ConsentPage {
  std::string organization;
  std::string provider_name;  // as people know it: "Microsoft"
  // The organization's own name for the person, shown verbatim; empty: for the organization itself.
  std::string user_id;
  std::string account;  // which of the subject's accounts; empty: the one that there is
  std::vector<AskedScope> scopes;
  std::string form_action;  // where the form posts to, relative to the page
  std::int64_t expires_in_minutes = 0;
  std::string return_host;  // where the person goes afterwards; may be empty
};
[[nodiscard]] std::string render_consent_page(const ConsentPage& page);

enum class PageKind : std::uint8_t {
  connected,
  denied,
  link_expired,
  link_used,
  link_unknown,
  wrong_browser,
  attempt_used_or_expired,
  other_account,
  provider_refused,
  provider_unavailable,
  integration_fault,
  service_unavailable,
  outcome_unknown,  // a grant may have arrived, and the authority may finish with it by itself
  bad_request,
  admin_consented,
  admin_consent_denied,
  admin_consent_failed,
  admin_consent_over,  // too late, or no request of ours
};

// Anything but `kind` may be empty: a link that nobody knows has no organization.
struct ResultPage {
  PageKind kind = PageKind::bad_request;
  std::string organization;
  std::string provider_name;
  std::string account;           // label of the account that signed in
  std::string expected_account;  // label of the account that is connected already
  std::string detail;            // the provider's error code, already cut down to a code
  std::string reference;         // finds the request in the logs
};
[[nodiscard]] std::string render_result_page(const ResultPage& page);

[[nodiscard]] int status_of(PageKind kind);
// Stable: support staff and tests go by it. Printed on the page of every failure.
[[nodiscard]] std::string_view code_of(PageKind kind);

// The Content-Security-Policy header of these pages. `form_action_origins` is a list separated by
// spaces. With a list, 'self' is allowed besides, because the form posts here first; empty is for
// pages without a form, and allows none. Chrome holds the whole chain of redirects after the post
// to it, up to the first page that is shown: where a provider redirects on by itself, to another
// origin of its own or straight back and on to the caller's return address, those belong in too.
// What is not a plain http(s) origin is left out, so no value can add a directive.
[[nodiscard]] std::string content_security_policy(std::string_view form_action_origins);

}  // namespace postern
