#include "tests/sim/event_book.h"

#include "core/base/sha256.h"
#include "core/connection/journal.h"
#include "core/connection/record.h"

namespace postern::sim {

namespace {

// Whether a change to this status may be told so. An answer that is no good but for its refresh
// token is a failure, and changes the record.
bool tells(std::string_view type, Status status) {
  switch (status) {
    case Status::connected:
      return type == "connected" || type == "refreshed" || type == "refresh_failed";
    case Status::needs_reauth:
      // As a guest's token is, of another directory.
      return type == "needs_reauth" || type == "refreshed";
    default:
      return type == "disconnected";
  }
}

std::string_view header(const Fetch& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::size_t hook_of(const Fetch& request) {
  for (std::size_t i = 0; i < kHooks.size(); ++i) {
    if (kHooks[i].url == request.url) {
      return i;
    }
  }
  return kHooks.size();
}

const std::string& text_of(const SqlValue& value) {
  static const std::string kNone;
  const auto* text = value.text();
  return text != nullptr ? *text : kNone;
}

// A webhook's name is its origin and the beginning of a hash of its URL
// (core/flow/events/webhook.h).
bool is_named(std::string_view url, std::string_view name) {
  const auto hash = name.find('#');
  return hash != std::string_view::npos && url.starts_with(name.substr(0, hash)) &&
         sha256_base64url(url).starts_with(name.substr(hash + 1));
}

bool inserts_into(const SqlStatement& statement, std::string_view table) {
  return statement.sql.starts_with("INSERT OR ") &&
         statement.sql.find(table) != std::string::npos && !statement.parameters.empty();
}

}  // namespace

bool EventBook::is_open(const Book& book, std::size_t hook, const Telling& telling) {
  const auto wanted = kHooks[hook].type;
  return !telling.excused && (wanted.empty() || wanted == telling.type) &&
         !book.done[hook].contains(telling.id);
}

void EventBook::tell(Book& book, const Event& event) {
  if (!book.places.emplace(event.id, book.told.size()).second) {
    return;
  }
  book.told.push_back({.id = event.id, .type = event.type});
  coverage_.count("event", event.type);
  if (event.data.find("\"rolled_back\"") != std::string::npos) {
    book.ends_told.clear();  // of an earlier grant it may be told again
  }
  const auto end = event.data.find("\"expires_for_good_at\"");
  if (end != std::string::npos && !book.ends_told.insert(event.data.substr(end)).second) {
    violated_("the end of a grant is told twice");
  }
}

void EventBook::committed(int connection, const StorageCommit& commit) {
  auto& book = books_[static_cast<std::size_t>(connection)];
  bool has_record = false;
  bool has_outbox = false;
  // A rollback, which puts the same key, takes rows away.
  bool is_recovery = false;
  const auto before = book.told.size();
  for (const auto& [key, value] : commit.puts) {
    has_record = has_record || key == kRecordKey;
    is_recovery = is_recovery || (key == kRecoveredKey && commit.deletes.empty());
    if (key == kOutboxKey) {
      has_outbox = true;
      const auto outbox = decode_outbox(value);
      for (const auto& event :
           decode_events(outbox ? outbox->events : std::string()).value_or(std::vector<Event>())) {
        tell(book, event);
      }
    }
  }
  for (const auto& [key, value] : commit.puts) {
    if (key.starts_with(kEventKeyPrefix)) {
      for (const auto& event : decode_events(value).value_or(std::vector<Event>())) {
        tell(book, event);
      }
    }
  }
  // And by its own name.
  if (book.told.size() > before) {
    for (const auto& [key, value] : commit.puts) {
      const auto record = key == kRecordKey ? decode_record(value) : std::nullopt;
      if (record && !tells(book.told[before].type, record->status)) {
        violated_("a change that an event tells of by another name");
      }
    }
  }
  // What comes back from a backup is no change, whatever it owes.
  if (has_record && has_outbox && !is_recovery && book.told.size() == before) {
    violated_("a change that no event tells of");
  }
}

void EventBook::asked(int connection, const Sql& sql) {
  auto& book = books_[static_cast<std::size_t>(connection)];
  for (const auto& statement : sql.statements) {
    if (!inserts_into(statement, " events ")) {
      continue;
    }
    if (!book.places.contains(text_of(statement.parameters[0]))) {
      violated_("an event is logged that no durable commit has");
    }
  }
}

void EventBook::carried_out(const Sql& sql) {
  for (const auto& statement : sql.statements) {
    if (!inserts_into(statement, " dead_letters ") || statement.parameters.size() < 8) {
      continue;
    }
    for (auto& book : books_) {
      const auto& id = text_of(statement.parameters[0]);
      for (std::size_t i = 0; i < kHooks.size() && book.places.contains(id); ++i) {
        if (is_named(kHooks[i].url, text_of(statement.parameters[7]))) {
          coverage_.count("webhook", "given_up");
          book.done[i].insert(id);
        }
      }
    }
  }
}

void EventBook::posted(int connection, const Fetch& request) {
  auto& book = books_[static_cast<std::size_t>(connection)];
  const auto hook = hook_of(request);
  const auto place = book.places.find(header(request, "webhook-id"));
  if (hook == kHooks.size() || kHooks[hook].org != plan_.owner(connection).org) {
    violated_("an event goes to a webhook of another organization");
    return;
  }
  if (place == book.places.end()) {
    violated_("an event is sent that no durable commit has");
    return;
  }
  const auto wanted = kHooks[hook].type;
  if (!wanted.empty() && wanted != book.told[place->second].type) {
    violated_("an event goes to a webhook that does not want it");
  }
  for (auto& next = book.next[hook]; next < place->second; ++next) {
    if (is_open(book, hook, book.told[next])) {
      violated_("an event goes to a webhook before an earlier one has arrived");
      return;
    }
  }
  if (book.done[hook].contains(place->first)) {
    coverage_.count("webhook", "again");
  }
}

void EventBook::taken(const Fetch& request) {
  const auto hook = hook_of(request);
  const auto id = header(request, "webhook-id");
  for (auto& book : books_) {
    if (hook < kHooks.size() && book.places.contains(id)) {
      coverage_.count("webhook", "taken");
      book.done[hook].emplace(id);
    }
  }
}

void EventBook::storage_lost(int connection, bool owed) {
  auto& book = books_[static_cast<std::size_t>(connection)];
  book.ends_told.clear();
  for (auto& telling : book.told) {
    telling.excused = telling.excused || owed;
  }
}

void EventBook::check_end(const std::vector<std::string>& log, bool has_webhooks) {
  for (int connection = 0; connection < static_cast<int>(plan_.owners.size()); ++connection) {
    auto& book = books_[static_cast<std::size_t>(connection)];
    std::size_t last = 0;
    for (const auto& id : log) {
      const auto place = book.places.find(id);
      if (place == book.places.end()) {
        continue;
      }
      auto& telling = book.told[place->second];
      if (place->second < last && !telling.excused) {
        violated_("the log has a connection's events in another order than they happened in");
      }
      last = std::max(last, place->second);
      telling.logged = true;
    }
    for (const auto& telling : book.told) {
      if (!telling.logged && !telling.excused) {
        violated_("an event never reached the log: " + telling.type);
      }
      for (std::size_t hook = 0; hook < kHooks.size() && has_webhooks; ++hook) {
        if (kHooks[hook].org == plan_.owner(connection).org && is_open(book, hook, telling)) {
          violated_("an event never reached a webhook: " + telling.type);
        }
      }
    }
  }
}

}  // namespace postern::sim
