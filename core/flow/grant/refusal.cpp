#include "core/flow/grant/refusal.h"

#include "core/base/fields.h"
#include "core/base/text.h"
#include "core/connection/decision.h"
#include "core/flow/grant/kept.h"
#include "core/flow/grant/reauth.h"

namespace postern {

namespace {

constexpr DurationMs kRefusalMs = 30 * kSecondMs;

std::string integration_key(const AuthorityState& state) {
  return "refused-integration:" + state.id.org + ":" + state.id.integration;
}

// With the grant: a new sign-in is a new chance. Not with the version, which a refusal may change.
std::string resource_key(const AuthorityState& state, std::string_view resource) {
  return "refused:" + connection_key(state.id) + ":" + to_decimal(state.record->granted_at) + ":" +
         std::string(resource);
}

std::optional<Refusal> decode(std::string_view bytes, RefusalKind otherwise) {
  FieldReader in(bytes);
  Refusal refusal{.kind = in.flag() ? RefusalKind::person : otherwise};
  refusal.reason = in.text();
  refusal.error = in.text();
  refusal.reference = in.text();
  refusal.claims = in.text();
  refusal.until = in.number();
  return in.complete() ? std::optional(std::move(refusal)) : std::nullopt;
}

}  // namespace

Refusal refusal_of(RefusalKind kind, const TokenFault& fault) {
  return {.kind = kind,
          .reason = fault.reason,
          .error = fault.error,
          .reference = fault.reference,
          .claims = fault.claims};
}

Task<std::optional<Refusal>> recall_refusal(const AuthorityState* state, std::string resource) {
  const auto ours = co_await perform(MemoryGet{.key = integration_key(*state)});
  if (ours) {
    co_return decode(*ours, RefusalKind::integration);
  }
  const auto theirs = co_await perform(MemoryGet{.key = resource_key(*state, resource)});
  co_return theirs ? decode(*theirs, RefusalKind::passing) : std::nullopt;
}

Task<std::monostate> remember_refusal(const AuthorityState* state, std::string resource,
                                      Refusal* refusal) {
  const auto now = co_await current_time();
  refusal->until = now + kRefusalMs;
  FieldWriter out;
  out.flag(refusal->kind == RefusalKind::person)
      .text(refusal->reason)
      .text(refusal->error)
      .text(refusal->reference)
      .text(refusal->claims)
      .number(refusal->until);
  (void)co_await perform(MemoryPut{.key = refusal->kind == RefusalKind::integration
                                              ? integration_key(*state)
                                              : resource_key(*state, resource),
                                   .value = out.take(),
                                   .expires_at = refusal->until});
  co_return std::monostate{};
}

Task<Problem> tell_refusal(FlowContext* context, const AuthorityState* state, Refusal refusal) {
  const auto now = co_await current_time();
  switch (refusal.kind) {
    case RefusalKind::person: {
      AuthorityState shown{.id = state->id, .settings = state->settings, .record = state->record};
      shown.record->evidence = evidence_of(refusal.error, refusal.reference);
      shown.record->cause = std::move(refusal.error);
      shown.record->claims = std::move(refusal.claims);
      co_return co_await needs_reauth_problem(context, &shown);
    }
    case RefusalKind::integration: {
      auto fault = problem(ProblemCode::integration_fault);
      fault.members.emplace_back("reason", refusal.reason);
      fault.members.emplace_back("fix", "operator");
      if (!refusal.reference.empty()) {
        fault.members.emplace_back("reference", refusal.reference);
      }
      co_return fault;
    }
    case RefusalKind::passing:
      break;
  }
  co_return patience_problem(refusal.until, now);
}

}  // namespace postern
