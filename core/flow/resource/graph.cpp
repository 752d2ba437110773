// What no template can say of the calls of Microsoft Graph.
#include <algorithm>
#include <string>

#include "core/base/time.h"
#include "core/flow/resource/graph_operations.h"

namespace postern {

namespace {

// Of a message all but its body, which may be of any size (learn.microsoft.com/graph/api/resources/
// message).
constexpr std::string_view kEnvelope =
    "id,createdDateTime,lastModifiedDateTime,receivedDateTime,sentDateTime,subject,bodyPreview,"
    "sender,from,toRecipients,ccRecipients,bccRecipients,replyTo,conversationId,internetMessageId,"
    "parentFolderId,hasAttachments,importance,isRead,isDraft,isReadReceiptRequested,"
    "isDeliveryReceiptRequested,inferenceClassification,categories,flag,webLink";
constexpr std::string_view kNewestFirst = "receivedDateTime desc";

void set_if_absent(Parameters& parameters, std::string_view name, std::string_view value) {
  if (!parameters.has(name)) {
    parameters.set(name, value);
  }
}

}  // namespace

std::optional<Problem> prepare_mail(Parameters& parameters) {
  set_if_absent(parameters, "select", kEnvelope);
  if (parameters.has("search")) {
    // Graph refuses both beside a search (learn.microsoft.com/graph/search-query-parameter).
    if (parameters.has("orderby") || parameters.has("filter") || parameters.integer("skip") != 0) {
      return problem(ProblemCode::invalid_request,
                     "`search` goes with neither `filter`, `orderby` nor `skip`");
    }
    parameters.replace("skip", "");
    return std::nullopt;
  }
  set_if_absent(parameters, "orderby", kNewestFirst);
  // Graph wants what it orders by to be the first thing that it filters by.
  const auto filter = std::string(parameters.text("filter"));
  if (!filter.empty() && parameters.text("orderby").starts_with("receivedDateTime")) {
    parameters.replace("filter", "receivedDateTime ge 1900-01-01T00:00:00Z and (" + filter + ")");
  }
  return std::nullopt;
}

std::optional<Problem> prepare_calendar(Parameters& parameters) {
  const bool has_start = parameters.has("start");
  if (has_start != parameters.has("end")) {
    return problem(ProblemCode::invalid_request, "`start` and `end` go together");
  }
  set_if_absent(parameters, "orderby", has_start ? "" : "start/dateTime");
  return std::nullopt;
}

std::optional<Problem> prepare_directory(Parameters& parameters) {
  // Advanced queries need both `ConsistencyLevel: eventual`, which the row says, and `$count`
  // (learn.microsoft.com/graph/aad-advanced-queries).
  if (parameters.has("search") || parameters.has("filter") || parameters.has("orderby")) {
    parameters.replace("count", "true");
  }
  return std::nullopt;
}

// `dateTime` is the time of a zone, and says none of its own
// (learn.microsoft.com/graph/api/resources/datetimetimezone).
std::optional<Problem> prepare_free_busy(Parameters& parameters) {
  for (const std::string_view name : {"start", "end"}) {
    const auto time = parse_iso8601(parameters.text(name));
    auto text = format_iso8601(time.value_or(0));
    text.pop_back();
    parameters.replace(name, text);
  }
  return std::nullopt;
}

}  // namespace postern
