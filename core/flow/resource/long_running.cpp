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
    out.member("operation", operation).member("retry_after_seconds", wait / kSecondMs);
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

// Asks once. What came of it, as far as it is known; `so_far` where the answer speaks of the doing
// alone.
Task<Result<ApiReply, Problem>> look(FlowContext* context, ApiSession* session,
                                     OperationHandle* handle, std::optional<Json> so_far) {
  auto reply = co_await send_request(context, session, get(*session, handle->path));
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
    co_return co_await send_request(context, session, get(*session, handle->result));
  }
  reply->document.reset();
  if (handle->asking != Asking::nothing) {
    reply->document = std::move(so_far);
  }
  co_return std::move(*reply);
}

// Is the fault one of asking, and none of what was asked about? That goes on.
bool says_nothing(const Problem& fault) {
  switch (fault.code) {
    case ProblemCode::provider_unavailable:
    case ProblemCode::timeout:
    case ProblemCode::rate_limited:
    case ProblemCode::token_replaced:
    case ProblemCode::provider_rejected:
      return true;
    default:
      return false;
  }
}

// Asks until it has ended, or the caller waits no longer.
Task<Outcome> watch(FlowContext* context, ApiSession* session, OperationHandle handle,
                    ApiReply reply) {
  while (handle.asking != Asking::nothing) {
    const auto wait = wait_of(reply, co_await current_time());
    if (wait > session->budget_ms) {
      const auto operation = co_await seal_handle(session, &handle);
      co_return answered("running", reply.document, operation, wait);
    }
    session->budget_ms -= wait;
    (void)co_await perform(Delay{.delay_ms = wait});
    const OperationHandle before = handle;
    auto next = co_await look(context, session, &handle, reply.document);
    if (!next && says_nothing(next.error())) {
      const auto operation = co_await seal_handle(session, &before);
      co_return answered("running", reply.document, operation, wait);
    }
    if (!next) {
      co_return problem_outcome(next.error());
    }
    reply = std::move(*next);
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
