#include "core/flow/store/place.h"

#include <utility>

namespace postern {

namespace {

Authority ask(std::string_view org, std::string name, std::string operation, std::string payload) {
  const auto place = authority_place(org);
  return {.binding = std::string(place.binding),
          .jurisdiction = std::string(place.jurisdiction),
          .location_hint = std::string(place.location_hint),
          .name = std::move(name),
          .operation = std::move(operation),
          .payload = std::move(payload)};
}

}  // namespace

AuthorityPlace authority_place(std::string_view /*org*/) {
  return {.binding = "CONNECTION", .jurisdiction = {}, .location_hint = {}};
}

Authority ask_authority(const ConnectionId& id, std::string operation, std::string payload) {
  return ask(id.org, connection_key(id), std::move(operation), std::move(payload));
}

Authority ask_authority_and_return(const ConnectionId& id, std::string operation,
                                   std::string payload, std::string note) {
  auto effect = ask_authority(id, std::move(operation), std::move(payload));
  effect.restart = true;
  effect.note = std::move(note);
  return effect;
}

Authority ask_health_object(std::string operation) {
  auto effect = ask({}, "health", std::move(operation), {});
  effect.restart = true;
  return effect;
}

}  // namespace postern
