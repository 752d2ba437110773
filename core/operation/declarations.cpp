// Every operation, once.
#include <algorithm>

#include "core/base/doc.h"
#include "core/flow/flows.h"
#include "core/flow/link.h"
#include "core/operation/operation.h"

namespace postern {

namespace {

using enum ParameterKind;
constexpr auto kPath = ParameterPlace::path;
constexpr auto kQuery = ParameterPlace::query;
constexpr auto kBody = ParameterPlace::body;

constexpr Parameter kUserId{"user_id", identifier, kQuery, true,
                            POSTERN_DOC("The caller's own id of the user; opaque to Postern")};
constexpr Parameter kIntegration{"integration", name, kQuery, false,
                                 POSTERN_DOC("The integration's name; `azure` when absent")};
constexpr Parameter kIntegrationInPath{"integration", name, kPath, false,
                                       POSTERN_DOC("The integration's name")};
constexpr Parameter kResource{"resource", name, kQuery, false,
                              POSTERN_DOC("`graph` (default) or `arm`")};
constexpr Parameter kTenant{
    "tenant_id", text, kQuery, false,
    POSTERN_DOC("common, organizations, consumers, a directory's id or domain")};
constexpr Parameter kSubscription{"subscription_id", identifier, kPath, true,
                                  POSTERN_DOC("The Azure subscription's id")};

constexpr Parameter kHealth[] = {
    {"deep", flag, kQuery, false, POSTERN_DOC("Look at the stores as well")}};
constexpr Parameter kConnectLink[] = {
    kUserId,
    kTenant,
    kIntegration,
    {"return_to", text, kQuery, false,
     POSTERN_DOC("Where the person goes afterwards; exactly as in ALLOWED_RETURN_URLS")},
    {"confirm", name, kQuery, false,
     POSTERN_DOC("`backend` (default with return_to): the connection waits for confirmation. "
                 "`page`: it does "
                 "not")},
    {"allow_other_account", flag, kQuery, false,
     POSTERN_DOC("Let another account replace the one that is connected")},
    {"mode", name, kQuery, false,
     POSTERN_DOC(
         "`browser` (default), or `caller` for callers that run the browser part themselves")},
    {"redirect_uri", text, kQuery, false,
     POSTERN_DOC("Mode caller: where the provider sends the code")},
    {"code_challenge", text, kQuery, false, POSTERN_DOC("Mode caller: S256 challenge (RFC 7636)")}};
constexpr Parameter kConfirm[] = {
    {"attempt", name, kPath, true, POSTERN_DOC("The attempt that arrived at return_to")},
    {"code", text, kBody, true, POSTERN_DOC("The one-time code that arrived at return_to")},
    {"user_id", identifier, kBody, true, POSTERN_DOC("The user of the session that confirms")}};
constexpr Parameter kConnect[] = {
    kUserId,
    kIntegration,
    {"code", text, kBody, true, POSTERN_DOC("The authorization code")},
    {"code_verifier", text, kBody, true, POSTERN_DOC("The verifier of the attempt's challenge")},
    {"tenant_id", text, kBody, false, POSTERN_DOC("As the attempt was made with")},
    {"state", text, kBody, true, POSTERN_DOC("The state that createConnectLink gave")}};
constexpr Parameter kUser[] = {kUserId, kIntegration};
constexpr Parameter kResourceGroups[] = {kSubscription, kUserId, kIntegration};
constexpr Parameter kResources[] = {
    kSubscription,
    kUserId,
    kIntegration,
    {"resource_group", identifier, kQuery, false, POSTERN_DOC("Only this resource group")}};
constexpr Parameter kMail[] = {
    kUserId,
    kIntegration,
    {"top", integer, kQuery, false, POSTERN_DOC("How many; 10 when absent")},
    {"skip", integer, kQuery, false, POSTERN_DOC("How many to leave out")},
    {"filter", text, kQuery, false, POSTERN_DOC("OData filter, as Graph takes it")}};
constexpr Parameter kCalendar[] = {
    kUserId,
    kIntegration,
    {"start", timestamp, kQuery, false, POSTERN_DOC("Events that end after it; together with end")},
    {"end", timestamp, kQuery, false, POSTERN_DOC("Events that start before it")}};
constexpr Parameter kToken[] = {
    kIntegrationInPath,
    kUserId,
    kResource,
    {"min_ttl", integer, kQuery, false,
     POSTERN_DOC(
         "Seconds that the token must live at least; capped at three quarters of its lifetime")}};
constexpr Parameter kRefresh[] = {kIntegrationInPath, kUserId, kResource};
constexpr Parameter kConnection[] = {kIntegrationInPath, kUserId};
constexpr Parameter kRollback[] = {
    kIntegrationInPath,
    kUserId,
    {"version", integer, kQuery, true, POSTERN_DOC("One of those that the list of versions has")}};
constexpr Parameter kIntegrationOnly[] = {kIntegrationInPath};
constexpr Parameter kEvents[] = {
    {"cursor", text, kQuery, false,
     POSTERN_DOC("Where the last read ended; the beginning when absent")},
    {"limit", integer, kQuery, false, POSTERN_DOC("1 to 100; 100 when absent")},
    {"type", name, kQuery, false,
     POSTERN_DOC("Only of this type: connected, refreshed, refresh_retry, refresh_failed, "
                 "recovered, needs_reauth, disconnected or grant_expiring")},
    {"user_id", identifier, kQuery, false, POSTERN_DOC("Only this user's")},
    {"integration", name, kQuery, false, POSTERN_DOC("Only this integration's")}};
constexpr Parameter kDeadLetters[] = {
    {"cursor", text, kQuery, false,
     POSTERN_DOC("Where the last page ended; the beginning when absent")}};
constexpr Parameter kRedeliver[] = {{"event_id", name, kPath, true, POSTERN_DOC("The event's id")}};
constexpr Parameter kConnections[] = {
    {"user_id", identifier, kQuery, false, POSTERN_DOC("Only this user's")},
    {"status", name, kQuery, false,
     POSTERN_DOC("Only in this status; all but revoked when absent. What waits for confirmation is "
                 "never listed")},
    {"cursor", text, kQuery, false, POSTERN_DOC("Where the last page ended")}};
constexpr Parameter kAdminConsent[] = {
    kIntegrationInPath,
    kTenant,
    {"redirect_uri", text, kQuery, false,
     POSTERN_DOC("As in ALLOWED_RETURN_URLS; the integration's when absent")},
    {"state", text, kQuery, false, POSTERN_DOC("Comes back to redirect_uri as it is")}};
constexpr Parameter kLogout[] = {
    kIntegrationInPath,
    kTenant,
    {"return_to", text, kQuery, false, POSTERN_DOC("As in ALLOWED_RETURN_URLS")}};
constexpr Parameter kCreateKey[] = {
    {"org_id", name, kBody, true, POSTERN_DOC("The organization that the key belongs to")},
    {"name", identifier, kBody, true, POSTERN_DOC("What people call it")},
    {"permissions", names, kBody, true, POSTERN_DOC("See the list of permissions")},
    {"expires_at", timestamp, kBody, false, POSTERN_DOC("When it ends; never when absent")}};
constexpr Parameter kListKeys[] = {
    {"org_id", name, kQuery, false, POSTERN_DOC("Only this organization's")}};
constexpr Parameter kRevokeKey[] = {{"id", name, kPath, true, POSTERN_DOC("The key's id")}};

constexpr std::uint16_t kAuthorityEntropy = 512;

// What the core itself never reads, routes included, is for the manifest: POSTERN_DOC.
// clang-format off
constexpr Operation kOperations[] = {
    {.name = "health", .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/health"), .access = Access::open,
     .parameters = kHealth, .summary = POSTERN_DOC("Is it up; with the administrator's key and deep, are the stores"),
     .result = POSTERN_DOC("{status, service, timestamp, version}"), .flow = health_flow},
    {.name = "create_connect_link", .rpc = POSTERN_DOC("createConnectLink"), .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/connect"),
     .permission = "connect", .parameters = kConnectLink, .entropy_bytes = 16 + 64,
     .summary = POSTERN_DOC("A one-time link, good for ten minutes, that lets one browser connect one account"),
     .result = POSTERN_DOC("{auth_url, state, expires_at}"), .flow = create_connect_link_flow},
    {.name = "show_consent", .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/connect/:link"), .access = Access::browser,
     .summary = POSTERN_DOC("The page that says who gets access to what; changes nothing"), .result = POSTERN_DOC("a page"),
     .flow = show_consent_flow},
    {.name = "begin_connect", .method = POSTERN_DOC("POST"), .path = POSTERN_DOC("/connect/:link"), .access = Access::browser,
     .entropy_bytes = kStateEntropy, .summary = POSTERN_DOC("Consumes the link and sends the browser to the provider"),
     .result = POSTERN_DOC("302 to the provider"), .flow = begin_connect_flow},
    {.name = "callback", .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/callback"), .alias = POSTERN_DOC("/callback/:integration"),
     .access = Access::browser, .summary = POSTERN_DOC("Where the provider sends the browser back"),
     .result = POSTERN_DOC("a page, or a redirect to return_to"), .flow = callback_flow},
    {.name = "confirm_connection", .rpc = POSTERN_DOC("confirmConnection"), .method = POSTERN_DOC("POST"),
     .path = POSTERN_DOC("/v1/connect-links/:attempt/confirm"), .permission = "connect", .parameters = kConfirm,
     .summary = POSTERN_DOC("Confirms a pending connection with the code that arrived at return_to"),
     .result = POSTERN_DOC("the connection"), .flow = confirm_connection_flow},
    {.name = "connect", .rpc = POSTERN_DOC("connect"), .rpc_alias = POSTERN_DOC("connectAccount"), .permission = "connect:caller", .parameters = kConnect,
     .summary = POSTERN_DOC("Redeems a code that the caller received itself, for an attempt of mode caller"),
     .result = POSTERN_DOC("the connection"), .flow = connect_flow},
    {.name = "get_user", .rpc = POSTERN_DOC("getUser"), .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/user"), .permission = "graph:read",
     .parameters = kUser, .reads_connection = true, .summary = POSTERN_DOC("The person's profile at Microsoft Graph"), .result = POSTERN_DOC("Graph's /me"),
     .flow = get_user_flow},
    {.name = "list_subscriptions", .rpc = POSTERN_DOC("listSubscriptions"), .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/subscriptions"),
     .permission = "arm:read", .parameters = kUser, .reads_connection = true, .rpc_result = POSTERN_DOC("subscriptions"),
     .summary = POSTERN_DOC("The Azure subscriptions that the person sees, all pages"),
     .result = POSTERN_DOC("{subscriptions: […]}; over RPC the list"), .flow = list_subscriptions_flow},
    {.name = "list_resource_groups", .rpc = POSTERN_DOC("listResourceGroups"), .method = POSTERN_DOC("GET"),
     .path = POSTERN_DOC("/subscriptions/:subscription_id/resourceGroups"), .permission = "arm:read",
     .parameters = kResourceGroups, .reads_connection = true, .rpc_result = POSTERN_DOC("resourceGroups"),
     .summary = POSTERN_DOC("A subscription's resource groups, all pages"),
     .result = POSTERN_DOC("{resourceGroups: […]}; over RPC the list"), .flow = list_resource_groups_flow},
    {.name = "list_resources", .rpc = POSTERN_DOC("listResources"), .method = POSTERN_DOC("GET"),
     .path = POSTERN_DOC("/subscriptions/:subscription_id/resources"), .permission = "arm:read",
     .parameters = kResources, .reads_connection = true, .rpc_result = POSTERN_DOC("resources"),
     .summary = POSTERN_DOC("A subscription's or a resource group's resources, all pages"),
     .result = POSTERN_DOC("{resources: […]}; over RPC the list"), .flow = list_resources_flow},
    {.name = "get_mail", .rpc = POSTERN_DOC("getMail"), .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/mail"), .permission = "graph:read",
     .parameters = kMail, .reads_connection = true, .rpc_result = POSTERN_DOC("messages"), .summary = POSTERN_DOC("The person's mail, newest first"),
     .result = POSTERN_DOC("{messages: […]}; over RPC the list"), .flow = get_mail_flow},
    {.name = "get_calendar_events", .rpc = POSTERN_DOC("getCalendarEvents"), .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/calendar/events"),
     .permission = "graph:read", .parameters = kCalendar, .reads_connection = true, .rpc_result = POSTERN_DOC("events"),
     .summary = POSTERN_DOC("The person's calendar events"), .result = POSTERN_DOC("{events: […]}; over RPC the list"),
     .flow = get_calendar_events_flow},
    {.name = "get_token", .rpc = POSTERN_DOC("getToken"), .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/v1/connections/:integration/token"),
     .permission = "tokens:read", .parameters = kToken, .reads_connection = true,
     .summary = POSTERN_DOC("A fresh access token for one resource"),
     .result = POSTERN_DOC("{access_token, token_type, resource, expires_at, scope, version}"), .flow = get_token_flow},
    {.name = "list_connections", .rpc = POSTERN_DOC("listConnections"), .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/v1/connections"),
     .permission = "connections:read", .parameters = kConnections,
     .summary = POSTERN_DOC("The organization's connections, 50 a page"), .result = POSTERN_DOC("{connections: […], cursor}"),
     .flow = list_connections_flow},
    {.name = "get_connection", .rpc = POSTERN_DOC("getConnection"), .method = POSTERN_DOC("GET"),
     .path = POSTERN_DOC("/v1/connections/:integration"), .permission = "connections:read", .parameters = kConnection,
     .summary = POSTERN_DOC("One connection, no token in it"), .result = POSTERN_DOC("the connection"), .flow = get_connection_flow},
    {.name = "refresh", .rpc = POSTERN_DOC("refresh"), .method = POSTERN_DOC("POST"), .path = POSTERN_DOC("/v1/connections/:integration/refresh"),
     .permission = "connections:write", .parameters = kRefresh, .summary = POSTERN_DOC("Refreshes now"),
     .result = POSTERN_DOC("the connection"), .flow = refresh_flow},
    {.name = "list_versions", .rpc = POSTERN_DOC("listVersions"), .method = POSTERN_DOC("GET"),
     .path = POSTERN_DOC("/v1/connections/:integration/versions"), .permission = "connections:read", .parameters = kConnection,
     .rpc_result = POSTERN_DOC("versions"), .summary = POSTERN_DOC("The connection and the versions of it that are kept, newest first; no token in them"),
     .result = POSTERN_DOC("{versions: […]}; over RPC the list"), .flow = list_versions_flow},
    {.name = "rollback", .rpc = POSTERN_DOC("rollback"), .method = POSTERN_DOC("POST"),
     .path = POSTERN_DOC("/v1/connections/:integration/rollback"), .permission = "connections:write", .parameters = kRollback,
     .summary = POSTERN_DOC("Goes back to a version that is kept, as a new version"),
     .result = POSTERN_DOC("the connection"), .flow = rollback_flow},
    {.name = "disconnect", .rpc = POSTERN_DOC("disconnect"), .method = POSTERN_DOC("DELETE"), .path = POSTERN_DOC("/v1/connections/:integration"),
     .permission = "connections:write", .parameters = kConnection,
     .summary = POSTERN_DOC("Ends the connection and deletes its tokens everywhere; may be repeated"),
     .result = POSTERN_DOC("{success, disconnected, propagation, provider_revocation}"), .flow = disconnect_flow},
    {.name = "get_integration", .rpc = POSTERN_DOC("getIntegration"), .method = POSTERN_DOC("GET"),
     .path = POSTERN_DOC("/v1/integrations/:integration"), .permission = "connections:read", .parameters = kIntegrationOnly,
     .summary = POSTERN_DOC("Whether the provider takes the integration, and how its tokens are refreshed"),
     .result = POSTERN_DOC("{integration, provider, status, refresh_mode, replay, fault}"), .flow = get_integration_flow},
    {.name = "list_events", .rpc = POSTERN_DOC("listEvents"), .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/v1/events"),
     .permission = "events:read", .parameters = kEvents,
     .summary = POSTERN_DOC("What happened to the organization's connections, in order, from a cursor on"),
     .result = POSTERN_DOC("{events: […], cursor}"), .flow = list_events_flow},
    {.name = "redeliver_event", .rpc = POSTERN_DOC("redeliverEvent"), .method = POSTERN_DOC("POST"),
     .path = POSTERN_DOC("/v1/events/:event_id/redeliver"), .permission = "events:write", .parameters = kRedeliver,
     .summary = POSTERN_DOC("Sends an event to the organization's webhooks once more"),
     .result = POSTERN_DOC("{success, id}"), .flow = redeliver_event_flow},
    {.name = "list_dead_letters", .rpc = POSTERN_DOC("listDeadLetters"), .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/v1/dead-letters"),
     .permission = "events:read", .parameters = kDeadLetters,
     .summary = POSTERN_DOC("Events that a webhook did not take, however often it was asked; a hundred a page, kept for thirty days"),
     .result = POSTERN_DOC("{dead_letters: […], cursor}"), .flow = list_dead_letters_flow},
    {.name = "admin_consent_url", .rpc = POSTERN_DOC("adminConsentUrl"), .method = POSTERN_DOC("GET"),
     .path = POSTERN_DOC("/v1/integrations/:integration/admin-consent-url"), .permission = "connect",
     .parameters = kAdminConsent, .summary = POSTERN_DOC("Where a directory's administrator consents for everybody"),
     .result = POSTERN_DOC("{url}"), .flow = admin_consent_url_flow},
    {.name = "logout_url", .rpc = POSTERN_DOC("logoutUrl"), .method = POSTERN_DOC("GET"),
     .path = POSTERN_DOC("/v1/integrations/:integration/logout-url"), .permission = "connect", .parameters = kLogout,
     .summary = POSTERN_DOC("Where the person signs out of the provider"), .result = POSTERN_DOC("{url}"), .flow = logout_url_flow},
    {.name = "create_api_key", .method = POSTERN_DOC("POST"), .path = POSTERN_DOC("/v1/api-keys"), .access = Access::admin,
     .parameters = kCreateKey, .entropy_bytes = 44, .summary = POSTERN_DOC("A new API key; it is shown this once"),
     .result = POSTERN_DOC("{id, org_id, name, permissions, created_at, key}"), .flow = create_api_key_flow},
    {.name = "list_api_keys", .method = POSTERN_DOC("GET"), .path = POSTERN_DOC("/v1/api-keys"), .access = Access::admin,
     .parameters = kListKeys, .summary = POSTERN_DOC("The API keys, without the keys themselves"),
     .result = POSTERN_DOC("{api_keys: […]}"), .flow = list_api_keys_flow},
    {.name = "revoke_api_key", .method = POSTERN_DOC("DELETE"), .path = POSTERN_DOC("/v1/api-keys/:id"), .access = Access::admin,
     .parameters = kRevokeKey, .summary = POSTERN_DOC("Revokes an API key"), .result = POSTERN_DOC("the key's row"),
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
