#include "core/flow/grant/refusal.h"

#include "core/base/fields.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/connection/decision.h"
#include "core/connection/description.h"
#include "core/connection/token_name.h"
#include "core/flow/grant/kept.h"
#include "core/flow/grant/reauth.h"
#include "core/flow/store/database.h"
#include "core/flow/store/integration_faults.h"
#include "core/provider/error_words.h"

namespace postern {

namespace {

constexpr DurationMs kRefusalMs = 30 * kSecondMs;

std::string integration_key(const AuthorityState& state) {
  return "refused-integration:" + state.id.org + ":" + state.id.integration;
}

// With the grant: a new sign-in is a new chance. Not with the version, which a refusal may change.
std::string resource_key(const AuthorityState& state, std::string_view resource) {
  std::string key = "refused:" + connection_key(state.id) + ":" +
                    to_decimal(state.record->granted_at) + ":" + std::string(resource);
  if (const auto claims = claims_for(state, resource); !claims.empty()) {
    key += ':' + sha256_base64url(claims);
  }
  return key;
}

std::string encode(const Refusal& refusal) {
  FieldWriter out;
  out.number(static_cast<std::int64_t>(refusal.kind))
      .text(refusal.reason)
      .text(evidence_of(refusal.said))
      .text(refusal.claims)
      .number(refusal.until);
  return out.take();
}

std::optional<Refusal> decode(std::string_view bytes) {
  FieldReader in(bytes);
  Refusal refusal;
  const auto kind = in.number();
  refusal.reason = in.text();
  refusal.said = words_of_evidence(in.text());
  refusal.claims = in.text();
  refusal.until = in.number();
  if (!in.complete() || kind < 0 || kind > static_cast<std::int64_t>(RefusalKind::passing)) {
    return std::nullopt;
  }
  refusal.kind = static_cast<RefusalKind>(kind);
  return refusal;
}

void add_words(const AuthorityState& state, const ProviderWords& said, Problem* told) {
  const auto provider = std::string_view(state.record->provider);
  told->members.emplace_back("evidence", evidence_of(said));
  told->members.emplace_back("fix", fix_for(*state.record, said));
  if (const auto meaning = meaning_of(provider, said); !meaning.empty()) {
    told->members.emplace_back("meaning", meaning);
  }
  add_members(said, told->members);
}

}  // namespace

Refusal refusal_of(RefusalKind kind, const TokenFault& fault) {
  return {.kind = kind, .reason = fault.reason, .said = fault.said, .claims = fault.claims};
}

Task<std::optional<Refusal>> recall_refusal(const AuthorityState* state, std::string resource) {
  const auto ours = co_await perform(MemoryGet{.key = integration_key(*state)});
  if (ours) {
    co_return decode(*ours);
  }
  const auto theirs = co_await perform(MemoryGet{.key = resource_key(*state, resource)});
  co_return theirs ? decode(*theirs) : std::nullopt;
}

Task<std::monostate> remember_refusal(const AuthorityState* state, std::string resource,
                                      Refusal* refusal) {
  const auto now = co_await current_time();
  refusal->until = now + kRefusalMs;
  (void)co_await perform(MemoryPut{.key = refusal->kind == RefusalKind::integration
                                              ? integration_key(*state)
                                              : resource_key(*state, resource),
                                   .value = encode(*refusal),
                                   .expires_at = refusal->until});
  co_return std::monostate{};
}

Task<std::monostate> mark_integration(const AuthorityState* state, const TokenFault* fault) {
  const auto now = co_await current_time();
  const auto& said = fault->said;
  const auto& reference = said.correlation.empty() ? said.trace : said.correlation;
  (void)co_await perform(
      in_database_of(state->id.org, {upsert_integration_fault(state->id.org, state->id.integration,
                                                              {.reason = fault->reason,
                                                               .error = said.error,
                                                               .reference = reference,
                                                               .since = now,
                                                               .last_seen = now})}));
  (void)co_await perform(Log{.level = LogLevel::error,
                             .event = "integration_fault",
                             .fields = {{"integration", state->id.integration},
                                        {"reason", fault->reason},
                                        {"evidence", evidence_of(said)}}});
  co_return std::monostate{};
}

Task<Problem> tell_refusal(FlowContext* context, const AuthorityState* state, std::string resource,
                           Refusal refusal) {
  const auto now = co_await current_time();
  switch (refusal.kind) {
    case RefusalKind::person: {
      AuthorityState shown{.id = state->id, .settings = state->settings, .record = state->record};
      shown.record->evidence = evidence_of(refusal.said);
      shown.record->cause = cause_of(refusal.said);
      shown.record->claims = std::move(refusal.claims);
      co_return co_await needs_reauth_problem(context, &shown, std::move(resource));
    }
    case RefusalKind::refused: {
      const auto directory = tenant_of_token(state->claims_resource);
      auto told = directory.empty()
                      ? problem(ProblemCode::resource_refused)
                      : problem(ProblemCode::resource_refused,
                                "The directory " + std::string(directory) +
                                    " refuses it. A sign-in at that directory (`tenant_id`, under "
                                    "an `account` of its own) may be given it");
      told.members.emplace_back("reason", refusal.reason);
      add_words(*state, refusal.said, &told);
      co_return told;
    }
    case RefusalKind::integration: {
      auto told = problem(ProblemCode::integration_fault);
      told.members.emplace_back("reason", refusal.reason);
      if (!refusal.said.correlation.empty()) {
        // As the first release called it.
        told.members.emplace_back("reference", refusal.said.correlation);
      }
      add_words(*state, refusal.said, &told);
      co_return told;
    }
    case RefusalKind::passing:
      break;
  }
  co_return patience_problem(refusal.until, now);
}

}  // namespace postern
