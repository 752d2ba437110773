// A flow's context with these variables in its environment and nothing else in it.
#pragma once

#include "core/base/fields.h"
#include "core/base/pairs.h"
#include "core/flow/frame/context.h"

namespace postern {

inline FlowContext context_with(const Pairs& variables) {
  FieldWriter fields;
  for (const auto& [name, value] : variables) {
    fields.text(name).text(value);
  }
  FlowContext context;
  context.input.environment = Environment(fields.take());
  return context;
}

}  // namespace postern
