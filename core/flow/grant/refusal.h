// What a token endpoint refused for a reason that asking again does not change. Remembered for half
// a minute in the isolate's memory: whoever asks meanwhile is told, and the provider is not asked.
#pragma once

#include <optional>
#include <string>

#include "core/flow/authority/state.h"
#include "core/oauth/fault.h"

namespace postern {

enum class RefusalKind : std::uint8_t {
  person,       // consent or a second factor for this resource
  refused,      // this resource, to this connection
  integration,  // our registration: of the organization's integration, for all its connections
  passing,      // a malformed answer
};

struct Refusal {
  RefusalKind kind = RefusalKind::passing;
  std::string reason;
  ProviderWords said;
  std::string claims;
  EpochMs until = 0;
};
[[nodiscard]] Refusal refusal_of(RefusalKind kind, const TokenFault& fault);

// What was refused for the sake of claims (AuthorityState::claims) is remembered for these alone.
Task<std::optional<Refusal>> recall_refusal(const AuthorityState* state, std::string resource);
// Fills in `until`.
Task<std::monostate> remember_refusal(const AuthorityState* state, std::string resource,
                                      Refusal* refusal);
// Our registration is refused: the organization's integration is marked, its connections are not.
// Where D1 is down the next fault marks it.
Task<std::monostate> mark_integration(const AuthorityState* state, const TokenFault* fault);
// needs_reauth with a link for that resource, resource_refused, integration_fault, or
// provider_unavailable.
Task<Problem> tell_refusal(FlowContext* context, const AuthorityState* state, std::string resource,
                           Refusal refusal);

}  // namespace postern
