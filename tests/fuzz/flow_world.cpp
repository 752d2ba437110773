#include "tests/fuzz/flow_world.h"

#include "core/base/base64url.h"
#include "core/base/form.h"
#include "core/base/json_writer.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/connection/journal.h"
#include "core/effect/codec.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/store/api_keys.h"
#include "core/flow/store/connections.h"
#include "core/flow/store/dead_letters.h"
#include "core/flow/store/events.h"
#include "core/flow/store/integration_faults.h"
#include "core/flow/store/links.h"
#include "core/flow/store/payload.h"
#include "core/flow/store/states.h"
#include "core/oauth/pkce.h"
#include "core/oauth/state.h"
#include "tests/flows/host/story.h"

namespace postern::fuzz {

namespace {

using testing::World;

Journal journal(Choices& choices, JournalKind kind, const World& world, const StateRow& state) {
  Journal journal{.kind = kind,
                  .id = kId,
                  .sent_at = world.now - kMinuteMs,
                  .base_version = 3,
                  .attempts = 1 + static_cast<std::int64_t>(choices.one_of(3)),
                  .retry_at = world.now + (choices.rarely(3) ? kMinuteMs : -kMinuteMs),
                  .resource = choices.rarely(4) ? "arm" : "graph",
                  .connect = {},
                  .kept_reads = 0,
                  .incarnation = choices.rarely(2) ? std::string(kIncarnation) : "another"};
  if (kind == JournalKind::code) {
    journal.connect = encode(ConnectPayload{.state = state,
                                            .query = {},
                                            .path_integration = {},
                                            .code = {},
                                            .code_verifier = {},
                                            .state_text = nonce_of_state(kState)});
  }
  return journal;
}

}  // namespace

StateRow state_row(World& world, std::string mode, Choices& choices) {
  // As create_connect_link makes them: confirmed by the backend only with a place to return to.
  const bool returns = mode == "browser" && choices.rarely(3);
  return {.state_hash = sha256_base64url(kState),
          .cookie_hash = mode == "browser" ? sha256_base64url(kSecret43) : std::string(),
          .mode = mode,
          .attempt = kAttempt,
          .id = kId,
          .tenant = "common",
          .redirect_uri = "https://postern.example.com/callback/azure",
          .code_challenge = s256_challenge(kSecret43),
          .sealed_verifier = world.seal("acme", seal_context(kId, kAttempt, 0), kSecret43),
          .return_to = returns ? std::string(testing::kReturnTo) : std::string(),
          .confirm = returns && choices.rarely(2) ? "backend" : "page",
          .allow_other_account = choices.rarely(4),
          .created_at = world.now,
          .expires_at = world.now + kMinuteMs};
}

ConnectionRecord record(World& world, Choices& choices) {
  constexpr DurationMs kLeft[] = {kHourMs, kMinuteMs, -kMinuteMs, 0};
  ConnectionRecord record;
  record.id = kId;
  record.provider = "microsoft";
  record.version = 3;
  record.status = choices.rarely(6) ? Status::needs_reauth : Status::connected;
  record.account.key = "72f988bf-86f1-41af-91ab-2d7cd011db47|11111111-2222-4333-8444-555555555555";
  record.tenant = "common";
  record.created_at = world.now - kDayMs;
  record.granted_at = record.refresh_minted_at = world.now - choices.byte() * kDayMs / 8;
  if (!choices.rarely(6)) {
    record.sealed_refresh_token =
        world.seal("acme", seal_context(kId, "refresh_token", 3), canary("refresh-3"));
    record.refresh_sealed_version = 3;
  }
  for (const char* resource : {"graph", "arm"}) {
    const auto context = seal_context(kId, std::string("access_token:") + resource, 3);
    const auto left = kLeft[choices.one_of(4)];
    record.tokens.push_back({.resource = resource,
                             .sealed = world.seal("acme", context, canary("access-3")),
                             .sealed_version = 3,
                             .minted_at = world.now - kMinuteMs,
                             .expires_at = left == 0 ? 0 : world.now + left,
                             .scope = "User.Read"});
  }
  return record;
}

namespace {

// How acme's operator set Postern up.
void configure(World& world, Choices& choices) {
  testing::furnish(world);
  world.environment["ADMIN_API_KEY"] = canary("admin");
  world.secrets["AZURE_CLIENT_SECRET"] = canary("secret");
  if (!choices.rarely(3)) {
    const auto written = std::string(kCanary) + std::string(26, 'A');
    const auto key = base64url_encode(canary("the-key-of-a-webhook"));
    world.secrets["WEBHOOKS"] =
        R"({"acme":[{"url":")" + std::string(kHook) + R"(","secret":"whsec_)" + written +
        " whsec_" + key + R"("},{"url":")" + std::string(kOtherHook) + R"(","secret":"whsec_)" +
        key + R"(","events":["connected","disconnected"]}]})";
  }
  constexpr std::string_view kModes[] = {"", "keep_fresh", "on_demand", "keep_alive"};
  world.environment["AZURE_REFRESH_MODE"] = kModes[choices.one_of(4)];
  constexpr std::string_view kRules[] = {"", "single_use", "reuse_leeway:60", "not_rotated"};
  world.environment["AZURE_REPLAY"] = kRules[choices.one_of(4)];
  if (choices.rarely(3)) {
    world.environment["AZURE_GRANT_LIFETIME_SECONDS"] = "2592000";
    world.environment["AZURE_REFRESH_IDLE_SECONDS"] = "604800";
    world.environment["TOKEN_VERSIONS_KEPT"] = choices.rarely(3) ? "0" : "2";
  }
}

// As webhooks_of has it.
std::string name_of_hook() {
  return "https://hooks.example.com#" + sha256_base64url(kHook).substr(0, 12);
}

Event event(std::int64_t number, const World& world, Choices& choices) {
  const auto type = static_cast<EventType>(choices.one_of(8));
  return make_event("evt_" + to_decimal(number), type, world.now - kHourMs,
                    {.id = kId, .provider = "microsoft", .version = 3}, {{"reason", "network"}});
}

// What has been told, whatever became of the connection since.
void add_log(World& world, Choices& choices) {
  (void)world.d1.batch({insert_event(kId, event(0, world, choices)),
                        insert_event(kId, event(1, world, choices)),
                        insert_dead_letter({.id = kId,
                                            .event = event(1, world, choices),
                                            .webhook = name_of_hook(),
                                            .attempts = kMostDeliveryAttempts,
                                            .reason = "503",
                                            .failed_at = world.now}),
                        upsert_integration_fault("acme", "azure",
                                                 {.reason = "invalid_client",
                                                  .error = "invalid_client",
                                                  .reference = "r",
                                                  .since = world.now,
                                                  .last_seen = world.now})});
}

// Grants of before whose end their provider is owed, each asked for by itself. Microsoft ends none
// on request, and the others have no integration here: they are tried again, or given up.
std::string owed_revocations(World& world, Choices& choices) {
  std::vector<Revocation> owed;
  for (auto count = choices.one_of(3); count != 0; --count) {
    auto ended = record(world, choices);
    ended.provider = choices.rarely(2) ? "google" : "github";
    const auto since = world.now - (choices.rarely(3) ? kDayMs : kMinuteMs);
    owed.push_back({.record = choices.rarely(6) ? "of another kind" : encode_record(ended),
                    .since = since,
                    .retry_at = world.now + (choices.rarely(3) ? kMinuteMs : -kSecondMs),
                    .asked_at = choices.rarely(2) ? since : 0});
  }
  return encode_revocations(owed);
}

// What happened before: events that are owed, versions that are kept, trouble.
void add_past(World& world, Choices& choices) {
  auto& storage = world.objects[object_name()].storage;
  const auto events = 3 - static_cast<std::int64_t>(choices.one_of(4));
  if (events != 0) {
    const auto first = static_cast<std::int64_t>(choices.one_of(2));
    storage[std::string(kEventsKey)] = to_decimal(events);
    for (auto number = first; number < events; ++number) {
      storage[std::string(kEventKeyPrefix) + to_decimal(number)] =
          encode_event(event(number, world, choices));
    }
    if (first != 0) {
      storage[std::string(kDeliveryKey)] = encode_delivery(
          {.first = first,
           .seen = choices.rarely(2) ? events : first,
           .next_at = world.now,
           .webhooks = {{.name = choices.rarely(3) ? "https://gone.example#" : name_of_hook(),
                         .next = first,
                         .attempts = static_cast<std::int64_t>(choices.one_of(11)),
                         .next_at = world.now}}});
    }
  }
  if (!choices.rarely(3)) {
    auto earlier = record(world, choices);
    earlier.version = 2;
    storage[version_key(earlier.version)] = encode_record(earlier);
  }
  if (choices.rarely(3)) {
    const bool integration = choices.rarely(2);
    storage[std::string(kTroubleKey)] =
        encode_trouble({.reason = "network", .since = world.now, .integration = integration});
  }
  const auto stored = storage.find(std::string(kRecordKey));
  const auto now_stored = stored == storage.end() ? std::nullopt : decode_record(stored->second);
  if (now_stored && choices.rarely(3)) {
    storage[std::string(kPausesKey)] =
        encode_pauses({{.resource = choices.rarely(2) ? "arm" : "graph",
                        .granted_at = now_stored->granted_at,
                        .since = world.now - kMinuteMs,
                        .until = world.now + (choices.rarely(2) ? kMinuteMs : -kSecondMs)}});
  }
  if (choices.rarely(3)) {
    storage[std::string(kOutboxKey)] =
        encode_outbox({.attempts = 2,
                       .kv_done = choices.rarely(2),
                       .d1_done = choices.rarely(2),
                       .events = events != 0 ? encode_event(event(0, world, choices)) : "",
                       .worked_at = choices.rarely(2) ? EpochMs{1} : 0,
                       .revocations = owed_revocations(world, choices)});
  }
}

// What another release wrote, or a fault: nothing of it can be read.
void damage(std::map<std::string, std::string>& storage, Choices& choices) {
  constexpr std::string_view kKeys[] = {kRecordKey,   kJournalKey, kKeptKey,       kOutboxKey,
                                        kPendingKey,  kSignInKey,  kSignInKeptKey, kEventsKey,
                                        kDeliveryKey, kPausesKey};
  const auto found = storage.find(std::string(kKeys[choices.one_of(std::size(kKeys))]));
  if (found != storage.end()) {
    found->second = "of another kind";
  }
}

}  // namespace

std::string object_name() {
  return connection_key(kId);
}

void begin_world(World& world, Choices& choices) {
  world.clear();
  configure(world, choices);
  const auto state = state_row(world, choices.rarely(4) ? "caller" : "browser", choices);
  (void)world.d1.batch({insert_api_key({.id = "key_1",
                                        .hash = sha256_base64url(kApiKey),
                                        .org = "acme",
                                        .name = "fuzz",
                                        .permissions = choices.rarely(6) ? "connect" : "* proxy",
                                        .created_at = world.now,
                                        .expires_at = 0,
                                        .revoked_at = 0}),
                        insert_link({.hash = sha256_base64url(kSecret43),
                                     .attempt = kAttempt,
                                     .id = kId,
                                     .tenant = "common",
                                     .return_to = state.return_to,
                                     .confirm = state.confirm,
                                     .allow_other_account = false,
                                     .claims = choices.rarely(4) ? "{\"a\":1}" : "",
                                     .created_at = world.now,
                                     .expires_at = world.now + kMinuteMs,
                                     .consumed_at = 0}),
                        insert_state(state)});
  add_log(world, choices);

  auto& storage = world.objects[object_name()].storage;
  const auto beginning = choices.one_of(8);
  if (beginning == 0) {
    return;
  }
  auto stored = record(world, choices);
  if (beginning == 1) {
    stored = ConnectionRecord{.id = kId, .version = 4, .status = Status::revoked};
  }
  if (beginning != 2) {
    storage[std::string(kRecordKey)] = encode_record(stored);
  }
  if (beginning >= 4 && beginning <= 6) {
    const auto kind = beginning == 6 ? JournalKind::code : JournalKind::refresh;
    const auto open = journal(choices, kind, world, state);
    const bool code = kind == JournalKind::code;
    storage[std::string(code ? kSignInKey : kJournalKey)] = encode_journal(open);
    if (beginning != 4) {
      const Fetch::Reply kept =
          choices.rarely(4) ? Fetch::Reply(std::unexpected(HostFault::timeout))
                            : Fetch::Reply(testing::json_reply(200, token_json(world, choices)));
      storage[std::string(code ? kSignInKeptKey : kKeptKey)] =
          world.seal("acme", seal_context(kId, code ? "kept_code" : "kept_refresh", 3),
                     encode_reply(Reply(kept)));
    }
  }
  if (beginning == 7) {
    storage[std::string(kPendingKey)] = encode_pending({.attempt = kAttempt,
                                                        .code_hash = sha256_base64url("code"),
                                                        .expires_at = world.now + kMinuteMs,
                                                        .record = encode_record(stored)});
  }
  add_past(world, choices);
  if (choices.rarely(6)) {
    damage(storage, choices);
  }
  if (!choices.rarely(3)) {
    world.kv[object_name()] = encode_record(stored);
  }
  if (!choices.rarely(3)) {
    (void)world.d1.batch({upsert_connection(stored)});
  }
}

}  // namespace postern::fuzz
