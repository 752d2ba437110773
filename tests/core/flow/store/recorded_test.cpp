// What releases stored (tests/data/stored) is written again by this one as it was, byte for byte:
// so the release that wrote it reads what this one writes.
#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "core/base/base64url.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "tests/core/flow/store/encodings.h"

using namespace postern;
namespace again = postern::testing;

namespace {

std::string from_base64(std::string_view text) {
  std::string url;
  for (const char c : text) {
    if (c != '=') {
      url += c == '+' ? '-' : c == '/' ? '_' : c;
    }
  }
  const auto bytes = base64url_decode(url);
  REQUIRE(bytes.has_value());
  return bytes.value_or(std::string());
}

std::optional<std::string> number_again(std::string_view bytes) {
  return parse_decimal(bytes).transform(to_decimal);
}

// Sealed: what is in it, tests/data/sealed tells.
std::optional<std::string> sealed_again(std::string_view bytes) {
  return bytes.starts_with("s1.k") ? std::optional(std::string(bytes)) : std::nullopt;
}

const std::map<std::string_view, again::Again> kKinds = {{"record", again::record_again},
                                                         {"version", again::record_again},
                                                         {"journal", again::journal_again},
                                                         {"sign_in", again::journal_again},
                                                         {"kept", sealed_again},
                                                         {"sign_in_kept", sealed_again},
                                                         {"outbox", again::outbox_again},
                                                         {"pending", again::pending_again},
                                                         {"recovered", number_again},
                                                         {"trouble", again::trouble_again},
                                                         {"pauses", again::pauses_again},
                                                         {"told", number_again},
                                                         {"events", number_again},
                                                         {"event", again::events_again},
                                                         {"delivery", again::delivery_again},
                                                         {"connection", again::record_again},
                                                         {"apikey", again::api_key_again}};

class Recorded {
 public:
  void check_file(const std::filesystem::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    const auto moment = parse_json(text.str(), {.max_bytes = std::size_t{1} << 20});
    REQUIRE(moment.has_value());
    const auto* stores = json_member(*moment, "stores");
    REQUIRE(stores != nullptr);
    for (const auto& object : json_member(*stores, "objects")->elements) {
      for (const auto& entry : json_member(object, "entries")->elements) {
        check(entry.name, from_base64(entry.string()));
      }
    }
    for (const auto& entry : json_member(*stores, "kv")->elements) {
      check(json_text(entry, "key"), from_base64(json_text(entry, "value")));
    }
    for (const auto& table : json_member(*json_member(*stores, "d1"), "tables")->elements) {
      for (const auto& row : table.elements) {
        if (table.name == "oauth_connections") {
          check_same("backup", from_base64(json_text(row, "record")), again::record_again);
        }
      }
    }
  }

  // How many there were of each kind; and of what there may be several, the most.
  std::map<std::string, int, std::less<>> seen;

 private:
  void check_same(std::string_view kind, const std::string& bytes, again::Again encoding) {
    CAPTURE(kind);
    CHECK(encoding(bytes) == bytes);
    ++seen[std::string(kind)];
  }

  void check(std::string_view key, const std::string& bytes) {
    const auto kind = key.substr(0, key.find(':'));
    const auto known = kKinds.find(kind);
    CAPTURE(key);
    REQUIRE(known != kKinds.end());
    check_same(kind, bytes, known->second);
    // What stands inside of others.
    if (const auto journal = decode_journal(bytes); journal && kind == "sign_in") {
      check_same("sign_in/connect", journal->connect, again::payload_again<decode_connect_payload>);
    }
    if (const auto pending = decode_pending(bytes); pending && kind == "pending") {
      check_same("pending/record", pending->record, again::record_again);
    }
    if (const auto outbox = decode_outbox(bytes); outbox && kind == "outbox") {
      check_same(outbox->events.empty() ? "outbox/none" : "outbox/events", outbox->events,
                 again::events_again);
      check_revocations(outbox->revocations);
    }
  }

  void check_revocations(const std::string& bytes) {
    if (bytes.empty()) {
      ++seen["outbox/no revocations"];
      return;
    }
    check_same("outbox/revocations", bytes, again::revocations_again);
    const auto owed = decode_revocations(bytes).value_or(std::vector<Revocation>());
    seen["most revocations"] = std::max(seen["most revocations"], static_cast<int>(owed.size()));
    for (const auto& each : owed) {
      check_same("revocation/record", each.record, again::record_again);
    }
  }
};

}  // namespace

TEST_CASE("what releases stored is written again as it was") {
  Recorded recorded;
  for (const auto& release :
       std::filesystem::directory_iterator(POSTERN_SOURCE_DIR "/tests/data/stored")) {
    if (!release.is_directory()) {
      continue;
    }
    CAPTURE(release.path().filename().string());
    for (const auto& file : std::filesystem::directory_iterator(release)) {
      CAPTURE(file.path().filename().string());
      recorded.check_file(file.path());
    }
  }
  for (const auto& [kind, decode] : kKinds) {
    CAPTURE(kind);
    CHECK(recorded.seen.contains(kind));
  }
  for (const auto* kind : {"backup", "sign_in/connect", "pending/record", "outbox/events",
                           "outbox/no revocations", "outbox/revocations", "revocation/record"}) {
    CAPTURE(kind);
    CHECK(recorded.seen[kind] > 0);
  }
  CHECK(recorded.seen["most revocations"] > 1);
}
