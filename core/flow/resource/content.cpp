#include "core/flow/resource/content.h"

#include <algorithm>

#include "core/base/url.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/frame/operation.h"
#include "core/flow/integration/origins.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/proxy/headers.h"
#include "core/flow/proxy/sending.h"
#include "core/flow/resource/query.h"
#include "core/flow/resource/refusal.h"
#include "core/flow/resource/template.h"
#include "core/provider/granted_scopes.h"

namespace postern {

namespace {

// Content is relayed, and that there is nothing newer; whatever else an API answers is told here.
std::vector<int> statuses_told_here() {
  std::vector<int> statuses;
  for (int status = 300; status < 600; ++status) {
    if (status != 304) {
      statuses.push_back(status);
    }
  }
  return statuses;
}

constexpr int kRedirects[] = {301, 302, 303, 307, 308};

bool is_redirect(int status) {
  return std::ranges::contains(kRedirects, status);
}

Forward forward_to(std::string url, std::string origin) {
  Forward forward{.url = std::move(url),
                  .origin = std::move(origin),
                  .drop = kDroppedFromRequest,
                  .drop_from_answer = kDroppedFromAnswer};
  // Without it workerd asks for a compressed answer, which its caller may not be able to read.
  forward.otherwise.emplace_back("accept-encoding", "identity");
  return forward;
}

// Content is at a host of its own, whose URL needs no token: it gets none
// (learn.microsoft.com/graph/api/driveitem-get-content).
Outcome follow_redirect(const ForwardReply& reply, const ProxyRequest& request, Attempt attempt,
                        UrlPolicy policy) {
  const auto location = header_of(reply, "location");
  const auto url = parse_url(location, policy);
  if (!url || request.method != "GET") {
    return problem_outcome(ProblemCode::provider_rejected,
                           "The provider's API leads to where nothing is sent");
  }
  auto forward = forward_to(std::string(location), url->origin());
  forward.returns = statuses_told_here();
  forward.returns.push_back(0);
  attempt.redirected = true;
  forward.note = note_of(attempt);
  return forward_outcome(forward);
}

Problem refusal(const Provider& provider, const ForwardReply& reply, const ProxyRequest& request,
                EpochMs now) {
  const HttpReply shown{.status = reply.status, .headers = reply.headers, .body = {}};
  const auto words = words_in(shown);
  if (request.method != "GET" && reply.status >= 500 && reply.status != 503) {
    auto fault = problem(ProblemCode::call_outcome_unknown);
    append_words(fault.members, words);
    return fault;
  }
  return refusal_of(provider, shown, words, now);
}

// Is there nothing to be done about it? A refused token may be replaced, and who asks for patience
// gets some: that is decided as for any call that the host sends. Where no token was sent none is
// replaced.
bool says_all(const ForwardReply& reply, const Attempt& before, const ProxyRequest& request,
              const Provider& provider) {
  if (reply.status == 0) {
    return false;
  }
  const bool later = reply.status == 429 || (reply.status == 503 && request.method == "GET");
  const bool dead =
      reply.status == 401 || std::ranges::contains(provider.dead_token_statuses, reply.status);
  return !later && (!dead || before.redirected);
}

}  // namespace

Task<Outcome> content_flow(FlowContext* context) {
  const Operation& operation = *context->operation;
  const ApiCall& call = operation.call;
  if (const auto fault = fault_of_query(context->parameters)) {
    co_return problem_outcome(*fault);
  }
  const auto target = expand_target(operation, context->parameters);
  if (!target) {
    co_return problem_outcome(target.error());
  }
  const auto id = connection_of_caller(*context);
  const auto settings = co_await find_integration(context, id.org, id.integration);
  if (!settings) {
    co_return problem_outcome(settings.error());
  }
  const Provider& provider = *settings->provider;
  const Api* api = find_api(provider, call.api);
  if (api == nullptr) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "`integration` is of a provider that has not got this API");
  }
  const auto origins = api_origins_of(*settings);
  if (!origins) {
    co_return problem_outcome(origins.error());
  }
  auto token_name = token_name_of_caller(*context, provider, *api);
  if (!token_name) {
    co_return problem_outcome(token_name.error());
  }
  const auto& origin = (*origins)[static_cast<std::size_t>(api - provider.apis.data())];
  const auto url = origin + *target;
  const ProxyRequest request{.method = method_of_target(call.target),
                             .budget_ms = context->parameters.integer("wait") * kSecondMs};
  const auto reply = context->input.forward_reply
                         ? decode_forward_reply(*context->input.forward_reply)
                         : std::nullopt;
  if (reply && !reply->body.empty()) {
    // The authority refused.
    co_return Outcome{.kind = OutcomeKind::problem,
                      .status = reply->status,
                      .headers = reply->headers,
                      .body = reply->body};
  }
  TokenWish wish{.id = id, .resource = std::move(*token_name)};
  const auto before = attempt_of(context->input.note);
  if (reply && before && says_all(*reply, *before, request, provider)) {
    if (is_redirect(reply->status) && !before->redirected) {
      const auto insecure = insecure_origins(*context);
      co_return follow_redirect(*reply, request, *before, {.allowed_origins = insecure});
    }
    const auto integration = make_integration(*settings, {});
    const bool may_ask = integration && may_ask_for(*integration, call.scope);
    if (reply->status == 403 && reply->repeatable && !before->redirected && may_ask) {
      const auto token = co_await obtain_token(context, wish);
      if (!token.application && lacks_scope(provider, *api, std::string(call.scope), token.scope)) {
        wish.lacking_scope = call.scope;
        (void)co_await obtain_token(context, std::move(wish));
      }
    }
    co_return problem_outcome(refusal(provider, *reply, request, co_await current_time()));
  }
  auto sending = co_await decide_sending(context, &request, url, &wish);
  if (sending.relay && reply) {
    sending.fault = refusal(provider, *reply, request, co_await current_time());
  }
  if (sending.fault) {
    co_return problem_outcome(*sending.fault);
  }
  const auto token = co_await token_for_sending(context, &sending, url, std::move(wish));
  if (!token) {
    co_return problem_outcome(token.error());
  }
  if (token->application && is_of_person(*api, *target)) {
    co_return problem_outcome(ProblemCode::person_needed);
  }
  auto forward = forward_to(url, origin);
  forward.set.emplace_back("authorization", "Bearer " + token->access_token);
  forward.returns = returns_of(request, sending.attempt, provider);
  forward.returns.append_range(statuses_told_here());
  forward.delay_ms = sending.delay_ms;
  sending.attempt.redirected = false;
  forward.note = note_of(sending.attempt);
  co_return forward_outcome(forward);
}

}  // namespace postern
