#include "core/flow/connect/attempt.h"

#include "core/base/json_writer.h"
#include "core/flow/connect/ending.h"
#include "core/flow/connect/link.h"
#include "core/flow/connect/operations.h"
#include "core/flow/connect/pages.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/frame/log.h"
#include "core/flow/frame/permission.h"
#include "core/flow/integration/settings.h"
#include "core/flow/store/database.h"
#include "core/flow/store/events.h"
#include "core/flow/store/states.h"
#include "core/oauth/state.h"

namespace postern {

namespace {

struct Standing {
  std::string_view status;
  EpochMs until = 0;  // 0: for ever
};

// Nothing tells of its end.
constexpr std::string_view kNotTold = "not_told";

// The code is being exchanged, as far as anybody can know for as long as a sign-in takes.
bool is_under_way(const LinkRow& link, EpochMs now) {
  return link.cause == kNotTold && now < link.consumed_at + kStateLifeMs;
}

Standing standing_of(const LinkRow& link, EpochMs now) {
  if (link.outcome == kOutcomeConnected) {
    return {.status = "connected"};
  }
  if (is_under_way(link, now)) {
    return {.status = "started", .until = link.consumed_at + kStateLifeMs};
  }
  if (link.outcome == code_of(PageKind::outcome_unknown)) {
    return {.status = "unknown"};
  }
  if (!link.outcome.empty() && link.outcome != kOutcomePending) {
    return {.status = "failed"};
  }
  Standing standing{.status = "waiting", .until = link.expires_at};
  if (link.outcome == kOutcomePending) {
    standing = {.status = "pending", .until = link.ended_at + kPendingLifeMs};
  } else if (link.consumed_at != 0) {
    standing = {.status = "started", .until = link.consumed_at + kStateLifeMs};
  }
  return standing.until > now ? standing : Standing{.status = "expired"};
}

std::string attempt_json(const LinkRow& link, const Standing& standing) {
  const auto subject = parse_subject(link.id.subject);
  JsonWriter out;
  out.begin_object()
      .member("attempt", link.attempt)
      .member("status", standing.status)
      .member("integration", link.id.integration)
      .member("user_id", subject.is_organization() ? kOrganizationName : subject.user_id)
      .member("subject", subject.is_organization() ? "organization" : "user")
      .member("account", subject.account)
      .member("created_at", format_iso8601(link.created_at));
  if (standing.until != 0) {
    out.member("expires_at", format_iso8601(standing.until));
  }
  if (link.ended_at != 0) {
    out.member("ended_at", format_iso8601(link.ended_at));
  }
  if (standing.status == "failed" || standing.status == "unknown") {
    out.member("reason", link.outcome).member("cause", link.cause);
  }
  return out.end_object().take();
}

// Its end may not have been kept, or not be known yet: then its state and the log tell. A sign-in
// that came back and of which nothing tells is under way, or waits to be finished.
Task<LinkRow> with_its_end(LinkRow link) {
  const auto unknown = code_of(PageKind::outcome_unknown);
  if (link.consumed_at == 0 || (!link.outcome.empty() && link.outcome != unknown)) {
    co_return std::move(link);
  }
  const auto states =
      co_await perform(in_shared_database({select_state_of_attempt(link.attempt, link.id.org)}));
  if (states && !states->empty() && state_of((*states)[0])) {
    co_return std::move(link);
  }
  const auto events = co_await perform(in_database_of(
      link.id.org, {select_end_of_attempt(link.id, link.attempt, link.created_at - kMinuteMs)}));
  const auto end = events && !events->empty() ? attempt_end_of((*events)[0]) : std::nullopt;
  if (end) {
    link.outcome = end->connected ? std::string(kOutcomeConnected) : end->reason;
    link.cause = end->cause;
    link.ended_at = end->at;
  } else if (link.outcome.empty()) {
    link.outcome = unknown;
    link.cause = kNotTold;
  }
  co_return std::move(link);
}

}  // namespace

Task<Outcome> ended_page(const FlowContext* context, LinkRow link, std::string cookie,
                         PageKind otherwise) {
  link = co_await with_its_end(std::move(link));
  if (link.confirm == kConfirmByBackend &&
      standing_of(link, co_await current_time()).status == kOutcomePending) {
    co_return connect_waiting({.attempt = link.attempt, .id = link.id, .return_to = link.return_to},
                              confirmation_code(link.attempt, cookie));
  }
  const auto told = kind_of(link.outcome);
  const auto settings = co_await find_integration(context, link.id.org, link.id.integration);
  co_return result_page(
      {.kind = told.value_or(otherwise),
       .organization = link.id.org,
       .provider_name = std::string(settings ? settings->provider->display_name : ""),
       .detail = told && link.outcome != kOutcomeConnected ? link.cause : std::string()});
}

Task<std::monostate> keep_end(const ConnectionId* id, std::string attempt, std::string outcome,
                              std::string cause) {
  const auto now = co_await current_time();
  const auto kept =
      co_await perform(in_shared_database({end_attempt(attempt, id->org, outcome, cause, now)}));
  if (!kept) {
    (void)co_await log_connection(LogLevel::warn, "attempt_end_lost", id, "attempt", attempt);
  }
  co_return std::monostate{};
}

Task<Outcome> get_attempt_flow(FlowContext* context) {
  const auto attempt = context->parameters.text("attempt");
  if (!is_attempt_id(attempt)) {
    co_return problem_outcome(ProblemCode::not_found);
  }
  const auto rows =
      co_await perform(in_shared_database({select_link_by_attempt(attempt, context->caller.org)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  auto link = link_of((*rows)[0]);
  if (!link) {
    co_return problem_outcome(ProblemCode::not_found);
  }
  if (parse_subject(link->id.subject).is_organization() &&
      !context->caller.may(kOrganizationPermission)) {
    co_return problem_outcome(permission_needed(kOrganizationPermission));
  }
  link = co_await with_its_end(std::move(*link));
  co_return json_outcome(attempt_json(*link, standing_of(*link, co_await current_time())));
}

}  // namespace postern
