// The authority's operations. One runs at a time for a connection; each first settles what an
// earlier one left open.
#include <algorithm>
#include <vector>

#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "core/connection/decision.h"
#include "core/connection/description.h"
#include "core/flow/authority/store.h"
#include "core/flow/connect/attempt.h"
#include "core/flow/connections/ended.h"
#include "core/flow/connections/operations.h"
#include "core/flow/frame/log.h"
#include "core/flow/grant/redeem.h"
#include "core/flow/grant/refresh.h"
#include "core/flow/grant/revoke.h"
#include "core/flow/store/payload.h"
#include "core/flow/store/place.h"

namespace postern {

namespace {

// What the provider wants to be shown before it ends the grant. Without it nobody can end it there.
Task<std::monostate> bring_token_to_revoke(FlowContext* context, AuthorityState* state) {
  if (state->record->status != Status::connected ||
      !lacks_token_to_revoke(*state->record, co_await current_time())) {
    co_return std::monostate{};
  }
  const std::string resource(default_api(*find_provider(state->record->provider)).name);
  (void)co_await settle(context, state, resource);
  if (state->record && state->record->status == Status::connected && !state->refresh.journal &&
      !state->behind && lacks_token_to_revoke(*state->record, co_await current_time())) {
    (void)co_await refresh(context, state, resource);
  }
  co_return std::monostate{};
}

}  // namespace

Task<Outcome> authority_describe_flow(FlowContext* context) {
  const auto id = decode_connection_id(context->input.payload);
  if (!id) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  auto state = co_await load_authority(context, *id);
  if (!state) {
    co_return problem_outcome(state.error());
  }
  if (!state->record || state->record->status == Status::revoked) {
    co_return problem_outcome(state->pending ? ProblemCode::connection_pending
                                             : ProblemCode::not_connected);
  }
  co_return json_outcome(connection_json(*state->record, state->rules.policy));
}

Task<Outcome> authority_confirm_flow(FlowContext* context) {
  const auto payload = decode_confirm_payload(context->input.payload);
  if (!payload) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  auto state = co_await load_authority(context, payload->id);
  if (!state) {
    co_return problem_outcome(state.error());
  }
  (void)co_await settle(context, &*state, {});
  if (state->pending_unreadable) {
    co_return problem_outcome(ProblemCode::stored_data_unreadable);
  }
  const auto now = co_await current_time();
  if (!state->pending || state->pending->attempt != payload->attempt ||
      state->pending->expires_at <= now) {
    co_return problem_outcome(ProblemCode::attempt_unusable);
  }
  if (!constant_time_equal(state->pending->code_hash, payload->code_hash)) {
    co_return problem_outcome(ProblemCode::confirmation_refused);
  }
  auto record = decode_record(state->pending->record);
  if (!record) {
    co_return problem_outcome(ProblemCode::stored_data_unreadable);
  }
  // Meanwhile the connection may have moved on; the sealed fields know their own versions.
  record->version = state->version() + 1;
  record->updated_at = now;
  const auto committed = co_await commit_record(
      &*state, std::move(*record),
      {{.type = EventType::connected, .details = {{"attempt", payload->attempt}}}},
      {.pending = true});
  if (!committed) {
    co_return problem_outcome(committed.error());
  }
  (void)co_await keep_end(&payload->id, payload->attempt, std::string(kOutcomeConnected), {});
  co_return json_outcome(connection_json(*state->record, state->rules.policy));
}

Task<Outcome> authority_disconnect_flow(FlowContext* context) {
  const auto id = decode_connection_id(context->input.payload);
  if (!id) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  auto state = co_await load_authority(context, *id);
  if (!state) {
    co_return problem_outcome(state.error());
  }
  const bool connected = state->record && state->record->status != Status::revoked;
  if (connected) {
    (void)co_await bring_token_to_revoke(context, &*state);
  }
  if (connected || state->pending || state->pending_unreadable || state->sign_in.journal) {
    const auto now = co_await current_time();
    // A tombstone with a version, in every store: a copy that is older can never rise again.
    ConnectionRecord tombstone;
    tombstone.id = *id;
    tombstone.provider = state->record ? state->record->provider : std::string();
    tombstone.version = state->version() + 1;
    tombstone.status = Status::revoked;
    tombstone.created_at = state->record ? state->record->created_at : now;
    tombstone.updated_at = now;
    auto owed = co_await owed_at_the_end(&*state, now);
    if (!owed) {
      co_return problem_outcome(owed.error());
    }
    const auto committed =
        co_await commit_record(&*state, std::move(tombstone), {{.type = EventType::disconnected}},
                               {.sign_in = true, .pending = true, .revocations = std::move(*owed)});
    if (!committed) {
      co_return problem_outcome(committed.error());
    }
    (void)co_await log_connection(LogLevel::info, "disconnected", &*id);
  }
  auto at_provider = co_await revoke_owed(&*state);
  if (at_provider == revocation::kNone) {
    at_provider = nothing_owed(&*state);
  }
  JsonWriter out;
  out.begin_object().key("success").boolean(true).key("disconnected").boolean(connected);
  // Fronts serve what KV has: until it takes the tombstone the bound of refresh.md has not begun.
  out.member("propagation", state->outbox && !state->outbox->kv_done ? "pending" : "complete");
  out.member("provider_revocation", at_provider);
  co_return json_outcome(out.end_object().take());
}

namespace {

// What is due though nobody asked for it; in keep_fresh each resource by itself. One that is
// refused keeps no other from its turn.
Task<std::monostate> refresh_due(FlowContext* context, AuthorityState* state) {
  std::vector<std::string> refused;
  while (state->record && !state->refresh.journal && !state->behind) {
    const auto now = co_await current_time();
    auto due = next_refresh(*state->record, state->rules.policy, refused);
    if (due.at == 0 || due.at > now) {
      break;
    }
    refused.push_back(due.resource);
    // An alarm rings for many things, and not each time is what was refused to be asked for again.
    if (paused_until(state->pauses, *state->record, due.resource, now) > now) {
      continue;
    }
    (void)co_await refresh(context, state, std::move(due.resource));
  }
  co_return std::monostate{};
}

// Nobody confirmed it: its grant is of no use to anybody.
Task<std::monostate> drop_pending(AuthorityState* state, EpochMs now) {
  auto owed = owed_for_pending(*state, now);
  state->pending.reset();
  StorageCommit commit{.puts = {}, .deletes = {std::string(kPendingKey)}};
  const bool gives_up = owe(state, std::move(owed), now, &commit);
  (void)co_await store(state, std::move(commit));
  if (gives_up) {
    (void)co_await log_connection(LogLevel::error, "revocation_given_up", &state->id);
  }
  (void)co_await revoke_owed(state);
  co_return std::monostate{};
}

// A grant that ends for good whatever is done: told once, while there is time to sign in again.
Task<std::monostate> tell_of_the_end(AuthorityState* state) {
  if (!state->record || state->told_of == state->record->granted_at) {
    co_return std::monostate{};
  }
  const auto& policy = state->rules.policy;
  const auto tell_at = expiry_told_at(*state->record, policy);
  if (const auto now = co_await current_time(); tell_at == 0 || tell_at > now) {
    co_return std::monostate{};
  }
  state->told_of = state->record->granted_at;
  std::vector<Told> told = {{.type = EventType::grant_expiring,
                             .details = {{"expires_for_good_at", format_iso8601(expires_for_good_at(
                                                                     *state->record, policy))}}}};
  (void)co_await store(
      state, StorageCommit{.puts = {{kToldKey, to_decimal(state->told_of)}}, .deletes = {}},
      std::move(told));
  co_return std::monostate{};
}

}  // namespace

Task<Outcome> authority_alarm_flow(FlowContext* context) {
  auto loaded = co_await load_for_alarm(context);
  if (!loaded) {
    // A problem makes the platform ring again; to end well would be to forget what is owed.
    co_return problem_outcome(loaded.error());
  }
  if (!*loaded) {
    co_return json_outcome("{}");
  }
  auto state = std::move(*loaded);
  (void)co_await settle(context, &*state, {});
  (void)co_await refresh_due(context, &*state);
  (void)co_await tell_of_the_end(&*state);
  auto now = co_await current_time();
  // Deliveries ring besides: what is owed to a store that is down has a time of its own.
  const bool after_delivery = !context->input.payload.empty();
  if (!after_delivery || (state->outbox && state->outbox->retry_at <= now)) {
    (void)co_await publish(&*state);
  }
  // Behind the stores: others of the account look into D1.
  (void)co_await revoke_owed(&*state);
  now = co_await current_time();
  if (state->pending && state->pending->expires_at <= now) {
    (void)co_await drop_pending(&*state, now);
  }
  // The alarm that rang is gone; one that was set while events were delivered is not.
  if (!state->armed && !state->behind && (after_delivery || next_alarm(*state, now) != 0)) {
    (void)co_await store(&*state, {});
  }
  if (state->behind) {
    // Perhaps the next one was not armed: a problem makes the platform ring again.
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  const auto deliver_at = delivery_due_at(state->delivery, state->event_count, now);
  if (deliver_at != 0 && deliver_at <= now) {
    (void)co_await perform(ask_authority(state->id, "authority.deliver", encode(state->id)));
  }
  co_return json_outcome("{}");
}

}  // namespace postern
