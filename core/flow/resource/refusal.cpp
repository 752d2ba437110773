#include "core/flow/resource/refusal.h"

#include <algorithm>

#include "core/base/json.h"
#include "core/base/text.h"

namespace postern {

namespace {

constexpr std::int64_t kUntoldPatienceSeconds = 30;
constexpr std::size_t kMostBytes = 128;
constexpr int kDeepest = 8;
constexpr JsonLimits kErrorLimits{.max_bytes = std::size_t{64} * 1024, .max_depth = 32};

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Codes, ids and times have no other characters than these, so that nothing of a text gets here.
std::string checked(std::string_view text, std::string_view besides) {
  const bool fits = text.size() <= kMostBytes && std::ranges::all_of(text, [besides](char c) {
                      return is_alphanumeric(c) || besides.contains(c);
                    });
  return fits ? std::string(text) : std::string();
}

std::string code_in(const Json& error) {
  return checked(json_text(error, "code"), "._-:/");
}

std::string id_in(std::string_view text) {
  return checked(text, "._-:{}");
}

std::string time_in(std::string_view text) {
  return checked(text, "-:.+, ");
}

void set_if_empty(std::string& member, std::string value) {
  if (member.empty()) {
    member = std::move(value);
  }
}

const Json* member_of(const Json& object, std::string_view a, std::string_view b) {
  const auto* member = json_member(object, a);
  return member != nullptr ? member : json_member(object, b);
}

// {"error": {"code", "innerError": {"code", "date", "request-id", "client-request-id"}}}
// (learn.microsoft.com/graph/errors); other services write `innererror`, `odata.error`, or the code
// at the top.
void read_error(const Json& document, ApiWords& words) {
  const auto* error = member_of(document, "error", "odata.error");
  if (error == nullptr || !error->is_object()) {
    error = &document;
  }
  words.code = code_in(*error);
  for (int depth = 0; depth < kDeepest; ++depth) {
    error = member_of(*error, "innerError", "innererror");
    if (error == nullptr || !error->is_object()) {
      break;
    }
    if (auto code = code_in(*error); !code.empty()) {
      words.inner_code = std::move(code);
    }
    set_if_empty(words.reference, id_in(json_text(*error, "request-id")));
    set_if_empty(words.client_request_id, id_in(json_text(*error, "client-request-id")));
    if (auto time = time_in(json_text(*error, "date")); !time.empty()) {
      words.timestamp = std::move(time);
    }
  }
  if (words.inner_code == words.code) {
    words.inner_code.clear();
  }
}

Problem problem_of_status(const HttpReply& reply) {
  switch (reply.status) {
    case 400:
      return problem(ProblemCode::invalid_request, "The provider's API refused the parameters");
    case 403:
      return problem(ProblemCode::provider_forbidden);
    case 404:
      return problem(ProblemCode::provider_not_found);
    case 409:
      return problem(ProblemCode::provider_conflict);
    case 412:
      return problem(ProblemCode::provider_conflict,
                     "It was changed meanwhile, or `if_match` is not its ETag: read it again");
    case 423:
      return problem(ProblemCode::provider_conflict, "It is locked");
    case 429:
      return problem(ProblemCode::rate_limited);
    default:
      return reply.status >= 500
                 ? problem(ProblemCode::provider_unavailable)
                 : problem(ProblemCode::provider_rejected,
                           "The provider's API answered " + to_decimal(reply.status));
  }
}

}  // namespace

Problem problem_of_host(HostFault fault) {
  switch (fault) {
    case HostFault::timeout:
      return problem(ProblemCode::timeout, "The provider's API did not answer in time");
    case HostFault::too_large:
      return problem(ProblemCode::answer_too_large);
    case HostFault::unavailable:
    case HostFault::refused:
      break;
  }
  return problem(ProblemCode::provider_unavailable, "The provider's API cannot be reached");
}

std::string_view header_of(const Pairs& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

ApiWords words_in(const HttpReply& reply) {
  ApiWords words{.reference = id_in(header_of(reply.headers, "request-id")),
                 .client_request_id = id_in(header_of(reply.headers, "client-request-id")),
                 .correlation_id = id_in(header_of(reply.headers, "x-ms-correlation-request-id")),
                 .timestamp = time_in(header_of(reply.headers, "date"))};
  if (reply.status >= 300) {
    if (const auto document = parse_content(reply.body, kErrorLimits);
        document && document->is_object()) {
      read_error(*document, words);
    }
  }
  return words;
}

const ApiError* known_error(const Provider& provider, const ApiWords& words) {
  for (const std::string_view code : {words.inner_code, words.code}) {
    for (const ApiError& known : provider.api_errors) {
      if (!code.empty() && equal_ignoring_case(known.code, code)) {
        return &known;
      }
    }
  }
  return nullptr;
}

Problem refusal_of(const Provider& provider, const HttpReply& reply, const ApiWords& words,
                   EpochMs now) {
  Problem refusal = problem_of_status(reply);
  if (reply.status == 429 || reply.status >= 500) {
    // The server says that it failed: nothing that it says besides is believed of the account.
    const auto wait = parse_retry_after(header_of(reply.headers, "retry-after"), now);
    // Of what is throttled without a time each call makes the wait longer
    // (microsoftgraph/msgraph-sdk-dotnet#250, zammad/zammad#5565).
    const auto otherwise = reply.status == 429 ? kUntoldPatienceSeconds : 1;
    refusal.retry_after_seconds = wait ? (*wait + kSecondMs - 1) / kSecondMs : otherwise;
  } else if (const auto* known = known_error(provider, words); known != nullptr) {
    refusal = problem(known->problem, known->words);
    refusal.members.emplace_back("fix", known->fix);
  }
  append_words(refusal.members, words);
  return refusal;
}

void append_words(Pairs& out, const ApiWords& words) {
  const std::pair<std::string_view, std::string_view> members[] = {
      {"provider_code", words.code},
      {"provider_inner_code", words.inner_code},
      {"reference", words.reference},
      {"client_request_id", words.client_request_id},
      {"correlation_id", words.correlation_id},
      {"timestamp", words.timestamp}};
  for (const auto& [name, value] : members) {
    if (!value.empty()) {
      out.emplace_back(name, value);
    }
  }
}

}  // namespace postern
