#include "core/connection/status.h"

#include <doctest/doctest.h>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace postern;

namespace {
constexpr Status kAll[] = {Status::not_connected, Status::waiting_callback, Status::testing,
                           Status::connected,     Status::needs_reauth,     Status::failed,
                           Status::revoked};
}

TEST_CASE("a status is read as it is written, and nothing else is") {
  for (const auto status : kAll) {
    CHECK(parse_status(name_of(status)) == status);
  }
  CHECK(parse_status("") == std::nullopt);
  CHECK(parse_status("Connected") == std::nullopt);
  CHECK(parse_status("connected ") == std::nullopt);
}

TEST_CASE("the ways between the states are these and no others") {
  // Row: from; column: to; in the order of kAll.
  constexpr std::string_view table[] = {
      /* not_connected    */ ".xxx.xx",
      /* waiting_callback */ "x..x.xx",
      /* testing          */ "...x.xx",
      /* connected        */ "...xx.x",
      /* needs_reauth     */ "...xx.x",
      /* failed           */ ".x.x..x",
      /* revoked          */ ".x.x..x",
  };
  for (std::size_t from = 0; from < std::size(kAll); ++from) {
    for (std::size_t to = 0; to < std::size(kAll); ++to) {
      const auto way = std::string(name_of(kAll[from])) + " to " + std::string(name_of(kAll[to]));
      CAPTURE(way);
      CHECK(may_become(kAll[from], kAll[to]) == (table[from][to] == 'x'));
    }
  }
}

TEST_CASE("the documentation draws these ways") {
  std::ifstream document(POSTERN_SOURCE_DIR "/docs/refresh.md");
  std::set<std::pair<Status, Status>> drawn;
  for (std::string line; std::getline(document, line);) {
    std::istringstream words(line);
    std::string from;
    std::string arrow;
    std::string to;
    words >> from >> arrow >> to;
    const auto begins = parse_status(from);
    const auto ends = parse_status(to.substr(0, to.find(':')));
    if (arrow == "-->" && begins && ends) {
      drawn.emplace(*begins, *ends);
    }
  }
  std::set<std::pair<Status, Status>> ways;
  for (const auto from : kAll) {
    for (const auto to : kAll) {
      if (may_become(from, to)) {
        ways.emplace(from, to);
      }
    }
  }
  CHECK(drawn == ways);
}
