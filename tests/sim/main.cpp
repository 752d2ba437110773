// sim [--seeds N] [--from N] [--seed N] [--jobs N] [--mutation NAME] [--trace] [--quiet]
//   --seeds N     as many histories, from seed --from (1)
//   --seed N      this history alone, with its trace when it fails, or --trace always
//   --mutation    with this defect in the host; "every" tries each until a seed kills it
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/text.h"
#include "tests/sim/shrink.h"

namespace {

using postern::sim::Coverage;
using postern::sim::Ending;
using postern::sim::Mutation;
using postern::sim::Muted;
using postern::sim::Plan;
using postern::sim::Violation;

struct Options {
  std::uint64_t seeds = 1000;
  std::uint64_t from = 1;
  std::optional<std::uint64_t> seed;
  std::size_t jobs = 1;
  std::string mutation = "none";
  bool trace = false;
  bool quiet = false;
};

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "sim: " << why << "\n";
  std::exit(2);
}

Options read_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& name = arguments[i];
    if (name == "--trace" || name == "--quiet") {
      (name == "--trace" ? options.trace : options.quiet) = true;
      continue;
    }
    if (i + 1 == arguments.size()) {
      give_up("what is " + name + "?");
    }
    const auto& value = arguments[++i];
    const auto number = postern::parse_decimal(value);
    if (name == "--mutation") {
      options.mutation = value;
    } else if (!number || *number < 0) {
      give_up(name + " wants a number");
    } else if (name == "--seeds") {
      options.seeds = static_cast<std::uint64_t>(*number);
    } else if (name == "--from") {
      options.from = static_cast<std::uint64_t>(*number);
    } else if (name == "--seed") {
      options.seed = static_cast<std::uint64_t>(*number);
    } else if (name == "--jobs") {
      options.jobs = static_cast<std::size_t>(std::max<std::int64_t>(*number, 1));
    } else {
      give_up("what is " + name + "?");
    }
  }
  return options;
}

struct Found {
  std::uint64_t seed;
  Violation violation;
};

struct Hunt {
  Coverage coverage;
  std::map<std::uint64_t, Violation> found;
  double seconds = 0;
  std::uint64_t histories = 0;
};

// `most`: stops after as many violations.
Hunt hunt(const Options& options, Mutation mutation, std::size_t most) {
  Hunt all;
  std::mutex mutex;
  std::atomic<std::uint64_t> next{options.from};
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> done{0};
  const auto end = options.from + options.seeds;
  const auto started = std::chrono::steady_clock::now();
  const auto work = [&] {
    postern::testing::World world;
    Coverage coverage;
    while (!stop) {
      const auto seed = next++;
      if (seed >= end) {
        break;
      }
      const auto plan = postern::sim::make_plan(seed);
      coverage.count("provider", name_of(plan.settings.replay));
      auto ending = postern::sim::Simulation(world, plan, {}, mutation, coverage, nullptr).run();
      ++done;
      if (ending.violation) {
        const std::lock_guard lock(mutex);
        all.found.emplace(seed, std::move(*ending.violation));
        stop = stop || all.found.size() >= most;
      }
    }
    const std::lock_guard lock(mutex);
    all.coverage.add(coverage);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < options.jobs; ++i) {
    threads.emplace_back(work);
  }
  for (auto& thread : threads) {
    thread.join();
  }
  all.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  all.histories = done;
  return all;
}

int show_seed(std::uint64_t seed, Mutation mutation, bool always) {
  postern::testing::World world;
  Coverage coverage;
  const auto run = [&](const Plan& plan, const Muted& muted) {
    return postern::sim::Simulation(world, plan, muted, mutation, coverage, nullptr).run();
  };
  const auto tell = [&](const Plan& plan, const Muted& muted) {
    std::string trace;
    (void)postern::sim::Simulation(world, plan, muted, mutation, coverage, &trace).run();
    std::cout << describe(plan.settings) << "\n";
    for (const auto& action : plan.actions) {
      std::cout << "  action " << action.id << " at " << action.at << " ms: " << describe(action)
                << (action.calm ? ", undisturbed" : "") << "\n";
    }
    std::cout << "\n" << trace << "\n";
  };
  const auto plan = postern::sim::make_plan(seed);
  const auto ending = run(plan, {});
  if (!ending.violation) {
    if (always) {
      tell(plan, {});
    }
    std::cout << "seed " << seed << ": no violation\n";
    return 0;
  }
  const auto shrunk = postern::sim::shrink(plan, *ending.violation, run);
  tell(shrunk.plan, shrunk.muted);
  std::cout << "seed " << seed << " violates " << ending.violation->invariant << ": "
            << ending.violation->text << "\nshrunk from " << plan.actions.size() << " actions and "
            << ending.struck.size() << " faults to " << shrunk.plan.actions.size() << " and "
            << shrunk.struck << " in " << shrunk.tries << " tries: " << shrunk.violation.invariant
            << ": " << shrunk.violation.text << "\n";
  return 1;
}

int try_mutations(const Options& options) {
  int alive = 0;
  for (std::size_t i = 1; i < postern::sim::kMutations; ++i) {
    const auto mutation = static_cast<Mutation>(i);
    const auto hunted = hunt(options, mutation, 1);
    std::cout << name_of(mutation) << ": " << std::flush;
    if (hunted.found.empty()) {
      std::cout << "ALIVE after " << hunted.histories << " histories\n";
      ++alive;
    } else {
      const auto& [seed, violation] = *hunted.found.begin();
      std::cout << "killed by seed " << seed << ", " << violation.invariant << ": "
                << violation.text << std::endl;
    }
  }
  return alive == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** values) {
  const auto options = read_options(std::vector<std::string>(values + 1, values + count));
  if (options.mutation == "every") {
    return try_mutations(options);
  }
  const auto mutation = postern::sim::parse_mutation(options.mutation);
  if (!mutation) {
    give_up("no mutation is called " + options.mutation);
  }
  if (options.seed) {
    return show_seed(*options.seed, *mutation, options.trace);
  }
  const auto hunted = hunt(options, *mutation, options.seeds);
  if (!options.quiet) {
    for (const auto& [name, times] : hunted.coverage.counts()) {
      std::cout << "  " << name << ": " << times << "\n";
    }
  }
  std::map<std::string, std::vector<std::uint64_t>> kinds;
  for (const auto& [seed, violation] : hunted.found) {
    kinds[std::to_string(violation.invariant) + ": " + violation.text].push_back(seed);
  }
  for (const auto& [kind, seeds] : kinds) {
    std::cout << "VIOLATION " << kind << "\n  " << seeds.size() << " seeds, the first is "
              << seeds.front() << ": npm run sim -- --seed " << seeds.front() << "\n";
  }
  std::cout << hunted.histories << " histories in " << hunted.seconds << " s, "
            << static_cast<double>(hunted.histories) / hunted.seconds << " a second, "
            << hunted.found.size() << " violations\n";
  return hunted.found.empty() ? 0 : 1;
}
