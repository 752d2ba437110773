#include "tests/sim/hunt.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/sim/expected.h"

namespace postern::sim {

std::optional<Violation> killed_by(testing::World& world, std::uint64_t seed, Mutation mutation,
                                   Coverage& coverage) {
  const auto plan = make_plan(seed);
  count_world(plan, coverage);
  const auto run = [&](Mutation what) {
    Simulation simulation(world, plan, {}, what, coverage, nullptr);
    simulation.count_only(breaks(mutation));
    return simulation.run().violation;
  };
  auto violation = run(mutation);
  if (violation && beside(mutation) != Mutation::none && run(beside(mutation))) {
    return std::nullopt;
  }
  return violation;
}

Hunt hunt(const Range& range, Mutation mutation, std::size_t most) {
  Hunt all;
  std::mutex mutex;
  std::atomic<std::uint64_t> next{range.from};
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> done{0};
  const auto end = range.from + range.seeds;
  const auto started = std::chrono::steady_clock::now();
  const auto work = [&] {
    testing::World world;
    Coverage coverage;
    while (!stop) {
      const auto seed = next++;
      if (seed >= end) {
        break;
      }
      auto violation = killed_by(world, seed, mutation, coverage);
      ++done;
      if (violation) {
        const std::lock_guard lock(mutex);
        all.found.emplace(seed, std::move(*violation));
        stop = stop || all.found.size() >= most;
      }
    }
    const std::lock_guard lock(mutex);
    all.coverage.add(coverage);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < range.jobs; ++i) {
    threads.emplace_back(work);
  }
  for (auto& thread : threads) {
    thread.join();
  }
  all.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  all.histories = done;
  return all;
}

}  // namespace postern::sim
