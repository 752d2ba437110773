// What happened to an organization's connections: read, and sent to its webhooks once more.
#include "core/flow/store/events.h"

#include <algorithm>

#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "core/connection/event.h"
#include "core/flow/events/operations.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/frame/sql.h"
#include "core/flow/store/database.h"
#include "core/flow/store/dead_letters.h"
#include "core/flow/store/payload.h"
#include "core/flow/store/place.h"

namespace postern {

namespace {

constexpr std::int64_t kPageSize = 100;

void write_event(JsonWriter& out, const Event& event) {
  out.begin_object()
      .member("id", event.id)
      .member("type", full_type(event.type))
      .member("timestamp", format_iso8601(event.at));
  out.key("data").raw(event.data);
}

// Where the last read ended; nullopt where it is no such place.
std::optional<std::int64_t> cursor_in(const Parameters& parameters) {
  const auto cursor = parse_decimal(parameters.text("cursor"));
  return cursor && *cursor >= 0 ? cursor : std::nullopt;
}

Outcome bad_cursor() {
  return problem_outcome(ProblemCode::invalid_request, "`cursor` is not a cursor");
}

// The organization's own connections are shown to those who may name it.
bool is_shown(const FlowContext& context, const ConnectionId& id) {
  return id.org == context.caller.org && (!parse_subject(id.subject).is_organization() ||
                                          context.caller.may(kOrganizationPermission));
}

}  // namespace

Task<Outcome> list_events_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto cursor = cursor_in(parameters);
  if (!cursor) {
    co_return bad_cursor();
  }
  const auto type = parameters.text("type");
  if (!type.empty() && !parse_event_type(type)) {
    co_return problem_outcome(ProblemCode::invalid_request, "`type` is not an event's type");
  }
  const auto limit = parameters.integer("limit");
  if (limit < 1 || limit > kPageSize) {
    co_return problem_outcome(ProblemCode::invalid_request, "`limit` must be 1 to 100");
  }
  // In one transaction: what is not in the page and not beyond the last one does not fit the wish.
  const auto rows = co_await perform(in_database_of(
      context->caller.org,
      {select_last_event(context->caller.org),
       select_events({.org = context->caller.org,
                      .subject = subjects_meant(parameters),
                      .organizations_own = context->caller.may(kOrganizationPermission),
                      .integration = std::string(parameters.text("integration")),
                      .type = std::string(type),
                      .after = *cursor,
                      .limit = limit})}));
  if (!rows || rows->size() != 2) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  const auto& page = (*rows)[1].rows;
  auto reached = *cursor;
  if (std::ssize(page) < limit && !(*rows)[0].rows.empty()) {
    reached = std::max(reached, integer_at((*rows)[0].rows[0], 0));
  }
  JsonWriter out;
  out.begin_object().key("events").begin_array();
  for (const auto& row : page) {
    // Of what is there, not of what can be read of it: a page of nothing readable is not the end.
    reached = std::max(reached, integer_at(row, 0));
    const auto found = event_in_row(row);
    if (found && is_shown(*context, found->id)) {
      write_event(out, found->event);
      out.end_object();
    }
  }
  // Where to go on; the same as before where nothing has happened since.
  out.end_array().member("cursor", to_decimal(reached));
  co_return json_outcome(out.end_object().take());
}

Task<Outcome> list_dead_letters_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto cursor = cursor_in(parameters);
  if (!cursor) {
    co_return bad_cursor();
  }
  const auto rows = co_await perform(in_database_of(
      context->caller.org, {select_dead_letters(context->caller.org, *cursor, kPageSize)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  JsonWriter out;
  out.begin_object().key("dead_letters").begin_array();
  auto reached = *cursor;
  for (const auto& row : (*rows)[0].rows) {
    reached = integer_at(row, kLetterPlace);
    const auto letter = dead_letter_in_row(row);
    if (letter && is_shown(*context, letter->id)) {
      write_event(out, letter->event);
      out.member("webhook", letter->webhook)
          .member("attempts", letter->attempts)
          .member("reason", letter->reason)
          .member("failed_at", format_iso8601(letter->failed_at))
          .end_object();
    }
  }
  out.end_array().member("cursor", to_decimal(reached));
  co_return json_outcome(out.end_object().take());
}

Task<Outcome> redeliver_event_flow(FlowContext* context) {
  const auto rows = co_await perform(
      in_database_of(context->caller.org,
                     {select_event(context->caller.org, context->parameters.text("event_id"))}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  auto found = (*rows)[0].rows.empty() ? std::nullopt : event_in_row((*rows)[0].rows[0]);
  if (!found || !is_shown(*context, found->id)) {
    co_return problem_outcome(ProblemCode::not_found);
  }
  if (const auto type = parse_event_type(found->event.type); type && !is_of_connection(*type)) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "An event of an integration is in the log alone: webhooks are told "
                              "of connections");
  }
  (void)co_await perform(
      ask_authority(found->id, "authority.redeliver",
                    encode(RedeliverPayload{.id = found->id, .event = std::move(found->event)})));
  co_return problem_outcome(ProblemCode::core_trap);
}

}  // namespace postern
