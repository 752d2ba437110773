// The end of tokens at their client's wish.
//
// GitHub, docs.github.com/rest/apps/oauth-applications, "Delete an app token": one token, by the
// client's own credentials; 204, or 404 for whatever is not known, wrong credentials included. What
// the page leaves open: here a refresh token ends with its access token, and an access token that
// has expired is as unknown as any other. Google, developers.google.com/identity, "Revoking a
// token": whoever has a token ends all that its account granted to the client; 400 for one that is
// not known.
#include "core/base/base64url.h"
#include "core/base/form.h"
#include "tests/sim/provider.h"

namespace postern::sim {

namespace {

std::string header_of(const Fetch& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

bool proves(const Fetch& request, const VendorFacts& facts) {
  auto pair =
      base64url_encode(std::string(facts.client_id) + ":" + std::string(facts.client_secret));
  pair.append((4 - pair.size() % 4) % 4, '=');
  for (auto& letter : pair) {
    letter = letter == '-' ? '+' : letter == '_' ? '/' : letter;
  }
  return request.method == "DELETE" && header_of(request, "authorization") == "Basic " + pair;
}

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) {
    return {};
  }
  const auto rest = text.substr(at + before.size());
  return std::string(rest.substr(0, rest.find(after)));
}

}  // namespace

std::string shown_for_revocation(Vendor vendor, const Fetch& request) {
  return vendor == Vendor::github ? between(request.body, R"("access_token":")", "\"")
                                  : between(request.body, "token=", "&");
}

Provider::Revoked Provider::revoke(Vendor vendor, const Fetch& request, EpochMs now,
                                   bool secret_is_wrong) {
  const auto shown = shown_for_revocation(vendor, request);
  if (vendor == Vendor::github) {
    const auto* token = access(vendor, shown, false, now);
    if (secret_is_wrong || !proves(request, facts_of(vendor)) || token == nullptr) {
      return {.status = 404, .ended = {}};
    }
    end(token->grant);
    return {.status = 204, .ended = {token->grant}};
  }
  const auto* token = access(vendor, shown, false, now);
  const auto place = find_refresh(shown);
  const int of = token != nullptr ? token->grant : place ? place->grant : -1;
  if (request.method != "POST" || of < 0 || grant(of).vendor != vendor || !grant(of).alive ||
      is_over(of, now)) {
    return {.status = 400, .ended = {}};
  }
  Revoked revoked{.status = 200, .ended = {}};
  for (int index = 0; index < static_cast<int>(grants.size()); ++index) {
    if (grant(index).alive && grant(index).vendor == vendor &&
        grant(index).person == grant(of).person) {
      end(index);
      revoked.ended.push_back(index);
    }
  }
  return revoked;
}

void Provider::revoked_by_person(int grant_index) {
  const auto& meant = grant(grant_index);
  for (auto& each : grants) {
    const bool is_this = &each == &meant;
    const bool same = each.vendor == meant.vendor && each.person == meant.person;
    if (is_this || (same && facts_of(meant.vendor).revokes)) {
      each.ended_by_person = each.ended_by_person || each.alive || is_this;
      each.alive = false;
    }
  }
}

void Provider::end(int grant_index) {
  auto& grant = grants[static_cast<std::size_t>(grant_index)];
  grant.alive = false;
  grant.ended_by_revocation = true;
}

}  // namespace postern::sim
