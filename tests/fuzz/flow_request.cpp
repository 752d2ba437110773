// Who asks for what.
#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/fields.h"
#include "core/base/form.h"
#include "core/base/json_writer.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/effect/codec.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/frame/parameters.h"
#include "core/flow/integration/admin_consent.h"
#include "core/flow/proxy/attempt.h"
#include "core/flow/store/payload.h"
#include "core/oauth/pkce.h"
#include "core/oauth/state.h"
#include "tests/flows/host/story.h"
#include "tests/fuzz/flow_world.h"

namespace postern::fuzz {

using testing::World;

namespace {

constexpr std::string_view kDirectory = "72f988bf-86f1-41af-91ab-2d7cd011db47";

// What brings an administrator back, with a state that was made here or not.
std::string consent_answer(World& world, Choices& choices) {
  const auto sealed =
      world.seal("acme", "postern-admin-consent-1",
                 encode_admin_consent({.attempt = "adm_1",
                                       .integration = "azure",
                                       .client_id = choices.rarely(4) ? "x" : "postern-client",
                                       .tenant = choices.rarely(2) ? "organizations" : "common",
                                       .expires_at = world.now + 1000 - choices.byte() * 10}));
  return "admin_consent=True&tenant=" + std::string(kDirectory) + "&state=adm~" +
         (choices.rarely(4) ? "other" : "acme") + "~" + sealed +
         (choices.rarely(4) ? "&error=access_denied" : "");
}

// A value for a parameter of that name.
std::string value_of(const Parameter& parameter, Choices& choices) {
  if (choices.rarely(8)) {
    return choices.text();
  }
  const auto name = parameter.name;
  if (name == "user_id") return choices.rarely(6) ? "user-2" : "user-1";
  if (name == "integration") return choices.rarely(8) ? "github" : "azure";
  if (name == "resource") return choices.rarely(2) ? "arm" : "graph";
  if (name == "tenant_id" && parameter.required) return std::string(kDirectory);
  if (name == "tenant_id") return choices.rarely(2) ? "organizations" : "common";
  if (name == "return_to" || name == "redirect_uri") return std::string(testing::kReturnTo);
  if (name == "confirm") return choices.rarely(2) ? "backend" : "page";
  if (name == "mode") return choices.rarely(2) ? "caller" : "browser";
  if (name == "code_challenge") return s256_challenge(kSecret43);
  if (name == "code_verifier") return kSecret43;
  if (name == "code") return canary("code");
  // Of admin_consent_url it is the caller's own, and comes back as it is.
  if (name == "state") return parameter.place == ParameterPlace::query ? "x" : kState;
  if (name == "attempt") return kAttempt;
  if (name == "org_id") return "acme";
  if (name == "target") return choices.rarely(2) ? "/~postern/sealed#1" : "/v1.0/me?x=../";
  if (name == "links") return "keep";
  if (name == "wait") return to_decimal(static_cast<std::int64_t>(choices.one_of(40)));
  if (name == "permissions") return "connect";
  if (name == "status") return "connected";
  if (name == "event_id") return choices.rarely(2) ? "evt_1" : "evt_0";
  if (name == "version") return to_decimal(static_cast<std::int64_t>(choices.one_of(4)));
  if (name == "cursor" && parameter.kind != ParameterKind::cursor)
    return to_decimal(static_cast<std::int64_t>(choices.one_of(4)));
  if (name == "select") return choices.rarely(3) ? "a, b/c" : "id";
  if (name == "orderby") return choices.rarely(3) ? "a desc,b/c" : "id";
  if (name == "limit") return to_decimal(100 - static_cast<std::int64_t>(choices.one_of(101)));
  if (name == "type") return "refreshed";
  switch (parameter.kind) {
    case ParameterKind::integer:
      return to_decimal(std::int64_t{choices.byte()} * 4000);
    case ParameterKind::flag:
      return choices.rarely(2) ? "true" : "false";
    case ParameterKind::cursor:
      return choices.rarely(2) ? std::string() : "sealed#1";
    case ParameterKind::timestamp:
      return "2027-01-02T03:04:05Z";
    default:
      return "some-value";
  }
}

void add_parameters(FlowInput& input, const Operation& operation, Choices& choices) {
  JsonWriter body;
  body.begin_object();
  FormFields query;
  const bool rpc = input.entry == Entry::rpc;
  for (const auto& parameter : operation.parameters) {
    if (!parameter.required && !choices.rarely(3)) {
      continue;
    }
    auto value = value_of(parameter, choices);
    if (rpc || place_of(operation, parameter) == ParameterPlace::body) {
      if (!is_clean_text(value)) {
        value = "x";
      }
      if (rpc && is_over_rpc(operation)) {
        body.member(camel_case(parameter.name), value);
      } else {
        body.member(parameter.name, value);
      }
    } else if (place_of(operation, parameter) == ParameterPlace::path) {
      input.path.emplace_back(parameter.name, value);
    } else if (operation.forwards) {
      std::string name = "postern-" + std::string(parameter.name);
      std::ranges::replace(name, '_', '-');
      input.headers.emplace_back(std::move(name), value);
    } else {
      query.emplace_back(std::string(parameter.name), value);
    }
  }
  input.query = form_encode(query);
  input.body = body.end_object().take();
}

// A call of an API: what it is, and what brought it back, where it was sent before.
void add_call(FlowInput& input, Choices& choices) {
  constexpr std::string_view kMethods[] = {"GET", "POST", "HEAD"};
  constexpr std::string_view kTargets[] = {"/v1.0/me", "/", "//evil.example/", "/v1.0/..%2fx",
                                           "/~postern/sealed#1"};
  input.headers.emplace_back(":method", kMethods[choices.one_of(3)]);
  input.headers.emplace_back(":target", choices.mutated(std::string(kTargets[choices.one_of(5)])));
  if (!choices.rarely(2)) {
    return;
  }
  constexpr std::int64_t kStatuses[] = {401, 429, 503, 403, 0};
  const std::string challenge =
      "Bearer error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"";
  FieldWriter reply;
  reply.number(kStatuses[choices.one_of(5)])
      .text(pair_fields({{"www-authenticate", choices.mutated(challenge)},
                         {"retry-after", choices.rarely(2) ? choices.text(8) : "1"}}))
      .flag(choices.rarely(2))
      .text("");
  input.forward_reply = choices.mutated(reply.take());
  input.note = choices.mutated(note_of({.version = static_cast<std::int64_t>(choices.one_of(5)),
                                        .refused = choices.rarely(2),
                                        .claims = choices.rarely(2)}));
}

std::string payload_for(World& world, std::string_view operation, Choices& choices) {
  if (operation == "authority.token" || operation == "authority.refresh") {
    return encode(TokenPayload{.id = kId,
                               .resource = choices.rarely(3) ? "arm" : "graph",
                               .min_ttl_ms = choices.byte() * kMinuteMs,
                               .forced = operation == "authority.refresh",
                               .refused_version = static_cast<std::int64_t>(choices.one_of(5)),
                               .kv_version = static_cast<std::int64_t>(choices.one_of(5))});
  }
  if (operation == "authority.connect") {
    const bool browser = !choices.rarely(3);
    return encode(ConnectPayload{
        .state = state_row(world, browser ? "browser" : "caller", choices),
        .query = browser ? "code=" + canary("code") + "&state=" + kState : std::string(),
        .path_integration = "azure",
        .code = canary("code"),
        .code_verifier = kSecret43,
        .state_text = kState});
  }
  if (operation == "authority.confirm") {
    return encode(ConfirmPayload{.id = kId,
                                 .attempt = kAttempt,
                                 .code_hash = sha256_base64url(choices.rarely(3) ? "x" : "code")});
  }
  if (operation == "authority.rollback") {
    return encode(
        RollbackPayload{.id = kId, .version = static_cast<std::int64_t>(2 - choices.one_of(3))});
  }
  if (operation == "authority.redeliver") {
    return encode(RedeliverPayload{
        .id = kId, .event = {.id = "evt_1", .type = "connected", .at = world.now, .data = "{}"}});
  }
  if (operation == "authority.alarm") {
    // As the platform rings it, or as who delivers goes on in it.
    return choices.rarely(4) ? "delivered" : "";
  }
  return encode(kId);
}

}  // namespace

FlowInput make_input(World& world, const Operation& operation, Choices& choices) {
  FlowInput input;
  input.operation = operation.name;
  input.now = world.now;
  input.arrived_at = world.now - static_cast<std::int64_t>(choices.byte());
  input.entropy = world.entropy(operation.entropy_bytes);
  if (operation.access == Access::authority) {
    input.entry = operation.name == "authority.alarm" ? Entry::alarm : Entry::authority;
    input.payload = choices.mutated(payload_for(world, operation.name, choices));
    input.incarnation = kIncarnation;
    return input;
  }
  input.entry = !is_over_rpc(operation) || choices.rarely(2) ? Entry::http : Entry::rpc;
  if (input.entry == Entry::rpc) {
    input.binding_org = "acme";
    input.binding_permissions = "* proxy";
  } else {
    const bool admin = operation.access == Access::admin || operation.access == Access::open;
    input.headers = {
        {"authorization", "Bearer " + (admin ? canary("admin") : kApiKey)},
        {"sec-fetch-site", choices.rarely(6) ? "cross-site" : "same-origin"},
        {"cookie",
         choices.rarely(6) ? choices.text() : attempt_cookie_name(kAttempt) + "=" + kSecret43}};
  }
  if (operation.access != Access::browser) {
    add_parameters(input, operation, choices);
    if (operation.forwards) {
      add_call(input, choices);
    }
  } else if (operation.name == "callback") {
    constexpr std::string_view kAnswers[] = {
        "", "error=access_denied&", "iss=https%3A%2F%2Fevil.example&", "admin_consent=True&"};
    input.path = {{"integration", choices.rarely(6) ? "other" : "azure"}};
    const auto answer = std::string(kAnswers[choices.one_of(4)]);
    if (choices.rarely(4)) {
      input.query = consent_answer(world, choices);
      return input;
    }
    input.query = answer + (answer.starts_with("error") ? "" : "code=" + canary("code") + "&") +
                  "state=" + kState;
  } else {
    input.path = {{"link", choices.rarely(6) ? choices.text() : kSecret43}};
  }
  if (choices.rarely(8)) {
    input.query = choices.mutated(input.query);
    input.body = choices.mutated(input.body);
  }
  return input;
}

}  // namespace postern::fuzz
