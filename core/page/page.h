// The pages that a person sees in a browser. Every value is escaped here, so callers hand over
// plain text.
#pragma once

#include <cstdint>
#include <optional>
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

// Sends the browser on by itself, and by a link for whoever switched that off. A redirect in answer
// to a form would be held to form-action by Chrome, at the provider's own redirects too.
struct NavigationPage {
  // To the application that made the link, to which the person comes signed in.
  bool goes_back = false;
  std::string provider_name;
  std::string url;
};
[[nodiscard]] std::string render_navigation_page(const NavigationPage& page);

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
  try_again,        // the provider is busy; the same sign-in can go on
  code_refused,     // the code had expired, or was used
  answer_mismatch,  // made for another sign-in, or by another provider
  identity_unproven,
  cross_site_post,
  bad_request,
  admin_consented,
  admin_consent_denied,
  admin_consent_failed,
  admin_consent_over,       // too late, or no request of ours
  connection_ended,         // what was to be renewed is not connected any more
  admin_consent_elsewhere,  // given for another directory than was asked
};

// As people know it. Two accounts of one name are told apart by address and directory.
struct ShownAccount {
  std::string name;
  std::string address;
  std::string directory;
};

// Anything but `kind` may be empty: a link that nobody knows has no organization.
struct ResultPage {
  PageKind kind = PageKind::bad_request;
  std::string organization;
  std::string provider_name;
  ShownAccount account;           // that signed in
  ShownAccount expected_account;  // that is connected already
  std::string detail;             // the provider's error code, already cut down to a code
  std::string reference;          // finds the request in the logs
  std::string meaning;            // of what the provider said: a sentence without a full stop
  std::string ends_at;            // when the access that was given ends for want of a refresh token
  std::vector<std::string> missing_scopes;  // that the provider did not grant
  std::string try_again_url;
  std::string return_url;  // back to the caller's application, without a connection
};
[[nodiscard]] std::string render_result_page(const ResultPage& page);

[[nodiscard]] int status_of(PageKind kind);
// Stable: support staff and tests go by it. Printed on the page of every failure.
[[nodiscard]] std::string_view code_of(PageKind kind);
[[nodiscard]] std::optional<PageKind> kind_of(std::string_view code);

// A form on a page posts to Postern itself, or there is none.
enum class PageForm : bool { none, to_self };
// The Content-Security-Policy header of these pages.
[[nodiscard]] std::string_view content_security_policy(PageForm form);

}  // namespace postern
