// Every encoding that is stored, or sent to another release: one value of each, and how its bytes
// are read and written again.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fields.h"
#include "core/connection/event.h"
#include "core/connection/journal.h"
#include "core/connection/record.h"
#include "core/effect/codec.h"
#include "core/flow/integration/admin_consent.h"
#include "core/flow/store/api_keys.h"
#include "core/flow/store/payload.h"

namespace postern::testing {

// Reads and writes again; nullopt where it cannot be read.
using Again = std::optional<std::string> (*)(std::string_view);

inline std::optional<std::string> record_again(std::string_view bytes) {
  return decode_record(bytes).transform(encode_record);
}
inline std::optional<std::string> journal_again(std::string_view bytes) {
  return decode_journal(bytes).transform(encode_journal);
}
inline std::optional<std::string> pending_again(std::string_view bytes) {
  return decode_pending(bytes).transform(encode_pending);
}
inline std::optional<std::string> outbox_again(std::string_view bytes) {
  return decode_outbox(bytes).transform(encode_outbox);
}
// None is not written.
inline std::optional<std::string> revocations_again(std::string_view bytes) {
  return bytes.empty() ? std::nullopt : decode_revocations(bytes).transform(encode_revocations);
}
inline std::optional<std::string> trouble_again(std::string_view bytes) {
  return decode_trouble(bytes).transform(encode_trouble);
}
// None is not written, and stands for what cannot be read.
inline std::optional<std::string> pauses_again(std::string_view bytes) {
  const auto pauses = decode_pauses(bytes);
  return pauses.empty() ? std::nullopt : std::optional(encode_pauses(pauses));
}
inline std::optional<std::string> events_again(std::string_view bytes) {
  return decode_events(bytes).transform([](const std::vector<Event>& events) {
    std::string all;
    for (const auto& event : events) {
      all += encode_event(event);
    }
    return all;
  });
}
inline std::optional<std::string> delivery_again(std::string_view bytes) {
  return decode_delivery(bytes).transform(encode_delivery);
}
inline std::optional<std::string> api_key_again(std::string_view bytes) {
  return decode_api_key_record(bytes).transform(encode_api_key_record);
}
inline std::optional<std::string> admin_consent_again(std::string_view bytes) {
  return decode_admin_consent(bytes).transform(encode_admin_consent);
}
inline std::optional<std::string> kept_again(std::string_view bytes) {
  std::optional<Fetch::Reply> reply;
  return read_kept(bytes, reply) ? std::optional(encode_reply(Reply(*reply))) : std::nullopt;
}
template <auto Decode>
std::optional<std::string> payload_again(std::string_view bytes) {
  return Decode(bytes).transform([](const auto& payload) { return encode(payload); });
}

struct Encoding {
  std::string_view name;
  std::string bytes;
  Again again = nullptr;
  // A list ends, in front of what a later release appended, in an empty field.
  bool is_list = false;
  // The fields of the versions from 2 on that are known here, as they are where nothing is in them.
  std::vector<std::string_view> since;
  // The last version that is known here; 0: 2 where there is anything since, otherwise 1.
  int known = 0;
  // How long it is where it ends earlier and is read: without what came later, or an element.
  std::vector<std::size_t> shorter;
};

inline std::vector<Encoding> encodings() {
  const ConnectionId id{.org = "acme", .integration = "azure", .subject = "u"};
  const StoredAccessToken token{.resource = "graph",
                                .sealed = "s1.k.x",
                                .sealed_version = 3,
                                .minted_at = 5,
                                .expires_at = 6,
                                .scope = "User.Read"};
  const ConnectionRecord record{.id = id,
                                .provider = "microsoft",
                                .version = 3,
                                .status = Status::connected,
                                .account = {.key = "t|o", .name = "Ada"},
                                .tenant = "common",
                                .sealed_refresh_token = "s1.k.y",
                                .refresh_sealed_version = 2,
                                .tokens = {token, token},
                                .created_at = 1,
                                .updated_at = 2,
                                .granted_at = 4};
  const Journal journal{.id = id,
                        .sent_at = 1,
                        .base_version = 2,
                        .attempts = 1,
                        .resource = "graph",
                        .connect = encode(ConnectPayload{.state = {.id = id}}),
                        .incarnation = "i",
                        .asked_at = 6};
  const Event event{.id = "evt_1", .type = "refreshed", .at = 5, .data = R"({"a":1})"};
  const Outbox outbox{.attempts = 1, .events = encode_event(event), .worked_at = 7};
  const Pause pause{.resource = "graph", .granted_at = 1, .since = 2, .until = 3, .refused_at = 4};
  const WebhookProgress progress{.name = "https://a.example#1", .next = 2, .next_at = 3};
  const Delivery delivery{.first = 1, .seen = 9, .next_at = 3, .webhooks = {progress}};
  FieldWriter old_outbox;
  old_outbox.number(1).flag(false).flag(false).number(0);
  const auto journal_bytes = encode_journal(journal);
  const auto one_event = encode_event(event);
  const auto one_pause = encode_pauses({pause});
  const Revocation revocation{.record = "r", .since = 5, .retry_at = 6, .asked_at = 7};
  const auto one_revocation = encode_revocations({revocation});
  const Reply kept = Fetch::Reply(HttpReply{.status = 200, .headers = {{"a", "b"}}, .body = "{}"});
  return {
      {.name = "record",
       .bytes = encode_record(record),
       .again = record_again,
       .since = {"", "", ""},
       .known = 4},
      {.name = "journal",
       .bytes = journal_bytes,
       .again = journal_again,
       .since = {""},
       // Without the time, of one digit, and the incarnation, of one letter.
       .shorter = {journal_bytes.size() - 5, journal_bytes.size() - 10}},
      {.name = "pending",
       .bytes = encode_pending({.attempt = "a", .code_hash = "h", .expires_at = 5, .record = "r"}),
       .again = pending_again},
      {.name = "outbox",
       .bytes = encode_outbox(outbox),
       .again = outbox_again,
       .since = {""},
       .shorter = {old_outbox.bytes().size()}},
      {.name = "revocations",
       .bytes = encode_revocations({revocation, revocation}),
       .again = revocations_again,
       .is_list = true,
       .shorter = {one_revocation.size()}},
      {.name = "trouble",
       .bytes = encode_trouble({.reason = "r", .since = 5, .integration = true}),
       .again = trouble_again},
      {.name = "pauses",
       .bytes = encode_pauses({pause, pause}),
       .again = pauses_again,
       .is_list = true,
       .shorter = {one_pause.size()}},
      {.name = "events",
       .bytes = one_event + one_event,
       .again = events_again,
       .is_list = true,
       .shorter = {0, one_event.size()}},
      {.name = "delivery",
       .bytes = encode_delivery(delivery),
       .again = delivery_again,
       .is_list = true,
       .shorter = {encode_delivery({.first = 1, .seen = 9, .next_at = 3}).size()}},
      {.name = "API key",
       .bytes = encode_api_key_record({.id = "k", .org = "acme", .permissions = "*"}),
       .again = api_key_again},
      {.name = "admin consent",
       .bytes = encode_admin_consent({.attempt = "adm_1",
                                      .integration = "azure",
                                      .client_id = "c",
                                      .tenant = "common",
                                      .expires_at = 5}),
       .again = admin_consent_again},
      {.name = "kept answer", .bytes = encode_reply(kept), .again = kept_again},
      {.name = "token payload",
       .bytes =
           encode(TokenPayload{.id = id, .resource = "graph", .min_ttl_ms = 5, .forced = true}),
       .again = payload_again<decode_token_payload>,
       .since = {"", "0", ""},
       .known = 3},
      {.name = "live token",
       .bytes = encode(LiveToken{.access_token = "a", .scope = "s", .expires_at = 5, .version = 6}),
       .again = payload_again<decode_live_token>,
       .since = {"0"}},
      {.name = "app payload",
       .bytes = encode(AppPayload{.id = id, .tenant = "t"}),
       .again = payload_again<decode_app_payload>},
      {.name = "connect payload",
       .bytes = encode(ConnectPayload{.state = {.id = id, .confirm = "page"}, .state_text = "s"}),
       .again = payload_again<decode_connect_payload>,
       .since = {"", ""},
       .known = 3},
      {.name = "confirm payload",
       .bytes = encode(ConfirmPayload{.id = id, .attempt = "a", .code_hash = "h"}),
       .again = payload_again<decode_confirm_payload>},
      {.name = "rollback payload",
       .bytes = encode(RollbackPayload{.id = id, .version = 7}),
       .again = payload_again<decode_rollback_payload>},
      {.name = "redeliver payload",
       .bytes = encode(RedeliverPayload{.id = id, .event = event}),
       .again = payload_again<decode_redeliver_payload>},
      {.name = "connection", .bytes = encode(id), .again = payload_again<decode_connection_id>}};
}

}  // namespace postern::testing
