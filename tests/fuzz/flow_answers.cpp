// What providers and stores answer.
#include "core/base/base64url.h"
#include "core/base/form.h"
#include "core/base/json_writer.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/effect/codec.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/frame/parameters.h"
#include "core/flow/store/payload.h"
#include "core/oauth/pkce.h"
#include "core/oauth/state.h"
#include "tests/flows/host/story.h"
#include "tests/fuzz/flow_world.h"

namespace postern::fuzz {

using testing::World;

namespace {

HttpReply refusal(Choices& choices) {
  constexpr std::string_view kErrors[] = {
      "invalid_grant",   "interaction_required", "invalid_client", "temporarily_unavailable",
      "invalid_request", "invalid_scope",        "server_error",   "what_is_this"};
  constexpr int kStatuses[] = {400, 401, 403, 429, 500, 503, 200};
  auto reply = testing::error_reply(kStatuses[choices.one_of(7)], kErrors[choices.one_of(8)],
                                    choices.rarely(3) ? R"(,"claims":"{\"a\":1}")" : "");
  if (choices.rarely(3)) {
    reply.headers.emplace_back("retry-after", choices.rarely(2) ? "9999999999" : "3");
  }
  return reply;
}

HttpReply list_page(const Fetch& fetch, Choices& choices) {
  const std::string origin = fetch.url.substr(0, fetch.url.find('/', 8));
  std::string json = R"({"id":"11111111-2222-4333-8444-555555555555","displayName":"Ada","value":)";
  json += choices.rarely(6) ? "7" : choices.rarely(6) ? "[]" : R"([{"a":1},"x",null])";
  if (choices.rarely(6)) {
    json += ",\"odd\":\"" + choices.text(8) + "\"";
  }
  if (choices.rarely(3)) {
    const auto& host = choices.rarely(3) ? std::string("https://evil.example") : origin;
    JsonWriter link;
    link.string(host + (choices.rarely(3) ? choices.text(32) : "/next?page=2"));
    json += R"(,"nextLink":)" + link.take();
  }
  return testing::json_reply(choices.rarely(6) ? 401 : 200, json + "}");
}

}  // namespace

std::string token_json(const World& world, Choices& choices) {
  // As a rule well-formed; each member may be missing, odd, or of another type.
  constexpr std::string_view kLifetimes[] = {"3600", "\"3600\"", "0", "-1", "99999999999", "null"};
  std::string json = R"({"token_type":)" + std::string(choices.rarely(8) ? "7" : "\"Bearer\"");
  if (!choices.rarely(8)) {
    json += R"(,"access_token":")" + canary("access-4") + "\"";
  }
  if (!choices.rarely(4)) {
    json += R"(,"refresh_token":")" + canary("refresh-4") + "\"";
  }
  json += R"(,"expires_in":)" + std::string(kLifetimes[choices.one_of(6)]);
  json += R"(,"scope":")" + std::string(choices.rarely(4) ? "a  b" : "User.Read") + "\"";
  if (!choices.rarely(8)) {
    const auto nonce = choices.rarely(8) ? std::string("another") : nonce_of_state(kState);
    auto token = testing::id_token({}, nonce, world.now);
    // The signature is what makes it a secret here.
    token = token.substr(0, token.rfind('.') + 1) + std::string(kCanary) + "AA";
    json += R"(,"id_token":")" + token + "\"";
  }
  if (choices.rarely(12)) {
    json += R"(,"error":"invalid_grant")";
  }
  return json + "}";
}

namespace {

// A receiver of webhooks: as a rule it takes what it gets.
HttpReply receipt(Choices& choices) {
  constexpr int kStatuses[] = {204, 200, 202, 302, 400, 410, 429, 500, 503};
  HttpReply reply{.status = kStatuses[choices.one_of(9)], .headers = {}, .body = choices.text(16)};
  if (choices.rarely(3)) {
    reply.headers.emplace_back("retry-after", choices.rarely(2) ? "9999999999" : "3");
  }
  return reply;
}

}  // namespace

Fetch::Reply internet(const World& world, const Fetch& fetch, Choices& choices) {
  if (choices.rarely(10)) {
    return std::unexpected(static_cast<HostFault>(choices.one_of(4)));
  }
  if (choices.rarely(10)) {
    return HttpReply{.status = choices.byte() * 3,
                     .headers = {{"content-type", choices.text(16)}},
                     .body = choices.text(255)};
  }
  if (fetch.url == kHook || fetch.url == kOtherHook) {
    return receipt(choices);
  }
  if (fetch.url.ends_with("/keys")) {
    return testing::keys_reply();
  }
  if (fetch.method == "POST") {
    return choices.rarely(4) ? refusal(choices)
                             : testing::json_reply(200, token_json(world, choices));
  }
  return list_page(fetch, choices);
}

namespace {

SqlValue altered(const SqlValue& cell, Choices& choices) {
  const auto* text = cell.text();
  if (text != nullptr && !choices.rarely(4)) {
    return SqlValue(choices.mutated(*text + (choices.rarely(2) ? "x" : "")));
  }
  return choices.rarely(3) ? SqlValue() : SqlValue(std::int64_t{choices.byte()} - 8);
}

// What the database has, but for a cell of each row.
Sql::Reply altered_rows(World& world, const Sql& sql, Choices& choices) {
  auto outcomes = world.d1.batch(sql);
  if (!outcomes) {
    return std::unexpected(HostFault::unavailable);
  }
  for (auto& outcome : *outcomes) {
    for (auto& row : outcome.rows) {
      auto& cell = row[choices.one_of(row.size())];
      cell = altered(cell, choices);
    }
  }
  return std::move(*outcomes);
}

}  // namespace

Reply wrong_reply(World& world, const Effect& effect, Choices& choices) {
  // What is stored somewhere, in the wrong place.
  std::vector<std::string> pool = {"", encode_record(record(world, choices)), choices.text()};
  for (const auto& [key, value] : world.objects[object_name()].storage) {
    pool.push_back(value);
  }
  const auto any = [&] { return choices.mutated(pool[choices.one_of(pool.size())]); };
  if (std::holds_alternative<KvGet>(effect)) {
    return KvGet::Reply(std::optional(any()));
  }
  if (std::holds_alternative<MemoryGet>(effect)) {
    return MemoryGet::Reply(
        choices.rarely(2)
            ? encode(LiveToken{
                  .access_token = canary("access-2"), .scope = "", .expires_at = 0, .version = 2})
            : any());
  }
  if (const auto* read = std::get_if<StorageRead>(&effect)) {
    std::vector<std::optional<std::string>> values;
    const auto count = choices.rarely(4) ? choices.one_of(8) : read->keys.size();
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(choices.rarely(3) ? std::optional<std::string>() : any());
    }
    return StorageRead::Reply(std::move(values));
  }
  if (const auto* sql = std::get_if<Sql>(&effect)) {
    if (!choices.rarely(2)) {
      return altered_rows(world, *sql, choices);
    }
    std::vector<SqlOutcome> outcomes;
    const auto count = choices.rarely(4) ? choices.one_of(4) : sql->statements.size();
    for (std::size_t i = 0; i < count; ++i) {
      SqlOutcome outcome{.rows = {}, .changes = choices.byte()};
      const auto columns = choices.one_of(18);
      for (auto rows = choices.one_of(3); rows > 0; --rows) {
        SqlRow row;
        for (std::size_t column = 0; column < columns; ++column) {
          row.push_back(choices.rarely(3)   ? SqlValue(std::int64_t{choices.byte()})
                        : choices.rarely(3) ? SqlValue()
                                            : SqlValue(base64url_encode(any())));
        }
        outcome.rows.push_back(std::move(row));
      }
      outcomes.push_back(std::move(outcome));
    }
    return Sql::Reply(std::move(outcomes));
  }
  if (std::holds_alternative<Open>(effect) || std::holds_alternative<Sign>(effect)) {
    return Open::Reply(choices.text());
  }
  if (std::holds_alternative<VerifySignature>(effect)) {
    return VerifySignature::Reply(false);
  }
  return testing::fault_reply(effect, static_cast<HostFault>(choices.one_of(4)));
}

}  // namespace postern::fuzz
