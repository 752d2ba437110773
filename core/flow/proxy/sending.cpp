#include "core/flow/proxy/sending.h"

#include "core/flow/token/futile.h"
#include "core/oauth/challenge.h"

namespace postern {

namespace {

// What the authority is to be asked for, after an answer that brought the flow back.
void ask_for_another(const ForwardReply& reply, Attempt* attempt, TokenWish* wish) {
  wish->refused_version = attempt->version;
  wish->claims = claims_of_challenge(header_of(reply, "www-authenticate")).value_or(std::string());
  attempt->refused = true;
}

// The API refused the token.
Task<std::monostate> replace_token(FlowContext* context, std::string url, Sending* sending,
                                   TokenWish* wish) {
  auto& attempt = sending->attempt;
  const auto& reply = *sending->reply;
  const RefusedPlace refused{.id = wish->id,
                             .resource = wish->resource,
                             .url = std::move(url),
                             .version = attempt.version};
  const bool has_claims = claims_of_challenge(header_of(reply, "www-authenticate")).has_value();
  if (!has_claims && attempt.refused) {
    (void)co_await remember_futile(refused);
  }
  if (!has_claims && (attempt.refused || co_await is_futile(refused))) {
    sending->relay = true;
    co_return std::monostate{};
  }
  if (attempt.claims || (!reply.repeatable && co_await is_futile(refused))) {
    // Refused with a token that was issued for the sake of claims: the next one takes a
    // person. Of a body that is sent once the token before was.
    context->input.note = kClaimsNote;
  }
  ask_for_another(reply, &attempt, wish);
  attempt.claims = has_claims;
  co_return std::monostate{};
}

}  // namespace

Task<Sending> decide_sending(FlowContext* context, const ProxyRequest* request, std::string url,
                             TokenWish* wish) {
  const auto& input = context->input;
  Sending sending;
  sending.reply = input.forward_reply ? decode_forward_reply(*input.forward_reply) : std::nullopt;
  const auto& reply = sending.reply;
  // Another note: the authority replaced the token meanwhile, or is being asked to.
  const auto before = attempt_of(input.note);
  if (const auto resumed = resumption_of(input.note)) {
    sending.attempt = resumed->attempt;
    sending.delay_ms = resumed->delay_ms;
    co_return sending;
  }
  if (!reply) {
    co_return sending;
  }
  if (!before) {
    sending.attempt = {.refused = input.note == kRefusedNote || input.note == kClaimsNote,
                       .claims = input.note == kClaimsNote};
    co_return sending;
  }
  sending.attempt = *before;
  const auto decision = decide_reply(*reply, *request, sending.attempt, co_await current_time());
  switch (decision.next) {
    case NextStep::relay:
      sending.relay = true;
      break;
    case NextStep::unreachable:
      sending.fault =
          problem(ProblemCode::provider_unavailable, "The provider's API cannot be reached");
      break;
    case NextStep::unknown:
      sending.fault = problem(ProblemCode::call_outcome_unknown);
      break;
    case NextStep::send_again: {
      auto& attempt = sending.attempt;
      sending.delay_ms = decision.delay_ms;
      attempt.failed = attempt.failed || reply->status == 0;
      attempt.waited_ms += decision.delay_ms;
      wish->note = note_of(Resumption{.attempt = attempt, .delay_ms = decision.delay_ms});
      break;
    }
    case NextStep::replace_token:
      (void)co_await replace_token(context, std::move(url), &sending, wish);
      break;
  }
  co_return sending;
}

Task<Result<LiveToken, Problem>> token_for_sending(FlowContext* context, Sending* sending,
                                                   std::string url, TokenWish wish) {
  // Of a sealed URL too: it is good for as long as the connection is.
  RefusedPlace place{.id = wish.id, .resource = wish.resource, .url = std::move(url)};
  const auto token = co_await obtain_token(context, std::move(wish));
  if (sending->attempt.refused && sending->reply && !sending->reply->repeatable) {
    // The next 401 there is the caller's: a body that is sent once cannot show that another token
    // would not help either.
    place.version = token.version;
    (void)co_await remember_futile(std::move(place));
    auto replaced = problem(ProblemCode::token_replaced);
    replaced.retry_after_seconds = 1;
    co_return std::unexpected(std::move(replaced));
  }
  sending->attempt.version = token.version;
  co_return token;
}

}  // namespace postern
