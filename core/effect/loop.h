// The trampoline of one flow: what is ready to run, what the host still owes, and the time that the
// host last told. One flow, one loop; no loop ever knows another.
#pragma once

#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/fields.h"
#include "core/base/time.h"

namespace postern {

using EffectId = std::uint32_t;

// Reads an answer's bytes into the place of who waits for it; false: they are no such answer.
using ReadReply = bool (*)(std::string_view bytes, void* place);

class Loop {
 public:
  explicit Loop(EpochMs now) : now_(now) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // --- for coroutines ---
  void schedule(std::coroutine_handle<> handle);
  // `handle` runs once the answer is in its place. A null handle: nobody waits, though it has to be
  // answered all the same.
  void issue(std::string_view name, std::string_view fields, ReadReply read, void* place,
             std::coroutine_handle<> handle);
  // `handle` runs only at the `count`-th time that it is scheduled.
  void join(std::coroutine_handle<> handle, std::size_t count);
  [[nodiscard]] EpochMs now() const { return now_; }

  // --- for the host's side ---
  // Runs until nothing is ready.
  void run();
  // Effects issued since the last call, for the host to carry out: id, name, fields; repeated.
  [[nodiscard]] std::string take_issued() { return std::exchange(issued_, {}).take(); }
  // Answers it once. False: nothing waits under this id, or not for this.
  [[nodiscard]] bool deliver(EffectId id, std::string_view answer);
  [[nodiscard]] std::size_t pending_count() const { return pending_.size(); }
  void set_now(EpochMs now) { now_ = now > now_ ? now : now_; }

 private:
  struct Pending {
    EffectId id;
    ReadReply read;
    void* place;
    std::coroutine_handle<> handle;
  };
  struct Join {
    std::coroutine_handle<> handle;
    std::size_t remaining;
  };
  std::vector<std::coroutine_handle<>> ready_;
  FieldWriter issued_;
  std::vector<Pending> pending_;
  std::vector<Join> joins_;
  EpochMs now_;
  EffectId next_id_ = 1;
};

}  // namespace postern
