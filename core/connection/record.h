// One connection as it is stored: in the authority (the truth), in KV (for reads) and in D1 (the
// backup). Tokens are sealed; everything else is readable by whoever may read the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/connection/status.h"
#include "core/connection/subject.h"

namespace postern {

// Whose connection: nothing crosses `org`.
struct ConnectionId {
  std::string org;
  std::string integration;
  std::string subject;  // subject_text

  friend bool operator==(const ConnectionId&, const ConnectionId&) = default;
};

// "connection:<org>:<hash of all three>": the KV key, and the name of the Durable Object. A hash,
// because a user id may be 255 bytes of anything and a KV key at most 512.
[[nodiscard]] std::string connection_key(const ConnectionId& id);

struct StoredAccessToken {
  std::string resource;
  std::string sealed;
  std::int64_t sealed_version = 0;  // the record's version that it was sealed under
  EpochMs minted_at = 0;
  EpochMs expires_at = 0;  // 0: the provider did not say
  std::string scope;
};

struct Account {
  std::string key;  // tid|oid or iss|sub: the identity that is compared
  std::string tenant_id;
  std::string provider_user_id;
  std::string name;      // for people, never compared
  std::string username;  // for people, never compared
};

struct ConnectionRecord {
  ConnectionId id;
  std::string provider;
  std::int64_t version = 0;
  Status status = Status::not_connected;
  Account account;
  std::string tenant;                // what the sign-in was asked for: common, a GUID, a domain
  std::string sealed_refresh_token;  // empty: there is none
  std::int64_t refresh_sealed_version = 0;
  EpochMs refresh_minted_at = 0;
  std::vector<StoredAccessToken> tokens;  // one for each resource
  EpochMs created_at = 0;
  EpochMs updated_at = 0;
  // When the person signed in: what an absolute lifetime counts from.
  EpochMs granted_at = 0;
  // Why a person is needed (needs_reauth): a stable word, what the provider said (its error code
  // and its reference, printable ASCII), and its claims challenge.
  std::string cause;
  std::string evidence;
  std::string claims;
  // The scopes that the sign-in asked for, separated by blanks, where they were not its
  // integration's. A release that does not know of it does not read such a record.
  std::string asked_scopes;
  // Which of the provider's clouds it is of (Cloud::value); empty: the first one, which is the
  // public one. The tokens are shown to no other cloud. As for `asked_scopes`.
  std::string cloud;

  [[nodiscard]] const StoredAccessToken* token_for(std::string_view resource) const;
};

[[nodiscard]] std::string encode_record(const ConnectionRecord& record);
[[nodiscard]] std::optional<ConnectionRecord> decode_record(std::string_view bytes);

// The associated data of a sealed field: a ciphertext that is moved to another organization,
// connection, field or version does not open.
[[nodiscard]] std::string seal_context(const ConnectionId& id, std::string_view field,
                                       std::int64_t version);

// KV keeps a record for 90 days (the life of Entra's refresh token), a tombstone stays longer in
// the authority.
inline constexpr std::int64_t kRecordKvSeconds = 90LL * 24 * 3600;

}  // namespace postern
