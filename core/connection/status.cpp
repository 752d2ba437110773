#include "core/connection/status.h"

#include <cstddef>
#include <iterator>

namespace postern {

namespace {

constexpr std::string_view kNames[] = {"not_connected", "waiting_callback", "testing", "connected",
                                       "needs_reauth",  "failed",           "revoked"};

constexpr unsigned bit(Status status) {
  return 1U << static_cast<unsigned>(status);
}

// Row: from. Bits: to.
constexpr unsigned kTransitions[] = {
    // A disconnect in the middle of the first sign-in leaves a tombstone, so that it ends there.
    /* not_connected */ bit(Status::waiting_callback) | bit(Status::testing) |
        bit(Status::connected) | bit(Status::failed) | bit(Status::revoked),
    /* waiting_callback */ bit(Status::connected) | bit(Status::failed) |
        bit(Status::not_connected) | bit(Status::revoked),
    /* testing */ bit(Status::connected) | bit(Status::failed) | bit(Status::revoked),
    /* connected */ bit(Status::connected) | bit(Status::needs_reauth) | bit(Status::revoked),
    // While it waits for a person its grant may prove dead.
    /* needs_reauth */ bit(Status::connected) | bit(Status::needs_reauth) | bit(Status::revoked),
    /* failed */ bit(Status::waiting_callback) | bit(Status::connected) | bit(Status::revoked),
    // Ended once more, for the same reason.
    /* revoked */ bit(Status::connected) | bit(Status::waiting_callback) | bit(Status::revoked),
};
static_assert(std::size(kTransitions) == std::size(kNames));

}  // namespace

std::string_view name_of(Status status) {
  return kNames[static_cast<std::size_t>(status)];
}

std::optional<Status> parse_status(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == text) {
      return static_cast<Status>(i);
    }
  }
  return std::nullopt;
}

bool may_become(Status from, Status to) {
  return (kTransitions[static_cast<std::size_t>(from)] & bit(to)) != 0;
}

}  // namespace postern
