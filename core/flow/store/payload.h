// What front flows hand to the authority, and what they get back. Bytes between a Worker and its
// own Durable Object; never seen by a caller.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/connection/event.h"
#include "core/connection/record.h"
#include "core/flow/store/states.h"

namespace postern {

// authority.token, authority.refresh
struct TokenPayload {
  ConnectionId id;
  std::string resource;
  DurationMs min_ttl_ms = 0;
  bool forced = false;
  std::int64_t refused_version = 0;
  // The version that KV showed to the caller; 0: none. Lets the authority heal a KV that lost it.
  std::int64_t kv_version = 0;
  // A claims challenge that the token has to satisfy: a JSON object, or empty.
  std::string claims;
  // A token that was issued for these very claims was refused: only a person can satisfy them.
  bool interactive = false;
  // The API refused a token that lacks this scope: a person has to grant it, unless one has
  // meanwhile.
  std::string lacking_scope;
};
[[nodiscard]] std::string encode(const TokenPayload& payload);
[[nodiscard]] std::optional<TokenPayload> decode_token_payload(std::string_view bytes);

// The answer to it.
struct LiveToken {
  std::string access_token;
  std::string scope;
  EpochMs expires_at = 0;  // 0: unknown
  std::int64_t version = 0;
  bool application = false;  // nobody signed in: it is the registered app's own
};
[[nodiscard]] std::string encode(const LiveToken& token);
[[nodiscard]] std::optional<LiveToken> decode_live_token(std::string_view bytes);

// authority.connect: a consumed state and what came for it.
struct ConnectPayload {
  StateRow state;
  // "browser": the callback's raw query and the integration of its path.
  std::string query;
  std::string path_integration;
  // "caller": the code and verifier that the caller handed over, and the state itself. "browser":
  // the code that its browser takes to `return_to` to have the sign-in confirmed; empty: one is
  // made.
  std::string code;
  std::string code_verifier;
  std::string state_text;
};
[[nodiscard]] std::string encode(const ConnectPayload& payload);
[[nodiscard]] std::optional<ConnectPayload> decode_connect_payload(std::string_view bytes);

// authority.connect_app
struct AppPayload {
  ConnectionId id;
  std::string tenant;  // one directory's id or domain
};
[[nodiscard]] std::string encode(const AppPayload& payload);
[[nodiscard]] std::optional<AppPayload> decode_app_payload(std::string_view bytes);

// authority.confirm
struct ConfirmPayload {
  ConnectionId id;
  std::string attempt;
  std::string code_hash;
};
[[nodiscard]] std::string encode(const ConfirmPayload& payload);
[[nodiscard]] std::optional<ConfirmPayload> decode_confirm_payload(std::string_view bytes);

// authority.rollback
struct RollbackPayload {
  ConnectionId id;
  std::int64_t version = 0;
};
[[nodiscard]] std::string encode(const RollbackPayload& payload);
[[nodiscard]] std::optional<RollbackPayload> decode_rollback_payload(std::string_view bytes);

// authority.redeliver
struct RedeliverPayload {
  ConnectionId id;
  Event event;
};
[[nodiscard]] std::string encode(const RedeliverPayload& payload);
[[nodiscard]] std::optional<RedeliverPayload> decode_redeliver_payload(std::string_view bytes);

// authority.describe, authority.versions, authority.disconnect, authority.deliver
[[nodiscard]] std::string encode(const ConnectionId& id);
[[nodiscard]] std::optional<ConnectionId> decode_connection_id(std::string_view bytes);

}  // namespace postern
