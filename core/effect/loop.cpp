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

void Loop::issue(std::string_view name, std::string_view fields, ReadReply read, void* place,
                 std::coroutine_handle<> handle) {
  const EffectId id = next_id_++;
  pending_.push_back({.id = id, .read = read, .place = place, .handle = handle});
  issued_.number(id).text(name).text(fields);
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

bool Loop::deliver(EffectId id, std::string_view answer) {
  const auto found =
      std::ranges::find_if(pending_, [&](const Pending& waiting) { return waiting.id == id; });
  if (found == pending_.end() || !found->read(answer, found->place)) {
    return false;
  }
  const auto handle = found->handle;
  pending_.erase(found);
  if (handle) {
    schedule(handle);
  }
  return true;
}

}  // namespace postern
