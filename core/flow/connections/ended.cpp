#include "core/flow/connections/ended.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "core/connection/decision.h"
#include "core/flow/connections/versions.h"
#include "core/flow/grant/revoke.h"

namespace postern {

namespace {

// Can it be ended by itself? Not one that the end of `newest` ends with it, nor by a dead token
// where the provider wants a living one: nobody brings an earlier grant another.
bool is_owed_besides(const ConnectionRecord& earlier, const ConnectionRecord& newest, EpochMs now) {
  const auto* provider = find_provider(earlier.provider);
  if (provider == nullptr || earlier.granted_at == newest.granted_at) {
    return false;
  }
  const bool goes_with_it = provider->revocation_ends_grant &&
                            earlier.provider == newest.provider &&
                            earlier.account.key == newest.account.key;
  const auto* token = earlier.token_for(default_api(*provider).name);
  const bool has_token =
      !provider->revocation_by_access_token || (token != nullptr && is_alive(*token, now));
  return !goes_with_it && has_token;
}

}  // namespace

Task<Result<std::vector<Revocation>, Problem>> owed_at_the_end(const AuthorityState* state,
                                                               EpochMs now) {
  std::vector<Revocation> owed;
  const bool connected = state->record && state->record->status != Status::revoked;
  const bool in_doubt = state->refresh.journal || state->recovered != 0;
  auto own = connected ? revocation_owed_for(*state->record, now, in_doubt) : std::nullopt;
  if (connected && (own || state->record->tokens.empty())) {
    const auto versions = co_await earlier_versions(state);
    if (!versions) {
      co_return std::unexpected(versions.error());
    }
    std::set<EpochMs> grants;
    for (const auto& earlier : versions->readable) {
      if (is_owed_besides(earlier, *state->record, now) &&
          grants.insert(earlier.granted_at).second) {
        if (auto each = revocation_owed_for(earlier, now)) {
          owed.insert(owed.begin(), std::move(*each));
        }
      }
    }
  }
  std::ranges::move(owed_for_pending(*state, now), std::back_inserter(owed));
  if (own) {
    owed.push_back(std::move(*own));
  }
  co_return std::move(owed);
}

}  // namespace postern
