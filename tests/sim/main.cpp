// sim [--seeds N] [--from N] [--seed N] [--jobs N] [--mutation NAME] [--killers] [--record]
//     [--trace] [--quiet]
//   --seeds N     as many histories, from seed --from (1)
//   --seed N      this history alone, with its trace when it fails, or --trace always
//   --mutation    with this defect in the host; "every" tries each until a seed kills it
//   --killers     the recorded seeds: does each still kill its mutation?
//   --record      looks for such seeds and records them (killers.txt)
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "tests/sim/expected.h"
#include "tests/sim/hunt.h"
#include "tests/sim/killers.h"
#include "tests/sim/shrink.h"

namespace {

using postern::sim::Coverage;
using postern::sim::Ending;
using postern::sim::Mutation;
using postern::sim::Muted;
using postern::sim::Plan;
using postern::sim::Range;
using postern::sim::Violation;

struct Options {
  Range range;
  std::optional<std::uint64_t> seed;
  std::string mutation = "none";
  bool trace = false;
  bool quiet = false;
  bool killers = false;
  bool record = false;
};

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "sim: " << why << "\n";
  std::exit(2);
}

Options read_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& name = arguments[i];
    const std::pair<std::string_view, bool*> flags[] = {{"--trace", &options.trace},
                                                        {"--quiet", &options.quiet},
                                                        {"--killers", &options.killers},
                                                        {"--record", &options.record}};
    const auto* flag = std::ranges::find(flags, name, &std::pair<std::string_view, bool*>::first);
    if (flag != std::end(flags)) {
      *flag->second = true;
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
      options.range.seeds = static_cast<std::uint64_t>(*number);
    } else if (name == "--from") {
      options.range.from = static_cast<std::uint64_t>(*number);
    } else if (name == "--seed") {
      options.seed = static_cast<std::uint64_t>(*number);
    } else if (name == "--jobs") {
      options.range.jobs = static_cast<std::size_t>(std::max<std::int64_t>(*number, 1));
    } else {
      give_up("what is " + name + "?");
    }
  }
  return options;
}

int show_seed(std::uint64_t seed, Mutation mutation, bool always) {
  postern::testing::World world;
  Coverage coverage;
  const auto run = [&](const Plan& plan, const Muted& muted) {
    postern::sim::Simulation simulation(world, plan, muted, mutation, coverage, nullptr);
    simulation.count_only(breaks(mutation));
    return simulation.run();
  };
  const auto tell = [&](const Plan& plan, const Muted& muted) {
    std::string trace;
    postern::sim::Simulation simulation(world, plan, muted, mutation, coverage, &trace);
    simulation.count_only(breaks(mutation));
    (void)simulation.run();
    std::cout << describe(plan);
    for (const auto& action : plan.actions) {
      std::cout << "  action " << action.id << " at " << action.at
                << " ms: " << describe(plan, action) << (action.calm ? ", undisturbed" : "")
                << "\n";
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

// By their groups, each with how often it was met.
void print_coverage(const Coverage& coverage) {
  std::string group;
  for (const auto& [name, times] : coverage.counts()) {
    const auto dot = name.find('.');
    if (name.substr(0, dot) != group) {
      group = name.substr(0, dot);
      std::cout << group << "\n";
    }
    std::cout << "  " << name.substr(dot + 1) << ": " << times << "\n";
  }
}

// 0: no violation, and everything was met that enough histories must meet.
int hunt_all(const Range& range, Mutation mutation, bool quiet) {
  const auto hunted = postern::sim::hunt(range, mutation, range.seeds);
  if (!quiet) {
    print_coverage(hunted.coverage);
  }
  std::map<std::string, std::vector<std::uint64_t>> kinds;
  for (const auto& [seed, violation] : hunted.found) {
    kinds[std::to_string(violation.invariant) + ": " + violation.text].push_back(seed);
  }
  for (const auto& [kind, seeds] : kinds) {
    std::cout << "VIOLATION " << kind << "\n  " << seeds.size() << " seeds, the first is "
              << seeds.front() << ": npm run sim -- --seed " << seeds.front() << "\n";
  }
  const auto missing = mutation == Mutation::none
                           ? postern::sim::never_met(hunted.coverage, hunted.histories)
                           : std::vector<std::string>();
  for (const auto& name : missing) {
    std::cout << "NEVER MET " << name << "\n";
  }
  std::cout << hunted.histories << " histories in " << hunted.seconds << " s, "
            << static_cast<double>(hunted.histories) / hunted.seconds << " a second, "
            << hunted.found.size() << " violations\n";
  return hunted.found.empty() && missing.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** values) {
  const auto options = read_options(std::vector<std::string>(values + 1, values + count));
  const std::string killers = POSTERN_SOURCE_DIR "/tests/sim/killers.txt";
  if (options.killers) {
    return postern::sim::replay_killers(killers);
  }
  if (options.record) {
    return postern::sim::record_killers(killers, options.range);
  }
  if (options.mutation == "every") {
    return postern::sim::try_mutations(options.range);
  }
  const auto mutation = postern::sim::parse_mutation(options.mutation);
  if (!mutation) {
    give_up("no mutation is called " + options.mutation);
  }
  return options.seed ? show_seed(*options.seed, *mutation, options.trace)
                      : hunt_all(options.range, *mutation, options.quiet);
}
