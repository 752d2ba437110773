// Where an organization's authorities live, and how a flow leaves for one. Nothing else in the core
// says where.
#pragma once

#include <string>
#include <string_view>

#include "core/connection/record.h"
#include "core/effect/effects.h"

namespace postern {

struct AuthorityPlace {
  std::string_view binding;        // of the objects' namespace
  std::string_view jurisdiction;   // empty: none
  std::string_view location_hint;  // empty: near whoever asks first
};
// An object of another namespace or jurisdiction is another object: what an organization has got
// once it keeps, or its connections have two writers.
[[nodiscard]] AuthorityPlace authority_place(std::string_view org);

// Of the connection's own authority. Its outcome is the flow's.
[[nodiscard]] Authority ask_authority(const ConnectionId& id, std::string operation,
                                      std::string payload);
// The same, and then the flow starts again, with the answer and the note.
[[nodiscard]] Authority ask_authority_and_return(const ConnectionId& id, std::string operation,
                                                 std::string payload, std::string note);
// An object that is no connection's: only whether it answers.
[[nodiscard]] Authority ask_health_object(std::string operation);

}  // namespace postern
