// A coroutine that runs when it is awaited and belongs to whoever holds it.
//
//   Task<Outcome> flow(FlowInput input) {
//     auto reply = co_await perform(KvGet{.key = "…"});
//     ...
//
// Resumption goes through the loop's queue (a trampoline), never from one coroutine straight into
// another: WebAssembly without tail calls would grow its stack with every step. Destroying a task
// destroys everything that it is waiting for. Parameters are taken by value: a frame outlives the
// expression that made it.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "core/effect/codec.h"
#include "core/effect/loop.h"

namespace postern {

// The host's time as of the last answer; costs no crossing. Awaited, because only a promise knows
// its loop; nothing is waited for.
struct CurrentTime {};
inline CurrentTime current_time() {
  return {};
}

struct PromiseBase {
  Loop* loop = nullptr;
  std::coroutine_handle<> continuation;

  // Seen to be ready by the compiler, so that no state of the coroutine is made for it.
  struct Ready {
    EpochMs now;
    [[nodiscard]] bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    [[nodiscard]] EpochMs await_resume() const noexcept { return now; }
  };
  [[nodiscard]] Ready await_transform(CurrentTime) const {
    // The analyzer does not see the promise made.
    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage)
    return {.now = loop->now()};
  }
  template <class Awaiter>
  [[nodiscard]] Awaiter&& await_transform(Awaiter&& awaiter) const noexcept {
    return std::forward<Awaiter>(awaiter);
  }

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
      auto& promise = finished.promise();
      if (promise.continuation) {
        promise.loop->schedule(promise.continuation);
      }
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
  // Built without exceptions; the language wants the member.
  void unhandled_exception() const noexcept { std::abort(); }
};

template <class Value>
class [[nodiscard]] Task {
 public:
  struct promise_type : PromiseBase {
    std::optional<Value> value;
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    template <class From>
    void return_value(From&& from) {
      value.emplace(std::forward<From>(from));
    }
  };
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) {
      handle_.destroy();
    }
  }

  // For the owner of the loop: put a root task on it, and see whether it has ended.
  void start(Loop& loop) {
    handle_.promise().loop = &loop;
    loop.schedule(handle_);
  }
  [[nodiscard]] bool done() const { return handle_.done(); }
  [[nodiscard]] Value& value() { return *handle_.promise().value; }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) {
    handle_.promise().continuation = parent;
    start(*parent.promise().loop);
  }
  Value await_resume() { return std::move(*handle_.promise().value); }

  // Used by all_of: run with somebody else's continuation.
  void start_then(Loop& loop, std::coroutine_handle<> continuation) {
    handle_.promise().continuation = continuation;
    start(loop);
  }

 private:
  explicit Task(Handle handle) : handle_(handle) {}
  Handle handle_;
};

// One effect, awaited. It refers to the effect, which lives until the end of the `co_await`
// expression, in the frame: moved, each of the hundred call sites would hold three copies of the
// code that moves it. Hence not to be kept in a variable.
template <class E>
class [[nodiscard]] EffectAwaiter {
 public:
  explicit EffectAwaiter(E&& effect) : effect_(&effect) {}
  EffectAwaiter(const EffectAwaiter&) = delete;
  EffectAwaiter& operator=(const EffectAwaiter&) = delete;
  ~EffectAwaiter() = default;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) {
    issue(*parent.promise().loop, parent);
  }
  E::Reply await_resume() { return std::move(*reply_); }

 private:
  using Place = std::optional<typename E::Reply>;

  // Once for each kind of effect, not at each call site.
  [[gnu::noinline]] void issue(Loop& loop, std::coroutine_handle<> handle) {
    loop.issue(E::kName, encode_fields(*std::exchange(effect_, nullptr)), read, &reply_, handle);
  }
  static bool read(std::string_view bytes, void* place) {
    return read_reply(bytes, *static_cast<Place*>(place));
  }

  // Null once it has been issued.
  E* effect_;
  // Where the answer goes: the loop holds a pointer to it.
  Place reply_;
};

template <class E>
  requires(!std::is_reference_v<E>)
EffectAwaiter<E> perform(E&& effect) {
  return EffectAwaiter<E>(std::forward<E>(effect));
}

// The same as a task, for all_of.
template <class E>
Task<typename E::Reply> effect_task(E effect) {
  co_return co_await perform(std::move(effect));
}

// Runs several tasks at once and ends when all have; their answers may come in any order.
template <class... Values>
class [[nodiscard]] AllOf {
 public:
  explicit AllOf(Task<Values>... tasks) : tasks_(std::move(tasks)...) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) {
    Loop& loop = *parent.promise().loop;
    loop.join(parent, sizeof...(Values));
    std::apply([&](auto&... task) { (task.start_then(loop, parent), ...); }, tasks_);
  }
  std::tuple<Values...> await_resume() {
    return std::apply([](auto&... task) { return std::tuple<Values...>(task.await_resume()...); },
                      tasks_);
  }

 private:
  std::tuple<Task<Values>...> tasks_;
};

template <class... Values>
AllOf<Values...> all_of(Task<Values>... tasks) {
  return AllOf<Values...>(std::move(tasks)...);
}

}  // namespace postern
