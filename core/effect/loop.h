// The trampoline of one flow: what is ready to run, what the host still owes, and the time that the
// host last told. One flow, one loop; no loop ever knows another.
#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/effect/effects.h"

namespace postern {

using EffectId = std::uint32_t;

struct IssuedEffect {
  EffectId id;
  Effect effect;
};

class Loop {
 public:
  explicit Loop(EpochMs now) : now_(now) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // --- for coroutines ---
  void schedule(std::coroutine_handle<> handle);
  // `handle` runs once `reply` is filled.
  void issue(Effect&& effect, std::optional<Reply>* reply, std::coroutine_handle<> handle);
  // `handle` runs only at the `count`-th time that it is scheduled.
  void join(std::coroutine_handle<> handle, std::size_t count);
  [[nodiscard]] EpochMs now() const { return now_; }

  // --- for the host's side ---
  // Runs until nothing is ready.
  void run();
  // Effects issued since the last call, for the host to carry out.
  [[nodiscard]] std::vector<IssuedEffect> take_issued();
  // Which effect still waits under this id, by the index in the variant; nullopt when none does.
  [[nodiscard]] std::optional<std::size_t> pending_kind(EffectId id) const;
  // Answers it once; `reply` holds the effect's own Reply type. False: nothing waits under this id.
  [[nodiscard]] bool deliver(EffectId id, Reply reply);
  [[nodiscard]] std::size_t pending_count() const { return pending_.size(); }
  void set_now(EpochMs now) { now_ = now > now_ ? now : now_; }

 private:
  struct Pending {
    EffectId id;
    std::size_t kind;
    std::optional<Reply>* reply;
    std::coroutine_handle<> handle;
  };
  struct Join {
    std::coroutine_handle<> handle;
    std::size_t remaining;
  };
  std::vector<std::coroutine_handle<>> ready_;
  std::vector<IssuedEffect> issued_;
  std::vector<Pending> pending_;
  std::vector<Join> joins_;
  EpochMs now_;
  EffectId next_id_ = 1;
};

}  // namespace postern
