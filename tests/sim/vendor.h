// Whose services the providers of a history are, as their public documentation has them
// (tests/world/README.md says what is documented and what is a guess). Written down apart from the
// core's catalogue: what the core believes of them is held against this.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::sim {

enum class Vendor : std::uint8_t { azure, github, google };
inline constexpr std::size_t kVendors = 3;
inline constexpr std::array<Vendor, kVendors> kEveryVendor = {Vendor::azure, Vendor::github,
                                                              Vendor::google};

struct VendorFacts {
  std::string_view integration;
  std::string_view prefix;        // of its variables
  std::string_view api;           // that is meant where none is named
  std::string_view login_origin;  // its own
  std::string_view other_origin;  // of a server of that kind which is somebody else's
  std::string_view client_id;
  std::string_view client_secret;
  char key_byte;  // of which its signing key is made; 0: it signs nothing
  bool revokes = false;
  // To revoke one token ends all that its account granted to the client.
  bool revokes_all = false;
  // By a living access token alone.
  bool revokes_by_access = false;
};
[[nodiscard]] const VendorFacts& facts_of(Vendor vendor);
[[nodiscard]] inline std::string_view name_of(Vendor vendor) {
  return facts_of(vendor).integration;
}

[[nodiscard]] inline std::string_view api_of(Vendor vendor, bool arm) {
  return arm ? std::string_view("arm") : facts_of(vendor).api;
}

// Another directory of Microsoft's, in which everybody is a guest.
inline constexpr std::string_view kGuestTenant = "11111111-2222-4333-8444-555555555555";

// What a request is for. `profile` is Graph's, GitHub's and Google's own API, as far as a history
// knows it.
enum class Endpoint : std::uint8_t { token, guest_token, keys, profile, arm, revocation };
struct Target {
  Vendor vendor;
  Endpoint endpoint;
};
// nullopt: nobody's. `itself`: is it the vendor's own server, or the other one?
[[nodiscard]] std::optional<Target> target_of(std::string_view url,
                                              const std::array<bool, kVendors>& itself);

}  // namespace postern::sim
