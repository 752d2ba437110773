// Where a list goes on, as a caller holds it: sealed for the connection and the list, so that
// nobody but us can write one, and what the provider wrote is in nobody else's hands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/connection/record.h"
#include "core/effect/task.h"

namespace postern {

struct PagePlace {
  std::string link;         // as the provider wrote it, or path and query: checked when followed
  std::int64_t offset = 0;  // items of that page that were handed out
  std::string trail;        // of the links that were followed, see Trail
};

// What is sealed. A caller may hold a cursor of another release (docs/storage.md, Versions).
[[nodiscard]] std::string encode_place(const PagePlace& place);
[[nodiscard]] std::optional<PagePlace> decode_place(std::string_view bytes);

// The links that a list was led through, by a piece of each one's hash; the last 64.
class Trail {
 public:
  explicit Trail(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] bool has(std::string_view link) const;
  void add(std::string_view link);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// What a cursor is of: one of a connection's lists.
struct CursorOf {
  ConnectionId id;
  std::string_view api;
  std::string_view member;
  // Which one, where there are many of that member: by what is listed, and in whose directory.
  // Another directory's token is asked for by the caller's word, so a page without it is refused.
  std::string part;
};

// Empty: it is too long to be handed out (kMaxCursorBytes), or cannot be sealed.
Task<std::string> seal_cursor(CursorOf of, PagePlace place);
Task<Result<PagePlace, Problem>> open_cursor(CursorOf of, std::string cursor);

}  // namespace postern
