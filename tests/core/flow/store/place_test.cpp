#include "core/flow/store/place.h"

#include <doctest/doctest.h>

using namespace postern;

namespace {

const ConnectionId kId{.org = "acme", .integration = "azure", .subject = "u"};

void check_place(const Authority& effect) {
  const auto place = authority_place("acme");
  CHECK(effect.binding == place.binding);
  CHECK(effect.jurisdiction == place.jurisdiction);
  CHECK(effect.location_hint == place.location_hint);
}

}  // namespace

TEST_CASE("the authorities of every organization live in one namespace, wherever they are asked") {
  for (const auto* org : {"acme", "umbrella", ""}) {
    const auto place = authority_place(org);
    CHECK(place.binding == "CONNECTION");
    CHECK(place.jurisdiction.empty());
    CHECK(place.location_hint.empty());
  }
}

TEST_CASE("an authority is asked by the connection's key, at its organization's place") {
  const auto effect = ask_authority(kId, "authority.describe", "payload");
  check_place(effect);
  CHECK(effect.name == connection_key(kId));
  CHECK(effect.operation == "authority.describe");
  CHECK(effect.payload == "payload");
  CHECK_FALSE(effect.restart);
  CHECK(effect.note.empty());
  const auto returning = ask_authority_and_return(kId, "authority.token", "payload", "a note");
  check_place(returning);
  CHECK(returning.name == connection_key(kId));
  CHECK(returning.restart);
  CHECK(returning.note == "a note");
}

TEST_CASE("the object that is asked whether it answers is no connection's") {
  const auto effect = ask_health_object("authority.health");
  check_place(effect);
  CHECK(effect.name == "health");
  CHECK(effect.restart);
  CHECK(effect.payload.empty());
}
