// What connections told of themselves, and whom it reached: the second half of invariant 7. An
// event counts as told from the moment at which a commit that carries it is durable.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/connection/event.h"
#include "core/effect/effects.h"
#include "tests/sim/coverage.h"
#include "tests/sim/plan.h"
#include "tests/sim/settings.h"

namespace postern::sim {

class EventBook {
 public:
  // `violated`: called with what is wrong.
  EventBook(const Plan& plan, Coverage& coverage, std::function<void(std::string)> violated)
      : plan_(plan), coverage_(coverage), violated_(std::move(violated)) {}

  // A commit was carried out.
  void committed(int connection, const StorageCommit& commit);
  // A batch is about to leave for D1, and was carried out there.
  void asked(int connection, const Sql& sql);
  void carried_out(const Sql& sql);
  // A request to a webhook is about to leave, and its receiver has it.
  void posted(int connection, const Fetch& request);
  void taken(const Fetch& request);
  // The object lost its storage, and with it what it still owed, if anything.
  void storage_lost(int connection, bool owed);
  // Everything has come to rest. `log`: the ids in D1's log, in their order.
  void check_end(const std::vector<std::string>& log, bool has_webhooks);

 private:
  struct Telling {
    std::string id;
    std::string type;
    bool excused = false;
    bool logged = false;
  };
  // Of a connection.
  struct Book {
    std::vector<Telling> told;
    std::map<std::string, std::size_t, std::less<>> places;
    // By webhook: events that its receiver has, or that were given up.
    std::array<std::set<std::string, std::less<>>, kHooks.size()> done;
    std::array<std::size_t, kHooks.size()> next{};  // everything before it is done
    // Of which grant (the time of its sign-in) the end was told.
    std::set<std::string> ends_told;
  };
  void tell(Book& book, const Event& event);
  // Does it belong to what the webhook still has to get?
  [[nodiscard]] static bool is_open(const Book& book, std::size_t hook, const Telling& telling);

  const Plan& plan_;
  Coverage& coverage_;
  std::function<void(std::string)> violated_;
  std::array<Book, kConnections> books_;
};

}  // namespace postern::sim
