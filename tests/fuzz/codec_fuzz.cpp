// Everything that reads the core's own binary form: inputs, answers, stored records, payloads. What
// is read is written again and read the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/fields.h"
#include "core/base/text.h"
#include "core/connection/event.h"
#include "core/connection/journal.h"
#include "core/connection/record.h"
#include "core/connection/schedule.h"
#include "core/effect/codec.h"
#include "core/effect/task.h"
#include "core/flow/frame/input.h"
#include "core/flow/store/api_keys.h"
#include "core/flow/store/payload.h"
#include "tests/flows/host/wire.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

namespace {

// What was read says the same again when it is written: the form has one spelling of each value,
// but for numbers with leading zeros.
template <class Decode, class Encode>
void check_round_trip(std::string_view bytes, Decode decode, Encode encode) {
  const auto value = decode(bytes);
  if (!value) {
    return;
  }
  const std::string once = encode(*value);
  const auto again = decode(once);
  check(again.has_value());
  check(encode(*again) == once);
}

void check_replies(std::string_view bytes) {
  for (std::size_t kind = 0; kind < std::variant_size_v<Effect>; ++kind) {
    check_round_trip(
        bytes, [kind](std::string_view text) { return decode_reply(kind, text); },
        [](const Reply& reply) { return encode_reply(reply); });
  }
}

Task<std::size_t> ask_everything() {
  auto [http, value] =
      co_await all_of(effect_task(Fetch{.url = "https://example.com/"}), effect_task(KvGet{}));
  auto [rows, stored] = co_await all_of(effect_task(Sql{}), effect_task(StorageRead{}));
  const auto known = co_await perform(MemoryGet{});
  const auto holds = co_await perform(VerifySignature{});
  std::size_t size = (http ? http->body.size() : 0) + (value && *value ? (*value)->size() : 0);
  for (std::size_t i = 0; rows && i < rows->size(); ++i) {
    size += (*rows)[i].rows.size();
  }
  co_return size + (stored ? stored->size() : 0) + (known ? known->size() : 0) +
      (holds && *holds ? 1 : 0);
}

// The bytes are cut into several crossings; whatever is wrong with them ends the flow and no more.
void check_delivery(std::string_view bytes) {
  Loop loop(0);
  auto task = ask_everything();
  task.start(loop);
  loop.run();
  while (!task.done() && !bytes.empty()) {
    const auto size = std::min<std::size_t>(static_cast<unsigned char>(bytes[0]) * 4, bytes.size());
    if (!deliver_replies(loop, bytes.substr(1, size))) {
      return;
    }
    bytes.remove_prefix(std::min(bytes.size(), size + 1));
    loop.run();
    check(task.done() || loop.pending_count() > 0);
  }
}

std::string encode_events(const std::vector<Event>& events) {
  std::string bytes;
  for (const auto& event : events) {
    bytes += encode_event(event);
  }
  return bytes;
}

// Times come out of any record, and only of one that can be refreshed.
void check_schedule(std::string_view bytes) {
  const auto record = decode_record(bytes);
  if (!record) {
    return;
  }
  const bool can_refresh =
      record->status == Status::connected && !record->sealed_refresh_token.empty();
  for (const auto mode :
       {RefreshMode::on_demand, RefreshMode::keep_alive, RefreshMode::keep_fresh}) {
    const RefreshPolicy policy{.mode = mode, .idle_ms = kDayMs, .lifetime_ms = kDayMs};
    const auto due = next_refresh(*record, policy);
    check(due.at == 0 || (can_refresh && mode != RefreshMode::on_demand));
    check(due.at == 0 || mode != RefreshMode::keep_alive ||
          due.at <= record->refresh_minted_at + policy.idle_ms / 2);
    check(due.at == next_refresh(*record, policy).at);
    check(expiry_told_at(*record, policy) <= expires_for_good_at(*record, policy) || !can_refresh);
  }
  for (const auto range : {record->version, record->created_at, record->updated_at}) {
    const auto offset = spread(*record, range);
    check(offset >= 0 && offset <= std::max<DurationMs>(range, 0));
  }
}

// How far webhooks have come: when to look again, and never in the past but for what they said.
void check_progress(std::string_view bytes) {
  constexpr EpochMs kNow = 1'767'323'045'000;
  check_round_trip(bytes, decode_delivery, encode_delivery);
  const auto delivery = decode_delivery(bytes);
  if (!delivery) {
    return;
  }
  check(delivery_due_at(*delivery, delivery->seen, kNow) == delivery->next_at);
  check(delivery_due_at(*delivery, delivery->seen + 1, kNow) == kNow);
  for (const auto& webhook : delivery->webhooks) {
    const auto delay =
        delivery_delay(webhook.attempts, static_cast<std::uint32_t>(webhook.next_at));
    check(delay >= 4 * kSecondMs && delay <= 27 * kHourMs);
    const auto retry = retry_delay(webhook.attempts, static_cast<std::uint32_t>(webhook.next));
    check(retry >= kSecondMs && retry <= 11 * kMinuteMs);
  }
}

void check_all(std::string_view bytes) {
  check_round_trip(bytes, decode_flow_input, encode_flow_input);
  check_round_trip(bytes, decode_record, encode_record);
  check_round_trip(bytes, decode_journal, encode_journal);
  check_round_trip(bytes, decode_pending, encode_pending);
  check_round_trip(bytes, decode_outbox, encode_outbox);
  check_round_trip(bytes, decode_revocations, encode_revocations);
  check_round_trip(bytes, decode_trouble, encode_trouble);
  check_round_trip(bytes, decode_events, encode_events);
  check_round_trip(
      bytes, [](std::string_view text) { return std::optional(decode_pauses(text)); },
      encode_pauses);
  check_round_trip(bytes, decode_api_key_record, encode_api_key_record);
  check_round_trip(bytes, decode_token_payload,
                   [](const TokenPayload& payload) { return encode(payload); });
  check_round_trip(bytes, decode_live_token, [](const LiveToken& token) { return encode(token); });
  check_round_trip(bytes, decode_connect_payload,
                   [](const ConnectPayload& payload) { return encode(payload); });
  check_round_trip(bytes, decode_confirm_payload,
                   [](const ConfirmPayload& payload) { return encode(payload); });
  check_round_trip(bytes, decode_rollback_payload,
                   [](const RollbackPayload& payload) { return encode(payload); });
  check_round_trip(bytes, decode_redeliver_payload,
                   [](const RedeliverPayload& payload) { return encode(payload); });
  check_round_trip(bytes, decode_connection_id, [](const ConnectionId& id) { return encode(id); });
  check_round_trip(bytes, testing::decode_outcome, encode_outcome);
  check_round_trip(bytes, testing::decode_effects, encode_effects);
  check_schedule(bytes);
  check_progress(bytes);
  check_replies(bytes);
  check_delivery(bytes);
}

// Fields whose lengths are right: what the fuzzer would seldom find by itself.
std::string fields_of(std::string_view text) {
  FieldWriter out;
  for (const auto line : split(text, '\n')) {
    if (!line.contains('\t')) {
      out.text(line);
      continue;
    }
    FieldWriter inner;
    for (const auto field : split(line.substr(0, line.size() - line.ends_with('\t')), '\t')) {
      inner.text(field);
    }
    out.text(inner.bytes());
  }
  return out.take();
}

}  // namespace

// Input: the bytes; and text whose lines are the fields, a line with tabs in it the fields of one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  check_all(bytes);
  check_all(fields_of(bytes));
  return 0;
}
