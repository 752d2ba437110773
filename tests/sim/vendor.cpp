#include "tests/sim/vendor.h"

namespace postern::sim {

namespace {

constexpr std::array<VendorFacts, kVendors> kFacts = {
    VendorFacts{.integration = "azure",
                .prefix = "AZURE",
                .api = "graph",
                .login_origin = "https://login.microsoftonline.com",
                .other_origin = "https://login.example.com",
                .client_id = "postern-client",
                .client_secret = "the-client-secret",
                .key_byte = 'Z'},
    VendorFacts{.integration = "github",
                .prefix = "GITHUB",
                .api = "github",
                .login_origin = "https://github.com",
                .other_origin = "https://github.example.com",
                .client_id = "postern-github",
                .client_secret = "githubs-secret",
                .key_byte = 0,
                .revokes = true,
                .revokes_by_access = true},
    VendorFacts{.integration = "google",
                .prefix = "GOOGLE",
                .api = "google",
                .login_origin = "https://accounts.google.com",
                .other_origin = "https://google.example.com",
                .client_id = "postern-google",
                .client_secret = "googles-secret",
                .key_byte = 'G',
                .revokes = true,
                .revokes_all = true}};

struct Place {
  Endpoint endpoint;
  std::string_view own;    // from its beginning
  std::string_view other;  // path at the other server; empty: it is where it was
};
constexpr Place kAzure[] = {
    {Endpoint::token, "https://login.microsoftonline.com/common/oauth2/v2.0/token",
     "/common/oauth2/v2.0/token"},
    {Endpoint::guest_token,
     "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/oauth2/v2.0/token",
     "/11111111-2222-4333-8444-555555555555/oauth2/v2.0/token"},
    {Endpoint::profile, "https://graph.microsoft.com/v1.0/me", ""},
    {Endpoint::arm, "https://management.azure.com/", ""},
    {Endpoint::keys, "https://login.microsoftonline.com/common/discovery/v2.0/keys",
     "/common/discovery/v2.0/keys"}};
constexpr Place kGithub[] = {
    {Endpoint::token, "https://github.com/login/oauth/access_token", "/login/oauth/access_token"},
    {Endpoint::profile, "https://api.github.com/user", ""},
    {Endpoint::revocation, "https://api.github.com/applications/postern-github/token", ""}};
constexpr Place kGoogle[] = {
    {Endpoint::token, "https://oauth2.googleapis.com/token", "/token"},
    {Endpoint::profile, "https://openidconnect.googleapis.com/v1/userinfo", "/v1/userinfo"},
    {Endpoint::keys, "https://www.googleapis.com/oauth2/v3/certs", "/oauth2/v3/certs"},
    {Endpoint::revocation, "https://oauth2.googleapis.com/revoke", "/revoke"}};

bool is_at(std::string_view url, const Place& place, bool itself, const VendorFacts& facts) {
  const auto fits = [&](std::string_view where) {
    return where.ends_with('/') ? url.starts_with(where) : url == where;
  };
  if (itself || place.other.empty()) {
    return fits(place.own);
  }
  return url.starts_with(facts.other_origin) &&
         url.substr(facts.other_origin.size()) == place.other;
}

}  // namespace

const VendorFacts& facts_of(Vendor vendor) {
  return kFacts[static_cast<std::size_t>(vendor)];
}

std::optional<Target> target_of(std::string_view url, const std::array<bool, kVendors>& itself) {
  for (const auto vendor : kEveryVendor) {
    const auto find = [&](const auto& places) -> std::optional<Target> {
      for (const auto& place : places) {
        if (is_at(url, place, itself[static_cast<std::size_t>(vendor)], facts_of(vendor))) {
          return Target{.vendor = vendor, .endpoint = place.endpoint};
        }
      }
      return std::nullopt;
    };
    const auto found = vendor == Vendor::azure    ? find(kAzure)
                       : vendor == Vendor::github ? find(kGithub)
                                                  : find(kGoogle);
    if (found) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace postern::sim
