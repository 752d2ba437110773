// Azure Key Vault: names and values of secrets, names of keys
// (learn.microsoft.com/rest/api/keyvault). Each vault has a host of its own, which the call names.
#pragma once

#include "core/flow/resource/row.h"

namespace postern::resource {

// 1 to 127 letters, digits and dashes (learn.microsoft.com/azure/key-vault/general/
// about-keys-secrets-certificates).
inline std::optional<Problem> prepare_secret(Parameters& parameters) {
  const auto secret = parameters.text("secret_name");
  const bool fits = secret.size() <= 127 && std::ranges::all_of(secret, [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                             (c >= 'A' && c <= 'Z') || c == '-';
                    });
  return fits ? std::nullopt
              : std::optional(problem(ProblemCode::invalid_request,
                                      "`secret_name` must be 1 to 127 letters, digits and dashes"));
}

inline constexpr Parameter kVault{.name = "vault",
                                  .kind = name,
                                  .required = true,
                                  .summary =
                                      "The vault's name: the first part of its host, in "
                                      "lower case"};
inline constexpr Parameter kSecretName{
    .name = "secret_name", .kind = identifier, .required = true, .summary = "The secret's name"};
// The vault neither selects nor orders, and gives 25 at a time.
inline constexpr Parameter kTopHere{.name = "top",
                                    .kind = integer,
                                    .summary =
                                        "One page of at most so many, and of no more than "
                                        "the vault gives at a time; all pages when absent"};

inline constexpr Operation kVaultOperations[] = {
    {
        .name = "list_secrets",
        .http = "GET /vaults/:vault/secrets",
        .permission = "vault:read",
        .parameters = kCallInTenant<[] { return std::array{kVault, kSelect, kTopHere, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "secrets",
        .summary = "The names of a key vault's secrets, without their values, all pages or one",
        .result = "{secrets: VaultSecretItem[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "vault",
                 .target = "GET /secrets?api-version=7.4",
                 .host = "vault",
                 .list = "secrets",
                 .shaped_here = true},
    },
    {
        .name = "get_secret",
        .http = "GET /vaults/:vault/secrets/:secret_name",
        .permission = "vault:secrets",
        .parameters = kCallInTenant<[] {
          return std::array{kVault, kSecretName,
                            Parameter{.name = "version",
                                      .kind = name,
                                      .summary = "One of its versions; the newest when absent"}};
        }>,
        .reads_connection = true,
        .summary = "A secret of a key vault, with its value",
        .result = "VaultSecret",
        .flow = resource_flow,
        .call = {.api = "vault",
                 .target = "GET /secrets/{secret_name}[/{version}|]?api-version=7.4",
                 .host = "vault",
                 .prepare = prepare_secret},
    },
    {
        .name = "set_secret",
        .http = "PUT /vaults/:vault/secrets/:secret_name",
        .permission = "vault:write",
        .parameters = kCallInTenant<[] {
          return std::array{kVault, kSecretName,
                            Parameter{.name = "secret",
                                      .kind = json,
                                      .place = body,
                                      .required = true,
                                      .type = "VaultSecretInput",
                                      .summary = "Its value, and what else it has"}};
        }>,
        .reads_connection = true,
        .summary = "Sets a secret of a key vault: a new version of it, where there is one already",
        .result = "VaultSecret",
        .flow = resource_flow,
        .call = {.api = "vault",
                 .target = "PUT /secrets/{secret_name}?api-version=7.4",
                 .host = "vault",
                 .body = "{secret}",
                 .prepare = prepare_secret},
    },
    {
        .name = "list_keys",
        .http = "GET /vaults/:vault/keys",
        .permission = "vault:read",
        .parameters = kCallInTenant<[] { return std::array{kVault, kSelect, kTopHere, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "keys",
        .summary = "The names of a key vault's keys, all pages or one",
        .result = "{keys: VaultKeyItem[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "vault",
                 .target = "GET /keys?api-version=7.4",
                 .host = "vault",
                 .list = "keys",
                 .shaped_here = true},
    },
};

}  // namespace postern::resource
