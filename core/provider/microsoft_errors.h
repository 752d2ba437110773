// What Entra's refusals mean to people, by their number.
#pragma once

#include <string_view>

#include "core/provider/catalogue.h"

namespace postern {

inline constexpr std::string_view kManagedDevice = "The directory wants a device that it manages";
inline constexpr std::string_view kSinglePage =
    "The redirect URI is registered as a single-page application's: register it as Web";
inline constexpr std::string_view kNotInstalled =
    "The application is not installed in this directory";
inline constexpr std::string_view kNoFederation =
    "No federated credential of the registration has this issuer, subject and audience";
inline constexpr std::string_view kNoSuchApi = "The directory has no such API";
inline constexpr std::string_view kOtherCloud =
    "The account is of another cloud than the integration is set to";
inline constexpr std::string_view kOtherAccount =
    "The account is not in this directory: use one that is, or be invited as a guest";
// learn.microsoft.com, "Microsoft Entra authentication and authorization error codes". It warns not
// to branch on numbers: they choose words and pages for people, and save a grant where it passes.
// docs/azure.md has the same numbers (tests/structure/documents.test.ts).
inline constexpr ErrorWords kMicrosoftErrorWords[] = {
    {"7000215", "operator", "The client secret is wrong: set its value, not its id"},
    {"7000222", "operator", "The client secret has expired: make a new one at the registration"},
    {"7000216", "operator", "No secret and no assertion arrived: set a secret or a certificate"},
    {"700027", "operator",
     "The certificate is not registered: upload the one whose thumbprint is shown"},
    {"700024", "operator", "The assertion's time is over: the clocks differ"},
    {"70021", "operator", kNoFederation},
    {"700211", "operator", kNoFederation},
    {"700212", "operator", kNoFederation},
    {"700213", "operator", kNoFederation},
    {"700016", "administrator", kNotInstalled},
    {"700011", "administrator", kNotInstalled},
    {"7000229", "administrator", kNotInstalled},
    // 50105 of an application: the API wants its callers assigned.
    {"501051", "administrator", "The application has no role at this API"},
    {"7000112", "administrator", "The application is disabled in this directory"},
    {"70001", "administrator", "The application is disabled in this directory"},
    {"50105", "administrator", "The person is not assigned to the application"},
    {"53003", "administrator", "A conditional access policy of the directory blocks this"},
    {"530032", "administrator", "A security policy of the directory blocks this"},
    {"530035", "administrator", "The directory's security defaults block this"},
    {"53000", "administrator", kManagedDevice},
    {"53001", "administrator", kManagedDevice},
    {"530003", "administrator", kManagedDevice},
    {"53002", "administrator", "The directory allows approved applications only"},
    {"53011", "administrator", "The account is blocked because it is at risk"},
    {"65001", "user", "This access is not consented to"},
    {"65004", "user", "The person declined"},
    {"90094", "administrator", "An administrator has to consent to this access"},
    {"90095", "administrator", "An administrator has been asked to consent to this access"},
    {"50076", "user", "A second factor is wanted"},
    {"50078", "user", "The second factor has expired"},
    {"50079", "user", "A second factor has to be set up"},
    {"50072", "user", "A second factor has to be set up"},
    {"50158", "user", "A check outside the directory is wanted, such as a second factor"},
    {"50173", "user", "The password was changed, or the sessions were revoked"},
    {"50055", "user", "The password has expired"},
    {"50144", "user", "The password has expired"},
    {"50057", "administrator", "The account is disabled"},
    {"50053", "administrator", "The account is locked"},
    {"50034", "user", kOtherAccount},
    {"50020", "user", kOtherAccount},
    {"51004", "user", kOtherAccount},
    {"16000", "user", kOtherAccount},
    {"50194", "operator", "The registration is for one directory: set its id as the tenant"},
    {"50011", "operator", "The redirect URI is not registered, exactly as it is"},
    {"90038", "operator", kOtherCloud},
    {"900382", "operator", kOtherCloud},
    {"900432", "operator", kOtherCloud},
    {"54005", "user", "The code was used before: begin again with a new link"},
    // Of a code too.
    {"70008", "user", "What was given before has expired, or was revoked"},
    {"700082", "user", "The refresh token has expired because nobody used it"},
    {"700084", "operator", kSinglePage},
    {"9002327", "operator", kSinglePage},
    {"700025", "operator", "The registration is a public client: register the redirect URI as Web"},
    {"7000218", "operator", "No client secret arrived: set its value"},
    {"50196", "operator", "The provider was asked for the same too often"},
    {"500202", "user",
     "A guest with a personal account has to name the directory: connect at its id (tenant_id)"},
    {"70043", "user", "The directory asks for a sign-in every so often"},
    {"500011", "administrator", kNoSuchApi},
    {"50001", "administrator", kNoSuchApi},
    // learn.microsoft.com/en-us/answers/questions/2337285
    {"650051", "administrator", "The directory could not add the application by consent"},
    {"650052", "administrator", "The directory has no subscription to this API's service"},
    {"650057", "operator", "The API is not among the registration's permissions"},
    {"650053", "operator", "A scope does not exist at this API"},
    {"70011", "operator", "A scope is not valid for this account"},
    {"90002", "operator", "There is no such directory in this cloud"},
    {"protection_policy_required", "administrator", "The directory allows managed apps only"},
    {"device_authentication_failed", "administrator", "The device is not known to the directory"},
};

}  // namespace postern
