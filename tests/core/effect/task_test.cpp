#include "core/effect/task.h"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <vector>

#include "core/effect/codec.h"
#include "tests/flows/host/wire.h"

using namespace postern;

namespace {

// Counts what lives in coroutine frames: zero again after the end, whatever the end was.
struct Counted {
  explicit Counted(int* live) : live(live) { ++*live; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*live; }
  int* live;
};

std::string text_reply(std::string_view text) {
  return encode_reply(KvGet::Reply(std::optional<std::string>(text)));
}

std::vector<IssuedEffect> issued_by(Loop& loop) {
  return testing::decode_effects(loop.take_issued()).value();
}

Task<std::string> read(std::string key, int* live) {
  const Counted counted(live);
  const auto value = co_await perform(KvGet{.key = key});
  co_return value && *value ? **value : "nothing";
}

Task<std::string> read_three(int* live) {
  const Counted counted(live);
  auto [a, b, c] = co_await postern::all_of(read("a", live), read("b", live), read("c", live));
  const auto last = co_await read("last", live);
  co_return a + b + c + last;
}

Task<int> countdown(int from) {
  if (from == 0) {
    co_return 0;
  }
  co_return 1 + co_await countdown(from - 1);
}

Task<std::unique_ptr<int>> give_unique() {
  co_return std::make_unique<int>(7);
}

Task<std::string> nested_all() {
  auto [left, right] =
      co_await all_of(effect_task(KvGet{.key = "l"}), effect_task(KvGet{.key = "r"}));
  co_return (left && *left ? **left : "-") + (right && *right ? **right : "-");
}

Task<std::string> all_of_all() {
  auto [x, y] = co_await all_of(nested_all(), nested_all());
  co_return x + y;
}

Task<std::vector<EpochMs>> times() {
  std::vector<EpochMs> seen;
  seen.push_back(co_await current_time());
  (void)co_await perform(KvGet{.key = "k"});
  seen.push_back(co_await current_time());
  co_return seen;
}

template <class Value>
void run(Task<Value>& task, Loop& loop) {
  task.start(loop);
  loop.run();
}

}  // namespace

TEST_CASE("a task does nothing before it is started") {
  int live = 0;
  {
    const auto task = read("a", &live);
  }
  CHECK(live == 0);
}

TEST_CASE("an effect is issued once, and its answer resumes the flow") {
  int live = 0;
  Loop loop(0);
  auto task = read("a", &live);
  run(task, loop);
  const auto issued = issued_by(loop);
  REQUIRE(issued.size() == 1);
  CHECK(std::get<KvGet>(issued[0].effect).key == "a");
  CHECK(loop.take_issued().empty());
  CHECK_FALSE(task.done());
  CHECK(loop.deliver(issued[0].id, text_reply("value")));
  loop.run();
  REQUIRE(task.done());
  CHECK(task.value() == "value");
  CHECK(loop.pending_count() == 0);
}

TEST_CASE("an answer is taken once, and only by who waits for it") {
  int live = 0;
  Loop loop(0);
  auto task = read("a", &live);
  run(task, loop);
  const auto id = issued_by(loop)[0].id;
  CHECK_FALSE(loop.deliver(id + 1, text_reply("x")));
  CHECK_FALSE(loop.deliver(id, "garbage"));
  CHECK_FALSE(loop.deliver(id, encode_reply(Fetch::Reply(HttpReply{.status = 200}))));
  CHECK(loop.deliver(id, text_reply("first")));
  CHECK_FALSE(loop.deliver(id, text_reply("second")));
  loop.run();
  CHECK(task.value() == "first");
}

TEST_CASE("several effects may be answered in any order, at once or one by one") {
  std::array order = {0, 1, 2};
  do {
    for (const bool at_once : {true, false}) {
      int live = 0;
      Loop loop(0);
      auto task = read_three(&live);
      run(task, loop);
      const auto issued = issued_by(loop);
      REQUIRE(issued.size() == 3);
      for (const int index : order) {
        const auto& one = issued[static_cast<std::size_t>(index)];
        CHECK(loop.deliver(one.id, text_reply(std::get<KvGet>(one.effect).key)));
        if (!at_once) {
          loop.run();
        }
      }
      loop.run();
      const auto last = issued_by(loop);
      REQUIRE(last.size() == 1);
      CHECK(loop.deliver(last[0].id, text_reply("!")));
      loop.run();
      REQUIRE(task.done());
      CHECK(task.value() == "abc!");
      CHECK(live == 0);
    }
  } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("all_of inside all_of waits for all of them") {
  Loop loop(0);
  auto task = all_of_all();
  run(task, loop);
  auto issued = issued_by(loop);
  REQUIRE(issued.size() == 4);
  for (auto one = issued.rbegin(); one != issued.rend(); ++one) {
    CHECK_FALSE(task.done());
    CHECK(loop.deliver(one->id, text_reply(std::get<KvGet>(one->effect).key)));
    loop.run();
  }
  REQUIRE(task.done());
  CHECK(task.value() == "lrlr");
}

TEST_CASE("a task that is destroyed where it waits leaves nothing alive") {
  for (int answered = 0; answered <= 4; ++answered) {
    CAPTURE(answered);
    int live = 0;
    {
      Loop loop(0);
      auto task = read_three(&live);
      run(task, loop);
      auto issued = issued_by(loop);
      for (int i = 0; i < answered && i < static_cast<int>(issued.size()); ++i) {
        CHECK(loop.deliver(issued[static_cast<std::size_t>(i)].id, text_reply("x")));
        loop.run();
        const auto more = issued_by(loop);
        issued.insert(issued.end(), more.begin(), more.end());
      }
      CHECK((live > 0) == !task.done());
    }
    CHECK(live == 0);
  }
}

TEST_CASE("an answer that was delivered and not yet run is dropped with its task") {
  int live = 0;
  {
    Loop loop(0);
    auto task = read("a", &live);
    run(task, loop);
    CHECK(loop.deliver(issued_by(loop)[0].id, text_reply(std::string(1000, 'x'))));
  }
  CHECK(live == 0);
}

TEST_CASE("a thousand nested calls do not deepen the stack") {
  Loop loop(0);
  auto task = countdown(100'000);
  run(task, loop);
  REQUIRE(task.done());
  CHECK(task.value() == 100'000);
}

TEST_CASE("a value that can only be moved is moved") {
  Loop loop(0);
  auto task = give_unique();
  run(task, loop);
  CHECK(*task.value() == 7);
}

TEST_CASE("time is what the host last told, and never goes back") {
  Loop loop(1000);
  auto task = times();
  run(task, loop);
  loop.set_now(2000);
  loop.set_now(500);
  CHECK(loop.deliver(issued_by(loop)[0].id, text_reply("x")));
  loop.run();
  CHECK(task.value() == std::vector<EpochMs>{1000, 2000});
}
