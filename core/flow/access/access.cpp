#include "core/flow/access/access.h"

#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/secret.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/frame/permission.h"
#include "core/flow/integration/settings.h"
#include "core/flow/proxy/policy_rule.h"
#include "core/flow/store/api_keys.h"
#include "core/flow/store/database.h"
#include "core/provider/catalogue.h"

namespace postern {

namespace {

constexpr DurationMs kMemoryMs = 30 * kSecondMs;
constexpr std::size_t kSecretCharacters = 43;
constexpr std::size_t kMaxOrgCharacters = 63;
constexpr std::string_view kPrefix = "pk_";
// In memory only: a key that does not exist, so that a flood of one wrong key stays in the isolate.
constexpr std::string_view kUnknownKey = "unknown";

Problem unauthenticated() {
  return problem(ProblemCode::unauthenticated);
}

Task<Result<std::optional<ApiKeyRecord>, HostFault>> load_from_stores(FlowContext* context,
                                                                      std::string hash) {
  KvGet get{.key = api_key_kv_key(hash)};
  KvGet::Reply cached;
  if (context->ahead_key.empty()) {
    cached = co_await perform(std::move(get));
  } else {
    auto [key_record, connection] =
        co_await all_of(effect_task(std::move(get)), effect_task(KvGet{.key = context->ahead_key}));
    cached = std::move(key_record);
    context->ahead = std::move(connection);
  }
  if (cached && *cached) {
    if (auto record = decode_api_key_record(**cached)) {
      co_return std::optional<ApiKeyRecord>(std::move(record));
    }
  }
  // KV did not know it, failed, or held something unreadable: D1 is the truth.
  const auto rows = co_await perform(in_shared_database({select_api_key_by_hash(hash)}));
  if (!rows) {
    co_return std::unexpected(rows.error());
  }
  auto record = api_key_record_of(*rows);
  if (record) {
    (void)co_await perform(KvPut{.key = api_key_kv_key(hash),
                                 .value = encode_api_key_record(*record),
                                 .ttl_seconds = kApiKeyKvSeconds});
  }
  co_return std::move(record);
}

Task<Result<Caller, Problem>> authenticate_key(FlowContext* context, std::string org,
                                               std::string hash) {
  const std::string memory_key = "apikey:" + hash;
  auto known = co_await perform(MemoryGet{.key = memory_key});
  std::optional<ApiKeyRecord> record;
  if (known) {
    record = decode_api_key_record(*known);
  } else {
    auto loaded = co_await load_from_stores(context, hash);
    if (!loaded) {
      co_return std::unexpected(problem(ProblemCode::store_unavailable));
    }
    record = std::move(*loaded);
    const auto now = co_await current_time();
    (void)co_await perform(
        MemoryPut{.key = memory_key,
                  .value = record ? encode_api_key_record(*record) : std::string(kUnknownKey),
                  .expires_at = now + kMemoryMs});
  }
  const auto now = co_await current_time();
  // The key itself says whose it is: a row of another organization is not its own.
  if (!record || record->org != org || record->revoked ||
      (record->expires_at != 0 && record->expires_at <= now)) {
    co_return std::unexpected(unauthenticated());
  }
  co_return Caller{.org = record->org, .permissions = record->permissions, .administrator = false};
}

}  // namespace

bool is_org_id(std::string_view text) {
  if (text.empty() || text.size() > kMaxOrgCharacters || text[0] == '-' || text == "GLOBAL") {
    return false;
  }
  for (const char c : text) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alphanumeric && c != '-') {
      return false;
    }
  }
  return true;
}

std::optional<ApiKeyText> parse_api_key(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() < kPrefix.size() + 2 + kSecretCharacters) {
    return std::nullopt;
  }
  const auto secret_at = text.size() - kSecretCharacters;
  const auto org = text.substr(kPrefix.size(), secret_at - kPrefix.size() - 1);
  if (text[secret_at - 1] != '_' || !is_org_id(org) ||
      !base64url_decode(text.substr(secret_at)).has_value()) {
    return std::nullopt;
  }
  return ApiKeyText{.org = org, .hash = sha256_base64url(text)};
}

std::string make_api_key(std::string_view org, std::string_view random_32_bytes) {
  return std::string(kPrefix) + std::string(org) + "_" + base64url_encode(random_32_bytes);
}

std::string_view bearer_of(std::string_view authorization) {
  // RFC 6750 2.1; `token` is what GitHub's clients write.
  for (const std::string_view scheme : {"bearer ", "token "}) {
    if (authorization.size() > scheme.size() &&
        equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
      return trim(authorization.substr(scheme.size()));
    }
  }
  return {};
}

Task<Result<Caller, Problem>> authenticate(FlowContext* context) {
  const auto& input = context->input;
  if (input.entry == Entry::rpc) {
    // `props` are set by the calling Worker's own configuration: trust at the level of the account.
    if (!is_org_id(input.binding_org) || input.binding_permissions.empty()) {
      co_return std::unexpected(
          problem(ProblemCode::unauthenticated,
                  "The service binding carries no org and permissions in props"));
    }
    co_return Caller{
        .org = input.binding_org, .permissions = input.binding_permissions, .administrator = false};
  }
  const auto bearer = bearer_of(input.header("authorization"));
  const auto key = parse_api_key(bearer);
  if (key) {
    if (context->reads_connection && !input.authority_reply) {
      context->ahead_key = connection_key(connection_in(key->org, context->parameters));
    }
    co_return co_await authenticate_key(context, std::string(key->org), key->hash);
  }
  const auto admin = context->env("ADMIN_API_KEY");
  // Hashes are compared, so neither length nor content shows in the time that it takes.
  if (is_credential(admin) && !bearer.empty() &&
      constant_time_equal(sha256_base64url(bearer), sha256_base64url(admin))) {
    co_return Caller{.org = {}, .permissions = {}, .administrator = true};
  }
  // Set with a line break or a space: whoever holds what is meant hears of it, and nobody else.
  if (!is_credential(admin) && !bearer.empty() &&
      constant_time_equal(sha256_base64url(bearer), sha256_base64url(trim(admin)))) {
    co_return std::unexpected(not_a_credential("ADMIN_API_KEY", admin));
  }
  co_return std::unexpected(unauthenticated());
}

bool is_permission(const FlowContext& context, std::string_view text) {
  if (text == "*" || text == kOrganizationPermission ||
      std::ranges::contains(context.permissions, text)) {
    return true;
  }
  if (text.starts_with(kPolicyPrefix)) {
    return fault_in_policy_word(text).empty();
  }
  const auto at = text.rfind(':');
  return at != std::string_view::npos &&
         std::ranges::contains(context.permissions_by_api, text.substr(0, at)) &&
         std::ranges::any_of(providers(), [&](const Provider* provider) {
           return find_api(*provider, text.substr(at + 1)) != nullptr;
         });
}

std::string fault_in_permissions(const FlowContext& context, std::string_view permissions) {
  // A word may be long, and an answer does not repeat it.
  std::int64_t place = 0;
  int of_links = 0;
  for (const auto word : split(permissions, ' ')) {
    ++place;
    if (word.starts_with(kPolicyPrefix)) {
      if (const auto fault = fault_in_policy_word(word); !fault.empty()) {
        return "`permissions`: number " + to_decimal(place) + ' ' + std::string(fault);
      }
      of_links += word.starts_with(kLinksPrefix) ? 1 : 0;
    } else if (!is_permission(context, word)) {
      return "`permissions` names one that does not exist";
    }
  }
  return of_links > 1 ? "`permissions` has several of " + std::string(kLinksPrefix) +
                            "pass, replace and remove: leave one"
                      : std::string();
}

std::optional<Problem> refuse_caller(const Caller& caller, const Operation& operation) {
  if (operation.access == Access::admin) {
    return caller.administrator ? std::nullopt
                                : std::optional(problem(ProblemCode::permission_denied,
                                                        "This needs the administrator's key"));
  }
  if (caller.administrator) {
    return problem(ProblemCode::permission_denied,
                   "The administrator's key belongs to no organization; create an API key");
  }
  const auto permission = operation.permission;
  if (operation.permission_by_api ? !caller.may_for_some_api(permission)
                                  : !caller.may(permission)) {
    return permission_needed(permission);
  }
  return std::nullopt;
}

}  // namespace postern
