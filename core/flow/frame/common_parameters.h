// Parameters that operations of several features take.
#pragma once

#include "core/flow/frame/connection_name.h"
#include "core/flow/frame/operation.h"
#include "core/provider/catalogue.h"

namespace postern::common {

using enum ParameterKind;

inline constexpr Parameter kUserId{.name = "user_id",
                                   .kind = identifier,
                                   .required = true,
                                   .summary =
                                       "The caller's own id of the user; opaque to Postern. `-`: "
                                       "the organization itself"};
inline constexpr Parameter kAccount{
    .name = "account",
    .kind = name,
    .otherwise = kDefaultAccount,
    .summary = "Which of the subject's accounts at this integration; `default` when absent"};
inline constexpr Parameter kSubject{
    .name = "subject",
    .kind = name,
    .summary = "`user`: `user_id` is a user's even where it is `-`"};
inline constexpr Parameter kIntegration{
    .name = "integration",
    .kind = name,
    .otherwise = kDefaultIntegration,
    .summary = "The integration's name; that of AZURE_CLIENT_ID when absent"};
inline constexpr Parameter kIntegrationInPath{.name = "integration",
                                              .kind = name,
                                              .place = ParameterPlace::path,
                                              .otherwise = kDefaultIntegration,
                                              .summary = "The integration's name"};
inline constexpr Parameter kResource{.name = "resource",
                                     .kind = name,
                                     .summary =
                                         "Which of the provider's APIs; its first one when "
                                         "absent"};
inline constexpr Parameter kClaims{
    .name = "claims",
    .kind = text,
    .summary =
        "A claims challenge that the token has to satisfy, as it stood in WWW-Authenticate: "
        "a JSON object in base64 or base64url, at most 4 KiB"};
inline constexpr Parameter kGuestTenant{
    .name = "tenant",
    .kind = text,
    .summary = "Another directory in which the person is a guest: its id or domain"};
inline constexpr Parameter kTenant{
    .name = "tenant_id",
    .kind = text,
    .summary = "common, organizations, consumers, a directory's id or domain"};

}  // namespace postern::common
