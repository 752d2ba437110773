#include "core/flow/token/token.h"

#include <algorithm>

#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "core/connection/application.h"
#include "core/connection/decision.h"
#include "core/connection/token_name.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/frame/permission.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/place.h"
#include "core/flow/token/operations.h"
#include "core/oauth/claims.h"

namespace postern {

namespace {

constexpr DurationMs kMemoryMs = 30 * kSecondMs;
// A wish that KV's copy could not grant is not put to KV again for so long: of a crowd that wants
// the same, few wait for KV, and all go on to the authority.
constexpr DurationMs kPassedMs = 5 * kSecondMs;

std::string memory_key(const ConnectionId& id, std::string_view resource) {
  return "token:" + connection_key(id) + ":" + std::string(resource);
}

// Few connections have such a token: another directory's, or of an API that people are not asked
// for on connecting.
bool is_rare(std::string_view resource) {
  const auto* api = find_api(api_of_token(resource));
  return is_of_guest(resource) || (api != nullptr && !api->on_demand.empty());
}

// The names under which this isolate has such tokens.
std::string guests_key(const ConnectionId& id) {
  return "guests:" + connection_key(id);
}

Task<std::monostate> remember_token(const TokenWish* wish, std::string token) {
  const auto expires_at = co_await current_time() + kMemoryMs;
  (void)co_await perform(MemoryPut{.key = memory_key(wish->id, wish->resource),
                                   .value = std::move(token),
                                   .expires_at = expires_at});
  if (is_rare(wish->resource)) {
    const auto key = guests_key(wish->id);
    auto names = (co_await perform(MemoryGet{.key = key})).value_or("");
    if (!std::ranges::contains(split(names, ' '), std::string_view(wish->resource))) {
      names += (names.empty() ? "" : " ") + wish->resource;
    }
    (void)co_await perform(
        MemoryPut{.key = key, .value = std::move(names), .expires_at = expires_at});
  }
  co_return std::monostate{};
}

std::string passed_key(const TokenWish& wish) {
  return "passed:" + memory_key(wish.id, wish.resource) + ":" + to_decimal(wish.min_ttl_ms);
}

// Handed back at the restart: a second refusal must not lead to a third try.
std::string note_of(const TokenWish& wish) {
  if (!wish.lacking_scope.empty()) {
    return std::string(kScopeNote);
  }
  if (wish.refused_version == 0) {
    return wish.note;
  }
  return std::string(wish.claims.empty() ? kRefusedNote : kClaimsNote);
}

Task<std::optional<LiveToken>> read_kv(FlowContext* context, TokenWish wish,
                                       std::int64_t* kv_version) {
  auto key = connection_key(wish.id);
  KvGet::Reply stored;
  if (context->ahead && context->ahead_key == key) {
    stored = std::move(*context->ahead);
    context->ahead.reset();
  } else {
    stored = co_await perform(KvGet{.key = std::move(key)});
  }
  if (!stored || !*stored) {
    co_return std::nullopt;
  }
  const auto record = decode_record(**stored);
  // Whatever stands under the key must be this connection's; KV is not believed about that.
  if (!record || record->id != wish.id || record->status != Status::connected) {
    co_return std::nullopt;
  }
  const auto settings = co_await find_integration(context, wish.id.org, wish.id.integration);
  if (!settings || is_of_another_cloud(*settings, record->cloud)) {
    co_return std::nullopt;
  }
  *kv_version = record->version;
  const auto now = co_await current_time();
  const TokenDemand demand{.resource = wish.resource,
                           .min_ttl_ms = wish.min_ttl_ms,
                           .forced = false,
                           .refused_version = wish.refused_version,
                           .arrived_at = now + 1};
  if (decide_token(&*record, demand, now).decision != TokenDecision::serve) {
    co_return std::nullopt;
  }
  const auto* token = record->token_for(wish.resource);
  auto opened = co_await perform(
      Open{.org = wish.id.org,
           .context = seal_context(wish.id, "access_token:" + wish.resource, token->sealed_version),
           .sealed = token->sealed});
  if (!opened) {
    co_return std::nullopt;
  }
  co_return LiveToken{.access_token = std::move(*opened),
                      .scope = token->scope,
                      .expires_at = token->expires_at,
                      .version = token->sealed_version,
                      .application = is_application(*record)};
}

// Nothing where KV's copy does not grant the wish; `kv_version` then says which copy that is.
Task<std::optional<LiveToken>> token_from_kv(FlowContext* context, TokenWish wish,
                                             std::int64_t* kv_version) {
  const bool first_try = wish.refused_version == 0;
  const auto passed = passed_key(wish);
  if (first_try && !context->ahead) {
    if (const auto version = co_await perform(MemoryGet{.key = passed})) {
      *kv_version = parse_decimal(*version).value_or(0);
      co_return std::nullopt;
    }
  }
  auto token = co_await read_kv(context, std::move(wish), kv_version);
  if (first_try && !token) {
    const auto now = co_await current_time();
    (void)co_await perform(
        MemoryPut{.key = passed, .value = to_decimal(*kv_version), .expires_at = now + kPassedMs});
  }
  co_return std::move(token);
}

}  // namespace

Task<std::monostate> forget_tokens(const FlowContext* context, ConnectionId id) {
  const auto settings = co_await find_integration(context, id.org, id.integration);
  if (!settings) {
    co_return std::monostate{};
  }
  for (const Api& api : settings->provider->apis) {
    const auto name = token_name(*settings->provider, api);
    if (name == api.name && !is_rare(name)) {
      (void)co_await perform(MemoryPut{.key = memory_key(id, name), .value = {}, .expires_at = 0});
    }
  }
  if (const auto guests = co_await perform(MemoryGet{.key = guests_key(id)})) {
    for (const auto name : split(*guests, ' ')) {
      (void)co_await perform(MemoryPut{.key = memory_key(id, name), .value = {}, .expires_at = 0});
    }
  }
  co_return std::monostate{};
}

Result<std::string, Problem> claims_of_caller(const FlowContext& context) {
  const auto encoded = context.parameters.text("claims");
  auto claims = encoded.empty() ? std::optional(std::string()) : decode_claims(encoded);
  if (!claims) {
    return std::unexpected(problem(ProblemCode::invalid_request,
                                   "`claims` must be a JSON object in base64, as it stood in the "
                                   "WWW-Authenticate header"));
  }
  return std::move(*claims);
}

Result<std::string, Problem> token_name_of_caller(const FlowContext& context,
                                                  const Provider& provider, const Api& api) {
  const auto name = token_name(provider, api);
  const auto wanted = context.parameters.text("tenant");
  if (wanted.empty()) {
    return std::string(name);
  }
  const auto* hooks = provider.hooks;
  const auto tenant =
      hooks == nullptr || hooks->tenant == nullptr ? std::nullopt : hooks->tenant(wanted);
  // One of the words that stand for many has neither a dot nor a dash.
  if (!tenant || tenant->text.find_first_of(".-") == std::string::npos) {
    return std::unexpected(problem(ProblemCode::invalid_request,
                                   "`tenant` must be one directory's id or domain, at a provider "
                                   "that has directories"));
  }
  return token_name_in(name, tenant->text);
}

Task<LiveToken> obtain_token(FlowContext* context, TokenWish wish) {
  const auto& input = context->input;
  const auto key = memory_key(wish.id, wish.resource);
  const auto now = co_await current_time();
  if (input.authority_reply && wish.refused_version == 0 && wish.lacking_scope.empty()) {
    if (auto token = decode_live_token(*input.authority_reply)) {
      (void)co_await remember_token(&wish, *input.authority_reply);
      co_return std::move(*token);
    }
  }
  // Whether what is stored satisfies claims the authority alone knows.
  const bool any_will_do = wish.claims.empty() && wish.lacking_scope.empty();
  if (any_will_do && wish.refused_version == 0) {
    if (const auto known = co_await perform(MemoryGet{.key = key})) {
      auto token = decode_live_token(*known);
      const auto wanted = wish.min_ttl_ms > kRefreshWindowMs ? wish.min_ttl_ms : kRefreshWindowMs;
      if (token && (token->expires_at == 0 || token->expires_at - now > wanted)) {
        co_return std::move(*token);
      }
    }
  }
  std::int64_t kv_version = 0;
  auto stored = any_will_do ? co_await token_from_kv(context, wish, &kv_version) : std::nullopt;
  if (stored) {
    (void)co_await remember_token(&wish, encode(*stored));
    co_return std::move(*stored);
  }
  // Refused once more, with a token that was issued for the sake of claims.
  const bool interactive = !wish.claims.empty() && input.note == kClaimsNote;
  (void)co_await perform(
      ask_authority_and_return(wish.id, "authority.token",
                               encode(TokenPayload{.id = wish.id,
                                                   .resource = wish.resource,
                                                   .min_ttl_ms = wish.min_ttl_ms,
                                                   .forced = false,
                                                   .refused_version = wish.refused_version,
                                                   .kv_version = kv_version,
                                                   .claims = wish.claims,
                                                   .interactive = interactive,
                                                   .lacking_scope = wish.lacking_scope}),
                               note_of(wish)));
  // The host does not come back here: it starts the flow again.
  co_return LiveToken{};
}

Task<Outcome> get_token_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto id = connection_of_caller(*context);
  const auto settings = co_await find_integration(context, id.org, id.integration);
  if (!settings) {
    co_return problem_outcome(settings.error());
  }
  const auto api = api_named(*settings->provider, parameters.text("resource"));
  if (!api) {
    co_return problem_outcome(api.error());
  }
  // Nobody who holds all of `tokens:read` was asked about what came later.
  const bool named = !(*api)->on_demand.empty();
  if (auto refused = refuse_api(context->caller, "tokens:read", (*api)->name, named)) {
    co_return problem_outcome(*refused);
  }
  auto claims = claims_of_caller(*context);
  if (!claims) {
    co_return problem_outcome(claims.error());
  }
  auto name = token_name_of_caller(*context, *settings->provider, **api);
  if (!name) {
    co_return problem_outcome(name.error());
  }
  const auto token =
      co_await obtain_token(context, {.id = id,
                                      .resource = std::move(*name),
                                      .min_ttl_ms = parameters.integer("min_ttl") * kSecondMs,
                                      .refused_version = 0,
                                      .claims = std::move(*claims)});
  JsonWriter out;
  out.begin_object()
      .member("access_token", token.access_token)
      .member("token_type", "Bearer")
      .member("resource", (*api)->name);
  if (token.expires_at != 0) {
    out.member("expires_at", format_iso8601(token.expires_at));
  } else {
    out.key("expires_at").null();
  }
  out.member("scope", token.scope).member("version", token.version);
  co_return json_outcome(out.end_object().take());
}

}  // namespace postern
