// The words by which Graph and Azure Resource Manager refuse, what each means and who can change
// it.
//
// Sources: learn.microsoft.com/graph/errors, learn.microsoft.com/graph/resolve-auth-errors,
// learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors; for
// mailboxes learn.microsoft.com/graph/hybrid-rest-support and
// github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/405 (guests), issues/717
// (licences).
#pragma once

#include "core/provider/catalogue.h"

namespace postern {

inline constexpr ApiError kMicrosoftApiErrors[] = {
    // Mailboxes. They come with 404, as if the message were missing.
    {"MailboxNotEnabledForRESTAPI", ProblemCode::provider_forbidden, "administrator",
     "This account has no mailbox in Exchange Online: it has no licence for one, is a guest in "
     "this directory, or its mailbox is inactive or on the organization's own servers"},
    {"MailboxNotSupportedForRESTAPI", ProblemCode::provider_forbidden, "administrator",
     "This account's mailbox is of a kind that Graph cannot read"},
    {"MailboxNotHostedInExchangeOnline", ProblemCode::provider_forbidden, "administrator",
     "This account's mailbox is on the organization's own servers, which Graph cannot read"},
    {"OrganizationFromTenantGuidNotFound", ProblemCode::provider_forbidden, "administrator",
     "The account's directory has no Exchange Online, or the account is not of the directory that "
     "it is connected at"},
    // What the token or the person may not do.
    {"ErrorAccessDenied", ProblemCode::provider_forbidden, "operator",
     "Exchange refuses: the connection has not got the scope for this call, or the mailbox belongs "
     "to somebody else. The scopes are the integration's; a person who connects again gives those "
     "that were added"},
    {"ErrorInsufficientPermissionsInAccessToken", ProblemCode::provider_forbidden, "operator",
     "The connection has not got the scope for this call. The scopes are the integration's; a "
     "person who connects again gives those that were added"},
    {"Authorization_RequestDenied", ProblemCode::provider_forbidden, "administrator",
     "The directory refuses: this needs a permission that only an administrator of the directory "
     "can grant to the application, or a role that the person does not have"},
    {"InsufficientPrivileges", ProblemCode::provider_forbidden, "administrator",
     "The person, or the application, lacks a role or a permission that only an administrator of "
     "the directory can give"},
    {"Authorization_IdentityNotFound", ProblemCode::provider_forbidden, "administrator",
     "The account is not, or no longer, in the directory that it is connected at"},
    {"Authorization_IdentityDisabled", ProblemCode::provider_forbidden, "administrator",
     "The account is disabled in its directory"},
    {"AuthorizationFailed", ProblemCode::provider_forbidden, "administrator",
     "The person has no role in Azure that allows this here. Whoever may assign roles for the "
     "subscription or the resource group can give one; it counts after some minutes"},
    {"LinkedAuthorizationFailed", ProblemCode::provider_forbidden, "administrator",
     "The person has no role in Azure that allows this for a resource that is linked to it. "
     "Whoever may assign roles there can give one"},
    {"RequestDisallowedByPolicy", ProblemCode::provider_forbidden, "administrator",
     "A policy of the Azure subscription forbids this"},
    // With 401 although no newer token would help.
    {"InvalidAuthenticationTokenTenant", ProblemCode::provider_forbidden, "user",
     "The Azure subscription belongs to another directory than the one that the account is "
     "connected at. A connection at that directory (`tenant_id` of the connect link) reads it"},
    // What is not there.
    {"ResourceNotFound", ProblemCode::provider_not_found, "caller",
     "The provider knows nothing by this name, or does not show it to this person"},
    {"Request_ResourceNotFound", ProblemCode::provider_not_found, "caller",
     "The directory knows nothing by this id, or does not show it to this person"},
    {"ErrorItemNotFound", ProblemCode::provider_not_found, "caller",
     "The mailbox has no item of this id: it may have been moved, which changes its id, or "
     "deleted"},
    {"SubscriptionNotFound", ProblemCode::provider_not_found, "caller",
     "There is no Azure subscription of this id, or the person has no role in it"},
    {"ResourceGroupNotFound", ProblemCode::provider_not_found, "caller",
     "The Azure subscription has no resource group of this name"},
    {"DisabledSubscription", ProblemCode::provider_forbidden, "administrator",
     "The Azure subscription is disabled; its owner can enable it"},
    // What was asked in a form that it does not take.
    {"InvalidSubscriptionId", ProblemCode::invalid_request, "caller",
     "`subscription_id` is not the id of an Azure subscription"},
    {"InefficientFilter", ProblemCode::invalid_request, "caller",
     "Exchange wants what `orderby` names to come first in `filter`, in the same order; or leave "
     "`orderby` out"},
    {"ErrorInvalidProperty", ProblemCode::invalid_request, "caller",
     "`select`, `orderby` or `filter` names a member that there is not"},
    {"RequestBroker--ParseUri", ProblemCode::invalid_request, "caller",
     "`select`, `orderby` or `filter` names a member that there is not, or is not well formed"},
    {"ErrorInvalidUrlQuery", ProblemCode::invalid_request, "caller",
     "`select`, `orderby` or `filter` is not well formed, or cannot be combined so"},
    {"Request_UnsupportedQuery", ProblemCode::invalid_request, "caller",
     "The directory cannot combine `select`, `orderby` and `filter` so"},
    // A page that was left too long.
    {"Directory_ExpiredPageToken", ProblemCode::invalid_request, "caller",
     "The list has changed or the cursor is too old: begin again without `cursor`"},
    {"InvalidSkipToken", ProblemCode::invalid_request, "caller",
     "The provider does not know this page any more: begin again without `cursor`"},
    {"SyncStateNotFound", ProblemCode::invalid_request, "caller",
     "The provider does not know this page any more: begin again without `cursor`"}};

}  // namespace postern
