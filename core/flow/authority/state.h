// The authority's storage as a flow holds it, and the ways to read and recover it. The connection
// object runs one flow at a time, so between a load and its commits nobody else writes, but for
// what the flow that delivers events writes beside it (deliver.cpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/connection/event.h"
#include "core/connection/journal.h"
#include "core/connection/record.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/integration/settings.h"

namespace postern {

// A token request that is under way or unsettled, and the answer that the host kept of it.
struct Exchange {
  std::optional<Journal> journal;
  std::optional<std::string> kept;  // sealed
};

struct AuthorityState {
  FlowContext* context = nullptr;
  ConnectionId id;
  Result<IntegrationSettings, Problem> settings =
      std::unexpected(problem(ProblemCode::unknown_integration));
  GrantRules rules;
  // A variable cannot be read, or the record is of a provider that its integration is not of, or
  // that this release does not know: nothing is done unasked.
  bool rules_unknown = false;
  std::optional<ConnectionRecord> record;
  Exchange refresh;
  Exchange sign_in;
  std::optional<Outbox> outbox;
  std::optional<Pending> pending;
  // 0: not. Otherwise by when nothing is left of a request that the lost storage knew of; 1: of
  // none.
  EpochMs recovered = 0;
  std::optional<Trouble> trouble;
  // A sign-in waits for its confirmation, and what is stored of it cannot be read.
  bool pending_unreadable = false;
  std::vector<Pause> pauses;
  EpochMs told_of = 0;           // of the grant of this time the coming end was told
  std::int64_t event_count = 0;  // for webhooks
  Delivery delivery;             // as of the load
  // What the token that is asked for now has to satisfy: a claims challenge (OIDC Core 5.5), for
  // one resource.
  std::string claims;
  std::string claims_resource;
  // Storage did not take a commit: what is stored is not what is here.
  bool behind = false;
  // The alarm was set by a commit of this flow.
  bool armed = false;

  [[nodiscard]] std::int64_t version() const { return record ? record->version : 0; }
  [[nodiscard]] Exchange& exchange(JournalKind kind) {
    return kind == JournalKind::code ? sign_in : refresh;
  }
};

// Of `claims`, those that a request for this resource carries.
[[nodiscard]] inline std::string_view claims_for(const AuthorityState& state,
                                                 std::string_view resource) {
  return resource == state.claims_resource ? std::string_view(state.claims) : std::string_view();
}

// The connection's integration, for the directory that it was connected with. Faults: of
// make_integration, unknown_integration.
[[nodiscard]] Result<Integration, Problem> integration_of(const AuthorityState& state,
                                                          std::string_view tenant);

// Storage, and where it is empty the backups: D1 and KV, the highest version wins, tombstones
// count. Writes nothing for a connection that nobody has. Fault: store_unavailable, which is never
// the same as "nothing there".
Task<Result<AuthorityState, Problem>> load_authority(FlowContext* context, ConnectionId id);
// Storage only: for the alarm, which knows no id. nullopt when nothing is stored. Faults:
// store_unavailable, stored_data_unreadable.
Task<Result<std::optional<AuthorityState>, Problem>> load_for_alarm(FlowContext* context);

// How long after its beginning a write to KV is expected to land, if ever: its deadline, and a
// minute.
inline constexpr DurationMs kLateWriteMs = kMinuteMs + 5 * kSecondMs;

}  // namespace postern
