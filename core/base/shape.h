// The type of what several answers have in them, told once. TypeScript for callers and docs/api.md
// come from it (scripts/generate.mjs), and tests/worker/service/answers.test.ts holds real answers
// against it.
#pragma once

#include <string_view>

namespace postern {

struct Shape {
  std::string_view name;  // PascalCase
  std::string_view type;  // in TypeScript, as Operation::result
  std::string_view summary;
};

}  // namespace postern
