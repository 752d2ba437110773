#include "core/connection/journal.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

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
  const auto bytes = encode_outbox({.attempts = 3,
                                    .kv_done = true,
                                    .d1_done = false,
                                    .kv_again_at = 4,
                                    .retry_at = 5,
                                    .events = std::string("\0e", 2),
                                    .unmarks_integration = true});
  const auto read = decode_outbox(bytes);
  REQUIRE(read.has_value());
  CHECK(read->attempts == 3);
  CHECK(read->kv_done);
  CHECK_FALSE(read->d1_done);
  CHECK(read->kv_again_at == 4);
  CHECK(read->retry_at == 5);
  CHECK(read->events == std::string("\0e", 2));
  CHECK(read->unmarks_integration);
  refuses_every_cut(bytes, decode_outbox);
  // Each flag by itself.
  const auto other = decode_outbox(encode_outbox({.d1_done = true}));
  REQUIRE(other.has_value());
  CHECK_FALSE(other->kv_done);
  CHECK(other->d1_done);
  CHECK_FALSE(other->unmarks_integration);
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

TEST_CASE("a history has the last versions, newest first, and no more than are kept") {
  using Records = std::vector<std::string_view>;
  std::string history;
  CHECK(read_history(history) == Records());
  history = add_to_history(history, "one", 3);
  CHECK(read_history(history) == Records{"one"});
  history = add_to_history(history, "two", 3);
  history = add_to_history(history, "three", 3);
  CHECK(read_history(history) == Records{"three", "two", "one"});
  history = add_to_history(history, "four", 3);
  CHECK(read_history(history) == Records{"four", "three", "two"});
  // Fewer are kept from now on; then none.
  CHECK(read_history(add_to_history(history, "five", 2)) == Records{"five", "four"});
  CHECK(read_history(add_to_history(history, "five", 1)) == Records{"five"});
  CHECK(add_to_history(history, "five", 0).empty());
  // More are kept from now on: what is gone stays so.
  CHECK(read_history(add_to_history(history, "five", 9)) ==
        Records{"five", "four", "three", "two"});
}

TEST_CASE("a history that is cut is refused, but behind a version, and begun anew") {
  const auto bytes = add_to_history(add_to_history("", "one", 3), "two", 3);
  const auto whole = add_to_history("", "two", 3).size();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = std::string_view(bytes).substr(0, length);
    CAPTURE(length);
    CHECK(read_history(cut).has_value() == (length == 0 || length == whole));
    CHECK(read_history(add_to_history(cut, "three", 3)).has_value());
    CHECK(read_history(add_to_history(cut, "three", 3))->front() == "three");
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
