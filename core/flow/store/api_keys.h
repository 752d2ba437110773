// API keys: what is known of one wherever it is stored, and D1's table of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/effect/effects.h"

namespace postern {

// What is known of a key wherever it is stored (KV, memory). Fields in this order.
struct ApiKeyRecord {
  std::string id;
  std::string org;
  std::string permissions;
  EpochMs expires_at = 0;  // 0: never
  bool revoked = false;
};
[[nodiscard]] std::string encode_api_key_record(const ApiKeyRecord& record);
[[nodiscard]] std::optional<ApiKeyRecord> decode_api_key_record(std::string_view bytes);
[[nodiscard]] std::string api_key_kv_key(std::string_view hash);
inline constexpr std::int64_t kApiKeyKvSeconds = 60;

[[nodiscard]] SqlStatement select_api_key_by_hash(std::string_view hash);
[[nodiscard]] std::optional<ApiKeyRecord> api_key_record_of(
    const std::vector<SqlOutcome>& outcomes);

struct ApiKeyRow {
  std::string id;
  std::string hash;
  std::string org;
  std::string name;
  std::string permissions;
  EpochMs created_at = 0;
  EpochMs expires_at = 0;
  EpochMs revoked_at = 0;  // 0: it is not
};
[[nodiscard]] SqlStatement insert_api_key(const ApiKeyRow& row);
[[nodiscard]] SqlStatement select_api_keys(std::string_view org, std::int64_t limit);
[[nodiscard]] SqlStatement revoke_api_key(std::string_view id, EpochMs now);
[[nodiscard]] std::vector<ApiKeyRow> api_key_rows_of(const SqlOutcome& outcome);

}  // namespace postern
