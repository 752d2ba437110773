// Requests to token endpoints, whose answers are what all this is about.
#include "core/base/text.h"
#include "core/connection/decision.h"
#include "core/connection/journal.h"
#include "core/effect/codec.h"
#include "tests/flows/host/story.h"
#include "tests/sim/seal.h"
#include "tests/sim/settings.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {

// Under another name nobody looks for it.
std::string without_access_token(std::string json) {
  const auto at = json.find("\"access_token\"");
  return at == std::string::npos ? json : json.replace(at + 1, 12, "access_taken");
}

bool is_for_arm(const Fetch& fetch) {
  return fetch.body.find("management.azure.com") != std::string::npos;
}

bool is_for_guest(const Fetch& fetch) {
  return fetch.url.contains(kGuestTenant);
}

// What is refused then concerns nobody but whoever asked.
bool is_for_caller_alone(const Fetch& fetch) {
  return is_for_guest(fetch) || fetch.body.contains("&claims=");
}

bool is_client_refused(const HttpReply& reply) {
  return reply.body.contains("invalid_client") ||
         reply.body.contains("incorrect_client_credentials");
}

}  // namespace

HttpReply html(int status) {
  return {.status = status,
          .headers = {{"content-type", "text/html"}},
          .body = "<html><body>Please stand by</body></html>"};
}

void Simulation::fetch_token(const std::shared_ptr<Run>& run, const IssuedEffect& issued,
                             Vendor vendor) {
  const auto& effect = std::get<Fetch>(issued.effect);
  run->token_request_out = true;
  if (run->operation == "authority.alarm") {
    ledger_.leaves_unasked(run->connection, mono_);
  }
  run->token_request_there = effect.keep_key == kSignInKeptKey;
  run->asked_grant = ledger_.leaves(
      run->connection, {.vendor = vendor, .body = effect.body, .arrived_at = run->arrived_at},
      *run->node->object, now());
  const auto spot = run->spot(9);
  auto there = chance_.between(5, 400, spot, 1);
  auto back = chance_.between(5, 400, spot, 2);
  const auto arrives = [this, run, issued](DurationMs delay, Fetch::Reply reply) {
    run->token_request_there = true;
    in(delay, [this, run, issued, reply = std::move(reply)] {
      token_arrives(run, issued, reply, std::nullopt);
    });
  };
  may_die_within(there + back, run);
  // What never reaches the provider.
  const bool in_part = only_a_part_is_down_[static_cast<std::size_t>(vendor)];
  const bool down = is_down(Down::provider, vendor) && (!in_part || is_for_arm(effect));
  if (down || strikes(Fault::token_5xx, spot)) {
    if (down && in_part) {
      coverage_.count("provider_down", "for_one_resource");
    }
    arrives(there + back, Fetch::Reply(html(503)));
  } else if (strikes(Fault::token_request_lost, spot)) {
    const bool at_once = chance_.between(0, 1, spot, 3) == 0;
    arrives(at_once ? there : effect.deadline_ms,
            std::unexpected(at_once ? HostFault::unavailable : HostFault::timeout));
  } else if (effect.keep_key == kKeptKey && strikes(Fault::token_request_late, spot)) {
    fetch_token_late(run, issued, vendor, {.there = there, .back = back});
  } else if (strikes(Fault::token_429, spot)) {
    auto reply = testing::error_reply(429, "slow_down");
    if (chance_.between(0, 1, spot, 3) == 0) {
      reply.headers.emplace_back("retry-after", to_decimal(chance_.between(1, 4000, spot, 5)));
    }
    arrives(there + back, std::move(reply));
  } else if (strikes(Fault::token_html, spot)) {
    arrives(there + back, html(200));
  } else {
    // What does reach it; what becomes of the answer is decided on its way back.
    std::optional<Fetch::Reply> instead;
    if (strikes(Fault::token_answer_lost, spot)) {
      const bool at_once = chance_.between(0, 1, spot, 3) == 0;
      back = at_once ? back : effect.deadline_ms - there;
      instead = std::unexpected(at_once ? HostFault::unavailable : HostFault::timeout);
    } else if (strikes(Fault::token_slow_done, spot)) {
      back = effect.deadline_ms - there;
      instead = std::unexpected(HostFault::timeout);
    } else if (strikes(Fault::token_5xx_done, spot)) {
      instead = Fetch::Reply(html(502));
    } else if (strikes(Fault::token_html_done, spot)) {
      instead = Fetch::Reply(html(200));
    } else if (strikes(Fault::token_slow, spot)) {
      there = chance_.between(kSecondMs, effect.deadline_ms - 1500, spot, 6);
    }
    const bool cut = !instead && strikes(Fault::token_cut_done, spot);
    const bool odd =
        !instead && !cut && effect.keep_key == kKeptKey && strikes(Fault::token_odd_done, spot);
    in(there, [this, run, issued, vendor, back, instead, cut, odd] {
      run->token_request_there = true;
      if (run->straggles) {
        ledger_.gone_by(run->connection, run->asked_grant);
      }
      auto answer = provider_.token(request_of(issued, vendor));
      tell("provider",
           to_decimal(answer.reply.status) +
               (answer.issued ? ", grant " + to_decimal(answer.issued->grant) + ", refresh token " +
                                    to_decimal(answer.issued->index)
                              : " " + answer.reply.body));
      coverage_.count("token_endpoint", std::string(name_of(vendor)) + " " +
                                            to_decimal(answer.reply.status) +
                                            (answer.issued ? "" : " refused"));
      if (answer.issued) {
        ledger_.issued(*answer.issued);
        if (run->straggles) {
          ledger_.taken_late(answer.issued->grant);
        }
      }
      auto issued_tokens = answer.issued;
      Fetch::Reply reply = std::move(answer.reply);
      if (instead) {
        issued_tokens.reset();
        reply = *instead;
      } else if (cut && issued_tokens) {
        issued_tokens.reset();
        reply->body.resize(reply->body.size() / 2);
      } else if (odd && issued_tokens) {
        reply->body = without_access_token(reply->body);
      }
      in(back, [this, run, issued, reply = std::move(reply), issued_tokens] {
        token_arrives(run, issued, reply, issued_tokens);
      });
    });
  }
}

Consent Simulation::consent() const {
  return !is_down(Down::consent)   ? Consent::given
         : only_arm_needs_consent_ ? Consent::missing_for_arm
                                   : Consent::missing;
}

Provider::Request Simulation::request_of(const IssuedEffect& issued, Vendor vendor) const {
  return {.vendor = vendor,
          .body = std::get<Fetch>(issued.effect).body,
          .guest = is_for_guest(std::get<Fetch>(issued.effect)),
          .now = now(),
          .secret_is_wrong = is_down(Down::secret, vendor),
          .consent = consent(),
          .wording = wording_};
}

void Simulation::fetch_token_late(const std::shared_ptr<Run>& run, const IssuedEffect& issued,
                                  Vendor vendor, Ways ways) {
  const auto& effect = std::get<Fetch>(issued.effect);
  const auto spot = run->spot(9);
  const auto kind = chance_.between(0, 2, spot, 3);
  const auto given_up = kind == 0   ? ways.there
                        : kind == 1 ? effect.deadline_ms
                                    : ways.there + ways.back;
  const Fetch::Reply reply = kind == 0   ? std::unexpected(HostFault::unavailable)
                             : kind == 1 ? std::unexpected(HostFault::timeout)
                                         : Fetch::Reply(html(504));
  in(given_up, [this, run, issued, reply] {
    if (run->alive) {
      run->lingers = true;
      ledger_.lingers(run->connection, run->asked_grant);
    }
    token_arrives(run, issued, reply, std::nullopt);
  });
  in(chance_.between(given_up + 1, kRequestLifeMs - 1, spot, 7), [this, run, issued, vendor] {
    if (run->straggles) {
      ledger_.gone_by(run->connection, run->asked_grant);
    } else if (run->lingers) {
      ledger_.gone_by_late(run->connection, run->asked_grant);
    }
    const auto answer = provider_.token(request_of(issued, vendor));
    tell("provider", "late: " + to_decimal(answer.reply.status));
    coverage_.count("token_endpoint", "late_" + to_decimal(answer.reply.status));
    if (answer.issued) {
      ledger_.issued(*answer.issued);
      ledger_.taken_late(answer.issued->grant);
    }
  });
}

void Simulation::token_arrives(const std::shared_ptr<Run>& run, const IssuedEffect& issued,
                               Fetch::Reply reply, std::optional<RefreshPlace> issued_tokens) {
  const auto& effect = std::get<Fetch>(issued.effect);
  if (effect.keep_key == kKeptKey && !is_for_guest(effect)) {
    ledger_.in_vain(run->connection, is_for_arm(effect), !run->alive || !issued_tokens);
  }
  if (!run->alive) {
    return;
  }
  run->token_request_out = false;
  ledger_.came_back(run->connection);
  if (run->asked_grant >= 0 && reply) {
    const auto wording = wording_of(*reply);
    if (wording) {
      coverage_.count("wording", name_of(*wording));
      if (!is_for_caller_alone(effect)) {
        ledger_.refused(run->connection, is_for_arm(effect), mono_, *wording);
      }
    } else if (reply->body.contains("\"access_token\"") && !is_for_guest(effect)) {
      ledger_.not_refused(run->connection, is_for_arm(effect));
    }
  }
  if (reply) {
    if (is_client_refused(*reply)) {
      ledger_.client_refused(run->connection);
    }
    *reply = mutated(mutation_, std::move(*reply));
  }
  const bool kept = !is_down(Down::ring) && !strikes(Fault::keep_fails, run->spot(10));
  if (kept && mutation_ != Mutation::no_kept_answer) {
    run->node->object->storage[effect.keep_key] =
        with_kid(world_.seal(effect.keep_org, effect.keep_context, encode_reply(Reply(reply))),
                 ring_generation(isolate_of(*run)));
  }
  if (issued_tokens) {
    ledger_.answered(run->connection, *issued_tokens);
  }
  if (kept && issued_tokens) {
    ledger_.received(run->connection, *issued_tokens);
  }
  deliver(run, issued, std::move(reply));
}

}  // namespace postern::sim
