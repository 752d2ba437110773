// The state of a request for an administrator's consent. Nothing is stored for it: an administrator
// may answer days later, in any browser, or never. It is sealed, so that whoever answers with one
// has it from here:
//
//   adm~<organization>~<sealed under that organization's key>
//
// A sign-in's begins with "att_" and is looked up, so neither is ever taken for the other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"

namespace postern {

// Administrators are asked by mail, and answer when they have time.
inline constexpr DurationMs kAdminConsentLifeMs = 7 * kDayMs;
// Of the request's id.
inline constexpr std::size_t kAdminConsentEntropy = 16;

struct AdminConsentAsk {
  std::string org;      // not among the sealed bytes: the key is its own
  std::string attempt;  // of form adm_…
  std::string integration;
  std::string client_id;
  std::string tenant;  // as asked for: a word, a directory's id or domain
  EpochMs expires_at = 0;
};

// What is sealed: another release may open it.
[[nodiscard]] std::string encode_admin_consent(const AdminConsentAsk& ask);
[[nodiscard]] std::optional<AdminConsentAsk> decode_admin_consent(std::string_view bytes);

// Fault: store_unavailable.
Task<Result<std::string, Problem>> seal_admin_consent(AdminConsentAsk ask);

[[nodiscard]] bool is_admin_consent_state(std::string_view state);

// nullopt: not one that was sealed here, for the organization that it names. Fault:
// store_unavailable. Whether it has expired is for the caller to say.
Task<Result<std::optional<AdminConsentAsk>, Problem>> open_admin_consent(std::string state);

}  // namespace postern
