#include <algorithm>

#include "core/base/text.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/integration/origins.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/proxy/attempt.h"
#include "core/flow/proxy/forward.h"
#include "core/flow/proxy/headers.h"
#include "core/flow/proxy/operations.h"
#include "core/flow/proxy/policy.h"
#include "core/flow/proxy/sealed.h"
#include "core/flow/proxy/sending.h"
#include "core/flow/proxy/target.h"
#include "core/flow/token/token.h"

namespace postern {

namespace {

constexpr std::int64_t kMostWaitSeconds = 30;
// RFC 9110 9.3.8: an API that answers TRACE gives the token back. CONNECT asks for no path.
constexpr std::string_view kRefusedMethods[] = {"TRACE", "TRACK", "CONNECT"};

// What a call is, apart from its token.
struct Call {
  ConnectionId id;
  IntegrationSettings settings;
  std::vector<std::string> origins;  // of the provider's APIs, in their order
  const Api* api = nullptr;
  std::string target;
  bool sealed = false;   // it is called without a token
  bool content = false;  // its answer is what somebody stored
  ProxyRequest request;
  std::string_view links;
  std::string_view presigned;

  [[nodiscard]] const Provider& provider() const { return *settings.provider; }
  [[nodiscard]] const std::string& origin_of(const Api& one) const {
    return origins[static_cast<std::size_t>(&one - provider().apis.data())];
  }
};

constexpr std::string_view kLinksWords[] = {"default", "pass", "replace", "remove"};

// What a key's word about links forbids its callers to switch off.
bool may_keep_links(std::string_view permissions) {
  const auto policy = links_policy(permissions);
  return policy == LinksPolicy::usual || policy == LinksPolicy::pass;
}

// Is the answer what somebody stored?
bool reads_content(const Call& call) {
  const auto& content = call.provider().proxy.content;
  if (call.sealed || call.request.method != "GET") {
    return false;
  }
  const auto path = path_of_target(call.target);
  const auto last = to_lower_ascii(path.substr(path.rfind('/') + 1));
  const auto query = split(query_of_target(call.target), '&');
  return std::ranges::contains(content.last_segments, std::string_view(last)) ||
         (!content.query.empty() && std::ranges::contains(query, content.query));
}

Result<Call, Problem> read_call(const FlowContext& context, ConnectionId id,
                                IntegrationSettings settings) {
  const auto& parameters = context.parameters;
  const auto api = api_named(*settings.provider, parameters.text("resource"));
  if (!api) {
    return std::unexpected(api.error());
  }
  if (!(*api)->label.parameter.empty()) {
    return std::unexpected(problem(
        ProblemCode::invalid_request,
        "The proxy does not call `" + std::string((*api)->name) +
            "`, whose host has a name of each call's in it: use the typed operations, or a token"));
  }
  const auto wait = parameters.integer("wait");
  if (wait > kMostWaitSeconds) {
    return std::unexpected(problem(ProblemCode::invalid_request, "`wait` must be 0 to 30"));
  }
  const auto links = parameters.text("links");
  if (!links.empty() && links != "keep") {
    return std::unexpected(problem(ProblemCode::invalid_request, "`links` must be `keep`"));
  }
  if (!links.empty() && !may_keep_links(context.caller.permissions)) {
    return std::unexpected(
        problem(ProblemCode::permission_denied,
                "`links` needs a key without proxy:links:replace and proxy:links:remove"));
  }
  const auto method = context.input.header(":method");
  if (std::ranges::any_of(kRefusedMethods, [&](std::string_view refused) {
        return equal_ignoring_case(method, refused);
      })) {
    return std::unexpected(
        problem(ProblemCode::invalid_request, "The proxy passes no TRACE, TRACK and CONNECT on"));
  }
  const auto exact = parameters.text("target");
  const std::string target(exact.empty() ? context.input.header(":target") : exact);
  if (const auto fault = check_target(target); fault != TargetFault::none) {
    return std::unexpected(problem(ProblemCode::invalid_request, words_of(fault)));
  }
  const PolicyQuestion question{.permissions = context.caller.permissions,
                                .integration = settings.name,
                                .api = (*api)->name,
                                .rules = settings.provider->proxy,
                                .method = method,
                                .target = target};
  const bool sealed = target.starts_with(kSealedTarget);
  const auto policy = sealed ? decide_policy_of_sealed(question) : decide_policy(question);
  if (!policy.allowed) {
    return std::unexpected(problem(ProblemCode::permission_denied, policy.needs));
  }
  auto origins = api_origins_of(settings);
  if (!origins) {
    return std::unexpected(origins.error());
  }
  return Call{
      .id = std::move(id),
      .settings = std::move(settings),
      .origins = std::move(*origins),
      .api = *api,
      .target = target,
      .sealed = sealed,
      .request = {.method = method, .budget_ms = wait * kSecondMs},
      .links = links,
      .presigned = kLinksWords[static_cast<std::size_t>(links_policy(context.caller.permissions))]};
}

Forward make_forward(const Call& call, const Attempt& attempt, EpochMs now) {
  const Provider& provider = call.provider();
  Forward forward{.drop = kDroppedFromRequest,
                  .drop_from_answer = kDroppedFromAnswer,
                  .returns = returns_of(call.request, attempt, provider),
                  .note = note_of(attempt)};
  // Without it workerd asks for a compressed answer, which its caller may not be able to read.
  forward.otherwise.emplace_back("accept-encoding", "identity");
  add_user_agent(provider, forward.otherwise);
  if (call.links.empty()) {
    auto& links = forward.links;
    links.members = provider.proxy.links;
    links.content = call.content || reads_content(call);
    links.bases.emplace_back(call.origin_of(*call.api), "");
    for (const Api& api : provider.apis) {
      if (&api != call.api && api.label.parameter.empty()) {
        links.bases.emplace_back(call.origin_of(api),
                                 call.settings.name + "." + std::string(api.name));
      }
    }
    links.presigned = call.presigned;
    links.seal_org = call.id.org;
    links.seal_context = sealed_url_context(call.id, call.api->name);
    links.seal_prefix = sealed_url_prefix(now);
  }
  if (call.sealed) {
    // There is no token that could be replaced.
    std::erase_if(forward.returns, [&](int status) {
      return status == 401 || std::ranges::contains(provider.dead_token_statuses, status);
    });
  }
  return forward;
}

}  // namespace

Task<Outcome> proxy_flow(FlowContext* context) {
  const auto& input = context->input;
  auto id = connection_of_caller(*context);
  auto settings = co_await find_integration(context, id.org, id.integration);
  if (!settings) {
    co_return problem_outcome(settings.error());
  }
  const Provider& provider = *settings->provider;
  context->refusals = provider.proxy.refusals;
  const auto reply =
      input.forward_reply ? decode_forward_reply(*input.forward_reply) : std::nullopt;
  if (reply && !reply->body.empty()) {
    co_return Outcome{.kind = OutcomeKind::problem,
                      .status = reply->status,
                      .headers = reply->headers,
                      .body = reply->body};
  }
  auto call = read_call(*context, std::move(id), std::move(*settings));
  if (!call) {
    co_return problem_outcome(call.error());
  }
  auto token_name = token_name_of_caller(*context, provider, *call->api);
  if (!token_name) {
    co_return problem_outcome(token_name.error());
  }
  TokenWish wish{.id = call->id, .resource = std::move(*token_name)};
  SealedPlace place{.origin = call->origin_of(*call->api),
                    .url = call->origin_of(*call->api) + call->target};
  if (call->sealed) {
    auto opened = co_await open_sealed_url(context, call->id, call->api->name,
                                           call->target.substr(kSealedTarget.size()));
    if (!opened) {
      co_return problem_outcome(opened.error());
    }
    place = std::move(*opened);
    call->content = place.content && call->request.method == "GET";
  }

  const auto now = co_await current_time();
  auto sending = co_await decide_sending(context, &call->request, place.url, &wish);
  if (sending.fault) {
    co_return problem_outcome(*sending.fault);
  }
  if (sending.relay) {
    co_return relay_outcome(make_forward(*call, sending.attempt, now));
  }
  const auto token = co_await token_for_sending(context, &sending, place.url, std::move(wish));
  if (!token) {
    co_return problem_outcome(token.error());
  }
  auto forward = make_forward(*call, sending.attempt, now);
  forward.url = place.url;
  forward.origin = place.origin;
  if (!call->sealed) {
    forward.set.emplace_back("authorization", "Bearer " + token->access_token);
  }
  forward.delay_ms = sending.delay_ms;
  co_return forward_outcome(forward);
}

}  // namespace postern
