// A variable or secret of the Worker that flows read. What is not declared no flow is given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern {

enum class Secrecy : std::uint8_t {
  open,
  secret,            // nobody but the operator's, though a front compares what it gets with it
  authority_secret,  // given to the authority's flows only
};

struct Variable {
  std::string_view name;
  Secrecy secrecy = Secrecy::open;
  std::string_view summary;
};

// One whose name is put together.
struct NamedVariable {
  std::string name;
  Secrecy secrecy = Secrecy::open;
  std::string summary;
};

}  // namespace postern
