// Many requests in few: JSON batching (learn.microsoft.com/graph/json-batching).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace postern {

// One request of a batch, and what came of it.
struct BatchPart {
  std::string id;
  Json request;                         // without `dependsOn`
  std::vector<std::size_t> depends_on;  // places in the list
  int status = 0;                       // 0: nothing yet
  std::string response;                 // JSON
  DurationMs retry_after_ms = 0;
};

// A list of 1 to 200 objects with `id` (unique, at most 64 bytes), `method`, `url` (a path) and,
// maybe, `dependsOn` (at most 20 ids of the list, in no circle).
[[nodiscard]] Result<std::vector<BatchPart>, Problem> read_batch(std::string_view requests);

// Which parts go next, 20 at most: in their order, each behind what it depends on. Empty: all have
// been answered. What depends on a part that failed is answered here (424), and not sent.
[[nodiscard]] std::vector<std::size_t> next_round(std::vector<BatchPart>& parts);

// {"requests": […]}
[[nodiscard]] std::string round_body(const std::vector<BatchPart>& parts,
                                     const std::vector<std::size_t>& round);

// Takes the answers of a round; a part that it does not speak of is told as one whose end is not
// known.
void take_answers(std::vector<BatchPart>& parts, const std::vector<std::size_t>& round,
                  const Json& document, EpochMs now);

// What has no answer yet is not sent any more, for `why`.
void leave_out(std::vector<BatchPart>& parts, std::string_view why);

// The round had no answer: `fault` is that of each part.
void fail_round(std::vector<BatchPart>& parts, const std::vector<std::size_t>& round,
                const Problem& fault);

// How long to wait before those that were throttled go again; 0: none was.
[[nodiscard]] DurationMs wait_of_throttled(const std::vector<BatchPart>& parts);
// They, and what was not done because of them, go again.
void send_throttled_again(std::vector<BatchPart>& parts);

// {"responses": […]}, in the order of the requests.
[[nodiscard]] std::string batch_json(const std::vector<BatchPart>& parts);

}  // namespace postern
