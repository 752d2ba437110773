// One run of one flow, from its input's bytes to its outcome's. What the wasm exports and what the
// native tests drive are the same object.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/effect/loop.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"

namespace postern {

enum class Step : std::uint8_t {
  effects = 0,    // output(): effects to carry out, see Loop::take_issued
  done = 1,       // output(): the outcome, see encode_outcome
  malformed = 2,  // the host sent something that this run cannot read
  stuck = 3,      // the flow waits for nothing and has not ended: a defect
};

class Run {
 public:
  // `input`: see decode_flow_input. Runs until the first effects or the end.
  [[nodiscard]] Step start(std::string_view input);
  // `replies`: see deliver_replies.
  [[nodiscard]] Step resume(std::string_view replies);
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  Step advance();

  // Order matters: the task's frames point into the context and the loop.
  std::optional<FlowContext> context_;
  std::optional<Loop> loop_;
  std::optional<Task<Outcome>> task_;
  std::string output_;
};

}  // namespace postern
