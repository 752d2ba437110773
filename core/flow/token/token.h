// A live access token for a front flow: from the isolate's memory, from KV, or from the authority.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/connection/record.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/store/payload.h"
#include "core/provider/catalogue.h"

namespace postern {

// FlowInput::note of the restart that follows a refused token.
inline constexpr std::string_view kRefusedNote = "refused";
// The same where the refusal named claims: the next one that names some wants a person.
inline constexpr std::string_view kClaimsNote = "claims";

// Of the restart after the API refused a token for want of a scope: its next refusal is told.
inline constexpr std::string_view kScopeNote = "scope";

struct TokenWish {
  ConnectionId id;
  std::string resource;
  DurationMs min_ttl_ms = 0;
  // The version whose token a resource server just refused: not served again. 0: none.
  std::int64_t refused_version = 0;
  // What the token has to satisfy: a claims challenge (a JSON object), or empty.
  std::string claims;
  // What the token in hand lacks, and the API wants: the authority answers with a token that has
  // it, or with needs_reauth.
  std::string lacking_scope;
  // FlowInput::note of a restart that no refused token is the reason of.
  std::string note;
};

// The claims that a caller names in base64, or none. Fault: invalid_request.
[[nodiscard]] Result<std::string, Problem> claims_of_caller(const FlowContext& context);

// The name of the token for an API, in the directory that the caller names (`tenant`), or in the
// connection's own. Fault: invalid_request.
[[nodiscard]] Result<std::string, Problem> token_name_of_caller(const FlowContext& context,
                                                                const Provider& provider,
                                                                const Api& api);

// Returns the token; or leaves for the authority (the flow then starts again from its beginning,
// with the answer) ; or the authority's refusal ends the flow without coming back here.
Task<LiveToken> obtain_token(FlowContext* context, TokenWish wish);

// This isolate's memory forgets the connection's tokens; others forget within 30 s.
Task<std::monostate> forget_tokens(const FlowContext* context, ConnectionId id);

}  // namespace postern
