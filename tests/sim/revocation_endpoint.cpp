// Requests to end a token at its provider, and D1's word on whether another connection needs it.
#include "core/base/text.h"
#include "core/connection/decision.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {

HttpReply answer(int status) {
  return {
      .status = status, .headers = {}, .body = status == 400 ? R"({"error":"invalid_token"})" : ""};
}

}  // namespace

void Simulation::fetch_revocation(const std::shared_ptr<Run>& run, const IssuedEffect& issued,
                                  Vendor vendor) {
  const auto& effect = std::get<Fetch>(issued.effect);
  const auto spot = run->spot(13);
  const auto there = chance_.between(5, 400, spot, 1);
  const auto back = chance_.between(5, 400, spot, 2);
  const auto token = shown_for_revocation(vendor, effect);
  ledger_.shown_for_revocation(run->connection, vendor, token);
  const bool at_once = chance_.between(0, 1, spot, 3) == 0;
  const Fetch::Reply fault = std::unexpected(at_once ? HostFault::unavailable : HostFault::timeout);
  const auto given_up = at_once ? there + back : effect.deadline_ms;
  const auto arrives = [this, run, issued, vendor, token](DurationMs delay,
                                                          std::function<void(int)> then) {
    ++revocations_on_their_way_;
    in(delay, [this, run, issued, vendor, token, then = std::move(then)] {
      --revocations_on_their_way_;
      const auto revoked = provider_.revoke(vendor, std::get<Fetch>(issued.effect), now(),
                                            is_down(Down::secret, vendor));
      tell("provider", "revocation: " + to_decimal(revoked.status));
      coverage_.count("revocation",
                      std::string(name_of(vendor)) + " " + to_decimal(revoked.status));
      revocations_.arrived(run->connection, vendor, token, revoked, now());
      then(revoked.status);
    });
  };
  const auto nobody = [](int) {};
  if (is_down(Down::provider, vendor) || is_down(Down::revocation, vendor) ||
      strikes(Fault::revocation_5xx, spot)) {
    answer_in(there + back, run, issued, Fetch::Reply(html(503)));
  } else if (strikes(Fault::revocation_refused, spot)) {
    constexpr int kStatuses[] = {401, 403, 429};
    answer_in(there + back, run, issued,
              Fetch::Reply(answer(kStatuses[chance_.between(0, 2, spot, 4)])));
  } else if (strikes(Fault::revocation_lost, spot)) {
    answer_in(given_up, run, issued, fault);
  } else if (strikes(Fault::revocation_late, spot)) {
    answer_in(given_up, run, issued, fault);
    arrives(chance_.between(given_up + 1, kRequestLifeMs - 1, spot, 5), nobody);
  } else if (strikes(Fault::revocation_answer_lost, spot)) {
    answer_in(given_up, run, issued, fault);
    arrives(there, nobody);
  } else {
    may_die_within(there + back, run);
    arrives(there, [this, run, issued, back](int status) {
      in(back, [this, run, issued, status] { deliver(run, issued, Fetch::Reply(answer(status))); });
    });
  }
}

void Simulation::note_others(int connection, const Sql& effect, std::vector<SqlOutcome>& outcomes) {
  constexpr std::string_view kAsked = "SELECT 1 FROM oauth_connections WHERE account_key";
  constexpr std::string_view kMost = " LIMIT 1";
  if (effect.statements.size() != 1 || !effect.statements[0].sql.starts_with(kAsked)) {
    return;
  }
  auto all = effect.statements[0];
  all.sql.resize(all.sql.size() - kMost.size());
  all.sql.replace(0, std::string_view("SELECT 1").size(), "SELECT org_id, integration, user_id");
  const auto rows = world_.d1.batch({all});
  std::set<int> others;
  for (const auto& row : rows ? (*rows)[0].rows : std::vector<SqlRow>()) {
    const auto found = connection_of_.find(connection_key(
        {.org = *row[0].text(), .integration = *row[1].text(), .subject = *row[2].text()}));
    if (found != connection_of_.end()) {
      others.insert(found->second);
    }
  }
  if (others.empty() != outcomes[0].rows.empty()) {
    ledger_.violated(8, "whether others are of the account is not what D1 has");
  }
  coverage_.count("revocation", others.empty() ? "is_nobody_elses" : "is_somebody_elses");
  revocations_.asked_for_others(connection, std::move(others));
  if (mutation_ == Mutation::sharing_unseen) {
    outcomes[0].rows.clear();
  }
}

}  // namespace postern::sim
