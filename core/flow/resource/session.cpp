#include "core/flow/resource/session.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/frame/operation.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/resource/refusal.h"
#include "core/flow/token/futile.h"
#include "core/oauth/challenge.h"
#include "core/provider/granted_scopes.h"

namespace postern {

namespace {

// Of one page, each with a newer token.
constexpr int kMostTries = 3;
// Of one page whose answer is no JSON: now and then one is cut off or broken
// (github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1048, 1701, 2000).
constexpr int kMostReadings = 2;
constexpr JsonLimits kReplyLimits{.max_bytes = kMaxAnswerBytes, .max_depth = 64};

bool is_dead_token(const Provider& provider, int status) {
  return status == 401 || std::ranges::contains(provider.dead_token_statuses, status);
}

// An object ends so. Most broken answers do not, and to parse a large one takes memory that its
// repetition needs.
bool looks_whole(std::string_view body) {
  using namespace std::string_view_literals;
  const auto end = body.find_last_not_of(" \t\r\n\0"sv);
  return end != std::string_view::npos && body[end] == '}';
}

Result<Json, JsonFault> read_object(std::string_view body) {
  if (!looks_whole(body)) {
    return std::unexpected(JsonFault::not_json);
  }
  auto document = parse_content(body, kReplyLimits);
  if (document && !document->is_object()) {
    return std::unexpected(JsonFault::not_json);
  }
  return document;
}

Task<std::monostate> log_answer(const ApiSession* session, std::string_view event, int status,
                                const ApiWords* words) {
  Log line{.level = LogLevel::warn, .event = std::string(event), .fields = {}};
  line.fields.emplace_back("connection", connection_key(session->wish.id));
  line.fields.emplace_back("api", session->api);
  line.fields.emplace_back("status", to_decimal(status));
  append_words(line.fields, *words);
  co_return co_await perform(std::move(line));
}

RefusedPlace place_of(const ApiSession& session, std::string url) {
  return {.id = session.wish.id,
          .resource = session.wish.resource,
          .url = std::move(url),
          .version = session.token.version};
}

Fetch fetch_of(const ApiSession& session, const ApiRequest& request) {
  Fetch fetch{.method = request.method,
              .url = request.url,
              .headers = {{"authorization", "Bearer " + session.token.access_token},
                          {"accept", "application/json"}},
              .body = request.body,
              .deadline_ms = kRequestMs,
              .max_bytes = static_cast<std::int64_t>(request.max_bytes),
              .keep_key = {},
              .keep_org = {},
              .keep_context = {}};
  if (!request.body.empty()) {
    fetch.headers.emplace_back("content-type", "application/json");
  }
  for (const auto& header : request.headers) {
    fetch.headers.push_back(header);
  }
  return fetch;
}

// What came of a request that may have changed something is not known.
Problem unknown_outcome(const ApiWords& words) {
  auto fault = problem(ProblemCode::call_outcome_unknown);
  append_words(fault.members, words);
  return fault;
}

// There was no whole answer to a request that may have changed something.
Problem fault_of_write(HostFault fault) {
  // Its status came, and it is not known which.
  return fault == HostFault::too_large
             ? problem(ProblemCode::answer_withheld, "The answer is too large")
             : unknown_outcome({});
}

// Something was done, and the answer that says what cannot be read.
Problem withheld(int status, std::string_view detail, const ApiWords& words) {
  auto fault = problem(ProblemCode::answer_withheld, detail);
  fault.members.emplace_back("api_status", to_decimal(status));
  append_words(fault.members, words);
  return fault;
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

// The gateway's and the server's own failures: what was asked for may have been done.
bool is_unclear(int status) {
  return status >= 500 && status != 503;
}

// Where the call goes: to the API's own origin, with the label in it that the call names.
Result<std::string, Problem> origin_of_call(const Integration& integration, const Api& api,
                                            const Parameters& parameters) {
  const auto origin = integration.origin_of(api);
  const auto& label = api.label;
  if (label.parameter.empty()) {
    return std::string(origin);
  }
  auto filled = origin_with_label(origin, api, parameters.text(label.parameter));
  if (!filled) {
    return std::unexpected(
        problem(ProblemCode::invalid_request,
                '`' + std::string(label.parameter) + "` must be a name alone: " + words_of(label)));
  }
  return std::move(*filled);
}

// How long to wait before the same request; nullopt: not at all. Nothing was done for a 429, and a
// GET does nothing.
std::optional<DurationMs> patience(const ApiSession& session, const ApiRequest& request,
                                   const HttpReply& reply, EpochMs now) {
  const bool says_later = reply.status == 429 || (reply.status == 503 && request.reads());
  if (!says_later || session.budget_ms <= 0) {
    return std::nullopt;
  }
  // Without a time: twice as long each time, and no two callers in step.
  const auto untold = (kSecondMs << std::min(session.waits, 4)) + now % kSecondMs;
  const auto wait =
      parse_retry_after(header_of(reply.headers, "retry-after"), now).value_or(untold);
  const auto least = std::max<DurationMs>(wait, 1);
  const bool fits = least <= session.budget_ms && has_time(session, now, least);
  return fits ? std::optional(least) : std::nullopt;
}

// A claims challenge comes with 401 (learn.microsoft.com/entra/identity-platform/claims-challenge);
// where a request changes something, another status may say that it was done.
std::optional<std::string> claims_of(const ApiRequest& request, const HttpReply& reply) {
  if (!request.reads() && reply.status != 401) {
    return std::nullopt;
  }
  return claims_of_challenge(header_of(reply.headers, "www-authenticate"));
}

// Nothing was done, for want of a scope as far as its list says.
bool may_lack_scope(const ApiSession& session) {
  const auto* api = find_api(*session.provider, session.api);
  return !session.committed && !session.token.application && api != nullptr &&
         !session.scope.empty() &&
         lacks_scope(*session.provider, *api, std::string(session.scope), session.token.scope);
}

}  // namespace

bool has_time(const ApiSession& session, EpochMs now, DurationMs wait_ms) {
  return now + wait_ms + kRequestMs <= session.ends_at;
}

Task<Result<ApiSession, Outcome>> open_session(FlowContext* context, std::string_view name) {
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
  auto token_name = token_name_of_caller(*context, *integration->provider, *api);
  if (!token_name) {
    co_return std::unexpected(problem_outcome(token_name.error()));
  }
  // Before a token is looked for: what is no label has no host.
  auto origin = origin_of_call(*integration, *api, context->parameters);
  if (!origin) {
    co_return std::unexpected(problem_outcome(origin.error()));
  }
  TokenWish wish{
      .id = id, .resource = std::move(*token_name), .min_ttl_ms = 0, .refused_version = 0};
  auto token = co_await obtain_token(context, wish);
  const auto target = context->operation->call.target;
  if (token.application && is_of_person(*api, target.substr(target.find(' ') + 1))) {
    co_return std::unexpected(problem_outcome(ProblemCode::person_needed));
  }
  co_return ApiSession{.provider = integration->provider,
                       .api = api->name,
                       .origin = std::move(*origin),
                       .scope = context->operation->call.scope,
                       .may_ask_scope = may_ask_for(*integration, context->operation->call.scope),
                       .token = std::move(token),
                       .wish = std::move(wish),
                       .read_bytes = 0,
                       .budget_ms = context->parameters.integer("wait") * kSecondMs,
                       .waits = 0,
                       .ends_at = context->input.now + kLongestCallMs,
                       .committed = false};
}

Task<Result<ApiReply, Problem>> send_request(FlowContext* context, ApiSession* session,
                                             ApiRequest request) {
  int readings = 0;
  int tries = 0;
  for (;;) {
    if (!request.reads() && !has_time(*session, co_await current_time(), 0)) {
      co_return std::unexpected(
          problem(ProblemCode::timeout, "It was not sent: there was no time left for it"));
    }
    auto reply = co_await perform(fetch_of(*session, request));
    if (!reply) {
      co_return std::unexpected(request.reads() ? problem_of_host(reply.error())
                                                : fault_of_write(reply.error()));
    }
    session->read_bytes += reply->body.size();
    const auto words = words_in(*reply);
    if (is_success(reply->status)) {
      const bool has_to_say = request.reads() && reply->status == 200 && !request.may_be_empty;
      if (reply->body.empty() && !has_to_say) {
        co_return ApiReply{
            .status = reply->status, .document = {}, .headers = std::move(reply->headers)};
      }
      auto document = read_object(reply->body);
      if (document) {
        co_return ApiReply{.status = reply->status,
                           .document = std::move(*document),
                           .headers = std::move(reply->headers)};
      }
      const bool is_large = document.error() == JsonFault::too_large;
      if (is_large && request.reads()) {
        co_return std::unexpected(problem(ProblemCode::answer_too_large));
      }
      (void)co_await log_answer(session, "provider_answer_unreadable", reply->status, &words);
      if (!request.reads()) {
        co_return std::unexpected(withheld(
            reply->status, is_large ? "The answer is too large" : "The answer is no JSON", words));
      }
      if (++readings < kMostReadings) {
        continue;
      }
      auto fault =
          problem(ProblemCode::provider_rejected, "The provider's API did not answer JSON, twice");
      append_words(fault.members, words);
      co_return std::unexpected(std::move(fault));
    }
    auto claims = claims_of(request, *reply);
    if (session->committed && (claims || is_dead_token(*session->provider, reply->status))) {
      co_return std::unexpected(problem(ProblemCode::token_replaced));
    }
    if (claims) {
      // Another token would help, which may take a person: then the authority's answer ends this.
      auto wish = session->wish;
      wish.refused_version = session->token.version;
      wish.claims = std::move(*claims);
      session->token = co_await obtain_token(context, std::move(wish));
      continue;
    }
    // A word of the catalogue's says that no other token would help.
    if (!is_dead_token(*session->provider, reply->status) ||
        known_error(*session->provider, words) != nullptr) {
      const auto now = co_await current_time();
      const auto wait = patience(*session, request, *reply, now);
      if (wait && co_await perform(Delay{.delay_ms = *wait})) {
        session->budget_ms -= *wait;
        session->waits += 1;
        continue;
      }
      (void)co_await log_answer(session, "provider_refused", reply->status, &words);
      const bool lacks = reply->status == 403 && may_lack_scope(*session);
      if (lacks && session->may_ask_scope && context->input.note != kScopeNote) {
        // The flow begins anew with a token that has it, or ends with a link that asks for it.
        auto wish = session->wish;
        wish.lacking_scope = session->scope;
        session->token = co_await obtain_token(context, std::move(wish));
      }
      if (!request.reads() && is_unclear(reply->status)) {
        co_return std::unexpected(unknown_outcome(words));
      }
      auto refusal = refusal_of(*session->provider, *reply, words, now);
      if (lacks && !session->may_ask_scope) {
        std::erase_if(refusal.members, [](const auto& member) { return member.first == "fix"; });
        refusal.members.emplace_back("lacking_scope", session->scope);
        refusal.members.emplace_back("fix", "operator");
      }
      co_return std::unexpected(std::move(refusal));
    }
    const bool futile = co_await is_futile(place_of(*session, request.url));
    if (futile || ++tries == kMostTries || !context->input.note.empty()) {
      if (!futile) {
        (void)co_await remember_futile(place_of(*session, request.url));
      }
      (void)co_await log_answer(session, "provider_refused", reply->status, &words);
      auto fault = problem(ProblemCode::provider_rejected,
                           "The provider's API refuses a token that it just issued");
      append_words(fault.members, words);
      co_return std::unexpected(std::move(fault));
    }
    // The token is dead before its time. Where another one has been stored meanwhile it is tried;
    // otherwise one refresh is forced, and all begins anew.
    auto wish = session->wish;
    wish.refused_version = session->token.version;
    session->token = co_await obtain_token(context, std::move(wish));
  }
}

Task<Result<Json, Problem>> fetch_json(FlowContext* context, ApiSession* session,
                                       ApiRequest request) {
  auto reply = co_await send_request(context, session, std::move(request));
  if (!reply) {
    co_return std::unexpected(std::move(reply.error()));
  }
  if (!reply->document || reply->status != 200) {
    co_return std::unexpected(
        problem(ProblemCode::provider_rejected, "The provider's API answered without content"));
  }
  co_return std::move(*reply->document);
}

}  // namespace postern
