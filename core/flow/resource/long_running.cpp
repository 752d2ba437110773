#include "core/flow/resource/long_running.h"

#include <algorithm>

#include "core/base/fields.h"
#include "core/base/json_writer.h"
#include "core/base/link.h"
#include "core/base/text.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/frame/operation.h"
#include "core/flow/resource/handle.h"
#include "core/flow/resource/query.h"
#include "core/flow/resource/refusal.h"

namespace postern {

namespace {

constexpr DurationMs kPollMs = 2 * kSecondMs;
constexpr DurationMs kLongestPollMs = 60 * kSecondMs;

// Of all answers of one operation together: what is read once stays in the instance's memory.
constexpr std::size_t kMostPollBytes = 2 * kMaxAnswerBytes;

std::string_view state_of(const Json& resource) {
  const auto* properties = json_member(resource, "properties");
  return properties == nullptr ? std::string_view() : json_text(*properties, "provisioningState");
}

bool is_failure(std::string_view status) {
  return equal_ignoring_case(status, "Failed") || equal_ignoring_case(status, "Canceled");
}

bool has_ended(std::string_view status) {
  return equal_ignoring_case(status, "Succeeded") || is_failure(status);
}

// Of the answer at a `Location`: what it is about, or a document about the doing.
std::string_view status_at_location(const Json& document) {
  const auto state = state_of(document);
  return state.empty() ? json_text(document, "status") : state;
}

std::string path_at(const ApiSession& session, std::string_view url) {
  return std::string(url.substr(std::min(session.origin.size(), url.size())));
}

// By the answer to what was asked. A link to another origin is not followed.
Result<OperationHandle, Problem> handle_of(const ApiSession& session, const ApiRequest& request,
                                           const ApiReply& reply) {
  OperationHandle handle;
  auto status = header_of(reply.headers, "azure-asyncoperation");
  if (status.empty()) {
    status = header_of(reply.headers, "operation-location");
  }
  const auto location = header_of(reply.headers, "location");
  const bool puts = request.method == "PUT" || request.method == "PATCH";
  std::string_view link;
  if (!status.empty()) {
    handle.asking = Asking::status;
    link = status;
  } else if (!location.empty() && (reply.status == 201 || reply.status == 202)) {
    handle.asking = Asking::location;
    link = location;
  } else if (const auto state = reply.document ? state_of(*reply.document) : std::string_view();
             puts && !state.empty() && !has_ended(state)) {
    handle.asking = Asking::resource;
    handle.path = path_at(session, request.url);
  } else if (reply.status == 202) {
    handle.asking = Asking::nowhere;
  }
  if (puts) {
    handle.result = path_at(session, request.url);
  } else if (request.method == "POST" && handle.asking == Asking::status && !location.empty()) {
    handle.result = path_of_link(location, session.origin).value_or(std::string());
  }
  if (!link.empty()) {
    auto path = path_of_link(link, session.origin);
    if (!path) {
      return std::unexpected(
          problem(ProblemCode::answer_withheld, "The API says at another origin how far it is"));
    }
    handle.path = std::move(*path);
  }
  return handle;
}

std::string context_of(const ApiSession& session) {
  return FieldWriter()
      .text("postern-operation-1")
      .text(connection_key(session.wish.id))
      .text(session.wish.resource)
      .take();
}

Task<std::string> seal_handle(const ApiSession* session, const OperationHandle* handle) {
  auto sealed = co_await perform(Seal{.org = session->wish.id.org,
                                      .context = context_of(*session),
                                      .plaintext = encode_handle(*handle)});
  co_return sealed && sealed->size() <= kMaxCursorBytes ? std::move(*sealed) : std::string();
}

Task<std::optional<OperationHandle>> open_handle(const ApiSession* session, std::string sealed) {
  const auto opened = co_await perform(Open{
      .org = session->wish.id.org, .context = context_of(*session), .sealed = std::move(sealed)});
  co_return opened ? decode_handle(*opened) : std::nullopt;
}

ApiRequest get(const ApiSession& session, std::string_view path) {
  return {.method = "GET",
          .url = session.origin + std::string(path),
          .headers = {},
          .body = {},
          .max_bytes = kMaxAnswerBytes,
          .may_be_empty = true};
}

Outcome answered(std::string_view state, const std::optional<Json>& result,
                 std::string_view operation, DurationMs wait) {
  JsonWriter out;
  out.begin_object().member("state", state);
  if (!operation.empty()) {
    out.member("operation", operation);
  }
  if (wait > 0) {
    out.member("retry_after_seconds", wait / kSecondMs);
  }
  if (result) {
    out.key("result").raw(dump_json(*result));
  }
  return json_outcome(out.end_object().take());
}

Problem failure_of(const Json& document, std::string_view status) {
  auto fault = problem(ProblemCode::operation_failed);
  const HttpReply shown{.status = 400, .headers = {}, .body = dump_json(document)};
  append_words(fault.members, words_in(shown));
  fault.members.emplace_back("provider_status", status);
  return fault;
}

// How far it is, by one answer; Asking::nothing: it has ended.
Result<std::monostate, Problem> read_progress(const ApiSession& session, OperationHandle& handle,
                                              const ApiReply& reply) {
  if (handle.asking == Asking::location) {
    if (reply.status != 202) {
      const auto ended = reply.document ? status_at_location(*reply.document) : std::string_view();
      if (is_failure(ended)) {
        return std::unexpected(failure_of(*reply.document, ended));
      }
      // It answers with what it makes, which is not made yet.
      if (reply.document && !state_of(*reply.document).empty() && !has_ended(ended)) {
        return {};
      }
      handle = {};
    } else if (const auto moved = header_of(reply.headers, "location"); !moved.empty()) {
      // It may have moved; to another origin nobody follows.
      if (auto path = path_of_link(moved, session.origin)) {
        handle.path = std::move(*path);
      }
    }
    return {};
  }
  const auto* document = reply.document ? &*reply.document : nullptr;
  std::string_view status;
  if (document != nullptr) {
    status = handle.asking == Asking::status ? json_text(*document, "status") : state_of(*document);
  }
  if (is_failure(status)) {
    return std::unexpected(failure_of(*document, status));
  }
  if (has_ended(status) || (handle.asking == Asking::resource && status.empty())) {
    handle.asking = Asking::nothing;
  }
  return {};
}

DurationMs wait_of(const ApiReply& reply, EpochMs now) {
  const auto told = parse_retry_after(header_of(reply.headers, "retry-after"), now);
  return std::clamp<DurationMs>(told.value_or(kPollMs), kSecondMs, kLongestPollMs);
}

// An operation that failed may be told by the status at its `Location` (learn.microsoft.com/azure/
// azure-resource-manager/management/async-operations): by one that says nothing of asking itself.
bool tells_failure(const Problem& fault) {
  return fault.code == ProblemCode::provider_conflict || fault.code == ProblemCode::invalid_request;
}

// Asks once. What came of it, as far as it is known; `so_far` where the answer speaks of the doing
// alone.
Task<Result<ApiReply, Problem>> look(FlowContext* context, ApiSession* session,
                                     OperationHandle* handle, std::optional<Json> so_far) {
  auto reply = co_await send_request(context, session, get(*session, handle->path));
  if (!reply && handle->asking == Asking::location && tells_failure(reply.error())) {
    auto failure = problem(ProblemCode::operation_failed);
    failure.members = std::move(reply.error().members);
    co_return std::unexpected(std::move(failure));
  }
  if (!reply) {
    co_return std::unexpected(std::move(reply.error()));
  }
  const bool speaks_of_doing = handle->asking == Asking::status;
  if (auto read = read_progress(*session, *handle, *reply); !read) {
    co_return std::unexpected(std::move(read.error()));
  }
  if (!speaks_of_doing) {
    co_return std::move(*reply);
  }
  if (handle->asking == Asking::nothing && !handle->result.empty()) {
    auto result = co_await send_request(context, session, get(*session, handle->result));
    if (result) {
      co_return std::move(*result);
    }
    // It was done, whether or not what came of it can be read.
    handle->result.clear();
  }
  reply->document.reset();
  if (handle->asking != Asking::nothing) {
    reply->document = std::move(so_far);
  }
  co_return std::move(*reply);
}

// There is time to ask once more, and memory for the answer.
bool may_ask(const ApiSession& session, EpochMs now, DurationMs wait) {
  return wait <= session.budget_ms && has_time(session, now, wait) &&
         session.read_bytes < kMostPollBytes - kMaxAnswerBytes;
}

// Asks until it has ended, or the caller waits no longer.
Task<Outcome> watch(FlowContext* context, ApiSession* session, OperationHandle handle,
                    ApiReply reply) {
  while (handle.asking != Asking::nothing) {
    const auto now = co_await current_time();
    const auto wait = wait_of(reply, now);
    const OperationHandle before = handle;
    if (handle.asking == Asking::nowhere) {
      co_return answered("running", reply.document, {}, wait);
    }
    std::optional<Result<ApiReply, Problem>> next;
    if (may_ask(*session, now, wait) && co_await perform(Delay{.delay_ms = wait})) {
      session->budget_ms -= wait;
      next = co_await look(context, session, &handle, reply.document);
    }
    if (next && *next) {
      reply = std::move(**next);
      continue;
    }
    if (next && next->error().code == ProblemCode::operation_failed) {
      co_return problem_outcome(next->error());
    }
    // It goes on, whatever became of asking.
    const auto operation = co_await seal_handle(session, &before);
    co_return answered("running", reply.document, operation, wait);
  }
  co_return answered("done", reply.document, {}, 0);
}

}  // namespace

Task<Outcome> follow_operation(FlowContext* context, ApiSession* session, const ApiRequest* request,
                               ApiReply reply) {
  auto handle = handle_of(*session, *request, reply);
  if (!handle) {
    co_return problem_outcome(handle.error());
  }
  session->committed = true;
  co_return co_await watch(context, session, std::move(*handle), std::move(reply));
}

Task<Outcome> get_operation_flow(FlowContext* context) {
  if (const auto fault = fault_of_query(context->parameters)) {
    co_return problem_outcome(*fault);
  }
  auto session = co_await open_session(context, context->operation->call.api);
  if (!session) {
    co_return std::move(session.error());
  }
  auto handle = co_await open_handle(&*session, std::string(context->parameters.text("operation")));
  if (!handle) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "`operation` is not one of this connection");
  }
  auto reply = co_await look(context, &*session, &*handle, {});
  if (!reply) {
    co_return problem_outcome(reply.error());
  }
  co_return co_await watch(context, &*session, std::move(*handle), std::move(*reply));
}

}  // namespace postern
