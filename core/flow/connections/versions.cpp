// The versions that the authority keeps of its connection: looked at, and gone back to.
#include "core/flow/connections/versions.h"

#include <algorithm>

#include "core/base/json_writer.h"
#include "core/connection/decision.h"
#include "core/connection/description.h"
#include "core/flow/authority/store.h"
#include "core/flow/connections/operations.h"
#include "core/flow/grant/redeem.h"
#include "core/flow/store/payload.h"

namespace postern {

Task<Result<EarlierVersions, Problem>> earlier_versions(const AuthorityState* state) {
  std::vector<std::string> keys;
  const auto oldest = std::max<std::int64_t>(state->version() - versions_kept(*state->context), 1);
  for (auto version = state->version() - 1; version >= oldest; --version) {
    keys.push_back(version_key(version));
  }
  if (keys.empty()) {
    co_return EarlierVersions{};
  }
  const auto read = co_await perform(StorageRead{.keys = std::move(keys)});
  if (!read) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  EarlierVersions versions;
  auto number = state->version();
  for (const auto& bytes : *read) {
    --number;
    auto record = bytes ? decode_record(*bytes) : std::nullopt;
    if (record && record->id == state->id) {
      versions.readable.push_back(std::move(*record));
    } else if (bytes) {
      versions.unreadable.push_back(number);
    }
  }
  co_return std::move(versions);
}

namespace {

bool is_there(const AuthorityState& state) {
  return state.record && state.record->status != Status::revoked;
}

}  // namespace

Task<Outcome> authority_versions_flow(FlowContext* context) {
  const auto id = decode_connection_id(context->input.payload);
  if (!id) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  const auto state = co_await load_authority(context, *id);
  if (!state) {
    co_return problem_outcome(state.error());
  }
  if (!is_there(*state)) {
    co_return problem_outcome(ProblemCode::not_connected);
  }
  const auto versions = co_await earlier_versions(&*state);
  if (!versions) {
    co_return problem_outcome(versions.error());
  }
  JsonWriter out;
  out.begin_object().key("versions").begin_array();
  out.raw(connection_json(*state->record, state->rules.policy));
  for (const auto& version : versions->readable) {
    out.raw(connection_json(version, {.mode = RefreshMode::on_demand}));
  }
  for (const auto number : versions->unreadable) {
    out.begin_object().member("version", number).key("can_refresh").boolean(false);
    out.key("unreadable").boolean(true).end_object();
  }
  out.end_array();
  co_return json_outcome(out.end_object().take());
}

Task<Outcome> authority_rollback_flow(FlowContext* context) {
  const auto payload = decode_rollback_payload(context->input.payload);
  if (!payload) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  auto state = co_await load_authority(context, payload->id);
  if (!state) {
    co_return problem_outcome(state.error());
  }
  if (!is_there(*state)) {
    // What was ended stays so: there is nothing to go back to.
    co_return problem_outcome(ProblemCode::not_connected);
  }
  // An earlier token beside a request that may still be on its way would be a second use, and the
  // newest tokens may wait to be committed.
  auto settled = co_await settle(context, &*state, {});
  if (state->refresh.journal) {
    co_return problem_outcome(settled.error().problem);
  }
  if (state->behind) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  auto versions = co_await earlier_versions(&*state);
  if (!versions) {
    co_return problem_outcome(versions.error());
  }
  auto& readable = versions->readable;
  const auto found = std::ranges::find(readable, payload->version, &ConnectionRecord::version);
  if (std::ranges::contains(versions->unreadable, payload->version)) {
    co_return problem_outcome(ProblemCode::stored_data_unreadable);
  }
  if (found == readable.end() || found->sealed_refresh_token.empty()) {
    co_return problem_outcome(ProblemCode::version_not_kept);
  }
  // One that cannot be read may be what its refresh token was used for.
  const bool used =
      was_used(*found, *state->record) ||
      std::ranges::any_of(readable,
                          [&](const ConnectionRecord& later) { return was_used(*found, later); }) ||
      std::ranges::any_of(versions->unreadable,
                          [&](std::int64_t later) { return later > found->version; });
  if (used && !works_again(state->rules.replay)) {
    co_return problem_outcome(ProblemCode::version_spent);
  }
  auto next = std::move(*found);
  // The sealed fields know the versions that they were sealed under.
  next.version = state->version() + 1;
  next.updated_at = co_await current_time();
  next.status = Status::connected;
  next.cause.clear();
  next.evidence.clear();
  next.claims.clear();
  // Its refresh token was used since, as a rule: what became of it then nobody knows.
  const auto committed = co_await commit_record(
      &*state, std::move(next),
      {{.type = EventType::connected, .details = {{"reason", "rolled_back"}}}}, {.in_doubt = true});
  if (!committed) {
    co_return problem_outcome(committed.error());
  }
  co_return json_outcome(connection_json(*state->record, state->rules.policy));
}

}  // namespace postern
