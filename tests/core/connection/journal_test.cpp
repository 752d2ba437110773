#include "core/connection/journal.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fields.h"

using namespace postern;

namespace {

// `before`: how long it is without what versions before did not write, where that is read.
template <class Decode>
void refuses_every_cut(const std::string& bytes, Decode decode,
                       const std::vector<std::size_t>& before = {}) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    if (std::ranges::contains(before, length)) {
      continue;
    }
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, length)).has_value());
  }
  CHECK_FALSE(decode(bytes + std::string(4, '\0')).has_value());
}

}  // namespace

TEST_CASE("a journal is read as it was written") {
  for (const auto kind : {JournalKind::refresh, JournalKind::code}) {
    const Journal journal{.kind = kind,
                          .id = {.org = "acme", .integration = "azure", .subject = "u"},
                          .sent_at = 1,
                          .base_version = 2,
                          .attempts = 3,
                          .retry_at = 4,
                          .resource = "graph",
                          .connect = std::string("\0x", 2),
                          .kept_reads = 5,
                          .incarnation = "i",
                          .asked_at = 6};
    const auto bytes = encode_journal(journal);
    const auto read = decode_journal(bytes);
    REQUIRE(read.has_value());
    CHECK(read->kind == kind);
    CHECK(read->id == journal.id);
    CHECK(read->sent_at == 1);
    CHECK(read->base_version == 2);
    CHECK(read->attempts == 3);
    CHECK(read->retry_at == 4);
    CHECK(read->resource == "graph");
    CHECK(read->connect == journal.connect);
    CHECK(read->kept_reads == 5);
    CHECK(read->incarnation == "i");
    CHECK(read->asked_at == 6);
    // The last are the time, of one digit, and the incarnation, each behind its length.
    const auto without_time = bytes.size() - 5;
    refuses_every_cut(bytes, decode_journal,
                      {without_time, without_time - 4 - read->incarnation.size()});
  }
}

TEST_CASE("a journal of an unknown kind is refused") {
  auto bytes = encode_journal({.kind = JournalKind::code});
  bytes.replace(bytes.find("code"), 4, "cade");
  CHECK_FALSE(decode_journal(bytes).has_value());
}

TEST_CASE("a pending sign-in is read as it was written") {
  const auto bytes = encode_pending(
      {.attempt = "att", .code_hash = "hash", .expires_at = 5, .record = std::string("\0r", 2)});
  const auto read = decode_pending(bytes);
  REQUIRE(read.has_value());
  CHECK(read->attempt == "att");
  CHECK(read->code_hash == "hash");
  CHECK(read->expires_at == 5);
  CHECK(read->record == std::string("\0r", 2));
  refuses_every_cut(bytes, decode_pending);
}

TEST_CASE("an outbox is read as it was written") {
  const auto bytes = encode_outbox({.attempts = 3,
                                    .kv_done = true,
                                    .d1_done = false,
                                    .kv_again_at = 4,
                                    .retry_at = 5,
                                    .events = std::string("\0e", 2),
                                    .worked_at = 7});
  const auto read = decode_outbox(bytes);
  REQUIRE(read.has_value());
  CHECK(read->attempts == 3);
  CHECK(read->kv_done);
  CHECK_FALSE(read->d1_done);
  CHECK(read->kv_again_at == 4);
  CHECK(read->retry_at == 5);
  CHECK(read->events == std::string("\0e", 2));
  CHECK(read->worked_at == 7);
  // The first four fields: a digit, two flags, and a time.
  FieldWriter before;
  before.number(read->attempts).flag(read->kv_done).flag(read->d1_done);
  before.number(read->kv_again_at);
  refuses_every_cut(bytes, decode_outbox, {before.bytes().size()});
  // Each flag by itself.
  const auto other = decode_outbox(encode_outbox({.d1_done = true}));
  REQUIRE(other.has_value());
  CHECK_FALSE(other->kv_done);
  CHECK(other->d1_done);
  CHECK(other->worked_at == 0);
}

TEST_CASE("the bytes of an outbox that owes the end of grants are these, field by field") {
  using namespace std::string_view_literals;
  constexpr auto kRevocations =
      "\002\000\000\000r1"      // record
      "\001\000\000\0005"       // since
      "\002\000\000\00067"      // retry_at
      "\001\000\000\0008"       // asked_at
      "\003\000\000\000\000r2"  // record
      "\002\000\000\00090"      // since
      "\004\000\000\0001234"    // retry_at
      "\001\000\000\0000"sv;    // asked_at
  constexpr auto kOutbox =
      "\001\000\000\0003"    // attempts
      "\001\000\000\0001"    // kv_done
      "\001\000\000\0000"    // d1_done
      "\002\000\000\00014"   // kv_again_at
      "\002\000\000\00015"   // retry_at
      "\002\000\000\000ev"   // events
      "\002\000\000\00017"   // worked_at
      "\001\000\000\0002"    // the version
      "\060\000\000\000"sv;  // the list above is 48 bytes long
  const std::vector<Revocation> revocations = {
      {.record = "r1", .since = 5, .retry_at = 67, .asked_at = 8},
      {.record = std::string("\0r2"sv), .since = 90, .retry_at = 1234}};
  const auto bytes = std::string(kOutbox) + std::string(kRevocations);
  CHECK(encode_revocations(revocations) == kRevocations);
  CHECK(encode_outbox({.attempts = 3,
                       .kv_done = true,
                       .d1_done = false,
                       .kv_again_at = 14,
                       .retry_at = 15,
                       .events = "ev",
                       .worked_at = 17,
                       .revocations = std::string(kRevocations)}) == bytes);

  const auto outbox = decode_outbox(bytes);
  REQUIRE(outbox.has_value());
  CHECK(outbox->attempts == 3);
  CHECK(outbox->kv_done);
  CHECK_FALSE(outbox->d1_done);
  CHECK(outbox->kv_again_at == 14);
  CHECK(outbox->retry_at == 15);
  CHECK(outbox->events == "ev");
  CHECK(outbox->worked_at == 17);
  CHECK(outbox->revocations == kRevocations);
  const auto read = decode_revocations(outbox->revocations);
  REQUIRE(read.has_value());
  CHECK(read->size() == revocations.size());
  for (std::size_t i = 0; i < std::min(read->size(), revocations.size()); ++i) {
    CAPTURE(i);
    CHECK((*read)[i].record == revocations[i].record);
    CHECK((*read)[i].since == revocations[i].since);
    CHECK((*read)[i].retry_at == revocations[i].retry_at);
    CHECK((*read)[i].asked_at == revocations[i].asked_at);
  }
}

TEST_CASE("an outbox is done when KV and D1 have the record and the log its events") {
  Outbox outbox{.kv_done = true, .d1_done = true};
  CHECK(outbox.is_done());
  outbox.events = "an event";
  CHECK_FALSE(outbox.is_done());
  CHECK_FALSE(Outbox{.d1_done = true}.is_done());
  CHECK_FALSE(Outbox{.kv_done = true}.is_done());
}

TEST_CASE("a trouble is read as it was written") {
  for (const bool integration : {false, true}) {
    const auto bytes =
        encode_trouble({.reason = "invalid_client", .since = 5, .integration = integration});
    const auto read = decode_trouble(bytes);
    REQUIRE(read.has_value());
    CHECK(read->reason == "invalid_client");
    CHECK(read->since == 5);
    CHECK(read->integration == integration);
    refuses_every_cut(bytes, decode_trouble);
  }
}

TEST_CASE("the delay of a retry lies between 1 s and its ceiling, which doubles up to 10 min") {
  for (const auto& [attempts, ceiling] : {std::pair{1, 2 * kSecondMs},
                                          {2, 4 * kSecondMs},
                                          {3, 8 * kSecondMs},
                                          {9, 512 * kSecondMs},
                                          {10, 10 * kMinuteMs},
                                          {1000, 10 * kMinuteMs}}) {
    CAPTURE(attempts);
    CHECK(retry_delay(attempts, 0) == kSecondMs);
    CHECK(retry_delay(attempts, static_cast<std::uint32_t>(ceiling - 1)) ==
          kSecondMs + ceiling - 1);
    CHECK(retry_delay(attempts, static_cast<std::uint32_t>(ceiling)) == kSecondMs);
    CHECK(retry_delay(attempts, 0xffffffff) < kSecondMs + ceiling);
  }
  // What a damaged store may hold.
  CHECK(retry_delay(0, 5) == kSecondMs + 5);
  CHECK(retry_delay(-7, 5) == kSecondMs + 5);
}

TEST_CASE("a journal and an outbox of a version before are read") {
  FieldWriter journal;
  journal.text("refresh").text("acme").text("azure").text("u").number(5).number(3).number(2);
  journal.number(9).text("graph").text("").number(0);
  const auto read = decode_journal(journal.bytes());
  REQUIRE(read.has_value());
  CHECK(read->retry_at == 9);
  CHECK(read->incarnation.empty());
  CHECK(read->asked_at == 5);
  FieldWriter outbox;
  outbox.number(4).flag(true).flag(false).number(7);
  const auto owed = decode_outbox(outbox.bytes());
  REQUIRE(owed.has_value());
  CHECK(owed->attempts == 4);
  CHECK(owed->kv_again_at == 7);
  CHECK(owed->events.empty());
}

TEST_CASE("a version is kept under its number") {
  CHECK(version_key(7) == "version:7");
}

TEST_CASE("pauses are read as they were written; what cannot be read is none") {
  const std::vector<Pause> pauses = {{.resource = "graph", .granted_at = 1, .since = 2, .until = 3},
                                     {.resource = "arm", .granted_at = 4, .since = 5, .until = 6}};
  const auto bytes = encode_pauses(pauses);
  const auto read = decode_pauses(bytes);
  REQUIRE(read.size() == 2);
  CHECK(encode_pauses(read) == bytes);
  CHECK(read[1].resource == "arm");
  CHECK(read[1].granted_at == 4);
  CHECK(read[1].since == 5);
  CHECK(read[1].until == 6);
  CHECK(decode_pauses("").empty());
  CHECK(decode_pauses(bytes.substr(0, bytes.size() - 1)).empty());
}

TEST_CASE("each pause says for itself when it was for want of a person") {
  const auto read =
      decode_pauses(encode_pauses({{.resource = "graph", .refused_at = 7}, {.resource = "arm"}}));
  REQUIRE(read.size() == 2);
  CHECK(read[0].refused_at == 7);
  CHECK(read[1].refused_at == 0);
}

TEST_CASE("pauses of a version before, which did not say who is needed, are none") {
  FieldWriter before;
  // Five of them have as many fields as four of today.
  for (int count = 1; count <= 5; ++count) {
    CAPTURE(count);
    before.text(count % 2 == 0 ? "arm" : "graph").number(4).number(5).number(6);
    CHECK(decode_pauses(before.bytes()).empty());
  }
}

TEST_CASE("a pause counts for its resource and its grant, until a token comes after it") {
  ConnectionRecord record;
  record.granted_at = 7;
  record.tokens = {{.resource = "graph", .minted_at = 9}, {.resource = "arm", .minted_at = 10}};
  const std::vector<Pause> pauses = {
      {.resource = "graph", .granted_at = 7, .since = 9, .until = 50}};
  CHECK(paused_until(pauses, record, "graph", 45) == 50);
  CHECK(paused_until(pauses, record, "arm", 45) == 0);
  CHECK(paused_until({}, record, "graph", 45) == 0);
  // Of a clock that was ahead.
  CHECK(paused_until(pauses, record, "graph", 9) == 50);
  CHECK(paused_until(pauses, record, "graph", 8) == 0);
  record.tokens[0].minted_at = 10;
  CHECK(paused_until(pauses, record, "graph", 45) == 0);
  record.tokens.clear();
  CHECK(paused_until(pauses, record, "graph", 45) == 50);
  record.granted_at = 8;
  CHECK(paused_until(pauses, record, "graph", 45) == 0);
}

TEST_CASE(
    "a pause is in force by the clock that granted it, and for no longer than any is granted") {
  ConnectionRecord record;
  constexpr EpochMs kNow = 100 * kDayMs;
  const Pause longest{.resource = "arm",
                      .since = kNow,
                      .until = kNow + 6 * kHourMs + 10 * kMinuteMs,
                      .refused_at = kNow};
  CHECK(is_in_force(longest, record, kNow));
  for (const auto time : {&Pause::since, &Pause::until, &Pause::refused_at}) {
    auto later = longest;
    later.*time += 1;
    CHECK_FALSE(is_in_force(later, record, kNow));
    CHECK(is_in_force(later, record, kNow + 1));
  }
}
