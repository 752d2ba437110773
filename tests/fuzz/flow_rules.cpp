#include "tests/fuzz/flow_rules.h"

#include <nlohmann/json.hpp>

#include "core/base/base64url.h"
#include "core/base/fields.h"
#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/connection/journal.h"
#include "tests/flows/host/story.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/flow_world.h"

namespace postern::fuzz {

namespace {

constexpr std::string_view kOrigins[] = {"https://login.microsoftonline.com/",
                                         "https://graph.microsoft.com/",
                                         "https://management.azure.com/"};

bool has_canary(std::string_view text) {
  return text.find(kCanary) != std::string_view::npos;
}

// A token goes to its API, in its header, or nowhere.
void check_forward(std::string_view body) {
  FieldReader in(body);
  const std::string url(in.text());
  const std::string origin(in.text());
  Pairs set;
  check(read_pairs(in.text(), set));
  check(!has_canary(url) || url.find("~postern") != std::string::npos);
  for (const auto& [name, value] : set) {
    check(name == "authorization");
    check(url.starts_with(kOrigins[1]) || url.starts_with(kOrigins[2]));
  }
  check(url.empty() || (url.starts_with(origin) && url[origin.size()] == '/'));
  while (in.ok() && !in.at_end()) {
    check(!has_canary(in.text()));
  }
}

void check_problem(const Outcome& outcome) {
  const auto json = parse_json(outcome.body);
  check(json.has_value() && json->is_object());
  const auto code = json_string(*json, "code");
  check(code.has_value() && json_boolean(*json, "success") == false);
  bool known = false;
  for (const auto& info : all_problems()) {
    known = known || (info.code == *code && info.status == outcome.status);
  }
  check(known);
}

}  // namespace

void check_no_secret(std::string_view text) {
  check(!has_canary(text));
  if (const auto inner = base64url_decode(text)) {
    check(!has_canary(*inner));
  }
}

Rules::Rules(const testing::Object* object, std::string operation, bool* honest)
    : object_(object),
      in_authority_(object != nullptr),
      delivers_(operation == "authority.deliver"),
      operation_(std::move(operation)),
      honest_(honest) {}

void Rules::check_effect(const Effect& effect) const {
  if (const auto* log = std::get_if<Log>(&effect)) {
    check_no_secret(log->event);
    for (const auto& [name, value] : log->fields) {
      check_no_secret(value);
    }
  } else if (const auto* put = std::get_if<KvPut>(&effect)) {
    check_no_secret(put->key);
    check_no_secret(put->value);
    check(put->ttl_seconds >= 60);
  } else if (const auto* sql = std::get_if<Sql>(&effect)) {
    check(sql->database == testing::kDatabaseBinding);
    for (const auto& statement : sql->statements) {
      for (const auto& value : statement.parameters) {
        if (const auto* text = value.text()) {
          check_no_secret(*text);
        }
      }
    }
  } else if (const auto* commit = std::get_if<StorageCommit>(&effect)) {
    check_commit(*commit);
  } else if (const auto* fetch = std::get_if<Fetch>(&effect)) {
    check_fetch(*fetch);
  } else if (std::holds_alternative<StorageRead>(effect)) {
    check(in_authority_);
  } else if (const auto* authority = std::get_if<Authority>(&effect)) {
    check_call(*authority);
  }
}

void Rules::saw_reply(const Effect& effect, const Reply& reply) {
  const auto* commit = std::get_if<StorageCommit>(&effect);
  const auto* done = std::get_if<StorageCommit::Reply>(&reply);
  if (commit == nullptr || done == nullptr || !*done) {
    return;
  }
  for (const auto& [key, value] : commit->puts) {
    journal_is_open_ = journal_is_open_ || key == kJournalKey || key == kSignInKey;
  }
  for (const auto& key : commit->deletes) {
    journal_is_open_ = journal_is_open_ && key != kJournalKey && key != kSignInKey;
  }
}

void Rules::check_outcome(const Outcome& outcome) const {
  check((outcome.status >= 200 && outcome.status <= 599) || outcome.kind == OutcomeKind::forward);
  // The token for who asked for it; the link's own path in the form of its page.
  const bool gives_tokens = operation_ == "get_token" || operation_ == "show_consent";
  const bool goes_on = outcome.kind == OutcomeKind::data || outcome.kind == OutcomeKind::forward;
  check(gives_tokens || goes_on || !has_canary(outcome.body));
  for (const auto& [name, value] : outcome.headers) {
    // Pressed again, a browser is given the cookie that it brought.
    check(!has_canary(value) || (operation_ == "begin_connect" && name == "set-cookie"));
    // The name of a cookie comes from the payload, which here anybody may have written.
    check(value.find_first_of("\r\n") == std::string::npos || !*honest_);
  }
  switch (outcome.kind) {
    case OutcomeKind::json:
      check(nlohmann::json::accept(outcome.body));
      check(outcome.body.find(canary("refresh-")) == std::string::npos);
      break;
    case OutcomeKind::problem:
      check_problem(outcome);
      break;
    case OutcomeKind::page:
      check(!testing::header_of(outcome, "content-security-policy").empty());
      check(outcome.body.starts_with("<!doctype html>"));
      check(outcome.body.find("<script") == std::string::npos);
      break;
    case OutcomeKind::redirect: {
      const auto location = testing::header_of(outcome, "location");
      // Where somebody else wrote the row or the payload, the place to return to is his.
      check(location.starts_with(kOrigins[0]) || location.starts_with(testing::kReturnTo) ||
            !*honest_);
      break;
    }
    case OutcomeKind::forward:
      check_forward(outcome.body);
      break;
    case OutcomeKind::data:
      check(in_authority_ && (operation_ == "authority.token" || operation_ == "authority.health"));
      break;
  }
}

void Rules::check_commit(const StorageCommit& commit) const {
  check(in_authority_);
  for (const auto& [key, value] : commit.puts) {
    check_no_secret(value);
    // Neither who delivers nor the flows beside it write what is the other's.
    check((key == kDeliveryKey) == delivers_);
    if (key == kRecordKey && *honest_) {
      check_version(value);
    }
  }
  for (const auto& key : commit.deletes) {
    check(key.starts_with(kEventKeyPrefix) == delivers_);
  }
  check(!delivers_ || !commit.alarm_at);
}

// What follows a version is a higher one, in a status that may follow.
void Rules::check_version(const std::string& bytes) const {
  const auto next = decode_record(bytes);
  check(next.has_value());
  const auto stored = object_->storage.find(std::string(kRecordKey));
  const auto before =
      stored == object_->storage.end() ? std::nullopt : decode_record(stored->second);
  check(!before || (before->id == next->id && before->version < next->version &&
                    may_become(before->status, next->status)));
}

// A front calls a connection of its own organization; an alarm goes on in its own object.
void Rules::check_call(const Authority& authority) const {
  check(testing::is_bound(authority));
  if (!in_authority_) {
    // A browser that comes back is whose the row of its state says.
    check(authority.name.starts_with("connection:acme:") ||
          authority.operation == "authority.health" || (operation_ == "callback" && !*honest_));
    return;
  }
  check(authority.operation == (delivers_ ? "authority.alarm" : "authority.deliver"));
  check(delivers_ || operation_ == "authority.alarm");
  check(authority.name == object_name() || !*honest_);
  check(!authority.restart);
}

void Rules::check_fetch(const Fetch& fetch) const {
  if (delivers_) {
    check_delivery(fetch);
    return;
  }
  bool known = false;
  for (const auto origin : kOrigins) {
    known = known || fetch.url.starts_with(origin);
  }
  check(known);
  check(!has_canary(fetch.url));
  const bool exchanges = fetch.method == "POST";
  for (const auto& [name, value] : fetch.headers) {
    // What the host says that it opened is what was sealed, or the host lied.
    check(value.find_first_of("\r\n") == std::string::npos || !*honest_);
    check(name != "authorization" || !fetch.url.starts_with(kOrigins[0]));
  }
  // A code or a refresh token leaves from the authority alone, once its journal is written, and
  // the answer is kept.
  check(exchanges == !fetch.keep_key.empty());
  check(exchanges || fetch.body.empty());
  check(!exchanges || (in_authority_ && journal_is_open_ && fetch.url.starts_with(kOrigins[0])));
}

// To a webhook goes an event, to where the operator said, signed and without a secret.
void Rules::check_delivery(const Fetch& fetch) const {
  check(fetch.url == kHook || fetch.url == kOtherHook);
  check(fetch.method == "POST" && fetch.keep_key.empty());
  check_no_secret(fetch.body);
  check(nlohmann::json::accept(fetch.body) || !*honest_);
  std::size_t signatures = 0;
  for (const auto& [name, value] : fetch.headers) {
    check_no_secret(value);
    check(value.find_first_of("\r\n") == std::string::npos || !*honest_);
    check(name != "authorization" && name != "cookie");
    signatures += name == "webhook-signature" && value.starts_with("v1,") ? 1 : 0;
  }
  check(signatures == 1);
}

}  // namespace postern::fuzz
