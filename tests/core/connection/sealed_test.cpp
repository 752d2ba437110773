// The associated data of what a release sealed (tests/data/sealed): it opens with nothing else.
#include <doctest/doctest.h>
#include <fstream>
#include <sstream>

#include "core/base/base64url.h"
#include "core/base/json.h"
#include "core/connection/record.h"
#include "core/effect/codec.h"

using namespace postern;

namespace {

std::string bytes_of(const Json& answer, std::string_view member) {
  return base64url_decode(json_text(answer, member)).value_or(std::string());
}

}  // namespace

TEST_CASE("the associated data of what 297a9be sealed is what it was") {
  std::stringstream text;
  text << std::ifstream(POSTERN_SOURCE_DIR "/tests/data/sealed/297a9be.json").rdbuf();
  const auto known = parse_json(text.str());
  REQUIRE(known.has_value());
  const auto& answers = json_member(*known, "answers")->elements;
  CHECK(answers.size() == 8);
  int kept = 0;
  for (const auto& answer : answers) {
    const auto field = json_text(answer, "field");
    CAPTURE(json_text(answer, "about"));
    const auto& id = *json_member(answer, "id");
    const auto context = seal_context({.org = std::string(json_text(id, "org")),
                                       .integration = std::string(json_text(id, "integration")),
                                       .subject = std::string(json_text(id, "user_id"))},
                                      field, json_integer(answer, "version").value_or(-1));
    CHECK_FALSE(context.empty());
    CHECK(context == bytes_of(answer, "context"));
    if (field.starts_with("kept_")) {
      std::optional<Fetch::Reply> reply;
      REQUIRE(read_kept(bytes_of(answer, "plaintext"), reply));
      REQUIRE(reply->has_value());
      CHECK((*reply)->status == 200);
      CHECK((*reply)->body.contains("access_token"));
      ++kept;
    }
  }
  CHECK(kept == 2);
}
