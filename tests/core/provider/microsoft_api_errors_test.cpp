// Every code of the table, by the answer that it comes with: what it is to a caller, and who can
// change it.
#include "core/provider/microsoft_api_errors.h"

#include <doctest/doctest.h>
#include <iterator>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "core/flow/resource/refusal.h"
#include "core/provider/all.h"

using namespace postern;

namespace {

struct Expected {
  int status;  // that the code was seen with
  std::string_view code;
  ProblemCode problem;
  std::string_view fix;
};

using enum ProblemCode;

constexpr Expected kExpected[] = {
    {404, "MailboxNotEnabledForRESTAPI", provider_forbidden, "administrator"},
    {404, "MailboxNotSupportedForRESTAPI", provider_forbidden, "administrator"},
    {404, "MailboxNotHostedInExchangeOnline", provider_forbidden, "administrator"},
    {401, "OrganizationFromTenantGuidNotFound", provider_forbidden, "administrator"},
    {403, "ErrorAccessDenied", provider_forbidden, "operator"},
    {403, "ErrorInsufficientPermissionsInAccessToken", provider_forbidden, "operator"},
    {403, "Authorization_RequestDenied", provider_forbidden, "administrator"},
    {403, "InsufficientPrivileges", provider_forbidden, "administrator"},
    {401, "Authorization_IdentityNotFound", provider_forbidden, "administrator"},
    {401, "Authorization_IdentityDisabled", provider_forbidden, "administrator"},
    {403, "AuthorizationFailed", provider_forbidden, "administrator"},
    {403, "LinkedAuthorizationFailed", provider_forbidden, "administrator"},
    {403, "RequestDisallowedByPolicy", provider_forbidden, "administrator"},
    {401, "InvalidAuthenticationTokenTenant", provider_forbidden, "user"},
    {404, "ResourceNotFound", provider_not_found, "caller"},
    {404, "Request_ResourceNotFound", provider_not_found, "caller"},
    {404, "ErrorItemNotFound", provider_not_found, "caller"},
    {404, "SubscriptionNotFound", provider_not_found, "caller"},
    {404, "ResourceGroupNotFound", provider_not_found, "caller"},
    {409, "DisabledSubscription", provider_forbidden, "administrator"},
    {400, "InvalidSubscriptionId", invalid_request, "caller"},
    {400, "InefficientFilter", invalid_request, "caller"},
    {400, "ErrorInvalidProperty", invalid_request, "caller"},
    {400, "RequestBroker--ParseUri", invalid_request, "caller"},
    {400, "ErrorInvalidUrlQuery", invalid_request, "caller"},
    {400, "Request_UnsupportedQuery", invalid_request, "caller"},
    {400, "Directory_ExpiredPageToken", invalid_request, "caller"},
    {400, "InvalidSkipToken", invalid_request, "caller"},
    {410, "SyncStateNotFound", invalid_request, "caller"},
};

std::string member(const Problem& problem, std::string_view name) {
  for (const auto& [key, value] : problem.members) {
    if (key == name) return value;
  }
  return "none";
}

Problem problem_for(int status, std::string_view code) {
  const HttpReply reply{.status = status,
                        .headers = {},
                        .body = R"({"error":{"code":")" + std::string(code) + R"("}})"};
  return refusal_of(kMicrosoft, reply, words_in(reply), 0);
}

}  // namespace

TEST_CASE("each code that Graph and Azure Resource Manager refuse with has its words") {
  CHECK(std::size(kExpected) == std::size(kMicrosoftApiErrors));
  for (const auto& [status, code, expected, fix] : kExpected) {
    CAPTURE(code);
    for (const auto& written : {std::string(code), to_lower_ascii(code)}) {
      const auto problem = problem_for(status, written);
      CHECK(problem.code == expected);
      CHECK(member(problem, "fix") == fix);
      CHECK(member(problem, "provider_code") == written);
      CHECK_FALSE(problem.detail.empty());
      CHECK_FALSE(problem.detail.ends_with('.'));
    }
  }
}

TEST_CASE("no two codes have the same words but those that mean the same") {
  std::string_view before;
  int alike = 0;
  for (const auto& [code, problem, fix, words] : kMicrosoftApiErrors) {
    CAPTURE(code);
    if (words == before) ++alike;
    before = words;
  }
  // A page that was left too long, by two names.
  CHECK(alike == 1);
}
