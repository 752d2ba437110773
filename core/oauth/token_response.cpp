#include "core/oauth/token_response.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/form.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/oauth/claims.h"
#include "core/oauth/scope.h"

namespace postern {
namespace {

constexpr std::size_t kMaxTokenBytes = 16UZ * 1024;
constexpr std::size_t kMaxIdTokenBytes = 32UZ * 1024;
constexpr std::size_t kMaxScopeBytes = 8UZ * 1024;
constexpr std::size_t kMaxWordBytes = 64;
constexpr std::int64_t kYearSeconds = 31'536'000;

bool all_in(std::string_view text, char first, char last) {
  return std::ranges::all_of(text, [=](char c) { return c >= first && c <= last; });
}

TokenFault fault_for(const TokenReply& reply, FaultVerdict verdict, EpochMs now) {
  TokenFault fault;
  fault.kind = verdict.kind;
  fault.reason = verdict.reason;
  fault.status = reply.status;
  if (!reply.retry_after.empty()) {
    fault.retry_after = parse_retry_after(reply.retry_after, now);
    if (fault.retry_after) fault.retry_after = std::min(*fault.retry_after, kDayMs);
  }
  return fault;
}

// The status speaks first (429 and 5xx come as HTML more often than not), then `reason`.
TokenFault unreadable(const TokenReply& reply, const char* reason, EpochMs now) {
  FaultVerdict verdict = classify_token_error({.status = reply.status}, {});
  if (std::string_view(verdict.reason) == "malformed") verdict.reason = reason;
  return fault_for(reply, verdict, now);
}

// Why a body is no document; one of TokenFault's reasons.
struct Unreadable {
  const char* reason;
};

std::string media_type(std::string_view content_type) {
  return to_lower_ascii(trim(content_type.substr(0, content_type.find(';'))));
}

Result<Json, Unreadable> read_form(std::string_view body) {
  auto fields = form_decode(body);
  if (!fields) return fail(Unreadable{"not_json"});
  Json document{.kind = JsonKind::object, .name = {}, .text = {}, .elements = {}};
  for (auto& [name, value] : *fields) {
    if (json_member(document, name) != nullptr) return fail(Unreadable{"malformed"});
    document.elements.push_back(
        {.kind = JsonKind::string, .name = name, .text = std::move(value), .elements = {}});
  }
  return document;
}

Result<Json, Unreadable> read_document(const TokenReply& reply, const TokenQuirks& quirks) {
  const std::string media = media_type(reply.content_type);
  if (media == "text/html" || media == "application/xhtml+xml") {
    return fail(Unreadable{"not_json"});
  }
  if (quirks.form_encoded && media == "application/x-www-form-urlencoded") {
    return read_form(reply.body);
  }
  auto document = parse_reply(reply.body, {.max_bytes = kMaxTokenReplyBytes, .max_depth = 8});
  if (!document) {
    const bool read = document.error() != JsonFault::not_json;
    return fail(Unreadable{read ? "malformed" : "not_json"});
  }
  if (!document->is_object()) return fail(Unreadable{"malformed"});
  return std::move(*document);
}

// A non-empty string member, moved out of the document so that no second copy of a token stays
// behind.
std::optional<Secret> take_secret(Json& document, std::string_view name) {
  for (Json& member : document.elements) {
    if (member.name == name && !member.string().empty()) return Secret(std::move(member.text));
  }
  return std::nullopt;
}

bool is_token(const Secret& token, std::size_t max_bytes, char first) {
  const std::string_view text = token.reveal();
  return text.size() <= max_bytes && all_in(text, first, 0x7e);
}

// Whatever says "no": RFC 6749 5.2 `error`, at any status, and Slack's `ok: false`.
bool is_refusal(const Json& document) {
  const Json* error = json_member(document, "error");
  const bool has_error =
      error != nullptr && !error->is_null() && json_string(document, "error") != "";
  return has_error || json_boolean(document, "ok") == false;
}

// A claims challenge is only of use whole; one that is no JSON object would break the next request.
std::string claims_challenge(const Json& document) {
  const Json* member = json_member(document, "claims");
  auto claims = member != nullptr && member->is_object()
                    ? dump_json(*member)
                    : std::string(json_text(document, "claims"));
  return is_claims(claims) ? std::move(claims) : std::string();
}

bool has(const Json& document, std::string_view name) {
  const Json* member = json_member(document, name);
  return member != nullptr && !member->is_null() &&
         (member->kind != JsonKind::string || !member->text.empty());
}

// Entra: numbers, of which the first is the one that its description begins with.
std::string error_codes(const Json& document) {
  std::string codes;
  const Json* list = json_member(document, "error_codes");
  if (list == nullptr || !list->is_array()) return codes;
  for (const Json& code : list->elements) {
    if (code.kind != JsonKind::number || !all_in(code.text, '0', '9') ||
        codes.size() + code.text.size() >= kMaxWordBytes) {
      break;
    }
    if (!codes.empty()) codes += ',';
    codes += code.text;
  }
  return codes;
}

// Letters, digits and `_.:-`, so that it fits anywhere; a blank too, as Entra's timestamps have.
// Else nothing.
std::string word(const Json& document, std::string_view name) {
  const std::string_view text = json_text(document, name);
  const bool fits = std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= ':') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '.' || c == '-' || c == ' ';
  });
  return fits && text.size() <= kMaxWordBytes ? std::string(text) : std::string();
}

ProviderWords words_of(const Json& document) {
  auto suberror = word(document, "suberror");
  return {.error = printable_ascii(json_text(document, "error"), kMaxWordBytes),
          .suberror = suberror.empty() ? word(document, "error_subtype") : suberror,
          .codes = error_codes(document),
          .correlation = word(document, "correlation_id"),
          .trace = word(document, "trace_id"),
          .timestamp = word(document, "timestamp")};
}

TokenFault refusal(const TokenReply& reply, const Json& document, const TokenQuirks& quirks,
                   EpochMs now) {
  auto claims = claims_challenge(document);
  auto words = words_of(document);
  // As they came: what is not fit to be shown means something all the same.
  // Google calls it error_subtype.
  const auto suberror = json_text(document, "suberror");
  // What cannot be read asks for a person all the same.
  const bool has_unread = has(document, "suberror") && suberror.empty();
  const TokenRefusal said{
      .error = json_text(document, "error"),
      .suberror = suberror.empty() ? json_text(document, "error_subtype") : suberror,
      .has_claims = has(document, "claims") || has_unread,
      .status = reply.status,
      .number = first_code(words)};
  TokenFault fault = fault_for(reply, classify_token_error(said, quirks.errors), now);
  fault.said = std::move(words);
  fault.claims = std::move(claims);
  return fault;
}

std::optional<std::int64_t> lifetime(const Json& document, std::string_view name) {
  std::optional<std::int64_t> seconds = json_integer(document, name);
  if (!seconds) seconds = parse_decimal(json_text(document, name));
  if (!seconds || *seconds < 1 || *seconds > kYearSeconds) return std::nullopt;
  return seconds;
}

std::string granted_scope(const Json& document, bool commas) {
  const std::string_view text = json_text(document, "scope");
  if (text.size() > kMaxScopeBytes) return {};
  std::vector<std::string> scopes = split_scopes(text, commas);
  std::erase_if(scopes, [](const std::string& scope) { return !is_scope_token(scope); });
  return join_scopes(scopes);
}

}  // namespace

Result<TokenResponse, TokenFault> process_token_response(const TokenReply& reply,
                                                         const TokenQuirks& quirks, EpochMs now) {
  if (reply.body.size() > kMaxTokenReplyBytes) return fail(unreadable(reply, "too_large", now));
  auto document = read_document(reply, quirks);
  if (!document) return fail(unreadable(reply, document.error().reason, now));
  if (is_refusal(*document)) return fail(refusal(reply, *document, quirks, now));
  if (reply.status < 200 || reply.status > 299) return fail(unreadable(reply, "malformed", now));

  TokenResponse response;
  response.refresh_token = take_secret(*document, "refresh_token");
  // RFC 6749 A.17. Not dropped in silence: with rotation it would be the only one that lives.
  if (response.refresh_token && !is_token(*response.refresh_token, kMaxTokenBytes, 0x20)) {
    return fail(unreadable(reply, "malformed", now));
  }
  auto access_token = take_secret(*document, "access_token");
  if (!access_token || !is_token(*access_token, kMaxTokenBytes, 0x21)) {
    auto fault = unreadable(reply, "malformed", now);
    fault.refresh_token = std::move(response.refresh_token);
    return fail(std::move(fault));
  }
  response.access_token = std::move(*access_token);
  response.id_token = take_secret(*document, "id_token");
  if (response.id_token && !is_token(*response.id_token, kMaxIdTokenBytes, 0x21)) {
    response.id_token.reset();  // no identity comes from it, and the grant is not its fault
  }

  response.token_type = printable_ascii(json_text(*document, "token_type"), 32);
  if (!quirks.any_token_type && !equal_ignoring_case(response.token_type, "bearer")) {
    // RFC 6749 7.1: not to be used. The server would say the same again, so it is no transient.
    auto fault = fault_for(reply, {FaultKind::refused, "unsupported_token_type"}, now);
    fault.refresh_token = std::move(response.refresh_token);
    return fail(std::move(fault));
  }
  response.expires_in_seconds = lifetime(*document, "expires_in");
  response.refresh_token_expires_in_seconds = lifetime(*document, "refresh_token_expires_in");
  response.scope = granted_scope(*document, quirks.comma_scopes);
  return response;
}

}  // namespace postern
