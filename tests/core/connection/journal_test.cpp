#include "core/connection/journal.h"

#include <doctest/doctest.h>

#include "core/base/fields.h"

using namespace postern;

namespace {

template <class Decode>
void refuses_every_cut(const std::string& bytes, Decode decode) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, length)).has_value());
  }
  CHECK_FALSE(decode(bytes + std::string(4, '\0')).has_value());
}

}  // namespace

TEST_CASE("a journal is read as it was written") {
  for (const auto kind : {JournalKind::refresh, JournalKind::code}) {
    const Journal journal{.kind = kind,
                          .id = {.org = "acme", .integration = "azure", .user_id = "u"},
                          .sent_at = 1,
                          .base_version = 2,
                          .attempts = 3,
                          .retry_at = 4,
                          .resource = "graph",
                          .connect = std::string("\0x", 2),
                          .kept_reads = 5,
                          .incarnation = "i"};
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
    refuses_every_cut(bytes, decode_journal);
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
  const auto bytes = encode_outbox({.attempts = 3, .kv_done = true, .d1_done = false});
  const auto read = decode_outbox(bytes);
  REQUIRE(read.has_value());
  CHECK(read->attempts == 3);
  CHECK(read->kv_done);
  CHECK_FALSE(read->d1_done);
  refuses_every_cut(bytes, decode_outbox);
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
