// What Azure Key Vault answers to typed calls and takes with them, as its reference has it, and
// whatever else it sends.
#pragma once

#include "core/base/shape.h"

namespace postern {

inline constexpr Shape kVaultShapes[] = {
    {.name = "VaultSecretItem",
     .type = "{id: string, contentType?: string, attributes?: {[member: string]: unknown}, tags?: "
             "{[tag: string]: string}, managed?: boolean, [member: string]: unknown}",
     .summary = "A secret of a key vault without its value "
                "(https://learn.microsoft.com/rest/api/keyvault/secrets/get-secrets)"},
    {.name = "VaultSecret",
     .type = "{value: string, id: string, contentType?: string, attributes?: {[member: string]: "
             "unknown}, tags?: {[tag: string]: string}, kid?: string, managed?: boolean, [member: "
             "string]: unknown}",
     .summary = "The same with it "
                "(https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret)"},
    {.name = "VaultSecretInput",
     .type = "{value: string, contentType?: string, attributes?: {enabled?: boolean, nbf?: number, "
             "exp?: number}, tags?: {[tag: string]: string}}",
     .summary = "A secret as it is set "
                "(https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret)"},
    {.name = "VaultKeyItem",
     .type = "{kid: string, attributes?: {[member: string]: unknown}, tags?: {[tag: string]: "
             "string}, managed?: boolean, [member: string]: unknown}",
     .summary =
         "A key of a key vault (https://learn.microsoft.com/rest/api/keyvault/keys/get-keys)"},
};

}  // namespace postern
