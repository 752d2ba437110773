// Microsoft's clouds: where people sign in, where its APIs are, and by which identifiers tokens for
// them are asked for.
#pragma once

#include <string_view>

#include "core/provider/catalogue.h"

namespace postern::microsoft {

// Sign-in: learn.microsoft.com/entra/identity-platform/authentication-national-cloud. Graph:
// learn.microsoft.com/graph/deployments; its scopes name the cloud's own host
// (learn.microsoft.com/graph/sdks/national-clouds). Azure Resource Manager:
// learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure and
// docs.azure.cn/en-us/articles/guidance/developerdifferences; both identifiers of each cloud are in
// its own list, management.azure.com/metadata/endpoints. Issuers as MSAL has them: in China of
// login.partner.microsoftonline.cn, whichever of its names was asked.
// The ids of their applications, the same everywhere ("Verify first-party Microsoft applications").
inline constexpr std::string_view kGraphId = "00000003-0000-0000-c000-000000000000";
inline constexpr std::string_view kArmId = "797f4846-ba00-4fd7-ba43-dac1f8f63013";
// But Key Vault's in Azure Government (learn.microsoft.com/azure/key-vault/secrets/
// overview-storage-keys).
inline constexpr std::string_view kVaultId = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093";
inline constexpr std::string_view kUsGovVaultId = "7e7c393b-45d0-48b1-a35e-2905ddf8183c";
inline constexpr std::string_view kStorageId = "e406a681-f3d4-42a8-90b6-c2b029497af1";
inline constexpr std::string_view kUsGovLogin = "https://login.microsoftonline.us";
// Services with a name in their host. Hosts and identifiers: Azure/go-autorest 13ddd342,
// autorest/azure/environments.go; hosts also learn.microsoft.com/azure/key-vault/general/
// about-keys-secrets-certificates. Storage has one identifier in all clouds, and both have the one
// delegated permission user_impersonation (learn.microsoft.com/rest/api/storageservices/
// authorize-with-azure-active-directory; …/azure/key-vault/general/
// authentication-requests-and-responses). Names of accounts: learn.microsoft.com/azure/
// azure-resource-manager/management/resource-name-rules.
inline constexpr std::string_view kImpersonation = "user_impersonation";
inline constexpr std::string_view kStorageAudience = "https://storage.azure.com";
inline constexpr HostLabel kVaultLabel{.parameter = "vault"};
inline constexpr HostLabel kAccountLabel{
    .parameter = "storage_account", .least_bytes = 3, .most_bytes = 24, .dashes = false};
constexpr Api vault_at(std::string_view origin, std::string_view audience,
                       std::string_view application = kVaultId) {
  return {.name = "vault",
          .origin = origin,
          .audience = audience,
          .application = application,
          .label = kVaultLabel,
          .on_demand = kImpersonation};
}
constexpr Api storage_at(std::string_view origin) {
  return {.name = "storage",
          .origin = origin,
          .audience = kStorageAudience,
          .application = kStorageId,
          .label = kAccountLabel,
          .on_demand = kImpersonation};
}
inline constexpr Api kUsGovVault = vault_at("https://{vault}.vault.usgovcloudapi.net",
                                            "https://vault.usgovcloudapi.net", kUsGovVaultId);
inline constexpr Api kUsGovStorage =
    storage_at("https://{storage_account}.blob.core.usgovcloudapi.net");
inline constexpr Api kUsGovArm{.name = "arm",
                               .origin = "https://management.usgovcloudapi.net",
                               .audience = "https://management.usgovcloudapi.net",
                               .other_audience = "https://management.core.usgovcloudapi.net",
                               .application = kArmId};
// learn.microsoft.com/graph/api/resources/user: `/me` is the person of the token.
inline constexpr std::string_view kPersonPath = "/v1.0/me";
inline constexpr Api kApis[] = {
    {.name = "graph",
     .origin = "https://graph.microsoft.com",
     .audience = "https://graph.microsoft.com",
     .application = kGraphId,
     .person_path = kPersonPath},
    {.name = "arm",
     .origin = "https://management.azure.com",
     .audience = "https://management.azure.com",
     .other_audience = "https://management.core.windows.net",
     .application = kArmId},
    vault_at("https://{vault}.vault.azure.net", "https://vault.azure.net"),
    storage_at("https://{storage_account}.blob.core.windows.net")};
// GCC High. GCC is in the public cloud.
inline constexpr Api kUsGovApis[] = {{.name = "graph",
                                      .origin = "https://graph.microsoft.us",
                                      .audience = "https://graph.microsoft.us",
                                      .application = kGraphId,
                                      .person_path = kPersonPath},
                                     kUsGovArm,
                                     kUsGovVault,
                                     kUsGovStorage};
inline constexpr Api kDodApis[] = {{.name = "graph",
                                    .origin = "https://dod-graph.microsoft.us",
                                    .audience = "https://dod-graph.microsoft.us",
                                    .application = kGraphId,
                                    .person_path = kPersonPath},
                                   kUsGovArm,
                                   kUsGovVault,
                                   kUsGovStorage};
inline constexpr Api kChinaApis[] = {
    {.name = "graph",
     .origin = "https://microsoftgraph.chinacloudapi.cn",
     .audience = "https://microsoftgraph.chinacloudapi.cn",
     .application = kGraphId,
     .person_path = kPersonPath},
    {.name = "arm",
     .origin = "https://management.chinacloudapi.cn",
     .audience = "https://management.chinacloudapi.cn",
     .other_audience = "https://management.core.chinacloudapi.cn",
     .application = kArmId},
    vault_at("https://{vault}.vault.azure.cn", "https://vault.azure.cn"),
    storage_at("https://{storage_account}.blob.core.chinacloudapi.cn")};
// Personal accounts are in the public cloud only.
inline constexpr Cloud kClouds[] = {{.value = "public",
                                     .login_origin = "https://login.microsoftonline.com",
                                     .apis = kApis,
                                     .default_tenant = {}},
                                    {.value = "usgov",
                                     .login_origin = kUsGovLogin,
                                     .apis = kUsGovApis,
                                     .default_tenant = "organizations"},
                                    {.value = "usgov_dod",
                                     .login_origin = kUsGovLogin,
                                     .apis = kDodApis,
                                     .default_tenant = "organizations"},
                                    {.value = "china",
                                     .login_origin = "https://login.partner.microsoftonline.cn",
                                     .apis = kChinaApis,
                                     .default_tenant = "organizations"}};

}  // namespace postern::microsoft
