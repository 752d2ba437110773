#include "core/effect/loop.h"

#include <algorithm>

namespace postern {

void Loop::schedule(std::coroutine_handle<> handle) {
  const auto join =
      std::ranges::find_if(joins_, [&](const Join& waiting) { return waiting.handle == handle; });
  if (join != joins_.end()) {
    if (--join->remaining > 0) {
      return;
    }
    joins_.erase(join);
  }
  ready_.push_back(handle);
}

void Loop::issue(Effect&& effect, std::optional<Reply>* reply, std::coroutine_handle<> handle) {
  const EffectId id = next_id_++;
  pending_.push_back({.id = id, .kind = effect.index(), .reply = reply, .handle = handle});
  issued_.push_back({.id = id, .effect = std::move(effect)});
}

void Loop::join(std::coroutine_handle<> handle, std::size_t count) {
  joins_.push_back({.handle = handle, .remaining = count});
}

void Loop::run() {
  // A coroutine may make others ready while it runs: an index, not an iterator.
  for (std::size_t next = 0; next < ready_.size(); ++next) {
    ready_[next].resume();
  }
  ready_.clear();
}

std::vector<IssuedEffect> Loop::take_issued() {
  return std::exchange(issued_, {});
}

std::optional<std::size_t> Loop::pending_kind(EffectId id) const {
  const auto found =
      std::ranges::find_if(pending_, [&](const Pending& waiting) { return waiting.id == id; });
  if (found == pending_.end()) {
    return std::nullopt;
  }
  return found->kind;
}

bool Loop::deliver(EffectId id, Reply reply) {
  const auto found =
      std::ranges::find_if(pending_, [&](const Pending& waiting) { return waiting.id == id; });
  if (found == pending_.end()) {
    return false;
  }
  found->reply->emplace(std::move(reply));
  const auto handle = found->handle;
  pending_.erase(found);
  schedule(handle);
  return true;
}

}  // namespace postern
