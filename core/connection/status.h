// The states of a connection and the only ways between them.
// docs/refresh.md draws them, and a test holds the drawing to the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern {

enum class Status : std::uint8_t {
  not_connected,
  waiting_callback,  // a sign-in succeeded and waits for the caller's confirmation
  testing,
  connected,
  needs_reauth,
  failed,
  revoked,  // disconnected; the record is a tombstone
};

[[nodiscard]] std::string_view name_of(Status status);
[[nodiscard]] std::optional<Status> parse_status(std::string_view text);
[[nodiscard]] bool may_become(Status from, Status to);

}  // namespace postern
