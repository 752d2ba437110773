// Requests over the internet but for tokens: the providers' keys, their APIs, their word on whose
// an access token is.
#include <algorithm>

#include "tests/flows/host/story.h"
#include "tests/sim/people.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {

std::string_view header(const Fetch& fetch, std::string_view name) {
  const auto found =
      std::ranges::find(fetch.headers, name, &std::pair<std::string, std::string>::first);
  return found == fetch.headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string bearer(const Fetch& fetch) {
  const auto value = header(fetch, "authorization");
  return std::string(value.substr(value.find(' ') + 1));
}

}  // namespace

void Simulation::fetch(const std::shared_ptr<Run>& run, const IssuedEffect& issued) {
  const auto& effect = std::get<Fetch>(issued.effect);
  if (effect.url.starts_with("https://hooks.")) {
    fetch_webhook(run, issued);
    return;
  }
  const auto target = target_of(effect.url, itself_);
  if (!target || target->vendor != plan_.vendor(run->connection)) {
    ledger_.violated(7, "a request goes to another provider: " + effect.url);
    answer_in(1, run, issued, Fetch::Reply(std::unexpected(HostFault::unavailable)));
    return;
  }
  switch (target->endpoint) {
    case Endpoint::token:
    case Endpoint::guest_token:
      fetch_token(run, issued, target->vendor);
      break;
    case Endpoint::revocation:
      fetch_revocation(run, issued, target->vendor);
      break;
    case Endpoint::keys:
      fetch_keys(run, issued, target->vendor);
      break;
    case Endpoint::profile:
    case Endpoint::arm:
      fetch_resource(run, issued, *target);
      break;
  }
}

void Simulation::fetch_keys(const std::shared_ptr<Run>& run, const IssuedEffect& issued,
                            Vendor vendor) {
  const auto spot = run->spot(8);
  const auto takes = chance_.between(5, 900, spot, 1);
  if (is_down(Down::provider, vendor) || strikes(Fault::keys_fail, spot)) {
    run->keys_failed = true;
    answer_in(takes, run, issued, Fetch::Reply(std::unexpected(HostFault::unavailable)));
    return;
  }
  answer_in(takes, run, issued, Fetch::Reply(keys_of(vendor, plan_.settings.of(vendor))));
}

// What the profile endpoint may answer instead of a profile, to the authority of a sign-in. Where
// it is all that says whose a grant is, a sign-in waits for it, or is refused.
std::optional<Fetch::Reply> Simulation::identity_fault(const std::shared_ptr<Run>& run) {
  const auto spot = run->spot(8);
  if (strikes(Fault::profile_slow, spot)) {
    run->keys_failed = true;
    return std::unexpected(HostFault::timeout);
  }
  if (strikes(Fault::profile_refused, spot)) {
    // Who asks whether a token is over would believe a 401.
    constexpr int kStatuses[] = {403, 404, 401};
    const int most = run->operation == "authority.connect" ? 2 : 1;
    return testing::error_reply(kStatuses[chance_.between(0, most, spot, 3)], "refused");
  }
  if (strikes(Fault::profile_odd, spot)) {
    constexpr std::string_view kBodies[] = {"[]", "{}", R"({"id":{},"sub":""})", "<html>"};
    return testing::json_reply(200, std::string(kBodies[chance_.between(0, 3, spot, 3)]));
  }
  return std::nullopt;
}

void Simulation::fetch_resource(const std::shared_ptr<Run>& run, const IssuedEffect& issued,
                                Target target) {
  const auto& effect = std::get<Fetch>(issued.effect);
  const auto spot = run->spot(8);
  const auto takes = chance_.between(5, 900, spot, 1);
  const auto token = bearer(effect);
  const bool arm = target.endpoint == Endpoint::arm;
  ledger_.shown(run->connection, target.vendor, token);
  if (is_down(Down::provider, target.vendor) || strikes(Fault::resource_5xx, spot)) {
    run->keys_failed = run->keys_failed || run->node != nullptr;
    answer_in(takes, run, issued, Fetch::Reply(html(503)));
    return;
  }
  if (run->node == nullptr) {
    ledger_.served(run->connection, api_of(target.vendor, arm), token, mono_);
    if (strikes(Fault::resource_401, spot)) {
      provider_.end_access(token);
    }
  } else if (auto fault = identity_fault(run)) {
    if (*fault) {
      ledger_.account_refused(run->connection);
    }
    answer_in(*fault ? takes : effect.deadline_ms, run, issued, *fault);
    return;
  }
  if (target.vendor == Vendor::github && header(effect, "user-agent").empty()) {
    answer_in(takes, run, issued, Fetch::Reply(html(403)));
    return;
  }
  const auto* access = provider_.access(target.vendor, token, arm, now());
  if (access == nullptr) {
    coverage_.count("resource", "401");
    if (run->node != nullptr) {
      ledger_.account_refused(run->connection);
      revocations_.is_dead(token);
    }
    answer_in(takes, run, issued, Fetch::Reply(testing::error_reply(401, "InvalidToken")));
    return;
  }
  answer_in(takes, run, issued,
            Fetch::Reply(arm ? testing::json_reply(200, R"({"value":[]})")
                             : profile_of(target.vendor, provider_.grant(access->grant).person)));
}

}  // namespace postern::sim
