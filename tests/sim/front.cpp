// Requests from outside, as worker-shim/src/front.ts serves them, and people with their browsers.
#include "core/base/base64url.h"
#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "core/connection/journal.h"
#include "core/connection/token_name.h"
#include "tests/flows/host/story.h"
#include "tests/sim/settings.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {

constexpr int kMostRestarts = 3;
constexpr DurationMs kAuthorityDeadlineMs = 60 * kSecondMs;

}  // namespace

std::string member_of(std::string_view json, std::string_view name) {
  const auto key = "\"" + std::string(name) + "\":\"";
  const auto at = json.find(key);
  if (at == std::string_view::npos) {
    return {};
  }
  const auto begin = at + key.size();
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

void Simulation::call(const std::shared_ptr<Call>& call) {
  start_call(call);
}

void Simulation::start_call(const std::shared_ptr<Call>& call) {
  auto run =
      std::make_shared<Run>(mix(call->task, static_cast<std::uint64_t>(call->runs)), call->name);
  run->front = call->front;
  run->connection = call->connection;
  run->arm = call->arm;
  run->operation = call->input.operation;
  run->calm = call->calm;
  run->ended = [this, call](const Ended& end) {
    if (end.authority) {
      ask_authority(call, *end.authority);
    } else {
      call->then(end.outcome.value_or(testing::host_problem(ProblemCode::core_trap)));
    }
  };
  auto fresh = input_of(call->input.operation, call->input.entry, call->task, call->runs);
  call->input.now = now();
  call->input.entropy = std::move(fresh.entropy);
  start(run, call->input);
}

void Simulation::ask_authority(const std::shared_ptr<Call>& call, const Authority& authority) {
  const Spot spot{.task = mix(call->task, 0x61736bULL, static_cast<std::uint64_t>(call->runs)),
                  .ordinal = 0,
                  .calm = call->calm};
  auto waiting = std::make_shared<bool>(true);
  const auto answered = [this, call, waiting, restart = authority.restart,
                         note = authority.note](const Outcome& outcome) {
    if (!*waiting) {
      return;
    }
    *waiting = false;
    if (outcome.kind != OutcomeKind::data) {
      call->then(outcome);
      return;
    }
    if (!restart || ++call->runs > kMostRestarts) {
      ledger_.violated(5, "a front goes on where it must not");
      call->then(testing::host_problem(ProblemCode::core_trap));
      return;
    }
    call->input.authority_reply = outcome.body;
    call->input.note = note;
    start_call(call);
  };
  in(kAuthorityDeadlineMs, [answered] { answered(testing::host_problem(ProblemCode::timeout)); });
  const auto there = chance_.between(1, 25, spot, 1);
  const auto back = chance_.between(1, 25, spot, 2);
  const bool lost = strikes(Fault::message_lost, spot);
  const auto found = connection_of_.find(authority.name);
  if (found == connection_of_.end() || !testing::is_bound(authority)) {
    ledger_.violated(7, "an authority is asked that nobody has: " + authority.name);
    return;
  }
  in(there, [this, call, authority, answered, back, lost, connection = found->second] {
    if (lost) {
      answered(testing::host_problem(ProblemCode::store_unavailable));
      return;
    }
    enqueue(nodes_[static_cast<std::size_t>(connection)], authority.operation, Entry::authority,
            authority.payload, mix(call->task, static_cast<std::uint64_t>(call->runs)), call->calm,
            [this, answered, back](const Ended& ended) {
              // Only an alarm goes on elsewhere.
              auto outcome = ended.outcome.value_or(testing::host_problem(ProblemCode::core_trap));
              in(back, [answered, outcome = std::move(outcome)] { answered(outcome); });
            });
  });
}

std::shared_ptr<Call> Simulation::rpc(const Action& action, std::string_view operation,
                                      std::string body, std::uint64_t part) {
  auto call = std::make_shared<Call>();
  call->task = mix(action.id, part, 0x63616c6cULL);
  call->front = action.front;
  call->connection = action.connection;
  call->arm = action.arm;
  call->calm = action.calm;
  call->name = "front " + to_decimal(action.front) + ", action " +
               to_decimal(static_cast<std::int64_t>(action.id));
  call->input = input_of(operation, Entry::rpc, call->task, 0);
  call->input.binding_org = std::string(plan_.owner(action.connection).org);
  call->input.binding_permissions = "* connections:organization";
  call->input.body = std::move(body);
  call->then = [](const Outcome&) {};
  return call;
}

// What a caller asks for besides a token. In one history of five: a change of these leaves the
// others as they are.
Simulation::More Simulation::more_of(const Action& action, std::uint64_t part) const {
  if (plan_.seed % 5 != 3 || chance_.is_calm() ||
      plan_.vendor(action.connection) != Vendor::azure) {
    return More::nothing;
  }
  const auto dice = chance_.between(0, 99, {.task = mix(action.id, part), .ordinal = 4}, 1);
  return dice < 15 ? More::claims : dice < 35 ? More::guest : More::nothing;
}

void Simulation::get_token(const Action& action, std::uint64_t part,
                           std::function<void(Outcome)> then) {
  auto body = "{" + name_json(plan_.owner(action.connection)) + R"(,"resource":")" +
              std::string(api_of(plan_.vendor(action.connection), action.arm)) + "\"";
  if (action.amount != 0) {
    body += R"(,"minTtl":)" + to_decimal(action.amount);
  }
  const auto more = more_of(action, part);
  std::string resource(api_of(plan_.vendor(action.connection), action.arm));
  if (more == More::guest) {
    body += R"(,"tenant":")" + std::string(kGuestTenant) + "\"";
    resource = token_name_in(resource, kGuestTenant);
  } else if (more == More::claims) {
    // One of a few, so that some are asked for again.
    const auto value = chance_.between(0, 2, {.task = mix(action.id, part), .ordinal = 4}, 2);
    const auto claims =
        R"({"access_token":{"nbf":{"essential":true,"value":")" + to_decimal(value) + R"("}}})";
    body += R"(,"claims":")" + base64url_encode(claims) + "\"";
  }
  auto request = rpc(action, "get_token", body + "}", part);
  request->then = [this, action, more, resource, then = std::move(then)](const Outcome& outcome) {
    if (more != More::nothing) {
      coverage_.count(more == More::guest ? "guest" : "claims",
                      outcome.status == 200 ? "token" : member_of(outcome.body, "code"));
    }
    if (outcome.status == 200) {
      ledger_.served(action.connection, resource, member_of(outcome.body, "access_token"), mono_,
                     member_of(outcome.body, "expires_at"));
    }
    coverage_.count("answer", outcome.status == 200 ? "token" : member_of(outcome.body, "code"));
    then(outcome);
  };
  call(request);
}

void Simulation::use_resource(const Action& action, std::uint64_t part,
                              std::function<void(int)> then) {
  if (plan_.vendor(action.connection) != Vendor::azure) {
    use_token(action, part, std::move(then));
    return;
  }
  auto request = rpc(action, action.arm ? "list_subscriptions" : "get_user",
                     "{" + name_json(plan_.owner(action.connection)) + "}", part);
  request->then = [then = std::move(then)](const Outcome& outcome) { then(outcome.status); };
  call(request);
}

void Simulation::use_token(const Action& action, std::uint64_t part,
                           std::function<void(int)> then) {
  constexpr std::uint64_t kRefresh = 20;
  constexpr std::uint64_t kAgain = 30;
  const auto takes = [this, action, part](const Outcome& outcome) {
    const auto token = member_of(outcome.body, "access_token");
    if (strikes(Fault::resource_401, {.task = mix(action.id, part), .ordinal = 3})) {
      provider_.end_access(token);
    }
    return provider_.access(plan_.vendor(action.connection), token, false, now()) != nullptr;
  };
  auto refresh = rpc(action, "refresh", "{" + name_json(plan_.owner(action.connection)) + "}",
                     part + kRefresh);
  refresh->then = [this, action, part, takes, then](const Outcome& refreshed) {
    if (refreshed.status != 200) {
      then(refreshed.status);
      return;
    }
    get_token(action, part + kAgain, [takes, then](const Outcome& outcome) {
      then(outcome.status != 200 || takes(outcome) ? outcome.status : 401);
    });
  };
  get_token(action, part, [this, refresh, takes, then](const Outcome& outcome) {
    if (outcome.status != 200 || takes(outcome)) {
      then(outcome.status);
    } else {
      coverage_.count("resource", "401");
      call(refresh);
    }
  });
}

void Simulation::roll_back(const Action& action) {
  const auto& storage = nodes_[static_cast<std::size_t>(action.connection)].object->storage;
  std::vector<std::int64_t> kept;
  for (const auto& [key, value] : storage) {
    const auto earlier = key.starts_with("version:") ? decode_record(value) : std::nullopt;
    if (earlier) {
      kept.push_back(earlier->version);
    }
  }
  if (kept.empty()) {
    return;
  }
  const auto version = kept[static_cast<std::size_t>(action.amount) % kept.size()];
  auto request = rpc(action, "rollback",
                     "{" + name_json(plan_.owner(action.connection)) + R"(,"version":)" +
                         to_decimal(version) + "}",
                     1);
  request->then = [this](const Outcome& outcome) {
    coverage_.count("rollback", to_decimal(outcome.status));
  };
  call(request);
}

void Simulation::redeliver(const Action& action) {
  const auto rows =
      world_.d1.batch({{.sql = "SELECT id FROM events WHERE org_id = ? ORDER BY seq DESC LIMIT 8",
                        .parameters = {std::string(plan_.owner(action.connection).org)}}});
  if (!rows || (*rows)[0].rows.empty()) {
    return;
  }
  const auto& found = (*rows)[0].rows;
  const auto& row = found[static_cast<std::size_t>(action.amount) % found.size()];
  const auto* id = row[0].text();
  JsonWriter body;
  body.begin_object().member("eventId", id != nullptr ? *id : std::string());
  auto request = rpc(action, "redeliver_event", body.end_object().take(), 1);
  request->then = [this](const Outcome& outcome) {
    coverage_.count("redeliver", to_decimal(outcome.status));
  };
  call(request);
}

void Simulation::sign_in(const Action& action) {
  auto body = "{" + name_json(plan_.owner(action.connection));
  if (action.by_backend) {
    body += R"(,"returnTo":")" + std::string(kReturnUrl) + R"(","confirm":"backend")";
  } else {
    body += R"(,"confirm":"page")";
  }
  body += action.allow_other ? R"(,"allowOtherAccount":true})" : "}";
  auto link = rpc(action, "create_connect_link", body, 2);
  link->then = [this, action](const Outcome& outcome) {
    const auto at = outcome.body.find("/connect/");
    if (outcome.status != 200 || at == std::string::npos) {
      return;
    }
    auto begin = rpc(action, "begin_connect", {}, 3);
    begin->input.entry = Entry::http;
    begin->input.path = {{"link", outcome.body.substr(at + 9, 43)}};
    begin->input.headers = {{"sec-fetch-site", "same-origin"}};
    begin->then = [this, action](const Outcome& begun) { sign_in_at_provider(action, begun); };
    call(begin);
  };
  call(link);
}

void Simulation::sign_in_at_provider(const Action& action, const Outcome& begun) {
  const auto location = testing::navigation_of(begun);
  const auto state = testing::query_value(location, "state");
  if (state.empty()) {
    return;
  }
  const auto cookie = testing::header_of(begun, "set-cookie");
  const auto code = provider_.authorize(action.connection, static_cast<int>(action.amount),
                                        testing::query_value(location, "nonce"));
  const Spot spot{.task = action.id, .ordinal = 5};
  in(chance_.between(10, 20 * kSecondMs, spot, 1),
     [this, action, query = "code=" + code + "&state=" + state,
      pair = cookie.substr(0, cookie.find(';'))] { come_back(action, query, pair); });
}

void Simulation::come_back(const Action& action, const std::string& query,
                           const std::string& cookie) {
  auto back = rpc(action, "callback", {}, 4);
  back->input.entry = Entry::http;
  back->input.path = {{"integration", std::string(name_of(plan_.vendor(action.connection)))}};
  back->input.query = query;
  back->input.headers = {{"cookie", cookie}};
  back->then = [this, action](const Outcome& outcome) {
    coverage_.count("sign_in", to_decimal(outcome.status));
    if (outcome.kind == OutcomeKind::redirect && action.by_backend) {
      confirm(action, outcome);
    }
  };
  call(back);
}

void Simulation::confirm(const Action& action, const Outcome& returned) {
  const auto location = testing::header_of(returned, "location");
  JsonWriter body;
  body.begin_object()
      .member("code", testing::query_value(location, "code"))
      .member("userId", user_id_of(plan_.owner(action.connection)))
      .member("attempt", testing::query_value(location, "attempt"));
  auto confirmation = rpc(action, "confirm_connection", body.end_object().take(), 6);
  confirmation->then = [this](const Outcome& outcome) {
    coverage_.count("confirm", to_decimal(outcome.status));
  };
  const Spot spot{.task = action.id, .ordinal = 7};
  in(chance_.between(10, 8 * kSecondMs, spot, 1), [this, confirmation] { call(confirmation); });
}

}  // namespace postern::sim
