// Every operation, once.
#include <algorithm>

#include "core/flow/connect/link.h"
#include "core/flow/frame/flows.h"
#include "core/operation/table.h"

namespace postern {

namespace {

using enum ParameterKind;
constexpr auto kPath = ParameterPlace::path;
constexpr auto kQuery = ParameterPlace::query;
constexpr auto kBody = ParameterPlace::body;

constexpr Parameter kUserId{"user_id", identifier, kQuery, true,
                            "The caller's own id of the user; opaque to Postern"};
constexpr Parameter kIntegration{"integration", name, kQuery, false,
                                 "The integration's name; `azure` when absent"};
constexpr Parameter kIntegrationInPath{"integration", name, kPath, false, "The integration's name"};
constexpr Parameter kResource{"resource", name, kQuery, false, "`graph` (default) or `arm`"};
constexpr Parameter kTenant{"tenant_id", text, kQuery, false,
                            "common, organizations, consumers, a directory's id or domain"};
constexpr Parameter kSubscription{"subscription_id", identifier, kPath, true,
                                  "The Azure subscription's id"};

constexpr Parameter kHealth[] = {{"deep", flag, kQuery, false, "Look at the stores as well"}};
constexpr Parameter kConnectLink[] = {
    kUserId,
    kTenant,
    kIntegration,
    {"return_to", text, kQuery, false,
     "Where the person goes afterwards; exactly as in ALLOWED_RETURN_URLS"},
    {"confirm", name, kQuery, false,
     "`backend` (default with return_to): the connection waits for confirmation. "
     "`page`: it does "
     "not"},
    {"allow_other_account", flag, kQuery, false,
     "Let another account replace the one that is connected"},
    {"mode", name, kQuery, false,
     "`browser` (default), or `caller` for callers that run the browser part themselves"},
    {"redirect_uri", text, kQuery, false, "Mode caller: where the provider sends the code"},
    {"code_challenge", text, kQuery, false, "Mode caller: S256 challenge (RFC 7636)"}};
constexpr Parameter kConfirm[] = {
    {"attempt", name, kPath, true, "The attempt that arrived at return_to"},
    {"code", text, kBody, true, "The one-time code that arrived at return_to"},
    {"user_id", identifier, kBody, true, "The user of the session that confirms"}};
constexpr Parameter kConnect[] = {
    kUserId,
    kIntegration,
    {"code", text, kBody, true, "The authorization code"},
    {"code_verifier", text, kBody, true, "The verifier of the attempt's challenge"},
    {"tenant_id", text, kBody, false, "As the attempt was made with"},
    {"state", text, kBody, true, "The state that createConnectLink gave"}};
constexpr Parameter kUser[] = {kUserId, kIntegration};
constexpr Parameter kResourceGroups[] = {kSubscription, kUserId, kIntegration};
constexpr Parameter kResources[] = {
    kSubscription,
    kUserId,
    kIntegration,
    {"resource_group", identifier, kQuery, false, "Only this resource group"}};
constexpr Parameter kMail[] = {kUserId,
                               kIntegration,
                               {"top", integer, kQuery, false, "How many; 10 when absent"},
                               {"skip", integer, kQuery, false, "How many to leave out"},
                               {"filter", text, kQuery, false, "OData filter, as Graph takes it"}};
constexpr Parameter kCalendar[] = {
    kUserId,
    kIntegration,
    {"start", timestamp, kQuery, false, "Events that end after it; together with end"},
    {"end", timestamp, kQuery, false, "Events that start before it"}};
constexpr Parameter kToken[] = {
    kIntegrationInPath,
    kUserId,
    kResource,
    {"min_ttl", integer, kQuery, false,
     "Seconds that the token must live at least; capped at three quarters of its lifetime"}};
constexpr Parameter kRefresh[] = {kIntegrationInPath, kUserId, kResource};
constexpr Parameter kConnection[] = {kIntegrationInPath, kUserId};
constexpr Parameter kRollback[] = {
    kIntegrationInPath,
    kUserId,
    {"version", integer, kQuery, true, "One of those that the list of versions has"}};
constexpr Parameter kIntegrationOnly[] = {kIntegrationInPath};
constexpr Parameter kEvents[] = {
    {"cursor", text, kQuery, false, "Where the last read ended; the beginning when absent"},
    {"limit", integer, kQuery, false, "1 to 100; 100 when absent"},
    {"type", name, kQuery, false,
     "Only of this type: connected, refreshed, refresh_retry, refresh_failed, "
     "recovered, needs_reauth, disconnected or grant_expiring"},
    {"user_id", identifier, kQuery, false, "Only this user's"},
    {"integration", name, kQuery, false, "Only this integration's"}};
constexpr Parameter kDeadLetters[] = {
    {"cursor", text, kQuery, false, "Where the last page ended; the beginning when absent"}};
constexpr Parameter kRedeliver[] = {{"event_id", name, kPath, true, "The event's id"}};
constexpr Parameter kConnections[] = {
    {"user_id", identifier, kQuery, false, "Only this user's"},
    {"status", name, kQuery, false,
     "Only in this status; all but revoked when absent. What waits for confirmation is "
     "never listed"},
    {"cursor", text, kQuery, false, "Where the last page ended"}};
constexpr Parameter kAdminConsent[] = {
    kIntegrationInPath,
    kTenant,
    {"redirect_uri", text, kQuery, false,
     "As in ALLOWED_RETURN_URLS; the integration's when absent"},
    {"state", text, kQuery, false, "Comes back to redirect_uri as it is"}};
constexpr Parameter kLogout[] = {
    kIntegrationInPath, kTenant, {"return_to", text, kQuery, false, "As in ALLOWED_RETURN_URLS"}};
constexpr Parameter kCreateKey[] = {
    {"org_id", name, kBody, true, "The organization that the key belongs to"},
    {"name", identifier, kBody, true, "What people call it"},
    {"permissions", names, kBody, true, "See the list of permissions"},
    {"expires_at", timestamp, kBody, false, "When it ends; never when absent"}};
constexpr Parameter kListKeys[] = {{"org_id", name, kQuery, false, "Only this organization's"}};
constexpr Parameter kRevokeKey[] = {{"id", name, kPath, true, "The key's id"}};

constexpr std::uint16_t kAuthorityEntropy = 512;

// clang-format off
constexpr Operation kOperations[] = {
    {.name = "health", .method = "GET", .path = "/health", .access = Access::open,
     .parameters = kHealth, .summary = "Is it up; with the administrator's key and deep, are the stores",
     .result = "{status, service, timestamp, version}", .flow = health_flow},
    {.name = "create_connect_link", .rpc = "createConnectLink", .method = "GET", .path = "/connect",
     .permission = "connect", .parameters = kConnectLink, .entropy_bytes = 16 + 64,
     .summary = "A one-time link, good for ten minutes, that lets one browser connect one account",
     .result = "{auth_url, state, expires_at}", .flow = create_connect_link_flow},
    {.name = "show_consent", .method = "GET", .path = "/connect/:link", .access = Access::browser,
     .summary = "The page that says who gets access to what; changes nothing", .result = "a page",
     .flow = show_consent_flow},
    {.name = "begin_connect", .method = "POST", .path = "/connect/:link", .access = Access::browser,
     .entropy_bytes = kStateEntropy, .summary = "Consumes the link and sends the browser to the provider",
     .result = "302 to the provider", .flow = begin_connect_flow},
    {.name = "callback", .method = "GET", .path = "/callback", .alias = "/callback/:integration",
     .access = Access::browser, .summary = "Where the provider sends the browser back",
     .result = "a page, or a redirect to return_to", .flow = callback_flow},
    {.name = "confirm_connection", .rpc = "confirmConnection", .method = "POST",
     .path = "/v1/connect-links/:attempt/confirm", .permission = "connect", .parameters = kConfirm,
     .summary = "Confirms a pending connection with the code that arrived at return_to",
     .result = "the connection", .flow = confirm_connection_flow},
    {.name = "connect", .rpc = "connect", .rpc_alias = "connectAccount", .permission = "connect:caller", .parameters = kConnect,
     .summary = "Redeems a code that the caller received itself, for an attempt of mode caller",
     .result = "the connection", .flow = connect_flow},
    {.name = "get_user", .rpc = "getUser", .method = "GET", .path = "/user", .permission = "graph:read",
     .parameters = kUser, .reads_connection = true, .summary = "The person's profile at Microsoft Graph", .result = "Graph's /me",
     .flow = get_user_flow},
    {.name = "list_subscriptions", .rpc = "listSubscriptions", .method = "GET", .path = "/subscriptions",
     .permission = "arm:read", .parameters = kUser, .reads_connection = true, .rpc_result = "subscriptions",
     .summary = "The Azure subscriptions that the person sees, all pages",
     .result = "{subscriptions: […]}; over RPC the list", .flow = list_subscriptions_flow},
    {.name = "list_resource_groups", .rpc = "listResourceGroups", .method = "GET",
     .path = "/subscriptions/:subscription_id/resourceGroups", .permission = "arm:read",
     .parameters = kResourceGroups, .reads_connection = true, .rpc_result = "resourceGroups",
     .summary = "A subscription's resource groups, all pages",
     .result = "{resourceGroups: […]}; over RPC the list", .flow = list_resource_groups_flow},
    {.name = "list_resources", .rpc = "listResources", .method = "GET",
     .path = "/subscriptions/:subscription_id/resources", .permission = "arm:read",
     .parameters = kResources, .reads_connection = true, .rpc_result = "resources",
     .summary = "A subscription's or a resource group's resources, all pages",
     .result = "{resources: […]}; over RPC the list", .flow = list_resources_flow},
    {.name = "get_mail", .rpc = "getMail", .method = "GET", .path = "/mail", .permission = "graph:read",
     .parameters = kMail, .reads_connection = true, .rpc_result = "messages", .summary = "The person's mail, newest first",
     .result = "{messages: […]}; over RPC the list", .flow = get_mail_flow},
    {.name = "get_calendar_events", .rpc = "getCalendarEvents", .method = "GET", .path = "/calendar/events",
     .permission = "graph:read", .parameters = kCalendar, .reads_connection = true, .rpc_result = "events",
     .summary = "The person's calendar events", .result = "{events: […]}; over RPC the list",
     .flow = get_calendar_events_flow},
    {.name = "get_token", .rpc = "getToken", .method = "GET", .path = "/v1/connections/:integration/token",
     .permission = "tokens:read", .parameters = kToken, .reads_connection = true,
     .summary = "A fresh access token for one resource",
     .result = "{access_token, token_type, resource, expires_at, scope, version}", .flow = get_token_flow},
    {.name = "list_connections", .rpc = "listConnections", .method = "GET", .path = "/v1/connections",
     .permission = "connections:read", .parameters = kConnections,
     .summary = "The organization's connections, 50 a page", .result = "{connections: […], cursor}",
     .flow = list_connections_flow},
    {.name = "get_connection", .rpc = "getConnection", .method = "GET",
     .path = "/v1/connections/:integration", .permission = "connections:read", .parameters = kConnection,
     .summary = "One connection, no token in it", .result = "the connection", .flow = get_connection_flow},
    {.name = "refresh", .rpc = "refresh", .method = "POST", .path = "/v1/connections/:integration/refresh",
     .permission = "connections:write", .parameters = kRefresh, .summary = "Refreshes now",
     .result = "the connection", .flow = refresh_flow},
    {.name = "list_versions", .rpc = "listVersions", .method = "GET",
     .path = "/v1/connections/:integration/versions", .permission = "connections:read", .parameters = kConnection,
     .rpc_result = "versions", .summary = "The connection and the versions of it that are kept, newest first; no token in them",
     .result = "{versions: […]}; over RPC the list", .flow = list_versions_flow},
    {.name = "rollback", .rpc = "rollback", .method = "POST",
     .path = "/v1/connections/:integration/rollback", .permission = "connections:write", .parameters = kRollback,
     .summary = "Goes back to a version that is kept, as a new version",
     .result = "the connection", .flow = rollback_flow},
    {.name = "disconnect", .rpc = "disconnect", .method = "DELETE", .path = "/v1/connections/:integration",
     .permission = "connections:write", .parameters = kConnection,
     .summary = "Ends the connection and deletes its tokens everywhere; may be repeated",
     .result = "{success, disconnected, propagation, provider_revocation}", .flow = disconnect_flow},
    {.name = "get_integration", .rpc = "getIntegration", .method = "GET",
     .path = "/v1/integrations/:integration", .permission = "connections:read", .parameters = kIntegrationOnly,
     .summary = "Whether the provider takes the integration, and how its tokens are refreshed",
     .result = "{integration, provider, status, refresh_mode, replay, fault}", .flow = get_integration_flow},
    {.name = "list_events", .rpc = "listEvents", .method = "GET", .path = "/v1/events",
     .permission = "events:read", .parameters = kEvents,
     .summary = "What happened to the organization's connections, in order, from a cursor on",
     .result = "{events: […], cursor}", .flow = list_events_flow},
    {.name = "redeliver_event", .rpc = "redeliverEvent", .method = "POST",
     .path = "/v1/events/:event_id/redeliver", .permission = "events:write", .parameters = kRedeliver,
     .summary = "Sends an event to the organization's webhooks once more",
     .result = "{success, id}", .flow = redeliver_event_flow},
    {.name = "list_dead_letters", .rpc = "listDeadLetters", .method = "GET", .path = "/v1/dead-letters",
     .permission = "events:read", .parameters = kDeadLetters,
     .summary = "Events that a webhook did not take, however often it was asked; a hundred a page, kept for thirty days",
     .result = "{dead_letters: […], cursor}", .flow = list_dead_letters_flow},
    {.name = "admin_consent_url", .rpc = "adminConsentUrl", .method = "GET",
     .path = "/v1/integrations/:integration/admin-consent-url", .permission = "connect",
     .parameters = kAdminConsent, .summary = "Where a directory's administrator consents for everybody",
     .result = "{url}", .flow = admin_consent_url_flow},
    {.name = "logout_url", .rpc = "logoutUrl", .method = "GET",
     .path = "/v1/integrations/:integration/logout-url", .permission = "connect", .parameters = kLogout,
     .summary = "Where the person signs out of the provider", .result = "{url}", .flow = logout_url_flow},
    {.name = "create_api_key", .method = "POST", .path = "/v1/api-keys", .access = Access::admin,
     .parameters = kCreateKey, .entropy_bytes = 44, .summary = "A new API key; it is shown this once",
     .result = "{id, org_id, name, permissions, created_at, key}", .flow = create_api_key_flow},
    {.name = "list_api_keys", .method = "GET", .path = "/v1/api-keys", .access = Access::admin,
     .parameters = kListKeys, .summary = "The API keys, without the keys themselves",
     .result = "{api_keys: […]}", .flow = list_api_keys_flow},
    {.name = "revoke_api_key", .method = "DELETE", .path = "/v1/api-keys/:id", .access = Access::admin,
     .parameters = kRevokeKey, .summary = "Revokes an API key", .result = "the key's row",
     .flow = revoke_api_key_flow},

    {.name = "authority.token", .access = Access::authority, .entropy_bytes = kAuthorityEntropy, .coalesced = true,
     .flow = authority_token_flow},
    {.name = "authority.refresh", .access = Access::authority, .entropy_bytes = kAuthorityEntropy, .coalesced = true,
     .flow = authority_token_flow},
    {.name = "authority.connect", .access = Access::authority, .entropy_bytes = kAuthorityEntropy,
     .flow = authority_connect_flow},
    {.name = "authority.confirm", .access = Access::authority, .entropy_bytes = kAuthorityEntropy,
     .flow = authority_confirm_flow},
    {.name = "authority.describe", .access = Access::authority, .entropy_bytes = kAuthorityEntropy, .coalesced = true,
     .flow = authority_describe_flow},
    {.name = "authority.disconnect", .access = Access::authority, .entropy_bytes = kAuthorityEntropy,
     .flow = authority_disconnect_flow},
    {.name = "authority.versions", .access = Access::authority, .entropy_bytes = kAuthorityEntropy, .coalesced = true,
     .flow = authority_versions_flow},
    {.name = "authority.rollback", .access = Access::authority, .entropy_bytes = kAuthorityEntropy,
     .flow = authority_rollback_flow},
    {.name = "authority.redeliver", .access = Access::authority, .entropy_bytes = kAuthorityEntropy,
     .flow = authority_redeliver_flow},
    {.name = "authority.deliver", .access = Access::authority, .entropy_bytes = 64, .aside = true,
     .flow = authority_deliver_flow},
    {.name = "authority.health", .access = Access::authority, .flow = authority_health_flow},
    {.name = "authority.alarm", .access = Access::authority, .entropy_bytes = kAuthorityEntropy,
     .flow = authority_alarm_flow},
};
// clang-format on

}  // namespace

std::span<const Operation> all_operations() {
  return kOperations;
}

const Operation* find_operation(std::string_view name) {
  const auto* found = std::ranges::find(kOperations, name, &Operation::name);
  return found == std::end(kOperations) ? nullptr : found;
}

}  // namespace postern
