// Which connection a caller means, by the parameters `integration`, `user_id`, `account` and
// `subject`.
#pragma once

#include <optional>
#include <string_view>

#include "core/connection/record.h"
#include "core/flow/frame/context.h"

namespace postern {

// Is the organization itself meant, and not one of its users? `-` is its spelling, but where
// `subject` says that a user is called so.
[[nodiscard]] bool names_organization(const Parameters& parameters);
// All accounts of the subject that `user_id` names; nothing where it names none.
[[nodiscard]] std::optional<SubjectRange> subjects_meant(const Parameters& parameters);
// What a caller needs, besides, to name the organization itself.
inline constexpr std::string_view kOrganizationPermission = "connections:organization";

// Is `subject` absent, or the one word that it may be?
[[nodiscard]] bool is_subject_valid(const Parameters& parameters);
[[nodiscard]] ConnectionId connection_of_caller(const FlowContext& context);
[[nodiscard]] ConnectionId connection_in(std::string_view org, const Parameters& parameters);

}  // namespace postern
