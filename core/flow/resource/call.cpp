#include "core/flow/resource/call.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/base/url.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/token/token.h"

namespace postern {

namespace {

// Of all pages together. Nothing is given back in wasm, and of ordinary JSON a byte takes eleven to
// sixteen on its way: that is what fits into an instance.
constexpr std::size_t kMaxAnswerBytes = std::size_t{1024} * 1024;
constexpr int kMaxPages = 100;
// Of one page, each with a newer token.
constexpr int kMostTries = 3;
constexpr JsonLimits kReplyLimits{.max_bytes = kMaxAnswerBytes, .max_depth = 64};

std::string_view header_of(const HttpReply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

Problem fault_of_host(HostFault fault) {
  switch (fault) {
    case HostFault::timeout:
      return problem(ProblemCode::timeout, "The provider's API did not answer in time");
    case HostFault::too_large:
      return problem(ProblemCode::answer_too_large);
    case HostFault::unavailable:
    case HostFault::refused:
      break;
  }
  return problem(ProblemCode::provider_unavailable, "The provider's API cannot be reached");
}

// Never the provider's body: its code and its request id are enough to find the rest.
Problem fault_of_status(const HttpReply& reply, EpochMs now) {
  Problem fault = problem(ProblemCode::provider_rejected,
                          "The provider's API answered " + to_decimal(reply.status));
  if (reply.status == 403) {
    fault = problem(ProblemCode::provider_forbidden);
  } else if (reply.status == 404) {
    fault = problem(ProblemCode::provider_not_found);
  } else if (reply.status == 429 || reply.status >= 500) {
    fault = problem(reply.status == 429 ? ProblemCode::rate_limited
                                        : ProblemCode::provider_unavailable);
    const auto wait = parse_retry_after(header_of(reply, "retry-after"), now);
    fault.retry_after_seconds = wait ? (*wait + kSecondMs - 1) / kSecondMs : 1;
  } else if (reply.status == 400) {
    fault = problem(ProblemCode::invalid_request, "The provider's API refused the parameters");
  }
  if (const auto id = header_of(reply, "request-id"); !id.empty()) {
    fault.members.emplace_back("reference", printable_ascii(id, 128));
  }
  return fault;
}

struct Session {
  const Provider* provider = nullptr;
  std::string origin;
  LiveToken token;
  TokenWish wish;
};

Task<Result<Session, Outcome>> open_session(FlowContext* context, std::string_view name) {
  const auto id = connection_of_caller(*context);
  auto integration = co_await resolve_integration(context, id.org, id.integration, {});
  if (!integration) {
    co_return std::unexpected(problem_outcome(integration.error()));
  }
  const auto* api = find_api(*integration->provider, name);
  if (api == nullptr) {
    co_return std::unexpected(problem_outcome(
        ProblemCode::invalid_request, "`integration` is of a provider that has not got this API"));
  }
  TokenWish wish{.id = id,
                 .resource = std::string(token_name(*integration->provider, *api)),
                 .min_ttl_ms = 0,
                 .refused_version = 0};
  auto token = co_await obtain_token(context, wish);
  std::string origin(integration->origin_of(*api));
  co_return Session{.provider = integration->provider,
                    .origin = std::move(origin),
                    .token = std::move(token),
                    .wish = std::move(wish)};
}

bool is_dead_token(const Provider& provider, int status) {
  return status == 401 || std::ranges::contains(provider.dead_token_statuses, status);
}

Task<Result<Json, Outcome>> fetch_json(FlowContext* context, Session* session, std::string url,
                                       std::size_t had) {
  Fetch::Reply reply;
  for (int tries = 1;; ++tries) {
    reply = co_await perform(
        Fetch{.method = "GET",
              .url = url,
              .headers = {{"authorization", "Bearer " + session->token.access_token},
                          {"accept", "application/json"}},
              .body = {},
              .deadline_ms = 15 * kSecondMs,
              .max_bytes = static_cast<std::int64_t>(kMaxAnswerBytes - had),
              .keep_key = {},
              .keep_org = {},
              .keep_context = {}});
    if (!reply) {
      co_return std::unexpected(problem_outcome(fault_of_host(reply.error())));
    }
    if (!is_dead_token(*session->provider, reply->status)) {
      break;
    }
    if (tries == kMostTries || context->input.note == kRefusedNote) {
      co_return std::unexpected(
          problem_outcome(ProblemCode::provider_rejected,
                          "The provider's API refuses a token that it just issued"));
    }
    // The token is dead before its time. Where another one has been stored meanwhile it is tried;
    // otherwise one refresh is forced, and all begins anew.
    auto wish = session->wish;
    wish.refused_version = session->token.version;
    session->token = co_await obtain_token(context, std::move(wish));
  }
  const auto now = co_await current_time();
  if (reply->status != 200) {
    co_return std::unexpected(problem_outcome(fault_of_status(*reply, now)));
  }
  auto document = parse_json(reply->body, kReplyLimits);
  if (!document || !document->is_object()) {
    co_return std::unexpected(
        problem_outcome(ProblemCode::provider_rejected, "The provider's API did not answer JSON"));
  }
  co_return std::move(*document);
}

}  // namespace

Task<Result<Json, Outcome>> get_resource(FlowContext* context, ResourceGet get) {
  auto session = co_await open_session(context, get.api);
  if (!session) {
    co_return std::unexpected(std::move(session.error()));
  }
  std::string url = session->origin;
  url += get.path_and_query;
  co_return co_await fetch_json(context, &*session, std::move(url), 0);
}

Task<Outcome> list_resource(FlowContext* context, ResourceGet get, std::string member,
                            bool all_pages) {
  auto session = co_await open_session(context, get.api);
  if (!session) {
    co_return std::move(session.error());
  }
  const auto insecure = insecure_origins(*context);
  const UrlPolicy policy{.allowed_origins = insecure};
  const std::string origin = session->origin;
  std::string url = origin + get.path_and_query;
  std::string items = "{\"" + member + "\":[";
  for (int page = 0; !url.empty(); ++page) {
    if (page == kMaxPages || items.size() > kMaxAnswerBytes) {
      co_return problem_outcome(ProblemCode::answer_too_large);
    }
    auto document = co_await fetch_json(context, &*session, std::move(url), items.size());
    if (!document) {
      co_return std::move(document.error());
    }
    const auto* value = json_member(*document, "value");
    if (value == nullptr || !value->is_array()) {
      co_return problem_outcome(ProblemCode::provider_rejected,
                                "The provider's API answered no list");
    }
    if (!value->elements.empty()) {
      // At once: of each item's own text nothing would be given back either.
      auto list = dump_json(*value);
      list.pop_back();
      if (items.back() == '[') {
        items.pop_back();
      } else {
        list[0] = ',';
      }
      items += list;
    }
    url.clear();
    if (!all_pages) {
      break;
    }
    auto next = json_string(*document, "nextLink");
    if (!next) {
      next = json_string(*document, "@odata.nextLink");
    }
    if (next && !next->empty()) {
      const auto parsed = parse_url(*next, policy);
      if (!parsed || parsed->origin() != origin) {
        co_return problem_outcome(ProblemCode::provider_rejected,
                                  "The provider's next page is at another origin");
      }
      url = parsed->text();
    }
  }
  co_return json_outcome(items + "]}");
}

}  // namespace postern
