// The typed reads of Microsoft Graph.
#include "core/base/form.h"
#include "core/base/text.h"
#include "core/flow/resource/call.h"
#include "core/flow/resource/operations.h"

namespace postern {

namespace {

constexpr std::string_view kApi = "graph";

}  // namespace

Task<Outcome> get_user_flow(FlowContext* context) {
  auto document = co_await get_resource(context, {.api = kApi, .path_and_query = "/v1.0/me"});
  if (!document) {
    co_return std::move(document.error());
  }
  co_return json_outcome(dump_json(*document));
}

Task<Outcome> get_mail_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto filter = parameters.text("filter");
  std::string query = "?$top=" + to_decimal(parameters.integer("top")) +
                      "&$skip=" + to_decimal(parameters.integer("skip")) +
                      "&$orderby=receivedDateTime%20desc";
  if (!filter.empty()) {
    // Graph wants what it orders by to be the first thing that it filters by.
    query += "&$filter=" + percent_encode("receivedDateTime ge 1900-01-01T00:00:00Z and (" +
                                          std::string(filter) + ")");
  }
  co_return co_await list_resource(
      context, {.api = kApi, .path_and_query = "/v1.0/me/messages" + query}, "messages", false);
}

Task<Outcome> get_calendar_events_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const bool has_start = parameters.has("start");
  const bool has_end = parameters.has("end");
  std::string path = "/v1.0/me/calendar/events?$orderby=start/dateTime&$top=50";
  if (has_start && has_end) {
    path = "/v1.0/me/calendarView?startDateTime=" + percent_encode(parameters.text("start")) +
           "&endDateTime=" + percent_encode(parameters.text("end")) + "&$top=50";
  } else if (has_start || has_end) {
    co_return problem_outcome(ProblemCode::invalid_request, "`start` and `end` go together");
  }
  co_return co_await list_resource(context, {.api = kApi, .path_and_query = std::move(path)},
                                   "events", true);
}

}  // namespace postern
