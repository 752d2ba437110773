#include "core/flow/resource/batch.h"

#include <algorithm>

#include "core/base/json_writer.h"
#include "core/base/text.h"

namespace postern {

namespace {

// learn.microsoft.com/graph/json-batching: "up to 20 individual requests".
constexpr std::size_t kMostInRound = 20;
constexpr std::size_t kMostIdBytes = 64;
// Of a batch, and of what one depends on: what orders them takes time by their number.
constexpr std::size_t kMostParts = 200;
constexpr std::size_t kMostDependencies = 20;
constexpr int kTooMany = 429;
constexpr int kFailedDependency = 424;
// Without a time: as for a call of its own.
constexpr DurationMs kUntoldMs = 30 * kSecondMs;

Problem wrong(std::string_view why) {
  return problem(ProblemCode::invalid_request, "`requests` " + std::string(why));
}

BatchPart* find(std::vector<BatchPart>& parts, std::string_view id) {
  const auto found = std::ranges::find(parts, id, &BatchPart::id);
  return found == parts.end() ? nullptr : &*found;
}

Result<BatchPart, Problem> read_part(Json request) {
  const auto id = json_string(request, "id");
  if (!request.is_object() || !id || id->empty() || id->size() > kMostIdBytes) {
    return std::unexpected(wrong("must be objects with an `id` of 1 to 64 bytes"));
  }
  if (!json_string(request, "method") || !json_text(request, "url").starts_with('/')) {
    return std::unexpected(wrong("must each have a `method`, and a `url` that begins with `/`"));
  }
  BatchPart part{.id = std::string(*id)};
  part.request = std::move(request);
  return part;
}

// Takes `dependsOn` out of the request.
std::optional<Problem> read_dependencies(std::vector<BatchPart>& parts, BatchPart& part) {
  if (const auto* depends = json_member(part.request, "dependsOn")) {
    if (depends->elements.size() > kMostDependencies) {
      return wrong("must depend on 20 others each at most");
    }
    for (const auto& other : depends->elements) {
      const auto* found = find(parts, other.string());
      if (found == nullptr) {
        return wrong("must depend on ids of the same list");
      }
      part.depends_on.push_back(static_cast<std::size_t>(found - parts.data()));
    }
  }
  std::erase_if(part.request.elements,
                [](const Json& member) { return member.name == "dependsOn"; });
  return std::nullopt;
}

// As Graph answers a part.
std::string response_of(std::string_view id, int status, std::string_view code,
                        std::string_view message) {
  JsonWriter out;
  out.begin_object().member("id", id).member("status", std::int64_t{status});
  out.key("body").begin_object().key("error").begin_object();
  out.member("code", code).member("message", message);
  return out.end_object().end_object().end_object().take();
}

void answer(BatchPart& part, int status, std::string_view code, std::string_view message) {
  part.status = status;
  part.response = response_of(part.id, status, code, message);
}

DurationMs retry_after_of(const Json& response, EpochMs now) {
  const auto* headers = json_member(response, "headers");
  if (headers != nullptr) {
    for (const auto& header : headers->elements) {
      if (equal_ignoring_case(header.name, "retry-after")) {
        return parse_retry_after(header.text, now).value_or(kUntoldMs);
      }
    }
  }
  return kUntoldMs;
}

// Has every part a place before what depends on it?
bool goes_in_a_circle(const std::vector<BatchPart>& parts) {
  std::vector<bool> placed(parts.size());
  std::size_t count = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t at = 0; at < parts.size(); ++at) {
      const bool ready = std::ranges::all_of(
          parts[at].depends_on, [&placed](std::size_t other) { return placed[other]; });
      if (ready && !placed[at]) {
        placed[at] = true;
        changed = true;
        count += 1;
      }
    }
  }
  return count < parts.size();
}

}  // namespace

Result<std::vector<BatchPart>, Problem> read_batch(std::string_view requests) {
  auto list = parse_json(requests);
  if (!list || !list->is_array() || list->elements.empty()) {
    return std::unexpected(wrong("must be a list of at least one request"));
  }
  if (list->elements.size() > kMostParts) {
    return std::unexpected(wrong("must be 200 at most: send more in further batches"));
  }
  std::vector<BatchPart> parts;
  for (auto& request : list->elements) {
    auto part = read_part(std::move(request));
    if (!part) {
      return std::unexpected(part.error());
    }
    if (find(parts, part->id) != nullptr) {
      return std::unexpected(wrong("must have an `id` of its own each"));
    }
    parts.push_back(std::move(*part));
  }
  for (auto& part : parts) {
    if (auto fault = read_dependencies(parts, part)) {
      return std::unexpected(std::move(*fault));
    }
  }
  if (goes_in_a_circle(parts)) {
    return std::unexpected(wrong("must not depend on each other in a circle"));
  }
  return parts;
}

std::vector<std::size_t> next_round(std::vector<BatchPart>& parts) {
  std::vector<std::size_t> round;
  bool changed = true;
  while (changed && round.size() < kMostInRound) {
    changed = false;
    for (std::size_t at = 0; at < parts.size() && round.size() < kMostInRound; ++at) {
      auto& part = parts[at];
      if (part.status != 0 || std::ranges::contains(round, at)) {
        continue;
      }
      bool ready = true;
      bool failed = false;
      for (const auto index : part.depends_on) {
        failed = failed || parts[index].status >= 400;
        ready = ready && (parts[index].status != 0 || std::ranges::contains(round, index));
      }
      if (failed) {
        answer(part, kFailedDependency, "FailedDependency",
               "What it depends on was not done: this was not sent");
        changed = true;
      } else if (ready) {
        round.push_back(at);
        changed = true;
      }
    }
  }
  return round;
}

std::string round_body(const std::vector<BatchPart>& parts, const std::vector<std::size_t>& round) {
  std::string body = "{\"requests\":[";
  for (const auto at : round) {
    auto request = dump_json(parts[at].request);
    std::string depends;
    for (const auto other : parts[at].depends_on) {
      if (std::ranges::contains(round, other)) {
        depends += depends.empty() ? "" : ",";
        depends += JsonWriter().string(parts[other].id).take();
      }
    }
    if (!depends.empty()) {
      request.pop_back();
      request += ",\"dependsOn\":[" + depends + "]}";
    }
    body += body.back() == '[' ? "" : ",";
    body += request;
  }
  return body + "]}";
}

void take_answers(std::vector<BatchPart>& parts, const std::vector<std::size_t>& round,
                  const Json& document, EpochMs now) {
  if (const auto* responses = json_member(document, "responses")) {
    for (const auto& response : responses->elements) {
      auto* part = find(parts, json_text(response, "id"));
      const auto status = json_integer(response, "status");
      const bool is_asked =
          part != nullptr && part->status == 0 &&
          std::ranges::contains(round, static_cast<std::size_t>(part - parts.data()));
      if (is_asked && status && *status >= 100 && *status <= 599) {
        part->status = static_cast<int>(*status);
        part->response = dump_json(response);
        part->retry_after_ms = part->status == kTooMany ? retry_after_of(response, now) : 0;
      }
    }
  }
  fail_round(parts, round, problem(ProblemCode::call_outcome_unknown));
}

void fail_round(std::vector<BatchPart>& parts, const std::vector<std::size_t>& round,
                const Problem& fault) {
  const auto& info = info_of(fault.code);
  for (const auto at : round) {
    if (parts[at].status == 0) {
      answer(parts[at], info.status, info.code, fault.detail.empty() ? info.title : fault.detail);
    }
  }
}

void leave_out(std::vector<BatchPart>& parts, std::string_view why) {
  for (auto& part : parts) {
    if (part.status == 0) {
      const auto& info = info_of(ProblemCode::timeout);
      answer(part, info.status, "NotSent", why);
    }
  }
}

DurationMs wait_of_throttled(const std::vector<BatchPart>& parts) {
  DurationMs wait = 0;
  for (const auto& part : parts) {
    if (part.status == kTooMany) {
      wait = std::max({wait, part.retry_after_ms, kSecondMs});
    }
  }
  return wait;
}

void send_throttled_again(std::vector<BatchPart>& parts) {
  for (auto& part : parts) {
    if (part.status == kTooMany) {
      part.status = 0;
    }
  }
  // And what failed for their sake alone, at whatever distance.
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& part : parts) {
      const auto awaits = [&parts](std::size_t other) { return parts[other].status == 0; };
      if (part.status == kFailedDependency && std::ranges::any_of(part.depends_on, awaits)) {
        part.status = 0;
        changed = true;
      }
    }
  }
}

std::string batch_json(const std::vector<BatchPart>& parts) {
  std::string text = "{\"responses\":[";
  for (const auto& part : parts) {
    text += text.back() == '[' ? "" : ",";
    text += part.response;
  }
  return text + "]}";
}

}  // namespace postern
