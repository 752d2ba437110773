// The typed reads of Microsoft Graph.
#include "core/base/form.h"
#include "core/base/text.h"
#include "core/flow/resource/call.h"
#include "core/flow/resource/operations.h"
#include "core/flow/resource/query.h"

namespace postern {

namespace {

constexpr std::string_view kApi = "graph";

// Of a message all but its body, which may be of any size (learn.microsoft.com/graph/api/resources/
// message).
constexpr std::string_view kEnvelope =
    "id,createdDateTime,lastModifiedDateTime,receivedDateTime,sentDateTime,subject,bodyPreview,"
    "sender,from,toRecipients,ccRecipients,bccRecipients,replyTo,conversationId,internetMessageId,"
    "parentFolderId,hasAttachments,importance,isRead,isDraft,isReadReceiptRequested,"
    "isDeliveryReceiptRequested,inferenceClassification,categories,flag,webLink";
constexpr std::string_view kNewestFirst = "receivedDateTime desc";

// Graph wants what it orders by to be the first thing that it filters by.
std::string mail_filter(std::string_view filter, std::string_view orderby) {
  if (filter.empty() || !orderby.starts_with("receivedDateTime")) {
    return std::string(filter);
  }
  return "receivedDateTime ge 1900-01-01T00:00:00Z and (" + std::string(filter) + ")";
}

std::string text_or(const Parameters& parameters, std::string_view name,
                    std::string_view otherwise) {
  return std::string(parameters.has(name) ? parameters.text(name) : otherwise);
}

// Without the blanks that callers may write between names.
std::string select_or(const Parameters& parameters, std::string_view otherwise) {
  auto select = text_or(parameters, "select", otherwise);
  std::erase(select, ' ');
  return select;
}

}  // namespace

Task<Outcome> get_user_flow(FlowContext* context) {
  std::string path = "/v1.0/me";
  if (const auto query = query_of({{"$select", select_or(context->parameters, {})}});
      !query.empty()) {
    path += '?';
    path += query;
  }
  auto document = co_await get_resource(context, {.api = kApi, .path_and_query = std::move(path)});
  if (!document) {
    co_return std::move(document.error());
  }
  co_return json_outcome(dump_json(*document));
}

Task<Outcome> get_mail_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto orderby = text_or(parameters, "orderby", kNewestFirst);
  std::string path = "/v1.0/me/messages?" +
                     query_of({{"$top", to_decimal(parameters.integer("top"))},
                               {"$skip", to_decimal(parameters.integer("skip"))},
                               {"$orderby", orderby},
                               {"$select", select_or(parameters, kEnvelope)},
                               {"$filter", mail_filter(parameters.text("filter"), orderby)}});
  co_return co_await list_resource(
      context,
      {.api = kApi, .path_and_query = std::move(path), .member = "messages", .one_page = true});
}

Task<Outcome> get_calendar_events_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const bool has_start = parameters.has("start");
  if (has_start != parameters.has("end")) {
    co_return problem_outcome(ProblemCode::invalid_request, "`start` and `end` go together");
  }
  std::string path = has_start ? "/v1.0/me/calendarView?" : "/v1.0/me/calendar/events?";
  path += query_of({{"startDateTime", parameters.text("start")},
                    {"endDateTime", parameters.text("end")},
                    {"$orderby", text_or(parameters, "orderby", has_start ? "" : "start/dateTime")},
                    {"$top", text_or(parameters, "top", "50")},
                    {"$select", select_or(parameters, {})}});
  co_return co_await list_resource(
      context, {.api = kApi, .path_and_query = std::move(path), .member = "events"});
}

}  // namespace postern
