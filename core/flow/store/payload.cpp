#include "core/flow/store/payload.h"

#include "core/base/fields.h"

namespace postern {

namespace {

// Of a ConnectPayload.
constexpr std::int64_t kScopesVersion = 2;
constexpr std::int64_t kDroppedScopesVersion = 3;

void write(FieldWriter& out, const ConnectionId& id) {
  out.text(id.org).text(id.integration).text(id.subject);
}
ConnectionId read_id(FieldReader& in) {
  ConnectionId id;
  id.org = in.text();
  id.integration = in.text();
  id.subject = in.text();
  return id;
}

}  // namespace

std::string encode(const TokenPayload& payload) {
  FieldWriter out;
  write(out, payload.id);
  out.text(payload.resource)
      .number(payload.min_ttl_ms)
      .flag(payload.forced)
      .number(payload.refused_version)
      .number(payload.kv_version);
  if (!payload.lacking_scope.empty()) {
    out.number(3).text(payload.claims).flag(payload.interactive).text(payload.lacking_scope);
  } else if (!payload.claims.empty()) {
    out.number(2).text(payload.claims).flag(payload.interactive);
  }
  return out.take();
}

std::optional<TokenPayload> decode_token_payload(std::string_view bytes) {
  FieldReader in(bytes);
  TokenPayload payload;
  payload.id = read_id(in);
  payload.resource = in.text();
  payload.min_ttl_ms = in.number();
  payload.forced = in.flag();
  payload.refused_version = in.number();
  payload.kv_version = in.number();
  const auto version = in.version();
  if (version > 1) {
    payload.claims = in.text();
    payload.interactive = in.flag();
  }
  if (version > 2) {
    payload.lacking_scope = in.text();
  }
  return in.complete_or_later() ? std::optional(std::move(payload)) : std::nullopt;
}

std::string encode(const RollbackPayload& payload) {
  FieldWriter out;
  write(out, payload.id);
  out.number(payload.version);
  return out.take();
}

std::optional<RollbackPayload> decode_rollback_payload(std::string_view bytes) {
  FieldReader in(bytes);
  RollbackPayload payload;
  payload.id = read_id(in);
  payload.version = in.number();
  return in.complete_or_later() ? std::optional(std::move(payload)) : std::nullopt;
}

std::string encode(const AppPayload& payload) {
  FieldWriter out;
  write(out, payload.id);
  out.text(payload.tenant);
  return out.take();
}

std::optional<AppPayload> decode_app_payload(std::string_view bytes) {
  FieldReader in(bytes);
  AppPayload payload;
  payload.id = read_id(in);
  payload.tenant = in.text();
  return in.complete_or_later() ? std::optional(std::move(payload)) : std::nullopt;
}

std::string encode(const RedeliverPayload& payload) {
  FieldWriter out;
  write(out, payload.id);
  out.text(encode_event(payload.event));
  return out.take();
}

std::optional<RedeliverPayload> decode_redeliver_payload(std::string_view bytes) {
  FieldReader in(bytes);
  auto id = read_id(in);
  auto events = decode_events(in.text());
  return in.complete_or_later() && events && events->size() == 1
             ? std::optional(RedeliverPayload{.id = std::move(id), .event = events->front()})
             : std::nullopt;
}

std::string encode(const LiveToken& token) {
  FieldWriter out;
  out.text(token.access_token).text(token.scope).number(token.expires_at).number(token.version);
  if (token.application) {
    out.number(2).flag(true);
  }
  return out.take();
}

std::optional<LiveToken> decode_live_token(std::string_view bytes) {
  FieldReader in(bytes);
  LiveToken token;
  token.access_token = in.text();
  token.scope = in.text();
  token.expires_at = in.number();
  token.version = in.number();
  token.application = in.version() > 1 && in.flag();
  return in.complete_or_later() ? std::optional(std::move(token)) : std::nullopt;
}

std::string encode(const ConnectPayload& payload) {
  const auto& state = payload.state;
  FieldWriter out;
  write(out, state.id);
  out.text(state.state_hash)
      .text(state.mode)
      .text(state.attempt)
      .text(state.tenant)
      .text(state.redirect_uri)
      .text(state.code_challenge)
      .text(state.sealed_verifier)
      .text(state.return_to)
      .text(state.confirm)
      .flag(state.allow_other_account)
      .text(payload.query)
      .text(payload.path_integration)
      .text(payload.code)
      .text(payload.code_verifier)
      .text(payload.state_text);
  if (!state.dropped_scopes.empty()) {
    out.number(kDroppedScopesVersion).text(state.scopes).text(state.dropped_scopes);
  } else if (!state.scopes.empty()) {
    out.number(kScopesVersion).text(state.scopes);
  }
  return out.take();
}

std::optional<ConnectPayload> decode_connect_payload(std::string_view bytes) {
  FieldReader in(bytes);
  ConnectPayload payload;
  auto& state = payload.state;
  state.id = read_id(in);
  state.state_hash = in.text();
  state.mode = in.text();
  state.attempt = in.text();
  state.tenant = in.text();
  state.redirect_uri = in.text();
  state.code_challenge = in.text();
  state.sealed_verifier = in.text();
  state.return_to = in.text();
  state.confirm = in.text();
  state.allow_other_account = in.flag();
  payload.query = in.text();
  payload.path_integration = in.text();
  payload.code = in.text();
  payload.code_verifier = in.text();
  payload.state_text = in.text();
  const auto version = in.version();
  if (version >= kScopesVersion) {
    state.scopes = in.text();
  }
  if (version >= kDroppedScopesVersion) {
    state.dropped_scopes = in.text();
  }
  return in.complete_or_later() ? std::optional(std::move(payload)) : std::nullopt;
}

std::string encode(const ConfirmPayload& payload) {
  FieldWriter out;
  write(out, payload.id);
  out.text(payload.attempt).text(payload.code_hash);
  return out.take();
}

std::optional<ConfirmPayload> decode_confirm_payload(std::string_view bytes) {
  FieldReader in(bytes);
  ConfirmPayload payload;
  payload.id = read_id(in);
  payload.attempt = in.text();
  payload.code_hash = in.text();
  return in.complete_or_later() ? std::optional(std::move(payload)) : std::nullopt;
}

std::string encode(const ConnectionId& id) {
  FieldWriter out;
  write(out, id);
  return out.take();
}

std::optional<ConnectionId> decode_connection_id(std::string_view bytes) {
  FieldReader in(bytes);
  auto id = read_id(in);
  return in.complete_or_later() ? std::optional(std::move(id)) : std::nullopt;
}

}  // namespace postern
