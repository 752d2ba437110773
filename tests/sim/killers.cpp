#include "tests/sim/killers.h"

#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

namespace postern::sim {

namespace {

constexpr std::size_t kSeedsForEach = 2;

Mutation nth(std::size_t index) {
  return static_cast<Mutation>(index);
}

}  // namespace

int replay_killers(const std::string& path) {
  std::ifstream file(path);
  testing::World world;
  Coverage coverage;
  std::set<Mutation> tried;
  int faults = 0;
  int replayed = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    std::istringstream words(line);
    std::string name;
    std::uint64_t seed = 0;
    int invariant = 0;
    words >> name >> seed >> invariant;
    const auto mutation = parse_mutation(name);
    if (!words || !mutation || invariant != breaks(*mutation)) {
      std::cout << "not a killer: " << line << "\n";
      ++faults;
      continue;
    }
    ++replayed;
    tried.insert(*mutation);
    const auto violation = killed_by(world, seed, *mutation, coverage);
    if (!violation) {
      std::cout << name << " SURVIVES seed " << seed << "\n";
      ++faults;
    }
  }
  for (std::size_t i = 1; i < kMutations; ++i) {
    if (!tried.contains(nth(i))) {
      std::cout << name_of(nth(i)) << " has no seed in " << path << "\n";
      ++faults;
    }
  }
  std::cout << replayed << " recorded seeds for " << tried.size() << " mutations, " << faults
            << " faults\n";
  return faults == 0 ? 0 : 1;
}

int record_killers(const std::string& path, const Range& range) {
  std::ofstream file(path);
  file << "# mutation, seed that kills it, invariant that it breaks (mutation.h, ledger.h).\n"
          "# Written by: npm run sim -- --record --seeds 20000\n";
  int missing = 0;
  for (std::size_t i = 1; i < kMutations; ++i) {
    const auto hunted = hunt(range, nth(i), kSeedsForEach);
    for (const auto& [seed, violation] : hunted.found) {
      file << name_of(nth(i)) << " " << seed << " " << violation.invariant << "\n";
    }
    missing += hunted.found.empty() ? 1 : 0;
    std::cout << name_of(nth(i)) << ": " << hunted.found.size() << " seeds in " << hunted.histories
              << " histories" << std::endl;
  }
  return missing == 0 ? 0 : 1;
}

int try_mutations(const Range& range) {
  int alive = 0;
  for (std::size_t i = 1; i < kMutations; ++i) {
    const auto hunted = hunt(range, nth(i), 1);
    std::cout << name_of(nth(i)) << ": ";
    if (hunted.found.empty()) {
      std::cout << "ALIVE after " << hunted.histories << " histories" << std::endl;
      ++alive;
    } else {
      const auto& [seed, violation] = *hunted.found.begin();
      std::cout << "killed by seed " << seed << ", " << violation.invariant << ": "
                << violation.text << std::endl;
    }
  }
  return alive == 0 ? 0 : 1;
}

}  // namespace postern::sim
