#include "core/flow/proxy/attempt.h"

#include <algorithm>

#include "core/base/text.h"

namespace postern {

namespace {

constexpr std::string_view kPrefix = "sent:";
constexpr std::string_view kResumed = "resumed:";
// Before a request that got no answer leaves once more.
constexpr DurationMs kAfterSilenceMs = 100;
// Of a Retry-After: zero would be a loop.
constexpr DurationMs kLeastWaitMs = kSecondMs;

bool is_safe(std::string_view method) {
  return method == "GET" || method == "HEAD";
}

bool is_throttled(int status, bool safe) {
  // RFC 9110 15.6.4: 503 with Retry-After.
  return status == 429 || (status == 503 && safe);
}

}  // namespace

std::string note_of(const Attempt& attempt) {
  std::string note(kPrefix);
  note += to_decimal(attempt.version) + ':' + to_decimal(attempt.waited_ms) + ':';
  note += attempt.refused ? "r" : "";
  note += attempt.claims ? "c" : "";
  note += attempt.failed ? "f" : "";
  note += attempt.redirected ? "m" : "";
  return note;
}

std::optional<Attempt> attempt_of(std::string_view note) {
  if (!note.starts_with(kPrefix)) {
    return std::nullopt;
  }
  const auto parts = split(note.substr(kPrefix.size()), ':');
  const auto version = parse_decimal(parts[0]);
  const auto waited = parts.size() == 3 ? parse_decimal(parts[1]) : std::nullopt;
  if (!version || !waited) {
    return std::nullopt;
  }
  return Attempt{.version = *version,
                 .refused = parts[2].contains('r'),
                 .claims = parts[2].contains('c'),
                 .failed = parts[2].contains('f'),
                 .redirected = parts[2].contains('m'),
                 .waited_ms = *waited};
}

std::string note_of(const Resumption& resumption) {
  return std::string(kResumed) + to_decimal(resumption.delay_ms) + ':' +
         note_of(resumption.attempt);
}

std::optional<Resumption> resumption_of(std::string_view note) {
  if (!note.starts_with(kResumed)) {
    return std::nullopt;
  }
  note.remove_prefix(kResumed.size());
  const auto end = std::min(note.find(':'), note.size());
  const auto delay = parse_decimal(note.substr(0, end));
  const auto attempt = attempt_of(note.substr(std::min(end + 1, note.size())));
  if (!delay || !attempt) {
    return std::nullopt;
  }
  return Resumption{.attempt = *attempt, .delay_ms = *delay};
}

std::vector<int> returns_of(const ProxyRequest& request, const Attempt& attempt,
                            const Provider& provider) {
  const bool safe = is_safe(request.method);
  std::vector<int> returns = {0, 401};
  if (safe) {
    returns.append_range(provider.dead_token_statuses);
  }
  if (request.budget_ms > attempt.waited_ms) {
    returns.push_back(429);
    if (safe) {
      returns.push_back(503);
    }
  }
  return returns;
}

AttemptDecision decide_reply(const ForwardReply& reply, const ProxyRequest& request,
                             const Attempt& attempt, EpochMs now) {
  const bool safe = is_safe(request.method);
  if (reply.status == 0) {
    // 503, which says that nothing was done, has clients send a request again.
    if (!safe) {
      return {.next = NextStep::unknown};
    }
    return reply.repeatable && !attempt.failed
               ? AttemptDecision{.next = NextStep::send_again, .delay_ms = kAfterSilenceMs}
               : AttemptDecision{.next = NextStep::unreachable};
  }
  if (is_throttled(reply.status, safe)) {
    const auto wait = parse_retry_after(header_of(reply, "retry-after"), now);
    // Without a time to wait each further call may make the wait longer.
    const auto delay = std::max(wait.value_or(0), kLeastWaitMs);
    if (!wait || !reply.repeatable || delay > request.budget_ms - attempt.waited_ms) {
      return {.next = NextStep::relay};
    }
    return {.next = NextStep::send_again, .delay_ms = delay};
  }
  return {.next = NextStep::replace_token};
}

std::string_view header_of(const ForwardReply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

}  // namespace postern
