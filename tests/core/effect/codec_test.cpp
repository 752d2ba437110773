#include "core/effect/codec.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/base/fields.h"
#include "core/effect/task.h"
#include "tests/flows/host/wire.h"

using namespace postern;
using namespace postern::testing;

namespace {

const std::string kOddBytes("\0\xff'\"|\n", 6);

// One of each kind, no member left at its default.
std::vector<Effect> one_of_each() {
  return {
      Fetch{.method = "POST",
            .url = "https://example.com/x?y",
            .headers = {{"a", "b"}, {"c", ""}},
            .body = kOddBytes,
            .deadline_ms = 11,
            .max_bytes = 12,
            .keep_key = "kept",
            .keep_org = "acme",
            .keep_context = kOddBytes},
      KvGet{.key = "k", .deadline_ms = 5},
      KvPut{.key = "k", .value = kOddBytes, .ttl_seconds = 9, .deadline_ms = 6},
      KvDelete{.key = "k", .deadline_ms = 7},
      Sql{.database = "d",
          .statements = {{.sql = "SELECT ?",
                          .parameters = {std::monostate{}, std::int64_t{-3}, std::string("i"),
                                         std::string()}},
                         {.sql = "SELECT 1", .parameters = {}}},
          .deadline_ms = 8},
      Authority{.binding = "C",
                .jurisdiction = "eu",
                .location_hint = "weur",
                .name = "n",
                .operation = "o",
                .payload = kOddBytes,
                .restart = true,
                .note = "x"},
      StorageRead{.keys = {"a", "", "b"}},
      StorageCommit{.puts = {{"a", kOddBytes}, {"b", ""}}, .deletes = {"c", "d"}, .alarm_at = 0},
      Seal{.org = "o", .context = kOddBytes, .plaintext = kOddBytes},
      Open{.org = "o", .context = kOddBytes, .sealed = "s"},
      VerifySignature{.algorithm = "RS256", .jwk = "{}", .data = "d", .signature = kOddBytes},
      Sign{.org = "o",
           .context = kOddBytes,
           .sealed_key = "s",
           .algorithm = "PS256",
           .data = kOddBytes},
      MemoryGet{.key = "m"},
      MemoryPut{.key = "m", .value = kOddBytes, .expires_at = 77},
      Log{.level = LogLevel::error, .event = "e", .fields = {{"a", "b"}}},
      Delay{.delay_ms = 8}};
}

std::vector<std::pair<Effect, Reply>> replies() {
  const Result<std::monostate, HostFault> done = std::monostate{};
  return {
      {Fetch{}, Fetch::Reply(HttpReply{
                    .status = 418, .headers = {{"a", "b"}, {"c", ""}}, .body = kOddBytes})},
      {Fetch{}, Fetch::Reply(std::unexpected(HostFault::too_large))},
      {KvGet{}, KvGet::Reply(std::optional<std::string>(kOddBytes))},
      {KvGet{}, KvGet::Reply(std::optional<std::string>())},
      {KvGet{}, KvGet::Reply(std::unexpected(HostFault::timeout))},
      {KvPut{}, done},
      {KvDelete{}, done},
      {Sql{}, Sql::Reply(std::vector<SqlOutcome>{{.rows = {{std::int64_t{1}, std::string("x")},
                                                           {std::monostate{}, std::string("i")}},
                                                  .changes = 2},
                                                 {.rows = {}, .changes = 0}})},
      {Sql{}, Sql::Reply(std::unexpected(HostFault::unavailable))},
      {StorageRead{},
       StorageRead::Reply(std::vector<std::optional<std::string>>{std::nullopt, "", kOddBytes})},
      {StorageCommit{}, done},
      {Seal{}, Seal::Reply(kOddBytes)},
      {Open{}, Open::Reply(std::unexpected(HostFault::refused))},
      {VerifySignature{}, VerifySignature::Reply(true)},
      {VerifySignature{}, VerifySignature::Reply(false)},
      {Sign{}, Sign::Reply(kOddBytes)},
      {Sign{}, Sign::Reply(std::unexpected(HostFault::refused))},
      {MemoryGet{}, MemoryGet::Reply(kOddBytes)},
      {MemoryGet{}, MemoryGet::Reply(std::nullopt)},
      {MemoryPut{}, std::monostate{}},
      {Log{}, std::monostate{}},
      {Delay{}, Result<std::monostate, HostFault>{}}};
}

Task<std::string> read_two() {
  auto [a, b] = co_await all_of(effect_task(KvGet{.key = "a"}), effect_task(KvGet{.key = "b"}));
  co_return (a && *a ? **a : "-") + (b && *b ? **b : "-");
}

std::string replies_of(std::initializer_list<std::pair<EffectId, std::string>> bodies) {
  FieldWriter out;
  out.number(5);
  for (const auto& [id, body] : bodies) {
    out.number(id).text(body);
  }
  return out.take();
}

const std::string kPresent = encode_reply(KvGet::Reply(std::optional<std::string>("v")));

}  // namespace

TEST_CASE("an effect of every kind crosses whole") {
  const auto effects = one_of_each();
  REQUIRE(effects.size() == std::variant_size_v<Effect>);
  std::vector<IssuedEffect> issued;
  for (std::size_t i = 0; i < effects.size(); ++i) {
    CHECK(effects[i].index() == i);
    issued.push_back({.id = static_cast<EffectId>(i + 1), .effect = effects[i]});
  }
  const auto bytes = encode_effects(issued);
  const auto decoded = decode_effects(bytes);
  REQUIRE(decoded.has_value());
  REQUIRE(decoded->size() == issued.size());
  for (std::size_t i = 0; i < issued.size(); ++i) {
    CAPTURE(std::string(name_of(effects[i])));
    CHECK((*decoded)[i].id == issued[i].id);
    CHECK((*decoded)[i].effect.index() == i);
    // What is read and written again is the same bytes: nothing was lost on the way.
    CHECK(encode_effects({(*decoded)[i]}) == encode_effects({issued[i]}));
  }
}

TEST_CASE("an alarm that is left, taken away or set is three different commits") {
  std::vector<std::string> all;
  for (const auto& alarm :
       {std::optional<EpochMs>(), std::optional<EpochMs>(0), std::optional<EpochMs>(1)}) {
    all.push_back(encode_effects(
        {{.id = 1, .effect = StorageCommit{.puts = {}, .deletes = {}, .alarm_at = alarm}}}));
    const auto decoded = decode_effects(all.back());
    REQUIRE(decoded.has_value());
    CHECK(std::get<StorageCommit>((*decoded)[0].effect).alarm_at == alarm);
  }
  CHECK(all[0] != all[1]);
  CHECK(all[1] != all[2]);
}

TEST_CASE("a key's context begins with its word, as a field") {
  const auto begins_with = [](std::string_view word) {
    return FieldWriter().text(word).text("acme").take();
  };
  CHECK(is_key_context(begins_with(kKeyContext)));
  CHECK_FALSE(is_key_context(begins_with("postern-seal-1")));
  CHECK_FALSE(is_key_context(begins_with("postern-key-12")));
  CHECK_FALSE(is_key_context(kKeyContext));
  CHECK_FALSE(is_key_context(""));
}

TEST_CASE("NULL, a number and the same number as text are three different values") {
  const auto bytes = [](SqlValue value) {
    return encode_effects(
        {{.id = 1, .effect = Sql{.statements = {{.sql = "?", .parameters = {std::move(value)}}}}}});
  };
  CHECK(bytes(std::int64_t{1}) != bytes(std::string("1")));
  CHECK(bytes(std::monostate{}) != bytes(std::string()));
}

TEST_CASE("a reply of every kind crosses whole") {
  for (const auto& [effect, reply] : replies()) {
    CAPTURE(std::string(name_of(effect)));
    const auto bytes = encode_reply(reply);
    const auto decoded = decode_reply(effect.index(), bytes);
    REQUIRE(decoded.has_value());
    CHECK(decoded->index() == reply.index());
    CHECK(encode_reply(*decoded) == bytes);
  }
}

TEST_CASE("rows keep their columns and their types") {
  const auto decoded = decode_reply(Effect(Sql{}).index(), encode_reply(replies()[7].second));
  REQUIRE(decoded.has_value());
  const auto& outcomes = *std::get<Sql::Reply>(*decoded);
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].changes == 2);
  REQUIRE(outcomes[0].rows.size() == 2);
  CHECK(outcomes[0].rows[0] == SqlRow{std::int64_t{1}, std::string("x")});
  CHECK(outcomes[0].rows[1] == SqlRow{std::monostate{}, std::string("i")});
  CHECK(outcomes[1].rows.empty());
}

TEST_CASE("every cut of a reply is refused, and so is a byte too many") {
  for (const auto& [effect, reply] : replies()) {
    CAPTURE(std::string(name_of(effect)));
    const auto bytes = encode_reply(reply);
    const bool is_list =
        std::holds_alternative<Sql>(effect) || std::holds_alternative<StorageRead>(effect);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const auto decoded = decode_reply(effect.index(), std::string_view(bytes).substr(0, length));
      // A list may end after any of its members.
      CHECK((!decoded || (is_list && encode_reply(*decoded).size() == length)));
    }
    CHECK_FALSE(decode_reply(effect.index(), bytes + "x").has_value());
    FieldWriter more;
    more.text("more");
    CHECK((is_list || !decode_reply(effect.index(), bytes + more.bytes()).has_value()));
  }
}

TEST_CASE("a fault nobody knows is refused") {
  FieldWriter out;
  out.text("exploded");
  CHECK_FALSE(decode_reply(Effect(KvGet{}).index(), out.bytes()).has_value());
  for (const auto fault :
       {HostFault::timeout, HostFault::unavailable, HostFault::too_large, HostFault::refused}) {
    FieldWriter known;
    known.text(name_of(fault));
    CHECK(decode_reply(Effect(KvGet{}).index(), known.bytes()).has_value());
  }
}

TEST_CASE("an SQL value of an unknown type is refused") {
  FieldWriter values;
  values.text("x").text("1");
  FieldWriter out;
  out.text("").number(0).number(1).text(values.bytes());
  CHECK_FALSE(decode_reply(Effect(Sql{}).index(), out.bytes()).has_value());
}

TEST_CASE("replies are delivered by id, in any order") {
  Loop loop(0);
  auto task = read_two();
  task.start(loop);
  loop.run();
  const auto issued = decode_effects(loop.take_issued()).value();
  REQUIRE(issued.size() == 2);
  CHECK(deliver_replies(loop, replies_of({{issued[1].id, kPresent}, {issued[0].id, kPresent}})));
  loop.run();
  REQUIRE(task.done());
  CHECK(task.value() == "vv");
  CHECK(loop.now() == 5);
}

TEST_CASE("replies that nobody waits for, twice or malformed are refused") {
  for (const auto& bytes :
       {replies_of({{99, kPresent}}), replies_of({{1, kPresent}, {1, kPresent}}),
        replies_of({{1, "garbage"}}), replies_of({{1, ""}}), std::string("garbage"), std::string(),
        replies_of({{1, kPresent}}) + "x"}) {
    Loop loop(0);
    auto task = read_two();
    task.start(loop);
    loop.run();
    CHECK_FALSE(deliver_replies(loop, bytes));
  }
}

TEST_CASE("a reply of another effect's type is refused") {
  Loop loop(0);
  auto task = read_two();
  task.start(loop);
  loop.run();
  CHECK_FALSE(deliver_replies(
      loop, replies_of({{1, encode_reply(Fetch::Reply(HttpReply{.status = 200}))}})));
}
