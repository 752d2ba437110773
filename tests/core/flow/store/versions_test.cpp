// What an older and a newer release read of each other (docs/storage.md).
#include <doctest/doctest.h>
#include <initializer_list>

#include "tests/core/flow/store/encodings.h"

using namespace postern;
using postern::testing::Encoding;
using postern::testing::encodings;

namespace {

// As a later release writes it, with what came between here and there.
std::string appended(const Encoding& encoding, std::string_view version,
                     std::initializer_list<std::string_view> fields) {
  FieldWriter out;
  if (encoding.is_list) {
    out.text("");
  }
  out.text(version);
  for (const auto field : encoding.since) {
    out.text(field);
  }
  for (const auto field : fields) {
    out.text(field);
  }
  return encoding.bytes + out.bytes();
}

// The first version that is not known here.
std::string next_version(const Encoding& encoding) {
  const int known = encoding.known != 0 ? encoding.known : encoding.since.empty() ? 1 : 2;
  return std::to_string(known + 1);
}

}  // namespace

TEST_CASE("what is read is written as it was") {
  for (const auto& encoding : encodings()) {
    CAPTURE(encoding.name);
    CHECK(encoding.again(encoding.bytes) == encoding.bytes);
  }
}

TEST_CASE("what a later release appended is overlooked") {
  for (const auto& encoding : encodings()) {
    CAPTURE(encoding.name);
    const auto version = next_version(encoding);
    CHECK(encoding.again(appended(encoding, version, {})) == encoding.bytes);
    CHECK(encoding.again(appended(encoding, version, {"", "more"})) == encoding.bytes);
    CHECK(encoding.again(appended(encoding, "19", {"x", "20!"})) == encoding.bytes);
  }
}

TEST_CASE("what a later release marked as not to be overlooked is not read") {
  for (const auto& encoding : encodings()) {
    CAPTURE(encoding.name);
    const auto version = next_version(encoding) + "!";
    CHECK_FALSE(encoding.again(appended(encoding, version, {})).has_value());
    CHECK_FALSE(encoding.again(appended(encoding, version, {"more"})).has_value());
  }
}

TEST_CASE("what follows and has no version is not read") {
  for (const auto& encoding : encodings()) {
    CAPTURE(encoding.name);
    for (const auto* version : {"", "0", "1", "-2", "more", "2x", " 2"}) {
      CAPTURE(version);
      CHECK_FALSE(encoding.again(appended(encoding, version, {"more"})).has_value());
    }
    CHECK_FALSE(encoding.again(encoding.bytes + "x").has_value());
  }
}

TEST_CASE("what was cut is not read, in what was appended neither") {
  for (const auto& encoding : encodings()) {
    CAPTURE(encoding.name);
    for (std::size_t length = 0; length < encoding.bytes.size(); ++length) {
      CAPTURE(length);
      const bool whole = std::ranges::contains(encoding.shorter, length);
      const auto cut = std::string_view(encoding.bytes).substr(0, length);
      CHECK(encoding.again(cut).has_value() == whole);
    }
    const auto later = appended(encoding, next_version(encoding), {"more"});
    // Between two fields what is there is whole, but for those that belong to a version.
    const auto more = later.size() - 8;
    const auto version = more - 5;
    for (std::size_t length = encoding.bytes.size() + 1; length < later.size(); ++length) {
      CAPTURE(length);
      const bool whole = length == more || (encoding.is_list && length == version);
      CHECK(encoding.again(std::string_view(later).substr(0, length)).has_value() == whole);
    }
  }
}

TEST_CASE("what belongs to a version that is known is read, whatever follows") {
  const Outbox outbox{.attempts = 1, .revocations = encode_revocations({{.record = "r"}})};
  const auto bytes = encode_outbox(outbox);
  FieldWriter second;
  second.number(2).text(outbox.revocations);
  CHECK(bytes == encode_outbox({.attempts = 1}) + second.bytes());
  CHECK(testing::outbox_again(bytes) == bytes);
  FieldWriter third;
  third.number(3).text(outbox.revocations).text("more").text("and more");
  CHECK(testing::outbox_again(encode_outbox({.attempts = 1}) + third.bytes()) == bytes);
  for (const auto* version : {"1", "2!", "x", ""}) {
    FieldWriter marked;
    marked.text(version).text(outbox.revocations);
    CHECK_FALSE(testing::outbox_again(encode_outbox({.attempts = 1}) + marked.bytes()));
  }
  for (std::size_t length = bytes.size() - second.bytes().size() + 1; length < bytes.size();
       ++length) {
    CHECK_FALSE(testing::outbox_again(std::string_view(bytes).substr(0, length)).has_value());
  }
}

TEST_CASE("an event goes behind the last one, in place of what a later release appended") {
  const Event event{.id = "evt_1", .type = "refreshed", .at = 5, .data = "{}"};
  const auto bytes = encode_event(event);
  FieldWriter later;
  later.text("").text("2").text("more");
  for (const auto& events : {std::string(), bytes, bytes + bytes}) {
    for (const auto& tail : {std::string(), later.bytes()}) {
      auto all = events + tail;
      append_event(all, event);
      CHECK(all == events + bytes);
    }
  }
  // What cannot be read stays, and cannot be read.
  auto broken = bytes + "x";
  append_event(broken, event);
  CHECK(broken.starts_with(bytes + "x"));
  CHECK_FALSE(decode_events(broken).has_value());
}
